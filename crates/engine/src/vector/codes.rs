//! Codes in blocks of 32, list by list: the layout that is scanned. A flat index has one list, an inverted file many.

use super::{
    nearest::{Nearest, packed},
    quantize::{ByteRows, ByteRowsView, PreparedQuery, Quantizer},
};
use crate::lists::map;
use alloc::{vec, vec::Vec};
use sanderling_kernels::{self as kernels, EstimateTerms, FAST_SCAN_VECTORS};

/// Codes to read: built or of a file. Vectors are numbered in scan order, list by list; `positions` says where in the
/// column they are.
#[derive(Clone, Copy, Debug)]
pub struct CodesView<'a> {
    /// The blocks; every list begins a new one.
    pub blocks: &'a [u8],
    /// The summand of each slot of the blocks; infinite where there is no vector.
    pub adds: &'a [f32],
    /// The factor of each slot.
    pub factors: &'a [f32],
    /// For each list and the end: its first block.
    pub first_blocks: &'a [u32],
    /// For each list and the end: its first vector.
    pub first_vectors: &'a [u32],
    /// The centroids.
    pub centroids: ByteRowsView<'a>,
    /// Where each vector is in the column.
    pub positions: &'a [u32],
    /// The vectors as bytes, in scan order.
    pub rows: ByteRowsView<'a>,
}

/// Codes that own their bytes.
#[derive(Clone, Debug)]
pub struct Codes {
    blocks: Vec<u8>,
    adds: Vec<f32>,
    factors: Vec<f32>,
    first_blocks: Vec<u32>,
    first_vectors: Vec<u32>,
    centroids: ByteRows,
    positions: Vec<u32>,
    rows: ByteRows,
}

impl Codes {
    /// Codes without a vector: one open list around the origin.
    #[must_use]
    pub fn new(quantizer: &Quantizer) -> Self {
        let dimensions = quantizer.dimensions();
        let mut centroids = ByteRows::new(dimensions);
        centroids.push(&vec![0.0; dimensions]);
        Self { centroids, ..Self::around(ByteRows::new(dimensions), dimensions) }
    }

    /// Codes without a list yet, with room for more.
    pub(super) fn around(centroids: ByteRows, dimensions: usize) -> Self {
        Self {
            blocks: Vec::new(),
            adds: Vec::new(),
            factors: Vec::new(),
            first_blocks: vec![0, 0],
            first_vectors: vec![0, 0],
            centroids,
            positions: Vec::new(),
            rows: ByteRows::new(dimensions),
        }
    }

    /// Adds a rotated vector to the last list.
    pub fn push(&mut self, quantizer: &Quantizer, rotated: &[f32], centroid: &[f32], position: u32) {
        let code_bytes = quantizer.code_bytes();
        let block_bytes = kernels::block_bytes(code_bytes);
        let first = self.first_vectors[self.first_vectors.len() - 2] as usize;
        let slot = (self.positions.len() - first) % FAST_SCAN_VECTORS;
        if slot == 0 {
            self.blocks.resize(self.blocks.len() + block_bytes, 0);
            self.adds.resize(self.adds.len() + FAST_SCAN_VECTORS, f32::INFINITY);
            self.factors.resize(self.factors.len() + FAST_SCAN_VECTORS, 0.0);
            *self.last_mut().0 += 1;
        }
        let mut code = vec![0; code_bytes];
        let (add, factor) = quantizer.encode(rotated, centroid, &mut code);
        let last_block = self.blocks.len() - block_bytes;
        kernels::write_block_code(&mut self.blocks[last_block..], slot, &code);
        let last_slots = self.adds.len() - FAST_SCAN_VECTORS;
        (self.adds[last_slots + slot], self.factors[last_slots + slot]) = (add, factor);
        self.positions.push(position);
        self.rows.push(rotated);
        *self.last_mut().1 += 1;
    }

    /// Ends the last list and begins another one.
    pub(super) fn next_list(&mut self) {
        let (block, vector) = self.last_mut();
        let (block, vector) = (*block, *vector);
        self.first_blocks.push(block);
        self.first_vectors.push(vector);
    }

    fn last_mut(&mut self) -> (&mut u32, &mut u32) {
        let last = self.first_blocks.len() - 1;
        (&mut self.first_blocks[last], &mut self.first_vectors[last])
    }

    /// The codes to read.
    #[must_use]
    pub fn view(&self) -> CodesView<'_> {
        CodesView {
            blocks: &self.blocks,
            adds: &self.adds,
            factors: &self.factors,
            first_blocks: &self.first_blocks,
            first_vectors: &self.first_vectors,
            centroids: self.centroids.view(),
            positions: &self.positions,
            rows: self.rows.view(),
        }
    }
}

/// What a scan has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Vectors whose codes were compared.
    pub vectors: usize,
    /// Lists they were in.
    pub lists: usize,
}

