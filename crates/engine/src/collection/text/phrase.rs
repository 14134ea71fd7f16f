//! Which rows have a phrase: its terms in one field, each at its place.

use super::lookup::{Lists, TextSegment, lists_of};
use super::words::Slot;
use crate::{ids::RowId, lists::map, rows::RowSet, text::Probe};
use alloc::vec::Vec;
use sanderling_kernels::PACKED;

/// The rows of each segment that have the phrase. With `slop` its terms may stand apart: the places at which the phrase
/// would begin by each of its terms are at most so far from each other. Where a field keeps no places, the rows that have
/// all terms.
pub(super) fn rows_with_phrase(segments: &[TextSegment<'_>], slots: &[Slot], slop: u32, fields: usize) -> Vec<RowSet> {
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
            add_rows(&mut terms, column.has_positions, slop, &mut rows);
        }
        rows
    })
}

fn add_rows(terms: &mut [Placed<'_>], has_positions: bool, slop: u32, found: &mut RowSet) {
    let Some(rarest) = (0..terms.len()).min_by_key(|term| terms[*term].postings()) else { return };
    let rows = terms[rarest].rows();
    let mut places = map(terms.iter(), |term| (term.place, Vec::new()));
    for row in rows {
        if !terms.iter_mut().all(|term| term.seek(row)) {
            continue;
        }
        if has_positions {
            for (term, (_, places)) in terms.iter_mut().zip(&mut places) {
                term.read_places(places);
            }
        }
        if !has_positions || is_phrase(&places, slop) {
            found.insert(RowId(row));
        }
    }
}

/// Whether there is a place of each term such that the phrase would begin at nearly the same place by all of them.
fn is_phrase(terms: &[(u32, Vec<u32>)], slop: u32) -> bool {
    let mut used = Vec::new();
    let begins = if slop == 0 { &terms[..1] } else { terms };
    begins.iter().any(|(offset, places)| {
        places.iter().any(|place| begins_at(terms, i64::from(*place) - i64::from(*offset), slop, &mut used))
    })
}

/// Whether each term stands at its place behind `begin` or at most `slop` farther on. A word that the phrase has twice must
/// be there twice: each takes the first place that is left.
fn begins_at(terms: &[(u32, Vec<u32>)], begin: i64, slop: u32, used: &mut Vec<u32>) -> bool {
    used.clear();
    terms.iter().all(|(offset, places)| {
        let from = begin + i64::from(*offset);
        let first = places.partition_point(|place| i64::from(*place) < from);
        let near = places[first..].iter().take_while(|place| i64::from(**place) - from <= i64::from(slop));
        let free = near.copied().find(|place| !used.contains(place));
        used.extend(free);
        free.is_some()
    })
}

/// The postings of one term of a phrase in one field.
struct Placed<'a> {
    /// Its place in the phrase.
    place: u32,
    lists: Vec<PlacedList<'a>>,
}

struct PlacedList<'a> {
    probe: Probe<'a>,
    /// The posting of the row that was looked for last.
    found: Option<usize>,
    /// The postings whose places are at hand, and where those of each begin.
    from: usize,
    starts: Vec<u32>,
    places: Vec<u32>,
}

impl<'a> Placed<'a> {
    fn new(place: u32, field: usize, lists: &Lists<'a>) -> Self {
        let of_field = lists.iter().filter(|list| list.field == field);
        let lists = map(of_field, |list| PlacedList {
            probe: Probe::new(list.list),
            found: None,
            from: 0,
            starts: Vec::new(),
            places: Vec::new(),
        });
        Self { place, lists }
    }

    fn postings(&self) -> usize {
        self.lists.iter().map(|list| list.probe.list().len()).sum()
    }

    fn rows(&self) -> Vec<u32> {
        let mut rows = Vec::new();
        self.lists.iter().for_each(|list| rows.extend_from_slice(&list.probe.list().rows()));
        if self.lists.len() > 1 {
            rows.sort_unstable();
            rows.dedup();
        }
        rows
    }

    /// Goes on to a row that is not before the last one; whether the term is there.
    fn seek(&mut self, row: u32) -> bool {
        let mut is_there = false;
        for list in &mut self.lists {
            list.found = list.probe.find(row);
            is_there |= list.found.is_some();
        }
        is_there
    }

    /// The places of the term in the row that was found.
    fn read_places(&mut self, places: &mut Vec<u32>) {
        places.clear();
        let mut several = 0;
        for list in &mut self.lists {
            if let Some(posting) = list.found {
                list.read_places(posting, places);
                several += 1;
            }
        }
        if several > 1 {
            places.sort_unstable();
            places.dedup();
        }
    }
}

impl PlacedList<'_> {
    fn read_places(&mut self, posting: usize, out: &mut Vec<u32>) {
        let block = posting - posting % PACKED;
        if self.starts.is_empty() || block != self.from {
            self.from = block;
            self.starts.clear();
            self.places.clear();
            let (starts, places, list) = (&mut self.starts, &mut self.places, self.probe.list());
            list.positions(block, (block + PACKED).min(list.len()), &mut |_, found| {
                starts.push(places.len() as u32);
                places.extend_from_slice(found);
            });
            starts.push(places.len() as u32);
        }
        let at = posting - self.from;
        out.extend_from_slice(&self.places[self.starts[at] as usize..self.starts[at + 1] as usize]);
    }
}
