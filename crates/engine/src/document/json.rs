//! JSON text to values and back, with code of our own: a general reader with its tables costs more wasm than a whole
//! index, and a document must be read and written alike, bit for bit, on every host.

use super::{json_reader, json_writer, value::Value};
use crate::Result;
use alloc::string::String;

/// Anything that can be read as a JSON value: text, a [`Value`], with the feature `serde_json` a
/// `serde_json::Value`.
pub trait Json {
    /// The value.
    fn to_value(self) -> Result<Value>;
}

impl Json for &str {
    fn to_value(self) -> Result<Value> {
        parse(self)
    }
}

impl Json for &String {
    fn to_value(self) -> Result<Value> {
        parse(self)
    }
}

impl Json for String {
    fn to_value(self) -> Result<Value> {
        parse(&self)
    }
}

impl Json for Value {
    fn to_value(self) -> Result<Value> {
        Ok(self)
    }
}

impl Json for &Value {
    fn to_value(self) -> Result<Value> {
        Ok(self.clone())
    }
}

/// Reads JSON text.
pub fn parse(text: &str) -> Result<Value> {
    json_reader::read(text)
}

/// Writes JSON text.
#[must_use]
pub fn write(value: &Value) -> String {
    let mut text = String::new();
    json_writer::write(value, &mut text);
    text
}
