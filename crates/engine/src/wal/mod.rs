//! The write-ahead log of one growing segment: a header, then one frame a batch.
//!
//! | offset | size | what |
//! |---|---|---|
//! | 0 | 4 | length of the payload |
//! | 4 | 4 | CRC-32C of everything behind it, begun with the file header's checksum |
//! | 8 | 8 | number of the batch's first write |
//! | 16 | 4 | number of writes; the highest bit is set if all before the frame was flushed when it was appended |
//! | 20 | 4 | CRC-32C of bytes 0 to 4 and 8 to 20, begun like the other one |
//! | 24 | | payload: [`Operation`]s as a record |
//!
//! The checksum is salted with the file's header, so a frame of another file (or of this place's earlier use) never
//! passes for one of this file. A batch is one frame: it is there whole or not at all.

mod reseal;

pub use reseal::Resealer;

use crate::{
    Error, Result,
    codec::{
        FILE_HEADER_BYTES, FileHeader, FileKind, Record, RecordReader, RecordWriter, crc32c_continue, read_record,
        u32_at, u64_at, write_record,
    },
    defects::{Defect, is},
    ids::{DatabaseId, FileId, SequenceNumber},
    limits::BATCH_BYTES_MAX,
};
use alloc::{boxed::Box, format, string::String, vec, vec::Vec};

const FRAME_HEADER_BYTES: usize = 24;

/// Marks a frame of which all that stands before it was durable when it was appended.
const BEHIND_A_FLUSH: u32 = 1 << 31;

/// One write as the log keeps it.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// A document takes the place of any other with its id.
    Put {
        /// The id's stored form.
        id: Vec<u8>,
        /// When it expires; `u64::MAX` for never.
        expires_at: u64,
        /// The stored fields as JSON text, without id and vectors.
        document: String,
        /// The vectors with the positions of their fields.
        vectors: Vec<(u32, Box<[f32]>)>,
    },
    /// The document with the id is no more.
    Delete {
        /// The id's stored form.
        id: Vec<u8>,
    },
}

impl Record for Operation {
    fn write(&self, record: &mut RecordWriter) {
        match self {
            Self::Put { id, expires_at, document, vectors } => {
                record.u32(0);
                record.bytes(id);
                record.u64(*expires_at);
                record.bytes(document.as_bytes());
                record.count(vectors.len());
                for (field, vector) in vectors {
                    record.u32(*field);
                    record.count(vector.len());
                    record.raw(bytemuck::cast_slice(vector));
                }
            }
            Self::Delete { id } => {
                record.u32(1);
                record.bytes(id);
            }
        }
    }

    fn read(record: &mut RecordReader<'_>) -> Option<Self> {
        let kind = record.u32()?;
        let id = record.bytes()?.into();
        match kind {
            0 => {
                let (expires_at, document) = (record.u64()?, record.text()?);
                let mut vectors = Vec::new();
                for _ in 0..record.count()? {
                    vectors.push((record.u32()?, read_vector(record)?));
                }
                Some(Self::Put { id, expires_at, document, vectors })
            }
            1 => Some(Self::Delete { id }),
            _ => None,
        }
    }
}

fn read_vector(record: &mut RecordReader<'_>) -> Option<Box<[f32]>> {
    let count = record.count()?;
    let bytes = record.raw(count.checked_mul(4)?)?;
    let mut vector = vec![0.0; count].into_boxed_slice();
    bytemuck::cast_slice_mut(&mut vector).copy_from_slice(bytes);
    Some(vector)
}

/// A batch as the log keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The number of the first write; the others follow it.
    pub first: SequenceNumber,
    /// The writes.
    pub operations: Vec<Operation>,
}

/// The identity of a log, and the salt of its frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WalHeader {
    header: FileHeader,
    salt: u32,
}

impl WalHeader {
    /// The header of a new log whose first write will be `first`.
    #[must_use]
    pub fn new(database: DatabaseId, file: FileId, first: SequenceNumber) -> Self {
        Self::of(FileHeader { kind: FileKind::Wal, database, file, extra: [first.0, 0] })
    }

    /// The header of a log before whose first write `lost` writes are missing: they were damaged, and a repair has told.
    #[must_use]
    pub fn behind(database: DatabaseId, file: FileId, first: SequenceNumber, lost: u64) -> Self {
        Self::of(FileHeader { kind: FileKind::Wal, database, file, extra: [first.0, lost] })
    }

    fn of(header: FileHeader) -> Self {
        Self { header, salt: u32_at(&header.to_bytes(), FILE_HEADER_BYTES - 4).unwrap_or_default() }
    }

