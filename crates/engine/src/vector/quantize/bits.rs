//! Vectors as one bit a dimension around one centroid, row by row: what a walk compares that jumps from row to row.
//!
//! A row is its code, then its summand and its factor as f32. The query is moved by the centroid too, and quantised to four
//! bits a dimension: with `r = o - c` and `S = <s, q - c>` the key of a row is `base + add + factor * S`, where `add` is
//! `|r|²` or `-<r, c>`, `base` is `|q - c|²` or `-<c, q>`, and the factor is as for codes in lists. All but this last line is
//! integers.

use super::{ByteRowsView, PreparedQuery, Quantizer, Space};
use crate::{lists::map, stored::Stored};
use alloc::{vec, vec::Vec};
use sanderling_kernels as kernels;

/// The bytes of the two numbers behind a code.
const NUMBERS: usize = 8;

/// The largest value of a query's four bits; they stand for the odd numbers from minus this to this.
const REACH: i32 = 15;

/// Rows that are fetched and compared at once: those of one list of a graph.
const AT_ONCE: usize = 32;

/// Rows that one step adds.
const SLICE: usize = 256;

/// Rows that are made of rows of bytes.
#[derive(Clone, Debug)]
pub struct BitRows {
    centroid: Vec<f32>,
    bytes: Vec<u8>,
    /// Rows that the centroid is the sum of so far.
    summed: usize,
}

/// Rows to read: of [`BitRows`] or of a file.
#[derive(Clone, Copy, Debug)]
pub struct BitRowsView<'a> {
    /// What all vectors are seen from, rotated.
    pub centroid: Stored<'a, f32>,
    /// The rows, one after the other.
    pub bytes: Stored<'a, u8>,
}

impl BitRows {
    /// No rows yet.
    #[must_use]
    pub fn new(dimensions: usize) -> Self {
        Self { centroid: vec![0.0; dimensions], bytes: Vec::new(), summed: 0 }
    }

    /// Works on the next of these rows, the same at each call, and says whether all is done: first the centroid, which is
    /// their mean, then row by row.
    pub fn step(&mut self, quantizer: &Quantizer, rows: ByteRowsView<'_>) -> bool {
        let part = 1.0 / rows.len() as f32;
        for _ in 0..SLICE {
            if self.summed < rows.len() {
                let scale = rows.scales[self.summed] * part;
                let values = self.centroid.iter_mut().zip(rows.row(self.summed));
                values.for_each(|(mean, byte)| *mean += f32::from(*byte) * scale);
                self.summed += 1;
            } else if self.view().len() < rows.len() {
                self.push(quantizer, &rows.restored(self.view().len()));
            }
        }
        self.view().len() == rows.len()
    }

    fn push(&mut self, quantizer: &Quantizer, rotated: &[f32]) {
        let Self { centroid, bytes, .. } = self;
        let residual = map(rotated.iter().zip(&*centroid), |(value, center)| value - center);
        let from = bytes.len();
        bytes.resize(from + quantizer.code_bytes(), 0);
        let (add, factor) = quantizer.encode(&residual, &vec![0.0; residual.len()], &mut bytes[from..]);
        let add = match quantizer.space() {
            Space::Inner => -kernels::dot(&residual, centroid),
            Space::Euclidean => add,
        };
        bytes.extend_from_slice(&add.to_le_bytes());
        bytes.extend_from_slice(&factor.to_le_bytes());
    }

    /// The rows to read.
    #[must_use]
    pub fn view(&self) -> BitRowsView<'_> {
        BitRowsView { centroid: (&self.centroid).into(), bytes: (&self.bytes).into() }
    }
}

/// A query made ready for rows of bits.
#[derive(Clone, Debug)]
pub struct BitQuery {
    planes: Vec<u8>,
    /// Half of what a step of a value is worth.
    step: f32,
    base: f32,
    /// How far the query is from the centroid.
    length: f32,
}

impl<'a> BitRowsView<'a> {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() / self.stride()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether these are so many rows of so many dimensions.
    pub(crate) fn fits(&self, dimensions: usize, rows: usize) -> bool {
        self.centroid.len() == dimensions && Some(self.bytes.len()) == rows.checked_mul(self.stride())
    }

    fn stride(&self) -> usize {
        self.centroid.len().div_ceil(8) + NUMBERS
    }

    /// The summand and the factor of a row.
    fn numbers(&self, at: u32) -> (f32, f32) {
        let end = (at as usize + 1) * self.stride();
        let [a, b, c, d, e, f, g, h] = *self.bytes.part(end - NUMBERS, NUMBERS).first_chunk().unwrap_or(&[0; NUMBERS]);
        (f32::from_le_bytes([a, b, c, d]), f32::from_le_bytes([e, f, g, h]))
    }

    /// Makes a query ready for these rows.
    #[must_use]
    pub fn prepare(&self, query: &PreparedQuery) -> BitQuery {
        let moved = map(query.rotated.iter().zip(self.centroid.all()), |(value, center)| value - center);
        let largest = kernels::largest_magnitude(&moved);
        let step = largest / REACH as f32;
        let inverse = if step > 0.0 { 0.5 / step } else { 0.0 };
        let mut values = vec![0; moved.len()];
        kernels::quantise_u7(&moved, -largest, inverse, &mut values);
        let mut planes = vec![0; kernels::PLANES * values.len().div_ceil(8)];
        kernels::bit_planes(&values, &mut planes);
        let squared = kernels::dot(&moved, &moved);
        let base = match query.space {
            Space::Inner => -kernels::dot(self.centroid.all(), &query.rotated),
            Space::Euclidean => squared,
        };
        BitQuery { planes, step, base, length: kernels::square_root(squared) }
    }

    /// Estimates the keys of the rows `at` and adds them to `keys`.
    pub fn add_keys(&self, query: &BitQuery, at: &[u32], keys: &mut Vec<f32>) {
        let stride = self.stride();
        let all = REACH * self.centroid.len() as i32;
        let mut distances = [0; AT_ONCE];
        for at in at.chunks(AT_ONCE) {
            // All rows come from memory at the same time and not one after the other.
            at.iter().for_each(|at| self.bytes.prefetch(*at as usize * stride..(*at as usize + 1) * stride));
            let mut sound = [0; AT_ONCE];
            for (sound, at) in sound.iter_mut().zip(at) {
                // A row that a file names need not be there.
                if !self.bytes.part(*at as usize * stride, stride).is_empty() && (*at as usize) < self.len() {
                    *sound = *at;
                }
            }
            let distances = &mut distances[..at.len()];
            kernels::plane_distances(&query.planes, self.bytes.raw(), stride, &sound[..at.len()], distances);
            for (at, distance) in at.iter().zip(distances) {
                let (add, factor) = self.numbers(*at);
                keys.push(query.base + add + factor * (query.step * (all - 2 * *distance as i32) as f32));
            }
        }
    }

    /// How much the key of a row may be wrong: about 1.7 standard deviations.
    #[must_use]
    pub fn error(&self, query: &BitQuery, at: u32) -> f32 {
        query.length * self.numbers(at).1.abs()
    }
}
