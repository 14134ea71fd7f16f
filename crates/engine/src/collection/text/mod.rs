//! The text leg of a search: which rows have the words, and the exact BM25F scores of the best of them.
//!
//! A query is taken apart ([`words`]); each term is looked up in every segment ([`lookup`], [`typos`], [`phrase`]); the
//! rows that match are a set; the best of those that also pass the filter are ranked ([`mod@rank`]). Whatever decides about
//! more than one row (how rare a term is, which words are meant by a prefix or a typo) is decided over all segments.

mod all;
mod details;
mod lookup;
mod phrase;
mod rank;
mod sets;
mod typos;
mod words;

use super::state::CollectionState;
use crate::{
    Error, Result,
    document::quoted,
    ids::RowId,
    lists::map,
    query::{Candidate, TextQuery, TopK, Watch},
    rows::RowSet,
    schema::FieldKind,
    settings::Bm25Settings,
    text::{Analyzer, TermList, TermScorer, idf},
};
use alloc::{string::String, vec::Vec};
use core::fmt::Display;
use details::Detail;
use lookup::{FieldList, Lists, TextSegment, Weighing, expanded, lists_of, statistics};
use phrase::rows_with_phrase;
use rank::{Counted, Entry, rank};
use sets::{WordRows, with_at_least};
use typos::Correction;
use words::{QueryTerm, QueryWord, TakenApart, Unit, take_apart};

/// What a field counts at least, so that scores are numbers above 0 whose bounds can be scaled to whole ones.
const FIELD_WEIGHT_MIN: f32 = 1e-12;

pub(in crate::collection) use details::Marks;
pub(in crate::collection) use rank::Effort;

/// A text query against a schema.
pub(super) struct ResolvedText<'a> {
    fields: Vec<SearchedField<'a>>,
    taken: TakenApart,
    query: &'a TextQuery,
}

struct SearchedField<'a> {
    position: usize,
    analyzer: &'a dyn Analyzer,
    weight: f32,
}

/// The rows that match a text, and what ranks them.
pub(super) struct TextMatches<'a> {
    /// The rows of each segment; none where they are the rows of its entries.
    pub rows: Option<Vec<RowSet>>,
    /// Whether rows have scores; a query of exclusions alone gives none.
    pub scored: bool,
    /// For each segment what each term scores, in the order of the query.
    entries: Vec<Vec<Entry<'a>>>,
    /// Where answers are explained or highlighted, what was found of each term.
    details: Vec<Detail<'a>>,
    /// The words to mark.
    pub marks: Marks,
    /// The position and the weight of each searched field.
    fields: Vec<(usize, f32)>,
    averages: Vec<f32>,
    settings: Bm25Settings,
}

/// A term of the query with its postings in every segment.
struct FoundTerm<'a> {
    lists: Vec<Lists<'a>>,
    corrections: Vec<(Correction, Vec<Lists<'a>>)>,
    repeated: f32,
    idf: f32,
}

impl CollectionState {
    /// Takes a query apart; none where it has no searchable word.
    pub(super) fn resolve_text<'a>(&'a self, query: &'a TextQuery) -> Result<Option<ResolvedText<'a>>> {
        query.fields.iter().flatten().try_for_each(|name| self.check_text_field(&"text.fields", name))?;
        query.boost.iter().try_for_each(|(name, _)| self.check_text_field(&"text.boost", name))?;
        let mut fields = Vec::new();
        for (position, field) in self.schema.text_fields() {
            let name = &self.schema.fields[position].name;
            let wanted = query.fields.as_ref().is_none_or(|fields| fields.contains(name));
            if let Some(analyzer) = self.analyzers.get(position).filter(|_| wanted) {
                let boost = query.boost.iter().find(|(boosted, _)| boosted == name).map_or(1.0, |(_, factor)| *factor);
                let weight = (field.weight * boost).max(FIELD_WEIGHT_MIN);
                fields.push(SearchedField { position, analyzer, weight });
            }
        }
        let taken = take_apart(&query.query, &fields, query.prefix);
        let nothing = taken.units.is_empty() && taken.excluded.is_empty();
        Ok((!nothing).then_some(ResolvedText { fields, taken, query }))
    }