    /// The header of a log of another database or place.
    #[must_use]
    pub fn moved(&self, database: DatabaseId, file: FileId) -> Self {
        Self::of(FileHeader { database, file, ..self.header })
    }

    /// Reads the header of a log.
    pub fn from_bytes(bytes: &[u8], name: &str, database: DatabaseId, file: FileId) -> Result<Self> {
        Ok(Self::of(FileHeader::expect(FileKind::Wal, bytes, name, database, file)?))
    }

    /// The header as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; FILE_HEADER_BYTES] {
        self.header.to_bytes()
    }

    /// The number of the first write that the log was made for.
    #[must_use]
    pub fn first(&self) -> SequenceNumber {
        SequenceNumber(self.header.extra[0])
    }

    /// How many writes before the first one are missing for good.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.header.extra[1]
    }

    /// The bytes of a batch. `behind_a_flush` says that all the log holds so far is durable: only then are bad bytes
    /// before this frame damage. What no flush has reached a power cut may lose in any order.
    pub fn frame(&self, batch: &Batch, behind_a_flush: bool) -> Result<Vec<u8>> {
        Ok(self.frame_of(batch.first, batch.operations.len(), &payload(&batch.operations)?, behind_a_flush))
    }

    /// The same for a batch whose writes were encoded before.
    #[must_use]
    pub fn frame_of(&self, first: SequenceNumber, writes: usize, payload: &[u8], behind_a_flush: bool) -> Vec<u8> {
        let mut frame = Vec::with_capacity(FRAME_HEADER_BYTES + payload.len());
        frame.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(&first.0.to_le_bytes());
        let is_flushed = behind_a_flush || is(Defect::FrameClaimsFlush);
        frame.extend_from_slice(&(writes as u32 | if is_flushed { BEHIND_A_FLUSH } else { 0 }).to_le_bytes());
        let header_crc = self.header_checksum(&frame);
        frame.extend_from_slice(&header_crc.to_le_bytes());
        frame.extend_from_slice(payload);
        let crc = self.checksum(&frame);
        frame[4..8].copy_from_slice(&crc.to_le_bytes());
        frame
    }

    /// The length is part of the checksum: it stands before it.
    fn checksum(&self, frame: &[u8]) -> u32 {
        crc32c_continue(crc32c_continue(self.salt, &frame[..4]), &frame[8..])
    }

    fn header_checksum(&self, frame: &[u8]) -> u32 {
        crc32c_continue(crc32c_continue(self.salt, &frame[..4]), &frame[8..20])
    }

    /// The frame at an offset of the file, if a whole and sound one is there.
    fn frame_at<'a>(&self, bytes: &'a [u8], offset: usize) -> Option<&'a [u8]> {
        let length = u32_at(bytes, offset)? as usize;
        let header = bytes.get(offset..offset.checked_add(FRAME_HEADER_BYTES)?)?;
        // Looked at first: a length that is none would ask for the checksum of megabytes, at every byte of a torn end.
        let unchecked = is(Defect::FrameUnchecked);
        if length > BATCH_BYTES_MAX || (u32_at(header, 20) != Some(self.header_checksum(header)) && !unchecked) {
            return None;
        }
        let frame = bytes.get(offset..offset.checked_add(FRAME_HEADER_BYTES + length)?)?;
        (u32_at(frame, 4) == Some(self.checksum(frame)) || unchecked).then_some(frame)
    }
}

/// The writes of a batch, encoded.
pub fn payload(operations: &Vec<Operation>) -> Result<Vec<u8>> {
    let payload = write_record(operations);
    if payload.len() <= BATCH_BYTES_MAX {
        return Ok(payload);
    }
    let expected = format!("at most {BATCH_BYTES_MAX} bytes");
    Err(Error::expected(&"batch", &expected, &format_args!("{} bytes", payload.len())))
}

/// Reads a log, one batch after the other. The end may be torn by writes that no flush has reached; a bad frame is damage if a
/// sound one behind it says that a flush had reached it.
#[derive(Debug)]
pub struct WalReader<'a> {
    bytes: &'a [u8],
    name: &'a str,
    header: WalHeader,
    /// Where the next frame begins, and the number of its first write.
    offset: usize,
    next: SequenceNumber,
}

