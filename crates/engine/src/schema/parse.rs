//! A schema as JSON, both ways.

use super::{AttributeField, AttributeKind, Field, FieldKind, Schema, StopWords, TextField, VectorField};
use crate::{
    Error, ErrorCode, Result, Value,
    document::{quoted, reader::ObjectReader},
    limits::{DIMENSIONS_MAX, FIELDS_MAX, NAME_BYTES_MAX},
    text::Language,
    vector::Metric,
};
use alloc::{format, string::String, vec::Vec};

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
    let mut options = ObjectReader::new(value, "schema")?;
    let members = match options.value("fields") {
        Some(Value::Object(members)) => members,
        Some(other) => return Err(Error::expected(&"fields", &"an object", &other.describe())),
        None => return Err(Error::expected(&"fields", &"an object", &"nothing")),
    };
    options.finish()?;
    if members.len() > FIELDS_MAX {
        return Err(Error::expected(&"fields", &format_args!("at most {FIELDS_MAX} fields"), &members.len()));
    }
    let fields = members.iter().map(|(name, value)| field(name, value)).collect::<Result<_>>()?;
    Ok(Schema { fields })
}

fn field(name: &str, value: &Value) -> Result<Field> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name == "id" || name.starts_with('$') {
        let expected = format!("1 to {NAME_BYTES_MAX} bytes, not \"id\", not starting with \"$\"");
        return Err(Error::expected(&"field name", &expected, &quoted(name)));
    }
    let path = format!("fields.{name}");
    let mut options = ObjectReader::new(value, &path)?;
    let many = options.boolean("many")?.unwrap_or(false);
    let attribute = |kind| FieldKind::Attribute(AttributeField { kind, many });
    let kind = match options.text("type")? {
        Some("text") => FieldKind::Text(text_field(&mut options, &path, many)?),
        Some("keyword") => attribute(AttributeKind::Keyword),
        Some("number") => attribute(AttributeKind::Number),
        Some("date") => attribute(AttributeKind::Date),
        Some("boolean") => attribute(AttributeKind::Boolean),
        Some("vector") if many => return Err(Error::expected(&path, &"one vector", &"many: true")),
        Some("vector") => FieldKind::Vector(vector_field(&mut options, &path)?),
        Some("geo") => return Err(Error::not_yet(&"the field type \"geo\"")),
        other => {
            let found = other.map_or_else(|| "nothing".into(), quoted);
            let expected = "text, keyword, number, date, boolean, geo or vector";
            return Err(Error::expected(&format_args!("{path}.type"), &expected, &found));
        }
    };
    options.finish()?;
    Ok(Field { name: name.into(), kind })
}

fn text_field(options: &mut ObjectReader<'_>, path: &str, many: bool) -> Result<TextField> {
    let weight = options.number("weight")?.unwrap_or(1.0);
    if !(weight > 0.0 && weight <= 1e6) {
        return Err(Error::expected(
            &format_args!("{path}.weight"),
            &"a number above 0, at most 1000000",
            &Value::Number(weight),
        ));
    }
    let language = match options.text("language")? {
        None => Language::None,
        Some(name) => {
            Language::from_name(name).ok_or_else(|| Error::not_yet(&format_args!("the language {}", quoted(name))))?
        }
    };
    let stop_words = match options.value("stopWords") {
        None | Some(Value::Boolean(false)) => StopWords::Off,
        Some(Value::Boolean(true)) => return Err(Error::not_yet(&"a built-in list of stop words")),
        Some(Value::Array(words)) => {
            let words = words.iter().map(|word| word.as_text().map(String::from)).collect::<Option<Vec<_>>>();
            StopWords::List(words.ok_or_else(|| Error::expected(&path, &"stop words that are strings", &"others"))?)
        }
        Some(other) => {
            let expected = "true, false or an array of strings";
            return Err(Error::expected(&format_args!("{path}.stopWords"), &expected, &other.describe()));
        }
    };
    let positions = options.boolean("positions")?.unwrap_or(true);
    Ok(TextField { weight: weight as f32, language, stop_words, positions, many })
}

fn vector_field(options: &mut ObjectReader<'_>, path: &str) -> Result<VectorField> {
    let dimensions = options.count("dimensions", DIMENSIONS_MAX)?.unwrap_or(0);
    if dimensions == 0 {
        let expected = format!("a whole number from 1 to {DIMENSIONS_MAX}");
        return Err(Error::expected(&format_args!("{path}.dimensions"), &expected, &dimensions));
    }
    let metric = match options.text("metric")? {
        None => Metric::Cosine,
        Some(name) => Metric::from_name(name).ok_or_else(|| {
            Error::expected(&format_args!("{path}.metric"), &Metric::names().join(", "), &quoted(name))
        })?,
    };
    let recall = options.number("recall")?.unwrap_or(0.95);
    if !(recall > 0.0 && recall <= 1.0) {
        return Err(Error::expected(
            &format_args!("{path}.recall"),
            &"a number above 0, at most 1",
            &Value::Number(recall),
        ));
    }
    let index = one_of(options, path, "index", &["auto", "flat", "hnsw", "ivf"])?;
    let quantization = one_of(options, path, "quantization", &["auto", "none", "int8", "rabitq"])?;
    Ok(VectorField { dimensions, metric, index, recall, quantization })
}

/// An option with a closed set of words, the first of which is the default.
fn one_of(options: &mut ObjectReader<'_>, path: &str, name: &str, words: &[&str]) -> Result<String> {
    let word = options.text(name)?.unwrap_or(words[0]);
    if words.contains(&word) {
        Ok(word.into())
    } else {
        Err(Error::expected(&format_args!("{path}.{name}"), &words.join(", "), &quoted(word)))
    }
}

pub(super) fn to_value(schema: &Schema) -> Value {
    let fields = schema.fields.iter().map(|field| (field.name.clone(), field_to_value(&field.kind))).collect();
    Value::Object(Vec::from([(String::from("fields"), Value::Object(fields))]))
}

pub(super) fn field_to_value(kind: &FieldKind) -> Value {
    let options: Vec<(&str, Value)> = match kind {
        FieldKind::Text(text) => Vec::from([
            ("type", "text".into()),
            ("weight", Value::Number(f64::from(text.weight))),
            ("language", text.language.name().into()),
            (
                "stopWords",
                match &text.stop_words {
                    StopWords::Off => false.into(),
                    StopWords::List(words) => words.clone().into(),
                },
            ),
            ("positions", text.positions.into()),
            ("many", text.many.into()),
        ]),
        FieldKind::Attribute(attribute) => {
            Vec::from([("type", attribute.kind.name().into()), ("many", attribute.many.into())])
        }
        FieldKind::Vector(vector) => Vec::from([
            ("type", "vector".into()),
            ("dimensions", vector.dimensions.into()),
            ("metric", vector.metric.name().into()),
            ("index", vector.index.as_str().into()),
            ("recall", vector.recall.into()),
            ("quantization", vector.quantization.as_str().into()),
        ]),
    };
    Value::Object(options.into_iter().map(|(name, value)| (String::from(name), value)).collect())
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
        }
    }
}
