//! Estimates and tables against their definition.

use crate::values::{assert_same, floats};
use sanderling_kernels::{Backend, EstimateTerms, FAST_SCAN_ENTRY_MAX, FAST_SCAN_VECTORS, block_bytes, scalar};

fn per_vector(seed: u64) -> [f32; FAST_SCAN_VECTORS] {
    core::array::from_fn(|at| floats(seed, FAST_SCAN_VECTORS)[at])
}

#[test]
fn estimates_equal_their_scalar_twin() {
    let mut adds = per_vector(1);
    adds[5] = f32::INFINITY;
    let factors = per_vector(2);
    let sums = core::array::from_fn(|at| (at * 2_114) as u16);
    for backend in Backend::available() {
        for limit in [f32::NEG_INFINITY, -100.0, 0.0, 3.5, f32::INFINITY, f32::NAN] {
            let terms = EstimateTerms { step: 0.0031, least: -1.7, base: 0.25 };
            let (mut found, mut expected) = ([0.0; FAST_SCAN_VECTORS], [0.0; FAST_SCAN_VECTORS]);
            let mask = backend.estimate_block(&sums, [&adds, &factors], terms, limit, &mut found);
            assert_eq!(mask, scalar::estimate_block(&sums, [&adds, &factors], terms, limit, &mut expected), "{limit}");
            for (found, expected) in found.iter().zip(expected) {
                assert_same(*found, expected, backend.name());
            }
        }
    }
}

#[test]
fn tables_equal_their_scalar_twin() {
    for backend in Backend::available() {
        for dimensions in (0..70).chain([384, 1_000, 4_096]) {
            for scale in [0.0, 1e-30, 1.0, 1e30] {
                let query: Vec<f32> = floats(3, dimensions).iter().map(|value| value * scale).collect();
                let bytes = block_bytes(dimensions.div_ceil(8));
                let (mut found, mut expected) = (vec![9; bytes], vec![7; bytes]);
                let (step, least) = backend.fast_scan_table(&query, &mut found);
                let (expected_step, expected_least) = scalar::fast_scan_table(&query, &mut expected);
                assert_same(step, expected_step, "the step");
                assert_same(least, expected_least, "the least");
                assert_eq!(found, expected, "{} with {dimensions} dimensions", backend.name());
                assert!(found.iter().all(|entry| *entry <= FAST_SCAN_ENTRY_MAX));
            }
        }
    }
}

#[test]
fn a_sum_of_entries_is_the_product_with_the_signs() {
    let query = floats(4, 100);
    let mut table = vec![0; block_bytes(13)];
    let (step, least) = sanderling_kernels::fast_scan_table(&query, &mut table);
    let signs: Vec<bool> = floats(5, 100).iter().map(|value| *value > 0.0).collect();
    let product: f32 = query.iter().zip(&signs).map(|(value, is_plus)| if *is_plus { *value } else { -value }).sum();
    let sum: f32 = signs
        .chunks(4)
        .enumerate()
        .map(|(group, signs)| {
            let nibble = signs.iter().rev().fold(0, |nibble, is_plus| nibble << 1 | usize::from(*is_plus));
            f32::from(table[group * 16 + nibble])
        })
        .sum();
    assert!((sum * step + least - product).abs() <= 25.0 * step / 2.0, "{} {product}", sum * step + least);
}