impl<'a> WalReader<'a> {
    /// A log whose header is damaged, if its first frame tells what stood there: a checksum that is begun with the right header
    /// matches with no other.
    #[must_use]
    pub fn guess(bytes: &'a [u8], name: &'a str, database: DatabaseId, file: FileId) -> Option<Self> {
        let first = SequenceNumber(u64_at(bytes, FILE_HEADER_BYTES + 8)?);
        let header = WalHeader::new(database, file, first);
        header.frame_at(bytes, FILE_HEADER_BYTES)?;
        Some(Self { bytes, name, header, offset: FILE_HEADER_BYTES, next: first })
    }

    /// Checks the header.
    pub fn open(bytes: &'a [u8], name: &'a str, database: DatabaseId, file: FileId) -> Result<Self> {
        let header = WalHeader::from_bytes(bytes, name, database, file)?;
        Ok(Self { bytes, name, header, offset: FILE_HEADER_BYTES, next: header.first() })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> WalHeader {
        self.header
    }

    /// Where the next frame begins, or the first bytes that are none.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset as u64
    }

    /// The next batch; none behind the last one.
    pub fn next_batch(&mut self) -> Result<Option<Batch>> {
        let Some(frame) = self.header.frame_at(self.bytes, self.offset) else {
            return self.damage().map_or(Ok(None), Err);
        };
        let first = SequenceNumber(u64_at(frame, 8).unwrap_or_default());
        let operations: Vec<Operation> = read_record(&frame[FRAME_HEADER_BYTES..], self.name)?;
        let count = u32_at(frame, 16).map(|count| count & !BEHIND_A_FLUSH);
        if first != self.next || count != Some(operations.len() as u32) {
            let problem = format!("the log goes on with write {} instead of {}", first.0, self.next.0);
            return Err(Error::damaged_file(self.name, &problem).with("offset", self.offset));
        }
        self.next = self.next.plus(operations.len() as u64);
        self.offset += frame.len();
        Ok(Some(Batch { first, operations }))
    }

    /// Goes on behind damage, at the next sound frame whose writes have not been read. Says whether there is one.
    pub fn skip_damage(&mut self) -> bool {
        let sound = |at: &usize| {
            let first = u64_at(self.bytes, at + 8).filter(|_| self.is_plausible(*at))?;
            // The one that stands here is what cannot be read, unless it is what comes behind a hole.
            let goes_on = *at > self.offset || first > self.next.0;
            self.header.frame_at(self.bytes, *at).filter(|_| goes_on).map(|_| (*at, first))
        };
        let Some((offset, first)) = (self.offset..self.bytes.len()).find_map(|at| sound(&at)) else { return false };
        (self.offset, self.next) = (offset, SequenceNumber(first));
        true
    }

    /// The number of the write is looked at before the checksum, which is dear to compute at every byte of a long tail.
    fn is_plausible(&self, at: usize) -> bool {
        let next = self.next.0;
        u64_at(self.bytes, at + 8).is_some_and(|first| (next..next.saturating_add(1 << 32)).contains(&first))
    }

