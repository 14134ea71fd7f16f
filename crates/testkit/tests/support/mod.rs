//! What the tests over files in tests/ share: where these are, how they are written, and how a score is compared.

use sanderling::{
    Value,
    engine::document::{json, quoted},
};
use std::{env, fs, path::PathBuf};

const LINE_WIDTH: usize = 120;

/// A path inside this project.
pub fn in_project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Whether expected bits are to be written, not compared.
pub fn is_updating() -> bool {
    env::var_os("UPDATE_CASES").is_some()
}

/// The JSON value of a file of this project.
pub fn read_json(path: &str) -> Value {
    let text = fs::read_to_string(in_project(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    json::parse(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Writes a JSON value into a file of this project.
pub fn write_json(path: &str, value: &Value) {
    fs::write(in_project(path), format!("{}\n", pretty(value, 0, 0))).unwrap_or_else(|error| panic!("{path}: {error}"));
}

/// The bits of a number as an f32, in hexadecimal digits. The answer of a search is f32 throughout.
pub fn bits(number: &Value) -> String {
    let number = number.as_number().expect("a number");
    assert_eq!(f64::from(number as f32), number, "a score is an f32");
    format!("{:08x}", (number as f32).to_bits())
}

/// JSON text from a column on: what fits stays on one line.
fn pretty(value: &Value, indent: usize, column: usize) -> String {
    let inline = inline(value);
    // The last column is for a comma.
    if column + inline.len() < LINE_WIDTH {
        return inline;
    }
    let inner = indent + 2;
    let ([open, close], parts): (_, Vec<String>) = match value {
        Value::Array(items) => (["[", "]"], items.iter().map(|item| pretty(item, inner, inner)).collect()),
        Value::Object(members) => (["{", "}"], members.iter().map(|member| pretty_member(member, inner)).collect()),
        _ => return inline,
    };
    let (before, after) = (" ".repeat(inner), " ".repeat(indent));
    format!("{open}\n{before}{}\n{after}{close}", parts.join(&format!(",\n{before}")))
}

fn pretty_member((name, value): &(String, Value), indent: usize) -> String {
    let name = format!("{}: ", quoted(name));
    let value = pretty(value, indent, indent + name.chars().count());
    name + &value
}

fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Object(members) if members.is_empty() => "{}".into(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{}: {}", quoted(name), inline(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        other => json::write(other),
    }
}
