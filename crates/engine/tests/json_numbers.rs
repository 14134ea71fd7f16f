//! Numbers in JSON: the nearest `f64` of any text, and the shortest text of any `f64`, compared with those of `core`.

use sanderling_engine::{Value, document::json};

mod random;
use random::Random;

fn read(text: &str) -> Option<f64> {
    json::parse(text).ok().map(|value| value.as_number().expect("a number"))
}

fn written(number: f64) -> String {
    json::write(&Value::Number(number))
}

/// Reads a text as `core` does; what is infinite there is an error here.
fn compare(text: &str) {
    let expected: f64 = text.parse().unwrap();
    let expected = Some(expected.to_bits()).filter(|_| expected.is_finite());
    assert_eq!(read(text).map(f64::to_bits), expected, "{text}");
}

#[test]
fn known_numbers_are_read() {
    for text in [
        "0",
        "-0",
        "0.0",
        "-0.0e5",
        "0e999999999999999999999",
        "0.1",
        "0.3",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9007199254740993.0",
        "9007199254740993.00000000000000000000000001",
        "9007199254740995",
        "18446744073709551615",
        "18446744073709551616",
        "9999999999999999999",
        "99999999999999999999",
        "1e22",
        "1e23",
        "8.5e22",
        "123456789012345678901234567890",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1.797693134862315807e308",
        "1.797693134862315808e308",
        "1e308",
        "1e309",
        "1e400",
        "-1e400",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.225073858507201e-308",
        "4.9e-324",
        "5e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.5e-324",
        "2.4e-324",
        "7.4e-324",
        "7.5e-324",
        "1e-323",
        "1e-400",
        "100000000000000000000000000000000000000000e-40",
        "0.000000000000000000000000000001e30",
        "6.9294956446009195e15",
        "3.2378839133029012895883524125015321748630094e-303",
        "1.00000005960464477539062500",
        "8.98846567431158e307",
        "5.3170074064340e-310",
        "0.500000000000000166533453693773481063544750213623046875",
    ] {
        compare(text);
        compare(&format!("-{text}").replace("--", ""));
    }
    assert_eq!(read("1e309"), None);
    assert_eq!(read("-0").map(f64::to_bits), Some((-0.0_f64).to_bits()));
}

#[test]
fn random_texts_are_read_as_the_nearest_number() {
    let mut random = Random(1);
    for _ in 0..200_000 {
        let digits = match random.below(8) {
            0 => 20 + random.below(60),
            1 => 1 + random.below(5),
            _ => 1 + random.below(22),
        };
        let mut text: String = (0..digits).map(|_| char::from(b'0' + random.below(10) as u8)).collect();
        let point = random.below(digits + 1) as usize;
        text = match point {
            0 => format!("0.{text}"),
            _ => {
                let whole = text[..point].trim_start_matches('0');
                let whole = if whole.is_empty() { "0" } else { whole };
                if point == text.len() { whole.to_owned() } else { format!("{whole}.{}", &text[point..]) }
            }
        };
        match random.below(4) {
            0 => {}
            1 => text += &format!("e{}", random.below(50) as i64 - 25),
            2 => text += &format!("E{:+}", random.below(700) as i64 - 350),
            _ => text += &format!("e{}", -300 - random.below(50) as i64),
        }
        compare(&text);
    }
}

/// The exact decimal text of a number, by the widest precision that `core` prints.
fn exact(number: f64) -> String {
    format!("{number:.1100e}")
}

#[test]
fn halves_between_two_numbers_are_read_as_the_even_one() {
    let mut random = Random(2);
    for round in 0..20_000 {
        // A number with one bit more than an f64 holds: the sum of two exact texts cannot be printed, but below 2^1023
        // the half lies at an odd integer times a power of two, which decimal digits name.
        let mantissa = u128::from((1 << 52) | (random.next() >> 12)) * 2 + 1;
        let shift = random.below(60) as u32;
        let half = mantissa << shift;
        for text in [half.to_string(), (half - 1).to_string(), (half + 1).to_string()] {
            compare(&text);
            compare(&format!("{text}.0000"));
            compare(&format!("{text}.{}1", "0".repeat(random.below(900) as usize)));
        }
        // The same below one: mantissa / 2^shift = mantissa × 5^shift / 10^shift.
        let shift = 1 + random.below(30) as u32;
        let digits = mantissa * 5_u128.pow(shift);
        for digits in [digits - 1, digits, digits + 1] {
            compare(&format!("{digits}e-{shift}"));
        }
        if round % 20 == 0 {
            compare(&exact(random.finite()));
        }
    }
}

#[test]
fn halves_of_the_smallest_numbers_are_read_as_the_even_one() {
    let mut random = Random(3);
    // 2^-1074 in decimal digits; its half is the same digits times five, one place further right.
    let smallest: Vec<u8> = exact(f64::from_bits(1)).bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect();
    let smallest = &smallest[..751];
    for odd in (1..200_u64).step_by(2).chain((0..300).map(|_| (random.next() >> 11) | 1)) {
        let factor = u128::from(odd) * 5;
        let mut carry = 0_u128;
        let mut digits: Vec<u8> = Vec::new();
        for digit in smallest.iter().rev() {
            carry += u128::from(*digit) * factor;
            digits.push(b'0' + (carry % 10) as u8);
            carry /= 10;
        }
        digits.reverse();
        let digits = String::from_utf8(digits).unwrap();
        // 2^-1074 is smallest × 10^-1074 (751 digits behind 323 zeros).
        compare(&format!("{carry}{digits}e-1075"));
        compare(&format!("{carry}{digits}0001e-1079"));
        let below = digits.strip_suffix('5').unwrap().to_owned() + "4999999999999999999999999999";
        compare(&format!("{carry}{below}e-1102"));
    }
}

