//! Every backend equals the scalar definition in every bit, for all lengths and odd alignments.

use sanderling_kernels as kernels;

/// A small deterministic generator; the values span many magnitudes so that the order of a sum shows in its bits.
fn values(seed: u64, length: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let unit = (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5;
            unit * [1e-3, 1.0, 1e3, 1e6][(state & 3) as usize]
        })
        .collect()
}

#[test]
fn dot_and_euclidean_equal_their_scalar_twins() {
    for length in 0..=600 {
        for shift in 0..3 {
            let a = values(length as u64 + 1, length + shift);
            let b = values(length as u64 + 7, length + shift);
            let (a, b) = (&a[shift..], &b[shift..]);
            assert_eq!(kernels::dot(a, b).to_bits(), kernels::scalar::dot(a, b).to_bits(), "dot, length {length}");
            assert_eq!(
                kernels::squared_euclidean(a, b).to_bits(),
                kernels::scalar::squared_euclidean(a, b).to_bits(),
                "euclidean, length {length}"
            );
        }
    }
}

#[test]
fn the_lane_layout_is_the_one_the_documents_describe() {
    let a = values(3, 384);
    let b = values(4, 384);
    let mut lanes = [0.0_f32; kernels::LANES];
    for (i, (x, y)) in a.iter().zip(&b).enumerate() {
        lanes[i % kernels::LANES] += x * y;
    }
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
    }
    assert_eq!(kernels::dot(&a, &b).to_bits(), lanes[0].to_bits());
}

#[test]
fn a_known_product_keeps_its_bits_on_every_host() {
    // Recorded once on x86-64; the same test runs in wasm with and without simd128.
    let bits = kernels::dot(&values(11, 384), &values(12, 384)).to_bits();
    assert_eq!(bits, GOLDEN_DOT_BITS, "{bits:#x}");
}

const GOLDEN_DOT_BITS: u32 = 0xd331dda8;

#[test]
fn metrics_follow_their_formulas() {
    let a = [1.0, 2.0, 0.0, -4.0];
    let b = [3.0, 2.0, 0.0, 4.0];
    assert_eq!(kernels::manhattan(&a, &b), 10.0);
    assert_eq!(kernels::chebyshev(&a, &b), 8.0);
    assert_eq!(kernels::canberra(&a, &b), 0.5 + 1.0);
    assert_eq!(kernels::bray_curtis(&a, &b), 10.0 / 8.0);
    assert_eq!(kernels::hamming(&a, &b), 2.0);
    assert_eq!(kernels::jaccard(&[1.0, 2.0], &[3.0, 1.0]), 1.0 - 2.0 / 5.0);
    assert_eq!(kernels::jaccard(&[0.0], &[0.0]), 0.0);
    assert_eq!(kernels::norm(&[3.0, 4.0]), 5.0);
}
