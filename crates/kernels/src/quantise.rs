//! What turns a row of floats into codes. Plain loops over sixteen values at a time, which compilers vectorise; nothing
//! here depends on the order of additions but the one sum, which keeps to the fixed lane layout.

use crate::{LANES, scalar::reduce};

/// Adding it moves a small float to where its unit is 1, so that the addition itself rounds it, halves to even.
const ROUNDER: f32 = 12_582_912.0; // 1.5 * 2^23

/// The largest absolute value, 0 for an empty row. What is not a number does not count.
#[must_use]
pub fn largest_magnitude(row: &[f32]) -> f32 {
    let larger = |largest: f32, value: f32| if value > largest { value } else { largest };
    let mut lanes = [0.0; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = larger(*lane, value.abs());
        }
    }
    lanes.iter().chain(rest).fold(0.0, |largest, value| larger(largest, value.abs()))
}

/// The sum of absolute values, in the fixed lane layout.
#[must_use]
pub fn sum_of_magnitudes(row: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += value.abs();
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += value.abs();
    }
    reduce(&lanes)
}

/// Each value times a factor, rounded (halves to even) and held to -127..=127; 127 for what is not a number.
///
/// # Panics
///
/// Unless both slices have the same length.
pub fn quantise_i8(row: &[f32], factor: f32, out: &mut [i8]) {
    assert!(row.len() == out.len());
    for (value, out) in row.iter().zip(out) {
        *out = rounded(value * factor, -127.0, 127.0) as i8;
    }
}

/// Each value less `lowest`, times a factor, rounded (halves to even) and held to 0..=127; 127 for what is not a number.
///
/// # Panics
///
/// Unless both slices have the same length.
pub fn quantise_u7(row: &[f32], lowest: f32, factor: f32, out: &mut [u8]) {
    assert!(row.len() == out.len());
    for (value, out) in row.iter().zip(out) {
        *out = rounded((value - lowest) * factor, 0.0, 127.0) as u8;
    }
}

/// A value between the bounds as a whole number, whose lowest bits are those of the rounded float.
#[inline(always)]
fn rounded(value: f32, lowest: f32, highest: f32) -> u32 {
    let value = if value < highest { value } else { highest };
    let value = if value > lowest { value } else { lowest };
    (value + ROUNDER).to_bits()
}

/// One bit for each value: whether it is above zero. Value `i` is bit `i % 8` of byte `i / 8`; bits behind the last
/// value are zero.
///
/// # Panics
///
/// Unless the code has a byte for every eight values begun.
pub fn sign_bits(row: &[f32], code: &mut [u8]) {
    assert!(code.len() == row.len().div_ceil(8));
    for (values, code) in row.chunks(8).zip(code) {
        *code = values.iter().enumerate().fold(0, |bits, (i, value)| bits | u8::from(*value > 0.0) << i);
    }
}
