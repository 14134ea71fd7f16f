//! Blocks of 32 codes with the two numbers of each vector: written slot by slot, scanned block by block.

use crate::stored::Stored;
use crate::vector::quantize::{PreparedQuery, Quantizer};
use alloc::{vec, vec::Vec};
use core::{array, ops::Range};
use sanderling_kernels::{self as kernels, EstimateTerms, FAST_SCAN_VECTORS, PerVector, SCANNED_BLOCKS, Scanned};

/// Blocks to read.
#[derive(Clone, Copy, Debug)]
pub struct BlocksView<'a> {
    /// The codes.
    pub codes: Stored<'a, u8>,
    /// The summand of each slot; infinite where there is no vector.
    pub adds: Stored<'a, f32>,
    /// The factor of each slot.
    pub factors: Stored<'a, f32>,
}

/// Blocks that grow.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    codes: Vec<u8>,
    adds: Vec<f32>,
    factors: Vec<f32>,
}

impl Blocks {
    /// Makes room for so many blocks at once.
    pub(super) fn reserve(&mut self, quantizer: &Quantizer, blocks: usize) {
        self.codes.reserve_exact(blocks * kernels::block_bytes(quantizer.code_bytes()));
        self.adds.reserve_exact(blocks * FAST_SCAN_VECTORS);
        self.factors.reserve_exact(blocks * FAST_SCAN_VECTORS);
    }

    /// Begins a block without vectors.
    pub(super) fn begin(&mut self, quantizer: &Quantizer) {
        self.codes.resize(self.codes.len() + kernels::block_bytes(quantizer.code_bytes()), 0);
        self.adds.resize(self.adds.len() + FAST_SCAN_VECTORS, f32::INFINITY);
        self.factors.resize(self.factors.len() + FAST_SCAN_VECTORS, 0.0);
    }

    /// Writes a rotated vector into a slot of the last block.
    pub(super) fn write(&mut self, quantizer: &Quantizer, slot: usize, rotated: &[f32], centroid: &[f32]) {
        let mut code = vec![0; quantizer.code_bytes()];
        let (add, factor) = quantizer.encode(rotated, centroid, &mut code);
        let last_block = self.codes.len() - kernels::block_bytes(code.len());
        kernels::write_block_code(&mut self.codes[last_block..], slot, &code);
        let last_slots = self.adds.len() - FAST_SCAN_VECTORS;
        (self.adds[last_slots + slot], self.factors[last_slots + slot]) = (add, factor);
    }

    pub(super) fn view(&self) -> BlocksView<'_> {
        BlocksView { codes: (&self.codes).into(), adds: (&self.adds).into(), factors: (&self.factors).into() }
    }
}

impl<'a> BlocksView<'a> {
    fn slots_of(&self, numbers: Stored<'a, f32>, block: usize) -> Option<&'a PerVector<f32>> {
        numbers.part(block * FAST_SCAN_VECTORS, FAST_SCAN_VECTORS).first_chunk()
    }

    /// Whether these are so many blocks.
    pub(super) fn fits(&self, quantizer: &Quantizer, blocks: usize) -> bool {
        let slots = blocks.checked_mul(FAST_SCAN_VECTORS);
        Some(self.adds.len()) == slots
            && Some(self.factors.len()) == slots
            && Some(self.codes.len()) == blocks.checked_mul(kernels::block_bytes(quantizer.code_bytes()))
    }

    /// Asks for the first of a range of blocks to be brought nearer, with what belongs to their vectors.
    pub(super) fn prefetch(&self, query: &PreparedQuery, blocks: Range<usize>) {
        let blocks = blocks.start..blocks.end.min(blocks.start + SCANNED_BLOCKS);
        self.codes.prefetch(blocks.start * query.table.len()..blocks.end * query.table.len());
        let slots = blocks.start * FAST_SCAN_VECTORS..blocks.end * FAST_SCAN_VECTORS;
        self.adds.prefetch(slots.clone());
        self.factors.prefetch(slots);
    }

    /// Estimates the keys of the vectors in a range of blocks and hands those below `limit` to `found`, by the number of
    /// their slot within the range; what `found` returns is the limit from then on. `base` is the key of the centroid;
    /// estimates are lower by the size of their factor times `beyond`.
    /// Where there are `masks`, one a block, only vectors with a bit are handed out, and blocks without one not read.
    pub(super) fn scan(
        &self,
        query: &PreparedQuery,
        blocks: Range<usize>,
        masks: Option<&[u32]>,
        (base, beyond): (f32, f32),
        mut limit: f32,
        found: &mut dyn FnMut(usize, f32) -> f32,
    ) {
        // No factor is above 0.
        let terms = EstimateTerms { step: query.step, least: query.least + beyond, base };
        let mut scanned = Scanned::default();
        let bytes = query.table.len();
        let mask_of =
            |block: usize| masks.map_or(u32::MAX, |masks| masks.get(block - blocks.start).copied().unwrap_or(0));
        let mut from = blocks.start;
        while from < blocks.end {
            let most = SCANNED_BLOCKS.min(blocks.end - from);
            let masks: [u32; SCANNED_BLOCKS] = array::from_fn(|at| if at < most { mask_of(from + at) } else { 0 });
            let count = masks.iter().take_while(|mask| **mask != 0).count();
            if count == 0 {
                from += 1;
                continue;
            }
            let codes = self.codes.part(from * bytes, count * bytes);
            let [adds, factors] =
                [self.adds, self.factors].map(|of| of.part(from * FAST_SCAN_VECTORS, count * FAST_SCAN_VECTORS));
            kernels::scan_blocks(&query.table, codes, [adds, factors], terms, limit, &masks, &mut scanned);
            let first = (from - blocks.start) * FAST_SCAN_VECTORS;
            for (slot, estimate) in scanned.iter() {
                // The limit may have fallen since.
                if estimate < limit {
                    limit = found(first + slot, estimate);
                }
            }
            from += count;
        }
    }

    /// Writes the estimates of a range of blocks where they belong among those of all blocks.
    pub(super) fn estimates(&self, query: &PreparedQuery, blocks: Range<usize>, base: f32, estimates: &mut [f32]) {
        let terms = EstimateTerms { step: query.step, least: query.least, base };
        let mut sums = [0; FAST_SCAN_VECTORS];
        let bytes = query.table.len();
        for block in blocks {
            let slots = block * FAST_SCAN_VECTORS;
            let (Some(adds), Some(factors), Some(out)) = (
                self.slots_of(self.adds, block),
                self.slots_of(self.factors, block),
                estimates.get_mut(slots..).and_then(|estimates| estimates.first_chunk_mut()),
            ) else {
                return;
            };
            let codes = self.codes.part(block * bytes, bytes);
            if codes.len() != bytes {
                return;
            }
            kernels::fast_scan(&query.table, codes, &mut sums);
            let _ = kernels::estimate_block(&sums, [adds, factors], terms, f32::INFINITY, out);
        }
    }
}
