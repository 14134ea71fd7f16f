//! The id of a document: a string or a non-negative integer, never both at once.

use super::value::Value;
use crate::{
    Error, Result,
    limits::{ID_BYTES_MAX, ID_INTEGER_MAX},
    numbering::hash,
};
use alloc::{string::String, vec::Vec};
use core::fmt;

/// The id of a document. Integers order before strings, strings by their UTF-8 bytes; `1` and `"1"` are two documents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentId {
    /// An integer up to 2^53 - 1.
    Integer(u64),
    /// A string of 1 to 512 bytes.
    Text(String),
}

const EXPECTED: &str = "a string of 1 to 512 bytes or a whole number from 0 to 2^53 - 1";

/// The length of an id that the engine generates.
pub(crate) const GENERATED_ID_BYTES: usize = 13;

impl DocumentId {
    /// Checks a JSON value as an id.
    pub fn from_value(value: &Value) -> Result<Self> {
        match value {
            Value::Text(text) if text.is_empty() || text.len() > ID_BYTES_MAX => {
                Err(Error::expected(&"id", &EXPECTED, &format_args!("a string of {} bytes", text.len())))
            }
            Value::Text(text) => Ok(Self::Text(text.clone())),
            Value::Number(number) if is_safe_integer(*number) => Ok(Self::Integer(*number as u64)),
            other => Err(Error::expected(&"id", &EXPECTED, &other.describe())),
        }
    }

    /// The id as a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Integer(number) => Value::Number(*number as f64),
            Self::Text(text) => Value::Text(text.clone()),
        }
    }

    /// The id that the engine gives to a document that came without one: the number of its write, in letters and digits
    /// that sort as the numbers do. It depends on nothing but the writes before, so every host makes the same.
    #[must_use]
    pub fn generated(sequence: u64) -> Self {
        const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let digits = (0..13).rev().map(|place| DIGITS[(sequence >> (place * 5) & 31) as usize] as char);
        Self::Text(digits.collect())
    }

    /// The hash for tables: equal ids have equal ones.
    pub(crate) fn hash(&self) -> u32 {
        match self {
            Self::Integer(number) => hash(&number.to_le_bytes()),
            Self::Text(text) => hash(text.as_bytes()),
        }
    }

    /// The stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_bytes(&mut bytes);
        bytes
    }

    /// Appends the stored form: a tag byte, then 8 bytes of the integer or the string's bytes.
    pub fn write_bytes(&self, out: &mut Vec<u8>) {
        match self {
            Self::Integer(number) => {
                out.push(0);
                out.extend_from_slice(&number.to_le_bytes());
            }
            Self::Text(text) => {
                out.push(1);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0, number @ ..] => {
                let number = u64::from_le_bytes(number.try_into().ok()?);
                (number <= ID_INTEGER_MAX).then_some(Self::Integer(number))
            }
            [1, text @ ..] if !text.is_empty() => Some(Self::Text(core::str::from_utf8(text).ok()?.into())),
            _ => None,
        }
    }
}

/// Whether a JSON number is a whole number that every host holds exactly.
pub(crate) fn is_safe_integer(number: f64) -> bool {
    number >= 0.0 && number <= ID_INTEGER_MAX as f64 && libm::trunc(number) == number
}

impl From<&str> for DocumentId {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for DocumentId {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for DocumentId {
    fn from(number: u64) -> Self {
        Self::Integer(number)
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}
