//! Matches in the order of their fields.

use crate::{
    Result, Value,
    attributes::{AttributeColumn, AttributeValue},
    collection::state::CollectionState,
    lists::map,
    order::first_of,
    query::{Candidate, Order, Sort},
};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// A field to order by.
pub(super) struct SortKey {
    field: usize,
    order: Order,
}

impl CollectionState {
    pub(super) fn sort_key(&self, sort: &Sort) -> Result<SortKey> {
        Ok(SortKey { field: self.attribute_field(&"sort.field", &sort.field)?.0, order: sort.order })
    }

    /// The first `limit` of the candidates; ties go to the older write.
    pub(super) fn ordered(&self, keys: &[SortKey], candidates: &[Candidate], limit: usize) -> Vec<Candidate> {
        let columns = map(keys, |key| map(0..=self.held.len(), |at| self.attribute(at, key.field)));
        let compare = &mut |a: usize, b: usize| {
            let (a, b) = (&candidates[a], &candidates[b]);
            for (key, columns) in keys.iter().zip(&columns) {
                let of = |candidate: &Candidate| first_value(columns[candidate.segment], candidate, key.order);
                let ordering = compare(key.order, of(a), of(b));
                if ordering != Ordering::Equal {
                    return ordering;
                }
            }
            a.place().cmp(&b.place())
        };
        map(first_of(candidates.len(), limit, compare), |at| candidates[at as usize])
    }

    /// What a candidate is ordered by.
    pub(super) fn sort_values(&self, keys: &[SortKey], candidate: &Candidate) -> Vec<Value> {
        map(keys, |key| {
            let column = self.attribute(candidate.segment, key.field);
            first_value(column, candidate, key.order).map_or(Value::Null, AttributeValue::to_value)
        })
    }
}

/// How such values are ordered, those left out at the end aside.
pub(super) fn compare_values(keys: &[SortKey], a: &[Value], b: &[Value]) -> Ordering {
    let orderings = keys.iter().zip(a.iter().zip(b)).map(|(key, (a, b))| compare(key.order, of_value(a), of_value(b)));
    orderings.fold(Ordering::Equal, Ordering::then)
}

pub(super) fn of_value(value: &Value) -> Option<AttributeValue<'_>> {
    match value {
        Value::Text(text) => Some(AttributeValue::Keyword(text)),
        Value::Number(number) => Some(AttributeValue::Number(*number)),
        Value::Boolean(value) => Some(AttributeValue::Boolean(*value)),
        _ => None,
    }
}

/// What has no value comes last in either order.
fn compare(order: Order, a: Option<AttributeValue<'_>>, b: Option<AttributeValue<'_>>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if order == Order::Descending => b.order(a),
        (Some(a), Some(b)) => a.order(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Of several values the one that comes first.
fn first_value<'a>(
    column: Option<AttributeColumn<'a>>,
    candidate: &Candidate,
    order: Order,
) -> Option<AttributeValue<'a>> {
    let mut first: Option<AttributeValue<'a>> = None;
    for value in column?.values(candidate.row) {
        let comes_first = match order {
            Order::Ascending => Ordering::Less,
            Order::Descending => Ordering::Greater,
        };
        if first.is_none_or(|first| value.order(first) == comes_first) {
            first = Some(value);
        }
    }
    first
}
