//! Decimal numbers to `f64` and back, correctly rounded and equal on every host.
//!
//! A decimal is an integer times a power of ten. The power is taken from a table of 64-bit mantissas (every 28th one;
//! what lies between is a power of five, which is exact), so one product of 64 × 64 bits gives the value with an error
//! of a few units in its last bit. An `f64` keeps 53 of these bits: only where the rest is next to one half can the
//! error matter, and there two exact integers are compared.
//!
//! The way back needs no theory of its own: 17 digits always name the number, so they are computed with the same table,
//! and fewer digits are taken when reading them gives the number again.

use alloc::{vec, vec::Vec};
use core::cmp::Ordering;

/// 2^53: below it every integer is an `f64`.
pub(super) const EXACT_INTEGERS: u64 = 1 << 53;

/// The bits of the fraction of an `f64`.
const FRACTION_BITS: u32 = 52;
/// The exponent of the smallest positive `f64`, and the least that a mantissa is multiplied with.
const UNIT_MIN: i32 = -1_074;

/// More digits than this cannot be told apart by an `f64`, beyond whether they are all zeros.
const DIGITS_MAX: u32 = 800;

/// The mantissas of 10^-364, 10^-336 and so on, rounded, with the highest bit set.
#[rustfmt::skip]
const POWERS: [u64; 26] = [
    0xe1af_a13a_fbd1_4d6e, 0xe3e2_7a44_4d8d_98b8, 0xe61a_cf03_3d1a_45df, 0xe858_ad24_8f5c_22ca,
    0xea9c_2277_23ee_8bcb, 0xece5_3cec_4a31_4ebe, 0xef34_0a98_172a_ace5, 0xf188_99b1_bc3f_8ca2,
    0xf3e2_f893_dec3_f126, 0xf643_35bc_f065_d37d, 0xf8a9_5fcf_8874_7d94, 0xfb15_8592_be06_8d2f,
    0xfd87_b5f2_8300_ca0e, 0x8000_0000_0000_0000, 0x813f_3978_f894_0984, 0x8281_8f12_81ed_44a0,
    0x83c7_088e_1aab_65db, 0x850f_adc0_9923_329e, 0x865b_8692_5b9b_c5c2, 0x87aa_9aff_7904_2287,
    0x88fc_f317_f222_41e2, 0x8a52_96ff_e33c_c930, 0x8bab_8eef_b640_9c1a, 0x8d07_e334_5563_7eb3,
    0x8e67_9c2f_5e44_ff8f, 0x8fca_c257_558e_e4e6,
];
const POWERS_FROM: i32 = -364;
const POWERS_STEP: u32 = 28;

/// A number before its rounding: `significand` × 10^`exponent`, and `rest`, the text of the digits that follow the 19
/// in the significand. Empty for most numbers.
struct Decimal<'a> {
    significand: u64,
    exponent: i32,
    rest: &'a [u8],
}

/// Reads the JSON number at `at` and moves `at` behind it. An error says what was expected at `at`.
pub(crate) fn read(text: &[u8], at: &mut usize) -> Result<f64, &'static str> {
    let is_negative = skip(text, at, b'-');
    let start = *at;
    skip_digits(text, at)?;
    if text[start] == b'0' && *at > start + 1 {
        *at = start + 1;
        return Err("no digit after a leading zero");
    }
    let point = *at;
    if skip(text, at, b'.') {
        skip_digits(text, at)?;
    }
    let mantissa = &text[start..*at];
    let exponent = read_exponent(text, at)?;
    let (significand, used) = first_digits(mantissa);
    // How many places the point lies behind the digits that were used.
    let whole = point - start;
    let places = if used <= whole { (whole - used) as i64 } else { whole as i64 + 1 - used as i64 };
    // Beyond these bounds everything is zero or infinite.
    let exponent = (exponent + places).clamp(-9_999, 9_999) as i32;
    let value = nearest(&Decimal { significand, exponent, rest: &mantissa[used..] });
    if value == f64::INFINITY {
        *at = start;
        return Err("a number below 1.8e308");
    }
    Ok(if is_negative { -value } else { value })
}

/// Moves `at` over `byte`, if it is there.
fn skip(text: &[u8], at: &mut usize, byte: u8) -> bool {
    let found = text.get(*at) == Some(&byte);
    *at += usize::from(found);
    found
}

fn skip_digits(text: &[u8], at: &mut usize) -> Result<(), &'static str> {
    let start = *at;
    while text.get(*at).is_some_and(u8::is_ascii_digit) {
        *at += 1;
    }
    if *at == start { Err("a digit") } else { Ok(()) }
}

fn read_exponent(text: &[u8], at: &mut usize) -> Result<i64, &'static str> {
    if !skip(text, at, b'e') && !skip(text, at, b'E') {
        return Ok(0);
    }
    let is_negative = skip(text, at, b'-');
    if !is_negative {
        skip(text, at, b'+');
    }
    let start = *at;
    skip_digits(text, at)?;
    let mut exponent = 0;
    for byte in &text[start..*at] {
        // More than the length of any text, so that no number of zeros before it makes up for it.
        exponent = (exponent * 10 + i64::from(byte - b'0')).min(1 << 50);
    }
    Ok(if is_negative { -exponent } else { exponent })
}

