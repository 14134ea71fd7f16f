//! The schema of a collection: which fields are indexed, and how.
//!
//! A field keeps its position for ever: segments and the log speak of fields by position, and a schema may only grow at
//! its end.

mod build;
mod parse;

use crate::{
    Error, ErrorCode, Result, Value,
    document::{Json, json, quoted},
    text::Language,
    vector::{IndexKind, Metric, Quantization},
};
use alloc::{format, string::String, vec::Vec};

/// The fields of a collection, in the order of their declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The fields; a field's position is its identity in files.
    pub fields: Vec<Field>,
}

/// One indexed field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name in documents.
    pub name: String,
    /// How it is indexed.
    pub kind: FieldKind,
}

/// How a field is indexed.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// Words, found by BM25.
    Text(TextField),
    /// Values compared as they are, found by filters.
    Attribute(AttributeField),
    /// Vectors, found by similarity.
    Vector(VectorField),
}

/// A text field.
#[derive(Clone, Debug, PartialEq)]
pub struct TextField {
    /// How much a word here counts against a word elsewhere.
    pub weight: f32,
    /// The language whose stemmer is used.
    pub language: Language,
    /// Words that are not indexed.
    pub stop_words: StopWords,
    /// Whether the places of words are kept for phrases.
    pub positions: bool,
    /// Whether the field holds an array of texts.
    pub many: bool,
}

/// Words that a text field leaves out.
#[derive(Clone, Debug, PartialEq)]
pub enum StopWords {
    /// None.
    Off,
    /// The list of the field's language.
    BuiltIn,
    /// The caller's own list.
    List(Vec<String>),
}

/// A field whose values are compared as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeField {
    /// The type of its values.
    pub kind: AttributeKind,
    /// Whether the field holds an array of them.
    pub many: bool,
}

/// The type of an attribute's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    /// Exact strings.
    Keyword,
    /// Numbers.
    Number,
    /// Moments, kept as milliseconds since 1970.
    Date,
    /// True or false.
    Boolean,
    /// Places on the globe.
    Geo,
}

/// A vector field.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorField {
    /// The length of each vector.
    pub dimensions: usize,
    /// How two vectors are compared.
    pub metric: Metric,
    /// The index that is asked for.
    pub index: IndexKind,
    /// The share of true neighbours that a search aims at.
    pub recall: f64,
    /// What the index keeps of each vector.
    pub quantization: Quantization,
}

/// What a second schema is to the one in force.
#[derive(Clone, Debug, PartialEq)]
pub enum SchemaChange {
    /// The same fields.
    Same,
    /// The same fields and more.
    Extended(Schema),
}

impl Schema {
    /// Reads a schema from JSON: `{ "fields": { name: { "type": ... } } }`.
    ///
    /// ```
    /// use sanderling_engine::Schema;
    /// let schema = Schema::from_json(r#"{ "fields": { "title": { "type": "text" } } }"#)?;
    /// assert_eq!(schema.position("title"), Some(0));
    /// # Ok::<(), sanderling_engine::Error>(())
    /// ```
    pub fn from_json(source: impl Json) -> Result<Self> {
        parse::schema(&source.to_value()?)
    }

    /// The position of a field.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The names of the fields of some kinds, for messages.
    #[must_use]
    pub(crate) fn names(&self, of: fn(&FieldKind) -> bool) -> String {
        let mut names = String::new();
        for field in self.fields.iter().filter(|field| of(&field.kind)) {
            if !names.is_empty() {
                names.push_str(", ");
            }
            names.push_str(&field.name);
        }
        names
    }

    /// The text fields with their positions.
    pub fn text_fields(&self) -> impl Iterator<Item = (usize, &TextField)> {
        self.fields.iter().enumerate().filter_map(|(position, field)| match &field.kind {
            FieldKind::Text(text) => Some((position, text)),
            _ => None,
        })
    }

    /// The vector fields with their positions.
    pub fn vector_fields(&self) -> impl Iterator<Item = (usize, &VectorField)> {
        self.fields.iter().enumerate().filter_map(|(position, field)| match &field.kind {
            FieldKind::Vector(vector) => Some((position, vector)),
            _ => None,
        })
    }

    /// The schema as JSON text, every option written out.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::write(&self.to_value())
    }

    /// The schema as a JSON value, every option written out.
    #[must_use]
    pub fn to_value(&self) -> Value {
        parse::to_value(self)
    }

    /// Compares the schema in force with another: it may be the same or add fields, else it is an error.
    pub fn change_to(&self, other: &Self) -> Result<SchemaChange> {
        for field in &self.fields {
            match other.fields.iter().find(|candidate| candidate.name == field.name) {
                None => {
                    let problem =
                        format!("the field {} of the collection is missing in the new schema", quoted(&field.name));
                    return Err(Error::new(ErrorCode::Schema, problem).with("field", field.name.as_str()));
                }
                Some(candidate) if candidate.kind != field.kind => {
                    let path = format!("field {}", quoted(&field.name));
                    let (ours, theirs) = (parse::field_to_value(&field.kind), parse::field_to_value(&candidate.kind));
                    return Err(Error::mismatch(ErrorCode::Schema, &path, &format_args!("{ours}"), &theirs)
                        .with("field", field.name.as_str()));
                }
                Some(_) => {}
            }
        }
        let added: Vec<Field> =
            other.fields.iter().filter(|field| self.position(&field.name).is_none()).cloned().collect();
        if added.is_empty() {
            return Ok(SchemaChange::Same);
        }
        let mut fields = self.fields.clone();
        fields.extend(added);
        Ok(SchemaChange::Extended(Self { fields }))
    }
}
