//! Blocks of files that are read as they are needed, kept as long as there is room for them.
//!
//! A file that fits into the memory budget is in memory whole: to read it block by block takes several times as long, also when
//! all blocks are kept. The other files of a database share one cache. Its room is what the budget leaves beside what stays in
//! memory of each file anyway. Which block goes when it is full says a clock: a hand passes over the blocks and takes the first that was not used since
//! it came by last.

use super::MaybeShared;
use crate::guarded::Guarded;
use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};
use core::sync::atomic::{AtomicUsize, Ordering};
use sanderling_engine::{
    Result,
    codec::AlignedBytes,
    stored::{BLOCK_BYTES, FileBytes, Pages},
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
    /// For each file and each of its blocks the slot it is in, or [`NOWHERE`].
    slots_of: Vec<Vec<u32>>,
    slots: Vec<Slot>,
    hand: usize,
}

/// The slot of a block that is not kept.
const NOWHERE: u32 = u32::MAX;

struct Slot {
    file: usize,
    block: usize,
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
        let mut kept = self.kept.change();
        let number = kept.slots_of.len();
        kept.slots_of.push(vec![NOWHERE; length.div_ceil(BLOCK_BYTES)]);
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
    fn get(&mut self, file: usize, block: usize) -> Option<&[u8]> {
        let slot = *self.slots_of[file].get(block)?;
        let slot = self.slots.get_mut(slot as usize)?;
        slot.was_used = true;
        Some(&slot.bytes)
    }

    fn put(&mut self, (file, block): (usize, usize), bytes: Box<[u8]>, room: usize) {
        // What files hold may have grown.
        while self.slots.len() > room
            && let Some(slot) = self.slots.pop()
        {
            self.unlink(slot.file, slot.block);
        }
        // Another thread may have read the same block.
        if self.slots_of[file].get(block) != Some(&NOWHERE) {
            return;
        }
        let slot = Slot { file, block, was_used: false, bytes };
        let at = if self.slots.len() < room { self.slots.len() } else { self.next_to_go() };
        match self.slots.get_mut(at) {
            Some(old) => {
                let old = core::mem::replace(old, slot);
                self.unlink(old.file, old.block);
            }
            None => self.slots.push(slot),
        }
        self.slots_of[file][block] = at as u32;
    }

    /// A block that is kept no more; its file may be gone.
    fn unlink(&mut self, file: usize, block: usize) {
        if let Some(slot) = self.slots_of[file].get_mut(block) {
            *slot = NOWHERE;
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

    /// Its blocks are not found any more; their slots go to others.
    fn forget(&mut self, file: usize) {
        self.slots_of[file] = Vec::new();
        for slot in self.slots.iter_mut().filter(|slot| slot.file == file) {
            (slot.was_used, slot.bytes) = (false, Box::default());
        }
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
        block: usize,
        is_sound: &dyn Fn(&[u8]) -> bool,
        offset: usize,
        into: &mut [u8],
    ) -> Result<bool> {
        let range = offset..offset + into.len();
        if let Some(kept) = self.cache.kept.change().get(self.number, block).and_then(|bytes| bytes.get(range.clone()))
        {
            into.copy_from_slice(kept);
            return Ok(true);
        }
        let from = block * BLOCK_BYTES;
        let mut bytes = vec![0; BLOCK_BYTES.min(self.length.saturating_sub(from))].into_boxed_slice();
        self.file.read_at(from as u64, &mut bytes)?;
        let Some(asked) = bytes.get(range).filter(|_| is_sound(&bytes)) else { return Ok(false) };
        into.copy_from_slice(asked);
        let room = self.cache.room();
        self.cache.kept.change().put((self.number, block), bytes, room);
        Ok(true)
    }
}

impl Drop for CachedFile {
    fn drop(&mut self) {
        self.hold(0);
        self.cache.kept.change().forget(self.number);
    }
}
