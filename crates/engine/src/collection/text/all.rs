//! Documents that have all words of a query, where each word is a list or a few: gone through row by row of the rarest.

use super::{Entry, FieldList, FoundTerm, Matching, lookup::Weighing, words::Unit};
use crate::{lists::map, order::sorted, query::Fuzziness, text::Probe};
use alloc::vec::Vec;

/// The lists of a term that are looked up one by one; more are put together first.
const PROBED_MAX: usize = 8;

/// Rows after which it is asked whether there is time for more.
const LOOK_EACH: usize = 4_096;

/// A term that is looked up row by row in its lists of one segment.
pub(super) struct Sought<'a, 'l> {
    weighing: Weighing<'l>,
    lists: Vec<(&'l FieldList<'a>, Probe<'a>, Option<usize>)>,
}

impl<'a, 'l> Sought<'a, 'l> {
    pub fn new(weighing: Weighing<'l>, lists: &'l [FieldList<'a>]) -> Self {
        Self { weighing, lists: map(lists, |list| (list, Probe::new(list.list), None)) }
    }

    fn postings(&self) -> usize {
        self.lists.iter().map(|(list, ..)| list.list.len()).sum()
    }

    /// Goes on to a row; whether the term is there.
    pub fn seek(&mut self, row: u32) -> bool {
        let mut is_there = false;
        for (_, probe, found) in &mut self.lists {
            *found = probe.find(row);
            is_there |= found.is_some();
        }
        is_there
    }

    /// The score of the row that was found: the counts of all lists are added before they are scored.
    pub fn score(&self, row: u32) -> f32 {
        let mut sum = 0.0;
        for (list, _, found) in &self.lists {
            if let Some(posting) = found {
                sum += self.weighing.weighted(list, row, list.list.count(*posting));
            }
        }
        self.weighing.scorer.score(sum)
    }
}

impl<'a> Matching<'a, '_> {
    /// Where all words are needed and each is a few lists: one entry a segment, the rows that have all of them with their
    /// whole scores. Whether that is so.
    pub(super) fn add_all(&mut self, units: &[Unit]) -> bool {
        let query = self.text.query;
        if !query.all_words || units.len() < 2 || query.fuzzy != Fuzziness::Off || self.wants_details {
            return false;
        }
        let mut found = Vec::new();
        for unit in units {
            let [word] = unit.words.as_slice() else { return false };
            if !unit.phrase.is_empty() || word.terms.len() > 1 {
                return false;
            }
            found.push(self.find(&word.terms[0], word.repeated));
        }
        if found.iter().flat_map(|term| &term.lists).any(|lists| lists.len() > PROBED_MAX) {
            return false;
        }
        for at in 0..self.segments.len() {
            let entry = self.all_in(&found, at);
            self.entries[at].push(entry);
        }
        true
    }

    fn all_in(&self, found: &[FoundTerm<'a>], at: usize) -> Entry<'a> {
        let sought = |term: &FoundTerm<'a>| self.weighing(self.scorer(term.idf, term.repeated));
        let mut terms = map(found, |term| Sought::new(sought(term), &term.lists[at]));
        let order = sorted(terms.len(), &mut |a, b| terms[a].postings().cmp(&terms[b].postings()));
        let Some((rarest, others)) = order.split_first() else { return Entry::Known(Vec::new(), Vec::new()) };
        let mut scores = Vec::new();
        let mut rows = rows_of(&found[*rarest as usize].lists[at]);
        let mut looked_at = 0;
        rows.retain(|row| {
            looked_at += 1;
            if looked_at % LOOK_EACH == 0 && self.watch.is_over() {
                return false;
            }
            // The rarest has it: that one is looked up last.
            let is_there = others.iter().chain([rarest]).all(|term| terms[*term as usize].seek(*row));
            if is_there {
                scores.push(terms.iter().fold(0.0, |score, term| score + term.score(*row)));
            }
            is_there
        });
        Entry::Known(rows, scores)
    }
}

/// The rows of some lists.
fn rows_of(lists: &[FieldList<'_>]) -> Vec<u32> {
    let mut rows = Vec::new();
    lists.iter().for_each(|list| rows.extend_from_slice(&list.list.rows()));
    if lists.len() > 1 {
        crate::order::sort(&mut rows);
        rows.dedup();
    }
    rows
}
