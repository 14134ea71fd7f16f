//! Plain JSON values, as they mean the same in TypeScript, Rust and files: every number is an f64, object keys are
//! unique and keep their order.

use crate::{lists::map, order::sorted};
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};
use core::fmt;

/// The members of an object, in order. Keys are unique.
pub type Members = Vec<(String, Value)>;

/// A JSON value; `Vector` is a packed array of numbers, equal in meaning to an array of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A finite number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Object(Members),
    /// Numbers that never were JSON text (a `Float32Array`, a slice of f32).
    Vector(Box<[f32]>),
}

impl Value {
    /// An object without members.
    #[must_use]
    pub fn object() -> Self {
        Self::Object(Vec::new())
    }

    /// The object with another member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Self>) -> Self {
        self.add(name, value.into());
        self
    }

    #[inline(never)]
    fn add(&mut self, name: &str, value: Self) {
        if let Self::Object(members) = self {
            members.push((name.to_owned(), value));
        }
    }

    /// The member `key` of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a number.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Text(text) => text.len(),
                Self::Array(items) => items.iter().map(Self::bytes).sum(),
                Self::Object(members) => members.iter().map(|(name, value)| name.len() + value.bytes()).sum(),
                Self::Vector(numbers) => numbers.len() * 4,
                _ => 0,
            }
    }

    /// What the value is, in a few words for an error message.
    #[must_use]
    pub fn describe(&self) -> Description<'_> {
        Description(self)
    }
}

/// Shows a value shortly, for error messages.
pub struct Description<'a>(&'a Value);

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("null"),
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Number(_) => write!(f, "the number {}", self.0),
            Value::Text(text) if text.len() > 160 => {
                write!(f, "the string {}...", quoted(text.get(..text.floor_char_boundary(40)).unwrap_or_default()))
            }
            Value::Text(text) => write!(f, "the string {}", quoted(text)),
            Value::Array(items) => write!(f, "an array of {}", items.len()),
            Value::Object(_) => f.write_str("an object"),
            Value::Vector(values) => write!(f, "a vector of {} dimensions", values.len()),
        }
    }
}

/// A text in quotes, for messages.
#[must_use]
pub fn quoted(text: &str) -> String {
    super::json::write(&Value::Text(text.into()))
}

/// Keeps the last of several members with one key, in the place of the first: what JSON readers agree on.
pub(crate) fn unique_members(members: Members) -> Members {
    let order = sorted(members.len(), &mut |a, b| members[a].0.cmp(&members[b].0));
    // Where each member goes: the place of the first with its key.
    let mut place: Vec<u32> = (0..members.len() as u32).collect();
    let mut repeated = false;
    for pair in order.windows(2) {
        let (before, after) = (pair[0] as usize, pair[1] as usize);
        if members[before].0 == members[after].0 {
            place[after] = place[before];
            repeated = true;
        }
    }
    if !repeated {
        return members;
    }
    let mut unique: Members = Vec::new();
    let mut moved_to = Vec::new();
    for (at, member) in members.into_iter().enumerate() {
        let first = place[at] as usize;
        moved_to.push(unique.len());
        if first == at {
            unique.push(member);
        } else {
            unique[moved_to[first]] = member;
        }
    }
    unique
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Number(f64::from(value))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Number(f64::from(value))
    }
}

/// Counts and offsets stay far below 2^53, where an f64 is exact.
impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Number(value as f64)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Number(value as f64)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&[f32]> for Value {
    fn from(value: &[f32]) -> Self {
        Self::Vector(value.into())
    }
}

impl From<Vec<f32>> for Value {
    fn from(value: Vec<f32>) -> Self {
        Self::Vector(value.into_boxed_slice())
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value
where
    T: IsJsonElement,
{
    fn from(value: Vec<T>) -> Self {
        Self::Array(map(value, Into::into))
    }
}

/// The element types of arrays that are not vectors.
pub trait IsJsonElement {}
impl IsJsonElement for Value {}
impl IsJsonElement for &str {}
impl IsJsonElement for String {}
impl IsJsonElement for f64 {}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::json::write(self))
    }
}
