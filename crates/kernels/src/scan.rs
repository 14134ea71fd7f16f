//! A scan of several blocks at once: which of their vectors may be found.

use crate::{Backend, EstimateTerms, FAST_SCAN_VECTORS, PerVector};

/// Blocks that are scanned at once, at most.
pub const SCANNED_BLOCKS: usize = 8;

/// What a scan has found: slots, numbered from the first block on, with their estimates, ascending.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// Eight blocks have as many slots as a byte has values.
    slots: [u8; SCANNED_BLOCKS * FAST_SCAN_VECTORS],
    estimates: [f32; SCANNED_BLOCKS * FAST_SCAN_VECTORS],
    count: usize,
}

impl Default for Scanned {
    fn default() -> Self {
        Self { slots: [0; _], estimates: [0.0; _], count: 0 }
    }
}

impl Scanned {
    /// The slots with their estimates.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f32)> {
        self.slots.iter().zip(&self.estimates).take(self.count).map(|(slot, estimate)| (usize::from(*slot), *estimate))
    }
}

/// Finds the slots of blocks that lie one after the other whose estimates are below `limit` and that have a bit in the
/// mask of their block: a block has so many codes, summands and factors. What lies beyond one of the arrays is not scanned.
#[inline(never)]
pub fn scan_blocks(
    table: &[u8],
    codes: &[u8],
    [adds, factors]: [&[f32]; 2],
    terms: EstimateTerms,
    limit: f32,
    masks: &[u32; SCANNED_BLOCKS],
    scanned: &mut Scanned,
) {
    let backend = Backend::best();
    let mut sums = [[0; FAST_SCAN_VECTORS]; SCANNED_BLOCKS];
    let mut estimates: PerVector<f32> = [0.0; _];
    let count = (codes.len() / table.len().max(1)).min(SCANNED_BLOCKS);
    backend.fast_scan_blocks(table, &codes[..count * table.len()], &mut sums[..count]);
    let of_slots = adds.as_chunks().0.iter().zip(factors.as_chunks().0);
    scanned.count = 0;
    for (block, ((sums, (adds, factors)), mask)) in sums[..count].iter().zip(of_slots).zip(masks).enumerate() {
        let mut mask = mask & backend.estimate_block(sums, [adds, factors], terms, limit, &mut estimates);
        while mask != 0 {
            let slot = mask.trailing_zeros() as usize;
            mask &= mask - 1;
            scanned.slots[scanned.count] = (block * FAST_SCAN_VECTORS + slot) as u8;
            scanned.estimates[scanned.count] = estimates[slot];
            scanned.count += 1;
        }
    }
}
