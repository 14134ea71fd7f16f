//! k-means over rows of bytes, in slices: which list a vector belongs to.

use crate::vector::quantize::{ByteRows, ByteRowsView};
use alloc::{vec, vec::Vec};
use sanderling_kernels as kernels;

/// Rounds of training.
const ROUNDS: usize = 4;

/// Rows of the sample for each list.
const SAMPLE_PER_LIST: usize = 32;

/// Rows and centroids that are compared at once: their bytes and products fit the first cache.
const TILE: usize = 32;

/// A clustering under way: rounds over a sample, then every row once.
#[derive(Debug)]
pub(super) struct Clustering {
    lists: usize,
    /// The rows of the sample.
    sample: Vec<u32>,
    round: usize,
    /// How far the present round is.
    at: usize,
    centroids: Vec<f32>,
    bytes: ByteRows,
    sums: Vec<f32>,
    counts: Vec<u32>,
    /// The list of each row, as far as it is known.
    assigned: Vec<u32>,
}

impl Clustering {
    /// Starts with rows of the sample, evenly spaced, as centroids.
    pub(super) fn new(rows: ByteRowsView<'_>, lists: usize) -> Self {
        let lists = lists.clamp(1, rows.len().max(1));
        let size = (lists * SAMPLE_PER_LIST).min(rows.len());
        let sample = crate::lists::map(0..size, |at| (at * rows.len() / size) as u32);
        let dimensions = rows.dimensions;
        let mut centroids = vec![0.0; lists * dimensions];
        for (list, centroid) in centroids.chunks_mut(dimensions).enumerate() {
            if let Some(row) = sample.get(list * size / lists) {
                add_row(rows, *row as usize, centroid);
            }
        }
        let bytes = bytes_of(&centroids, dimensions);
        let (sums, counts) = (vec![0.0; centroids.len()], vec![0; lists]);
        Self { lists, sample, round: 0, at: 0, centroids, bytes, sums, counts, assigned: Vec::new() }
    }

    /// Works on the next rows and says whether all is done.
    pub(super) fn step(&mut self, rows: ByteRowsView<'_>) -> bool {
        // One list needs no second round: its centroid is the mean after the first.
        let is_training = self.round < if self.lists > 1 { ROUNDS } else { 1 };
        let total = if is_training { self.sample.len() } else { rows.len() };
        let end = (self.at + TILE).min(total);
        let tile = crate::lists::map(self.at..end, |at| if is_training { self.sample[at] } else { at as u32 });
        let nearest = nearest_of(rows, &tile, self.bytes.view());
        self.at = end;
        if !is_training {
            self.assigned.extend(nearest);
            return self.at == total;
        }
        for (row, list) in tile.iter().zip(nearest) {
            self.counts[list as usize] += 1;
            let sums = &mut self.sums[list as usize * rows.dimensions..][..rows.dimensions];
            add_row(rows, *row as usize, sums);
        }
        if self.at == total {
            self.finish_round(rows.dimensions);
        }
        false
    }

    // A list that lost all its rows keeps its centroid: it may win some back.
    fn finish_round(&mut self, dimensions: usize) {
        for (list, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let range = list * dimensions..(list + 1) * dimensions;
            for (center, sum) in self.centroids[range.clone()].iter_mut().zip(&self.sums[range]) {
                *center = sum / *count as f32;
            }
        }
        self.bytes = bytes_of(&self.centroids, dimensions);
        self.sums.fill(0.0);
        self.counts.fill(0);
        (self.round, self.at) = (self.round + 1, 0);
    }

    /// The centroids in full and as bytes, and the list of each row.
    pub(super) fn finish(self) -> (Vec<f32>, ByteRows, Vec<u32>) {
        (self.centroids, self.bytes, self.assigned)
    }
}

fn bytes_of(centroids: &[f32], dimensions: usize) -> ByteRows {
    let mut bytes = ByteRows::new(dimensions);
    centroids.chunks(dimensions).for_each(|centroid| bytes.push(centroid));
    bytes
}

fn add_row(rows: ByteRowsView<'_>, at: usize, sums: &mut [f32]) {
    let scale = rows.scales[at];
    for (sum, byte) in sums.iter_mut().zip(rows.row(at)) {
        *sum += f32::from(*byte) * scale;
    }
}

/// The nearest centroid of each row of the tile; ties go to the first.
fn nearest_of(rows: ByteRowsView<'_>, tile: &[u32], centroids: ByteRowsView<'_>) -> Vec<u32> {
    let dimensions = rows.dimensions;
    let mut bytes = Vec::with_capacity(tile.len() * dimensions);
    tile.iter().for_each(|row| bytes.extend_from_slice(rows.row(*row as usize)));
    let mut best = vec![(f32::INFINITY, 0); tile.len()];
    let mut products = vec![0; tile.len() * TILE];
    for from in (0..centroids.len()).step_by(TILE) {
        let count = TILE.min(centroids.len() - from);
        let products = &mut products[..tile.len() * count];
        kernels::dot_i8_tile(&bytes, &centroids.bytes[from * dimensions..][..count * dimensions], dimensions, products);
        for ((row, products), best) in tile.iter().zip(products.chunks(count)).zip(&mut best) {
            let scale = 2.0 * rows.scales[*row as usize];
            for (list, product) in (from..).zip(products) {
                let key = centroids.squares[list] - *product as f32 * (scale * centroids.scales[list]);
                if key < best.0 {
                    *best = (key, list as u32);
                }
            }
        }
    }
    crate::lists::map(best, |(_, list)| list)
}
