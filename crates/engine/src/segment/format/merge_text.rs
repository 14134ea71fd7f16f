//! The terms of some segments as those of one: their sorted texts are walked side by side, and the postings of each text
//! follow each other in the order of the segments, as their rows do. Nothing is analysed again.

use super::{SectionWriter, Source, merge::DROPPED, write_text};
use crate::{
    lists::map,
    text::{
        ABSENT, OrderedTerms, TermSet, append_kept,
        index::{PostingsWriter, TermPostings, length_bins},
        statistics_of,
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
    let merge_sets = |sets: &[Option<TermSet<'_>>], has_positions: bool| {
        let mut merged = PostingsWriter::new(bins, has_positions);
        merge_sets(sets, new_rows, &lengths, has_positions, &mut merged);
        merged
    };
    let terms = merge_sets(&map(&columns, |column| column.map(|column| column.terms)), has_positions);
    let forms = map(&columns, |column| column.and_then(|column| column.forms));
    let has_forms = forms.iter().any(Option::is_some);
    let forms = has_forms.then(|| merge_sets(&forms, false));
    write_text(writer, field, &lengths, terms.view(), forms.as_ref().map(PostingsWriter::view));
}

fn merge_sets(
    sets: &[Option<TermSet<'_>>],
    new_rows: &[Vec<u32>],
    lengths: &[u32],
    has_positions: bool,
    merged: &mut PostingsWriter,
) {
    let mut walks = map(sets, |set| set.map(|set| set.in_order()));
    let mut text = Vec::new();
    let mut postings = TermPostings::default();
    while next_text(&walks, &mut text) {
        postings.clear();
        for (walk, new_rows) in walks.iter_mut().zip(new_rows) {
            if let Some(walk) = walk
                && walk.text() == Some(&text)
            {
                append_kept(walk.list(), has_positions, new_rows, DROPPED, &mut postings);
                walk.advance();
            }
        }
        if !postings.rows.is_empty() {
            merged.push(&text, &postings, lengths);
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
