//! Matches in the order of their fields.

use crate::{
    Result,
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
                let ordering = match (of(a), of(b)) {
                    (Some(a), Some(b)) if key.order == Order::Descending => b.order(a),
                    (Some(a), Some(b)) => a.order(b),
                    // What has no value comes last in either order.
                    (a, b) => b.is_some().cmp(&a.is_some()),
                };
                if ordering != Ordering::Equal {
                    return ordering;
                }
            }
            a.place().cmp(&b.place())
        };
        map(first_of(candidates.len(), limit, compare), |at| candidates[at as usize])
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
