//! Values to JSON text, without white space, numbers as JavaScript writes them.

use super::{
    number::{EXACT_INTEGERS, shortest},
    value::Value,
};
use alloc::string::String;

/// Appends a value.
pub(super) fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(value) => write_number(*value, out),
        Value::Text(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(at, out);
                write(item, out);
            }
            out.push(']');
        }
        Value::Vector(values) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                separate(at, out);
                write_number(f64::from(*value), out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (at, (key, value)) in members.iter().enumerate() {
                separate(at, out);
                write_string(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

fn separate(at: usize, out: &mut String) {
    if at > 0 {
        out.push(',');
    }
}

/// Escapes what must be escaped and nothing else.
fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' | b'\\' => byte,
            b'\x08' => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            b'\x0c' => b'f',
            b'\r' => b'r',
            0..=0x1f => b'u',
            _ => continue,
        };
        out.push_str(text.get(written..at).unwrap_or_default());
        written = at + 1;
        out.push('\\');
        out.push(char::from(short));
        if short == b'u' {
            out.push_str(if byte < 0x10 { "000" } else { "001" });
            out.push(char::from(b"0123456789abcdef"[usize::from(byte % 16)]));
        }
    }
    out.push_str(text.get(written..).unwrap_or_default());
    out.push('"');
}

/// A number that is not finite, which no value holds, would be `null`. The sign of zero is kept, with a fraction, so
/// that no reader takes it for an integer.
fn write_number(value: f64, out: &mut String) {
    if !value.is_finite() {
        return out.push_str("null");
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    let magnitude = value.abs();
    let whole = magnitude as u64;
    if whole < EXACT_INTEGERS && whole as f64 == magnitude {
        write_decimal(whole, 0, out);
        if value == 0.0 && value.is_sign_negative() {
            out.push_str(".0");
        }
    } else {
        let (digits, exponent) = shortest(magnitude);
        write_decimal(digits, exponent, out);
    }
}

/// Writes `digits` × 10^`exponent`, plain from 1e-6 to below 1e21 and else with an exponent.
fn write_decimal(mut digits: u64, exponent: i32, out: &mut String) {
    let mut buffer = [b'0'; 20];
    let mut start = buffer.len() - 1;
    buffer[start] += (digits % 10) as u8;
    while digits >= 10 {
        digits /= 10;
        start -= 1;
        buffer[start] += (digits % 10) as u8;
    }
    let text = &buffer[start..];
    // Where the point stands in the digits.
    let point = text.len() as i32 + exponent;
    let is_plain = -6 < point && point <= 21;
    let place = if is_plain { point } else { 1 };
    if place <= 0 {
        out.push_str("0.");
        (place..0).for_each(|_| out.push('0'));
    }
    for at in 0..text.len().max(place.max(0) as usize) {
        if at > 0 && at as i32 == place {
            out.push('.');
        }
        out.push(char::from(text.get(at).copied().unwrap_or(b'0')));
    }
    if !is_plain {
        out.push_str(if point > 0 { "e" } else { "e-" });
        write_decimal(u64::from((point - 1).unsigned_abs()), 0, out);
    }
}
