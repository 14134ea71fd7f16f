//! What a plan says of a filter: which condition was spelled out first, and how.

use super::{Filter, Prepared, Side, Test, prepared::Part};
use crate::Schema;
use alloc::{format, string::String};

impl Prepared<'_> {
    /// The condition whose rows are found first, with its way. Of several that must all hold it is the narrowest; the others
    /// are asked row by row where few rows are left, and spelled out too where many are.
    #[must_use]
    pub fn driver(&self, filter: &Filter, schema: &Schema) -> String {
        let way = match (&self.part, filter) {
            (Part::All(parts), Filter::All(filters)) => {
                return match (0..parts.len()).min_by_key(|at| parts[*at].estimate()) {
                    Some(first) => parts[first].driver(&filters[first], schema),
                    None => "nothing".into(),
                };
            }
            (Part::Any(parts), _) => return format!("any of {} conditions", parts.len()),
            (Part::Not(part), Filter::Not(filter)) => return format!("not {}", part.driver(filter, schema)),
            (Part::Codes { .. }, _) => "postings",
            (Part::Passing { .. }, _) => "codes row by row",
            (Part::Within { .. }, _) => "cells of places",
            (Part::Set(_), _) => "rows with a value",
            _ => "no row has one",
        };
        let (field, operator) = match filter {
            Filter::Test(field, test) => (*field, name_of(test)),
            Filter::Exists(field, _) => (*field, "$exists"),
            _ => return way.into(),
        };
        format!("{} {operator} ({way})", schema.fields.get(field).map_or("", |field| &field.name))
    }
}

fn name_of(test: &Test) -> &'static str {
    match test {
        Test::Equal(_) => "$eq",
        Test::NotEqual(_) => "$ne",
        Test::In(_) => "$in",
        Test::NotIn(_) => "$nin",
        Test::Ordered(Side::Greater, _) => "$gt",
        Test::Ordered(Side::GreaterOrEqual, _) => "$gte",
        Test::Ordered(Side::Less, _) => "$lt",
        Test::Ordered(Side::LessOrEqual, _) => "$lte",
        Test::StartsWith(_) => "$startsWith",
        Test::Within(_) => "a geo area",
    }
}