    pub(super) fn check_text_field(&self, path: &dyn Display, name: &String) -> Result<()> {
        if self.schema.text_fields().any(|(position, _)| self.schema.fields[position].name == *name) {
            return Ok(());
        }
        let names = self.schema.names(|kind| matches!(kind, FieldKind::Text(_)));
        let expected = format_args!("a text field of the schema ({names})");
        Err(Error::expected(path, &expected, &quoted(name)))
    }

    /// Finds the live rows that have the words; as sets, or with what there is to tell about them, where that is wanted.
    pub(super) fn match_text<'a>(
        &'a self,
        text: &ResolvedText<'_>,
        live: &'a [RowSet],
        wants_rows: bool,
        wants_details: bool,
        watch: &'a dyn Watch,
    ) -> TextMatches<'a> {
        let segments =
            map(live.iter().enumerate(), |(at, live)| TextSegment::new(self.segment(at), live, &text.fields));
        let mut matching = Matching::new(text, segments, self.settings.bm25, watch);
        matching.wants_details = wants_details;
        let rows = matching.rows(&text.taken, wants_rows);
        let Matching { entries, details, averages, .. } = matching;
        let marks = Marks::new(&text.fields, &details);
        let fields = map(&text.fields, |field| (field.position, field.weight));
        TextMatches {
            rows,
            scored: !text.taken.units.is_empty(),
            entries,
            details,
            marks,
            fields,
            averages,
            settings: self.settings.bm25,
        }
    }
}

impl TextMatches<'_> {
    /// Offers the best rows of a segment that match and are allowed.
    pub(super) fn rank(
        &self,
        at: usize,
        allowed: &RowSet,
        top: &mut TopK,
        watch: &dyn Watch,
        candidate: &dyn Fn(RowId, f32) -> Candidate,
    ) -> Effort {
        let Some(rows) = &self.rows else { return rank(&self.entries[at], allowed, top, watch, candidate) };
        let mut rows = rows[at].clone();
        rows.intersect(allowed);
        rank(&self.entries[at], &rows, top, watch, candidate)
    }
}

/// A query on its way through the segments.
struct Matching<'a, 'q> {
    text: &'q ResolvedText<'q>,
    segments: Vec<TextSegment<'a>>,
    settings: Bm25Settings,
    documents: u64,
    averages: Vec<f32>,
    entries: Vec<Vec<Entry<'a>>>,
    /// Whether a word is there when all of its pieces are, not when any is.
    is_strict: bool,
    /// Whether the rows of words are put into sets.
    wants_rows: bool,
    wants_details: bool,
    details: Vec<Detail<'a>>,
    /// Whether there is time for more. Where there is not, nothing matches: what was left undone might exclude anything.
    watch: &'q dyn Watch,
}

impl<'a, 'q> Matching<'a, 'q> {
    fn new(
        text: &'q ResolvedText<'q>,
        segments: Vec<TextSegment<'a>>,
        settings: Bm25Settings,
        watch: &'q dyn Watch,
    ) -> Self {
        let documents = segments.iter().map(|segment| segment.live.count() as u64).sum();
        let averages = map(0..text.fields.len(), |field| statistics(&segments, field).average_length());
        let entries = map(&segments, |_| Vec::new());
        let is_strict = text.query.all_words || text.query.minimum_match > 1;
        let (wants_rows, wants_details, details) = (false, false, Vec::new());
        Self {
            text,
            segments,
            settings,
            documents,
            averages,
            entries,
            is_strict,
            wants_rows,
            wants_details,
            details,
            watch,
        }
    }

    /// The rows that match, where somebody wants them or they are not just those that have any of the terms.
    fn rows(&mut self, TakenApart { units, excluded }: &TakenApart, wants_rows: bool) -> Option<Vec<RowSet>> {
        let is_one = self.add_all(units);
        let is_any = |unit: &Unit| unit.phrase.is_empty() && (!self.is_strict || unit.words[0].terms.len() == 1);
        let is_any = is_one || !units.is_empty() && self.needed(units.len()) == 1 && units.iter().all(is_any);
        self.wants_rows = wants_rows || !is_any || !excluded.is_empty();
        let rows = if is_one { Vec::from([self.rows_of_entries(0)]) } else { map(units, |unit| self.unit(unit)) };
        if self.watch.is_over() {
            return Some(map(&self.segments, |segment| RowSet::none(segment.rows())));
        }
        if !self.wants_rows {
            return None;
        }
        let mut rows = self.rows_of_units(&rows);
        for unit in excluded {
            let with = self.rows_of_excluded(unit);
            rows.iter_mut().zip(&with).for_each(|(rows, with)| rows.subtract(with));
        }
        Some(rows)
    }

