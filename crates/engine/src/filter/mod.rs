//! Filters: a tree of conditions over attributes, checked against the schema when it is read.
//!
//! The world is closed: on an absent field every comparison is false, `$ne` and `$nin` too. Nothing is coerced: a value
//! of another type than the field's equals nothing.
//!
//! A filter is written as JSON ([`mod@parse`]) or, where that JSON is a string, as text ([`mod@text`]); both give one tree.

mod parse;
mod plan;
mod prepared;
mod text;

pub use prepared::{Prepared, rows_matching};

use crate::{Result, Schema, Value, attributes::GeoArea};
use alloc::{boxed::Box, string::String, vec::Vec};

/// A checked filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Every part holds; none is true.
    All(Vec<Filter>),
    /// Some part holds; none is false.
    Any(Vec<Filter>),
    /// The part does not hold.
    Not(Box<Filter>),
    /// The field has a value (or, if false, has none).
    Exists(usize, bool),
    /// Some value of the field passes the test.
    Test(usize, Test),
}

/// A test of one value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It equals.
    Equal(Operand),
    /// It does not equal.
    NotEqual(Operand),
    /// It is one of these.
    In(Vec<Operand>),
    /// It is none of these.
    NotIn(Vec<Operand>),
    /// It lies on that side.
    Ordered(Side, Operand),
    /// It is a string that begins so.
    StartsWith(String),
    /// It is a place in that area.
    Within(GeoArea),
}

/// Which side of an operand a value must lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Above.
    Greater,
    /// Above or equal.
    GreaterOrEqual,
    /// Below.
    Less,
    /// Below or equal.
    LessOrEqual,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A string.
    Keyword(String),
    /// A number, or a date as its milliseconds.
    Number(f64),
    /// A boolean.
    Boolean(bool),
    /// A value of a type that the field does not have: it equals nothing.
    Foreign,
}

impl Filter {
    /// Reads and checks a filter: an object, or a string that is one as text.
    pub fn from_value(value: &Value, schema: &Schema) -> Result<Self> {
        match value {
            Value::Text(text) => text::filter(text, schema),
            value => parse::filter(value, schema),
        }
    }
}
