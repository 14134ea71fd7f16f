//! Sums of floats.

use crate::values::{assert_same, floats};
use crate::{LENGTH_MAX, SHIFTS};
use sanderling_kernels::{self as kernels, Backend, scalar};

fn assert_twins(backend: Backend, a: &[f32], b: &[f32], what: &str) {
    let what = |kernel| format!("{} {kernel}, {what}, length {}", backend.name(), a.len().min(b.len()));
    assert_same(backend.dot(a, b), scalar::dot(a, b), &what("dot"));
    assert_same(backend.squared_euclidean(a, b), scalar::squared_euclidean(a, b), &what("squared_euclidean"));
}

#[test]
fn sums_equal_their_scalar_twins_at_every_length() {
    let (a, b) = (floats(1, LENGTH_MAX + SHIFTS), floats(2, LENGTH_MAX + SHIFTS));
    for backend in Backend::available() {
        for length in 0..=LENGTH_MAX {
            let (a_shift, b_shift) = (length % SHIFTS, length * 7 % SHIFTS);
            assert_twins(backend, &a[a_shift..][..length], &b[b_shift..][..length], "values");
        }
    }
}

#[test]
fn sums_equal_their_scalar_twins_at_every_alignment() {
    let (a, b) = (floats(3, 400), floats(4, 400));
    for backend in Backend::available() {
        for length in [1, 15, 16, 17, 31, 33, 100, 384] {
            for shifts in 0..SHIFTS * SHIFTS {
                let (a, b) = (&a[shifts % SHIFTS..], &b[shifts / SHIFTS..]);
                assert_twins(backend, &a[..length], &b[..length], "values");
            }
        }
    }
}

#[test]
fn the_shorter_slice_ends_a_sum() {
    for backend in Backend::available() {
        assert_twins(backend, &floats(5, 100), &floats(6, 67), "unequal");
        assert_twins(backend, &floats(5, 40), &floats(6, 100), "unequal");
        assert_same(backend.dot(&[2.0, 3.0], &[5.0]), 10.0, "the common prefix");
    }
}

#[test]
fn extreme_values_equal_their_scalar_twins() {
    let extremes = [
        0.0,
        -0.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        f32::from_bits(1),
        -f32::from_bits(0x7f_ffff),
    ];
    for backend in Backend::available() {
        for length in [1, 7, 16, 19, 48, 61] {
            for (x, y) in extremes.iter().flat_map(|x| extremes.map(|y| (*x, y))) {
                for at in [0, length / 2, length - 1] {
                    let (mut a, mut b) = (vec![-0.0; length], vec![-0.0; length]);
                    assert_twins(backend, &vec![x; length], &vec![y; length], "one extreme");
                    (a[at], b[at]) = (x, y);
                    assert_twins(backend, &a, &b, "an extreme among zeros");
                    (a, b) = (floats(7, length), floats(8, length));
                    (a[at], b[at]) = (x, y);
                    assert_twins(backend, &a, &b, "an extreme among values");
                }
            }
        }
    }
}

#[test]
fn many_rows_equal_one_by_one() {
    for backend in Backend::available() {
        for dimensions in 0..=LENGTH_MAX {
            let count = dimensions % 10;
            let shift = dimensions % SHIFTS;
            let query = &floats(9, dimensions + 3)[3..];
            let rows = &floats(10, dimensions * count + shift)[shift..];
            let mut found = vec![f32::NAN; count];
            backend.dot_rows(query, rows, &mut found);
            for (row, found) in found.iter().enumerate() {
                let expected = scalar::dot(query, &rows[row * dimensions..][..dimensions]);
                assert_same(*found, expected, &format!("{} dot_rows of {dimensions}", backend.name()));
            }
            backend.squared_euclidean_rows(query, rows, &mut found);
            for (row, found) in found.iter().enumerate() {
                let expected = scalar::squared_euclidean(query, &rows[row * dimensions..][..dimensions]);
                assert_same(*found, expected, &format!("{} squared_euclidean_rows of {dimensions}", backend.name()));
            }
        }
    }
}

#[test]
fn the_lane_layout_is_the_one_the_documents_describe() {
    let a = floats(3, 384);
    let b = floats(4, 384);
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
    let bits = kernels::dot(&floats(11, 384), &floats(12, 384)).to_bits();
    assert_eq!(bits, GOLDEN_DOT_BITS, "{bits:#x}");
}

const GOLDEN_DOT_BITS: u32 = 0xd331dda8;
