//! The terms of some segments as those of one: their sorted texts are walked side by side, and the postings of each text
//! follow each other in the order of the segments, as their rows do. Nothing is analysed again.

use super::{SectionWriter, Source, merge::DROPPED, write_text};
use crate::{
    attributes::checked_text,
    ids::RowId,
    lists::map,
    text::{
        ABSENT, OrderedTerms, TermList, TermSet, TextColumn, append_kept,
        index::{Kept, PostingsWriter, TermPostings, length_bins},
        statistics_of, term_of,
    },
};
use alloc::vec::Vec;

/// The postings and texts of one slice; a text counts as so many postings.
const SLICE: usize = 1 << 15;
const TEXT: usize = 8;

/// A text field that is being merged in slices: its terms, then its forms.
#[derive(Debug)]
pub(super) struct MergedText {
    lengths: Vec<u32>,
    bins: [u32; 16],
    has_positions: bool,
    terms: PostingsWriter,
    /// Where the terms are done and there are forms.
    forms: Option<PostingsWriter>,
    /// For each source the order of its texts.
    orders: Vec<Vec<u32>>,
    /// The last text that was merged.
    last: Option<Vec<u8>>,
}

fn columns<'a>(sources: &[Source<'a>], field: usize) -> Vec<Option<TextColumn<'a>>> {
    map(sources, |source| source.segment.text(field))
}

fn terms_of<'a>(columns: &[Option<TextColumn<'a>>]) -> Vec<Option<TermSet<'a>>> {
    map(columns, |column| column.map(|column| column.terms))
}

fn orders_of(sets: &[Option<TermSet<'_>>]) -> Vec<Vec<u32>> {
    map(sets, |set| set.map(|set| set.order()).unwrap_or_default())
}

impl MergedText {
    pub fn new(sources: &[Source<'_>], field: usize, has_positions: bool) -> Self {
        let columns = columns(sources, field);
        let mut lengths = Vec::new();
        for (source, column) in sources.iter().zip(&columns) {
            let length = |row: RowId| column.as_ref().map_or(ABSENT, |column| column.lengths[row.index()]);
            source.keep.iter().for_each(|row| lengths.push(length(row)));
        }
        let statistics = statistics_of(&lengths);
        let bins = length_bins(statistics.terms, statistics.documents);
        let terms = PostingsWriter::new(bins, if has_positions { Kept::Places } else { Kept::Counts });
        let orders = orders_of(&terms_of(&columns));
        Self { lengths, bins, has_positions, terms, forms: None, orders, last: None }
    }

    /// Merges the next texts and says whether all is done.
    pub fn step(&mut self, sources: &[Source<'_>], new_rows: &[Vec<u32>], field: usize) -> bool {
        let columns = columns(sources, field);
        let Self { lengths, terms, forms, orders, last, .. } = self;
        let Some(forms) = forms else {
            let sets = terms_of(&columns);
            let find = &mut |_, _: &str, list| Some(list);
            let is_done =
                merge_sets((&sets, orders, last), new_rows, find, self.has_positions, &mut |text, postings| {
                    terms.push(text, postings, lengths);
                });
            let forms = map(&columns, |column| column.and_then(|column| column.forms));
            if is_done && forms.iter().any(Option::is_some) {
                self.forms = Some(PostingsWriter::new(self.bins, Kept::Rows));
                (self.orders, self.last) = (orders_of(&forms), None);
                return false;
            }
            return is_done;
        };
        let sets = map(&columns, |column| column.and_then(|column| column.forms));
        // A form in a file that has no postings has those of its term.
        let of_form =
            &mut |source: usize, key: &str, list| columns[source].and_then(|column| column.of_form(key, list));
        merge_sets((&sets, orders, last), new_rows, of_form, false, &mut |text, postings| {
            let of_term = TermSet::Sealed(terms.view()).get(&term_of(checked_text(text)));
            let is_all = of_term.is_some_and(|list| list.len() == postings.rows.len());
            forms.push(text, if is_all { const { &TermPostings::NONE } } else { postings }, lengths);
        })
    }

    /// Writes what was merged.
    pub fn write(&self, writer: &mut SectionWriter, field: usize) {
        let forms = self.forms.as_ref().map(PostingsWriter::view);
        write_text(writer, field, &self.lengths, self.terms.view(), forms);
    }
}

/// Finds the postings of a text of a source.
type Find<'a, 'f> = &'f mut dyn FnMut(usize, &str, TermList<'a>) -> Option<TermList<'a>>;

/// The sets to walk, the orders of their texts, and the last text that was merged.
type Walked<'a, 's> = (&'s [Option<TermSet<'a>>], &'a [Vec<u32>], &'s mut Option<Vec<u8>>);

/// Walks the next texts of all sources side by side, hands out each with its live postings, and says whether those were all.
fn merge_sets<'a>(
    (sets, orders, last): Walked<'a, '_>,
    new_rows: &[Vec<u32>],
    find: Find<'a, '_>,
    has_positions: bool,
    push: &mut dyn FnMut(&[u8], &TermPostings),
) -> bool {
    let mut walks = map(sets.iter().zip(orders), |(set, order)| set.map(|set| set.behind(last.as_deref(), order)));
    let mut postings = TermPostings::default();
    let (mut text, mut left) = (last.take().unwrap_or_default(), SLICE);
    while next_text(&walks, &mut text) {
        postings.clear();
        for (source, (walk, new_rows)) in walks.iter_mut().zip(new_rows).enumerate() {
            if let Some(walk) = walk
                && walk.text() == Some(&text)
            {
                if let Some(list) = find(source, checked_text(&text), walk.list()) {
                    append_kept(list, has_positions, new_rows, DROPPED, &mut postings);
                }
                walk.advance();
            }
        }
        if !postings.rows.is_empty() {
            push(&text, &postings);
        }
        left = left.saturating_sub(TEXT + postings.rows.len());
        if left == 0 {
            *last = Some(text);
            return false;
        }
    }
    true
}

/// The first text of all walks.
fn next_text(walks: &[Option<OrderedTerms<'_>>], text: &mut Vec<u8>) -> bool {
    let Some(first) = walks.iter().flatten().filter_map(OrderedTerms::text).min() else { return false };
    text.clear();
    text.extend_from_slice(first);
    true
}
