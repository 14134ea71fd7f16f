//! A file, whole in memory or page by page, and what was seen so far of its blocks.

use super::{
    BLOCK_BYTES, Cold, Plain, Stored,
    sums::{Seen, Sums, is_block},
};
use crate::{Result, codec::AlignedBytes};
use alloc::{boxed::Box, vec, vec::Vec};
use core::{
    fmt,
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering},
};

/// `Send + Sync` where there are threads, nothing in wasm, whose values stay on their thread.
#[cfg(not(target_family = "wasm"))]
pub trait MaybeShared: Send + Sync {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send + Sync + ?Sized> MaybeShared for T {}
/// `Send + Sync` where there are threads, nothing in wasm, whose values stay on their thread.
#[cfg(target_family = "wasm")]
pub trait MaybeShared {}
#[cfg(target_family = "wasm")]
impl<T: ?Sized> MaybeShared for T {}

/// A file that is read as it is needed.
pub trait Pages: MaybeShared {
    /// The length of the file.
    fn length(&self) -> usize;

    /// Reads bytes of the file, from the medium.
    fn read(&self, offset: usize, into: &mut [u8]) -> Result<()>;

    /// Says how many bytes of the file stay in memory beside what is kept here.
    fn hold(&self, bytes: usize);

    /// Reads bytes of a unit from an offset in it on, kept or from the medium. What comes from there is kept only if
    /// `is_sound` says so of the whole unit; otherwise the answer is no.
    fn read_kept(
        &self,
        unit: Unit,
        is_sound: &dyn Fn(&[u8]) -> Result<bool>,
        offset: usize,
        into: &mut [u8],
    ) -> Result<bool>;
}

/// What is kept in memory of a file or not: at most [`BLOCK_BYTES`].
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    /// Its number in the file: below the number of blocks that the file has, and one more.
    pub number: usize,
    /// Where it begins.
    pub from: usize,
    /// Its length.
    pub length: usize,
}

/// The bytes of a file.
pub enum FileBytes {
    /// In memory.
    Whole(Box<dyn AsRef<[u8]> + Send + Sync>),
    /// As if they were: the system brings what is touched, and takes it back.
    Mapped(Box<dyn AsRef<[u8]> + Send + Sync>),
    /// Read as they are needed.
    Paged(Box<dyn Pages>),
}

impl<T: AsRef<[u8]> + Send + Sync + 'static> From<T> for FileBytes {
    fn from(bytes: T) -> Self {
        Self::Whole(Box::new(bytes))
    }
}

impl FileBytes {
    /// The length of the file.
    #[must_use]
    pub fn length(&self) -> usize {
        match self {
            Self::Whole(bytes) | Self::Mapped(bytes) => (**bytes).as_ref().len(),
            Self::Paged(pages) => pages.length(),
        }
    }

    /// All of it, unless it is paged.
    fn whole(&self) -> Option<&[u8]> {
        match self {
            Self::Whole(bytes) | Self::Mapped(bytes) => Some((**bytes).as_ref()),
            Self::Paged(_) => None,
        }
    }

    /// Bytes of the file; none if it ends before them.
    pub fn read(&self, range: Range<usize>) -> Result<Option<AlignedBytes>> {
        if range.start > range.end || range.end > self.length() {
            return Ok(None);
        }
        let mut bytes = AlignedBytes::zeroed(range.len());
        match self {
            Self::Whole(whole) | Self::Mapped(whole) => bytes.as_mut().copy_from_slice(&(**whole).as_ref()[range]),
            Self::Paged(pages) => pages.read(range.start, bytes.as_mut())?,
        }
        Ok(Some(bytes))
    }
}

/// No damage so far.
const SOUND: usize = usize::MAX;

/// A part of a paged file that stays in memory. Its blocks are sound.
struct Part {
    from: usize,
    bytes: AlignedBytes,
}

/// A file and what was seen so far of its blocks.
pub struct Blocks {
    bytes: FileBytes,
    /// The address of the first byte of a whole file, which stays where it is.
    base: usize,
    /// How many bytes the checksums cover.
    covered: usize,
    /// The checksums, which lie behind them.
    sums: Sums,
    /// Of a paged file what stays in memory, in order.
    parts: Vec<Part>,
    /// The blocks whose checksum was seen to be right.
    sound: Seen,
    /// Where damage was found first.
    damaged: AtomicUsize,
    /// How often the medium failed.
    failures: AtomicUsize,
}

impl fmt::Debug for Blocks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} bytes", self.covered)
    }
}

