//! A database as one stream of bytes: a file header, blocks, an end.
//!
//! The *content* of a stream is a [`Head`], which says what the database consists of, and then the bytes of its files, one after
//! the other as the head names them. It is cut into blocks of 64 KiB, each with a checksum that also covers its place; so
//! any part of a stream can be made, and checked, without the rest of it: an interrupted transfer goes on where it stopped.
//!
//! The header's numbers are the length of the content and that of the head; its file is the generation of the manifest.
//!
//! | block: offset | size | what |
//! |---|---|---|
//! | 0 | 4 | length of the content in it: 65,536 in all blocks but the last |
//! | 4 | 4 | CRC-32C of the number of the block (u64), its length and its content, begun with the checksum in the header |
//! | 8 | | content |
//!
//! | end: offset | size | what |
//! |---|---|---|
//! | 0 | 4 | 0 |
//! | 4 | 4 | CRC-32C of the number of blocks (u64) and of bytes 0 to 4 and 8 to 24, begun alike |
//! | 8 | 8 | length of the stream |
//! | 16 | 4 | CRC-32C of the checksums of all blocks in their order, begun alike |
//! | 20 | 4 | 0 |

mod reader;
mod writer;

pub use reader::{ExportReader, Received};
pub use writer::{ExportLayout, Part, Place, Root};

use crate::{
    Error, Result,
    codec::{FILE_HEADER_BYTES, FileKind, Record, RecordReader, RecordWriter, crc32c_continue},
    limits::EXPORT_HEAD_BYTES_MAX,
    manifest::{FileRecord, Manifest, segment_name, tombstones_name, wal_name},
};
use alloc::{string::String, vec::Vec};

/// Content in a block that is not the last one.
pub const BLOCK_BYTES: usize = 64 << 10;

const BLOCK_HEADER_BYTES: usize = 8;
const END_BYTES: usize = 24;

/// What a stream is called in messages.
const STREAM: &str = "the stream";

/// What a stream consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The manifest that was in force.
    pub manifest: Manifest,
    /// How many bytes of each log belong to the stream, in the order of the manifest.
    pub logs: Vec<u64>,
}

/// A file in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// What it is.
    pub kind: FileKind,
    /// Its number, length and, but for a log, root checksum.
    pub record: FileRecord,
    /// The position of its collection.
    pub collection: usize,
}

impl ExportedFile {
    /// How much of an object of that length is the file: all of it, but behind the end of a log there may be more.
    #[must_use]
    pub fn length_of(&self, bytes: u64) -> u64 {
        if self.kind == FileKind::Wal { bytes.min(self.record.bytes) } else { bytes }
    }

    /// The name that a file of that kind and number has.
    #[must_use]
    pub fn name(&self, number: u64) -> String {
        match self.kind {
            FileKind::Segment => segment_name(number),
            FileKind::Tombstones => tombstones_name(number),
            _ => wal_name(number),
        }
    }
}

impl Head {
    /// The files in the order of the stream: of each collection the segments, each with its dead rows, then the logs.
    #[must_use]
    pub fn files(&self) -> Vec<ExportedFile> {
        let mut files = Vec::new();
        let mut logs = self.logs.iter();
        for (collection, record) in self.manifest.collections.iter().enumerate() {
            let mut add = |kind, record| files.push(ExportedFile { kind, record, collection });
            for segment in &record.segments {
                add(FileKind::Segment, segment.segment);
                if let Some(tombstones) = segment.tombstones {
                    add(FileKind::Tombstones, tombstones);
                }
            }
            for wal in &record.wals {
                let bytes = logs.next().copied().unwrap_or_default();
                add(FileKind::Wal, FileRecord { file: *wal, bytes, checksum: 0 });
            }
        }
        files
    }

    /// The bytes of all files; none where they are too many, too few for their headers, or not one length a log.
    fn file_bytes(&self) -> Option<u64> {
        let logs = self.manifest.collections.iter().map(|record| record.wals.len()).sum::<usize>();
        let mut sum = Some(0_u64).filter(|_| logs == self.logs.len());
        for file in self.files() {
            sum = sum?.checked_add(file.record.bytes).filter(|_| file.record.bytes >= FILE_HEADER_BYTES as u64);
        }
        sum
    }
}

impl Record for Head {
    fn write(&self, record: &mut RecordWriter) {
        self.manifest.write(record);
        self.logs.write(record);
    }

    fn read(record: &mut RecordReader<'_>) -> Option<Self> {
        Some(Self { manifest: Manifest::read(record)?, logs: Vec::read(record)? })
    }
}

/// The lengths that a stream consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lengths {
    content: u64,
    head: u64,
}

impl Lengths {
    fn new(content: u64, head: u64) -> Result<Self> {
        // No stream of this length was ever made; below it no sum overflows.
        if head > content || head > EXPORT_HEAD_BYTES_MAX || content > 1 << 60 {
            return Err(damaged("lengths that cannot be"));
        }
        Ok(Self { content, head })
    }

    fn blocks(self) -> u64 {
        self.content.div_ceil(BLOCK_BYTES as u64)
    }

    /// Content in a block.
    fn of_block(self, number: u64) -> usize {
        let left = self.content.saturating_sub(number.saturating_mul(BLOCK_BYTES as u64));
        left.min(BLOCK_BYTES as u64) as usize
    }

    /// Where a block begins in the stream; behind the last one the end.
    fn offset_of(self, block: u64) -> u64 {
        let content = self.content.min(block * BLOCK_BYTES as u64);
        FILE_HEADER_BYTES as u64 + content + block * BLOCK_HEADER_BYTES as u64
    }

    fn stream(self) -> u64 {
        self.offset_of(self.blocks()) + END_BYTES as u64
    }
}

/// The checksum of a block, or of the end behind its checksum.
fn block_checksum(salt: u32, number: u64, length: u32, content: &[u8]) -> u32 {
    let salted = crc32c_continue(salt, &number.to_le_bytes());
    crc32c_continue(crc32c_continue(salted, &length.to_le_bytes()), content)
}

fn damaged(problem: &str) -> Error {
    Error::corrupt(&STREAM, &problem)
}

#[cfg(test)]
mod tests;
