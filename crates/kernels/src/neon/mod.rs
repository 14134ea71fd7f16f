//! Backend of NEON, which every arm64 processor has: registers of 16 bytes. Floats are the portable backend's: `wide`
//! compiles to NEON.

mod bytes;
mod fast_scan;

use crate::{backend::Table, portable::PORTABLE};
use core::arch::aarch64::{int8x16_t, uint8x16_t, vld1q_s8, vld1q_u8};

static NEON: Table = Table {
    name: "neon",
    dot_i8: bytes::dot_i8,
    dot_i8_four: bytes::dot_i8_four,
    dot_i8_rows: bytes::dot_i8_rows,
    dot_i8_i8: bytes::dot_i8_i8,
    dot_i8_tile: bytes::dot_i8_tile,
    fast_scan_blocks: fast_scan::fast_scan_blocks,
    hamming_bits: bytes::hamming_bits,
    plane_distances: bytes::plane_distances,
    ..PORTABLE
};

#[inline]
pub(crate) fn best() -> &'static Table {
    &NEON
}

pub(crate) fn available() -> impl Iterator<Item = &'static Table> {
    [&PORTABLE, &NEON].into_iter()
}

#[inline]
#[target_feature(enable = "neon")]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: the array has the 16 bytes that are read; they need no alignment.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn load_signed(bytes: &[i8; 16]) -> int8x16_t {
    // SAFETY: the array has the 16 bytes that are read; they need no alignment.
    unsafe { vld1q_s8(bytes.as_ptr()) }
}
