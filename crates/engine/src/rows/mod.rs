//! A set of rows of one segment: one bit a row.

use crate::ids::RowId;
use alloc::{vec, vec::Vec};

/// A set of rows below a fixed bound.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RowSet {
    words: Vec<u64>,
    rows: usize,
}

impl RowSet {
    /// No row of a segment of `rows` rows.
    #[must_use]
    pub fn none(rows: usize) -> Self {
        Self { words: vec![0; rows.div_ceil(64)], rows }
    }

    /// Every row of a segment of `rows` rows.
    #[must_use]
    pub fn all(rows: usize) -> Self {
        let mut set = Self { words: vec![u64::MAX; rows.div_ceil(64)], rows };
        set.clear_beyond();
        set
    }

    /// The rows for which `holds`.
    pub fn matching(rows: usize, holds: &mut dyn FnMut(RowId) -> bool) -> Self {
        let mut set = Self::none(rows);
        for row in (0..rows as u32).map(RowId) {
            if holds(row) {
                set.insert(row);
            }
        }
        set
    }

    /// The number of rows of the segment.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a row; one beyond the bound is left out.
    pub fn insert(&mut self, row: RowId) {
        if row.index() < self.rows {
            self.words[row.index() / 64] |= 1 << (row.index() % 64);
        }
    }

    /// Adds rows of the segment.
    pub fn insert_all(&mut self, rows: &[u32]) {
        for row in rows {
            self.words[*row as usize / 64] |= 1 << (row % 64);
        }
    }

    /// Whether the row is in the set.
    #[must_use]
    pub fn contains(&self, row: RowId) -> bool {
        row.index() < self.rows && self.words[row.index() / 64] >> (row.index() % 64) & 1 == 1
    }

    /// The number of rows in the set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Keeps what is in both sets.
    pub fn intersect(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    /// Adds what is in the other set.
    pub fn unite(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// Removes what is in the other set.
    pub fn subtract(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }

    /// Keeps what was not in the set.
    pub fn invert(&mut self) {
        for word in &mut self.words {
            *word = !*word;
        }
        self.clear_beyond();
    }

    /// Makes room for a segment that has grown.
    pub fn grow(&mut self, rows: usize) {
        self.words.resize(rows.div_ceil(64), 0);
        self.rows = rows;
    }

    /// The rows, ascending.
    #[must_use]
    pub fn iter(&self) -> Rows<'_> {
        Rows { words: &self.words, base: 0, rest: self.words.first().copied().unwrap_or_default() }
    }

    /// The set as words of 64 rows, for files.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The set from the words of a file; bits beyond the bound are cleared.
    #[must_use]
    pub fn from_words(mut words: Vec<u64>, rows: usize) -> Self {
        words.resize(rows.div_ceil(64), 0);
        let mut set = Self { words, rows };
        set.clear_beyond();
        set
    }

    fn clear_beyond(&mut self) {
        if !self.rows.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.rows % 64)) - 1;
        }
    }
}

/// The rows of a set, ascending.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    words: &'a [u64],
    /// The first row of the word looked at, and the rows of it that are still to come.
    base: u32,
    rest: u64,
}

impl Iterator for Rows<'_> {
    type Item = RowId;

    fn next(&mut self) -> Option<RowId> {
        while self.rest == 0 {
            self.base += 64;
            self.rest = *self.words.get(self.base as usize / 64)?;
        }
        let row = RowId(self.base + self.rest.trailing_zeros());
        self.rest &= self.rest - 1;
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_behave_like_a_list_of_booleans() {
        for rows in [0, 1, 63, 64, 65, 200] {
            let thirds = RowSet::matching(rows, &mut |row| row.0 % 3 == 0);
            let evens = RowSet::matching(rows, &mut |row| row.0 % 2 == 0);
            let mut both = thirds.clone();
            both.intersect(&evens);
            let mut either = thirds.clone();
            either.unite(&evens);
            let mut not_thirds = thirds.clone();
            not_thirds.invert();
            let mut only_evens = evens.clone();
            only_evens.subtract(&thirds);
            let expect =
                |holds: &dyn Fn(u32) -> bool| (0..rows as u32).filter(|row| holds(*row)).map(RowId).collect::<Vec<_>>();
            assert_eq!(both.iter().collect::<Vec<_>>(), expect(&|row| row % 6 == 0));
            assert_eq!(either.iter().collect::<Vec<_>>(), expect(&|row| row % 3 == 0 || row % 2 == 0));
            assert_eq!(not_thirds.iter().collect::<Vec<_>>(), expect(&|row| row % 3 != 0));
            assert_eq!(only_evens.iter().collect::<Vec<_>>(), expect(&|row| row % 2 == 0 && row % 3 != 0));
            let mut listed = RowSet::none(rows);
            listed.insert_all(&thirds.iter().map(|row| row.0).collect::<Vec<_>>());
            assert_eq!(listed, thirds);
            assert_eq!(RowSet::all(rows).count(), rows);
            assert_eq!(RowSet::from_words(thirds.words().to_vec(), rows), thirds);
        }
    }
}
