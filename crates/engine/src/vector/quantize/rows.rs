//! Vectors as rows of signed bytes with a scale each: the second look at a candidate.

use super::{PreparedQuery, Space};
use crate::stored::{Cold, Stored};
use alloc::{vec, vec::Vec};
use core::ops::Range;
use sanderling_kernels as kernels;

/// What belongs to one row of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ByteRow {
    /// What one step of a byte is worth.
    pub scale: f32,
    /// The sum of the bytes.
    pub sum: i32,
    /// The squared length of the vector.
    pub squared: f32,
}

/// Rows that grow.
#[derive(Clone, Debug, Default)]
pub struct ByteRows {
    dimensions: usize,
    bytes: Vec<i8>,
    scales: Vec<f32>,
    sums: Vec<i32>,
    squares: Vec<f32>,
}

/// Rows to read: of a [`ByteRows`] or of a file.
#[derive(Clone, Copy, Debug)]
pub struct ByteRowsView<'a> {
    /// The length of a row.
    pub dimensions: usize,
    /// The rows, one after the other.
    pub bytes: Cold<'a, i8>,
    /// What one step of a byte is worth, a row.
    pub scales: Stored<'a, f32>,
    /// The sum of the bytes, a row.
    pub sums: Stored<'a, i32>,
    /// The squared length, a row.
    pub squares: Stored<'a, f32>,
}

impl ByteRows {
    /// No rows yet.
    #[must_use]
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, ..Self::default() }
    }

    /// Makes room for so many more rows at once: growing bit by bit copies all of them again and again.
    pub fn reserve(&mut self, rows: usize) {
        self.bytes.reserve_exact(rows * self.dimensions);
        self.scales.reserve_exact(rows);
        self.sums.reserve_exact(rows);
        self.squares.reserve_exact(rows);
    }

    /// Adds a rotated vector.
    pub fn push(&mut self, rotated: &[f32]) {
        let from = self.bytes.len();
        self.bytes.resize(from + self.dimensions, 0);
        let row = quantize_row(rotated, &mut self.bytes[from..]);
        self.scales.push(row.scale);
        self.sums.push(row.sum);
        self.squares.push(row.squared);
    }

    /// The rows in another order.
    #[must_use]
    pub fn permuted(&self, order: &[u32]) -> Self {
        let mut permuted = Self::new(self.dimensions);
        permuted.bytes.reserve(self.bytes.len());
        for at in order {
            permuted.bytes.extend_from_slice(self.view().row(*at as usize));
        }
        permuted.scales = crate::order::permuted(&self.scales, order);
        permuted.sums = crate::order::permuted(&self.sums, order);
        permuted.squares = crate::order::permuted(&self.squares, order);
        permuted
    }

    /// The rows to read.
    #[must_use]
    pub fn view(&self) -> ByteRowsView<'_> {
        ByteRowsView {
            dimensions: self.dimensions,
            bytes: (&self.bytes).into(),
            scales: (&self.scales).into(),
            sums: (&self.sums).into(),
            squares: (&self.squares).into(),
        }
    }
}

/// The largest byte.
const REACH: f32 = 127.0;

/// Rows that are fetched before they are needed: they lie anywhere.
const AHEAD: usize = 12;

/// Rows that are read at once where they are not in memory.
const PIECE: usize = 64;

fn quantize_row(rotated: &[f32], bytes: &mut [i8]) -> ByteRow {
    let scale = kernels::largest_magnitude(rotated) / REACH;
    kernels::quantise_i8(rotated, if scale > 0.0 { 1.0 / scale } else { 0.0 }, bytes);
    let sum = bytes.iter().map(|byte| i32::from(*byte)).sum();
    ByteRow { scale, sum, squared: kernels::dot(rotated, rotated) }
}