    /// The rows of each segment that have one of the entries from that one on, where they are wanted.
    fn rows_of_entries(&self, first: usize) -> Vec<RowSet> {
        let segments = if self.wants_rows { self.segments.as_slice() } else { &[] };
        map(segments.iter().zip(&self.entries), |(segment, entries)| {
            let mut rows = RowSet::none(segment.rows());
            entries[first..].iter().for_each(|entry| rows.insert_all(&entry.rows()));
            rows
        })
    }

    /// The rows of each segment that have a word or a phrase; its terms join the entries.
    fn unit(&mut self, unit: &Unit) -> Vec<RowSet> {
        if unit.phrase.is_empty() {
            let mut rows = Vec::new();
            for word in &unit.words {
                rows = self.word(word, None);
            }
            return rows;
        }
        let rows = self.rows_with_phrase(unit);
        for word in &unit.words {
            self.word(word, Some(&rows));
        }
        rows
    }

    fn rows_with_phrase(&self, unit: &Unit) -> Vec<RowSet> {
        let shape = (self.text.query.slop, self.text.fields.len());
        rows_with_phrase(&self.segments, &unit.phrase, shape, self.watch)
    }

    /// The rows that have a word. With `only`, its terms score in these rows alone.
    fn word(&mut self, word: &QueryWord, only: Option<&[RowSet]>) -> Vec<RowSet> {
        let mut of_word = WordRows::new(self.is_strict);
        for term in word.terms.iter().take_while(|_| !self.watch.is_over()) {
            let found = self.find(term, word.repeated);
            let first = self.entries[0].len();
            let correction_idf = self.add_entries(&found, only);
            // Nobody asks for them where the rows are known before.
            let with_term = if only.is_none() { self.rows_of_entries(first) } else { Vec::new() };
            of_word.add(term, with_term);
            if self.wants_details {
                let FoundTerm { lists, corrections, repeated, idf } = found;
                let fields = 0..self.text.fields.len();
                let expanded = map(fields, |field| expanded(&self.segments, field, term).unwrap_or_default());
                let term = term.clone();
                let entry = first;
                let detail = Detail { term, idf, repeated, lists, corrections, correction_idf, expanded, entry };
                self.details.push(detail);
            }
        }
        of_word.rows()
    }

