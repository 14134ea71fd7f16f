//! Reads the members of an options object one by one and refuses what nobody asked for.

use super::value::{Value, quoted};
use crate::{Error, Result, lists::try_map};
use alloc::{string::String, vec::Vec};
use core::fmt::Display;

/// Reads an object of options. An option that is `null` counts as absent; one that was never asked for is an error.
///
/// It owns nothing: its callers leave at many places with an error, and would drop it at each.
pub struct ObjectReader<'a> {
    path: &'a dyn Display,
    members: &'a [(String, Value)],
    /// A bit for each member that was asked for.
    read: u128,
}

impl<'a> ObjectReader<'a> {
    /// Starts reading `value`, which must be an object; `path` is its name in messages.
    pub fn new(value: &'a Value, path: &'a dyn Display) -> Result<Self> {
        match value {
            Value::Object(members) if members.len() <= 128 => Ok(Self { path, members, read: 0 }),
            Value::Object(members) => {
                Err(Error::expected(path, &"options of the contract", &format_args!("{} options", members.len())))
            }
            other => Err(Error::expected(path, &"an object", &other.describe())),
        }
    }

    /// The option `name`, if present and not null.
    pub fn value(&mut self, name: &str) -> Option<&'a Value> {
        let at = self.members.iter().position(|(key, _)| key == name)?;
        self.read |= 1 << at;
        Some(&self.members[at].1).filter(|value| !matches!(value, Value::Null))
    }

    /// The option `name` as a number.
    pub fn number(&mut self, name: &str) -> Result<Option<f64>> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Number(number)) if number.is_finite() => Ok(Some(*number)),
            Some(other) => Err(self.wrong(name, &"a number", &other.describe())),
        }
    }

    /// The option `name` as a string.
    pub fn text(&mut self, name: &str) -> Result<Option<&'a str>> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, &"a string", &other.describe())),
        }
    }

    /// The option `name` as a boolean.
    pub fn boolean(&mut self, name: &str) -> Result<Option<bool>> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Boolean(value)) => Ok(Some(*value)),
            Some(other) => Err(self.wrong(name, &"true or false", &other.describe())),
        }
    }

    /// The option `name` as a whole number up to `max`.
    pub fn count(&mut self, name: &str, max: usize) -> Result<Option<usize>> {
        match self.number(name)? {
            None => Ok(None),
            Some(number) if number >= 0.0 && number <= max as f64 && libm::trunc(number) == number => {
                Ok(Some(number as usize))
            }
            Some(number) => {
                Err(self.wrong(name, &format_args!("a whole number from 0 to {max}"), &Value::Number(number)))
            }
        }
    }

    /// The option `name` as a number in a range.
    pub fn number_within(&mut self, name: &str, from: f64, to: f64) -> Result<Option<f64>> {
        match self.number(name)? {
            Some(number) if !(from..=to).contains(&number) => {
                let expected = &format_args!("a number from {} to {}", Value::Number(from), Value::Number(to));
                Err(self.wrong(name, expected, &Value::Number(number)))
            }
            number => Ok(number),
        }
    }

    /// The option `name` as an array of strings.
    pub fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Array(items)) => try_map(items, |item| match item {
                Value::Text(text) => Ok(text.clone()),
                other => Err(self.wrong(name, &"strings", &other.describe())),
            })
            .map(Some),
            Some(other) => Err(self.wrong(name, &"an array of strings", &other.describe())),
        }
    }

    /// Refuses the option `name` when it is given: the contract has it, this version does not.
    pub fn not_yet(&mut self, name: &str) -> Result<()> {
        match self.value(name) {
            // Switched off is what this version does.
            None | Some(Value::Boolean(false)) => Ok(()),
            Some(_) => Err(Error::not_yet(&format_args!("{}.{name}", self.path))),
        }
    }

    /// Refuses every option that was not read.
    pub fn finish(&self) -> Result<()> {
        match self.members.get((!self.read).trailing_zeros() as usize) {
            Some((name, _)) => Err(Error::expected(self.path, &"options of the contract", &quoted(name))),
            None => Ok(()),
        }
    }

    /// An error about the option `name`.
    #[cold]
    #[inline(never)]
    pub fn wrong(&self, name: &str, expected: &dyn Display, found: &dyn Display) -> Error {
        Error::expected(&format_args!("{}.{name}", self.path), expected, found)
    }
}
