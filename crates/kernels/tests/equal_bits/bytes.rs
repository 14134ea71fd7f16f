//! Products of bytes, and bits that differ.

use crate::values::{bytes, bytes_to, signed};
use crate::{LENGTH_MAX, SHIFTS};
use sanderling_kernels::{Backend, DOT_I8_LENGTH_MAX, scalar};

#[test]
fn products_equal_their_scalar_twins_at_every_length() {
    let query = bytes_to(127, 1, LENGTH_MAX + SHIFTS);
    let rows: [Vec<i8>; 4] = [2, 3, 4, 5].map(|seed| signed(seed, LENGTH_MAX + SHIFTS));
    for backend in Backend::available() {
        for length in 0..=LENGTH_MAX {
            let query = &query[length % SHIFTS..][..length];
            let shift = length * 5 % SHIFTS;
            let rows = [0, 1, 2, 3].map(|row| &rows[row][(shift + row) % SHIFTS..][..length]);
            let expected = rows.map(|row| scalar::dot_i8(query, row));
            assert_eq!(backend.dot_i8(query, rows[0]), expected[0], "{} dot_i8 of {length}", backend.name());
            assert_eq!(backend.dot_i8_four(query, rows), expected, "{} dot_i8_four of {length}", backend.name());
            let expected = scalar::dot_i8_i8(rows[1], rows[2]);
            assert_eq!(backend.dot_i8_i8(rows[1], rows[2]), expected, "{} dot_i8_i8 of {length}", backend.name());
        }
    }
}

#[test]
fn products_equal_their_scalar_twins_at_every_alignment() {
    let (query, rows) = (bytes_to(127, 6, 420), signed(7, 420));
    for backend in Backend::available() {
        for length in [1, 15, 16, 17, 33, 63, 64, 65, 100, 384] {
            for shifts in 0..SHIFTS * SHIFTS {
                let query = &query[shifts % SHIFTS..][..length];
                let row = |row: usize| &rows[shifts / SHIFTS + row..][..length];
                let expected = scalar::dot_i8(query, row(0));
                assert_eq!(backend.dot_i8(query, row(0)), expected, "{} of {length}", backend.name());
                let rows = [0, 3, 6, 9].map(row);
                let expected = rows.map(|row| scalar::dot_i8(query, row));
                assert_eq!(backend.dot_i8_four(query, rows), expected, "{} of {length}", backend.name());
            }
        }
    }
}

#[test]
fn extreme_products_equal_their_scalar_twins() {
    let lengths = (0..200).chain([384, 768, 1536, 4096, DOT_I8_LENGTH_MAX - 1, DOT_I8_LENGTH_MAX]);
    for length in lengths {
        for (x, y) in [(127, 127), (127, -128), (127, -127), (0, -128), (1, -1)] {
            let query = vec![x; length];
            let row = vec![y; length];
            let expected = i32::from(x) * i32::from(y) * length as i32;
            for backend in Backend::available() {
                assert_eq!(backend.dot_i8(&query, &row), expected, "{} of {length}: {x} {y}", backend.name());
                assert_eq!(backend.dot_i8_four(&query, [&row; 4]), [expected; 4], "{} of {length}", backend.name());
            }
        }
        for (x, y) in [(127, 127), (127, -127), (-127, -127), (-128, -128), (-128, 127), (127, -128)] {
            let (a, b) = (vec![x; length], vec![y; length]);
            let expected = i32::from(x) * i32::from(y) * length as i32;
            for backend in Backend::available() {
                assert_eq!(backend.dot_i8_i8(&a, &b), expected, "{} of {length}: {x} {y}", backend.name());
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
            let query = &bytes_to(127, 8, dimensions + 3)[3..];
            let rows = &signed(9, dimensions * count + shift)[shift..];
            let mut found = vec![i32::MIN; count];
            backend.dot_i8_rows(query, rows, &mut found);
            for (row, found) in found.iter().enumerate() {
                let expected = scalar::dot_i8(query, &rows[row * dimensions..][..dimensions]);
                assert_eq!(*found, expected, "{} dot_i8_rows of {dimensions}, row {row}", backend.name());
            }
        }
    }
}

fn assert_tile(backend: Backend, a: &[i8], b: &[i8], dimensions: usize) {
    let (a_count, b_count) = (a.len() / dimensions, b.len() / dimensions);
    let mut found = vec![i32::MIN; a_count * b_count];
    backend.dot_i8_tile(a, b, dimensions, &mut found);
    for i in 0..a_count {
        for j in 0..b_count {
            let row = |rows, at| &<[i8]>::split_at(rows, at * dimensions).1[..dimensions];
            let expected = scalar::dot_i8_i8(row(a, i), row(b, j));
            let what = format!("{} tile {a_count} by {b_count} of {dimensions}: {i} {j}", backend.name());
            assert_eq!(found[i * b_count + j], expected, "{what}");
        }
    }
}

#[test]
fn a_tile_has_the_product_of_every_pair() {
    for backend in Backend::available() {
        for (a_count, b_count) in (0..10).flat_map(|a| (0..10).map(move |b| (a, b))) {
            for dimensions in [1, 3, 16, 17, 64, 100, 128, 191] {
                let a = signed(10, a_count * dimensions);
                let b = signed(11, b_count * dimensions);
                assert_tile(backend, &a, &b, dimensions);
            }
        }
        for dimensions in 1..=LENGTH_MAX {
            let (a_shift, b_shift) = (dimensions % SHIFTS, dimensions * 3 % SHIFTS);
            let a = &signed(12, 4 * dimensions + a_shift)[a_shift..];
            let b = &signed(13, 5 * dimensions + b_shift)[b_shift..];
            assert_tile(backend, a, b, dimensions);
        }
        let lowest = vec![-128; 4 * 4096];
        assert_tile(backend, &lowest, &lowest, 4096);
        backend.dot_i8_tile(&[], &[], 0, &mut []);
    }
}

#[test]
fn differing_bits_equal_their_scalar_twin() {
    let (a, b) = (bytes(14, LENGTH_MAX + SHIFTS), bytes(15, LENGTH_MAX + SHIFTS));
    for backend in Backend::available() {
        for length in 0..=LENGTH_MAX {
            let a = &a[length % SHIFTS..][..length];
            for shift in [length * 7 % SHIFTS, length / 3 % SHIFTS] {
                let b = &b[shift..][..length];
                assert_eq!(backend.hamming_bits(a, b), scalar::hamming_bits(a, b), "{} of {length}", backend.name());
            }
            let (zeros, ones) = (vec![0; length], vec![255; length]);
            assert_eq!(backend.hamming_bits(&zeros, &ones), 8 * length as u32, "{} of {length}", backend.name());
            assert_eq!(backend.hamming_bits(&ones, &ones), 0, "{} of {length}", backend.name());
        }
    }
}

#[test]
fn checksums_equal_their_scalar_twin() {
    let all = bytes(16, 9_000);
    for backend in Backend::available() {
        let lengths = (0..=LENGTH_MAX).chain([1_359, 1_360, 4_079, 4_080, 4_081, 4_096, 8_160, 8_191, 8_900]);
        for length in lengths {
            let shift = length % SHIFTS;
            let bytes = &all[shift..][..length];
            let expected = scalar::crc32c(length as u32, bytes);
            assert_eq!(backend.crc32c(length as u32, bytes), expected, "{} of {length}", backend.name());
        }
    }
}
