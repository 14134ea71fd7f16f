//! FastScan: one register holds one group of four dimensions for 32 vectors.

use super::load;
use crate::{EstimateTerms, FAST_SCAN_VECTORS, GROUP_BYTES, PerVector};
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
        add_all_steps(&mut sums, entries, codes);
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

/// Adds four groups to the sums of the lower and the upper sixteen vectors. Written out: loops are not unrolled where the whole is
/// optimised for size.
#[inline(always)]
fn add_all_steps(sums: &mut [Sums; 2], entries: &[u8; GROUP_BYTES * STEPS], codes: &[u8; GROUP_BYTES * STEPS]) {
    let entries = entries.as_chunks().0;
    let codes = codes.as_chunks().0;
    let [a, b, c, d] = [0, 1, 2, 3].map(|at| both_halves(&entries[at], &codes[at]));
    sums[0].add(u8x16_add(u8x16_add(a[0], b[0]), u8x16_add(c[0], d[0])));
    sums[1].add(u8x16_add(u8x16_add(a[1], b[1]), u8x16_add(c[1], d[1])));
}

/// What the lower and the upper sixteen vectors gain by one group.
#[inline(always)]
fn both_halves(entries: &[u8; GROUP_BYTES], codes: &[u8; GROUP_BYTES]) -> [v128; 2] {
    let nibble = u8x16_splat(15);
    let (entries, codes) = (load(entries), load(codes));
    // A shift of bytes is slow on x86, which has none.
    [look_up(entries, v128_and(codes, nibble)), look_up(entries, v128_and(u16x8_shr(codes, 4), nibble))]
}

/// Adds at most four groups to the sums of the lower and the upper sixteen vectors.
#[inline(always)]
fn add_steps(sums: &mut [Sums; 2], entries: &[u8], codes: &[u8]) {
    let mut lower = u8x16_splat(0);
    let mut upper = u8x16_splat(0);
    for (entries, codes) in entries.as_chunks().0.iter().zip(codes.as_chunks().0) {
        let [of_lower, of_upper] = both_halves(entries, codes);
        (lower, upper) = (u8x16_add(lower, of_lower), u8x16_add(upper, of_upper));
    }
    sums[0].add(lower);
    sums[1].add(upper);
}

/// Written out, because loops are not vectorised where the whole is optimised for size.
pub(super) fn estimate_block(
    sums: &PerVector<u16>,
    [adds, factors]: [&PerVector<f32>; 2],
    EstimateTerms { step, least, base }: EstimateTerms,
    limit: f32,
    out: &mut PerVector<f32>,
) -> u32 {
    let [step, least, base, limit] = [step, least, base, limit].map(|value| f32x4_splat(value));
    let sums = sums.as_chunks::<8>().0.iter().map(load_sums).flat_map(|sums| {
        let both = [u32x4_extend_low_u16x8(sums), u32x4_extend_high_u16x8(sums)];
        both.map(|sums| f32x4_convert_u32x4(sums))
    });
    let of_slots = adds.as_chunks().0.iter().zip(factors.as_chunks().0);
    let mut mask = 0;
    for ((sums, (adds, factors)), (out, at)) in
        sums.zip(of_slots).zip(out.as_chunks_mut().0.iter_mut().zip((0..).step_by(4)))
    {
        let (adds, factors) = (load_floats(adds), load_floats(factors));
        let sum = f32x4_mul(factors, f32x4_add(f32x4_mul(sums, step), least));
        let estimates = f32x4_add(f32x4_add(adds, base), sum);
        store_floats(out, estimates);
        mask |= u32::from(i32x4_bitmask(f32x4_lt(estimates, limit))) << at;
    }
    mask
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

#[inline(always)]
fn load_sums(sums: &[u16; 8]) -> v128 {
    // SAFETY: the array has the 16 bytes that are read; they need no alignment.
    unsafe { v128_load(sums.as_ptr().cast()) }
}

#[inline(always)]
fn load_floats(floats: &[f32; 4]) -> v128 {
    // SAFETY: the array has the 16 bytes that are read; they need no alignment.
    unsafe { v128_load(floats.as_ptr().cast()) }
}

#[inline(always)]
fn store_floats(out: &mut [f32; 4], register: v128) {
    // SAFETY: the array has the 16 bytes that are written; they need no alignment.
    unsafe { v128_store(out.as_mut_ptr().cast(), register) };
}
