//! The definition of every kernel in plain Rust: slow, obvious, the twin that each backend is tested against.
//!
//! Lengths are as the functions of the same name at the root demand them.

use crate::{FAST_SCAN_VECTORS, GROUP_BYTES, LANES, ROTATION_ROUNDS, rotation};

/// Sums `term(i)` for all `i < length` in the fixed lane layout.
pub(crate) fn lane_sum(length: usize, term: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    for i in 0..length {
        lanes[i % LANES] += term(i);
    }
    reduce(&lanes)
}

/// Adds the upper half of the lanes to the lower half until one is left.
#[inline]
pub(crate) fn reduce(lanes: &[f32; LANES]) -> f32 {
    let mut lanes = *lanes;
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// The inner product of the common prefix of two slices.
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    lane_sum(a.len().min(b.len()), |i| a[i] * b[i])
}

/// The sum of squared differences over the common prefix of two slices.
#[must_use]
pub fn squared_euclidean(a: &[f32], b: &[f32]) -> f32 {
    lane_sum(a.len().min(b.len()), |i| {
        let difference = a[i] - b[i];
        difference * difference
    })
}

/// The inner product of a query of 0..=127 and a row.
#[must_use]
pub fn dot_i8(query: &[u8], row: &[i8]) -> i32 {
    query.iter().zip(row).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum()
}

/// The inner product of two rows.
#[must_use]
pub fn dot_i8_i8(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum()
}

/// For each of the 32 vectors of a block, the sum of the table entries that its nibbles choose.
#[must_use]
pub fn fast_scan(table: &[u8], block: &[u8]) -> [u16; FAST_SCAN_VECTORS] {
    let mut sums = [0_u16; FAST_SCAN_VECTORS];
    let (lower, upper) = sums.split_at_mut(GROUP_BYTES);
    for (entries, codes) in table.as_chunks::<GROUP_BYTES>().0.iter().zip(block.as_chunks::<GROUP_BYTES>().0) {
        for (i, code) in codes.iter().enumerate() {
            lower[i] += u16::from(entries[usize::from(code & 15)]);
            upper[i] += u16::from(entries[usize::from(code >> 4)]);
        }
    }
    sums
}

/// The number of bits that differ.
#[must_use]
pub fn hamming_bits(a: &[u8], b: &[u8]) -> u32 {
    a.iter().zip(b).map(|(x, y)| (x ^ y).count_ones()).sum()
}

/// One round after the other, one butterfly after the other: see [`crate::rotate`].
pub fn rotate(vector: &mut [f32], factors: &[f32]) {
    let dimensions = vector.len();
    for round in 0..ROTATION_ROUNDS {
        for (i, value) in vector.iter_mut().enumerate() {
            *value *= factors[round * dimensions + i];
        }
        for (start, length) in rotation::blocks(dimensions, round) {
            for distance in (0..length.ilog2()).map(|bit| 1 << bit) {
                for i in (0..length).filter(|i| i & distance == 0) {
                    butterfly(vector, start + i, start + i + distance);
                }
            }
        }
        if rotation::folds_after(dimensions, round) {
            for i in 0..dimensions / 2 {
                butterfly(vector, i, i + dimensions / 2);
            }
        }
    }
}

fn butterfly(vector: &mut [f32], i: usize, j: usize) {
    (vector[i], vector[j]) = (vector[i] + vector[j], vector[i] - vector[j]);
}
