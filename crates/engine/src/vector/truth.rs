//! What searches of a column should find, for measurements: queries like real ones, and their true neighbours.
//!
//! The truth comes from the vectors in full. Keys by bytes cannot be the judge of themselves: where they do not tell
//! neighbours apart, a measurement that believes them would call any answer right.

use super::{
    VectorColumn,
    nearest::{at_of, keep_best, packed},
    quantize::{ByteRowsView, PreparedQuery, Quantizer},
};
use alloc::vec::Vec;
use sanderling_kernels as kernels;

/// Vectors that are taken as queries.
const QUERIES: usize = 192;

/// One query in so many lies near the data; the others lie between two vectors.
const NEAR_ONE_IN: usize = 3;

/// The kinds of queries: between two vectors, and near one.
pub(super) const KINDS: usize = 2;

/// The numbers of hits that is measured for.
pub(super) const WANTED: [usize; 2] = [10, 100];

/// Vectors that are compared in full with a query: so many of those that are best by bytes, and one in so many of all. A
/// column of up to twice as many is compared whole.
const COMPARED: usize = 4_096;
const VECTORS_PER_COMPARED: usize = 8;

/// The same where only the tenth neighbour of a vector is asked for.
const COMPARED_FOR_NOISE: usize = 1_024;

/// The part of the distance to the tenth neighbour that a query near the data is moved by: more makes its neighbours stand out
/// more than those of real queries do.
const NOISE: f32 = 0.25;

/// A column with the bytes that its searches begin with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Truth<'a> {
    pub quantizer: &'a Quantizer,
    pub column: VectorColumn<'a>,
    pub rows: ByteRowsView<'a>,
}

/// A query with what a search should find.
#[derive(Debug)]
pub(super) struct TrueQuery {
    pub kind: usize,
    /// The vector that the query was made of; it is not among the neighbours.
    pub own: u32,
    pub prepared: PreparedQuery,
    /// The keys of all rows by bytes.
    pub keys: Vec<f32>,
    /// The nearest vectors, best first, as many as the last of [`WANTED`].
    pub neighbours: Vec<u32>,
}

impl Truth<'_> {
    /// How many queries there are.
    pub fn queries(&self) -> usize {
        QUERIES.min(self.rows.len())
    }

    /// One of the queries.
    pub fn query(&self, number: usize) -> TrueQuery {
        let own = (2 * number + 1) * self.rows.len() / (2 * self.queries());
        let kind = usize::from(number % NEAR_ONE_IN == NEAR_ONE_IN - 1);
        let vector = if kind == 0 { self.between(own) } else { self.near(own) };
        let norm = kernels::norm(&vector);
        let prepared = PreparedQuery::new(self.quantizer, &vector, norm);
        let keys = self.rows.all_keys(&prepared);
        let own = own as u32;
        let neighbours = self.neighbours(&vector, own, &keys, [COMPARED, WANTED[1]]);
        TrueQuery { kind, own, prepared, keys, neighbours }
    }

    /// The `wanted` nearest to a vector without itself, best first, among `compared` best by bytes and others.
    fn neighbours(&self, vector: &[f32], own: u32, keys: &[f32], [compared, wanted]: [usize; 2]) -> Vec<u32> {
        let metric = self.quantizer.metric();
        let norm = kernels::norm(vector);
        let mut best = Vec::with_capacity(keys.len());
        best.extend((0..).zip(keys).map(|(at, key)| packed(*key, at)));
        if best.len() > 2 * compared {
            keep_best(&mut best, compared);
            // What the bytes misjudge altogether is seen in a part of all.
            let sampled = keys.iter().enumerate().step_by(VECTORS_PER_COMPARED);
            best.extend(sampled.map(|(at, key)| packed(*key, at as u32)));
        }
        let mut positions = crate::lists::map(&best, |candidate| at_of(*candidate));
        crate::order::sort(&mut positions);
        positions.dedup();
        let mut neighbours = Vec::with_capacity(positions.len());
        for at in positions.into_iter().filter(|at| *at != own) {
            let position = at as usize;
            let similarity = metric.similarity(vector, norm, &self.column.at(position), self.column.norms[position]);
            neighbours.push(packed(-similarity, at));
        }
        keep_best(&mut neighbours, wanted);
        crate::order::sort(&mut neighbours);
        crate::lists::map(&neighbours, |candidate| at_of(*candidate))
    }

    /// What lies in the middle between a vector and another, as long as the first. Real queries come from elsewhere than the
    /// vectors do, and these turned out to be about as hard to find the neighbours of.
    fn between(&self, own: usize) -> Vec<f32> {
        let other = (super::hnsw::mixed(own as u64) % self.rows.len() as u64) as usize;
        let mut vector = self.column.at(own).into_owned();
        let scale = self.scale_to(own, other);
        for (value, other) in vector.iter_mut().zip(&*self.column.at(other)) {
            *value += other * scale;
        }
        let norm = kernels::norm(&vector);
        let scale = if norm > 0.0 { self.column.norms[own] / norm } else { 0.0 };
        vector.iter_mut().for_each(|value| *value *= scale);
        vector
    }

    /// A vector moved by a part of the distance to its tenth neighbour, into any direction. In a column of tight clusters
    /// what lies between two vectors is far from all; real queries may lie in the clusters, whose vectors differ by less
    /// than a byte tells.
    fn near(&self, own: usize) -> Vec<f32> {
        let mut vector = self.column.at(own).into_owned();
        let prepared = PreparedQuery::new(self.quantizer, &vector, self.column.norms[own]);
        let keys = self.rows.all_keys(&prepared);
        let neighbours = self.neighbours(&vector, own as u32, &keys, [COMPARED_FOR_NOISE, WANTED[0]]);
        let Some(tenth) = neighbours.last() else { return vector };
        let scale = self.scale_to(own, *tenth as usize);
        let tenth = crate::lists::map(&*self.column.at(*tenth as usize), |value| value * scale);
        let distance = kernels::square_root(kernels::squared_euclidean(&vector, &tenth));
        let noise = crate::lists::map(0..vector.len(), |at| {
            (super::hnsw::mixed((own * vector.len() + at) as u64) >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
        });
        let norm = kernels::norm(&noise);
        let scale = if norm > 0.0 { distance * NOISE / norm } else { 0.0 };
        vector.iter_mut().zip(&noise).for_each(|(value, noise)| *value += noise * scale);
        vector
    }

    /// What makes another vector as long as this one, where only directions count.
    fn scale_to(&self, own: usize, other: usize) -> f32 {
        let (own, other) = (self.column.norms[own], self.column.norms[other]);
        if self.quantizer.is_cosine() && other > 0.0 { own / other } else { 1.0 }
    }
}
