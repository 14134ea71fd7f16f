//! Every backend that this processor can run equals the scalar definition in every bit, for all lengths, odd alignments
//! and extreme values. In wasm the same tests run without SIMD, with simd128 and with relaxed SIMD.

mod bytes;
mod estimate;
mod fast_scan;
mod floats;
mod planes;
mod quantise;
mod rotation;
mod values;

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
