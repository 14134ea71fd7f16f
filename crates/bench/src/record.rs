//! What a benchmark says, a record a line: for a person to read, or as JSON for a program.

use std::fmt::Write;

/// The value of a field.
#[derive(Clone, Debug)]
pub enum Value {
    /// A word or a name; it has no quotes and no backslash.
    Text(String),
    /// A number; infinite or missing ones are `null`.
    Number(f64),
    /// Many numbers, for programs alone.
    Numbers(Vec<f64>),
    /// Rows of documents for many queries, for programs alone.
    Rows(Vec<Vec<u64>>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

/// Prints a record on a line of its own.
pub fn print(is_json: bool, fields: &[(&str, Value)]) {
    let mut line = String::new();
    for (name, value) in fields {
        if is_json {
            json_field(&mut line, name, value);
        } else {
            readable_field(&mut line, name, value);
        }
    }
    if is_json { println!("{{{line}}}") } else { println!("{line}") }
}

fn json_field(line: &mut String, name: &str, value: &Value) {
    let comma = if line.is_empty() { "" } else { "," };
    let written = match value {
        Value::Text(text) => write!(line, "{comma}\"{name}\":\"{text}\""),
        Value::Number(number) if number.is_finite() => write!(line, "{comma}\"{name}\":{number}"),
        Value::Number(_) => write!(line, "{comma}\"{name}\":null"),
        Value::Numbers(numbers) => write!(line, "{comma}\"{name}\":{numbers:.2?}"),
        Value::Rows(rows) => write!(line, "{comma}\"{name}\":{rows:?}"),
    };
    written.expect("a string takes everything");
}

fn readable_field(line: &mut String, name: &str, value: &Value) {
    let comma = if line.is_empty() { "" } else { ", " };
    let written = match value {
        Value::Text(text) => write!(line, "{comma}{name} {text}"),
        Value::Number(number) if number.abs() >= 100.0 => write!(line, "{comma}{name} {number:.0}"),
        Value::Number(number) => write!(line, "{comma}{name} {number:.4}"),
        Value::Numbers(_) | Value::Rows(_) => Ok(()),
    };
    written.expect("a string takes everything");
}
