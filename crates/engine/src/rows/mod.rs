//! A set of rows of one segment: one bit a row.

use crate::ids::RowId;
use alloc::{vec, vec::Vec};
use sanderling_kernels as kernels;

/// A set of rows below a fixed bound. None and all of them take no room, and next to no time.
#[derive(Clone, Debug, Default)]
pub struct RowSet {
    /// Where there are any, those of all rows.
    words: Vec<u64>,
    rows: usize,
    /// Where there are no words, what each of them is: 0, or every bit.
    fill: u64,
}

impl RowSet {
    /// No row of a segment of `rows` rows.
    #[must_use]
    pub fn none(rows: usize) -> Self {
        Self { words: Vec::new(), rows, fill: 0 }
    }

    /// Every row of a segment of `rows` rows.
    #[must_use]
    pub fn all(rows: usize) -> Self {
        Self { words: Vec::new(), rows, fill: u64::MAX }
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

    /// The rows for which `holds`, where that is quick to say.
    pub fn of_bits(rows: usize, holds: &mut impl FnMut(usize) -> bool) -> Self {
        let mut words = Vec::with_capacity(rows.div_ceil(64));
        for from in (0..rows).step_by(64) {
            let bits = (from..(from + 64).min(rows)).map(|row| u64::from(holds(row)) << (row % 64));
            words.push(bits.fold(0, |word, bit| word | bit));
        }
        Self { words, rows, fill: 0 }
    }

    /// The rows whose number is one of `count` from `first` on.
    #[must_use]
    pub fn of_numbers(numbers: &[u32], first: u32, count: u32) -> Self {
        let mut words = vec![0; numbers.len().div_ceil(64)];
        kernels::mark_between(numbers, first, count, &mut words);
        Self { words, rows: numbers.len(), fill: 0 }
    }

    /// The number of rows of the segment.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether every row is known to be in the set.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.words.is_empty() && self.fill != 0
    }

    /// Adds a row; one beyond the bound is left out.
    pub fn insert(&mut self, row: RowId) {
        if row.index() < self.rows {
            self.spell_out()[row.index() / 64] |= 1 << (row.index() % 64);
        }
    }

    /// Adds rows of the segment.
    pub fn insert_all(&mut self, rows: &[u32]) {
        if !rows.is_empty() {
            let words = self.spell_out();
            for row in rows {
                words[*row as usize / 64] |= 1 << (row % 64);
            }
        }
    }

    /// Adds rows that a file names, and says whether all of them exist.
    #[must_use]
    pub fn insert_named(&mut self, rows: &[u32]) -> bool {
        let bound = self.rows;
        kernels::mark_rows(rows, bound, self.spell_out())
    }

    /// Which of at most 32 rows are in the set, a bit each in their order.
    #[must_use]
    pub fn has_each(&self, rows: &[u32]) -> u32 {
        if !self.words.is_empty() {
            return kernels::marks_of(rows, &self.words);
        }
        rows.iter().zip(0..).fold(0, |mask, (row, at)| mask | u32::from(self.contains(RowId(*row))) << at)
    }

    /// Marks the places of the rows of the set, and counts them: row `r` has place `places[r]`.
    pub fn mark_places(&self, places: &[u32], marks: &mut [u64]) -> usize {
        if self.is_all() {
            let mut spelled = self.clone();
            kernels::mark_places(spelled.spell_out(), places, marks)
        } else {
            kernels::mark_places(&self.words, places, marks)
        }
    }

    /// Counts the codes of the rows of the set: row `r` has the codes `offsets[r]..offsets[r + 1]`; without offsets code `r`.
    pub fn count_codes(&self, offsets: &[u32], codes: &[u32], counts: &mut [u32]) {
        if self.is_all() {
            let mut spelled = self.clone();
            kernels::count_codes(spelled.spell_out(), offsets, codes, counts);
        } else {
            kernels::count_codes(&self.words, offsets, codes, counts);
        }
    }

    /// Whether the row is in the set.
    #[must_use]
    pub fn contains(&self, row: RowId) -> bool {
        let word = self.words.get(row.index() / 64).copied().unwrap_or(self.fill);
        row.index() < self.rows && word >> (row.index() % 64) & 1 == 1
    }

    /// The number of rows in the set.
    #[must_use]
    pub fn count(&self) -> usize {
        if self.is_all() { self.rows } else { self.words.iter().map(|word| word.count_ones() as usize).sum() }
    }

    /// Keeps what is in both sets.
    pub fn intersect(&mut self, other: &Self) {
        self.combine(other, |word, other| word & other);
    }

    /// Adds what is in the other set.
    pub fn unite(&mut self, other: &Self) {
        self.combine(other, |word, other| word | other);
    }

