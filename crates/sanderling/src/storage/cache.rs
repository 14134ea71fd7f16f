//! Blocks of files that are read as they are needed, kept as long as there is room for them.
//!
//! A file is in memory whole as long as such files fit into three quarters of the memory budget: to read it block by block takes
//! several times as long, also when all blocks are kept. The other files of a database share one cache. Its room is what the
//! budget leaves beside what stays in memory of each file anyway. Which block goes when it is full says a clock: a hand passes over the blocks and takes the first that was not used since
//! it came by last.

use super::MaybeShared;
use crate::guarded::Guarded;
use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};
use core::sync::atomic::{AtomicUsize, Ordering};
use sanderling_engine::{
    Result,
    codec::AlignedBytes,
    stored::{BLOCK_BYTES, FileBytes, Pages, Unit},
};

/// The share of the budget that blocks have in any case.
const SHARE_OF_BLOCKS: usize = 8;

/// The share of the budget that files leave which are in memory whole: for what stays in memory of the others, and blocks.
const SHARE_OF_OTHERS: usize = 4;

/// A file that can be read anywhere without waiting.
pub trait RandomRead: MaybeShared {
    /// Fills `into` with the bytes from an offset on. Fewer are an error.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()>;
}

/// Blocks of the files of one database.
pub struct BlockCache {
    /// Bytes that it may take together with what files hold.
    budget: usize,
    held: Arc<AtomicUsize>,
    kept: Guarded<Kept>,
}

#[derive(Default)]
struct Kept {
    /// For each file and each of its units the slot it is in, or [`NOWHERE`].
    slots_of: Vec<Vec<u32>>,
    /// Numbers of files that are gone: the next files have them.
    free: Vec<usize>,
    slots: Vec<Slot>,
    hand: usize,
}

/// The slot of a unit that is not kept.
const NOWHERE: u32 = u32::MAX;

struct Slot {
    file: usize,
    unit: usize,
    was_used: bool,
    bytes: Box<[u8]>,
}

impl BlockCache {
    /// An empty one.
    #[must_use]
    pub fn new(budget: usize) -> Arc<Self> {
        Arc::new(Self { budget, held: Arc::default(), kept: Guarded::default() })
    }

    /// The bytes of a file: whole where there is room, or else through the cache.
    pub fn file(self: &Arc<Self>, length: usize, file: Box<dyn RandomRead>) -> Result<FileBytes> {
        let room = self.budget - self.budget / SHARE_OF_OTHERS;
        if self.held.load(Ordering::Relaxed).saturating_add(length) <= room {
            let mut bytes = AlignedBytes::zeroed(length);
            file.read_at(0, bytes.as_mut())?;
            self.held.fetch_add(length, Ordering::Relaxed);
            return Ok(WholeFile { bytes, held: self.held.clone() }.into());
        }
        let number = self.kept.change().begin(length.div_ceil(BLOCK_BYTES) + 1);
        let cached = CachedFile { cache: self.clone(), number, length, file, held: AtomicUsize::new(0) };
        Ok(FileBytes::Paged(Box::new(cached)))
    }

    /// Bytes of the blocks that are kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.kept.read().slots.len() * BLOCK_BYTES
    }

    /// How many blocks there is room for: one in any case.
    fn room(&self) -> usize {
        let held = self.held.load(Ordering::Relaxed);
        let bytes = self.budget.saturating_sub(held).max(self.budget / SHARE_OF_BLOCKS);
        (bytes / BLOCK_BYTES).max(1)
    }
}

impl Kept {
    /// The number of a file of so many units.
    fn begin(&mut self, units: usize) -> usize {
        let number = self.free.pop().unwrap_or(self.slots_of.len());
        self.slots_of.resize_with(self.slots_of.len().max(number + 1), Vec::new);
        self.slots_of[number] = vec![NOWHERE; units];
        number
    }

    fn get(&mut self, file: usize, unit: usize) -> Option<&[u8]> {
        let slot = *self.slots_of[file].get(unit)?;
        let slot = self.slots.get_mut(slot as usize)?;
        slot.was_used = true;
        Some(&slot.bytes)
    }

    fn put(&mut self, (file, unit): (usize, usize), bytes: Box<[u8]>, room: usize) {
        // What files hold may have grown.
        while self.slots.len() > room {
            self.remove(self.slots.len() - 1);
        }
        // Another thread may have read the same unit.
        if self.slots_of[file].get(unit) != Some(&NOWHERE) {
            return;
        }
        if self.slots.len() >= room {
            let at = self.next_to_go();
            self.remove(at);
        }
        self.slots_of[file][unit] = self.slots.len() as u32;
        self.slots.push(Slot { file, unit, was_used: false, bytes });
    }

    /// Keeps what is in a slot no more; the last slot takes its place.
    fn remove(&mut self, at: usize) {
        let gone = self.slots.swap_remove(at);
        self.slots_of[gone.file][gone.unit] = NOWHERE;
        if let Some(moved) = self.slots.get(at) {
            self.slots_of[moved.file][moved.unit] = at as u32;
        }
    }

