//! Products of bytes, and bits that differ.

use super::{load_bytes, load_signed};
use crate::rows::{by_four, by_tile};
use crate::{planes, portable, scalar};
use core::arch::x86_64::*;

const BYTES: usize = 32;

#[target_feature(enable = "avx2")]
pub(super) fn dot_i8(query: &[u8], row: &[i8]) -> i32 {
    let [sums] = products(query, [row]);
    total(sums)
}

#[target_feature(enable = "avx2")]
pub(super) fn dot_i8_four(query: &[u8], rows: [&[i8]; 4]) -> [i32; 4] {
    totals(products(query, rows))
}

#[target_feature(enable = "avx2")]
pub(super) fn dot_i8_rows(query: &[u8], rows: &[i8], out: &mut [i32]) {
    by_four(query.len(), rows, out, |rows| dot_i8_four(query, rows), |row| dot_i8(query, row));
}

/// Pairs of products, at most 2 * 127 * 128, fit 16 bits without saturation.
#[inline]
#[target_feature(enable = "avx2")]
fn products<const ROWS: usize>(query: &[u8], rows: [&[i8]; ROWS]) -> [__m256i; ROWS] {
    let rows = rows.map(|row| &row[..query.len()]);
    let (blocks, rest) = query.as_chunks::<BYTES>();
    let mut sums = [_mm256_setzero_si256(); ROWS];
    for (at, block) in blocks.iter().enumerate() {
        let x = load_bytes(block);
        for (sum, row) in sums.iter_mut().zip(rows) {
            *sum = add_products(*sum, x, load_signed(&row.as_chunks().0[at]));
        }
    }
    if !rest.is_empty() {
        let x = load_bytes(&padded(rest));
        for (sum, row) in sums.iter_mut().zip(rows) {
            *sum = add_products(*sum, x, load_signed(&padded(row.as_chunks::<BYTES>().1)));
        }
    }
    sums
}

#[inline]
#[target_feature(enable = "avx2")]
fn add_products(sum: __m256i, x: __m256i, y: __m256i) -> __m256i {
    let pairs = _mm256_maddubs_epi16(x, y);
    _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

/// The last bytes of a slice, with zeros behind them.
#[inline]
fn padded<T: Copy + Default>(rest: &[T]) -> [T; BYTES] {
    let mut bytes = [T::default(); BYTES];
    bytes[..rest.len()].copy_from_slice(rest);
    bytes
}

#[inline]
#[target_feature(enable = "avx2")]
fn total(sums: __m256i) -> i32 {
    let [total, ..] = totals([sums; 4]);
    total
}

/// The sum of each of four registers.
#[inline]
#[target_feature(enable = "avx2")]
pub(in crate::host) fn totals([a, b, c, d]: [__m256i; 4]) -> [i32; 4] {
    let halves = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    let sums = _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves));
    [
        _mm_extract_epi32::<0>(sums),
        _mm_extract_epi32::<1>(sums),
        _mm_extract_epi32::<2>(sums),
        _mm_extract_epi32::<3>(sums),
    ]
}

#[target_feature(enable = "avx2")]
pub(super) fn dot_i8_i8(a: &[i8], b: &[i8]) -> i32 {
    let [[product]] = tile([a], [b]);
    product
}

#[target_feature(enable = "avx2")]
pub(super) fn dot_i8_tile(rows: [&[i8]; 2], dimensions: usize, out: &mut [i32]) {
    by_tile::<4, 2, ()>(dimensions, rows, out, |_| (), |a, b, ()| tile(a, b), |a, b| dot_i8_i8(a, b));
}

/// Every row of `a` with every row of `b`, sixteen values at a time, widened to 16 bits when they are loaded.
#[inline]
#[target_feature(enable = "avx2")]
fn tile<const A: usize, const B: usize>(a: [&[i8]; A], b: [&[i8]; B]) -> [[i32; B]; A] {
    let length = a[0].len();
    let (a, b) = (a.map(|row| &row[..length]), b.map(|row| &row[..length]));
    let mut sums = [[_mm256_setzero_si256(); B]; A];
    for at in 0..length / 16 {
        let y = b.map(|row| load_widened(&row.as_chunks().0[at]));
        for (sums, row) in sums.iter_mut().zip(a) {
            let x = load_widened(&row.as_chunks().0[at]);
            for (sum, y) in sums.iter_mut().zip(y) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(x, y));
            }
        }
    }
    let (a, b) = (a.map(|row| row.as_chunks::<16>().1), b.map(|row| row.as_chunks::<16>().1));
    let mut products = [[0; B]; A];
    for ((products, sums), a) in products.iter_mut().zip(sums).zip(a) {
        for ((product, sum), b) in products.iter_mut().zip(sums).zip(b) {
            *product = total(sum) + scalar::dot_i8_i8(a, b);
        }
    }
    products
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_widened(bytes: &[i8; 16]) -> __m256i {
    // SAFETY: the array has the 16 bytes that are read; they need no alignment.
    _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
}

/// Bits are counted by a table of sixteen entries for each half of a byte; `sad` adds the counts of eight bytes.
#[target_feature(enable = "avx2")]
pub(super) fn hamming_bits(a: &[u8], b: &[u8]) -> u32 {
    let b = &b[..a.len()];
    let (blocks, rest) = a.as_chunks::<BYTES>();
    let counts = _mm256_setr_epi8(
        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
    );
    let nibble = _mm256_set1_epi8(15);
    let mut sums = _mm256_setzero_si256();
    for (x, y) in blocks.iter().zip(b.as_chunks::<BYTES>().0) {
        let different = _mm256_xor_si256(load_bytes(x), load_bytes(y));
        let low = _mm256_shuffle_epi8(counts, _mm256_and_si256(different, nibble));
        let high = _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16::<4>(different), nibble));
        let bytes = _mm256_add_epi8(low, high);
        sums = _mm256_add_epi64(sums, _mm256_sad_epu8(bytes, _mm256_setzero_si256()));
    }
    // Each of the four sums fits 32 bits, so the odd lanes of 32 bits are zero.
    total(sums).cast_unsigned() + portable::hamming_bits(rest, b.as_chunks::<BYTES>().1)
}

/// Codes are short: eight bytes at a time they are counted as fast as 32 by a table.
#[target_feature(enable = "popcnt")]
pub(super) fn plane_distances(planes: &[u8], rows: &[u8], stride: usize, at: &[u32], out: &mut [u32]) {
    planes::plane_distances(planes, rows, stride, at, out);
}