#[test]
fn long_numbers_are_read_in_a_moment() {
    let long = 1 << 20;
    let start = std::time::Instant::now();
    assert_eq!(read(&format!("0.{}", "3".repeat(long))), Some(1.0 / 3.0));
    assert_eq!(read(&format!("0.{}1e{}", "0".repeat(long - 1), long)), Some(1.0));
    assert_eq!(read(&format!("1{}e-{}", "0".repeat(long), long)), Some(1.0));
    assert_eq!(read(&format!("1{}", "0".repeat(long))), None);
    assert_eq!(read(&format!("9007199254740993.{}", "0".repeat(long))), Some(9_007_199_254_740_992.0));
    assert_eq!(read(&format!("9007199254740993.{}1", "0".repeat(long))), Some(9_007_199_254_740_994.0));
    assert_eq!(read(&format!("1e{}", "9".repeat(long))), None);
    assert_eq!(read(&format!("1e-{}", "9".repeat(long))), Some(0.0));
    assert_eq!(read(&format!("1e{}1", "0".repeat(long))), Some(10.0));
    assert!(start.elapsed().as_secs() < 10);
}

#[test]
fn numbers_are_written_as_javascript_writes_them() {
    for (number, expected) in [
        (0.0, "0"),
        (-0.0, "-0.0"),
        (1.0, "1"),
        (-20.0, "-20"),
        (0.1, "0.1"),
        (0.3, "0.3"),
        (0.1 + 0.2, "0.30000000000000004"),
        (123.456, "123.456"),
        (-12.345678, "-12.345678"),
        (9_007_199_254_740_991.0, "9007199254740991"),
        (9_007_199_254_740_992.0, "9007199254740992"),
        (123_456_789_012_345_680_000.0, "123456789012345680000"),
        (1e20, "100000000000000000000"),
        (1e21, "1e21"),
        (1.5e21, "1.5e21"),
        (1e23, "1e23"),
        (1e-6, "0.000001"),
        (1.25e-6, "0.00000125"),
        (1e-7, "1e-7"),
        (1.25e-7, "1.25e-7"),
        (1e100, "1e100"),
        (5e-324, "5e-324"),
        (-1.5e-323, "-1.5e-323"),
        (f64::MAX, "1.7976931348623157e308"),
        (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        (5.684341886080802e-14, "5.684341886080802e-14"),
        (f64::from(0.1_f32), "0.10000000149011612"),
        (f64::EPSILON, "2.220446049250313e-16"),
    ] {
        assert_eq!(written(number), expected);
        assert_eq!(read(expected).map(f64::to_bits), Some(number.to_bits()), "{expected}");
    }
}

/// How many digits name the number; zeros at the end only hold places.
fn digits(text: &str) -> usize {
    let mantissa = text.trim_start_matches('-').split('e').next().unwrap_or_default().replace('.', "");
    mantissa.trim_start_matches('0').trim_end_matches('0').len()
}

fn round_trip(number: f64) {
    let text = written(number);
    assert_eq!(text.parse().map(f64::to_bits), Ok(number.to_bits()), "{text}");
    assert_eq!(read(&text).map(f64::to_bits), Some(number.to_bits()), "{text}");
    let shortest = format!("{number:e}");
    assert_eq!(digits(&text), digits(&shortest), "{text} {shortest}");
}

#[test]
fn any_number_comes_back_from_its_shortest_text() {
    let mut random = Random(4);
    for _ in 0..300_000 {
        round_trip(random.finite());
    }
    for _ in 0..100_000 {
        let number = f32::from_bits(random.next() as u32);
        if number.is_finite() {
            round_trip(f64::from(number));
        }
        round_trip(f64::from(random.next() as u32 as f32 / 4_294_967_296.0_f32 - 0.5));
        round_trip(random.below(1_000_000_000) as f64 / 10_f64.powi(random.below(12) as i32));
        round_trip(f64::from_bits(random.next() >> (12 + random.below(50))));
    }
}

#[test]
fn powers_come_back_from_their_shortest_text() {
    for exponent in 0..2_046_u64 {
        for neighbour in -2_i64..=2 {
            round_trip(f64::from_bits((exponent << 52).wrapping_add_signed(neighbour) & (u64::MAX >> 1)).min(f64::MAX));
        }
    }
    for exponent in -323..=308 {
        let power: f64 = format!("1e{exponent}").parse().unwrap();
        for neighbour in -2_i64..=2 {
            round_trip(f64::from_bits(power.to_bits().wrapping_add_signed(neighbour) & (u64::MAX >> 1)).min(f64::MAX));
        }
    }
}

#[test]
fn few_digits_stay_as_they_are() {
    let mut random = Random(5);
    for _ in 0..200_000 {
        let length = 1 + random.below(15) as u32;
        let digits = random.below(10_u64.pow(length));
        let exponent = random.below(580) as i64 - 300;
        let number: f64 = format!("{digits}e{exponent}").parse().unwrap();
        let text = written(number);
        let expected = format!("{number:e}");
        assert_eq!(text.parse(), Ok(number));
        assert!(self::digits(&text) <= self::digits(&expected), "{text} {expected}");
    }
}
