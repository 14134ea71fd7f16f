//! k-means over rows of bytes, in slices: which list a vector belongs to.

use crate::{
    share::share,
    vector::{
        nearest::{at_of, keep_best, packed},
        quantize::{ByteRows, ByteRowsView},
    },
};
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
    /// The list that would be each row's second, and what is gained by it: the less the better.
    seconds: Vec<u32>,
    losses: Vec<f32>,
}

/// What a clustering found.
#[derive(Debug)]
pub(super) struct Clusters {
    /// The centroids in full.
    pub centroids: Vec<f32>,
    /// The centroids as bytes.
    pub bytes: ByteRows,
    /// The list of each row.
    pub assigned: Vec<u32>,
    /// The list that has a copy of it; [`NO_LIST`] where none has.
    pub copied: Vec<u32>,
}

/// No list.
pub(super) const NO_LIST: u32 = u32::MAX;

/// One row in so many is copied to a second list: the half that gains most by it. A copy of the others costs as much memory
/// and gains little.
const ROWS_PER_COPY: usize = 2;

/// The nearest lists that a row's second is chosen from.
const CHOICE: usize = 8;

impl Clustering {
    /// Starts with rows of the sample, evenly spaced, as centroids.
    pub(super) fn new(rows: ByteRowsView<'_>, lists: usize) -> Self {
        let lists = lists.clamp(1, rows.len().max(1));
        let size = (lists * SAMPLE_PER_LIST).min(rows.len());
        let sample = crate::lists::map(0..size, |at| share(at, size, rows.len()) as u32);
        let dimensions = rows.dimensions;
        let mut centroids = vec![0.0; lists * dimensions];
        for (list, centroid) in centroids.chunks_mut(dimensions).enumerate() {
            if let Some(row) = sample.get(share(list, lists, size)) {
                add_row(rows, *row as usize, centroid);
            }
        }
        let bytes = bytes_of(&centroids, dimensions);
        let (sums, counts) = (vec![0.0; centroids.len()], vec![0; lists]);
        Self {
            lists,
            sample,
            round: 0,
            at: 0,
            centroids,
            bytes,
            sums,
            counts,
            assigned: Vec::new(),
            seconds: Vec::new(),
            losses: Vec::new(),
        }
    }

    /// Works on the next rows and says whether all is done.
    pub(super) fn step(&mut self, rows: ByteRowsView<'_>) -> bool {
        // One list needs no second round: its centroid is the mean after the first.
        let is_training = self.round < if self.lists > 1 { ROUNDS } else { 1 };
        let total = if is_training { self.sample.len() } else { rows.len() };
        let end = (self.at + TILE).min(total);
        let tile = crate::lists::map(self.at..end, |at| if is_training { self.sample[at] } else { at as u32 });
        let choice = if is_training { 1 } else { CHOICE.min(self.lists) };
        let nearest = nearest_of(rows, &tile, self.bytes.view(), choice);
        self.at = end;
        if !is_training {
            for (row, nearest) in tile.iter().zip(nearest.chunks(choice)) {
                self.assign(rows, *row as usize, nearest);
            }
            return self.at == total;
        }
        for (row, (_, list)) in tile.iter().zip(nearest) {
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

    /// Notes the nearest list of a row and the best one for a copy. A row is missed by the search of its own list where the
    /// query lies in the direction of its residual; so the best second list is near, and its residual lies across the
    /// first one (the loss of SOAR, with a weight of 1).
    fn assign(&mut self, rows: ByteRowsView<'_>, row: usize, nearest: &[(f32, u32)]) {
        let centroids = self.bytes.view();
        let squared = rows.squares[row];
        let (own_key, own) = nearest[0];
        let own_distance = squared + own_key;
        let (mut best, mut second) = (f32::INFINITY, NO_LIST);
        for (key, list) in nearest[1..].iter().copied() {
            let products = [list, own].map(|list| centroids.row(list as usize));
            let product = kernels::dot_i8_i8(products[0], products[1]) as f32;
            let product = product * (centroids.scales[list as usize] * centroids.scales[own as usize]);
            // A key is the centroid's square less twice its product with the row.
            let product_of = |key: f32, list: u32| (centroids.squares[list as usize] - key) * 0.5;
            let along = squared - product_of(own_key, own) - product_of(key, list) + product;
            let loss = squared + key + if own_distance > 0.0 { along * along / own_distance } else { 0.0 };
            if loss < best {
                (best, second) = (loss, list);
            }
        }
        self.assigned.push(own);
        self.seconds.push(second);
        self.losses.push(if own_distance > 0.0 { best / own_distance } else { f32::INFINITY });
    }

    /// What was found, once all is done.
    pub(super) fn finish(mut self) -> Clusters {
        let copies = self.assigned.len() / ROWS_PER_COPY;
        let mut sorted = crate::lists::map((0..).zip(&self.losses), |(row, loss)| packed(*loss, row));
        keep_best(&mut sorted, copies);
        let mut copied = vec![NO_LIST; self.assigned.len()];
        for best in sorted {
            let row = at_of(best) as usize;
            copied[row] = core::mem::replace(&mut self.seconds[row], NO_LIST);
        }
        Clusters { centroids: self.centroids, bytes: self.bytes, assigned: self.assigned, copied }
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

/// The `wanted` nearest centroids of each row of the tile, best first, by their squares less twice their products with the
/// row; ties go to the first.
fn nearest_of(rows: ByteRowsView<'_>, tile: &[u32], centroids: ByteRowsView<'_>, wanted: usize) -> Vec<(f32, u32)> {
    let dimensions = rows.dimensions;
    let mut bytes = Vec::with_capacity(tile.len() * dimensions);
    tile.iter().for_each(|row| bytes.extend_from_slice(rows.row(*row as usize)));
    let mut best = vec![(f32::INFINITY, 0); tile.len() * wanted];
    let mut products = vec![0; tile.len() * TILE];
    for from in (0..centroids.len()).step_by(TILE) {
        let count = TILE.min(centroids.len() - from);
        let products = &mut products[..tile.len() * count];
        kernels::dot_i8_tile(
            &bytes,
            &centroids.bytes.part(from * dimensions, count * dimensions),
            dimensions,
            products,
        );
        for ((row, products), best) in tile.iter().zip(products.chunks(count)).zip(best.chunks_mut(wanted)) {
            let scale = 2.0 * rows.scales[*row as usize];
            let mut worst = best[wanted - 1].0;
            for (list, product) in (from..).zip(products) {
                let key = centroids.squares[list] - *product as f32 * (scale * centroids.scales[list]);
                if key < worst {
                    insert(best, (key, list as u32));
                    worst = best[wanted - 1].0;
                }
            }
        }
    }
    best
}

/// Puts an item where it belongs, behind equal ones; the last one falls out.
fn insert(best: &mut [(f32, u32)], item: (f32, u32)) {
    let mut at = best.len() - 1;
    while at > 0 && item.0 < best[at - 1].0 {
        best[at] = best[at - 1];
        at -= 1;
    }
    best[at] = item;
}