impl<'a> ByteRowsView<'a> {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scales.is_empty()
    }

    /// Whether these are so many rows of so many dimensions.
    pub(crate) fn fits(&self, dimensions: usize, rows: usize) -> bool {
        self.dimensions == dimensions
            && Some(self.bytes.len()) == rows.checked_mul(dimensions)
            && [self.scales.len(), self.sums.len(), self.squares.len()] == [rows; 3]
    }

    /// The bytes of one row, for a builder, which has all of them in memory; else nothing.
    #[must_use]
    #[inline]
    pub fn row(&self, at: usize) -> &'a [i8] {
        self.bytes.here().map_or(&[], |bytes| bytes.part(at * self.dimensions, self.dimensions))
    }

    /// The products of a query with four rows.
    #[inline]
    pub(crate) fn products(&self, query: &[u8], four: [u32; 4]) -> [i32; 4] {
        let from = four.map(|at| at as usize * self.dimensions);
        if let Some(bytes) = self.bytes.here() {
            return kernels::dot_i8_four(query, from.map(|from| bytes.part(from, self.dimensions)));
        }
        let rows = from.map(|from| self.bytes.part(from, self.dimensions));
        if rows.iter().any(|row| row.len() != query.len()) {
            return [0; 4]; // a row that does not exist
        }
        kernels::dot_i8_four(query, rows.each_ref().map(|row| &**row))
    }

    /// Asks for a row to be brought nearer.
    #[inline]
    pub(crate) fn prefetch(&self, at: u32) {
        self.bytes.prefetch(at as usize * self.dimensions..(at as usize + 1) * self.dimensions);
    }

    /// A row as a vector, to the precision of its bytes.
    #[must_use]
    pub fn restored(&self, at: usize) -> Vec<f32> {
        crate::lists::map(self.row(at), |byte| f32::from(*byte) * self.scales[at])
    }

    /// The key of a row, from the product of its bytes with the query's.
    #[must_use]
    pub fn key(&self, query: &PreparedQuery, at: usize, product: i32) -> f32 {
        let product = query.product(product, self.sums[at], self.scales[at]);
        match query.space {
            Space::Inner => -product,
            Space::Euclidean => self.squares[at] + query.squared - 2.0 * product,
        }
    }

    /// What a key may be wrong by; next to none is wrong by more.
    #[must_use]
    pub fn margin(&self, query: &PreparedQuery, at: usize) -> f32 {
        kernels::square_root(self.squared_margin(query, at))
    }

    /// The same squared, which takes less.
    #[must_use]
    pub fn squared_margin(&self, query: &PreparedQuery, at: usize) -> f32 {
        query.squared_margin(self.scales[at], self.squares[at])
    }

    /// The keys of the rows `at`, written over `keys`.
    pub fn keys(&self, query: &PreparedQuery, at: &[u32], keys: &mut Vec<f32>) {
        keys.clear();
        at.iter().take(AHEAD).for_each(|at| self.prefetch(*at));
        let (fours, rest) = at.as_chunks::<4>();
        for (index, four) in fours.iter().enumerate() {
            let ahead = at.iter().skip(index * 4 + AHEAD).take(4);
            ahead.for_each(|at| self.prefetch(*at));
            let products = self.products(&query.bytes, *four);
            for (at, product) in four.iter().zip(products) {
                keys.push(self.key(query, *at as usize, product));
            }
        }
        for at in rest {
            let [product, ..] = self.products(&query.bytes, [*at; 4]);
            keys.push(self.key(query, *at as usize, product));
        }
    }

    /// The key of every row.
    #[must_use]
    pub fn all_keys(&self, query: &PreparedQuery) -> Vec<f32> {
        self.keys_of(query, 0..self.len())
    }

    /// The keys of a range of rows.
    #[must_use]
    pub fn keys_of(&self, query: &PreparedQuery, rows: Range<usize>) -> Vec<f32> {
        let mut products = vec![0; rows.len()];
        // In pieces, because they need not be in memory; those that are lie in one.
        let piece = if self.bytes.here().is_some() { rows.len().max(1) } else { PIECE };
        for (number, products) in products.chunks_mut(piece).enumerate() {
            let count = products.len() * self.dimensions;
            let bytes = self.bytes.part((rows.start + number * piece) * self.dimensions, count);
            if bytes.len() == count {
                kernels::dot_i8_rows(&query.bytes, &bytes, products);
            }
        }
        crate::lists::map(rows.zip(products), |(at, product)| self.key(query, at, product))
    }
}
