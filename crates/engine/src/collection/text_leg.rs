//! The text leg of a search: which rows have the words, and their exact BM25F scores.

use super::state::CollectionState;
use crate::{
    Error, Result,
    document::quoted,
    ids::RowId,
    limits::{QUERY_TERMS_MAX, QUERY_TEXT_BYTES_MAX},
    lists::map,
    query::TextQuery,
    rows::RowSet,
    schema::{FieldKind, TextField},
    segment::Segment,
    text::{Bm25Query, FieldStatistics, Postings, QueryTerm, TermScorer, TextColumn, analyze, for_each_word, idf},
};
use alloc::{string::String, vec, vec::Vec};

/// A text query against a schema.
pub(super) struct ResolvedText<'a> {
    fields: Vec<SearchedField<'a>>,
    query: Bm25Query,
    all_words: bool,
}

struct SearchedField<'a> {
    position: usize,
    field: &'a TextField,
    weight: f32,
}

/// The rows that match a text.
pub(super) struct TextMatches {
    /// One entry a segment.
    pub segments: Vec<SegmentMatches>,
    /// Whether rows have scores; a query of exclusions alone gives none.
    pub scored: bool,
}

pub(super) struct SegmentMatches {
    /// The rows.
    pub rows: RowSet,
    /// A score for each row of the segment.
    pub scores: Vec<f32>,
}

/// A segment as the text leg sees it.
struct TextSegment<'a> {
    segment: Segment<'a>,
    live: RowSet,
    all_live: bool,
}

impl CollectionState {
    /// Takes a query apart; none where it has no searchable word.
    pub(super) fn resolve_text<'a>(&'a self, query: &TextQuery) -> Result<Option<ResolvedText<'a>>> {
        query.fields.iter().flatten().try_for_each(|name| self.check_text_field(name))?;
        query.boost.iter().try_for_each(|(name, _)| self.check_text_field(name))?;
        let mut fields = Vec::new();
        for (position, field) in self.schema.text_fields() {
            let name = &self.schema.fields[position].name;
            if query.fields.as_ref().is_none_or(|fields| fields.contains(name)) {
                let boost = query.boost.iter().find(|(boosted, _)| boosted == name).map_or(1.0, |(_, factor)| *factor);
                fields.push(SearchedField { position, field, weight: field.weight * boost });
            }
        }
        let taken_apart = take_apart(&query.query, &fields, query.prefix);
        let nothing = taken_apart.terms.is_empty() && taken_apart.excluded.is_empty();
        Ok((!nothing).then_some(ResolvedText { fields, query: taken_apart, all_words: query.all_words }))
    }

    fn check_text_field(&self, name: &String) -> Result<()> {
        if self.schema.text_fields().any(|(position, _)| self.schema.fields[position].name == *name) {
            return Ok(());
        }
        let names = self.schema.names(|kind| matches!(kind, FieldKind::Text(_)));
        let expected = format_args!("a text field of the schema ({names})");
        Err(Error::expected(&"text.fields", &expected, &quoted(name)))
    }

    /// Scores every live row that has the words.
    pub(super) fn match_text(&self, text: &ResolvedText<'_>, now: u64) -> TextMatches {
        let segments = map(0..=self.sealed.len(), |at| {
            let (segment, live) = (self.segment(at), self.live_rows(at, now));
            let all_live = live.count() == segment.rows();
            TextSegment { segment, live, all_live }
        });
        let documents = segments.iter().map(|segment| segment.live.count() as u64).sum();
        let averages = map(&text.fields, |field| statistics(&segments, field.position).average_length());
        let mut scratch = map(&segments, |segment| Scratch::new(segment.segment.rows()));
        for term in &text.query.terms {
            let found = map(&segments, |segment| postings_of(segment, term, &text.fields));
            let with_term = segments.iter().zip(&found).map(|(segment, lists)| live_documents(segment, lists)).sum();
            let scorer = TermScorer::new(self.settings.bm25, idf(documents, with_term), term.repeated);
            for ((segment, lists), scratch) in segments.iter().zip(&found).zip(&mut scratch) {
                scratch.add_term(segment, lists, &text.fields, &averages, &scorer);
            }
        }
        let needed = if text.all_words { text.query.terms.len() as u32 } else { 1 };
        let scored = !text.query.terms.is_empty();
        let segments = map(segments.iter().zip(scratch), |(segment, scratch)| {
            let mut rows = segment.live.clone();
            if scored {
                let all = segment.segment.rows();
                rows.intersect(&RowSet::matching(all, &mut |row| scratch.found[row.index()] >= needed));
            }
            for term in &text.query.excluded {
                for list in postings_of(segment, term, &text.fields) {
                    let mut excluded = RowSet::none(segment.segment.rows());
                    list.postings.rows.iter().for_each(|row| excluded.insert(RowId(*row)));
                    rows.subtract(&excluded);
                }
            }
            SegmentMatches { rows, scores: scratch.scores }
        });
        TextMatches { segments, scored }
    }
}

