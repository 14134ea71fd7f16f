//! ISO 8601 dates to milliseconds since 1970, by arithmetic alone: no clock, no time zone of the host.

/// Reads `2024`, `2024-05`, `2024-05-01`, `2024-05-01T10:20`, with `:30`, `.123`, `Z` or `+02:00`. Without a zone it is
/// UTC, so that the same text means the same moment on every host.
#[must_use]
pub fn parse_iso(text: &str) -> Option<f64> {
    let mut text = Reader { rest: text.as_bytes() };
    let year = text.digits(4)?;
    let (mut month, mut day) = (1, 1);
    if text.takes(b"-").is_some() {
        month = text.digits(2)?;
        if text.takes(b"-").is_some() {
            day = text.digits(2)?;
        }
    }
    if !(1..=12).contains(&month) || day < 1 || day > days_of_month(year, month) {
        return None;
    }
    let time = if text.takes(b"Tt ").is_some() { text.time()? } else { 0.0 };
    text.rest.is_empty().then_some(days_since_1970(year, month, day) as f64 * 86_400_000.0 + time)
}

/// What is left of a date's text.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// Takes one of some characters, if it comes next.
    fn takes(&mut self, any: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = if any.contains(first) { rest } else { return None };
        Some(*first)
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let mut value = 0;
        for _ in 0..count {
            value = value * 10 + i64::from(self.takes(b"0123456789")? - b'0');
        }
        Some(value)
    }

    /// Milliseconds since midnight in UTC.
    fn time(&mut self) -> Option<f64> {
        let hour = self.digits(2)?;
        self.takes(b":")?;
        let minute = self.digits(2)?;
        let second = if self.takes(b":").is_some() { self.digits(2)? } else { 0 };
        if hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute, second) != (0, 0)) {
            return None;
        }
        let milliseconds = if self.takes(b".,").is_some() { self.fraction()? } else { 0 };
        let minutes = hour * 60 + minute - self.offset_minutes()?;
        Some(((minutes * 60 + second) * 1_000 + milliseconds) as f64)
    }

    /// Milliseconds of a fraction of a second; digits beyond the third are cut.
    fn fraction(&mut self) -> Option<i64> {
        let mut value = self.digits(1)? * 100;
        let mut unit = 10;
        while let Some(digit) = self.digits(1) {
            value += digit * unit;
            unit /= 10;
        }
        Some(value)
    }

    /// The zone's offset east of UTC.
    fn offset_minutes(&mut self) -> Option<i64> {
        let sign = match self.takes(b"Zz+-") {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Some(0),
        };
        let hours = self.digits(2)?;
        let colon = self.takes(b":").is_some();
        let minutes = if colon || !self.rest.is_empty() { self.digits(2)? } else { 0 };
        (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
    }
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
