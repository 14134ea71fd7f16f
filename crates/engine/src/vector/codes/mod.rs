//! Codes in blocks of 32, list by list: the layout that is scanned. A flat index has one list, an inverted file many.

mod blocks;
mod filter;
mod order;

pub use blocks::BlocksView;
pub(super) use filter::Filter;

use super::{
    nearest::Within,
    quantize::{ByteRows, ByteRowsView, PreparedQuery, Quantizer, Space},
};
use alloc::{vec, vec::Vec};
use blocks::Blocks;
use sanderling_kernels::FAST_SCAN_VECTORS;

/// Codes to read: built or of a file. Vectors are numbered in scan order, list by list; `positions` says where in the
/// column they are.
#[derive(Clone, Copy, Debug)]
pub struct CodesView<'a> {
    /// The blocks; every list begins a new one.
    pub blocks: BlocksView<'a>,
    /// The codes of the centroids, in the order of their lists; none where there is one list.
    pub guide: BlocksView<'a>,
    /// For each list and the end: its first block.
    pub first_blocks: &'a [u32],
    /// For each list and the end: its first vector.
    pub first_vectors: &'a [u32],
    /// The centroids.
    pub centroids: ByteRowsView<'a>,
    /// Where each vector is in the column.
    pub positions: &'a [u32],
    /// The other way round: for each position of the column, the number of its vector.
    pub places: &'a [u32],
    /// The vectors as bytes, in scan order.
    pub rows: ByteRowsView<'a>,
}

/// Codes that own their bytes.
#[derive(Clone, Debug)]
pub struct Codes {
    blocks: Blocks,
    guide: Blocks,
    first_blocks: Vec<u32>,
    first_vectors: Vec<u32>,
    centroids: ByteRows,
    positions: Vec<u32>,
    places: Vec<u32>,
    rows: ByteRows,
}

impl Codes {
    /// Codes without a vector: one open list around the origin.
    #[must_use]
    pub fn new(quantizer: &Quantizer) -> Self {
        let origin = vec![0.0; quantizer.dimensions()];
        let mut bytes = ByteRows::new(origin.len());
        bytes.push(&origin);
        Self::around(quantizer, &origin, bytes)
    }

    /// Codes without a vector, for lists around these rotated centroids.
    pub(super) fn around(quantizer: &Quantizer, centroids: &[f32], bytes: ByteRows) -> Self {
        Self {
            blocks: Blocks::default(),
            guide: guide(quantizer, centroids),
            first_blocks: vec![0, 0],
            first_vectors: vec![0, 0],
            centroids: bytes,
            positions: Vec::new(),
            places: Vec::new(),
            rows: ByteRows::new(quantizer.dimensions()),
        }
    }

    /// Adds a rotated vector to the last list.
    pub fn push(&mut self, quantizer: &Quantizer, rotated: &[f32], centroid: &[f32], position: u32) {
        let first = self.first_vectors[self.first_vectors.len() - 2] as usize;
        let slot = (self.positions.len() - first) % FAST_SCAN_VECTORS;
        if slot == 0 {
            self.blocks.begin(quantizer);
            *self.last_mut().0 += 1;
        }
        self.blocks.write(quantizer, slot, rotated, centroid);
        let at = position as usize;
        self.places.resize(self.places.len().max(at + 1), 0);
        self.places[at] = self.positions.len() as u32;
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
            blocks: self.blocks.view(),
            guide: self.guide.view(),
            first_blocks: &self.first_blocks,
            first_vectors: &self.first_vectors,
            centroids: self.centroids.view(),
            positions: &self.positions,
            places: &self.places,
            rows: self.rows.view(),
        }
    }
}

/// The codes of centroids around their mean; none for a single one.
fn guide(quantizer: &Quantizer, centroids: &[f32]) -> Blocks {
    let dimensions = quantizer.dimensions();
    let lists = centroids.len() / dimensions;
    let mut guide = Blocks::default();
    if lists == 1 {
        return guide;
    }
    let mut mean = vec![0.0; dimensions];
    for centroid in centroids.chunks(dimensions) {
        for (mean, value) in mean.iter_mut().zip(centroid) {
            *mean += value / lists as f32;
        }
    }
    for (list, centroid) in centroids.chunks(dimensions).enumerate() {
        if list % FAST_SCAN_VECTORS == 0 {
            guide.begin(quantizer);
        }
        guide.write(quantizer, list % FAST_SCAN_VECTORS, centroid, &mean);
    }
    guide
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
        if !self.blocks.fits(quantizer, blocks) {
            return Err("codes, summands and factors of unequal number");
        }
        let lists = self.first_blocks.len();
        if lists < 2 || self.first_vectors.len() != lists || self.centroids.len() != lists - 1 {
            return Err("lists without a centroid");
        }
        let guides = if lists == 2 { 0 } else { (lists - 1).div_ceil(FAST_SCAN_VECTORS) };
        if !self.guide.fits(quantizer, guides) {
            return Err("centroids without codes");
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
        // Each position finds itself again: so no vector is missing, none is there twice, and none is made up.
        let mut found = (0..).zip(self.places).filter(|(at, place)| self.positions.get(**place as usize) == Some(at));
        if self.places.len() != vectors || found.by_ref().count() != vectors {
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

    /// Asks for the beginning of a list to be brought nearer.
    pub(super) fn prefetch_list(&self, query: &PreparedQuery, list: usize) {
        self.blocks.prefetch(query, self.first_blocks[list] as usize);
    }

    /// The distance of the query from the centroid of a list whose key is `base`: the error of an estimate grows with it.
    pub(super) fn distance(&self, query: &PreparedQuery, list: usize, base: f32) -> f32 {
        let squared = match query.space {
            Space::Inner => query.squared + self.centroids.squares[list] + 2.0 * base,
            Space::Euclidean => base,
        };
        if squared > 0.0 { sanderling_kernels::square_root(squared) } else { 0.0 }
    }

    /// Estimates the keys of a list's vectors and offers those that have a chance: a true key may be lower than its
    /// estimate by `slack`. `base` is the key of the list's centroid; where there are `masks`, one a block, they say which
    /// vectors may be found.
    pub(super) fn scan_list(
        &self,
        query: &PreparedQuery,
        (list, base): (usize, f32),
        slack: f32,
        masks: Option<&[u32]>,
        within: &mut Within,
    ) {
        let blocks = self.first_blocks[list] as usize..self.first_blocks[list + 1] as usize;
        let first = self.first_vectors[list];
        self.blocks.scan(query, blocks, masks, base - slack, within.limit(), &mut |slot, bound| {
            within.offer(bound, bound + slack, first + slot as u32);
            within.limit()
        });
    }

    /// The estimates of a list's vectors, one after the other.
    pub(super) fn estimates_of(&self, query: &PreparedQuery, (list, base): (usize, f32), estimates: &mut [f32]) {
        let blocks = self.first_blocks[list] as usize..self.first_blocks[list + 1] as usize;
        self.blocks.scan(query, blocks, None, base, f32::INFINITY, &mut |slot, estimate| {
            estimates[slot] = estimate;
            f32::INFINITY
        });
    }
}
