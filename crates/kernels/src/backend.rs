//! One set of kernels for each set of machine instructions, and the checks that all of them rely on.

use crate::{EstimateTerms, PerVector, block_bytes};
use crate::{FAST_SCAN_GROUPS_MAX, FAST_SCAN_VECTORS, GROUP_BYTES, PLANES, ROTATION_ROUNDS};

/// The longest row of bytes whose products fit 32 bits.
pub const DOT_I8_LENGTH_MAX: usize = 1 << 16;

/// The longest code that is compared with planes: its distance, fifteen times its bits, fits 32 bits.
const PLANE_BYTES_MAX: usize = 1 << 24;

type EstimateBlock = unsafe fn(&PerVector<u16>, [&PerVector<f32>; 2], EstimateTerms, f32, &mut PerVector<f32>) -> u32;

type PlaneDistances = unsafe fn(&[u8], &[u8], usize, &[u32], &mut [u32]);

/// The kernels of one backend. What calls them has checked lengths and the processor: see the methods of [`Backend`].
pub(crate) struct Table {
    pub name: &'static str,
    pub dot: unsafe fn(&[f32], &[f32]) -> f32,
    pub squared_euclidean: unsafe fn(&[f32], &[f32]) -> f32,
    pub dot_rows: unsafe fn(&[f32], &[f32], &mut [f32]),
    pub squared_euclidean_rows: unsafe fn(&[f32], &[f32], &mut [f32]),
    pub dot_i8: unsafe fn(&[u8], &[i8]) -> i32,
    pub dot_i8_four: unsafe fn(&[u8], [&[i8]; 4]) -> [i32; 4],
    pub dot_i8_rows: unsafe fn(&[u8], &[i8], &mut [i32]),
    pub dot_i8_i8: unsafe fn(&[i8], &[i8]) -> i32,
    pub dot_i8_tile: unsafe fn([&[i8]; 2], usize, &mut [i32]),
    pub fast_scan_blocks: unsafe fn(&[u8], &[u8], &mut [[u16; FAST_SCAN_VECTORS]]),
    pub estimate_block: EstimateBlock,
    pub fast_scan_table: unsafe fn(&[f32], &mut [u8]) -> (f32, f32),
    pub hamming_bits: unsafe fn(&[u8], &[u8]) -> u32,
    pub crc32c: unsafe fn(u32, &[u8]) -> u32,
    pub plane_distances: PlaneDistances,
    pub rotate: unsafe fn(&mut [f32], &[f32]),
}