impl Blocks {
    /// A file of which nothing was seen yet: `covered` bytes, behind them the checksums of their blocks, and here the
    /// checksums of the groups of those.
    #[must_use]
    pub fn new(bytes: FileBytes, covered: usize, groups: Vec<u8>) -> Self {
        let base = bytes.whole().map_or(0, |bytes| bytes.as_ptr() as usize);
        Self {
            bytes,
            base,
            covered,
            sums: Sums::new(covered, groups),
            parts: Vec::new(),
            sound: Seen::none(covered.div_ceil(BLOCK_BYTES)),
            damaged: AtomicUsize::new(SOUND),
            failures: AtomicUsize::new(0),
        }
    }

    /// Brings all but these parts of a paged file into memory, to stay.
    pub fn keep_all_but(&mut self, cold: &[Range<usize>]) -> Result<()> {
        let FileBytes::Paged(pages) = &self.bytes else { return Ok(()) };
        let mut from = 0;
        let end = self.covered..self.covered;
        for cold in cold.iter().chain([&end]) {
            // Whole blocks: those at the edges are in memory though a cold part begins in them.
            let to = cold.start.next_multiple_of(BLOCK_BYTES).min(self.covered);
            if from < to {
                let mut bytes = AlignedBytes::zeroed(to - from);
                pages.read(from, bytes.as_mut())?;
                let first = from / BLOCK_BYTES;
                for (block, content) in (first..).zip(bytes.as_mut().chunks_mut(BLOCK_BYTES)) {
                    if !self.is_block(block, content)? {
                        content.fill(0);
                        self.note(block * BLOCK_BYTES);
                    }
                }
                self.parts.push(Part { from, bytes });
            }
            from = from.max(cold.end / BLOCK_BYTES * BLOCK_BYTES);
        }
        pages.hold(self.parts.iter().map(|part| part.bytes.as_ref().len()).sum());
        Ok(())
    }

    /// The length of the file.
    #[must_use]
    pub fn file_bytes(&self) -> usize {
        self.bytes.length()
    }

