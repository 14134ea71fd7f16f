//! Which place in a list has a key: a hash table of numbers, for every list that is looked up by key.
//!
//! The keys stay in their lists; the table keeps their hashes and positions alone. So one piece of code, without a type
//! parameter, serves terms, words, ids and writes.

use alloc::{vec, vec::Vec};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Positions in a list by the hash of what stands there. Places that are probed follow each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbering {
    /// Hash and position; a power of two of them, at most three quarters taken. [`FREE`] is not a position.
    slots: Vec<(u32, u32)>,
    taken: usize,
}

const FREE: u32 = u32::MAX;

impl Numbering {
    /// The position with that hash for which `is_key` holds.
    pub(crate) fn find(&self, hash: u32, is_key: &mut dyn FnMut(u32) -> bool) -> Option<u32> {
        Some(self.slots.get(self.place(hash, is_key)?)?.1).filter(|position| *position != FREE)
    }

    /// Gives the key of that hash a position, instead of the one it has.
    pub(crate) fn set(&mut self, hash: u32, position: u32, is_key: &mut dyn FnMut(u32) -> bool) {
        if self.taken * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        if let Some(place) = self.place(hash, is_key) {
            self.taken += usize::from(self.slots[place].1 == FREE);
            self.slots[place] = (hash, position);
        }
    }

    /// All positions, in no order that means anything.
    pub(crate) fn positions(&self) -> impl Iterator<Item = u32> {
        self.slots.iter().map(|slot| slot.1).filter(|position| *position != FREE)
    }

    /// Where the key is, or else the free place where it belongs; none in an empty table.
    fn place(&self, hash: u32, is_key: &mut dyn FnMut(u32) -> bool) -> Option<usize> {
        let last = self.slots.len().checked_sub(1)?;
        let mut place = hash as usize & last;
        loop {
            let (other, position) = self.slots[place];
            if position == FREE || (other == hash && is_key(position)) {
                return Some(place);
            }
            place = (place + 1) & last;
        }
    }

    fn grow(&mut self) {
        let larger = vec![(0, FREE); (self.slots.len() * 2).max(8)];
        for (hash, position) in core::mem::replace(&mut self.slots, larger) {
            if position != FREE
                && let Some(place) = self.place(hash, &mut |_| false)
            {
                self.slots[place] = (hash, position);
            }
        }
    }
}

/// What hashes of tables begin with, set once: without it who writes documents could choose ids or numbers that all belong
/// into one place, and each would be searched for among all others. Nothing but time depends on it.
static KEY: AtomicU64 = AtomicU64::new(UNSET);
const UNSET: u64 = 0;
const KEY_DEFAULT: u64 = 1;

/// Sets the key of the tables of this process, if nobody has and none was needed yet: a random number.
pub fn key_tables(key: u64) {
    let _ = KEY.compare_exchange(UNSET, key.max(KEY_DEFAULT), Relaxed, Relaxed);
}

/// The hash of bytes for tables in memory.
pub(crate) fn hash(bytes: &[u8]) -> u32 {
    let mut key = KEY.load(Relaxed);
    if key == UNSET {
        key_tables(KEY_DEFAULT);
        key = KEY.load(Relaxed);
    }
    hash_by(key, bytes)
}

/// The hash of bytes by a key: the same on every host.
pub(crate) fn hash_by(key: u64, bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = key ^ bytes.len() as u64;
    for word in words {
        hash = mixed(hash ^ u64::from_le_bytes(*word));
    }
    let rest = rest.iter().fold(0, |rest, byte| rest << 8 | u64::from(*byte));
    (mixed(hash ^ rest) >> 32) as u32
}

/// Each bit of the upper half hangs on all bits (the finish of MurmurHash3, cut short).
fn mixed(value: u64) -> u64 {
    let value = (value ^ value >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (value ^ value >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};

    #[test]
    fn who_knows_no_key_cannot_choose_one_place() {
        let place = |key: u64, number: u64| hash_by(key, &number.to_le_bytes()) % 4_096;
        let chosen: Vec<u64> = (0..2_000_000).filter(|number| place(KEY_DEFAULT, *number) == 7).take(400).collect();
        assert_eq!(chosen.len(), 400);
        for key in [2, 3, 1 << 40, u64::MAX] {
            let mut places = crate::lists::map(&chosen, |number| place(key, *number));
            places.sort_unstable();
            places.dedup();
            assert!(places.len() > 350, "{key}: {} places", places.len());
        }
    }

    #[test]
    fn it_finds_what_was_set_and_nothing_else() {
        for hash in [hash, |bytes: &[u8]| bytes.len() as u32] {
            let keys: Vec<String> = (0..500).map(|number: u32| number.to_string()).collect();
            let mut table = Numbering::default();
            assert_eq!(table.find(0, &mut |_| true), None);
            for (at, key) in keys.iter().enumerate() {
                let hash = hash(key.as_bytes());
                assert_eq!(table.find(hash, &mut |at| keys[at as usize] == *key), None);
                table.set(hash, at as u32, &mut |at| keys[at as usize] == *key);
            }
            table.set(hash(b"7"), 77, &mut |at| at == 7);
            for (at, key) in keys.iter().enumerate() {
                let expected = if at == 7 { 77 } else { at as u32 };
                let is_key = &mut |found| found == expected;
                assert_eq!(table.find(hash(key.as_bytes()), is_key), Some(expected), "{key}");
            }
            assert_eq!(table.positions().count(), keys.len());
        }
    }
}
