//! Which rows have enough of the words of a query.

use super::{lookup::TextSegment, words::QueryTerm};
use crate::{lists::map, rows::RowSet};
use alloc::vec::Vec;

/// The rows that are in so many of the sets.
pub(super) fn with_at_least(needed: usize, sets: &[&RowSet], rows: usize) -> RowSet {
    // Set `n` has the rows that are in at least `n + 1` of those so far.
    let mut levels = map(0..needed, |_| RowSet::none(rows));
    for set in sets {
        for level in (0..needed).rev() {
            let mut with = (*set).clone();
            if level > 0 {
                with.intersect(&levels[level - 1]);
            }
            levels[level].unite(&with);
        }
    }
    levels.pop().unwrap_or_default()
}

/// The rows that have a word, from those that have its terms.
pub(super) struct WordRows {
    pieces: Vec<Option<RowSet>>,
    wholes: Vec<RowSet>,
    is_strict: bool,
}

impl WordRows {
    pub fn new(segments: &[TextSegment<'_>], is_strict: bool) -> Self {
        let wholes = map(segments, |segment| RowSet::none(segment.rows()));
        Self { pieces: map(segments, |_| None), wholes, is_strict }
    }

    pub fn add(&mut self, term: &QueryTerm, rows: Vec<RowSet>) {
        for (at, rows) in rows.into_iter().enumerate() {
            match &mut self.pieces[at] {
                _ if term.whole => self.wholes[at].unite(&rows),
                Some(pieces) if self.is_strict => pieces.intersect(&rows),
                Some(pieces) => pieces.unite(&rows),
                none => *none = Some(rows),
            }
        }
    }

    pub fn rows(self) -> Vec<RowSet> {
        map(self.pieces.into_iter().zip(self.wholes), |(pieces, mut rows)| {
            if let Some(pieces) = pieces {
                rows.unite(&pieces);
            }
            rows
        })
    }
}
