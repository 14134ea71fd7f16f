//! Products of bytes.

use super::{Blocks, load};
use crate::rows::{by_four, by_tile};
use crate::scalar;
use core::arch::wasm32::*;

const BYTES: usize = 16;

/// Bytes of a step: its overhead is shared by two registers.
const STEP: usize = 2 * BYTES;

pub(super) fn dot_i8(query: &[u8], row: &[i8]) -> i32 {
    let [sums] = products(query, [row]);
    total(sums)
}

pub(super) fn dot_i8_four(query: &[u8], rows: [&[i8]; 4]) -> [i32; 4] {
    products(query, rows).map(total)
}

pub(super) fn dot_i8_rows(query: &[u8], rows: &[i8], out: &mut [i32]) {
    by_four(query.len(), rows, out, |rows| dot_i8_four(query, rows), |row| dot_i8(query, row));
}

#[inline(always)]
fn products<const ROWS: usize>(query: &[u8], rows: [&[i8]; ROWS]) -> [v128; ROWS] {
    let (query_blocks, [query_rest]) = Blocks::<_, STEP, 1>::of([query]);
    let (blocks, rest) = Blocks::<_, STEP, ROWS>::of(rows);
    let mut sums = [i32x4_splat(0); ROWS];
    for at in 0..query_blocks.count.min(blocks.count) {
        for half in 0..2 {
            let x = Query::of(&query_blocks.several_at(0, at).as_chunks().0[half]);
            for (row, sum) in sums.iter_mut().enumerate() {
                *sum = x.add_products(&blocks.several_at(row, at).as_chunks().0[half], *sum);
            }
        }
    }
    for at in (0..query_rest.len()).step_by(BYTES) {
        let x = Query::of(&padded(&query_rest[at..]));
        for (sum, rest) in sums.iter_mut().zip(rest) {
            *sum = x.add_products(&padded(&rest[at..]), *sum);
        }
    }
    sums
}

/// Sixteen values of a query, made ready once for all rows.
#[cfg(not(target_feature = "relaxed-simd"))]
#[derive(Clone, Copy)]
struct Query {
    low: v128,
    high: v128,
}

#[cfg(not(target_feature = "relaxed-simd"))]
impl Query {
    #[inline(always)]
    fn of(values: &[u8; BYTES]) -> Self {
        let values = load(values);
        Self { low: u16x8_extend_low_u8x16(values), high: u16x8_extend_high_u8x16(values) }
    }

    #[inline(always)]
    fn add_products(self, row: &[i8; BYTES], sum: v128) -> v128 {
        let halves = row.as_chunks().0;
        let sum = i32x4_add(sum, i32x4_dot_i16x8(self.low, load_widened(&halves[0])));
        i32x4_add(sum, i32x4_dot_i16x8(self.high, load_widened(&halves[1])))
    }
}

/// The query is the operand of seven bits: its values are at most 127, so the result is the same on every host.
///
/// There is an instruction that also adds, `i32x4_relaxed_dot_i8x16_i7x16_add`. It is not used because the baseline
/// compiler of V8 gets it wrong on x86 up to version 11.8 at least, where relaxed SIMD is on: it loses what was to be
/// added. Pairs are added by a product with ones, because rustc makes that instruction of an addition of pairs.
#[cfg(target_feature = "relaxed-simd")]
#[derive(Clone, Copy)]
struct Query(v128);

#[cfg(target_feature = "relaxed-simd")]
impl Query {
    #[inline(always)]
    fn of(values: &[u8; BYTES]) -> Self {
        Self(load(values))
    }

    #[inline(always)]
    fn add_products(self, row: &[i8; BYTES], sum: v128) -> v128 {
        let pairs = i16x8_relaxed_dot_i8x16_i7x16(load(row), self.0);
        i32x4_add(sum, i32x4_dot_i16x8(pairs, i16x8_splat(1)))
    }
}

/// The first bytes of what is left of a row, with zeros behind them where there are fewer than sixteen.
#[inline]
fn padded<T: Copy + Default>(rest: &[T]) -> [T; BYTES] {
    let mut bytes = [T::default(); BYTES];
    let length = rest.len().min(BYTES);
    bytes[..length].copy_from_slice(&rest[..length]);
    bytes
}

#[inline(always)]
fn total(sums: v128) -> i32 {
    let sums = i32x4_add(sums, i32x4_shuffle::<2, 3, 0, 1>(sums, sums));
    i32x4_extract_lane::<0>(sums).wrapping_add(i32x4_extract_lane::<1>(sums))
}

pub(super) fn dot_i8_i8(a: &[i8], b: &[i8]) -> i32 {
    let [[product]] = tile([a], [b]);
    product
}

pub(super) fn dot_i8_tile(rows: [&[i8]; 2], dimensions: usize, out: &mut [i32]) {
    by_tile::<4, 2, ()>(dimensions, rows, out, |_| (), |a, b, ()| tile(a, b), dot_i8_i8);
}

/// Every row of `a` with every row of `b`, eight values at a time, widened to 16 bits by the load itself.
#[inline(always)]
fn tile<const A: usize, const B: usize>(a: [&[i8]; A], b: [&[i8]; B]) -> [[i32; B]; A] {
    let (a, a_rest) = Blocks::<_, 8, A>::of(a);
    let (b, b_rest) = Blocks::<_, 8, B>::of(b);
    let mut sums = [[i32x4_splat(0); B]; A];
    for at in 0..a.count.min(b.count) {
        let mut y = [i32x4_splat(0); B];
        for (row, y) in y.iter_mut().enumerate() {
            *y = load_widened(b.at(row, at));
        }
        for (row, sums) in sums.iter_mut().enumerate() {
            let x = load_widened(a.at(row, at));
            for (sum, y) in sums.iter_mut().zip(y) {
                *sum = i32x4_add(*sum, i32x4_dot_i16x8(x, y));
            }
        }
    }
    let mut products = [[0; B]; A];
    for i in 0..A {
        for j in 0..B {
            products[i][j] = total(sums[i][j]) + scalar::dot_i8_i8(a_rest[i], b_rest[j]);
        }
    }
    products
}

#[inline(always)]
fn load_widened(bytes: &[i8; 8]) -> v128 {
    // SAFETY: the array has the 8 bytes that are read; they need no alignment.
    unsafe { i16x8_load_extend_i8x8(bytes.as_ptr()) }
}
