//! Which place in a list has a key: a hash table of numbers, for every list that is looked up by key.
//!
//! The keys stay in their lists; the table keeps their hashes and positions alone. So one piece of code, without a type
//! parameter, serves terms, words, ids and writes.

use alloc::{vec, vec::Vec};

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

/// The hash of bytes: the same on every host.
pub(crate) fn hash(bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut hash = bytes.len() as u64;
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
