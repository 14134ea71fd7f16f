//! Codes against planes of bits.

use crate::SHIFTS;
use crate::values::{bytes, bytes_to};
use sanderling_kernels::{Backend, PLANES, bit_planes, plane_distances, scalar};

/// The longest codes that are tried; every shorter length is tried too.
const CODE_MAX: usize = 530;

fn assert_rows(backend: Backend, planes: &[u8], rows: &[u8], stride: usize, at: &[u32]) {
    let length = planes.len() / PLANES;
    let mut found = vec![u32::MAX; at.len()];
    backend.plane_distances(planes, rows, stride, at, &mut found);
    for (at, found) in at.iter().zip(found) {
        let expected = scalar::plane_distance(planes, &rows[*at as usize * stride..][..length]);
        assert_eq!(found, expected, "{} of {length}, row {at} of {stride} bytes", backend.name());
    }
}

#[test]
fn distances_equal_their_scalar_twin_at_every_length() {
    let (planes, rows) = (bytes(1, PLANES * CODE_MAX + SHIFTS), bytes(2, 8 * (CODE_MAX + 8) + SHIFTS));
    for backend in Backend::available() {
        for length in 0..=CODE_MAX {
            let planes = &planes[length % SHIFTS..][..PLANES * length];
            let stride = length + length % 9;
            let rows = &rows[length * 7 % SHIFTS..][..7 * stride];
            let order = [6, 0, 3, 3, 5, 1, 2, 4, 6];
            assert_rows(backend, planes, rows, stride, &order[..length % 10]);
        }
    }
}

#[test]
fn distances_equal_their_scalar_twin_at_every_alignment() {
    let (planes, rows) = (bytes(3, PLANES * 130 + SHIFTS), bytes(4, 6 * 150 + SHIFTS));
    for backend in Backend::available() {
        for length in [1, 8, 15, 16, 17, 48, 63, 64, 65, 128, 130] {
            for shifts in 0..SHIFTS * SHIFTS {
                let planes = &planes[shifts % SHIFTS..][..PLANES * length];
                let stride = length + shifts % 5;
                assert_rows(backend, planes, &rows[shifts / SHIFTS..][..6 * stride], stride, &[5, 2, 0, 4, 1]);
            }
        }
    }
}

#[test]
fn the_largest_distances_fit() {
    for length in (0..300).chain([4_096, 5_000, 70_000]) {
        let (zeros, ones) = (vec![0; PLANES * length], vec![255; length]);
        let mut found = [1; 3];
        for backend in Backend::available() {
            backend.plane_distances(&zeros, &ones, length, &[0; 3], &mut found);
            assert_eq!(found, [15 * 8 * length as u32; 3], "{} of {length}", backend.name());
        }
    }
}

#[test]
fn a_distance_is_the_inner_product_of_signs_and_values() {
    for dimensions in (1..70_usize).chain([384, 1_000]) {
        let values = bytes_to(15, 5, dimensions);
        let length = dimensions.div_ceil(8);
        let mut planes = vec![255; PLANES * length];
        bit_planes(&values, &mut planes);
        let mut code = bytes(6, length);
        let unused = length * 8 - dimensions;
        code[length - 1] &= 255 >> unused;
        let mut distance = [0];
        plane_distances(&planes, &code, length, &[0], &mut distance);
        let signed = |at: usize| if code[at / 8] >> (at % 8) & 1 == 1 { 1 } else { -1 };
        let product: i32 = (0..dimensions).map(|at| signed(at) * (2 * i32::from(values[at]) - 15)).sum();
        assert_eq!(product, 15 * dimensions as i32 - 2 * distance[0] as i32, "{dimensions} dimensions");
    }
}