    /// Bytes that stay in memory whether they are used or not.
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        match self.bytes {
            FileBytes::Whole(_) => self.file_bytes(),
            FileBytes::Mapped(_) => 0,
            FileBytes::Paged(_) => self.parts.iter().map(|part| part.bytes.as_ref().len()).sum(),
        }
    }

    /// The bytes of a range, where they are in memory.
    fn resident(&self, range: &Range<usize>) -> Option<&[u8]> {
        if range.end > self.covered {
            return None;
        }
        if let Some(bytes) = self.bytes.whole() {
            return bytes.get(range.clone());
        }
        let part = &self.parts[self.parts.partition_point(|part| part.from <= range.start).checked_sub(1)?];
        part.bytes.as_ref().get(range.start - part.from..range.end.checked_sub(part.from)?)
    }

    /// Where damage was found, if it was.
    #[must_use]
    pub fn damage(&self) -> Option<usize> {
        Some(self.damaged.load(Ordering::Acquire)).filter(|at| *at != SOUND)
    }

    /// How often the medium failed so far. Who compares the number before and after knows whether what was read between is to be
    /// believed. It may not fail the next time, so it is no damage.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.failures.load(Ordering::Acquire)
    }

    #[cold]
    fn fail(&self) {
        self.failures.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets the damage that was found, for one who reads on past it. What is damaged is seen again when it is read again.
    pub fn forget(&self) {
        self.damaged.store(SOUND, Ordering::Release);
    }

    #[cold]
    fn note(&self, offset: usize) {
        self.damaged.fetch_min(offset, Ordering::AcqRel);
    }

    /// Whether the blocks of a part of the file are sound. What stays in memory of a paged one was looked at.
    #[inline]
    pub(super) fn touch<T>(&self, part: &[T]) -> bool {
        if part.is_empty() || self.base == 0 {
            return true; // an empty part may lie anywhere
        }
        let from = (part.as_ptr() as usize).wrapping_sub(self.base);
        let (first, last) = (from / BLOCK_BYTES, (from + size_of_val(part) - 1) / BLOCK_BYTES);
        let is_seen = self.sound.has(first) && (first == last || last - first == 1 && self.sound.has(last));
        is_seen || self.look(first, last)
    }

    /// Whether the content of a block is what was written: its checksum says so, and that of the group it is in vouches for it.
    fn is_block(&self, block: usize, content: &[u8]) -> Result<bool> {
        Ok(is_block(content, block, self.sum_of(block)?))
    }

    /// The checksum of a block; none where it is damaged itself.
    fn sum_of(&self, block: usize) -> Result<Option<u32>> {
        let pages = match &self.bytes {
            FileBytes::Whole(bytes) | FileBytes::Mapped(bytes) => return Ok(self.sums.of((**bytes).as_ref(), block)),
            FileBytes::Paged(pages) => pages,
        };
        let (group, at) = self.sums.place_of(block);
        let number = self.covered.div_ceil(BLOCK_BYTES) + group.number;
        let unit = Unit { number, from: group.range.start, length: group.range.len() };
        let mut sum = [0; 4];
        let is_group = |content: &[u8]| Ok(self.sums.is_group(group.number, content));
        Ok(pages.read_kept(unit, &is_group, at, &mut sum)?.then(|| u32::from_le_bytes(sum)))
    }

    #[cold]
    #[inline(never)]
    fn look(&self, first: usize, last: usize) -> bool {
        let Some(bytes) = self.bytes.whole() else { return true };
        for block in first..=last {
            if self.sound.has(block) {
                continue;
            }
            let content = bytes.get(self.range_of(block));
            if !content.is_some_and(|content| is_block(content, block, self.sums.of(bytes, block))) {
                self.note(block * BLOCK_BYTES);
                return false;
            }
            self.sound.add(block);
        }
        true
    }

    fn range_of(&self, block: usize) -> Range<usize> {
        block * BLOCK_BYTES..(block * BLOCK_BYTES + BLOCK_BYTES).min(self.covered)
    }

    /// Looks at every block.
    pub fn look_at_all(&self) -> bool {
        let blocks = self.covered.div_ceil(BLOCK_BYTES);
        let FileBytes::Paged(pages) = &self.bytes else { return blocks == 0 || self.look(0, blocks - 1) };
        let (mut content, failures) = (vec![0; BLOCK_BYTES], self.failures());
        for block in 0..blocks {
            let content = &mut content[..self.range_of(block).len()];
            match pages.read(block * BLOCK_BYTES, content).and_then(|()| self.is_block(block, content)) {
                Err(_) => self.fail(),
                Ok(false) => self.note(block * BLOCK_BYTES),
                Ok(true) => {}
            }
        }
        self.damage().is_none() && self.failures() == failures
    }

    /// Notes that what the file says cannot be, though its checksums are right.
    pub(super) fn blame<T>(&self, part: &[T]) {
        let address = part.as_ptr() as usize;
        let offset = if self.base == 0 {
            let from = |part: &Part| address.wrapping_sub(part.bytes.as_ref().as_ptr() as usize);
            let part = self.parts.iter().find(|part| from(part) < part.bytes.as_ref().len());
            part.map(|part| part.from + from(part))
        } else {
            Some(address.wrapping_sub(self.base)).filter(|offset| *offset < self.covered)
        };
        self.note_beyond(offset.unwrap_or(0)); // an empty part may lie anywhere
    }

    /// The same at an offset. Where the medium failed, what cannot be may come of the zeros that stood for what was not there.
    pub(super) fn note_beyond(&self, offset: usize) {
        if self.failures() == 0 {
            self.note(offset.min(self.covered));
        }
    }

    /// The array at a range of the bytes; empty and blamed if there is none.
    #[must_use]
    pub fn array<T: Plain>(&self, range: &Range<usize>) -> Stored<'_, T> {
        let values = self.resident(range).and_then(|bytes| bytemuck::try_cast_slice(bytes).ok());
        Stored { values: values.unwrap_or_default(), file: Some(self) }
    }

    /// The array at a range of the bytes, which need not be in memory.
    #[must_use]
    pub fn cold<T: Plain>(&self, range: &Range<usize>) -> Cold<'_, T> {
        if self.resident(range).is_some() || range.end > self.covered {
            return Cold::Here(self.array(range));
        }
        Cold::Paged { file: self, from: range.start, length: range.len() / size_of::<T>() }
    }

    /// Reads bytes of a paged file; zeros where there is trouble.
    pub(super) fn read(&self, mut offset: usize, mut into: &mut [u8]) {
        let FileBytes::Paged(pages) = &self.bytes else { return };
        while !into.is_empty() {
            let block = offset / BLOCK_BYTES;
            let (now, rest) = into.split_at_mut(into.len().min(self.range_of(block).end.saturating_sub(offset)));
            if now.is_empty() {
                return self.note(offset);
            }
            let unit = Unit { number: block, from: block * BLOCK_BYTES, length: self.range_of(block).len() };
            match pages.read_kept(unit, &|content| self.is_block(block, content), offset % BLOCK_BYTES, now) {
                Ok(true) => {}
                Ok(false) => {
                    now.fill(0);
                    self.note(block * BLOCK_BYTES);
                }
                Err(_) => {
                    now.fill(0);
                    self.fail();
                }
            }
            offset += now.len();
            into = rest;
        }
    }
}
