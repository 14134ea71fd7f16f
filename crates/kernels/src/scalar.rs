//! The definition of every kernel in plain Rust: slow, obvious, the twin that each backend is tested against.

use crate::LANES;

/// Sums `term(i)` for all `i < length` in the fixed lane layout.
pub(crate) fn lane_sum(length: usize, term: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    for i in 0..length {
        lanes[i % LANES] += term(i);
    }
    reduce(&lanes)
}

/// Adds the upper half of the lanes to the lower half until one is left.
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