/// A set of kernels that this processor can run. All give the same bits; the functions at the root of the crate use
/// [`Backend::best`], tests and benchmarks use each.
#[derive(Clone, Copy)]
pub struct Backend(&'static Table);

impl Backend {
    /// The fastest backend of this build on this processor.
    #[must_use]
    #[inline]
    pub fn best() -> Self {
        Self(crate::host::best())
    }

    /// Every backend of this build that this processor can run.
    pub fn available() -> impl Iterator<Item = Self> {
        crate::host::available().map(Self)
    }

    /// The name of the instructions that it uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// See [`dot`](crate::dot).
    #[must_use]
    pub fn dot(self, a: &[f32], b: &[f32]) -> f32 {
        let length = a.len().min(b.len());
        // SAFETY: this processor has the instructions, or there were no such Backend; the same holds for each call below.
        unsafe { (self.0.dot)(&a[..length], &b[..length]) }
    }

    /// See [`squared_euclidean`](crate::squared_euclidean).
    #[must_use]
    pub fn squared_euclidean(self, a: &[f32], b: &[f32]) -> f32 {
        let length = a.len().min(b.len());
        // SAFETY: as above.
        unsafe { (self.0.squared_euclidean)(&a[..length], &b[..length]) }
    }

    /// See [`dot_rows`](crate::dot_rows).
    pub fn dot_rows(self, query: &[f32], rows: &[f32], out: &mut [f32]) {
        check_rows(query.len(), rows.len(), out.len());
        if query.is_empty() {
            return out.fill(0.0);
        }
        // SAFETY: as above.
        unsafe { (self.0.dot_rows)(query, rows, out) }
    }

    /// See [`squared_euclidean_rows`](crate::squared_euclidean_rows).
    pub fn squared_euclidean_rows(self, query: &[f32], rows: &[f32], out: &mut [f32]) {
        check_rows(query.len(), rows.len(), out.len());
        if query.is_empty() {
            return out.fill(0.0);
        }
        // SAFETY: as above.
        unsafe { (self.0.squared_euclidean_rows)(query, rows, out) }
    }

    /// See [`dot_i8`](crate::dot_i8).
    #[must_use]
    pub fn dot_i8(self, query: &[u8], row: &[i8]) -> i32 {
        check_query(query);
        assert!(row.len() == query.len());
        // SAFETY: as above.
        unsafe { (self.0.dot_i8)(query, row) }
    }

    /// See [`dot_i8_four`](crate::dot_i8_four).
    #[must_use]
    pub fn dot_i8_four(self, query: &[u8], rows: [&[i8]; 4]) -> [i32; 4] {
        check_query(query);
        assert!(rows.iter().all(|row| row.len() == query.len()));
        // SAFETY: as above.
        unsafe { (self.0.dot_i8_four)(query, rows) }
    }

    /// See [`dot_i8_rows`](crate::dot_i8_rows).
    pub fn dot_i8_rows(self, query: &[u8], rows: &[i8], out: &mut [i32]) {
        check_query(query);
        check_rows(query.len(), rows.len(), out.len());
        if query.is_empty() {
            return out.fill(0);
        }
        // SAFETY: as above.
        unsafe { (self.0.dot_i8_rows)(query, rows, out) }
    }

    /// See [`dot_i8_i8`](crate::dot_i8_i8).
    #[must_use]
    pub fn dot_i8_i8(self, a: &[i8], b: &[i8]) -> i32 {
        assert!(a.len() == b.len() && a.len() <= DOT_I8_LENGTH_MAX);
        // SAFETY: as above.
        unsafe { (self.0.dot_i8_i8)(a, b) }
    }

    /// See [`dot_i8_tile`](crate::dot_i8_tile).
    pub fn dot_i8_tile(self, a: &[i8], b: &[i8], dimensions: usize, out: &mut [i32]) {
        assert!(dimensions <= DOT_I8_LENGTH_MAX);
        if dimensions == 0 {
            assert!(a.is_empty() && b.is_empty());
            return out.fill(0);
        }
        let lines = a.len() / dimensions;
        check_rows(dimensions, a.len(), lines);
        check_rows(dimensions, b.len(), b.len() / dimensions);
        assert!(lines.checked_mul(b.len() / dimensions) == Some(out.len()));
        if !out.is_empty() {
            // SAFETY: as above.
            unsafe { (self.0.dot_i8_tile)([a, b], dimensions, out) }
        }
    }

    /// See [`fast_scan()`](crate::fast_scan()).
    pub fn fast_scan(self, table: &[u8], block: &[u8], out: &mut [u16; FAST_SCAN_VECTORS]) {
        self.fast_scan_blocks(table, block, core::slice::from_mut(out));
    }

    /// See [`fast_scan_blocks`](crate::fast_scan_blocks).
    pub fn fast_scan_blocks(self, table: &[u8], blocks: &[u8], out: &mut [[u16; FAST_SCAN_VECTORS]]) {
        debug_assert!(table.iter().all(|&entry| entry <= crate::FAST_SCAN_ENTRY_MAX));
        assert!(table.len().is_multiple_of(2 * GROUP_BYTES) && table.len() <= FAST_SCAN_GROUPS_MAX * GROUP_BYTES);
        check_rows(table.len(), blocks.len(), out.len());
        if table.is_empty() {
            return out.fill([0; FAST_SCAN_VECTORS]);
        }
        // SAFETY: as above.
        unsafe { (self.0.fast_scan_blocks)(table, blocks, out) }
    }

    /// See [`estimate_block`](crate::estimate_block).
    #[must_use]
    pub fn estimate_block(
        self,
        sums: &PerVector<u16>,
        adds_and_factors: [&PerVector<f32>; 2],
        terms: EstimateTerms,
        limit: f32,
        out: &mut PerVector<f32>,
    ) -> u32 {
        // SAFETY: as above.
        unsafe { (self.0.estimate_block)(sums, adds_and_factors, terms, limit, out) }
    }

    /// See [`fast_scan_table`](crate::fast_scan_table).
    pub fn fast_scan_table(self, query: &[f32], table: &mut [u8]) -> (f32, f32) {
        assert!(table.len() == block_bytes(query.len().div_ceil(8)));
        // SAFETY: as above.
        unsafe { (self.0.fast_scan_table)(query, table) }
    }

    /// See [`hamming_bits`](crate::hamming_bits).
    #[must_use]
    pub fn hamming_bits(self, a: &[u8], b: &[u8]) -> u32 {
        assert!(a.len() == b.len() && a.len() <= 1 << 28);
        // SAFETY: as above.
        unsafe { (self.0.hamming_bits)(a, b) }
    }

    /// See [`crc32c`](crate::crc32c).
    #[must_use]
    pub fn crc32c(self, crc: u32, bytes: &[u8]) -> u32 {
        // SAFETY: as above.
        !unsafe { (self.0.crc32c)(!crc, bytes) }
    }

    /// See [`plane_distances`](crate::plane_distances).
    pub fn plane_distances(self, planes: &[u8], rows: &[u8], stride: usize, at: &[u32], out: &mut [u32]) {
        let length = planes.len() / PLANES;
        assert!(planes.len() == length * PLANES && length <= PLANE_BYTES_MAX && length <= stride);
        assert!(at.len() == out.len());
        if length == 0 {
            return out.fill(0);
        }
        let count = rows.len() / stride;
        assert!(at.iter().all(|&at| (at as usize) < count), "a row that does not exist");
        // SAFETY: as above.
        unsafe { (self.0.plane_distances)(planes, rows, stride, at, out) }
    }

    /// See [`rotate`](crate::rotate).
    pub fn rotate(self, vector: &mut [f32], factors: &[f32]) {
        check_rows(vector.len(), factors.len(), ROTATION_ROUNDS);
        // SAFETY: as above.
        unsafe { (self.0.rotate)(vector, factors) }
    }
}

fn check_rows(dimensions: usize, length: usize, count: usize) {
    assert!(count.checked_mul(dimensions) == Some(length), "not so many rows of so many dimensions");
}

fn check_query(query: &[u8]) {
    assert!(query.len() <= DOT_I8_LENGTH_MAX);
    debug_assert!(query.iter().all(|&value| value <= 127));
}
