//! Every backend that this processor can run equals the scalar definition in every bit, for all lengths, odd alignments
//! and extreme values. In wasm the same tests run without SIMD, with simd128 and with relaxed SIMD.

mod bytes;
mod estimate;
mod fast_scan;
mod floats;
mod marks;
mod packing;
mod planes;
mod quantise;
mod rotation;
mod scan;
mod values;
mod windows;

use sanderling_kernels::{self as kernels, Backend};

/// The longest slices that are tried; every shorter length is tried too.
const LENGTH_MAX: usize = 2100;

/// Where slices start: at every place within a register of sixteen bytes.
const SHIFTS: usize = 16;

#[test]
fn a_default_build_has_the_backend_of_its_host() {
    let names: Vec<_> = Backend::available().map(Backend::name).collect();
    assert_eq!(names.last(), Some(&Backend::best().name()));
    assert_eq!(names.first(), Some(&"portable"));
    if cfg!(target_feature = "relaxed-simd") {
        assert_eq!(names, ["portable", "relaxed"]);
    } else if cfg!(target_feature = "simd128") {
        assert_eq!(names, ["portable", "simd128"]);
    } else if cfg!(target_arch = "aarch64") {
        assert_eq!(names, ["portable", "neon"]);
    }
    println!("backends: {names:?}");
}

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

#[test]
fn nothing_over_nothing_is_nothing_and_something_infinite() {
    assert_eq!(kernels::bray_curtis(&[1.0, -2.0], &[-1.0, 2.0]), f32::INFINITY);
    assert_eq!(kernels::bray_curtis(&[0.0; 3], &[0.0; 3]), 0.0);
    assert_eq!(kernels::bray_curtis(&[1.0, -2.0], &[1.0, -2.0]), 0.0);
    assert_eq!(kernels::canberra(&[0.0, 1.0, 0.0], &[0.0, -1.0, 2.0]), 2.0);
}

/// Against the formulas in f64, component after component, with zeros and opposites among the components.
#[test]
fn quotients_of_sums_agree_with_their_formulas() {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 28) as f32 - 8.0
    };
    for length in (0..40).chain([384, 1_001]) {
        for kind in 0..3 {
            let a: Vec<f32> = (0..length).map(|_| next()).collect();
            // Anything; exact opposites; opposites but for one component.
            let mut b: Vec<f32> = a.iter().map(|value| if kind == 0 { next() } else { -value }).collect();
            if let (2, Some(last)) = (kind, b.last_mut()) {
                *last += 1.0;
            }
            let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
                a.iter().zip(&b).map(|(a, b)| term(f64::from(*a), f64::from(*b))).sum()
            };
            let quotient = |above: f64, below: f64| if above == 0.0 { 0.0 } else { above / below };
            let bray_curtis = quotient(sum(&|a, b| (a - b).abs()), sum(&|a, b| (a + b).abs()));
            let canberra = sum(&|a, b| quotient((a - b).abs(), a.abs() + b.abs()));
            let agree = |found: f32, expected: f64| {
                let is_near = (f64::from(found) - expected).abs() <= 1e-5 * expected;
                found == expected as f32 || expected.is_finite() && is_near
            };
            let found = (kernels::bray_curtis(&a, &b), kernels::canberra(&a, &b));
            assert!(agree(found.0, bray_curtis), "{length} {kind}: {} {bray_curtis}", found.0);
            assert!(agree(found.1, canberra), "{length} {kind}: {} {canberra}", found.1);
        }
    }
}

// A panic ends a wasm program, so a test cannot expect one there.
#[cfg(not(target_family = "wasm"))]
mod refusals {
    use super::kernels;

    #[test]
    #[should_panic(expected = "not so many rows")]
    fn rows_that_do_not_fit_their_answers() {
        kernels::dot_rows(&[1.0; 4], &[1.0; 11], &mut [0.0; 3]);
    }

    #[test]
    #[should_panic]
    fn a_row_of_another_length_than_the_query() {
        let _ = kernels::dot_i8_four(&[1; 8], [&[1; 8], &[1; 8], &[1; 7], &[1; 8]]);
    }

    #[test]
    #[should_panic]
    fn a_table_whose_sums_would_not_fit() {
        let long = vec![0; (kernels::FAST_SCAN_GROUPS_MAX + 2) * kernels::GROUP_BYTES];
        kernels::fast_scan(&long, &long, &mut [0; 32]);
    }

    #[test]
    #[should_panic(expected = "does not exist")]
    fn a_code_behind_the_last_row() {
        kernels::plane_distances(&[1; 16], &[1; 23], 6, &[0, 3], &mut [0; 2]);
    }

    #[test]
    #[should_panic]
    fn a_tile_without_room_for_all_products() {
        kernels::dot_i8_tile(&[1; 8], &[1; 8], 4, &mut [0; 3]);
    }

    #[test]
    #[should_panic(expected = "not so many rows")]
    fn factors_of_another_number_of_dimensions() {
        kernels::rotate(&mut [1.0; 8], &[1.0; 31]);
    }
}
