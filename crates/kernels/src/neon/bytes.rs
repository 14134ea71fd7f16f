//! Products of bytes, and bits that differ.

use super::{load, load_signed};
use crate::rows::{by_four, by_tile};
use crate::{PLANES, portable, scalar};
use core::arch::aarch64::*;

const BYTES: usize = 16;

#[target_feature(enable = "neon")]
pub(super) fn dot_i8(query: &[u8], row: &[i8]) -> i32 {
    let [product] = products(query, [row]);
    product
}

#[target_feature(enable = "neon")]
pub(super) fn dot_i8_four(query: &[u8], rows: [&[i8]; 4]) -> [i32; 4] {
    products(query, rows)
}

#[target_feature(enable = "neon")]
pub(super) fn dot_i8_rows(query: &[u8], rows: &[i8], out: &mut [i32]) {
    by_four(query.len(), rows, out, |rows| dot_i8_four(query, rows), |row| dot_i8(query, row));
}

/// Two products of at most 127 * 128 fit 16 bits, so the second is added to the first before they widen.
#[inline]
#[target_feature(enable = "neon")]
fn products<const ROWS: usize>(query: &[u8], rows: [&[i8]; ROWS]) -> [i32; ROWS] {
    let rows = rows.map(|row| &row[..query.len()]);
    let (blocks, rest) = query.as_chunks::<BYTES>();
    let mut sums = [vdupq_n_s32(0); ROWS];
    for (at, block) in blocks.iter().enumerate() {
        let x = vreinterpretq_s8_u8(load(block));
        for (sum, row) in sums.iter_mut().zip(rows) {
            let y = load_signed(&row.as_chunks().0[at]);
            let pairs = vmlal_high_s8(vmull_s8(vget_low_s8(x), vget_low_s8(y)), x, y);
            *sum = vpadalq_s16(*sum, pairs);
        }
    }
    let mut products = [0; ROWS];
    for ((product, sum), row) in products.iter_mut().zip(sums).zip(rows) {
        *product = vaddvq_s32(sum) + scalar::dot_i8(rest, row.as_chunks::<BYTES>().1);
    }
    products
}

#[target_feature(enable = "neon")]
pub(super) fn dot_i8_i8(a: &[i8], b: &[i8]) -> i32 {
    let [[product]] = tile([a], [b]);
    product
}

#[target_feature(enable = "neon")]
pub(super) fn dot_i8_tile(rows: [&[i8]; 2], dimensions: usize, out: &mut [i32]) {
    by_tile::<4, 4, ()>(dimensions, rows, out, |_| (), |a, b, ()| tile(a, b), |a, b| dot_i8_i8(a, b));
}

/// Every row of `a` with every row of `b`. Two products of -128 by -128 would not fit 16 bits, so each widens alone.
#[inline]
#[target_feature(enable = "neon")]
fn tile<const A: usize, const B: usize>(a: [&[i8]; A], b: [&[i8]; B]) -> [[i32; B]; A] {
    let length = a[0].len();
    let (a, b) = (a.map(|row| &row[..length]), b.map(|row| &row[..length]));
    let mut sums = [[vdupq_n_s32(0); B]; A];
    for at in 0..length / BYTES {
        let y = b.map(|row| load_signed(&row.as_chunks().0[at]));
        for (sums, row) in sums.iter_mut().zip(a) {
            let x = load_signed(&row.as_chunks().0[at]);
            for (sum, y) in sums.iter_mut().zip(y) {
                *sum = vpadalq_s16(*sum, vmull_s8(vget_low_s8(x), vget_low_s8(y)));
                *sum = vpadalq_s16(*sum, vmull_high_s8(x, y));
            }
        }
    }
    let (a, b) = (a.map(|row| row.as_chunks::<BYTES>().1), b.map(|row| row.as_chunks::<BYTES>().1));
    let mut products = [[0; B]; A];
    for ((products, sums), a) in products.iter_mut().zip(sums).zip(a) {
        for ((product, sum), b) in products.iter_mut().zip(sums).zip(b) {
            *product = vaddvq_s32(sum) + scalar::dot_i8_i8(a, b);
        }
    }
    products
}

/// Counts of bits that fit one byte: 31 times eight.
const BYTE_COUNTS: usize = 31;

#[target_feature(enable = "neon")]
pub(super) fn hamming_bits(a: &[u8], b: &[u8]) -> u32 {
    let b = &b[..a.len()];
    let (blocks, rest) = a.as_chunks::<BYTES>();
    let mut sum = 0;
    for (x, y) in blocks.chunks(BYTE_COUNTS).zip(b.as_chunks::<BYTES>().0.chunks(BYTE_COUNTS)) {
        let mut bytes = vdupq_n_u8(0);
        for (x, y) in x.iter().zip(y) {
            bytes = vaddq_u8(bytes, vcntq_u8(veorq_u8(load(x), load(y))));
        }
        sum += u32::from(vaddlvq_u8(bytes));
    }
    sum + portable::hamming_bits(rest, b.as_chunks::<BYTES>().1)
}

/// Counts of two bytes of the four planes fit 16 bits for codes of so many registers: each adds 2 * 15 * 8 to a lane.
const PLANE_BLOCKS: usize = 256;

#[target_feature(enable = "neon")]
pub(super) fn plane_distances(planes: &[u8], rows: &[u8], stride: usize, at: &[u32], out: &mut [u32]) {
    let length = planes.len() / PLANES;
    for (out, at) in out.iter_mut().zip(at) {
        *out = plane_distance(planes, &rows[*at as usize * stride..][..length]);
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn plane_distance(planes: &[u8], code: &[u8]) -> u32 {
    let length = code.len();
    let planes = [0, 1, 2, 3].map(|plane| &planes[plane * length..][..length]);
    let blocks = planes.map(|plane| plane.as_chunks::<BYTES>().0);
    let mut sum = 0;
    for (part, codes) in code.as_chunks::<BYTES>().0.chunks(PLANE_BLOCKS).enumerate() {
        let mut words = vdupq_n_u16(0);
        for (at, code) in codes.iter().enumerate() {
            let code = load(code);
            // Fifteen times eight fits a byte.
            let mut bytes = vdupq_n_u8(0);
            for plane in blocks.iter().rev() {
                let different = veorq_u8(code, load(&plane[part * PLANE_BLOCKS + at]));
                bytes = vaddq_u8(vaddq_u8(bytes, bytes), vcntq_u8(different));
            }
            words = vpadalq_u8(words, bytes);
        }
        sum += vaddlvq_u16(words);
    }
    let rest = code.as_chunks::<BYTES>().1;
    for (weight, plane) in planes.into_iter().enumerate() {
        sum += portable::hamming_bits(rest, plane.as_chunks::<BYTES>().1) << weight;
    }
    sum
}
