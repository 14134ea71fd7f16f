//! The text leg of a search: which rows have the words, and their exact BM25F scores.

use super::{search::unknown_text_field, state::CollectionState};
use crate::{
    Result,
    ids::RowId,
    limits::{QUERY_TERMS_MAX, QUERY_TEXT_BYTES_MAX},
    query::TextQuery,
    rows::RowSet,
    schema::TextField,
    segment::Segment,
    text::{Bm25Query, FieldStatistics, Postings, QueryTerm, TermScorer, TextColumn, analyze, for_each_word, idf},
};
use alloc::{vec, vec::Vec};

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
        let known: Vec<&str> =
            self.schema.text_fields().map(|(position, _)| self.schema.fields[position].name.as_str()).collect();
        let named = query.fields.iter().flatten().chain(query.boost.iter().map(|(name, _)| name));
        if let Some(name) = named.into_iter().find(|name| !known.contains(&name.as_str())) {
            return Err(unknown_text_field(name, &known));
        }
        let fields: Vec<SearchedField<'_>> = self
            .schema
            .text_fields()
            .map(|(position, field)| (position, field, &self.schema.fields[position].name))
            .filter(|(.., name)| query.fields.as_ref().is_none_or(|fields| fields.contains(name)))
            .map(|(position, field, name)| {
                let boost = query.boost.iter().find(|(boosted, _)| boosted == name).map_or(1.0, |(_, factor)| *factor);
                SearchedField { position, field, weight: field.weight * boost }
            })
            .collect();
        let taken_apart = take_apart(&query.query, &fields, query.prefix);
        let nothing = taken_apart.terms.is_empty() && taken_apart.excluded.is_empty();
        Ok((!nothing).then_some(ResolvedText { fields, query: taken_apart, all_words: query.all_words }))
    }

    /// Scores every live row that has the words.
    pub(super) fn match_text(&self, text: &ResolvedText<'_>, now: u64) -> TextMatches {
        let segments: Vec<TextSegment<'_>> = self
            .segments()
            .enumerate()
            .map(|(at, segment)| {
                let live = self.live_rows(at, now);
                let all_live = live.count() == segment.rows();
                TextSegment { segment, live, all_live }
            })
            .collect();
        let documents = segments.iter().map(|segment| segment.live.count() as u64).sum();
        let averages: Vec<f32> =
            text.fields.iter().map(|field| statistics(&segments, field.position).average_length()).collect();
        let empty = |segment: &TextSegment<'_>| Scratch::new(segment.segment.rows());
        let mut scratch: Vec<Scratch> = segments.iter().map(empty).collect();
        for term in &text.query.terms {
            let found: Vec<_> = segments.iter().map(|segment| postings_of(segment, term, &text.fields)).collect();
            let with_term = segments.iter().zip(&found).map(|(segment, lists)| live_documents(segment, lists)).sum();
            let scorer = TermScorer::new(self.settings.bm25, idf(documents, with_term), term.repeated);
            for ((segment, lists), scratch) in segments.iter().zip(&found).zip(&mut scratch) {
                scratch.add_term(segment, lists, &text.fields, &averages, &scorer);
            }
        }
        let needed = if text.all_words { text.query.terms.len() as u32 } else { 1 };
        let matches = segments.iter().zip(scratch).map(|(segment, scratch)| {
            let mut rows = if text.query.terms.is_empty() {
                segment.live.clone()
            } else {
                RowSet::matching(segment.segment.rows(), |row| scratch.found[row.index()] >= needed)
            };
            for term in &text.query.excluded {
                for list in postings_of(segment, term, &text.fields) {
                    let mut excluded = RowSet::none(segment.segment.rows());
                    list.postings.rows.iter().for_each(|row| excluded.insert(RowId(*row)));
                    rows.subtract(&excluded);
                }
            }
            rows.intersect(&segment.live);
            SegmentMatches { rows, scores: scratch.scores }
        });
        TextMatches { segments: matches.collect(), scored: !text.query.terms.is_empty() }
    }
}

/// The words of a query, each in the spelling of every field; `-word` excludes.
fn take_apart(text: &str, fields: &[SearchedField<'_>], prefix: bool) -> Bm25Query {
    let text = &text[..text.floor_char_boundary(QUERY_TEXT_BYTES_MAX)];
    let mut query = Bm25Query::default();
    let ends_in_word = text.chars().next_back().is_some_and(char::is_alphanumeric);
    let mut last_end = 0;
    let mut count = 0;
    let mut words = Vec::new();
    for_each_word(text, |word| words.push(word));
    for word in words {
        // Offsets of the word in the text: what stands before it says whether it is excluded.
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let before = &text[last_end..start];
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
    let spelling = fields.iter().map(|field| {
        // The stem of an unfinished word may be another word's: a prefix is looked up as it is written.
        let unstemmed = TextField { language: crate::text::Language::None, ..field.field.clone() };
        analyze(word, if prefix { &unstemmed } else { field.field }).into_iter().next().unwrap_or_default()
    });
    let spelling: Vec<_> = spelling.collect();
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
            let lists = column.terms.with_prefix(spelling).into_iter();
            found.extend(lists.map(|(_, postings)| FieldPostings { field: at, column, postings }));
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
            several.iter().flat_map(|list| list.postings.rows).for_each(|row| rows.insert(RowId(*row)));
            rows.intersect(&segment.live);
            rows.count() as u64
        }
    }
}

fn statistics(segments: &[TextSegment<'_>], field: usize) -> FieldStatistics {
    let mut statistics = FieldStatistics::default();
    for segment in segments {
        let Some(column) = segment.segment.text(field) else { continue };
        for length in segment.live.iter().filter_map(|row| column.length(row)) {
            statistics.documents += 1;
            statistics.terms += u64::from(length);
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
        for row in lists.iter().flat_map(|list| list.postings.rows) {
            let weighted = core::mem::take(&mut self.weighted[*row as usize]);
            if weighted > 0.0 {
                self.scores[*row as usize] += scorer.score(weighted);
                self.found[*row as usize] += 1;
            }
        }
    }
}
