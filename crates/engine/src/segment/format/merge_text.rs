//! The terms of some segments as those of one: their sorted texts are walked side by side, and the postings of each text
//! follow each other in the order of the segments, as their rows do. Nothing is analysed again.

use super::{SectionWriter, Source, merge::DROPPED, write_text};
use crate::{
    attributes::checked_text,
    lists::map,
    text::{
        ABSENT, OrderedTerms, TermList, TermSet, append_kept,
        index::{Kept, PostingsWriter, TermPostings, length_bins},
        statistics_of, term_of,
    },
};
use alloc::vec::Vec;

/// Writes the live terms of a field.
pub(super) fn merge_text(
    writer: &mut SectionWriter,
    sources: &[Source<'_>],
    new_rows: &[Vec<u32>],
    field: usize,
    has_positions: bool,
) {
    let columns = map(sources, |source| source.segment.text(field));
    let mut lengths = Vec::new();
    for (source, column) in sources.iter().zip(&columns) {
        let length = |row: crate::ids::RowId| column.as_ref().map_or(ABSENT, |column| column.lengths[row.index()]);
        source.keep.iter().for_each(|row| lengths.push(length(row)));
    }
    let statistics = statistics_of(&lengths);
    let bins = length_bins(statistics.terms, statistics.documents);
    let mut terms = PostingsWriter::new(bins, if has_positions { Kept::Places } else { Kept::Counts });
    let sets = map(&columns, |column| column.map(|column| column.terms));
    merge_sets(&sets, new_rows, &mut |_, _, list| Some(list), has_positions, &mut |text, postings| {
        terms.push(text, postings, &lengths);
    });
    let sets = map(&columns, |column| column.and_then(|column| column.forms));
    let forms = sets.iter().any(Option::is_some).then(|| {
        let mut forms = PostingsWriter::new(bins, Kept::Rows);
        // A form in a file that has no postings has those of its term.
        let of_form =
            &mut |source: usize, key: &str, list| columns[source].and_then(|column| column.of_form(key, list));
        merge_sets(&sets, new_rows, of_form, false, &mut |text, postings| {
            let of_term = TermSet::Sealed(terms.view()).get(&term_of(checked_text(text)));
            let is_all = of_term.is_some_and(|list| list.len() == postings.rows.len());
            forms.push(text, if is_all { const { &TermPostings::NONE } } else { postings }, &lengths);
        });
        forms
    });
    write_text(writer, field, &lengths, terms.view(), forms.as_ref().map(PostingsWriter::view));
}

/// Finds the postings of a text of a source.
type Find<'a, 'f> = &'f mut dyn FnMut(usize, &str, TermList<'a>) -> Option<TermList<'a>>;

/// Walks the texts of all sources side by side and hands out each with its live postings.
fn merge_sets<'a>(
    sets: &[Option<TermSet<'a>>],
    new_rows: &[Vec<u32>],
    find: Find<'a, '_>,
    has_positions: bool,
    push: &mut dyn FnMut(&[u8], &TermPostings),
) {
    let mut walks = map(sets, |set| set.map(|set| set.in_order()));
    let mut text = Vec::new();
    let mut postings = TermPostings::default();
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
    }
}

/// The first text of all walks.
fn next_text(walks: &[Option<OrderedTerms<'_>>], text: &mut Vec<u8>) -> bool {
    let Some(first) = walks.iter().flatten().filter_map(OrderedTerms::text).min() else { return false };
    text.clear();
    text.extend_from_slice(first);
    true
}
