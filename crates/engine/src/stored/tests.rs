//! Files of a few groups of blocks, whole in memory and paged: what is damaged is seen when it is touched and not before.

extern crate std;

use super::*;
use crate::{
    Result,
    codec::{AlignedBytes, u32_at},
};
use alloc::{boxed::Box, vec, vec::Vec};
use core::ops::Range;
use std::sync::{Arc, Mutex};

/// Blocks under one group of checksums.
const GROUP: usize = BLOCK_BYTES / 4;
const COVERED: usize = 2 * GROUP * BLOCK_BYTES + 3 * BLOCK_BYTES + 128;

/// A file that notes what is read of it; it keeps nothing.
struct Read {
    bytes: Vec<u8>,
    ranges: Arc<Mutex<Vec<Range<usize>>>>,
}

impl Pages for Read {
    fn length(&self) -> usize {
        self.bytes.len()
    }

    fn read(&self, offset: usize, into: &mut [u8]) -> Result<()> {
        self.ranges.lock().unwrap().push(offset..offset + into.len());
        into.copy_from_slice(&self.bytes[offset..offset + into.len()]);
        Ok(())
    }

    fn hold(&self, _: usize) {}

    fn read_kept(
        &self,
        unit: Unit,
        is_sound: &dyn Fn(&[u8]) -> Result<bool>,
        offset: usize,
        into: &mut [u8],
    ) -> Result<bool> {
        let mut content = vec![0; unit.length];
        self.read(unit.from, &mut content)?;
        let sound = is_sound(&content)?;
        into.copy_from_slice(&content[offset..offset + into.len()]);
        Ok(sound)
    }
}

struct File {
    /// Blocks and their checksums.
    bytes: Vec<u8>,
    groups: Vec<u8>,
}

impl File {
    fn new() -> Self {
        let mut bytes: Vec<u8> = (0..COVERED as u32 / 4).flat_map(|at| (at * 7).to_le_bytes()).collect();
        let (sums, groups) = block_sums(&bytes);
        assert_eq!((sums.len(), groups.len()), sums_bytes(COVERED));
        bytes.extend_from_slice(&sums);
        Self { bytes, groups }
    }

    fn whole(&self) -> Blocks {
        Blocks::new(AlignedBytes::copy_of(&self.bytes).into(), COVERED, self.groups.clone())
    }

    /// With all but the end of the file on the medium.
    fn paged(&self) -> (Blocks, Arc<Mutex<Vec<Range<usize>>>>) {
        let ranges = Arc::default();
        let read = Read { bytes: self.bytes.clone(), ranges: Arc::clone(&ranges) };
        let mut blocks = Blocks::new(FileBytes::Paged(Box::new(read)), COVERED, self.groups.clone());
        blocks.keep_all_but(core::slice::from_ref(&(0..COVERED - 128))).unwrap();
        ranges.lock().unwrap().clear();
        (blocks, ranges)
    }

    /// Whether both ways of reading tell that block from the rest, which they find as it was.
    fn damaged_blocks(&self, blocks: &[usize]) -> Vec<usize> {
        let expected = File::new();
        let found = |file: &Blocks| {
            let mut damaged = Vec::new();
            for &block in blocks {
                let range = block * BLOCK_BYTES..(block * BLOCK_BYTES + BLOCK_BYTES).min(COVERED);
                let content = file.cold::<u8>(&range).all();
                match file.damage() {
                    None => assert!(*content == expected.bytes[range], "block {block}"),
                    Some(at) => {
                        assert_eq!(at, block * BLOCK_BYTES);
                        assert!(content.iter().all(|byte| *byte == 0), "block {block}");
                        damaged.push(block);
                    }
                }
                file.forget();
            }
            damaged
        };
        let damaged = found(&self.whole());
        assert_eq!(damaged, found(&self.paged().0), "an answer that depends on where the file lies");
        damaged
    }
}

