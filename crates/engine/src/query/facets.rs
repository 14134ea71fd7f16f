//! What is counted over all matches of a search.

use crate::{Value, lists::map};
use alloc::{string::String, vec::Vec};

/// A field whose values are counted over all matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Facet {
    /// An attribute.
    pub field: String,
    /// What is counted.
    pub kind: FacetKind,
}

/// What is counted of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum FacetKind {
    /// How many documents have each value.
    Values {
        /// At most so many of the commonest values come back.
        limit: usize,
    },
    /// How many documents have a value in each range: from the first bound on, below the second; `null` is no bound. Of a
    /// date field they are written like dates.
    Ranges(Vec<[Value; 2]>),
    /// The least and the greatest value.
    Bounds,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq)]
pub enum FacetCounts {
    /// Values with the number of documents that have them: most documents first, then in order of the values.
    Values(Vec<(Value, usize)>),
    /// The ranges as they were asked for, with the number of documents that have a value in them.
    Ranges(Vec<([Value; 2], usize)>),
    /// How many documents have a value, and which is the least and the greatest, if there is any.
    Bounds(usize, Option<[Value; 2]>),
}

impl FacetCounts {
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Values(values) => Value::Array(map(values, |(value, count)| {
                Value::object().with("value", value.clone()).with("count", *count)
            })),
            Self::Ranges(ranges) => Value::Array(map(ranges, |([from, to], count)| {
                Value::object().with("from", from.clone()).with("to", to.clone()).with("count", *count)
            })),
            Self::Bounds(count, bounds) => {
                let counted = Value::object().with("count", *count);
                let Some([least, most]) = bounds else { return counted };
                counted.with("min", least.clone()).with("max", most.clone())
            }
        }
    }
}
