//! Distances and scans over slices, equal in every bit on every host.
//!
//! # The fixed lane layout
//!
//! A floating-point sum depends on the order of its additions. So that a score has the same bits natively, in wasm with
//! simd128 and without any SIMD, every sum here is defined over [`LANES`] virtual lanes: element `i` is added to lane
//! `i % LANES`, in order of `i`; at the end the upper half of the lanes is added to the lower half until one is left.
//! A product is rounded before it is added (no fused multiply-add). A backend may use registers of any width as long
//! as it keeps to that order. Integer sums are exact, so any order will do. The bits of a NaN are not defined.
//!
//! # Backends
//!
//! [`scalar`] spells the definition out and is the reference in tests; the functions at the root use the fastest
//! [`Backend`]: natively it is chosen once, by what the processor can do; in wasm by the features of the build, because
//! a module with one unknown instruction is not valid.
//!
//! # Blocks of 1-bit codes
//!
//! FastScan reads codes of one bit a dimension in blocks of 32 vectors.
//!
//! The code of one vector has `code_bytes` bytes; dimension `i` is bit `i % 8` of byte `i / 8`, and the bits behind
//! the last dimension are zero. Four dimensions are a *group*, one nibble: group `2 * b` is the low nibble of byte `b`,
//! group `2 * b + 1` the high one. A block has [`GROUP_BYTES`] bytes for every group, one group after the other; byte
//! `j` of a group has the nibble of vector `j` in its low half and the nibble of vector `16 + j` in its high half.
//!
//! A table of the query has [`GROUP_BYTES`] entries of 0..=63 for every group: entry `n` is what a vector gains whose
//! nibble is `n`. So a table is as long as a block. Four entries fit a byte, and backends add up four groups before
//! they widen; with at most [`FAST_SCAN_GROUPS_MAX`] groups the sum of a vector fits 16 bits.
#![no_std]

mod backend;
mod crc;
mod estimate;
mod fast_scan;
mod marks;
mod metrics;
mod order;
mod packing;
mod planes;
mod portable;
mod quantise;
mod rotation;
mod rows;
pub mod scalar;
mod scan;
mod windows;

#[cfg(target_arch = "aarch64")]
#[path = "neon/mod.rs"]
mod host;
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64", target_feature = "simd128")))]
#[path = "plain.rs"]
mod host;
#[cfg(target_feature = "simd128")]
#[path = "wasm/mod.rs"]
mod host;
#[cfg(target_arch = "x86_64")]
#[path = "x86/mod.rs"]
mod host;

pub use backend::{Backend, DOT_I8_LENGTH_MAX};
pub use estimate::{EstimateTerms, PerVector};
pub use fast_scan::{
    FAST_SCAN_ENTRY_MAX, FAST_SCAN_GROUPS_MAX, FAST_SCAN_VECTORS, GROUP_BYTES, block_bytes, pack_block,
    read_block_code, write_block_code,
};
pub use marks::{count_codes, mark_between, mark_places, mark_rows, marks_of};
pub use metrics::{bray_curtis, canberra, chebyshev, hamming, jaccard, manhattan};
pub use order::{select_u32, select_u64, sort_u32, sort_u64};
pub use packing::{PACKED, pack_ascending, packed_words, unpack_ascending};
pub use planes::{PLANES, bit_planes};
pub use quantise::{largest_magnitude, quantise_i8, quantise_u7, sign_bits, sum_of_magnitudes};
pub use rotation::{ROTATION_DIMENSIONS_MAX, ROTATION_ROUNDS, rotation_factors};
pub use scan::{SCANNED_BLOCKS, Scanned, scan_blocks};
pub use windows::{Added, CHUNK, WINDOW, add_cells, reaching};

/// The number of virtual lanes of a sum: four registers of simd128, two of AVX2, one of AVX-512.
pub const LANES: usize = 16;

/// Ends a wasm instance at once.
#[cfg(target_family = "wasm")]
pub fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

/// The inner product of the common prefix of two slices.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    Backend::best().dot(a, b)
}

/// The sum of squared differences over the common prefix of two slices.
#[must_use]
pub fn squared_euclidean(a: &[f32], b: &[f32]) -> f32 {
    Backend::best().squared_euclidean(a, b)
}

/// [`dot`] of a query with rows that lie one after the other; faster than row by row.
///
/// # Panics
///
/// Unless `rows` has `out.len()` rows as long as the query.
pub fn dot_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
    Backend::best().dot_rows(query, rows, out);
}

/// [`squared_euclidean`] of a query and rows that lie one after the other; faster than row by row.
///
/// # Panics
///
/// Unless `rows` has `out.len()` rows as long as the query.
pub fn squared_euclidean_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
    Backend::best().squared_euclidean_rows(query, rows, out);
}

/// The inner product of a query of 0..=127 and a row. What a query with larger values gives is not defined: it differs
/// between processors, because the instructions for seven bits take an eighth in different ways.
///
/// # Panics
///
/// Unless both have the same length, [`DOT_I8_LENGTH_MAX`] at most.
#[must_use]
pub fn dot_i8(query: &[u8], row: &[i8]) -> i32 {
    Backend::best().dot_i8(query, row)
}

/// [`dot_i8`] of a query with four rows that lie anywhere.
///
/// # Panics
///
/// Unless all have the same length, [`DOT_I8_LENGTH_MAX`] at most.
#[must_use]
pub fn dot_i8_four(query: &[u8], rows: [&[i8]; 4]) -> [i32; 4] {
    Backend::best().dot_i8_four(query, rows)
}

