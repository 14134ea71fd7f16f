//! f32 sums in two registers of eight lanes for each row.

use super::{load_floats, store_floats};
use crate::rows::by_four;
use crate::{LANES, rotation, scalar::reduce};
use core::arch::x86_64::{__m256, _mm256_add_ps, _mm256_mul_ps, _mm256_setzero_ps, _mm256_sub_ps};

const DOT: bool = false;
const SQUARED_EUCLIDEAN: bool = true;

#[target_feature(enable = "avx2")]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    sums::<DOT, 1>(a, [b])[0]
}

#[target_feature(enable = "avx2")]
pub(super) fn squared_euclidean(a: &[f32], b: &[f32]) -> f32 {
    sums::<SQUARED_EUCLIDEAN, 1>(a, [b])[0]
}

#[target_feature(enable = "avx2")]
pub(super) fn dot_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
    by_four(query.len(), rows, out, |rows| sums::<DOT, 4>(query, rows), |row| dot(query, row));
}

#[target_feature(enable = "avx2")]
pub(super) fn squared_euclidean_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
    let four = |rows: [&[f32]; 4]| sums::<SQUARED_EUCLIDEAN, 4>(query, rows);
    by_four(query.len(), rows, out, four, |row| squared_euclidean(query, row));
}

#[target_feature(enable = "avx2")]
pub(super) fn rotate(vector: &mut [f32], factors: &[f32]) {
    rotation::rotate(vector, factors);
}

#[inline]
#[target_feature(enable = "avx2")]
fn sums<const SQUARED: bool, const ROWS: usize>(query: &[f32], rows: [&[f32]; ROWS]) -> [f32; ROWS] {
    let rows = rows.map(|row| &row[..query.len()]);
    let (blocks, rest) = query.as_chunks::<LANES>();
    let mut registers = [[_mm256_setzero_ps(); 2]; ROWS];
    for (at, block) in blocks.iter().enumerate() {
        let x = halves(block);
        for (registers, row) in registers.iter_mut().zip(rows) {
            let y = halves(&row.as_chunks().0[at]);
            for half in 0..2 {
                registers[half] = _mm256_add_ps(registers[half], term::<SQUARED>(x[half], y[half]));
            }
        }
    }
    let mut sums = [0.0; ROWS];
    for ((sum, registers), row) in sums.iter_mut().zip(registers).zip(rows) {
        *sum = finish::<SQUARED>(registers, rest, row.as_chunks::<LANES>().1);
    }
    sums
}

/// Adds what is left of a row to its lanes, and the lanes to one another.
#[inline]
#[target_feature(enable = "avx2")]
fn finish<const SQUARED: bool>(registers: [__m256; 2], query: &[f32], row: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    for (lanes, register) in lanes.as_chunks_mut().0.iter_mut().zip(registers) {
        store_floats(lanes, register);
    }
    for (lane, (x, y)) in lanes.iter_mut().zip(query.iter().zip(row)) {
        *lane += if SQUARED { (x - y) * (x - y) } else { x * y };
    }
    reduce(&lanes)
}

#[inline]
#[target_feature(enable = "avx2")]
fn halves(block: &[f32; LANES]) -> [__m256; 2] {
    let halves = block.as_chunks().0;
    [load_floats(&halves[0]), load_floats(&halves[1])]
}

#[inline]
#[target_feature(enable = "avx2")]
fn term<const SQUARED: bool>(x: __m256, y: __m256) -> __m256 {
    if SQUARED {
        let difference = _mm256_sub_ps(x, y);
        _mm256_mul_ps(difference, difference)
    } else {
        _mm256_mul_ps(x, y)
    }
}