/// The integer of the first 19 digits from the first that is not zero, and how many bytes these are.
fn first_digits(mantissa: &[u8]) -> (u64, usize) {
    let mut significand = 0;
    for (used, byte) in mantissa.iter().enumerate() {
        if significand >= 1_000_000_000_000_000_000 {
            return (significand, used);
        }
        if *byte != b'.' {
            significand = significand * 10 + u64::from(byte - b'0');
        }
    }
    (significand, mantissa.len())
}

/// The nearest `f64`; of two that are equally near, the even one. Infinite when it is too large.
fn nearest(decimal: &Decimal<'_>) -> f64 {
    let Decimal { significand, exponent, rest } = *decimal;
    if significand == 0 || exponent < -344 {
        return 0.0; // at most 10^19 × 10^-345
    }
    if exponent > 308 {
        return f64::INFINITY;
    }
    if rest.is_empty() && significand <= EXACT_INTEGERS && exponent.abs() <= 22 {
        // Both are exact, so that the one operation rounds correctly.
        let twos = f64::from_bits(u64::from(1_023 + exponent.unsigned_abs()) << FRACTION_BITS);
        let power = five(exponent.unsigned_abs()) as f64 * twos;
        return if exponent < 0 { significand as f64 / power } else { significand as f64 * power };
    }
    let (mut high, binary) = times_power(significand, 0, exponent);
    let unit = (binary + 11).max(UNIT_MIN);
    let mut dropped = unit - binary;
    if dropped > 63 {
        high >>= (dropped - 63).min(63);
        dropped = 63;
    }
    let mantissa = high >> dropped;
    let half = 1 << (dropped - 1);
    let below = high & (2 * half - 1);
    // The product is wrong by 5 at most, and by 19 more when there are digits behind the significand.
    let doubt = if rest.is_empty() { 8 } else { 32 };
    let up = if below.abs_diff(half) > doubt { below > half } else { is_above_half(decimal, mantissa, unit) };
    // The highest bit of a normal mantissa adds one to the exponent, and so does a mantissa that is rounded to 2^53.
    let bits = (((unit - UNIT_MIN) as u64) << FRACTION_BITS) + mantissa + u64::from(up);
    f64::from_bits(bits.min(f64::INFINITY.to_bits()))
}

/// The shortest decimal that is read as `value`, which is finite and positive: an integer that does not end with a
/// zero, and the power of ten to multiply it with.
pub(super) fn shortest(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let biased = (bits >> FRACTION_BITS) as i32;
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let (mantissa, unit) =
        if biased == 0 { (fraction, UNIT_MIN) } else { (fraction | 1 << FRACTION_BITS, biased - 1_075) };
    let top = unit + 63 - mantissa.leading_zeros() as i32;
    // 78 913 / 2^18 is the logarithm of two: the value has this many digits before the point, or one more.
    let mut exponent = ((top * 78_913) >> 18) - 16;
    let mut twice = twice_scaled(mantissa, unit, -exponent);
    if twice >= 200_000_000_000_000_000 {
        exponent += 1;
        twice = twice_scaled(mantissa, unit, -exponent);
    }
    // 15 digits are read back as themselves; the smallest numbers have fewer that count.
    let mut cut = if biased == 0 { 16 } else { 2 };
    while cut > 0 {
        let step = 2 * 10_u64.pow(cut);
        let (candidate, left) = ((twice + step / 2) / step, (twice + step / 2) % step);
        // Near a half either neighbour may be the nearest one; above a power of two numbers lie wider than below.
        let is_doubtful = fraction == 0 || left <= 1 || left == step - 1;
        let candidates = [candidate, candidate + 1, candidate.saturating_sub(1)];
        for &significand in &candidates[..if is_doubtful { 3 } else { 1 }] {
            let decimal = Decimal { significand, exponent: exponent + cut as i32, rest: &[] };
            if nearest(&decimal).to_bits() == bits {
                return stripped(significand, decimal.exponent);
            }
        }
        cut -= 1;
    }
    stripped(twice.div_ceil(2), exponent)
}

fn stripped(mut digits: u64, mut exponent: i32) -> (u64, i32) {
    while digits.is_multiple_of(10) {
        digits /= 10;
        exponent += 1;
    }
    (digits, exponent)
}

/// 2 × `mantissa` × 2^`unit` × 10^`exponent`, cut to an integer, which must be between 2^53 and 2^63.
fn twice_scaled(mantissa: u64, unit: i32, exponent: i32) -> u64 {
    let (high, binary) = times_power(mantissa, unit, exponent);
    high >> (-binary - 1)
}

