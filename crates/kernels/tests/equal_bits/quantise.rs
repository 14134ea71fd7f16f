//! What turns floats into codes, against the obvious way.

use crate::values::{assert_same, floats};
use crate::{LENGTH_MAX, SHIFTS};
use sanderling_kernels as kernels;

#[test]
fn magnitudes_equal_the_obvious_way_at_every_length() {
    let values = floats(1, LENGTH_MAX + SHIFTS);
    let zeros = vec![0.0; LENGTH_MAX];
    for length in 0..=LENGTH_MAX {
        let row = &values[length % SHIFTS..][..length];
        let largest = row.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        assert_same(kernels::largest_magnitude(row), largest, &format!("largest of {length}"));
        assert_same(kernels::sum_of_magnitudes(row), kernels::manhattan(row, &zeros), &format!("sum of {length}"));
    }
    let odd = [f32::NAN, -2.0, 1.0, -f32::NAN];
    assert_same(kernels::largest_magnitude(&odd), 2.0, "beside what is not a number");
    assert_same(kernels::largest_magnitude(&[f32::NEG_INFINITY; 20]), f32::INFINITY, "infinite");
}

#[test]
fn codes_are_rounded_and_held_to_their_range() {
    for length in 0..400 {
        let row = floats(2, length);
        let (mut signed, mut unsigned) = (vec![0; length], vec![0; length]);
        kernels::quantise_i8(&row, 0.37, &mut signed);
        kernels::quantise_u7(&row, -3.0, 1.7, &mut unsigned);
        for ((value, signed), unsigned) in row.iter().zip(signed).zip(unsigned) {
            assert_eq!(signed, (value * 0.37).round_ties_even().clamp(-127.0, 127.0) as i8, "{value}");
            assert_eq!(unsigned, ((value + 3.0) * 1.7).round_ties_even().clamp(0.0, 127.0) as u8, "{value}");
        }
    }
    let row = [0.5, 1.5, -0.5, -1.5, 126.5, 1e30, -1e30, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -0.0, 1e-45];
    let (mut signed, mut unsigned) = ([0; 12], [0; 12]);
    kernels::quantise_i8(&row, 1.0, &mut signed);
    kernels::quantise_u7(&row, 0.0, 1.0, &mut unsigned);
    assert_eq!(signed, [0, 2, 0, -2, 126, 127, -127, 127, -127, 127, 0, 0]);
    assert_eq!(unsigned, [0, 2, 0, 0, 126, 127, 0, 127, 0, 127, 0, 0]);
}

#[test]
fn a_bit_says_whether_its_value_is_above_zero() {
    for length in 0..200_usize {
        let row = floats(3, length);
        let mut code = vec![0xff; length.div_ceil(8)];
        kernels::sign_bits(&row, &mut code);
        for i in 0..code.len() * 8 {
            let expected = row.get(i).is_some_and(|value| *value > 0.0);
            assert_eq!(code[i / 8] >> (i % 8) & 1 == 1, expected, "bit {i} of {length}");
        }
    }
    let mut code = [0];
    kernels::sign_bits(&[0.0, -0.0, 1e-45, -1e-45, f32::NAN, f32::INFINITY, f32::NEG_INFINITY], &mut code);
    assert_eq!(code, [0b10_0100]);
}
