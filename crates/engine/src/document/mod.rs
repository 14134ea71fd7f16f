//! Documents and the JSON values they are made of.

mod date;
mod id;
pub mod json;
mod json_reader;
mod json_writer;
pub(crate) mod number;
pub mod reader;
#[cfg(feature = "serde")]
mod serde_value;
mod value;

pub use date::parse_iso;
pub use id::DocumentId;
pub(crate) use id::{GENERATED_ID_BYTES, is_safe_integer};
pub use json::Json;
pub use value::{Description, IsJsonElement, Members, Value, quoted};

use crate::{Error, Result};
use alloc::{string::String, vec::Vec};

/// A document: an optional id and named values.
///
/// ```
/// use sanderling_engine::Document;
/// let document = Document::from_json(r#"{ "id": "b1", "title": "Shore birds" }"#)?.with("year", 1999);
/// assert_eq!(document.get("year").and_then(|year| year.as_number()), Some(1999.0));
/// # Ok::<(), sanderling_engine::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// The id; a document without one gets one when it is put.
    pub id: Option<DocumentId>,
    /// The fields, in order, without the id.
    pub fields: Members,
}

impl Document {
    /// A document without fields.
    #[must_use]
    pub fn new(id: impl Into<DocumentId>) -> Self {
        Self { id: Some(id.into()), fields: Vec::new() }
    }

    /// Reads a document from JSON: text, a [`Value`] or a `serde_json::Value`.
    pub fn from_json(json: impl Json) -> Result<Self> {
        match json.to_value()? {
            Value::Object(mut fields) => {
                let id = match fields.iter().position(|(name, _)| name == "id") {
                    Some(at) => Some(DocumentId::from_value(&fields.remove(at).1)?),
                    None => None,
                };
                Ok(Self { id, fields })
            }
            other => Err(Error::expected(&"document", &"an object", &other.describe())),
        }
    }

    /// Adds or replaces a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value.into());
        self
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    /// Adds or replaces a field.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, slot)) => *slot = value,
            None => self.fields.push((String::from(name), value)),
        }
    }

    /// The document as one JSON value, id first.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut members = Vec::with_capacity(self.fields.len() + 1);
        if let Some(id) = &self.id {
            members.push((String::from("id"), id.to_value()));
        }
        members.extend_from_slice(&self.fields);
        Value::Object(members)
    }
}
