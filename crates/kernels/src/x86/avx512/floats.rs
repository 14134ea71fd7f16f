//! f32 sums in one register for each row. Additions of one row wait for one another, so four rows go side by side.

use super::{load_floats, load_rest};
use crate::rows::by_four;
use crate::{LANES, rotation, scalar::reduce};
use core::arch::x86_64::{__m512, _mm512_add_ps, _mm512_mul_ps, _mm512_setzero_ps, _mm512_storeu_ps, _mm512_sub_ps};

const DOT: bool = false;
const SQUARED_EUCLIDEAN: bool = true;

#[target_feature(enable = "avx512f")]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    sums::<DOT, 1>(a, [b])[0]
}

#[target_feature(enable = "avx512f")]
pub(super) fn squared_euclidean(a: &[f32], b: &[f32]) -> f32 {
    sums::<SQUARED_EUCLIDEAN, 1>(a, [b])[0]
}

#[target_feature(enable = "avx512f")]
pub(super) fn dot_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
    by_four(query.len(), rows, out, |rows| sums::<DOT, 4>(query, rows), |row| dot(query, row));
}

#[target_feature(enable = "avx512f")]
pub(super) fn squared_euclidean_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
    let four = |rows: [&[f32]; 4]| sums::<SQUARED_EUCLIDEAN, 4>(query, rows);
    by_four(query.len(), rows, out, four, |row| squared_euclidean(query, row));
}

#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
pub(super) fn rotate(vector: &mut [f32], factors: &[f32]) {
    rotation::rotate(vector, factors);
}

/// A lane is never -0.0 (it starts at +0.0), so the zeros that a mask leaves change no bit of it.
#[inline]
#[target_feature(enable = "avx512f")]
fn sums<const SQUARED: bool, const ROWS: usize>(query: &[f32], rows: [&[f32]; ROWS]) -> [f32; ROWS] {
    let rows = rows.map(|row| &row[..query.len()]);
    let (blocks, rest) = query.as_chunks::<LANES>();
    let mut registers = [_mm512_setzero_ps(); ROWS];
    for (at, block) in blocks.iter().enumerate() {
        let x = load_floats(block);
        for (register, row) in registers.iter_mut().zip(rows) {
            *register = _mm512_add_ps(*register, term::<SQUARED>(x, load_floats(&row.as_chunks().0[at])));
        }
    }
    if !rest.is_empty() {
        let x = load_rest(rest);
        for (register, row) in registers.iter_mut().zip(rows) {
            let y = load_rest(row.as_chunks::<LANES>().1);
            *register = _mm512_add_ps(*register, term::<SQUARED>(x, y));
        }
    }
    let mut sums = [0.0; ROWS];
    for (sum, register) in sums.iter_mut().zip(registers) {
        let mut lanes = [0.0; LANES];
        // SAFETY: the array has the 64 bytes that are written; they need no alignment.
        unsafe { _mm512_storeu_ps(lanes.as_mut_ptr(), register) };
        *sum = reduce(&lanes);
    }
    sums
}

#[inline]
#[target_feature(enable = "avx512f")]
fn term<const SQUARED: bool>(x: __m512, y: __m512) -> __m512 {
    if SQUARED {
        let difference = _mm512_sub_ps(x, y);
        _mm512_mul_ps(difference, difference)
    } else {
        _mm512_mul_ps(x, y)
    }
}