    fn find(&self, term: &QueryTerm, repeated: f32) -> FoundTerm<'a> {
        let lists = lists_of(&self.segments, term);
        let corrections = typos::corrections(&self.segments, term, self.text.query.fuzzy);
        let corrections = map(corrections, |correction| {
            let lists = correction.lists(&self.segments);
            (correction, lists)
        });
        let idf = idf(self.documents, self.documents_with(&lists));
        FoundTerm { lists, corrections, repeated, idf }
    }

    /// The number of live documents in any of the lists.
    fn documents_with(&self, lists: &[Lists<'a>]) -> u64 {
        let mut documents = 0;
        for (segment, lists) in self.segments.iter().zip(lists) {
            documents += match lists.as_slice() {
                [] => 0,
                [only] => segment.live_count(&only.list),
                [one, other] => segment.live_count_of_two(one.list, other.list),
                several => {
                    let mut rows = segment.rows_of(several);
                    rows.intersect(segment.live);
                    rows.count() as u64
                }
            };
        }
        documents
    }

    fn scorer(&self, idf: f32, repeated: f32) -> TermScorer {
        TermScorer::new(self.settings, idf, repeated)
    }

    /// One entry a segment for a term, and one more for its corrections; answers the idf of a correction of weight 1.
    fn add_entries(&mut self, found: &FoundTerm<'a>, only: Option<&[RowSet]>) -> f32 {
        let scorer = self.scorer(found.idf, found.repeated);
        let exact = map(self.segments.iter().zip(&found.lists).enumerate(), |(at, (segment, lists))| {
            self.entry(segment, lists, scorer, only.map(|only| &only[at]))
        });
        let mut correction_idf = 0.0;
        if !found.corrections.is_empty() {
            correction_idf = self.correction_idf(found, &exact);
            let corrected = self.corrected(found, &exact, scorer, correction_idf);
            for (at, (rows, scores)) in corrected.into_iter().enumerate() {
                self.entries[at].push(Entry::Known(rows, scores));
            }
        }
        for (entries, exact) in self.entries.iter_mut().zip(exact) {
            // The word itself comes before its corrections.
            let at = entries.len() - usize::from(!found.corrections.is_empty());
            entries.insert(at, exact);
        }
        correction_idf
    }

    fn entry(
        &self,
        segment: &TextSegment<'a>,
        lists: &[FieldList<'a>],
        scorer: TermScorer,
        only: Option<&RowSet>,
    ) -> Entry<'a> {
        let (rows, scores) = match (lists, only) {
            (_, Some(only)) => self.weighing(scorer).scores_in(lists, only),
            ([FieldList { field, lengths, list: TermList::Sealed(list) }], None) => {
                let (weight, average) = (self.text.fields[*field].weight, self.averages[*field]);
                return Entry::Counted(Counted {
                    list: *list,
                    field: *field,
                    lengths: *lengths,
                    weight,
                    average,
                    scorer,
                });
            }
            _ => self.weighing(scorer).scores(segment, lists),
        };
        Entry::Known(rows, scores)
    }

    fn weighing(&self, scorer: TermScorer) -> Weighing<'_> {
        Weighing { fields: &self.text.fields, averages: &self.averages, scorer }
    }

    /// The idf of the best correction: that of its own, but below all scores of the word itself.
    fn correction_idf(&self, found: &FoundTerm<'a>, exact: &[Entry<'a>]) -> f32 {
        let mut least = None;
        for (segment, entry) in self.segments.iter().zip(exact) {
            for (posting, row) in entry.rows().into_iter().enumerate() {
                if segment.live.contains(RowId(row)) {
                    let score = entry.score(posting, row);
                    least = Some(least.map_or(score, |least: f32| least.min(score)));
                }
            }
        }
        let with_best = found.corrections.first().map_or(0, |(_, lists)| self.documents_with(lists));
        typos::base_weight(self.settings, least, idf(self.documents, with_best), found.repeated)
    }

    /// The rows and scores of a term's corrections.
    fn corrected(
        &self,
        found: &FoundTerm<'a>,
        exact: &[Entry<'a>],
        scorer: TermScorer,
        base: f32,
    ) -> Vec<(Vec<u32>, Vec<f32>)> {
        let rows = map(self.segments.iter().zip(exact), |(segment, entry)| {
            let mut rows = RowSet::none(segment.rows());
            rows.insert_all(&entry.rows());
            rows
        });
        let scorer_of = |weight: f32| self.scorer(base * weight, 1.0);
        typos::scores(&self.segments, &found.corrections, &rows, self.weighing(scorer), &scorer_of)
    }

    /// How many of so many words a document must have.
    fn needed(&self, units: usize) -> usize {
        let query = self.text.query;
        if query.all_words { units } else { query.minimum_match.clamp(1, units.max(1)) }
    }

    /// The live rows that have enough of the words; all where there is none.
    fn rows_of_units(&self, units: &[Vec<RowSet>]) -> Vec<RowSet> {
        let needed = self.needed(units.len());
        map(self.segments.iter().enumerate(), |(at, segment)| {
            if units.is_empty() {
                return segment.live.clone();
            }
            let mut rows = with_at_least(needed, &map(units, |unit| &unit[at]), segment.rows());
            rows.intersect(segment.live);
            rows
        })
    }

    /// The rows that have all pieces of an excluded word, its whole, or its phrase.
    fn rows_of_excluded(&self, unit: &Unit) -> Vec<RowSet> {
        if !unit.phrase.is_empty() {
            return self.rows_with_phrase(unit);
        }
        let mut of_word = WordRows::new(true);
        for term in unit.words.iter().flat_map(|word| &word.terms) {
            let lists = lists_of(&self.segments, term);
            of_word.add(term, map(self.segments.iter().zip(&lists), |(segment, lists)| segment.rows_of(lists)));
        }
        of_word.rows()
    }
}
