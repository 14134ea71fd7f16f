//! Reads the members of an options object one by one and refuses what nobody asked for.

use super::value::{Value, quoted};
use crate::{Error, Result};
use alloc::{format, string::String, vec::Vec};

/// Reads an object of options. An option that is `null` counts as absent; one that was never asked for is an error.
pub struct ObjectReader<'a> {
    path: String,
    members: Vec<Option<&'a (String, Value)>>,
}

impl<'a> ObjectReader<'a> {
    /// Starts reading `value`, which must be an object; `path` is its name in messages.
    pub fn new(value: &'a Value, path: &str) -> Result<Self> {
        match value {
            Value::Object(members) => Ok(Self { path: path.into(), members: members.iter().map(Some).collect() }),
            other => Err(Error::expected(&path, &"an object", &other.describe())),
        }
    }

    /// The option `name`, if present and not null.
    pub fn value(&mut self, name: &str) -> Option<&'a Value> {
        let slot = self.members.iter_mut().find(|member| member.is_some_and(|(key, _)| key == name))?;
        match slot.take() {
            Some((_, Value::Null)) | None => None,
            Some((_, value)) => Some(value),
        }
    }

    /// The option `name` as a number.
    pub fn number(&mut self, name: &str) -> Result<Option<f64>> {
        self.typed(name, "a number", Value::as_number)
    }

    /// The option `name` as a string.
    pub fn text(&mut self, name: &str) -> Result<Option<&'a str>> {
        self.typed(name, "a string", Value::as_text)
    }

    /// The option `name` as a boolean.
    pub fn boolean(&mut self, name: &str) -> Result<Option<bool>> {
        self.typed(name, "true or false", |value| match value {
            Value::Boolean(value) => Some(*value),
            _ => None,
        })
    }

    /// The option `name` as a whole number up to `max`.
    pub fn count(&mut self, name: &str, max: usize) -> Result<Option<usize>> {
        let Some(number) = self.number(name)? else { return Ok(None) };
        if number >= 0.0 && number <= max as f64 && libm::trunc(number) == number {
            Ok(Some(number as usize))
        } else {
            Err(Error::expected(
                &self.name_of(name),
                &format_args!("a whole number from 0 to {max}"),
                &Value::Number(number),
            ))
        }
    }

    /// The option `name` as an array of strings.
    pub fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>> {
        let path = self.name_of(name);
        let Some(value) = self.value(name) else { return Ok(None) };
        let Value::Array(items) = value else {
            return Err(Error::expected(&path, &"an array of strings", &value.describe()));
        };
        items
            .iter()
            .map(|item| {
                item.as_text().map(String::from).ok_or_else(|| Error::expected(&path, &"strings", &item.describe()))
            })
            .collect::<Result<_>>()
            .map(Some)
    }

    /// Refuses the option `name` when it is given: the contract has it, this version does not.
    pub fn not_yet(&mut self, name: &str) -> Result<()> {
        match self.value(name) {
            Some(_) => Err(Error::not_yet(&self.name_of(name))),
            None => Ok(()),
        }
    }

    /// Refuses every option that was not read.
    pub fn finish(self) -> Result<()> {
        match self.members.iter().flatten().next() {
            Some((name, _)) => Err(Error::expected(&self.path, &"options of the contract", &quoted(name))),
            None => Ok(()),
        }
    }

    fn typed<T>(
        &mut self,
        name: &str,
        expected: &'static str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let path = self.name_of(name);
        match self.value(name) {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| Error::expected(&path, &expected, &value.describe())),
        }
    }

    fn name_of(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}
