//! The definition of every kernel in plain Rust: slow, obvious, the twin that each backend is tested against.
//!
//! Lengths are as the functions of the same name at the root demand them.

use crate::{
    EstimateTerms, FAST_SCAN_ENTRY_MAX, FAST_SCAN_VECTORS, GROUP_BYTES, LANES, PerVector, ROTATION_ROUNDS, rotation,
};

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

/// The CRC-32C of bytes that follow others whose checksum is `crc`.
#[must_use]
pub fn crc32c(crc: u32, bytes: &[u8]) -> u32 {
    !crate::crc::byte_by_byte(!crc, bytes)
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

/// One bit after the other: see [`crate::plane_distances`].
#[must_use]
pub fn plane_distance(planes: &[u8], code: &[u8]) -> u32 {
    let bit = |bytes: &[u8], at: usize| u32::from(bytes[at / 8] >> (at % 8) & 1);
    let mut sum = 0;
    for (weight, plane) in planes.chunks(code.len().max(1)).enumerate() {
        for at in 0..code.len() * 8 {
            sum += (bit(plane, at) ^ bit(code, at)) << weight;
        }
    }
    sum
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

/// One vector after the other: see [`crate::estimate_block`].
pub fn estimate_block(
    sums: &PerVector<u16>,
    [adds, factors]: [&PerVector<f32>; 2],
    terms: EstimateTerms,
    limit: f32,
    out: &mut PerVector<f32>,
) -> u32 {
    let mut below = 0;
    for at in 0..FAST_SCAN_VECTORS {
        let product = f32::from(sums[at]) * terms.step + terms.least;
        out[at] = adds[at] + terms.base + factors[at] * product;
        below |= u32::from(out[at] < limit) << at;
    }
    below
}

/// One entry after the other: see [`crate::fast_scan_table`].
pub fn fast_scan_table(query: &[f32], table: &mut [u8]) -> (f32, f32) {
    let value = |dimension: usize| query.get(dimension).copied().unwrap_or_default();
    let size = |group: usize| {
        let [a, b, c, d] = [0, 1, 2, 3].map(|at| value(group * 4 + at).abs());
        (a + b) + (c + d)
    };
    let (mut widest, mut least) = (0.0, 0.0);
    for group in 0..query.len().div_ceil(4) {
        widest = if size(group) > widest { size(group) } else { widest };
        least -= size(group);
    }
    let step = 2.0 * widest / f32::from(FAST_SCAN_ENTRY_MAX);
    let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
    for (at, entry) in table.iter_mut().enumerate() {
        let (group, nibble) = (at / GROUP_BYTES, at % GROUP_BYTES);
        let signed = |bit: usize| value(group * 4 + bit) * if nibble >> bit & 1 == 1 { 1.0 } else { -1.0 };
        let (low, high) = (signed(0) + signed(1), signed(2) + signed(3));
        let steps = ((low + high + size(group)) * inverse + 0.5) as i32;
        *entry = if group * 4 < query.len() { steps.clamp(0, i32::from(FAST_SCAN_ENTRY_MAX)) as u8 } else { 0 };
    }
    (step, least)
}