    /// Removes what is in the other set.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, |word, other| word & !other);
    }

    /// Keeps what was not in the set.
    pub fn invert(&mut self) {
        if self.words.is_empty() {
            self.fill = !self.fill;
        }
        for word in &mut self.words {
            *word = !*word;
        }
        self.clear_beyond();
    }

    /// Makes room for a segment that has grown.
    pub fn grow(&mut self, rows: usize) {
        if self.is_all() {
            self.spell_out();
        }
        if !self.words.is_empty() {
            self.words.resize(rows.div_ceil(64), 0);
        }
        self.rows = rows;
    }

    /// The rows, ascending.
    #[must_use]
    pub fn iter(&self) -> Rows<'_> {
        Rows { set: self, base: 0, rest: self.word(0) }
    }

    /// The rows from `64 * at` on, one bit each; none behind the last.
    #[must_use]
    pub fn word(&self, at: usize) -> u64 {
        match self.words.get(at) {
            Some(word) => *word,
            None if at < self.rows / 64 => self.fill,
            None if at == self.rows / 64 => self.fill & ((1 << (self.rows % 64)) - 1),
            None => 0,
        }
    }

    /// The set as words of 64 rows, for files.
    pub fn words(&self) -> impl Iterator<Item = u64> {
        (0..self.rows.div_ceil(64)).map(|at| self.word(at))
    }

    /// The set from the words of a file; bits beyond the bound are cleared.
    #[must_use]
    pub fn from_words(mut words: Vec<u64>, rows: usize) -> Self {
        words.resize(rows.div_ceil(64), 0);
        let mut set = Self { words, rows, fill: 0 };
        set.clear_beyond();
        set
    }

    /// Each word from those of both sets, bit by bit.
    fn combine(&mut self, other: &Self, combined: impl Fn(u64, u64) -> u64) {
        if other.words.is_empty() {
            match (combined(0, other.fill), combined(u64::MAX, other.fill)) {
                (0, 0) => *self = Self::none(self.rows),
                (0, _) => {}
                _ => *self = Self::all(self.rows),
            }
            return;
        }
        for (word, other) in self.spell_out().iter_mut().zip(&other.words) {
            *word = combined(*word, *other);
        }
    }

    /// Gives the set its words.
    fn spell_out(&mut self) -> &mut [u64] {
        if self.words.is_empty() {
            self.words = vec![self.fill; self.rows.div_ceil(64)];
            self.fill = 0;
            self.clear_beyond();
        }
        &mut self.words
    }

    fn clear_beyond(&mut self) {
        if !self.rows.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.rows % 64)) - 1;
        }
    }
}

impl PartialEq for RowSet {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows && self.words().eq(other.words())
    }
}

/// The rows of a set, ascending.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    set: &'a RowSet,
    /// The first row of the word looked at, and the rows of it that are still to come.
    base: u32,
    rest: u64,
}

impl Iterator for Rows<'_> {
    type Item = RowId;

    fn next(&mut self) -> Option<RowId> {
        while self.rest == 0 {
            if self.base as usize >= self.set.rows {
                return None;
            }
            self.base += 64;
            self.rest = self.set.word(self.base as usize / 64);
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
            let numbers: Vec<u32> = (0..rows as u32).map(|row| row % 7).collect();
            for (first, count) in [(0, 0), (0, 1), (2, 3), (6, 1), (0, 7), (3, 100), (7, 3)] {
                let expected = RowSet::matching(rows, &mut |row| (first..first + count).contains(&(row.0 % 7)));
                assert_eq!(RowSet::of_numbers(&numbers, first, count), expected);
            }
            assert_eq!(RowSet::all(rows).count(), rows);
            for (spelled, short) in
                [(RowSet::none(rows), RowSet::none(rows)), (RowSet::matching(rows, &mut |_| true), RowSet::all(rows))]
            {
                assert_eq!(spelled.iter().collect::<Vec<_>>(), short.iter().collect::<Vec<_>>());
                assert_eq!((spelled.count(), short.contains(RowId(rows as u32))), (short.count(), false));
                assert_eq!(spelled, short);
                for change in [RowSet::intersect, RowSet::unite, RowSet::subtract] {
                    let (mut one, mut other) = (thirds.clone(), thirds.clone());
                    change(&mut one, &spelled);
                    change(&mut other, &short);
                    assert_eq!(one, other);
                    let (mut one, mut other) = (spelled.clone(), short.clone());
                    change(&mut one, &evens);
                    change(&mut other, &evens);
                    assert_eq!(one, other);
                    change(&mut other, &short);
                    change(&mut one, &spelled);
                    assert_eq!(one, other);
                    one.invert();
                    other.invert();
                    assert_eq!(one.iter().collect::<Vec<_>>(), other.iter().collect::<Vec<_>>());
                }
                let (mut one, mut other) = (spelled, short);
                one.grow(rows + 70);
                other.grow(rows + 70);
                assert_eq!(one, other);
            }
            assert_eq!(RowSet::from_words(thirds.words().collect(), rows), thirds);
        }
    }
}