#[test]
fn a_sound_file_is_read_as_it_is() {
    let file = File::new();
    assert!(file.damaged_blocks(&[0, 1, GROUP - 1, GROUP, 2 * GROUP - 1, 2 * GROUP, 2 * GROUP + 2]).is_empty());
    assert!(file.whole().look_at_all() && file.paged().0.look_at_all());
}

#[test]
fn a_checksum_that_is_damaged_takes_its_group_along_and_no_other() {
    for block in [0, GROUP - 1, GROUP, 2 * GROUP - 1] {
        let mut file = File::new();
        file.bytes[COVERED + block * 4 + 2] ^= 0x10;
        let group = block / GROUP * GROUP;
        let all = [0, 7, GROUP - 1, GROUP, GROUP + 9, 2 * GROUP - 1];
        let expected: Vec<usize> = all.into_iter().filter(|at| (group..group + GROUP).contains(at)).collect();
        assert_eq!(file.damaged_blocks(&all), expected);
        assert!(!file.whole().look_at_all() && !file.paged().0.look_at_all());
    }
}

#[test]
fn a_block_that_was_changed_together_with_its_checksum_is_damaged() {
    let mut file = File::new();
    let block = GROUP + 5;
    file.bytes[block * BLOCK_BYTES] ^= 1;
    let sum = sums::block_sum(&file.bytes[block * BLOCK_BYTES..(block + 1) * BLOCK_BYTES], block);
    file.bytes[COVERED + block * 4..COVERED + block * 4 + 4].copy_from_slice(&sum.to_le_bytes());
    assert_eq!(file.damaged_blocks(&[block]), [block]);
    assert_eq!(u32_at(&file.bytes, COVERED + block * 4), Some(sum));
}

#[test]
fn blocks_and_groups_that_changed_places_are_damaged() {
    let mut file = File::new();
    let (first, second) = file.bytes.split_at_mut(BLOCK_BYTES * GROUP);
    first.swap_with_slice(&mut second[..BLOCK_BYTES * GROUP]);
    let (first, second) = file.bytes[COVERED..].split_at_mut(BLOCK_BYTES);
    first.swap_with_slice(&mut second[..BLOCK_BYTES]);
    assert_eq!(file.damaged_blocks(&[1, GROUP + 1]), [1, GROUP + 1]);
}

#[test]
fn a_read_of_a_paged_file_brings_its_block_and_one_group_of_checksums() {
    let (blocks, ranges) = File::new().paged();
    let block = GROUP + 3;
    let _ = blocks.cold::<u8>(&(block * BLOCK_BYTES + 7..block * BLOCK_BYTES + 9)).all();
    let group = COVERED + BLOCK_BYTES..COVERED + 2 * BLOCK_BYTES;
    assert_eq!(*ranges.lock().unwrap(), [block * BLOCK_BYTES..(block + 1) * BLOCK_BYTES, group]);
}

#[test]
fn what_cannot_be_is_blamed_wherever_the_file_lies() {
    let file = File::new();
    let last = COVERED - 64..COVERED;
    let (paged, _) = file.paged();
    for blocks in [file.whole(), paged] {
        assert_eq!(
            blocks.array::<u64>(&last).at(3),
            u64::from_le_bytes(file.bytes[COVERED - 40..COVERED - 32].try_into().unwrap())
        );
        assert_eq!(blocks.damage(), None);
        let look = |look: &dyn Fn()| {
            look();
            let damage = blocks.damage();
            blocks.forget();
            damage
        };
        assert_eq!(look(&|| blocks.array::<u64>(&last).blame()), Some(last.start));
        assert_eq!(look(&|| assert_eq!(blocks.array::<u64>(&last).at(8), 0)), Some(last.start), "behind the end");
        let cold = blocks.cold::<u8>(&(64..200));
        assert_eq!(
            look(&|| assert!(cold.text(Range { start: 20, end: 10 }).is_empty())),
            Some(64),
            "a text that ends before it begins"
        );
        assert_eq!(look(&|| assert!(cold.text(130..140).bytes().all(|byte| byte == 0))), Some(64), "behind the end");
    }
}
