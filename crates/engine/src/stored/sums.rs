//! The checksums of a file's blocks, and the checksums of those.
//!
//! A file has one checksum for each block of [`BLOCK_BYTES`], and these lie in blocks of that size themselves: *groups*, each with a
//! checksum of its own. Who opens a file reads those of the groups alone, four bytes for four megabytes; a group is
//! looked at when one of its checksums is first needed.

use super::BLOCK_BYTES;
use crate::{
    codec::{crc32c_continue, u32_at},
    defects::{Defect, is},
};
use alloc::vec::Vec;
use core::{
    ops::Range,
    sync::atomic::{AtomicU32, Ordering},
};

/// Bytes at the beginning that no block checksum covers: the header, which has its own.
pub const UNCOVERED: usize = crate::codec::FILE_HEADER_BYTES;

const SUM_BYTES: usize = 4;

/// The checksums of the blocks of these bytes, u32 each, and those of their groups.
#[must_use]
pub fn block_sums(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut sums = Vec::with_capacity(bytes.len().div_ceil(BLOCK_BYTES) * SUM_BYTES);
    for (number, content) in bytes.chunks(BLOCK_BYTES).enumerate() {
        sums.extend_from_slice(&block_sum(content, number).to_le_bytes());
    }
    let mut groups = Vec::with_capacity(sums.len().div_ceil(BLOCK_BYTES) * SUM_BYTES);
    for (number, content) in sums.chunks(BLOCK_BYTES).enumerate() {
        groups.extend_from_slice(&group_sum(content, number).to_le_bytes());
    }
    (sums, groups)
}

/// The lengths of what [`block_sums`] gives for so many bytes.
#[must_use]
pub fn sums_bytes(bytes: usize) -> (usize, usize) {
    let sums = bytes.div_ceil(BLOCK_BYTES) * SUM_BYTES;
    (sums, sums.div_ceil(BLOCK_BYTES) * SUM_BYTES)
}

/// Whether the content of a block has this checksum.
pub(super) fn is_block(content: &[u8], number: usize, sum: Option<u32>) -> bool {
    sum == Some(block_sum(content, number)) || is(Defect::BlockUnchecked)
}

/// The checksum of the content of a block.
pub(super) fn block_sum(content: &[u8], number: usize) -> u32 {
    let from = if number == 0 { UNCOVERED.min(content.len()) } else { 0 };
    crc32c_continue(number as u32, &content[from..])
}

/// The checksum of a group of checksums.
fn group_sum(content: &[u8], number: usize) -> u32 {
    crc32c_continue(number as u32, content)
}

/// A bit each of many things: whether it was seen to be sound.
pub(super) struct Seen(Vec<AtomicU32>);

impl Seen {
    pub fn none(count: usize) -> Self {
        let mut words = Vec::new();
        words.resize_with(count.div_ceil(32), AtomicU32::default);
        Self(words)
    }

    #[inline]
    pub fn has(&self, at: usize) -> bool {
        self.0.get(at / 32).is_some_and(|word| word.load(Ordering::Relaxed) >> (at % 32) & 1 == 1)
    }

    pub fn add(&self, at: usize) {
        if let Some(word) = self.0.get(at / 32) {
            word.fetch_or(1 << (at % 32), Ordering::Relaxed);
        }
    }
}

/// Where the checksums of a file lie, and what was seen of them.
pub(super) struct Sums {
    /// Where they begin: behind all blocks.
    from: usize,
    /// How many there are.
    count: usize,
    /// The checksums of the groups.
    groups: Vec<u8>,
    sound: Seen,
}

/// A group of checksums: its number and where it lies in the file.
pub(super) struct Group {
    pub number: usize,
    pub range: Range<usize>,
}

impl Sums {
    pub fn new(covered: usize, groups: Vec<u8>) -> Self {
        let sound = Seen::none(groups.len() / SUM_BYTES);
        Self { from: covered, count: covered.div_ceil(BLOCK_BYTES), groups, sound }
    }

    /// The group that the checksum of a block is in, and where in it.
    pub fn place_of(&self, block: usize) -> (Group, usize) {
        let at = block * SUM_BYTES;
        let (number, end) = (at / BLOCK_BYTES, self.count * SUM_BYTES);
        let from = number * BLOCK_BYTES;
        let range = self.from + from..self.from + (from + BLOCK_BYTES).min(end);
        (Group { number, range }, at % BLOCK_BYTES)
    }

    /// Whether a group is what was written.
    pub fn is_group(&self, number: usize, content: &[u8]) -> bool {
        u32_at(&self.groups, number * SUM_BYTES) == Some(group_sum(content, number)) || is(Defect::GroupUnchecked)
    }

    /// The checksum of a block of a file that is whole in memory; none where its group is damaged.
    pub fn of(&self, file: &[u8], block: usize) -> Option<u32> {
        let (Group { number, range }, at) = self.place_of(block);
        let content = file.get(range)?;
        if !self.sound.has(number) {
            if !self.is_group(number, content) {
                return None;
            }
            self.sound.add(number);
        }
        u32_at(content, at)
    }
}
