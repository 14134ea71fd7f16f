//! A schema as JSON, both ways.

use super::{AttributeField, AttributeKind, Field, FieldKind, Schema, StopWords, TextField, VectorField};
use crate::{
    Error, ErrorCode, Result, Value,
    document::{quoted, reader::ObjectReader},
    limits::{DIMENSIONS_MAX, FIELDS_MAX, NAME_BYTES_MAX},
    lists::{map, try_map},
    text::Language,
    vector::{INDEX_NAMES, IndexKind, Metric, QUANTIZATION_NAMES, Quantization},
};
use alloc::format;

/// A schema that is wrong in itself is error "schema", whatever part of it is wrong.
pub(super) fn schema(value: &Value) -> Result<Schema> {
    read_schema(value).map_err(|error| match error.code() {
        ErrorCode::Invalid => {
            let details = error.details().iter();
            let base = Error::new(ErrorCode::Schema, format!("schema: {}", error.message()));
            details.fold(base, |error, (name, value)| error.with(name, value.clone()))
        }
        _ => error,
    })
}

fn read_schema(value: &Value) -> Result<Schema> {
    let mut options = ObjectReader::new(value, &"schema")?;
    let members = match options.value("fields") {
        Some(Value::Object(members)) => members,
        Some(other) => return Err(Error::expected(&"fields", &"an object", &other.describe())),
        None => return Err(Error::expected(&"fields", &"an object", &"nothing")),
    };
    options.finish()?;
    if members.len() > FIELDS_MAX {
        return Err(Error::expected(&"fields", &format_args!("at most {FIELDS_MAX} fields"), &members.len()));
    }
    let fields = try_map(members, |(name, value)| field(name, value))?;
    Ok(Schema { fields })
}

fn field(name: &str, value: &Value) -> Result<Field> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name == "id" || name.starts_with('$') {
        let expected = format_args!("1 to {NAME_BYTES_MAX} bytes, not \"id\", not starting with \"$\"");
        return Err(Error::expected(&"field name", &expected, &quoted(name)));
    }
    let path = format_args!("fields.{name}");
    let mut options = ObjectReader::new(value, &path)?;
    let many = options.boolean("many")?.unwrap_or(false);
    let attribute = |kind| FieldKind::Attribute(AttributeField { kind, many });
    let kind = match options.text("type")? {
        Some("text") => FieldKind::Text(text_field(&mut options, many)?),
        Some("keyword") => attribute(AttributeKind::Keyword),
        Some("number") => attribute(AttributeKind::Number),
        Some("date") => attribute(AttributeKind::Date),
        Some("boolean") => attribute(AttributeKind::Boolean),
        Some("vector") if many => return Err(Error::expected(&path, &"one vector", &"many: true")),
        Some("vector") => FieldKind::Vector(vector_field(&mut options)?),
        Some("geo") => attribute(AttributeKind::Geo),
        other => {
            let found = other.map_or_else(|| "nothing".into(), quoted);
            let expected = "text, keyword, number, date, boolean, geo or vector";
            return Err(options.wrong("type", &expected, &found));
        }
    };
    options.finish()?;
    Ok(Field { name: name.into(), kind })
}

fn text_field(options: &mut ObjectReader<'_>, many: bool) -> Result<TextField> {
    let weight = options.number("weight")?.unwrap_or(1.0);
    if !(weight > 0.0 && weight <= 1e6) {
        return Err(options.wrong("weight", &"a number above 0, at most 1000000", &Value::Number(weight)));
    }
    let language = match options.text("language")? {
        None => Language::None,
        Some(name) => {
            let names = || map(Language::ALL, |language| language.name()).join(", ");
            Language::from_name(name).ok_or_else(|| options.wrong("language", &names(), &quoted(name)))?
        }
    };
    let stop_words = match options.value("stopWords") {
        None | Some(Value::Boolean(false)) => StopWords::Off,
        Some(Value::Boolean(true)) => StopWords::BuiltIn,
        Some(Value::Array(words)) => StopWords::List(try_map(words, |word| match word {
            Value::Text(word) => Ok(word.clone()),
            _ => Err(options.wrong("stopWords", &"strings", &"others")),
        })?),
        Some(other) => {
            let expected = "true, false or an array of strings";
            return Err(options.wrong("stopWords", &expected, &other.describe()));
        }
    };
    let positions = options.boolean("positions")?.unwrap_or(true);
    Ok(TextField { weight: weight as f32, language, stop_words, positions, many })
}

fn vector_field(options: &mut ObjectReader<'_>) -> Result<VectorField> {
    let dimensions = options.count("dimensions", DIMENSIONS_MAX)?.unwrap_or(0);
    if dimensions == 0 {
        let expected = format_args!("a whole number from 1 to {DIMENSIONS_MAX}");
        return Err(options.wrong("dimensions", &expected, &dimensions));
    }
    let metric = match options.text("metric")? {
        None => Metric::Cosine,
        Some(name) => Metric::from_name(name)
            .ok_or_else(|| options.wrong("metric", &Metric::names().join(", "), &quoted(name)))?,
    };
    let recall = options.number("recall")?.unwrap_or(0.95);
    if !(recall > 0.0 && recall <= 1.0) {
        return Err(options.wrong("recall", &"a number above 0, at most 1", &Value::Number(recall)));
    }
    let index = one_of(options, "index", &INDEX_NAMES, IndexKind::from_name)?;
    let quantization = one_of(options, "quantization", &QUANTIZATION_NAMES, Quantization::from_name)?;
    Ok(VectorField { dimensions, metric, index, recall, quantization })
}

/// An option with a closed set of words, the first of which is the default.
fn one_of<T>(
    options: &mut ObjectReader<'_>,
    name: &str,
    words: &[&str],
    from_name: fn(&str) -> Option<T>,
) -> Result<T> {
    let word = options.text(name)?.unwrap_or(words[0]);
    from_name(word).ok_or_else(|| options.wrong(name, &words.join(", "), &quoted(word)))
}

pub(super) fn to_value(schema: &Schema) -> Value {
    let fields = map(&schema.fields, |field| (field.name.clone(), field_to_value(&field.kind)));
    Value::object().with("fields", Value::Object(fields))
}

pub(super) fn field_to_value(kind: &FieldKind) -> Value {
    match kind {
        FieldKind::Text(text) => {
            let stop_words = match &text.stop_words {
                StopWords::Off => Value::Boolean(false),
                StopWords::BuiltIn => Value::Boolean(true),
                StopWords::List(words) => words.clone().into(),
            };
            Value::object()
                .with("type", "text")
                .with("weight", f64::from(text.weight))
                .with("language", text.language.name())
                .with("stopWords", stop_words)
                .with("positions", text.positions)
                .with("many", text.many)
        }
        FieldKind::Attribute(attribute) => {
            Value::object().with("type", attribute.kind.name()).with("many", attribute.many)
        }
        FieldKind::Vector(vector) => Value::object()
            .with("type", "vector")
            .with("dimensions", vector.dimensions)
            .with("metric", vector.metric.name())
            .with("index", vector.index.name())
            .with("recall", vector.recall)
            .with("quantization", vector.quantization.name()),
    }
}

impl AttributeKind {
    /// The type's name in a schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Number => "number",
            Self::Date => "date",
            Self::Boolean => "boolean",
            Self::Geo => "geo",
        }
    }
}