    fn next_to_go(&mut self) -> usize {
        loop {
            self.hand = (self.hand + 1) % self.slots.len();
            if !core::mem::take(&mut self.slots[self.hand].was_used) {
                return self.hand;
            }
        }
    }

    /// Nothing is kept of a file any more, and its number is another's.
    fn end(&mut self, file: usize) {
        for at in (0..self.slots.len()).rev() {
            if self.slots[at].file == file {
                self.remove(at);
            }
        }
        self.slots_of[file] = Vec::new();
        self.free.push(file);
    }
}

/// A file that is in memory.
struct WholeFile {
    bytes: AlignedBytes,
    held: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for WholeFile {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes.as_ref().len(), Ordering::Relaxed);
    }
}

/// One file, block by block.
struct CachedFile {
    cache: Arc<BlockCache>,
    number: usize,
    length: usize,
    file: Box<dyn RandomRead>,
    held: AtomicUsize,
}

impl Pages for CachedFile {
    fn length(&self) -> usize {
        self.length
    }

    fn read(&self, offset: usize, into: &mut [u8]) -> Result<()> {
        self.file.read_at(offset as u64, into)
    }

    fn hold(&self, bytes: usize) {
        let before = self.held.swap(bytes, Ordering::Relaxed);
        self.cache.held.fetch_add(bytes.wrapping_sub(before), Ordering::Relaxed);
    }

    fn read_kept(
        &self,
        unit: Unit,
        is_sound: &dyn Fn(&[u8]) -> Result<bool>,
        offset: usize,
        into: &mut [u8],
    ) -> Result<bool> {
        let range = offset..offset + into.len();
        if let Some(kept) =
            self.cache.kept.change().get(self.number, unit.number).and_then(|bytes| bytes.get(range.clone()))
        {
            into.copy_from_slice(kept);
            return Ok(true);
        }
        let mut bytes = vec![0; unit.length].into_boxed_slice();
        self.file.read_at(unit.from as u64, &mut bytes)?;
        let is_sound = is_sound(&bytes)?;
        let Some(asked) = bytes.get(range).filter(|_| is_sound) else { return Ok(false) };
        into.copy_from_slice(asked);
        let room = self.cache.room();
        self.cache.kept.change().put((self.number, unit.number), bytes, room);
        Ok(true)
    }
}

impl Drop for CachedFile {
    fn drop(&mut self) {
        self.hold(0);
        self.cache.kept.change().end(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;

    impl RandomRead for Zeros {
        fn read_at(&self, _: u64, into: &mut [u8]) -> Result<()> {
            into.fill(0);
            Ok(())
        }
    }

    fn read(file: &FileBytes, number: usize) {
        let FileBytes::Paged(pages) = file else { unreachable!("there is no room for it") };
        let unit = Unit { number, from: number * BLOCK_BYTES, length: BLOCK_BYTES };
        assert_eq!(pages.read_kept(unit, &|_| Ok(true), 7, &mut [0; 9]), Ok(true));
    }

    /// A file whose every byte is the number of its block.
    struct Numbered(Arc<AtomicUsize>);

    impl RandomRead for Numbered {
        fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            into.fill((offset / BLOCK_BYTES as u64) as u8);
            Ok(())
        }
    }

    #[test]
    fn a_block_is_what_was_read_whatever_goes_and_one_that_is_used_stays() -> Result<()> {
        let (cache, reads) = (BlockCache::new(8 * BLOCK_BYTES), Arc::default());
        let file = cache.file(100 * BLOCK_BYTES, Box::new(Numbered(Arc::clone(&reads))))?;
        let FileBytes::Paged(pages) = &file else { unreachable!("there is no room for it") };
        for at in 0..1_000 {
            for number in [3, at * 7 % 100, at * 13 % 100] {
                let unit = Unit { number, from: number * BLOCK_BYTES, length: BLOCK_BYTES };
                let mut found = [0];
                assert_eq!(pages.read_kept(unit, &|_| Ok(true), 5, &mut found), Ok(true));
                assert_eq!(usize::from(found[0]), number, "in step {at}");
            }
        }
        let reads = reads.load(Ordering::Relaxed);
        assert!(
            (1_000..2_050).contains(&reads),
            "{reads} reads, of which few may be of the block that is used all the time"
        );
        Ok(())
    }

    #[test]
    fn files_that_come_and_go_leave_nothing() -> Result<()> {
        let cache = BlockCache::new(8 * BLOCK_BYTES);
        let stays = cache.file(20 * BLOCK_BYTES, Box::new(Zeros))?;
        (0..3).for_each(|block| read(&stays, block));
        for _ in 0..50 {
            let goes = cache.file(20 * BLOCK_BYTES, Box::new(Zeros))?;
            (0..20).for_each(|block| read(&goes, block));
            assert_eq!(cache.bytes(), 8 * BLOCK_BYTES);
            drop(goes);
            assert!(cache.bytes() <= 3 * BLOCK_BYTES, "{} bytes of one file", cache.bytes());
        }
        assert_eq!(cache.kept.read().slots_of.len(), 2);
        drop(stays);
        assert_eq!(cache.bytes(), 0);
        Ok(())
    }
}
