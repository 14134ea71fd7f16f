//! Why a document matches: what each term adds to its score, and the words to mark in its texts.

use super::{Entry, SearchedField, TextMatches, lookup::Lists, typos::Correction, words::QueryTerm};
use crate::{
    Value,
    ids::RowId,
    lists::map,
    order::{permuted, sorted},
    schema::Schema,
    text::{Analyzer, HighlightOptions, TermScorer, highlight_all},
};
use alloc::{string::String, vec::Vec};

/// A term of the query with what was found of it.
pub(super) struct Detail<'a> {
    pub term: QueryTerm,
    pub idf: f32,
    pub repeated: f32,
    pub lists: Vec<Lists<'a>>,
    pub corrections: Vec<(Correction, Vec<Lists<'a>>)>,
    /// What the idf of a correction of weight 1 is.
    pub correction_idf: f32,
    /// The terms that a prefix stands for in each field, where they are not the words that begin with it.
    pub expanded: Vec<Vec<String>>,
    /// The place of its scores; those of its corrections are behind it.
    pub entry: usize,
}

/// The words of one field that matched.
#[derive(Clone, Debug, Default)]
struct FieldMarks {
    position: usize,
    /// Terms in order, with what they weigh.
    terms: Vec<(String, f32)>,
    prefixes: Vec<(String, f32)>,
}

/// The words that matched, field by field.
#[derive(Clone, Debug, Default)]
pub(in crate::collection) struct Marks(Vec<FieldMarks>);

impl Marks {
    pub(super) fn new(fields: &[SearchedField<'_>], details: &[Detail<'_>]) -> Self {
        Self(map(fields.iter().enumerate(), |(at, field)| {
            let mut marks = FieldMarks { position: field.position, ..FieldMarks::default() };
            for detail in details {
                let spelling = &detail.term.spelling[at];
                let mut add = |term: &String, weight: f32| marks.terms.push((term.clone(), weight));
                add(&spelling.term, detail.idf);
                // Of one character that character alone is marked, not the pairs that begin with it.
                let expanded = if detail.term.single { &[] } else { detail.expanded[at].as_slice() };
                expanded.iter().for_each(|term| add(term, detail.idf));
                for (correction, _) in &detail.corrections {
                    correction.terms()[at].iter().for_each(|term| add(term, correction.weight * detail.correction_idf));
                }
                if detail.term.prefix && !detail.term.single && detail.expanded[at].is_empty() {
                    marks.prefixes.push((spelling.form.clone(), detail.idf));
                }
            }
            let order = sorted(marks.terms.len(), &mut |a, b| marks.terms[a].0.cmp(&marks.terms[b].0));
            marks.terms = permuted(&marks.terms, &order);
            marks
        }))
    }

    /// The best passages of a field of a document.
    pub fn highlights(
        &self,
        position: usize,
        analyzer: &dyn Analyzer,
        value: &Value,
        options: &HighlightOptions<'_>,
    ) -> Vec<String> {
        let Some(marks) = self.0.iter().find(|marks| marks.position == position) else { return Vec::new() };
        let mut texts = Vec::new();
        let mut add = |value: &Value| {
            if let Value::Text(text) = value {
                texts.push(text.clone());
            }
        };
        match value {
            Value::Array(values) => values.iter().for_each(add),
            one => add(one),
        }
        highlight_all(&map(&texts, String::as_str), analyzer, &|term| marks.weight(term), options)
    }
}

impl FieldMarks {
    fn weight(&self, term: &str) -> f32 {
        let first = self.terms.partition_point(|(known, _)| known.as_str() < term);
        let same = self.terms[first..].iter().take_while(|(known, _)| known == term);
        let starting =
            self.prefixes.iter().filter(|(prefix, _)| !prefix.is_empty() && term.starts_with(prefix.as_str()));
        same.chain(starting).fold(0.0, |most, (_, weight)| most.max(*weight))
    }
}

impl TextMatches<'_> {
    /// What each term adds to the score of a row, in the order in which they are added.
    pub(in crate::collection) fn explain(&self, schema: &Schema, at: usize, row: RowId) -> Value {
        let mut terms = Vec::new();
        for detail in &self.details {
            let entries = &self.entries[at];
            if let Some(score) = score_of(&entries[detail.entry], row) {
                terms.push(self.term(schema, detail, &detail.lists[at], row, detail.idf).with("score", number(score)));
            }
            let behind = entries.get(detail.entry + 1).filter(|_| !detail.corrections.is_empty());
            if let Some(score) = behind.and_then(|entry| score_of(entry, row)) {
                // It is the best of them.
                let is_it = |(correction, lists): &&(Correction, Vec<Lists<'_>>)| {
                    self.score(&lists[at], row, detail.correction_idf * correction.weight) == score
                };
                if let Some((correction, lists)) = detail.corrections.iter().find(is_it) {
                    let idf = detail.correction_idf * correction.weight;
                    let term = self.term(schema, detail, &lists[at], row, idf);
                    let term = term.with("correction", correction.text()).with("typos", u32::from(correction.typos()));
                    terms.push(term.with("score", number(score)));
                }
            }
        }
        Value::Array(terms)
    }

    fn score(&self, lists: &Lists<'_>, row: RowId, idf: f32) -> f32 {
        let scorer = TermScorer::new(self.settings, idf, 1.0);
        let weighted = |(list, count): (usize, u32)| {
            let list = &lists[list];
            let length = list.lengths[row.index()];
            scorer.weighted_count(self.fields[list.field].1, count, length, self.averages[list.field])
        };
        scorer.score(rows_in(lists, row).into_iter().map(weighted).fold(0.0, |sum, weighted| sum + weighted))
    }

    fn term(&self, schema: &Schema, detail: &Detail<'_>, lists: &Lists<'_>, row: RowId, idf: f32) -> Value {
        let typed = detail.term.spelling.iter().find(|spelling| !spelling.form.is_empty());
        let mut fields = Vec::new();
        for (list, count) in rows_in(lists, row) {
            let list = &lists[list];
            let (position, weight) = self.fields[list.field];
            let field = Value::object()
                .with("field", schema.fields[position].name.as_str())
                .with("tf", count)
                .with("length", list.lengths[row.index()])
                .with("averageLength", number(self.averages[list.field]))
                .with("weight", number(weight));
            fields.push(field);
        }
        Value::object()
            .with("term", typed.map_or("", |spelling| spelling.form.as_str()))
            .with("idf", number(idf))
            .with("repeated", number(detail.repeated))
            .with("fields", Value::Array(fields))
    }
}

/// Which of the lists have a row, and how often.
fn rows_in(lists: &Lists<'_>, row: RowId) -> Vec<(usize, u32)> {
    let mut found = Vec::new();
    for (at, list) in lists.iter().enumerate() {
        if let Ok(posting) = list.list.rows().binary_search(&row.0) {
            found.push((at, list.list.count(posting)));
        }
    }
    found
}

fn score_of(entry: &Entry<'_>, row: RowId) -> Option<f32> {
    entry.rows().binary_search(&row.0).ok().map(|posting| entry.score(posting, row.0))
}

fn number(value: f32) -> Value {
    Value::Number(f64::from(value))
}
