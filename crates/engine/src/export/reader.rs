//! A stream as it arrives, piece by piece. Nothing of a piece is believed before its checksum.

use super::{BLOCK_BYTES, BLOCK_HEADER_BYTES, END_BYTES, Head, Lengths, STREAM, block_checksum, damaged, writer::Root};
use crate::{
    Result,
    codec::{FILE_HEADER_BYTES, FileHeader, FileKind, read_record, u32_at, u64_at},
    ids::DatabaseId,
};
use alloc::vec::Vec;

/// What has arrived of a stream.
#[derive(Debug, Default)]
pub struct ExportReader {
    header: Option<Header>,
    /// The blocks that arrived and were taken.
    blocks: u64,
    is_done: bool,
    /// What waits for the rest of its piece.
    waiting: Vec<u8>,
}

#[derive(Debug)]
struct Header {
    database: DatabaseId,
    salt: u32,
    lengths: Lengths,
    root: Root,
}

/// What comes of bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// All bytes were taken, and more are needed.
    Nothing,
    /// The content of the next block.
    Content(Vec<u8>),
}

impl ExportReader {
    /// How many bytes of the stream have been taken: what comes next begins there.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.checked() + self.waiting.len() as u64
    }

    /// How many bytes of the stream were found sound.
    #[must_use]
    pub fn checked(&self) -> u64 {
        match &self.header {
            None => 0,
            Some(header) if self.is_done => header.lengths.stream(),
            Some(header) => header.lengths.offset_of(self.blocks),
        }
    }

    /// Whether the whole stream has arrived.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// The database that the stream is of, once that is known.
    #[must_use]
    pub fn database(&self) -> Option<DatabaseId> {
        Some(self.header.as_ref()?.database)
    }

    /// The length of the head, once that is known.
    #[must_use]
    pub fn head_bytes(&self) -> u64 {
        self.header.as_ref().map_or(0, |header| header.lengths.head)
    }

    /// The head of these bytes. What it says must be as long as the header says.
    pub fn head(&self, bytes: &[u8]) -> Result<Head> {
        let head: Head = read_record(bytes, STREAM)?;
        let content = head.file_bytes().and_then(|files| files.checked_add(bytes.len() as u64));
        match &self.header {
            Some(header) if content == Some(header.lengths.content) => Ok(head),
            _ => Err(damaged("files that are not as long as the stream says")),
        }
    }

    /// Takes bytes off the front, up to the end of a piece. After an error nothing of that piece was taken.
    pub fn take(&mut self, bytes: &mut &[u8]) -> Result<Received> {
        while !bytes.is_empty() {
            if self.is_done {
                return Err(damaged("bytes behind its end"));
            }
            let taken = bytes.len().min(self.piece_bytes() - self.waiting.len());
            let (front, rest) = bytes.split_at(taken);
            self.waiting.extend_from_slice(front);
            *bytes = rest;
            if self.waiting.len() == self.piece_bytes() {
                let piece = core::mem::take(&mut self.waiting);
                if let Some(content) = self.look_at(piece)? {
                    return Ok(Received::Content(content));
                }
            }
        }
        Ok(Received::Nothing)
    }

    /// Goes back to the block of a place in the content: it comes once more. What waited is given up.
    pub fn go_back(&mut self, content: u64) {
        self.waiting.clear();
        self.blocks = self.blocks.min(content / BLOCK_BYTES as u64);
        self.is_done = false;
    }

    /// The length of the piece that comes next.
    fn piece_bytes(&self) -> usize {
        match &self.header {
            None => FILE_HEADER_BYTES,
            Some(header) if self.blocks == header.lengths.blocks() => END_BYTES,
            Some(header) => BLOCK_HEADER_BYTES + header.lengths.of_block(self.blocks),
        }
    }

    fn look_at(&mut self, mut piece: Vec<u8>) -> Result<Option<Vec<u8>>> {
        let Some(header) = &mut self.header else {
            let header = FileHeader::from_bytes(FileKind::Export, &piece, STREAM)?;
            let lengths = Lengths::new(header.extra[0], header.extra[1])?;
            let salt = u32_at(&piece, FILE_HEADER_BYTES - 4).unwrap_or_default();
            self.header = Some(Header { database: header.database, salt, lengths, root: Root::new(salt) });
            return Ok(None);
        };
        let blocks = header.lengths.blocks();
        let length = if self.blocks == blocks { 0 } else { (piece.len() - BLOCK_HEADER_BYTES) as u32 };
        let checksum = block_checksum(header.salt, self.blocks, length, &piece[BLOCK_HEADER_BYTES..]);
        if u32_at(&piece, 0) != Some(length) || u32_at(&piece, 4) != Some(checksum) {
            return Err(damaged("the checksum of a block does not match").with("offset", self.checked()));
        }
        if self.blocks < blocks {
            header.root.add(self.blocks, checksum);
            self.blocks += 1;
            piece.drain(..BLOCK_HEADER_BYTES);
            return Ok(Some(piece));
        }
        let is_whole = u64_at(&piece, 8) == Some(header.lengths.stream())
            && u32_at(&piece, 16) == Some(header.root.checksum())
            && u32_at(&piece, 20) == Some(0)
            && header.root.blocks() == blocks;
        if !is_whole {
            return Err(damaged("its end is that of another stream"));
        }
        self.is_done = true;
        Ok(None)
    }
}
