//! Which rows have a phrase: its terms in one field, each at its place.

use super::lookup::{Lists, TextSegment, lists_of};
use super::words::Slot;
use crate::{ids::RowId, lists::map, query::Watch, rows::RowSet, text::Probe};
use alloc::vec::Vec;

/// Rows after which it is asked whether there is time for more.
const LOOK_EACH: usize = 1_024;

/// The rows of each segment that have the phrase. With `slop` its terms may stand apart: the places at which the phrase
/// would begin by each of its terms are at most so far from each other. Where a field keeps no places, the rows that have
/// all terms.
pub(super) fn rows_with_phrase(
    segments: &[TextSegment<'_>],
    slots: &[Slot],
    (slop, fields): (u32, usize),
    watch: &dyn Watch,
) -> Vec<RowSet> {
    let lists = map(slots, |slot| lists_of(segments, &slot.term));
    map(segments.iter().enumerate(), |(at, segment)| {
        let mut rows = RowSet::none(segment.rows());
        for field in 0..fields {
            let Some(column) = segment.columns[field] else { continue };
            let mut terms = Vec::new();
            for (slot, lists) in slots.iter().zip(&lists) {
                // A word that this field leaves out is no part of the phrase there; its place stays.
                let spelling = &slot.term.spelling[field];
                if !spelling.term.is_empty() || slot.term.prefix && !spelling.form.is_empty() {
                    terms.push(Placed::new(slot.place, field, &lists[at]));
                }
            }
            add_rows(&mut terms, column.has_positions, slop, &mut rows, watch);
        }
        rows
    })
}

/// Goes through the rows of the rarest term; the next one is looked up only where all before it fit.
fn add_rows(terms: &mut [Placed<'_>], has_positions: bool, slop: u32, found: &mut RowSet, watch: &dyn Watch) {
    for at in 0..terms.len() {
        let rarest = (at..terms.len()).min_by_key(|term| terms[*term].postings).unwrap_or(at);
        terms.swap(at, rarest);
    }
    let span = terms.iter().map(|term| term.place).max().unwrap_or(0);
    let Some((rarest, others)) = terms.split_first_mut() else { return };
    let (mut ends, mut of_other) = (Vec::new(), Vec::new());
    let mut apart = Apart { terms: Vec::new(), span, slop, taken: Vec::new() };
    for (looked_at, row) in rarest.rows().into_iter().enumerate() {
        if looked_at % LOOK_EACH == 0 && watch.is_over() {
            return;
        }
        if has_positions && slop == 0 {
            ends.clear();
            let fits = others.iter_mut().all(|term| {
                if !term.seek(row) {
                    return false;
                }
                if ends.is_empty() {
                    rarest.seek(row);
                    rarest.read_ends(span, &mut ends);
                }
                term.read_ends(span, &mut of_other);
                keep_common(&mut ends, &of_other)
            });
            if fits {
                found.insert(RowId(row));
            }
        } else if others.iter_mut().all(|term| term.seek(row)) {
            if has_positions {
                rarest.seek(row);
                apart.terms.resize(1 + others.len(), (0, Vec::new()));
                let terms = core::iter::once(&mut *rarest).chain(others.iter_mut());
                for (term, (place, ends)) in terms.zip(&mut apart.terms) {
                    *place = term.place;
                    term.read_ends(span, ends);
                }
            }
            if !has_positions || apart.is_phrase() {
                found.insert(RowId(row));
            }
        }
    }
}

/// Keeps the numbers that are among others too, both ascending; says whether there is any.
fn keep_common(numbers: &mut Vec<u32>, others: &[u32]) -> bool {
    let mut at = 0;
    numbers.retain(|number| {
        while others.get(at).is_some_and(|other| other < number) {
            at += 1;
        }
        others.get(at) == Some(number)
    });
    !numbers.is_empty()
}

/// The terms of a phrase that may stand apart, in one row.
struct Apart {
    /// The place of each in the phrase, and where the phrase would end by each place it has.
    terms: Vec<(u32, Vec<u32>)>,
    /// The last place of the phrase.
    span: u32,
    slop: u32,
    /// For each place from the first that counts the term that has it, and the one for which that was asked to give way.
    taken: Vec<(usize, usize)>,
}

/// No term.
const NONE: usize = usize::MAX;

impl Apart {
    /// Whether there is a place of each term, no two the same, such that the phrase would end at nearly the same place by all.
    fn is_phrase(&mut self) -> bool {
        (0..self.terms.len()).any(|term| {
            (0..self.terms[term].1.len()).any(|at| {
                let end = self.terms[term].1[at];
                self.taken.clear();
                self.taken.resize((self.span + self.slop) as usize + 1, (NONE, NONE));
                (0..self.terms.len()).all(|term| self.settle(term, term, end))
            })
        })
    }

    /// Finds a place for a term: a free one, or one whose term finds another. The phrase is to end at `end` or at most `slop`
    /// behind it.
    fn settle(&mut self, term: usize, asking: usize, end: u32) -> bool {
        let (place, ends) = &self.terms[term];
        let (behind, first) = (*place, ends.partition_point(|other| *other < end));
        // The others cannot take more than there are of them.
        let near = ends[first..].iter().take(self.terms.len()).take_while(|other| **other - end <= self.slop).count();
        for gives_way in [false, true] {
            for at in first..first + near {
                let place = (self.terms[term].1[at] - end + behind) as usize;
                let (owner, asked) = self.taken[place];
                if owner != NONE && (!gives_way || asked == asking) {
                    continue;
                }
                self.taken[place].1 = asking;
                if owner == NONE || self.settle(owner, asking, end) {
                    self.taken[place].0 = term;
                    return true;
                }
            }
        }
        false
    }
}

/// The postings of one term of a phrase in one field.
struct Placed<'a> {
    /// Its place in the phrase.
    place: u32,
    postings: usize,
    /// With the posting of the row that was looked for last.
    lists: Vec<(Probe<'a>, Option<usize>)>,
}

impl<'a> Placed<'a> {
    fn new(place: u32, field: usize, lists: &Lists<'a>) -> Self {
        let of_field = lists.iter().filter(|list| list.field == field);
        let lists = map(of_field, |list| (Probe::new(list.list), None));
        Self { place, postings: lists.iter().map(|(probe, _)| probe.list().len()).sum(), lists }
    }

    fn rows(&self) -> Vec<u32> {
        let mut rows = Vec::new();
        self.lists.iter().for_each(|(probe, _)| rows.append(&mut probe.list().rows()));
        if self.lists.len() > 1 {
            crate::order::sort(&mut rows);
            rows.dedup();
        }
        rows
    }

    /// Goes on to a row that is not before the last one; whether the term is there.
    fn seek(&mut self, row: u32) -> bool {
        let mut is_there = false;
        for (probe, found) in &mut self.lists {
            *found = probe.find(row);
            is_there |= found.is_some();
        }
        is_there
    }

    /// Where the phrase would end by each place of the term in the row that was found, ascending.
    fn read_ends(&mut self, span: u32, ends: &mut Vec<u32>) {
        ends.clear();
        let mut several = 0;
        for (probe, found) in &mut self.lists {
            if let Some(posting) = *found {
                probe.places(posting, span - self.place, ends);
                several += 1;
            }
        }
        if several > 1 {
            crate::order::sort(ends);
            ends.dedup();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every choice of places is tried: whether one has no place twice, and ends that are near each other.
    fn by_definition(terms: &[(u32, Vec<u32>)], slop: u32, taken: &[u32], ends: &[u32]) -> bool {
        if ends.iter().max() > ends.iter().min().map(|least| least + slop).as_ref() {
            return false;
        }
        let Some(((place, next), rest)) = terms.split_first() else { return true };
        next.iter().any(|end| {
            let own = end + place;
            !taken.contains(&own) && by_definition(rest, slop, &[taken, &[own]].concat(), &[ends, &[*end]].concat())
        })
    }

    #[test]
    fn terms_that_share_places_are_told_apart() {
        let (mut state, mut found) = (7_u32, [0; 2]);
        let mut below = |end: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % end
        };
        for _ in 0..20_000 {
            let (count, slop) = (2 + below(4), below(6));
            let terms = map(0..count, |place| {
                let mut places = map(0..1 + below(4), |_| below(8));
                places.sort_unstable();
                places.dedup();
                (place, map(places, |other| other + count - 1 - place))
            });
            let expected = by_definition(&terms, slop, &[], &[]);
            let mut apart = Apart { terms, span: count - 1, slop, taken: Vec::new() };
            assert_eq!(apart.is_phrase(), expected, "{:?} {slop}", apart.terms);
            found[usize::from(expected)] += 1;
        }
        assert!(found[0] > 1_000 && found[1] > 1_000, "{found:?}");
    }
}
