//! The rotation: equal bits, lengths and angles kept, everything mixed.

use crate::values::{assert_same, floats};
use sanderling_kernels::{self as kernels, Backend, ROTATION_ROUNDS, rotation_factors, scalar};

fn factors(seed: u64, dimensions: usize) -> Vec<f32> {
    let mut factors = vec![0.0; ROTATION_ROUNDS * dimensions];
    rotation_factors(seed, dimensions, &mut factors);
    factors
}

fn assert_twin(backend: Backend, vector: &[f32]) {
    let factors = factors(1, vector.len());
    let (mut found, mut expected) = (vector.to_vec(), vector.to_vec());
    backend.rotate(&mut found, &factors);
    scalar::rotate(&mut expected, &factors);
    for (found, expected) in found.iter().zip(expected) {
        assert_same(*found, expected, &format!("{} of {} dimensions", backend.name(), vector.len()));
    }
}

#[test]
fn rotations_equal_their_scalar_twin() {
    for backend in Backend::available() {
        for dimensions in (0..=300).chain((300..2100).step_by(17)).chain([2047, 2048, 2049, 3072, 4095, 4096]) {
            assert_twin(backend, &floats(2, dimensions));
        }
        for extreme in [0.0, -0.0, f32::INFINITY, f32::NAN, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)] {
            for dimensions in [1, 2, 3, 31, 48, 100] {
                assert_twin(backend, &vec![extreme; dimensions]);
            }
        }
    }
}

#[test]
fn lengths_and_angles_stay() {
    for dimensions in [1, 2, 3, 5, 7, 8, 31, 100, 128, 384, 511, 768, 1000, 1536, 2047, 4096] {
        let (mut a, mut b) = (floats(3, dimensions), floats(4, dimensions));
        let before = [kernels::dot(&a, &a), kernels::dot(&a, &b), kernels::dot(&b, &b)];
        let factors = factors(dimensions as u64, dimensions);
        kernels::rotate(&mut a, &factors);
        kernels::rotate(&mut b, &factors);
        let after = [kernels::dot(&a, &a), kernels::dot(&a, &b), kernels::dot(&b, &b)];
        let scale = kernels::norm(&a) * kernels::norm(&b);
        assert!((before[0] / after[0] - 1.0).abs() < 1e-5, "{dimensions}: {before:?} {after:?}");
        assert!((before[2] / after[2] - 1.0).abs() < 1e-5, "{dimensions}: {before:?} {after:?}");
        assert!((before[1] - after[1]).abs() < 1e-5 * scale, "{dimensions}: {before:?} {after:?}");
    }
}

/// A direction is as good as any other after the rotation: no component of a rotated axis is much above 1 / sqrt(d).
#[test]
fn every_axis_is_spread_over_all_dimensions() {
    for dimensions in [64, 100, 127, 129, 255, 257, 384, 511, 513, 768, 1000, 1023, 1536] {
        let factors = factors(5, dimensions);
        let mut largest = 0.0_f32;
        let mut fourth_powers = 0.0;
        for axis in 0..dimensions {
            let mut vector = vec![0.0; dimensions];
            vector[axis] = 1.0;
            kernels::rotate(&mut vector, &factors);
            for value in vector {
                let square = value * value * dimensions as f32;
                largest = largest.max(square);
                fourth_powers += square * square;
            }
        }
        let kurtosis = fourth_powers / (dimensions * dimensions) as f32;
        println!("{dimensions}: largest square {largest}, kurtosis {kurtosis}");
        // The squares of so many normal values reach 30 or so, and their kurtosis is 3.
        assert!(largest < 35.0 && kurtosis < 3.2, "{dimensions}: largest square {largest}, kurtosis {kurtosis}");
    }
}

#[test]
fn a_known_rotation_keeps_its_bits_on_every_host() {
    // Recorded once on x86-64: stored codes depend on these bits.
    let mut digest = 0_u32;
    for dimensions in [1, 3, 384, 1000] {
        let mut vector = floats(6, dimensions);
        kernels::rotate(&mut vector, &factors(42, dimensions));
        digest = vector.iter().fold(digest, |digest, value| digest.rotate_left(5) ^ value.to_bits());
    }
    assert_eq!(digest, GOLDEN_ROTATION, "{digest:#x}");
}

const GOLDEN_ROTATION: u32 = 0x94aa_ed6a;
