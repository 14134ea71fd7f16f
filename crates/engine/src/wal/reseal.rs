//! The frames of a log under the header of another one, in pieces of any size.
//!
//! The checksum of a frame stands before its payload and is begun with that of the file's header. It is changed without the
//! payload, so that a frame of any length passes through as it comes: what was sound stays sound, and what was not does not
//! become so.

use super::{BEHIND_A_FLUSH, FRAME_HEADER_BYTES, WalHeader};
use crate::{
    Error, Result,
    codec::{crc32c_begun_otherwise, u32_at},
    limits::BATCH_BYTES_MAX,
};
use alloc::vec::Vec;

/// Puts frames of one log into another one.
#[derive(Debug)]
pub struct Resealer {
    from: WalHeader,
    to: WalHeader,
    /// The first bytes of a frame whose header is not whole yet.
    header: Vec<u8>,
    /// Bytes of the payload that are still to come.
    payload: usize,
}

impl Resealer {
    /// For frames of `from` that go to `to`. All of them are written before anything is built on them, so each says that a flush
    /// had reached those before it.
    #[must_use]
    pub fn new(from: WalHeader, to: WalHeader) -> Self {
        Self { from, to, header: Vec::new(), payload: 0 }
    }

    /// The next bytes of the frames, as they are in the other log. Those of a header wait until it is whole.
    pub fn take(&mut self, mut bytes: &[u8], name: &str) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(bytes.len() + FRAME_HEADER_BYTES);
        while !bytes.is_empty() {
            let wanted = if self.payload > 0 { self.payload } else { FRAME_HEADER_BYTES - self.header.len() };
            let (front, rest) = bytes.split_at(wanted.min(bytes.len()));
            bytes = rest;
            if self.payload > 0 {
                self.payload -= front.len();
                out.extend_from_slice(front);
                continue;
            }
            self.header.extend_from_slice(front);
            if self.header.len() == FRAME_HEADER_BYTES {
                let header = core::mem::take(&mut self.header);
                out.extend_from_slice(&self.resealed(header, name)?);
            }
        }
        Ok(out)
    }

    /// Whether all frames so far were whole.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.payload == 0 && self.header.is_empty()
    }

    fn resealed(&mut self, mut header: Vec<u8>, name: &str) -> Result<Vec<u8>> {
        let [length, crc, _, _, count, header_crc] = [0, 4, 8, 12, 16, 20].map(|at| u32_at(&header, at).unwrap_or(0));
        if header_crc != self.from.header_checksum(&header) || length as usize > BATCH_BYTES_MAX {
            return Err(Error::damaged_file(name, &"a damaged frame"));
        }
        self.payload = length as usize;
        let before = self.from.checksum(&header);
        header[16..20].copy_from_slice(&(count | BEHIND_A_FLUSH).to_le_bytes());
        let header_crc = self.to.header_checksum(&header);
        header[20..].copy_from_slice(&header_crc.to_le_bytes());
        let crc = crc32c_begun_otherwise(crc, before, self.to.checksum(&header), self.payload);
        header[4..8].copy_from_slice(&crc.to_le_bytes());
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{DatabaseId, FileId, SequenceNumber},
        wal::{Batch, Operation, WalReader},
    };

    #[test]
    fn frames_are_those_of_the_other_log_in_pieces_of_any_size() {
        let from = WalHeader::new(DatabaseId([1; 16]), FileId(2), SequenceNumber(5));
        let to = WalHeader::new(DatabaseId([7; 16]), FileId(9), SequenceNumber(5));
        let (mut old, mut expected, mut first) = (Vec::new(), Vec::new(), SequenceNumber(5));
        for count in [1, 3, 2] {
            let operations = (0..count).map(|at| Operation::Delete { id: Vec::from([1, b'a' + at]) }).collect();
            let batch = Batch { first, operations };
            old.extend(from.frame(&batch, count == 2).unwrap());
            expected.extend(to.frame(&batch, true).unwrap());
            first = first.plus(u64::from(count));
        }
        for piece in [1, 5, 24, 25, old.len()] {
            let mut resealer = Resealer::new(from, to);
            let mut found = Vec::new();
            for piece in old.chunks(piece) {
                found.extend(resealer.take(piece, "wal-2").unwrap());
            }
            assert_eq!(found, expected, "pieces of {piece}");
            assert!(resealer.is_whole());
        }
    }

    #[test]
    fn what_was_damaged_stays_damaged() {
        let from = WalHeader::new(DatabaseId([1; 16]), FileId(2), SequenceNumber(1));
        let to = WalHeader::new(DatabaseId([7; 16]), FileId(9), SequenceNumber(1));
        let operations = Vec::from([Operation::Delete { id: Vec::from([1, b'a']) }]);
        let frame = from.frame(&Batch { first: SequenceNumber(1), operations }, true).unwrap();
        for bit in 0..frame.len() * 8 {
            let mut damaged = frame.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let mut resealer = Resealer::new(from, to);
            let Ok(resealed) = resealer.take(&damaged, "wal-2") else { continue };
            let log = [&to.to_bytes()[..], &resealed].concat();
            let mut reader = WalReader::open(&log, "wal-9", DatabaseId([7; 16]), FileId(9)).unwrap();
            assert!(!resealer.is_whole() || !matches!(reader.next_batch(), Ok(Some(_))), "bit {bit}");
        }
    }
}