/// [`dot_i8`] of a query with rows that lie one after the other.
///
/// # Panics
///
/// Unless `rows` has `out.len()` rows as long as the query, [`DOT_I8_LENGTH_MAX`] at most.
pub fn dot_i8_rows(query: &[u8], rows: &[i8], out: &mut [i32]) {
    Backend::best().dot_i8_rows(query, rows, out);
}

/// The inner product of two rows.
///
/// # Panics
///
/// Unless both have the same length, [`DOT_I8_LENGTH_MAX`] at most.
#[must_use]
pub fn dot_i8_i8(a: &[i8], b: &[i8]) -> i32 {
    Backend::best().dot_i8_i8(a, b)
}

/// [`dot_i8_i8`] of every row of `a` with every row of `b`; `out` has a line as long as `b` has rows for every row of
/// `a`. Several rows of each share their loads, so this is far cheaper than pair by pair.
///
/// # Panics
///
/// Unless `a` and `b` have whole rows of `dimensions` values, [`DOT_I8_LENGTH_MAX`] at most, and `out` fits them.
pub fn dot_i8_tile(a: &[i8], b: &[i8], dimensions: usize, out: &mut [i32]) {
    Backend::best().dot_i8_tile(a, b, dimensions, out);
}

/// For each of the 32 vectors of a block, the sum of the entries of the query's table that its code chooses. The
/// front page tells how blocks and tables are laid out; [`pack_block`] writes them.
///
/// An entry above [`FAST_SCAN_ENTRY_MAX`] gives sums that are not defined.
///
/// # Panics
///
/// Unless the block is as long as the table, a whole number of code bytes and [`FAST_SCAN_GROUPS_MAX`] groups at most.
pub fn fast_scan(table: &[u8], block: &[u8], out: &mut [u16; FAST_SCAN_VECTORS]) {
    Backend::best().fast_scan(table, block, out);
}

/// [`fast_scan()`] of blocks that lie one after the other.
///
/// # Panics
///
/// As [`fast_scan()`], and unless there are `out.len()` blocks.
pub fn fast_scan_blocks(table: &[u8], blocks: &[u8], out: &mut [[u16; FAST_SCAN_VECTORS]]) {
    Backend::best().fast_scan_blocks(table, blocks, out);
}

/// Writes `adds[i] + base + factors[i] * (sums[i] * step + least)` for each vector of a block and returns which of them
/// are below `limit`, a bit each.
#[must_use]
#[inline]
pub fn estimate_block(
    sums: &PerVector<u16>,
    adds_and_factors: [&PerVector<f32>; 2],
    terms: EstimateTerms,
    limit: f32,
    out: &mut PerVector<f32>,
) -> u32 {
    Backend::best().estimate_block(sums, adds_and_factors, terms, limit, out)
}

/// Writes the table of a query: for each group of four values, what each of the 16 combinations of their signs gives, in
/// steps above the least of the group. Returns what a step is worth and the sum of the leasts.
///
/// # Panics
///
/// Unless the table is as long as a block of codes for so many dimensions.
#[inline]
pub fn fast_scan_table(query: &[f32], table: &mut [u8]) -> (f32, f32) {
    Backend::best().fast_scan_table(query, table)
}

/// The number of bits that differ.
///
/// # Panics
///
/// Unless both have the same length, 256 MiB at most.
#[must_use]
pub fn hamming_bits(a: &[u8], b: &[u8]) -> u32 {
    Backend::best().hamming_bits(a, b)
}

/// For each row of `at`, how far its code is from the query: the bits in which it differs from the lowest plane, twice
/// those from the second, four times those from the third and eight times those from the fourth. Codes are the first
/// bytes of rows of `stride` bytes; [`bit_planes`] writes the planes, as long as a code each.
///
/// With signs `s` of a code and values `t` of -15, -13, ... 15 of a query, the sum of `s * t` is 15 times the dimensions
/// minus twice this.
///
/// # Panics
///
/// Unless there are [`PLANES`] planes, a row is as long as one at least, `at` has rows that exist and `out` is as long.
pub fn plane_distances(planes: &[u8], rows: &[u8], stride: usize, at: &[u32], out: &mut [u32]) {
    Backend::best().plane_distances(planes, rows, stride, at, out);
}

/// Rotates a vector in place by the factors that [`rotation_factors`] made for its number of dimensions. Lengths and
/// angles stay what they are, up to rounding.
///
/// # Panics
///
/// Unless there are [`ROTATION_ROUNDS`] factors for every dimension.
pub fn rotate(vector: &mut [f32], factors: &[f32]) {
    Backend::best().rotate(vector, factors);
}

/// Asks the processor to bring values nearer that will be read soon; where it has no such instruction (as in wasm) it does
/// nothing.
#[inline]
pub fn prefetch<T: Copy>(values: &[T]) {
    #[cfg(target_arch = "x86_64")]
    x86_prefetch(values.as_ptr().cast(), size_of_val(values));
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn x86_prefetch(from: *const i8, length: usize) {
    use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    for line in (0..length).step_by(64) {
        // SAFETY: a prefetch reads nothing that the program could see, at any address; every x86-64 has SSE.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(line)) };
    }
}

/// The CRC-32C of bytes that follow others whose checksum is `crc`; 0 where there are none.
#[must_use]
pub fn crc32c(crc: u32, bytes: &[u8]) -> u32 {
    Backend::best().crc32c(crc, bytes)
}

/// The Euclidean norm of a vector.
#[must_use]
pub fn norm(vector: &[f32]) -> f32 {
    libm::sqrtf(dot(vector, vector))
}

/// The correctly rounded square root (libm's, as `core` has none).
#[must_use]
pub fn square_root(value: f32) -> f32 {
    libm::sqrtf(value)
}
