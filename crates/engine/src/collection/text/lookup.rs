//! The postings of the terms of a query in every segment.

use super::{SearchedField, all::Sought, words::QueryTerm};
use crate::stored::Stored;
use crate::{
    ids::RowId,
    lists::map,
    order::{permuted, sorted},
    rows::RowSet,
    segment::Segment,
    text::{FieldStatistics, Probe, TermList, TermScorer, TextColumn},
};
use alloc::{string::String, vec, vec::Vec};

/// A segment as the text leg sees it.
pub(super) struct TextSegment<'a> {
    pub segment: Segment<'a>,
    pub live: &'a RowSet,
    pub all_live: bool,
    /// The columns of the searched fields.
    pub columns: Vec<Option<TextColumn<'a>>>,
}

/// The postings of one term in one field of a segment.
#[derive(Clone)]
pub(super) struct FieldList<'a> {
    pub field: usize,
    /// The length of each row's text.
    pub lengths: Stored<'a, u32>,
    pub list: TermList<'a>,
}

/// The postings of one term of a query in one segment: by field, then in order of the terms, so that the sums over them
/// are the same wherever a document lies.
pub(super) type Lists<'a> = Vec<FieldList<'a>>;

impl<'a> TextSegment<'a> {
    pub fn new(segment: Segment<'a>, live: &'a RowSet, fields: &[SearchedField<'_>]) -> Self {
        let all_live = live.is_all();
        let columns = map(fields, |field| segment.text(field.position));
        Self { segment, live, all_live, columns }
    }

    pub fn rows(&self) -> usize {
        self.segment.rows()
    }

    /// How many live rows a list has.
    pub fn live_count(&self, list: &TermList<'_>) -> u64 {
        if self.all_live {
            return list.len() as u64;
        }
        list.rows().iter().filter(|row| self.live.contains(RowId(**row))).count() as u64
    }

    /// How many live rows either of two lists has.
    pub fn live_count_of_two(&self, one: TermList<'_>, other: TermList<'_>) -> u64 {
        let (shorter, longer) = if one.len() < other.len() { (one, other) } else { (other, one) };
        let mut probe = Probe::new(longer);
        let is_live = |row: u32| self.all_live || self.live.contains(RowId(row));
        let both = shorter.rows().into_iter().filter(|row| probe.find(*row).is_some() && is_live(*row)).count();
        self.live_count(&one) + self.live_count(&other) - both as u64
    }

    fn has_live(&self, list: &TermList<'_>) -> bool {
        self.all_live || list.rows().iter().any(|row| self.live.contains(RowId(*row)))
    }

    /// The rows of the lists.
    pub fn rows_of(&self, lists: &[FieldList<'_>]) -> RowSet {
        let mut rows = RowSet::none(self.rows());
        for list in lists {
            rows.insert_all(&list.list.rows());
        }
        rows
    }

    fn push(&self, field: usize, term: &str, lists: &mut Lists<'a>) {
        if let Some(column) = self.columns[field]
            && let Some(list) = column.terms.get(term)
        {
            lists.push(FieldList { field, lengths: column.lengths, list });
        }
    }
}

/// What BM25 needs to know of a field: what the segments keep, without the rows that are not live.
pub(super) fn statistics(segments: &[TextSegment<'_>], field: usize) -> FieldStatistics {
    let mut all = FieldStatistics::default();
    for segment in segments {
        let Some(column) = &segment.columns[field] else { continue };
        let mut live = column.statistics;
        if !segment.all_live {
            let mut gone = segment.live.clone();
            gone.invert();
            for length in gone.iter().filter_map(|row| column.length(row)) {
                let rest = live.documents.checked_sub(1).zip(live.terms.checked_sub(length.into()));
                let Some((documents, terms)) = rest else {
                    column.lengths.blame(); // more than the file says that there are
                    break;
                };
                (live.documents, live.terms) = (documents, terms);
            }
        }
        all.documents = all.documents.saturating_add(live.documents);
        all.terms = all.terms.saturating_add(live.terms);
    }
    all
}

/// The postings of a term in each segment; a prefix has many.
pub(super) fn lists_of<'a>(segments: &[TextSegment<'a>], term: &QueryTerm) -> Vec<Lists<'a>> {
    let mut lists = map(segments, |_| Lists::new());
    for (field, spelling) in term.spelling.iter().enumerate() {
        if term.prefix && !spelling.form.is_empty() {
            match expanded(segments, field, term) {
                Some(terms) => push_terms(segments, field, &terms, &mut lists),
                None => push_with_prefix(segments, field, &spelling.form, &mut lists),
            }
        } else if !spelling.term.is_empty() {
            push_terms(segments, field, core::slice::from_ref(&spelling.term), &mut lists);
        }
    }
    lists
}

