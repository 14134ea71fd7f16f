//! FastScan: one register holds one group of four dimensions for 32 vectors.

use super::load;
use crate::{FAST_SCAN_VECTORS, GROUP_BYTES};
use core::arch::wasm32::*;

/// So many table entries fit one byte.
const STEPS: usize = 4;

pub(super) fn fast_scan_blocks(table: &[u8], blocks: &[u8], out: &mut [[u16; FAST_SCAN_VECTORS]]) {
    for (out, block) in out.iter_mut().zip(blocks.chunks_exact(table.len())) {
        fast_scan(table, block, out);
    }
}

#[inline(always)]
fn fast_scan(table: &[u8], block: &[u8], out: &mut [u16; FAST_SCAN_VECTORS]) {
    let mut sums = [Sums::zero(), Sums::zero()];
    let (entries, entries_rest) = table.as_chunks::<{ GROUP_BYTES * STEPS }>();
    let (codes, codes_rest) = block.as_chunks::<{ GROUP_BYTES * STEPS }>();
    for (entries, codes) in entries.iter().zip(codes) {
        add_steps(&mut sums, entries, codes);
    }
    if !entries_rest.is_empty() {
        add_steps(&mut sums, entries_rest, codes_rest);
    }
    let [lower, upper] = sums;
    for (out, register) in
        out.as_chunks_mut().0.iter_mut().zip(lower.of_vectors().into_iter().chain(upper.of_vectors()))
    {
        store(out, register);
    }
}

/// Adds at most four groups to the sums of the lower and the upper sixteen vectors.
#[inline(always)]
fn add_steps(sums: &mut [Sums; 2], entries: &[u8], codes: &[u8]) {
    let nibble = u8x16_splat(15);
    let mut lower = u8x16_splat(0);
    let mut upper = u8x16_splat(0);
    for (entries, codes) in entries.as_chunks().0.iter().zip(codes.as_chunks().0) {
        let (entries, codes) = (load(entries), load(codes));
        lower = u8x16_add(lower, look_up(entries, v128_and(codes, nibble)));
        // A shift of bytes is slow on x86, which has none.
        upper = u8x16_add(upper, look_up(entries, v128_and(u16x8_shr(codes, 4), nibble)));
    }
    sums[0].add(lower);
    sums[1].add(upper);
}

/// The entries at places of 0..=15: for these the relaxed look-up gives the same on every host.
#[inline(always)]
fn look_up(entries: v128, places: v128) -> v128 {
    #[cfg(target_feature = "relaxed-simd")]
    return i8x16_relaxed_swizzle(entries, places);
    #[cfg(not(target_feature = "relaxed-simd"))]
    return i8x16_swizzle(entries, places);
}

/// Sums of sixteen vectors in 16 bits. A pair of bytes is added as one number of 16 bits, and its odd byte once more
/// alone: at the end the odd sum, moved up, is taken away from the first, which leaves the even one.
#[derive(Clone, Copy)]
struct Sums {
    pairs: v128,
    odd: v128,
}

impl Sums {
    #[inline(always)]
    fn zero() -> Self {
        Self { pairs: u16x8_splat(0), odd: u16x8_splat(0) }
    }

    #[inline(always)]
    fn add(&mut self, bytes: v128) {
        self.pairs = u16x8_add(self.pairs, bytes);
        self.odd = u16x8_add(self.odd, u16x8_shr(bytes, 8));
    }

    /// Even and odd vectors in their order.
    #[inline(always)]
    fn of_vectors(self) -> [v128; 2] {
        let (even, odd) = (u16x8_sub(self.pairs, u16x8_shl(self.odd, 8)), self.odd);
        [u16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(even, odd), u16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(even, odd)]
    }
}

#[inline(always)]
fn store(out: &mut [u16; 8], register: v128) {
    // SAFETY: the array has the 16 bytes that are written; they need no alignment.
    unsafe { v128_store(out.as_mut_ptr().cast(), register) };
}
