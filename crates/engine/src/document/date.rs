//! ISO 8601 dates to milliseconds since 1970, by arithmetic alone: no clock, no time zone of the host.

/// Reads `2024`, `2024-05`, `2024-05-01`, `2024-05-01T10:20`, with `:30`, `.123`, `Z` or `+02:00`. Without a zone it is
/// UTC, so that the same text means the same moment on every host.
#[must_use]
pub fn parse_iso(text: &str) -> Option<f64> {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let year = digits(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |part| digits(part, 2))?;
    let day = parts.next().map_or(Some(1), |part| digits(part, 2))?;
    if !(1..=12).contains(&month) || day < 1 || day > days_of_month(year, month) {
        return None;
    }
    let day_milliseconds = time.map_or(Some(0.0), parse_time)?;
    Some(days_since_1970(year, month, day) as f64 * 86_400_000.0 + day_milliseconds)
}

fn parse_time(text: &str) -> Option<f64> {
    let (clock, offset_minutes) = split_zone(text)?;
    let (clock, milliseconds) = match clock.split_once(['.', ',']) {
        Some((clock, fraction)) => (clock, parse_fraction(fraction)?),
        None => (clock, 0.0),
    };
    let mut parts = clock.splitn(3, ':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |part| digits(part, 2))?;
    if hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute, second) != (0, 0)) {
        return None;
    }
    Some(((hour * 60 + minute - offset_minutes) * 60 + second) as f64 * 1_000.0 + milliseconds)
}

/// The clock and the zone's offset in minutes east of UTC.
fn split_zone(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, 0)) };
    let sign = if text.as_bytes()[at] == b'-' { -1 } else { 1 };
    let (hours, minutes) = match text[at + 1..].split_once(':') {
        Some((hours, minutes)) => (digits(hours, 2)?, digits(minutes, 2)?),
        None if text.len() - at == 5 => (digits(text.get(at + 1..at + 3)?, 2)?, digits(text.get(at + 3..)?, 2)?),
        None => (digits(&text[at + 1..], 2)?, 0),
    };
    (hours <= 23 && minutes <= 59).then_some((&text[..at], sign * (hours * 60 + minutes)))
}

/// Milliseconds of a fraction of a second; digits beyond the third are cut.
fn parse_fraction(text: &str) -> Option<f64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = text.bytes().chain(*b"000").take(3).fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
    Some(value as f64)
}

fn digits(text: &str, count: usize) -> Option<i64> {
    if text.len() != count || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.bytes().fold(0, |value, byte| value * 10 + i64::from(byte - b'0')))
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar; the year is taken to begin in March so that a leap day ends it.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse_iso;

    #[test]
    fn dates_are_the_milliseconds_that_every_calendar_knows() {
        for (text, expected) in [
            ("1970-01-01", 0.0),
            ("1970", 0.0),
            ("2000-02-29T12:00:00Z", 951_825_600_000.0),
            ("2024-05-01T10:20:30.123Z", 1_714_558_830_123.0),
            ("2024-05-01T12:20:30.1239+02:00", 1_714_558_830_123.0),
            ("2024-05-01T10:20-0130", 1_714_564_200_000.0),
            ("1969-12-31T24:00", 0.0),
            ("1900-03-01", -2_203_891_200_000.0),
        ] {
            assert_eq!(parse_iso(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in [
            "",
            "yesterday",
            "2023-02-29",
            "2024-13-01",
            "2024-1-1",
            "2024-05-01T25:00",
            "2024-05-01T",
            "é",
            "2024-05-01T10:20+é0",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
    }
}