/// The terms that a prefix stands for, in order, in a field whose terms are not the words themselves.
pub(super) fn expanded(segments: &[TextSegment<'_>], field: usize, term: &QueryTerm) -> Option<Vec<String>> {
    let spelling = &term.spelling[field];
    let has_forms = |segment: &TextSegment<'_>| segment.columns[field].is_some_and(|column| column.forms.is_some());
    let is_prefix = term.prefix && !spelling.form.is_empty();
    let has_forms = is_prefix && segments.iter().any(has_forms);
    has_forms.then(|| terms_with_prefix(segments, field, &spelling.form, &spelling.term))
}

/// Adds the postings of terms of a field that are in order.
pub(super) fn push_terms<'a>(segments: &[TextSegment<'a>], field: usize, terms: &[String], lists: &mut [Lists<'a>]) {
    for (segment, lists) in segments.iter().zip(lists) {
        terms.iter().for_each(|term| segment.push(field, term, lists));
    }
}

/// Where the terms are the words: straight to their postings.
fn push_with_prefix<'a>(segments: &[TextSegment<'a>], field: usize, prefix: &str, lists: &mut [Lists<'a>]) {
    for (segment, lists) in segments.iter().zip(lists) {
        let Some(column) = segment.columns[field] else { continue };
        let (mut texts, mut found): (Vec<String>, Lists<'a>) = (Vec::new(), Vec::new());
        // Those of a file are in order.
        let in_order = matches!(column.terms, crate::text::TermSet::Sealed(_));
        column.with_prefix(prefix, &mut |word, list| {
            found.push(FieldList { field, lengths: column.lengths, list });
            if !in_order {
                texts.push(word.text.into());
            }
        });
        if !in_order {
            found = permuted(&found, &sorted(texts.len(), &mut |a, b| texts[a].cmp(&texts[b])));
        }
        lists.append(&mut found);
    }
}

/// The terms of the live forms that begin with `prefix`, and the term of the prefix itself, in order.
fn terms_with_prefix(segments: &[TextSegment<'_>], field: usize, prefix: &str, term: &str) -> Vec<String> {
    let mut terms = vec![String::from(term)];
    for segment in segments {
        let Some(column) = segment.columns[field] else { continue };
        column.with_prefix(prefix, &mut |word, list| {
            if terms.last().is_none_or(|last| last != word.term) && segment.has_live(&list) {
                terms.push(word.term.into());
            }
        });
    }
    in_order(&terms)
}

/// The texts in order, each once, without an empty one.
pub(super) fn in_order(texts: &[String]) -> Vec<String> {
    let mut ordered = permuted(texts, &sorted(texts.len(), &mut |a, b| texts[a].cmp(&texts[b])));
    ordered.dedup();
    ordered.retain(|text| !text.is_empty());
    ordered
}

/// How often a term stands in a row, each field by its weight and the length of the row's text.
#[derive(Clone, Copy)]
pub(super) struct Weighing<'a> {
    pub fields: &'a [SearchedField<'a>],
    pub averages: &'a [f32],
    pub scorer: TermScorer,
}

impl Weighing<'_> {
    /// The weighted count of a posting.
    pub fn weighted(&self, list: &FieldList<'_>, row: u32, count: u32) -> f32 {
        let length = list.lengths[row as usize];
        self.scorer.weighted_count(self.fields[list.field].weight, count, length, self.averages[list.field])
    }

    /// The rows of several lists, and the score of each: the counts of a row are added before they are scored.
    pub fn scores(&self, segment: &TextSegment<'_>, lists: &[FieldList<'_>]) -> (Vec<u32>, Vec<f32>) {
        let only = match lists {
            [] => return (Vec::new(), Vec::new()),
            [only] => only,
            several => return self.scores_of_several(segment, several),
        };
        let rows = only.list.rows();
        let mut scores = Vec::with_capacity(rows.len());
        for (posting, row) in rows.iter().enumerate() {
            scores.push(self.scorer.score(self.weighted(only, *row, only.list.count(posting))));
        }
        (rows, scores)
    }

    /// The same for some rows alone.
    pub fn scores_in(&self, lists: &[FieldList<'_>], only: &RowSet) -> (Vec<u32>, Vec<f32>) {
        let mut sought = Sought::new(*self, lists);
        let (mut rows, mut scores) = (Vec::new(), Vec::new());
        for RowId(row) in only.iter() {
            if sought.seek(row) {
                rows.push(row);
                scores.push(sought.score(row));
            }
        }
        (rows, scores)
    }

    fn scores_of_several(&self, segment: &TextSegment<'_>, lists: &[FieldList<'_>]) -> (Vec<u32>, Vec<f32>) {
        let mut sums = vec![0.0_f32; segment.rows()];
        let mut touched = RowSet::none(segment.rows());
        for list in lists {
            for (posting, row) in list.list.rows().into_iter().enumerate() {
                sums[row as usize] += self.weighted(list, row, list.list.count(posting));
                touched.insert(RowId(row));
            }
        }
        let (mut rows, mut scores) = (Vec::new(), Vec::new());
        for row in touched.iter() {
            rows.push(row.0);
            scores.push(self.scorer.score(sums[row.index()]));
        }
        (rows, scores)
    }
}