/// `mantissa` × 2^`unit` × 10^`exponent` as 64 bits, of which the highest is set, and a power of two. The 64 bits are
/// wrong by 5 at most: one half from the table, two times doubled, and less than one for each of the two products.
fn times_power(mantissa: u64, unit: i32, exponent: i32) -> (u64, i32) {
    let at = (exponent - POWERS_FROM) as u32;
    let between = five(at % POWERS_STEP);
    let (power, _) = product(POWERS[(at / POWERS_STEP) as usize], between << between.leading_zeros());
    // 217 706 / 2^16 is the binary logarithm of ten.
    let power_unit = ((exponent * 217_706) >> 16) - 63;
    let zeros = mantissa.leading_zeros();
    let (high, shift) = product(mantissa << zeros, power);
    (high, unit - zeros as i32 + power_unit + shift)
}

/// The upper 64 bits of a product of two numbers whose highest bits are set, and by how much they were shifted.
fn product(a: u64, b: u64) -> (u64, i32) {
    let product = u128::from(a) * u128::from(b);
    let high = (product >> 64) as u64;
    if high >> 63 == 1 { (high, 64) } else { ((product >> 63) as u64, 63) }
}

/// 5^`power`, for a power of at most 27.
fn five(power: u32) -> u64 {
    5_u64.pow(power)
}

/// Whether a decimal is above (`mantissa` + 1/2) × 2^`unit`, or equal to it while the mantissa is odd.
#[cold]
fn is_above_half(decimal: &Decimal<'_>, mantissa: u64, unit: i32) -> bool {
    let mut exponent = decimal.exponent;
    let mut left = Big::new(decimal.significand);
    let (mut kept, mut is_more) = (0, false);
    for byte in decimal.rest {
        if *byte == b'.' {
            continue;
        }
        if kept < DIGITS_MAX {
            left.multiply_add(10, u32::from(byte - b'0'));
            exponent -= 1;
            kept += 1;
        } else {
            is_more |= *byte != b'0';
        }
    }
    if is_more {
        left.multiply_add(10, 1);
        exponent -= 1;
    }
    let mut right = Big::new(2 * mantissa + 1);
    // Powers that divide one side multiply the other.
    let twos = exponent - (unit - 1);
    left.multiply_power(5, exponent);
    right.multiply_power(5, -exponent);
    left.multiply_power(2, twos);
    right.multiply_power(2, -twos);
    match left.compare(&right) {
        Ordering::Less => false,
        Ordering::Equal => mantissa % 2 == 1,
        Ordering::Greater => true,
    }
}

/// A positive integer in words, the lowest first, without zeros at the end.
struct Big(Vec<u32>);

impl Big {
    fn new(value: u64) -> Self {
        let (low, high) = (value as u32, (value >> 32) as u32);
        Self(if high == 0 { vec![low] } else { vec![low, high] })
    }

    fn multiply_add(&mut self, factor: u32, summand: u32) {
        let mut carry = u64::from(summand);
        for word in &mut self.0 {
            carry += u64::from(*word) * u64::from(factor);
            *word = carry as u32;
            carry >>= 32;
        }
        if carry != 0 {
            self.0.push(carry as u32);
        }
    }

    /// Multiplies with `base`^`power`; a negative power is left to the other side of the comparison.
    fn multiply_power(&mut self, base: u32, mut power: i32) {
        while power > 0 {
            let step = power.min(13); // 5^13 is below 2^32
            self.multiply_add(base.pow(step as u32), 0);
            power -= step;
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Big, POWERS, POWERS_FROM, POWERS_STEP, times_power};
    use core::cmp::Ordering;

    /// 10^`exponent` against (2 × `mantissa` + `odd`) × 2^`unit`.
    fn compare(exponent: i32, mantissa: u64, odd: u32, unit: i32) -> Ordering {
        let (mut left, mut right) = (Big::new(1), Big::new(mantissa));
        right.multiply_add(2, odd);
        left.multiply_power(5, exponent);
        right.multiply_power(5, -exponent);
        left.multiply_power(2, exponent - unit);
        right.multiply_power(2, unit - exponent);
        left.compare(&right)
    }

    #[test]
    fn every_power_of_the_table_is_rounded() {
        for (at, &power) in POWERS.iter().enumerate() {
            let exponent = POWERS_FROM + at as i32 * POWERS_STEP as i32;
            let unit = ((exponent * 217_706) >> 16) - 63;
            assert!(power >> 63 == 1, "10^{exponent}");
            assert_eq!(compare(exponent, power, 1, unit - 1), Ordering::Less, "10^{exponent}");
            assert_eq!(compare(exponent, power - 1, 1, unit - 1), Ordering::Greater, "10^{exponent}");
        }
    }

    #[test]
    fn a_product_with_any_power_is_near() {
        for exponent in -344..=340 {
            let (power, unit) = times_power(1, 0, exponent);
            assert!(power >> 63 == 1, "10^{exponent}");
            let (below, above) = (power - 5, power.saturating_add(5));
            assert_ne!(compare(exponent, below, 0, unit - 1), Ordering::Less, "10^{exponent}");
            assert_ne!(compare(exponent, above, 0, unit - 1), Ordering::Greater, "10^{exponent}");
        }
    }
}
