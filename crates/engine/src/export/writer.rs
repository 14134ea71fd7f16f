//! A stream as it is made: what stands at which offset.

use super::{BLOCK_BYTES, BLOCK_HEADER_BYTES, END_BYTES, ExportedFile, Head, Lengths, block_checksum};
use crate::{
    Result,
    codec::{FILE_HEADER_BYTES, FileHeader, FileKind, crc32c_continue, u32_at, write_record},
    ids::{DatabaseId, FileId},
};
use alloc::vec::Vec;
use core::ops::Range;

/// What stands where in a stream. It is the same for the same snapshot.
#[derive(Debug)]
pub struct ExportLayout {
    header: [u8; FILE_HEADER_BYTES],
    salt: u32,
    head: Vec<u8>,
    files: Vec<ExportedFile>,
    lengths: Lengths,
}

/// A piece of a stream that is made at once, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The piece.
    pub part: Part,
    /// Its offset.
    pub offset: u64,
}

/// A piece of a stream that is made at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The header.
    Header,
    /// The block of this number.
    Block(u64),
    /// What stands behind all blocks.
    End,
}

/// The checksum over the blocks so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    checksum: u32,
    blocks: u64,
}

impl Root {
    pub(super) fn new(salt: u32) -> Self {
        Self { checksum: salt, blocks: 0 }
    }

    /// Takes a block. One that was taken before says nothing new; one further on has to wait for those before it.
    pub(super) fn add(&mut self, number: u64, checksum: u32) {
        if number == self.blocks {
            self.checksum = crc32c_continue(self.checksum, &checksum.to_le_bytes());
            self.blocks += 1;
        }
    }

    /// How many blocks it covers.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    pub(super) fn checksum(&self) -> u32 {
        self.checksum
    }
}

impl ExportLayout {
    /// The stream of a database at a generation of its manifest.
    pub fn new(database: DatabaseId, generation: u64, head: &Head) -> Result<Self> {
        let record = write_record(head);
        let content = head.file_bytes().and_then(|bytes| bytes.checked_add(record.len() as u64)).unwrap_or(u64::MAX);
        let lengths = Lengths::new(content, record.len() as u64)?;
        let extra = [lengths.content, lengths.head];
        let header = FileHeader { kind: FileKind::Export, database, file: FileId(generation), extra }.to_bytes();
        let salt = u32_at(&header, FILE_HEADER_BYTES - 4).unwrap_or_default();
        Ok(Self { header, salt, head: record, files: head.files(), lengths })
    }

    /// The length of the stream.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.lengths.stream()
    }

    /// The number of blocks.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.lengths.blocks()
    }

    /// The root before any block.
    #[must_use]
    pub fn root(&self) -> Root {
        Root::new(self.salt)
    }

    /// The piece at an offset of the stream; none behind its end.
    #[must_use]
    pub fn place(&self, offset: u64) -> Option<Place> {
        if offset < FILE_HEADER_BYTES as u64 {
            return Some(Place { part: Part::Header, offset: 0 });
        }
        let block = (offset - FILE_HEADER_BYTES as u64) / (BLOCK_BYTES + BLOCK_HEADER_BYTES) as u64;
        let block = block.min(self.blocks());
        let end = self.lengths.offset_of(self.blocks());
        if block == self.blocks() || offset >= end {
            return (offset < self.bytes()).then_some(Place { part: Part::End, offset: end });
        }
        Some(Place { part: Part::Block(block), offset: self.lengths.offset_of(block) })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Where the content of a block comes from: its first bytes from the head, the others from ranges of files.
    #[must_use]
    pub fn content(&self, block: u64) -> (&[u8], Vec<(ExportedFile, Range<u64>)>) {
        let from = block * BLOCK_BYTES as u64;
        let to = from + self.lengths.of_block(block) as u64;
        let of_head = |at: u64| self.head.len().min(usize::try_from(at).unwrap_or(usize::MAX));
        let mut ranges = Vec::new();
        let mut begin = self.head.len() as u64;
        for file in &self.files {
            let end = begin + file.record.bytes;
            let (first, last) = (from.max(begin), to.min(end));
            if first < last {
                ranges.push((*file, first - begin..last - begin));
            }
            begin = end;
        }
        (&self.head[of_head(from)..of_head(to)], ranges)
    }

    /// A block of that content, which the root takes too.
    #[must_use]
    pub fn block(&self, number: u64, content: &[u8], root: &mut Root) -> Vec<u8> {
        let length = content.len() as u32;
        let checksum = block_checksum(self.salt, number, length, content);
        root.add(number, checksum);
        let mut block = Vec::with_capacity(BLOCK_HEADER_BYTES + content.len());
        block.extend_from_slice(&length.to_le_bytes());
        block.extend_from_slice(&checksum.to_le_bytes());
        block.extend_from_slice(content);
        block
    }

    /// What stands behind all blocks, once the root covers them.
    #[must_use]
    pub fn end(&self, root: &Root) -> [u8; END_BYTES] {
        let mut end = [0; END_BYTES];
        end[8..16].copy_from_slice(&self.bytes().to_le_bytes());
        end[16..20].copy_from_slice(&root.checksum().to_le_bytes());
        let checksum = block_checksum(self.salt, self.blocks(), 0, &end[8..]);
        end[4..8].copy_from_slice(&checksum.to_le_bytes());
        end
    }
}
