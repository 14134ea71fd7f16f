//! Backend over `wide`: simd128 in wasm, SSE2 on a default x86-64 build, NEON on arm64, plain code elsewhere.
//!
//! Four registers of four lanes are the sixteen virtual lanes; the rest of a slice is added lane by lane, as the
//! definition says.

use crate::{LANES, scalar::reduce};
use wide::f32x4;

/// The inner product of the common prefix of two slices.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    accumulate(a, b, |x, y| x * y, |x, y| x * y)
}

/// The sum of squared differences over the common prefix of two slices.
#[must_use]
pub fn squared_euclidean(a: &[f32], b: &[f32]) -> f32 {
    accumulate(
        a,
        b,
        |x, y| {
            let difference = x - y;
            difference * difference
        },
        |x, y| {
            let difference = x - y;
            difference * difference
        },
    )
}

#[inline(always)]
fn accumulate(a: &[f32], b: &[f32], wide_term: impl Fn(f32x4, f32x4) -> f32x4, term: impl Fn(f32, f32) -> f32) -> f32 {
    let length = a.len().min(b.len());
    let (a, b) = (&a[..length], &b[..length]);
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut registers = [f32x4::ZERO; LANES / 4];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for (lane, register) in registers.iter_mut().enumerate() {
            let at = lane * 4;
            let x = f32x4::new([a[at], a[at + 1], a[at + 2], a[at + 3]]);
            let y = f32x4::new([b[at], b[at + 1], b[at + 2], b[at + 3]]);
            *register += wide_term(x, y);
        }
    }
    let mut lanes = [0.0_f32; LANES];
    for (lane, register) in lanes.as_chunks_mut::<4>().0.iter_mut().zip(registers) {
        *lane = register.to_array();
    }
    for (lane, (x, y)) in lanes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *lane += term(*x, *y);
    }
    reduce(&lanes)
}
