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
    schema::FieldKind,
    segment::Segment,
    text::{
        Analyzer, Bm25Query, FieldStatistics, Postings, Purpose, QueryTerm, QueryWord, TermScorer, TextColumn, Token,
        TokenKind, idf,
    },
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
    analyzer: &'a dyn Analyzer,
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
            let wanted = query.fields.as_ref().is_none_or(|fields| fields.contains(name));
            if let Some(analyzer) = self.analyzers.get(position).filter(|_| wanted) {
                let boost = query.boost.iter().find(|(boosted, _)| boosted == name).map_or(1.0, |(_, factor)| *factor);
                fields.push(SearchedField { position, analyzer, weight: field.weight * boost });
            }
        }
        let taken_apart = take_apart(&query.query, &fields, query.prefix);
        let nothing = taken_apart.words.is_empty() && taken_apart.excluded.is_empty();
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
        for word in &text.query.words {
            let pieces = word.terms.iter().filter(|term| !term.whole).count() as u32;
            let needed = if text.all_words { pieces } else { 1 };
            for term in &word.terms {
                let found = map(&segments, |segment| postings_of(segment, term, &text.fields));
                let with_term =
                    segments.iter().zip(&found).map(|(segment, lists)| live_documents(segment, lists)).sum();
                let scorer = TermScorer::new(self.settings.bm25, idf(documents, with_term), word.repeated);
                let counts = if term.whole { needed } else { 1 };
                for ((segment, lists), scratch) in segments.iter().zip(&found).zip(&mut scratch) {
                    scratch.add_term(segment, lists, &text.fields, &averages, &scorer, counts);
                }
            }
            scratch.iter_mut().for_each(|scratch| scratch.end_word(needed));
        }
        let needed = if text.all_words { text.query.words.len() as u32 } else { 1 };
        let scored = !text.query.words.is_empty();
        let segments = map(segments.iter().zip(scratch), |(segment, scratch)| {
            let mut rows = segment.live.clone();
            if scored {
                let all = segment.segment.rows();
                rows.intersect(&RowSet::matching(all, &mut |row| scratch.found[row.index()] >= needed));
            }
            for word in &text.query.excluded {
                rows.subtract(&rows_with_word(segment, word, &text.fields));
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
    let unfinished = prefix && text.chars().next_back().is_some_and(char::is_alphanumeric);
    let mut count = 0;
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let bare = word.trim_start_matches(['(', '"']);
        let excluded = bare.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-'));
        let terms = spell(word, fields, unfinished && words.peek().is_none());
        count += terms.len();
        if count > QUERY_TERMS_MAX {
            break;
        }
        let words = if excluded { &mut query.excluded } else { &mut query.words };
        match words.iter_mut().find(|known| known.terms == terms) {
            Some(known) => known.repeated += 1.0,
            None if terms.is_empty() => {}
            None => words.push(QueryWord { terms, repeated: 1.0 }),
        }
    }
    query
}

/// The terms of one word of a query. Fields may disagree on what is a stop word; terms of one place belong together.
fn spell(word: &str, fields: &[SearchedField<'_>], unfinished: bool) -> Vec<QueryTerm> {
    let mut spelled = Spelled::default();
    for (at, field) in fields.iter().enumerate() {
        let mut last = None;
        if unfinished {
            field.analyzer.analyze(word, Purpose::Unfinished, &mut |token| last = Some(token.position));
        }
        // What its writer has not finished is looked up as it is written; what stands before it is a word.
        let is_last =
            |token: &Token<'_>| last.is_some_and(|last| token.position == last || token.kind == TokenKind::Joined);
        field.analyzer.analyze(word, Purpose::Query, &mut |token| {
            if !is_last(&token) {
                spelled.add(token, false, at, fields.len());
            }
        });
        if unfinished {
            field.analyzer.analyze(word, Purpose::Unfinished, &mut |token| {
                if is_last(&token) {
                    spelled.add(token, true, at, fields.len());
                }
            });
        }
    }
    map(spelled.terms, |(_, term)| term)
}

/// The terms of one word so far, each with its position and its number among the spellings there.
#[derive(Default)]
struct Spelled {
    terms: Vec<((u32, u32), QueryTerm)>,
    place: (u32, u32),
}

impl Spelled {
    fn add(&mut self, token: Token<'_>, prefix: bool, field: usize, fields: usize) {
        let whole = token.kind == TokenKind::Joined;
        let number = if whole && self.place.0 == token.position { self.place.1 + 1 } else { u32::from(whole) };
        self.place = (token.position, number);
        let mut known = 0;
        while known < self.terms.len() && self.terms[known].0 != self.place {
            known += 1;
        }
        if known == self.terms.len() {
            if known == QUERY_TERMS_MAX {
                return;
            }
            let prefix = prefix || token.kind == TokenKind::Single;
            self.terms.push((self.place, QueryTerm { spelling: vec![String::new(); fields], prefix, whole }));
        }
        self.terms[known].1.spelling[field] = token.term.into();
    }
}

/// The rows that have every term of a word, or its whole.
fn rows_with_word(segment: &TextSegment<'_>, word: &QueryWord, fields: &[SearchedField<'_>]) -> RowSet {
    let rows = segment.segment.rows();
    let mut with_pieces = RowSet::all(rows);
    let mut with_whole = RowSet::none(rows);
    for term in &word.terms {
        let mut with_term = RowSet::none(rows);
        for list in postings_of(segment, term, fields) {
            list.postings.rows.iter().for_each(|row| with_term.insert(RowId(*row)));
        }
        if term.whole {
            with_whole.unite(&with_term);
        } else {
            with_pieces.intersect(&with_term);
        }
    }
    with_pieces.unite(&with_whole);
    with_pieces
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
    /// How many words each row has.
    found: Vec<u32>,
    /// How many terms of the word at hand each row has.
    pieces: Vec<u32>,
    weighted: Vec<f32>,
}

impl Scratch {
    fn new(rows: usize) -> Self {
        Self { scores: vec![0.0; rows], found: vec![0; rows], pieces: vec![0; rows], weighted: vec![0.0; rows] }
    }

    fn add_term(
        &mut self,
        segment: &TextSegment<'_>,
        lists: &[FieldPostings<'_>],
        fields: &[SearchedField<'_>],
        averages: &[f32],
        scorer: &TermScorer,
        counts: u32,
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
                    self.pieces[*row as usize] += counts;
                }
            }
        }
    }

    fn end_word(&mut self, needed: u32) {
        for (found, pieces) in self.found.iter_mut().zip(&mut self.pieces) {
            *found += u32::from(core::mem::take(pieces) >= needed);
        }
    }
}
