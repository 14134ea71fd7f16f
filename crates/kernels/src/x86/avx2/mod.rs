//! Backend of AVX2: registers of 32 bytes. Two of them are the sixteen virtual lanes of a sum.
//!
//! Every function here needs AVX2 and POPCNT, as [`super::detect`] finds them, and nothing else for its safety.

mod bytes;
mod fast_scan;
mod floats;

use crate::backend::Table;
pub(super) use bytes::totals;
use core::arch::x86_64::{__m256, __m256i, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_storeu_ps, _mm256_storeu_si256};

pub(super) static AVX2: Table = Table {
    name: "avx2",
    dot: floats::dot,
    squared_euclidean: floats::squared_euclidean,
    dot_rows: floats::dot_rows,
    squared_euclidean_rows: floats::squared_euclidean_rows,
    dot_i8: bytes::dot_i8,
    dot_i8_four: bytes::dot_i8_four,
    dot_i8_rows: bytes::dot_i8_rows,
    dot_i8_i8: bytes::dot_i8_i8,
    dot_i8_tile: bytes::dot_i8_tile,
    fast_scan_blocks: fast_scan::fast_scan_blocks,
    hamming_bits: bytes::hamming_bits,
    crc32c: super::crc::crc32c,
    plane_distances: bytes::plane_distances,
    rotate: floats::rotate,
    estimate_block: floats::estimate_block,
    fast_scan_table: floats::fast_scan_table,
};

#[inline]
#[target_feature(enable = "avx2")]
fn load_floats(values: &[f32; 8]) -> __m256 {
    // SAFETY: the array has the 32 bytes that are read; they need no alignment.
    unsafe { _mm256_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_floats(values: &mut [f32; 8], register: __m256) {
    // SAFETY: the array has the 32 bytes that are written; they need no alignment.
    unsafe { _mm256_storeu_ps(values.as_mut_ptr(), register) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_bytes(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the array has the 32 bytes that are read; they need no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_signed(bytes: &[i8; 32]) -> __m256i {
    // SAFETY: the array has the 32 bytes that are read; they need no alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_words(words: &mut [u16; 16], register: __m256i) {
    // SAFETY: the array has the 32 bytes that are written; they need no alignment.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), register) }
}
