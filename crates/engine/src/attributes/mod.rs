//! Attributes: values that are compared as they are, by filters, facets, groups and orders.
//!
//! Each different value of a column is kept once, in its *dictionary*, and named by a code ([`AttributeColumn`]). In a sealed segment
//! codes ascend with their values and each has the list of its rows ([`Postings`]), so a filter is a range of codes, and its rows
//! are copied and not looked for. Places on the globe have cells instead of codes ([`GeoArea`]).

mod column;
mod geo;
mod growing;

pub use column::{AttributeColumn, ColumnValues, Dictionary, Postings};
pub(crate) use geo::degrees;
pub use geo::{GeoArea, GeoBox, GeoPoint, GeoRadius, cell_of};
pub use growing::GrowingAttribute;

use crate::{
    Error, Result, Value,
    document::parse_iso,
    lists::{map, try_map},
    schema::{AttributeField, AttributeKind},
};
use core::cmp::Ordering;

/// One value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AttributeValue<'a> {
    /// Of a keyword field.
    Keyword(&'a str),
    /// Of a number or date field.
    Number(f64),
    /// Of a boolean field.
    Boolean(bool),
    /// Of a geo field.
    Geo(GeoPoint),
}

impl AttributeValue<'_> {
    /// The order of two values of one field. Places have none: all are equal.
    #[must_use]
    pub fn order(self, other: AttributeValue<'_>) -> Ordering {
        match (self, other) {
            (Self::Keyword(one), AttributeValue::Keyword(other)) => one.cmp(other),
            (Self::Number(one), AttributeValue::Number(other)) => one.total_cmp(&other),
            (Self::Boolean(one), AttributeValue::Boolean(other)) => one.cmp(&other),
            _ => Ordering::Equal,
        }
    }

    /// The value as JSON.
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            Self::Keyword(text) => text.into(),
            Self::Number(number) => Value::Number(number),
            Self::Boolean(value) => value.into(),
            Self::Geo(point) => Value::object().with("lat", point.lat).with("lon", point.lon),
        }
    }
}

/// A number as columns keep it: of the two zeros there is one.
#[must_use]
pub fn number_of(number: f64) -> f64 {
    number + 0.0
}

/// Checks a document's value against its field. A date comes back as its milliseconds, everything else as it was;
/// `null` and an empty array are absent.
pub fn normalize(path: &str, field: &AttributeField, value: Value) -> Result<Value> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Array(items) if field.many => {
            try_map(items, |item| normalize_one(path, field.kind, item)).map(Value::Array)
        }
        Value::Vector(values) if field.many && field.kind == AttributeKind::Number => {
            Ok(Value::Array(map(&values, |value| Value::Number(f64::from(*value)))))
        }
        one => normalize_one(path, field.kind, one),
    }
}

fn normalize_one(path: &str, kind: AttributeKind, value: Value) -> Result<Value> {
    let expected = match (kind, &value) {
        (AttributeKind::Keyword, Value::Text(_))
        | (AttributeKind::Number | AttributeKind::Date, Value::Number(_))
        | (AttributeKind::Boolean, Value::Boolean(_)) => return Ok(value),
        (AttributeKind::Geo, value) => {
            return GeoPoint::from_value(&path, value).map(|_| value.clone());
        }
        (AttributeKind::Date, Value::Text(text)) => match parse_iso(text) {
            Some(milliseconds) => return Ok(Value::Number(milliseconds)),
            None => "an ISO 8601 date or milliseconds",
        },
        (AttributeKind::Keyword, _) => "a string",
        (AttributeKind::Number, _) => "a number",
        (AttributeKind::Date, _) => "an ISO 8601 date or milliseconds",
        (AttributeKind::Boolean, _) => "true or false",
    };
    Err(Error::expected(&path, &format_args!("{expected} ({} field)", kind.name()), &value.describe()))
}

/// The text of bytes that were checked when their segment was opened.
pub(crate) fn checked_text(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}
