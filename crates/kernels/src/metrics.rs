//! The metrics that have no quantized path: exact sums in the fixed lane layout.

use crate::scalar::lane_sum;

fn shared(a: &[f32], b: &[f32]) -> usize {
    a.len().min(b.len())
}

/// The sum of absolute differences.
#[must_use]
pub fn manhattan(a: &[f32], b: &[f32]) -> f32 {
    lane_sum(shared(a, b), |i| (a[i] - b[i]).abs())
}

/// The largest absolute difference.
#[must_use]
pub fn chebyshev(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).fold(0.0, |largest, (x, y)| {
        let difference = (x - y).abs();
        if difference > largest { difference } else { largest }
    })
}

/// The sum of |a - b| / (|a| + |b|), where 0 / 0 is 0.
#[must_use]
pub fn canberra(a: &[f32], b: &[f32]) -> f32 {
    lane_sum(shared(a, b), |i| {
        let weight = a[i].abs() + b[i].abs();
        if weight > 0.0 { (a[i] - b[i]).abs() / weight } else { 0.0 }
    })
}

/// The sum of |a - b| over the sum of |a + b|, where 0 / 0 is 0. Of exact opposites it is infinite.
#[must_use]
pub fn bray_curtis(a: &[f32], b: &[f32]) -> f32 {
    let weight = lane_sum(shared(a, b), |i| (a[i] + b[i]).abs());
    let differences = manhattan(a, b);
    if differences == 0.0 { 0.0 } else { differences / weight }
}

/// The number of unequal components.
#[must_use]
pub fn hamming(a: &[f32], b: &[f32]) -> f32 {
    lane_sum(shared(a, b), |i| if a[i] == b[i] { 0.0 } else { 1.0 })
}

/// 1 - (sum of minima) / (sum of maxima), where 0 / 0 is 0.
#[must_use]
pub fn jaccard(a: &[f32], b: &[f32]) -> f32 {
    let smaller = lane_sum(shared(a, b), |i| if a[i] < b[i] { a[i] } else { b[i] });
    let larger = lane_sum(shared(a, b), |i| if a[i] < b[i] { b[i] } else { a[i] });
    if larger == 0.0 { 0.0 } else { 1.0 - smaller / larger }
}