    /// Whether bytes follow the last batch that was read: behind all of them writes that were cut off. Nothing may be appended
    /// behind them.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.offset < self.bytes.len()
    }

    /// What is wrong with the bytes behind the last sound frame, where a flush had reached them.
    fn damage(&self) -> Option<Error> {
        let bytes = self.bytes;
        let flushed = |at: &usize| {
            if !self.is_plausible(*at) {
                return false;
            }
            let frame = self.header.frame_at(bytes, *at);
            frame.and_then(|frame| u32_at(frame, 16)).is_some_and(|count| count & BEHIND_A_FLUSH != 0)
        };
        let later = (self.offset + 1..bytes.len()).find(flushed)?;
        let problem = format!("a damaged frame at {} with a sound one behind it at {later}", self.offset);
        Some(Error::damaged_file(self.name, &problem).with("offset", self.offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (WalHeader, Vec<u8>, Vec<usize>) {
        let header = WalHeader::new(DatabaseId([1; 16]), FileId(2), SequenceNumber(5));
        let mut bytes = header.to_bytes().to_vec();
        let mut ends = Vec::from([bytes.len()]);
        let mut first = SequenceNumber(5);
        for count in 1..4_u64 {
            let operations = (0..count)
                .map(|at| Operation::Put {
                    id: Vec::from([1, b'a' + at as u8]),
                    expires_at: u64::MAX,
                    document: "{}".into(),
                    vectors: Vec::from([(0, Box::from([at as f32]))]),
                })
                .collect();
            bytes.extend(header.frame(&Batch { first, operations }, count != 2).unwrap());
            first = first.plus(count);
            ends.push(bytes.len());
        }
        (header, bytes, ends)
    }

    /// What a log holds, and whether its end is torn.
    struct Content {
        batches: Vec<Batch>,
        torn: bool,
    }

    fn read(bytes: &[u8], name: &str, file: FileId) -> Result<Content> {
        let mut reader = WalReader::open(bytes, name, DatabaseId([1; 16]), file)?;
        let mut batches = Vec::new();
        while let Some(batch) = reader.next_batch()? {
            batches.push(batch);
        }
        Ok(Content { batches, torn: reader.is_torn() })
    }

    fn read_log(bytes: &[u8]) -> Result<Content> {
        read(bytes, "wal-2", FileId(2))
    }

    #[test]
    fn a_log_cut_at_any_byte_gives_its_whole_batches() {
        let (_, bytes, ends) = log();
        for length in FILE_HEADER_BYTES..=bytes.len() {
            let content = read_log(&bytes[..length]).unwrap();
            let whole = ends.iter().filter(|end| **end <= length).count() - 1;
            assert_eq!(content.batches.len(), whole, "cut at {length}");
            assert_eq!(content.torn, !ends.contains(&length));
        }
    }

    #[test]
    fn a_flipped_bit_before_a_sound_frame_is_damage() {
        let (_, bytes, ends) = log();
        for bit in ends[0] * 8..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            match read_log(&damaged) {
                // In the last frame damage cannot be told from a torn write.
                Ok(content) => assert!(bit / 8 >= ends[2] && content.torn && content.batches.len() == 2, "bit {bit}"),
                Err(error) => assert_eq!(error.code(), crate::ErrorCode::Corrupt, "bit {bit}"),
            }
        }
    }

    #[test]
    fn what_no_flush_has_reached_may_be_lost_in_any_order() {
        let header = WalHeader::new(DatabaseId([1; 16]), FileId(2), SequenceNumber(1));
        let frame = |first: u64, behind_a_flush: bool| {
            let operations = Vec::from([Operation::Delete { id: Vec::from([1, b'a']) }]);
            header.frame(&Batch { first: SequenceNumber(first), operations }, behind_a_flush).unwrap()
        };
        for flushed in [false, true] {
            let mut bytes = header.to_bytes().to_vec();
            bytes.extend(frame(1, true));
            let lost = bytes.len();
            bytes.extend(frame(2, false));
            bytes.extend(frame(3, flushed));
            bytes[lost..][..30].fill(0);
            match read_log(&bytes) {
                Ok(content) => assert!(!flushed && content.torn && content.batches.len() == 1),
                Err(error) => assert!(flushed && error.code() == crate::ErrorCode::Corrupt),
            }
        }
    }

    #[test]
    fn a_frame_of_another_file_does_not_pass() {
        let (_, bytes, ends) = log();
        let other = WalHeader::new(DatabaseId([1; 16]), FileId(3), SequenceNumber(5));
        let mut mixed = other.to_bytes().to_vec();
        mixed.extend_from_slice(&bytes[ends[0]..]);
        let content = read(&mixed, "wal-3", FileId(3)).unwrap();
        assert_eq!((content.batches.len(), content.torn), (0, true));
    }
    #[test]
    fn a_reader_goes_on_behind_damage() {
        let (_, bytes, ends) = log();
        let firsts = |bytes: &[u8]| {
            let mut reader = WalReader::open(bytes, "wal-2", DatabaseId([1; 16]), FileId(2)).unwrap();
            let mut firsts = Vec::new();
            loop {
                match reader.next_batch() {
                    Ok(Some(batch)) => firsts.push(batch.first.0),
                    Ok(None) => break,
                    Err(_) if reader.skip_damage() => {}
                    Err(_) => break,
                }
            }
            firsts
        };
        assert_eq!(firsts(&bytes), [5, 6, 8]);
        for at in ends[1]..ends[2] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(firsts(&damaged), [5, 8], "byte {at}");
            damaged[ends[0]..at].fill(0x55);
            assert_eq!(firsts(&damaged), [8], "bytes up to {at}");
        }
        let cut_out = [&bytes[..ends[0]], &bytes[ends[1]..]].concat();
        assert_eq!(firsts(&cut_out), [6, 8]);
        let mut headless = bytes.clone();
        headless[..FILE_HEADER_BYTES].fill(0);
        let mut reader = WalReader::guess(&headless, "wal-2", DatabaseId([1; 16]), FileId(2)).unwrap();
        assert_eq!(reader.next_batch().unwrap().unwrap().first.0, 5);
        assert!(WalReader::guess(&headless, "wal-3", DatabaseId([1; 16]), FileId(3)).is_none());
    }
}