impl<'a> CodesView<'a> {
    /// What is wrong with codes that come from a file: a search relies on all of this.
    pub fn check(&self, quantizer: &Quantizer, vectors: usize) -> Result<(), &'static str> {
        let blocks = self.first_blocks.last().copied().unwrap_or_default() as usize;
        let slots = blocks.checked_mul(FAST_SCAN_VECTORS);
        let bytes = blocks.checked_mul(kernels::block_bytes(quantizer.code_bytes()));
        if Some(self.adds.len()) != slots || Some(self.factors.len()) != slots || Some(self.blocks.len()) != bytes {
            return Err("codes, summands and factors of unequal number");
        }
        let lists = self.first_blocks.len();
        if lists < 2 || self.first_vectors.len() != lists || self.centroids.len() != lists - 1 {
            return Err("lists without a centroid");
        }
        if self.first_vectors.last().copied().unwrap_or_default() as usize != vectors || self.positions.len() != vectors
        {
            return Err("codes of another number of vectors");
        }
        let starts = self.first_blocks.windows(2).zip(self.first_vectors.windows(2));
        let mut fitting = starts.map(|(blocks, vectors)| {
            let (blocks, vectors) = (blocks[1].checked_sub(blocks[0]), vectors[1].checked_sub(vectors[0]));
            blocks.is_some() && blocks == vectors.map(|vectors| vectors.div_ceil(FAST_SCAN_VECTORS as u32))
        });
        if self.first_blocks[0] != 0 || self.first_vectors[0] != 0 || !fitting.all(|fits| fits) {
            return Err("lists that do not follow each other");
        }
        if self.positions.iter().any(|position| *position as usize >= vectors) {
            return Err("a code of a vector that does not exist");
        }
        let dimensions = quantizer.dimensions();
        if !self.rows.fits(dimensions, vectors) || !self.centroids.fits(dimensions, lists - 1) {
            return Err("rows of bytes of another length");
        }
        Ok(())
    }

    /// The number of vectors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is no vector.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The number of lists.
    #[must_use]
    pub fn lists(&self) -> usize {
        self.first_blocks.len() - 1
    }

    /// The lists by the key of their centroids, best first.
    pub(super) fn ordered_lists(&self, query: &PreparedQuery) -> ListOrder {
        let keys = self.centroids.all_keys(query);
        let rest = map(keys.iter().enumerate(), |(list, key)| packed(*key, list as u32));
        ListOrder { next: Vec::new(), rest, size: FIRST_LISTS }
    }

    /// Estimates the keys of a list's vectors and offers those that are allowed and have a chance. `base` is the key of
    /// the list's centroid.
    pub(super) fn scan_list(
        &self,
        query: &PreparedQuery,
        list: usize,
        base: f32,
        allowed: &mut dyn FnMut(u32) -> bool,
        nearest: &mut Nearest,
    ) {
        let terms = EstimateTerms { step: query.step, least: query.least, base };
        let mut sums = [[0; FAST_SCAN_VECTORS]; BATCH];
        let mut estimates = [0.0; FAST_SCAN_VECTORS];
        let (first, end) = (self.first_blocks[list] as usize, self.first_blocks[list + 1] as usize);
        let mut vector = self.first_vectors[list];
        let bytes = query.table.len();
        for from in (first..end).step_by(BATCH) {
            let count = BATCH.min(end - from);
            kernels::fast_scan_blocks(&query.table, &self.blocks[from * bytes..][..count * bytes], &mut sums[..count]);
            for (block, sums) in (from..).zip(&sums[..count]) {
                let slots = block * FAST_SCAN_VECTORS;
                let (Some(adds), Some(factors)) =
                    (self.adds[slots..].first_chunk(), self.factors[slots..].first_chunk())
                else {
                    return;
                };
                let mut mask = kernels::estimate_block(sums, [adds, factors], terms, nearest.limit(), &mut estimates);
                while mask != 0 {
                    let slot = mask.trailing_zeros();
                    mask &= mask - 1;
                    // The limit may have fallen since the mask was made.
                    let estimate = estimates[slot as usize];
                    if estimate < nearest.limit() && allowed(self.positions[(vector + slot) as usize]) {
                        nearest.offer(estimate, vector + slot);
                    }
                }
                vector += FAST_SCAN_VECTORS as u32;
            }
        }
    }
}

/// Lists that are put in order at once at first.
const FIRST_LISTS: usize = 64;

/// Lists best first, put in order as far as they are asked for: a search needs few of them.
#[derive(Debug)]
pub(super) struct ListOrder {
    /// The next ones, the best last.
    next: Vec<u64>,
    /// All others, each worse than those.
    rest: Vec<u64>,
    size: usize,
}

impl Iterator for ListOrder {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if self.next.is_empty() {
            let size = self.size.min(self.rest.len());
            if size < self.rest.len() {
                self.rest.select_nth_unstable(size);
            }
            self.next = self.rest.drain(..size).collect();
            self.next.sort_unstable_by(|a, b| b.cmp(a));
            self.size *= 2;
        }
        self.next.pop()
    }
}

/// Blocks that are scanned at once.
const BATCH: usize = 8;
