//! Which rows have enough of the words of a query.

use super::words::QueryTerm;
use crate::{lists::map, rows::RowSet};
use alloc::vec::Vec;

/// The rows that are in so many of the sets, at least one.
pub(super) fn with_at_least(needed: usize, sets: &[&RowSet], rows: usize) -> RowSet {
    // Set `n` has the rows that are in at least `n + 1` of those so far.
    let mut levels = map(0..needed, |_| RowSet::none(rows));
    for set in sets {
        for level in (1..needed).rev() {
            let mut with = (*set).clone();
            with.intersect(&levels[level - 1]);
            levels[level].unite(&with);
        }
        levels[0].unite(set);
    }
    levels.pop().unwrap_or_default()
}

/// The rows of each segment that have a word, from those that have its terms. A list without segments stands for no term.
pub(super) struct WordRows {
    pieces: Vec<RowSet>,
    wholes: Vec<RowSet>,
    is_strict: bool,
}

impl WordRows {
    pub fn new(is_strict: bool) -> Self {
        Self { pieces: Vec::new(), wholes: Vec::new(), is_strict }
    }

    pub fn add(&mut self, term: &QueryTerm, rows: Vec<RowSet>) {
        let known = if term.whole { &mut self.wholes } else { &mut self.pieces };
        add(known, rows, self.is_strict && !term.whole);
    }

    pub fn rows(mut self) -> Vec<RowSet> {
        add(&mut self.pieces, self.wholes, false);
        self.pieces
    }
}

/// Keeps what both have, or what either has.
fn add(known: &mut Vec<RowSet>, rows: Vec<RowSet>, is_strict: bool) {
    if known.is_empty() {
        *known = rows;
        return;
    }
    for (known, rows) in known.iter_mut().zip(&rows) {
        if is_strict { known.intersect(rows) } else { known.unite(rows) }
    }
}
