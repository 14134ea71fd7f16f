//! f32 sums in four registers of four lanes for each row, two rows at a time: more would not fit the registers of x86.

use super::Blocks;
use crate::rows::by_four;
use crate::{LANES, scalar::reduce};
use core::arch::wasm32::*;

const DOT: bool = false;
const SQUARED_EUCLIDEAN: bool = true;

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let [sum] = sums::<DOT, 1>(a, [b]);
    sum
}

pub(super) fn squared_euclidean(a: &[f32], b: &[f32]) -> f32 {
    let [sum] = sums::<SQUARED_EUCLIDEAN, 1>(a, [b]);
    sum
}

pub(super) fn dot_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
    by_four(query.len(), rows, out, |rows| four::<DOT>(query, rows), |row| dot(query, row));
}

pub(super) fn squared_euclidean_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
    let one = |row: &[f32]| squared_euclidean(query, row);
    by_four(query.len(), rows, out, |rows| four::<SQUARED_EUCLIDEAN>(query, rows), one);
}

#[inline(always)]
fn four<const SQUARED: bool>(query: &[f32], [a, b, c, d]: [&[f32]; 4]) -> [f32; 4] {
    let [a, b] = sums::<SQUARED, 2>(query, [a, b]);
    let [c, d] = sums::<SQUARED, 2>(query, [c, d]);
    [a, b, c, d]
}

#[inline(always)]
fn sums<const SQUARED: bool, const ROWS: usize>(query: &[f32], rows: [&[f32]; ROWS]) -> [f32; ROWS] {
    let (query_blocks, [query_rest]) = Blocks::<_, LANES, 1>::of([query]);
    let (blocks, rest) = Blocks::<_, LANES, ROWS>::of(rows);
    let mut registers = [[f32x4_splat(0.0); LANES / 4]; ROWS];
    for at in 0..query_blocks.count.min(blocks.count) {
        let x = query_blocks.several_at(0, at);
        for (row, registers) in registers.iter_mut().enumerate() {
            let y = blocks.several_at(row, at);
            for (lane, register) in registers.iter_mut().enumerate() {
                *register = f32x4_add(*register, term::<SQUARED>(load(x, lane), load(y, lane)));
            }
        }
    }
    let mut sums = [0.0; ROWS];
    for row in 0..ROWS {
        sums[row] = finish::<SQUARED>(registers[row], query_rest, rest[row]);
    }
    sums
}

/// Adds what is left of a row to its lanes, and the lanes to one another.
#[inline(always)]
fn finish<const SQUARED: bool>(registers: [v128; LANES / 4], query: &[f32], row: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    for (lanes, register) in lanes.as_chunks_mut::<4>().0.iter_mut().zip(registers) {
        // SAFETY: the array has the 16 bytes that are written; they need no alignment.
        unsafe { v128_store(lanes.as_mut_ptr().cast(), register) };
    }
    for (lane, (x, y)) in lanes.iter_mut().zip(query.iter().zip(row)) {
        *lane += if SQUARED { (x - y) * (x - y) } else { x * y };
    }
    reduce(&lanes)
}

#[inline(always)]
fn load(block: &[f32; LANES], lane: usize) -> v128 {
    // SAFETY: a chunk has the 16 bytes that are read; they need no alignment.
    unsafe { v128_load(block.as_chunks::<4>().0[lane].as_ptr().cast()) }
}

#[inline(always)]
fn term<const SQUARED: bool>(x: v128, y: v128) -> v128 {
    if SQUARED {
        let difference = f32x4_sub(x, y);
        f32x4_mul(difference, difference)
    } else {
        f32x4_mul(x, y)
    }
}
