//! Backend of AVX-512 with VNNI, VPOPCNTDQ and GFNI: registers of 64 bytes, one of them the sixteen virtual lanes of a
//! sum. What is left at the end of a slice is loaded under a mask, with zeros behind it.
//!
//! Every function here needs those features, as [`super::detect`] finds them, and nothing else for its safety.

mod bytes;
mod estimate;
mod fast_scan;
mod floats;

use crate::backend::Table;
use core::arch::x86_64::{
    __m512, __m512i, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_maskz_loadu_epi8, _mm512_maskz_loadu_ps,
};

pub(super) static AVX512: Table = Table {
    name: "avx512",
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
    estimate_block: estimate::estimate_block,
    fast_scan_table: estimate::fast_scan_table,
};

#[inline]
#[target_feature(enable = "avx512f")]
fn load_floats(values: &[f32; 16]) -> __m512 {
    // SAFETY: the array has the 64 bytes that are read; they need no alignment.
    unsafe { _mm512_loadu_ps(values.as_ptr()) }
}

/// At most fifteen values, with zeros behind them.
#[inline]
#[target_feature(enable = "avx512f")]
fn load_rest(values: &[f32]) -> __m512 {
    let mask = (1_u16 << values.len().min(15)) - 1;
    // SAFETY: the mask has a bit for values of the slice alone; what it hides is not read.
    unsafe { _mm512_maskz_loadu_ps(mask, values.as_ptr()) }
}

/// Bytes of either sign, as the kernels read them.
trait Byte: Copy {}
impl Byte for u8 {}
impl Byte for i8 {}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_bytes<T: Byte>(bytes: &[T; 64]) -> __m512i {
    // SAFETY: the array has the 64 bytes that are read; they need no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// At most 63 bytes, with zeros behind them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_rest_bytes<T: Byte>(bytes: &[T]) -> __m512i {
    let mask = (1_u64 << bytes.len().min(63)) - 1;
    // SAFETY: the mask has a bit for bytes of the slice alone; what it hides is not read.
    unsafe { _mm512_maskz_loadu_epi8(mask, bytes.as_ptr().cast()) }
}