/// The words of a query, each in the spelling of every field; `-word` excludes.
fn take_apart(text: &str, fields: &[SearchedField<'_>], prefix: bool) -> Bm25Query {
    let text = text.get(..text.floor_char_boundary(QUERY_TEXT_BYTES_MAX)).unwrap_or_default();
    let mut query = Bm25Query::default();
    let ends_in_word = text.chars().next_back().is_some_and(char::is_alphanumeric);
    let mut last_end = 0;
    let mut count = 0;
    let mut words = Vec::new();
    for_each_word(text, |word| words.push(word));
    for word in words {
        // Offsets of the word in the text: what stands before it says whether it is excluded.
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let before = text.get(last_end..start).unwrap_or_default();
        last_end = start + word.len();
        count += 1;
        if count > QUERY_TERMS_MAX {
            break;
        }
        let excluded = before.ends_with('-') && !before.strip_suffix('-').is_some_and(ends_in_word_character);
        let is_prefix = prefix && ends_in_word && last_end == text.len();
        let Some(term) = spell(word, fields, is_prefix) else { continue };
        let terms = if excluded && (start == 1 || before.len() > 1) { &mut query.excluded } else { &mut query.terms };
        match terms.iter_mut().find(|known| known.spelling == term.spelling && known.prefix == term.prefix) {
            Some(known) => known.repeated += 1.0,
            None => terms.push(term),
        }
    }
    query
}

/// In `well-known` the hyphen joins two words; only one behind a space or at the start excludes.
fn ends_in_word_character(text: &str) -> bool {
    text.chars().next_back().is_some_and(|character| !character.is_whitespace() && character != '(')
}

fn spell(word: &str, fields: &[SearchedField<'_>], prefix: bool) -> Option<QueryTerm> {
    let spelling = map(fields, |field| {
        // The stem of an unfinished word may be another word's: a prefix is looked up as it is written.
        let unstemmed = TextField { language: crate::text::Language::None, ..field.field.clone() };
        analyze(word, if prefix { &unstemmed } else { field.field }).into_iter().next().unwrap_or_default()
    });
    let any = spelling.iter().any(|term| !term.is_empty());
    any.then_some(QueryTerm { spelling, prefix, repeated: 1.0 })
}

/// The postings of one term in one field; a prefix has several.
struct FieldPostings<'a> {
    field: usize,
    column: TextColumn<'a>,
    postings: Postings<'a>,
}

fn postings_of<'a>(
    segment: &TextSegment<'a>,
    term: &QueryTerm,
    fields: &[SearchedField<'_>],
) -> Vec<FieldPostings<'a>> {
    let mut found = Vec::new();
    for (at, (field, spelling)) in fields.iter().zip(&term.spelling).enumerate() {
        let Some(column) = segment.segment.text(field.position) else { continue };
        if spelling.is_empty() {
            continue;
        }
        if term.prefix {
            for (_, postings) in column.terms.with_prefix(spelling) {
                found.push(FieldPostings { field: at, column, postings });
            }
        } else if let Some(postings) = column.terms.get(spelling) {
            found.push(FieldPostings { field: at, column, postings });
        }
    }
    found
}

/// The number of live documents in any of the lists.
fn live_documents(segment: &TextSegment<'_>, lists: &[FieldPostings<'_>]) -> u64 {
    match lists {
        [] => 0,
        [only] if segment.all_live => only.postings.rows.len() as u64,
        several => {
            let mut rows = RowSet::none(segment.segment.rows());
            for list in several {
                list.postings.rows.iter().for_each(|row| rows.insert(RowId(*row)));
            }
            rows.intersect(&segment.live);
            rows.count() as u64
        }
    }
}

fn statistics(segments: &[TextSegment<'_>], field: usize) -> FieldStatistics {
    let mut statistics = FieldStatistics::default();
    for segment in segments {
        let Some(column) = segment.segment.text(field) else { continue };
        for row in segment.live.iter() {
            if let Some(length) = column.length(row) {
                statistics.documents += 1;
                statistics.terms += u64::from(length);
            }
        }
    }
    statistics
}

/// Sums of one segment while its terms are scored.
struct Scratch {
    scores: Vec<f32>,
    /// How many terms each row has.
    found: Vec<u32>,
    weighted: Vec<f32>,
}

impl Scratch {
    fn new(rows: usize) -> Self {
        Self { scores: vec![0.0; rows], found: vec![0; rows], weighted: vec![0.0; rows] }
    }

    fn add_term(
        &mut self,
        segment: &TextSegment<'_>,
        lists: &[FieldPostings<'_>],
        fields: &[SearchedField<'_>],
        averages: &[f32],
        scorer: &TermScorer,
    ) {
        for list in lists {
            for (&row, &count) in list.postings.rows.iter().zip(list.postings.counts) {
                if segment.all_live || segment.live.contains(RowId(row)) {
                    let length = list.column.length(RowId(row)).unwrap_or_default();
                    let weight = fields[list.field].weight;
                    let average = averages[list.field];
                    self.weighted[row as usize] += scorer.weighted_count(weight, count, length, average);
                }
            }
        }
        for list in lists {
            for row in list.postings.rows {
                let weighted = core::mem::take(&mut self.weighted[*row as usize]);
                if weighted > 0.0 {
                    self.scores[*row as usize] += scorer.score(weighted);
                    self.found[*row as usize] += 1;
                }
            }
        }
    }
}
