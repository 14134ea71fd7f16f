//! Backend of wasm: registers of 16 bytes. With relaxed SIMD it has another product of bytes and another look-up; both
//! are given only operands for which every host must give the same result. Bits are counted by the portable backend:
//! hosts have an instruction for eight bytes, while x86 needs ten for sixteen.

mod bytes;
mod fast_scan;
mod floats;

use crate::{backend::Table, portable::PORTABLE};
use core::arch::wasm32::{v128, v128_load};

static WASM: Table = Table {
    name: if cfg!(target_feature = "relaxed-simd") { "relaxed" } else { "simd128" },
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
    estimate_block: fast_scan::estimate_block,
    ..PORTABLE
};

#[inline]
pub(crate) fn best() -> &'static Table {
    &WASM
}

pub(crate) fn available() -> impl Iterator<Item = &'static Table> {
    [&PORTABLE, &WASM].into_iter()
}

/// Bytes of either sign, as the kernels read them.
trait Byte {}
impl Byte for u8 {}
impl Byte for i8 {}

#[inline(always)]
fn load<T: Byte>(bytes: &[T; 16]) -> v128 {
    // SAFETY: the array has the 16 bytes that are read; they need no alignment.
    unsafe { v128_load(bytes.as_ptr().cast()) }
}

/// Rows cut into blocks of a fixed length, equally many of each row.
#[derive(Clone, Copy)]
struct Blocks<'a, T, const LENGTH: usize, const ROWS: usize> {
    rows: [&'a [[T; LENGTH]]; ROWS],
    count: usize,
    /// Zero, but the compiler does not know it. It would rather count through a row by addresses of its own making, and
    /// then can no longer write the offsets within a block into the loads: an addition for each load.
    zero: usize,
}

impl<'a, T, const LENGTH: usize, const ROWS: usize> Blocks<'a, T, LENGTH, ROWS> {
    /// What is left of each row comes second.
    #[inline(always)]
    fn of(rows: [&'a [T]; ROWS]) -> (Self, [&'a [T]; ROWS]) {
        static ZERO: usize = 0;
        let length = rows[0].len();
        let count = length / LENGTH;
        let mut blocks = [&[][..]; ROWS];
        let mut rest = [&[][..]; ROWS];
        for row in 0..ROWS {
            let (all, last) = rows[row][..length].as_chunks();
            (blocks[row], rest[row]) = (&all[..count], last);
        }
        // SAFETY: a reference may be read from.
        let zero = unsafe { core::ptr::read_volatile(&ZERO) };
        (Self { rows: blocks, count, zero }, rest)
    }

    /// Blocks that the compiler steps through as it likes: better where a block is one register.
    #[inline(always)]
    fn at(&self, row: usize, at: usize) -> &'a [T; LENGTH] {
        debug_assert!(at < self.count);
        // SAFETY: every row has `count` blocks, and the loops of this backend end there.
        unsafe { self.rows[row].get_unchecked(at) }
    }

    /// Blocks of several registers, whose offsets go into the loads.
    #[inline(always)]
    fn several_at(&self, row: usize, at: usize) -> &'a [T; LENGTH] {
        self.at(row, at ^ self.zero)
    }
}
