//! The index of a text field in a sealed segment: a sorted dictionary, and for each term the rows that have it.
//!
//! Rows are packed in blocks of 128; those behind the last whole block stand in the term's record, so a rare term costs a few
//! bytes. Each posting has a byte, its cell, that says at most what it can score; the exact count is in the cell for all but
//! the most frequent words, and beside it for those.

/// What is kept of a posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub enum Kept {
    /// The row alone: enough to know whether a document has a form.
    Rows,
    /// How often the term stands there, in a cell.
    Counts,
    /// And where.
    Places,
}

mod cells;
mod dictionary;
mod fuzzy;
mod read;
mod varint;
mod write;

pub use cells::{BestCells, EXACT_MAX, best_of, cell_of, length_bins};
pub use dictionary::{DictionaryView, DictionaryWriter, Terms};
pub use fuzzy::Fuzzy;
pub use read::{KnownTerms, Passed, PostingsView, SealedList};
pub use write::{PostingsWriter, TermPostings};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lists::map, stored::Stored};
    use alloc::{format, string::String, vec::Vec};

    const ABSENT: u32 = u32::MAX;

    struct Numbers(u32);

    impl Numbers {
        fn below(&mut self, end: u32) -> u32 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((u64::from(self.0 >> 8) * u64::from(end)) >> 24) as u32
        }
    }

    /// Terms with 1 to all of the rows, counts from 1 to 40.
    fn made(rows: u32, kept: Kept) -> (Vec<(String, TermPostings)>, Vec<u32>) {
        let mut numbers = Numbers(3);
        let lengths = (0..rows).map(|_| 400 + numbers.below(300)).collect();
        let mut terms = Vec::new();
        for (number, every) in [1, 1, 2, 3, 5, 8, 50, 300, 900, rows].into_iter().enumerate() {
            let mut postings = TermPostings::default();
            for row in 0..rows {
                if every == 1 || numbers.below(every) == 0 {
                    let count = if numbers.below(30) == 0 { 1 + numbers.below(40) } else { 1 + numbers.below(3) };
                    postings.rows.push(row);
                    postings.counts.push(count);
                    let mut place = numbers.below(5);
                    for _ in 0..if kept == Kept::Places { count } else { 0 } {
                        postings.positions.push(place);
                        place += 1 + numbers.below(300);
                    }
                }
            }
            if !postings.rows.is_empty() {
                terms.push((format!("term{number}"), postings));
            }
        }
        (terms, lengths)
    }

    fn written(terms: &[(String, TermPostings)], lengths: &[u32], kept: Kept) -> PostingsWriter {
        let total = lengths.iter().map(|length| u64::from(*length)).sum();
        let mut writer = PostingsWriter::new(length_bins(total, lengths.len() as u64), kept);
        terms.iter().for_each(|(term, postings)| writer.push(term.as_bytes(), postings, lengths));
        writer
    }

    #[test]
    fn postings_come_back() {
        use Kept::{Counts, Places, Rows};
        let cases =
            [(1, Places), (127, Places), (128, Counts), (129, Places), (1_000, Places), (5_000, Counts), (900, Rows)];
        for (rows, kept) in cases {
            let (mut terms, lengths) = made(rows, kept);
            let writer = written(&terms, &lengths, kept);
            let view = writer.view();
            assert_eq!(view.check(&lengths, ABSENT, false), Ok(()));
            for (term, postings) in &mut terms {
                let list = view.list(view.dictionary().find(term).unwrap_or(usize::MAX));
                let mut read = TermPostings::default();
                list.rows(&mut read.rows);
                read.counts = (0..list.len()).map(|posting| list.count(posting)).collect();
                let mut passed = Passed::default();
                for posting in 0..if kept == Places { list.len() } else { 0 } {
                    list.places(posting, &mut passed, 0, &mut read.positions);
                }
                if kept == Rows {
                    assert_eq!((view.cells.len(), view.block_best.len(), view.block_positions.len()), (0, 0, 0));
                    postings.counts.fill(1);
                }
                assert_eq!((&read.rows, &read.counts), (&postings.rows, &postings.counts), "{term} in {rows}");
                assert_eq!(read.positions, postings.positions);
                for (at, row) in postings.rows.iter().enumerate().filter(|_| kept != Rows) {
                    let cell = cell_of(postings.counts[at], lengths[*row as usize], view.bins);
                    assert_eq!(list.cells(at / 128)[at % 128], cell);
                }
            }
        }
    }

    #[test]
    fn positions_of_single_postings_are_found() {
        let (terms, lengths) = made(700, Kept::Places);
        let writer = written(&terms, &lengths, Kept::Places);
        let list = writer.view().list(0);
        let (_, postings) = &terms[0];
        let expected = |posting: usize| {
            let from: u32 = postings.counts[..posting].iter().sum();
            map(&postings.positions[from as usize..][..postings.counts[posting] as usize], |place| place + 7)
        };
        for step in [1, 2, 3, 50, 127, 128, 129, 300] {
            let mut passed = Passed::default();
            for posting in (0..700).step_by(step).chain([699, 699, 640, 1, 0, 128]) {
                let mut places = Vec::new();
                list.places(posting, &mut passed, 7, &mut places);
                assert_eq!(places, expected(posting), "{posting} by {step}");
            }
        }
    }

    #[test]
    fn damage_is_refused_or_harmless() {
        for kept in [Kept::Rows, Kept::Counts, Kept::Places] {
            let (terms, lengths) = made(400, kept);
            let writer = written(&terms, &lengths, kept);
            let whole = writer.view();
            let reads = |view: PostingsView<'_>| {
                if view.check(&lengths, ABSENT, false).is_ok() {
                    for term in 0..view.dictionary().count {
                        let list = view.list(term);
                        list.rows(&mut Vec::new());
                        (0..list.len()).for_each(|posting| _ = list.count(posting));
                        if kept == Kept::Places {
                            list.places(0, &mut Passed::default(), 0, &mut Vec::new());
                        }
                    }
                }
            };
            for at in 0..whole.records.len() {
                for bit in [0, 3, 7] {
                    let mut records = whole.records.all().to_vec();
                    records[at] ^= 1 << bit;
                    reads(PostingsView { records: (&records).into(), ..whole });
                }
            }
            for at in 0..whole.words.len() {
                let mut words = whole.words.all().to_vec();
                words[at] ^= 1 << (at % 32);
                let damaged = PostingsView { words: (&words).into(), ..whole };
                assert!(damaged.check(&lengths, ABSENT, false).is_err(), "word {at}");
            }
            for other in [Kept::Rows, Kept::Counts, Kept::Places] {
                let view = PostingsView { kept: other, ..whole };
                assert_eq!(view.check(&lengths, ABSENT, false).is_ok(), kept == other, "{kept:?} as {other:?}");
            }
        }
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused() {
        let (terms, lengths) = made(400, Kept::Places);
        let writer = written(&terms, &lengths, Kept::Places);
        let whole = writer.view();
        let refused = |view: PostingsView<'_>| assert!(view.check(&lengths, ABSENT, false).is_err());
        refused(PostingsView { cells: whole.cells.all()[1..].into(), ..whole });
        refused(PostingsView { block_last: whole.block_last.all()[1..].into(), ..whole });
        refused(PostingsView { exception_counts: Stored::NONE, exception_places: Stored::NONE, ..whole });
        refused(PostingsView { positions: whole.positions.all()[1..].into(), ..whole });
        refused(PostingsView { offsets: whole.offsets.all()[..3].into(), ..whole });
        refused(PostingsView { block_starts: whole.block_starts.all()[1..].into(), ..whole });
        assert!(whole.check(&lengths[..300], ABSENT, false).is_err());
        let mut absent = lengths.clone();
        absent[7] = ABSENT;
        assert!(whole.check(&absent, ABSENT, false).is_err());
    }
}
