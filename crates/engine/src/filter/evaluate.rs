//! The rows of a segment that a filter lets through.

use super::{Filter, Operand, Side, Test};
use crate::{attributes::AttributeValue, rows::RowSet, segment::Segment};
use core::cmp::Ordering;

/// The rows of the segment for which the filter holds, live or not.
#[must_use]
pub fn rows_matching(filter: &Filter, segment: &Segment<'_>) -> RowSet {
    let rows = segment.rows();
    match filter {
        Filter::All(parts) => {
            let mut set = RowSet::all(rows);
            parts.iter().for_each(|part| set.intersect(&rows_matching(part, segment)));
            set
        }
        Filter::Any(parts) => {
            let mut set = RowSet::none(rows);
            parts.iter().for_each(|part| set.unite(&rows_matching(part, segment)));
            set
        }
        Filter::Not(part) => {
            let mut set = rows_matching(part, segment);
            set.invert();
            set
        }
        Filter::Exists(field, exists) => {
            let mut set = segment.rows_with(*field);
            if !exists {
                set.invert();
            }
            set
        }
        Filter::Test(field, test) => match segment.attribute(*field) {
            Some(column) => RowSet::matching(rows, &mut |row| column.values(row).any(|value| passes(value, test))),
            None => RowSet::none(rows),
        },
    }
}

fn passes(value: AttributeValue<'_>, test: &Test) -> bool {
    match test {
        Test::Equal(operand) => compare(value, operand) == Some(Ordering::Equal),
        Test::NotEqual(operand) => compare(value, operand) != Some(Ordering::Equal),
        Test::In(operands) => operands.iter().any(|operand| compare(value, operand) == Some(Ordering::Equal)),
        Test::NotIn(operands) => operands.iter().all(|operand| compare(value, operand) != Some(Ordering::Equal)),
        Test::Ordered(side, operand) => compare(value, operand).is_some_and(|ordering| side.holds(ordering)),
        Test::StartsWith(prefix) => matches!(value, AttributeValue::Keyword(text) if text.starts_with(prefix.as_str())),
    }
}

impl Side {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Greater => ordering == Ordering::Greater,
            Self::GreaterOrEqual => ordering != Ordering::Less,
            Self::Less => ordering == Ordering::Less,
            Self::LessOrEqual => ordering != Ordering::Greater,
        }
    }
}

/// The order of two values of one type; none where the types differ.
fn compare(value: AttributeValue<'_>, operand: &Operand) -> Option<Ordering> {
    match (value, operand) {
        (AttributeValue::Keyword(text), Operand::Keyword(other)) => Some(text.cmp(other.as_str())),
        (AttributeValue::Number(number), Operand::Number(other)) => number.partial_cmp(other),
        (AttributeValue::Boolean(value), Operand::Boolean(other)) => Some(value.cmp(other)),
        _ => None,
    }
}
