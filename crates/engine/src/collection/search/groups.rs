//! Hits put together by the values of a field.

use super::{Ranking, order::of_value};
use crate::{
    Value,
    attributes::AttributeValue,
    collection::state::CollectionState,
    lists::map,
    numbering::{Numbering, hash},
    order::sorted,
    query::{Candidate, Watch},
};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Groups, the one with the best hit first.
pub(super) struct Groups(pub Vec<Group>);

/// The best candidates with one value.
pub(super) struct Group {
    pub value: Value,
    /// What the group has its place by, even if none of it is shown.
    pub first: Candidate,
    pub members: Vec<Candidate>,
}

impl Groups {
    /// How many groups begin with one of the first `place` that are ranked: of those that the last of these opens, if that is
    /// `split`, no more than up to a value.
    pub fn count_ahead(&self, ranked: &[Candidate], place: usize, split: Option<&Value>) -> usize {
        let mut rank = 0;
        let is_behind = &mut |group: &Group| {
            // Groups are in the order of what they begin with.
            while ranked.get(rank).is_some_and(|candidate| candidate.place() != group.first.place()) {
                rank += 1;
            }
            let is_split = split.is_some_and(|value| {
                let [value, of_group] = [value, &group.value].map(of_value);
                of_group.zip(value).is_some_and(|(of_group, value)| of_group.order(value) == Ordering::Greater)
            });
            rank >= place || (is_split && rank + 1 == place)
        };
        self.0.iter().position(is_behind).unwrap_or(self.0.len())
    }
}

impl CollectionState {
    /// The first `wanted` groups of at most `limit` hits each, as they are over all matches: the ranking goes on until they are
    /// full or there is no more.
    pub(super) fn grouped(
        &self,
        field: usize,
        limit: usize,
        (wanted, watch): (usize, &dyn Watch),
        ranking: &mut dyn FnMut(usize) -> Ranking,
    ) -> (Ranking, Groups) {
        let mut needed = wanted.saturating_mul(limit.max(1));
        loop {
            let ranking = ranking(needed);
            let groups = self.groups_of(field, limit, wanted, &ranking.ranked);
            let are_full = groups.0.len() == wanted && groups.0.iter().all(|group| group.members.len() == limit);
            if are_full || ranking.is_all || needed == 0 || watch.is_over() {
                return (ranking, groups);
            }
            needed = needed.saturating_mul(4).max(needed.saturating_add(64));
        }
    }

    /// The values of a candidate in their order, which is not that of their codes while a segment grows; null if it has none.
    fn values_of(&self, candidate: &Candidate, field: usize) -> Vec<Value> {
        let mut values: Vec<AttributeValue<'_>> = Vec::new();
        if let Some(column) = self.attribute(candidate.segment, field) {
            values.extend(column.values(candidate.row));
        }
        if values.is_empty() {
            return Vec::from([Value::Null]);
        }
        map(sorted(values.len(), &mut |a, b| values[a].order(values[b])), |at| values[at as usize].to_value())
    }

    fn groups_of(&self, field: usize, limit: usize, wanted: usize, ranked: &[Candidate]) -> Groups {
        let mut groups: Vec<Group> = Vec::new();
        let mut number_of = Numbering::default();
        for candidate in ranked {
            for value in self.values_of(candidate, field) {
                let hash = hash_of(&value);
                let is_same = &mut |number: u32| groups[number as usize].value == value;
                let number = match number_of.find(hash, is_same) {
                    Some(number) => number as usize,
                    None if groups.len() == wanted => continue,
                    None => {
                        number_of.set(hash, groups.len() as u32, &mut |_| false);
                        groups.push(Group { value, first: *candidate, members: Vec::new() });
                        groups.len() - 1
                    }
                };
                if groups[number].members.len() < limit {
                    groups[number].members.push(*candidate);
                }
            }
        }
        Groups(groups)
    }
}

fn hash_of(value: &Value) -> u32 {
    match value {
        Value::Text(text) => hash(text.as_bytes()),
        Value::Number(number) => hash(&number.to_le_bytes()),
        Value::Boolean(value) => hash(&[u8::from(*value)]),
        _ => 0,
    }
}
