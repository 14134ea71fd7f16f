//! Completions of what a user types, from the words of the text fields.

use super::state::CollectionState;
use crate::{
    Result, Value,
    document::reader::ObjectReader,
    ids::RowId,
    limits::{QUERY_TEXT_BYTES_MAX, SUGGESTIONS_MAX},
    lists::map,
    order::{permuted, sorted},
    rows::RowSet,
    text::{Purpose, TermList},
};
use alloc::{string::String, vec::Vec};

/// Suggestions where no number is asked for.
const LIMIT_DEFAULT: usize = 10;

/// How to suggest.
#[derive(Clone, Debug, PartialEq)]
pub struct SuggestOptions {
    /// How many are wanted.
    pub limit: usize,
    /// The text fields; all if absent.
    pub fields: Option<Vec<String>>,
}

impl Default for SuggestOptions {
    fn default() -> Self {
        Self { limit: LIMIT_DEFAULT, fields: None }
    }
}

impl SuggestOptions {
    /// Reads `{ limit?, fields? }`.
    pub fn from_value(value: &Value) -> Result<Self> {
        let mut options = ObjectReader::new(value, &"options")?;
        let limit = options.count("limit", SUGGESTIONS_MAX)?.unwrap_or(LIMIT_DEFAULT);
        let fields = options.texts("fields")?;
        options.finish()?;
        Ok(Self { limit, fields })
    }
}

/// A completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What was typed, with its last word completed.
    pub text: String,
    /// How many documents have the word.
    pub documents: u64,
}

impl Suggestion {
    /// The suggestion as the JSON value that the bindings return.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::object().with("text", self.text.as_str()).with("documents", self.documents)
    }
}

impl CollectionState {
    /// Completes the last word of a text: the words of the most documents first, then in order of their bytes. A word is
    /// as it is written, folded, in a field with a language too.
    pub fn suggest(&self, text: &str, options: &SuggestOptions, now: u64) -> Result<Vec<Suggestion>> {
        options.fields.iter().flatten().try_for_each(|name| self.check_text_field(&"suggest.fields", name))?;
        let text = &text[..text.floor_char_boundary(QUERY_TEXT_BYTES_MAX)];
        let is_wanted = |position: usize| {
            let name = &self.schema.fields[position].name;
            options.fields.as_ref().is_none_or(|fields| fields.contains(name))
        };
        let mut found: Vec<(String, u64)> = Vec::new();
        for at in 0..=self.held.len() {
            let (segment, live) = (self.segment(at), self.live_rows(at, now));
            let mut lists: Vec<(String, TermList<'_>)> = Vec::new();
            for (position, _) in self.schema.text_fields().filter(|(position, _)| is_wanted(*position)) {
                let (Some(column), Some((head, prefix))) = (segment.text(position), self.last_word(position, text))
                else {
                    continue;
                };
                column.with_prefix(&prefix, &mut |word, list| {
                    let mut completed = String::from(head);
                    completed.push_str(word.text);
                    lists.push((completed, list));
                });
            }
            let order = sorted(lists.len(), &mut |a, b| lists[a].0.cmp(&lists[b].0));
            for same in order.chunk_by(|a, b| lists[*a as usize].0 == lists[*b as usize].0) {
                let documents = live_rows_of(&map(same, |list| lists[*list as usize].1), &live);
                if documents > 0 {
                    found.push((lists[same[0] as usize].0.clone(), documents));
                }
            }
        }
        Ok(best(&found, options.limit))
    }

    /// The last word of a text, folded, and what stands before it; none where the text does not end with a word.
    fn last_word<'t>(&self, position: usize, text: &'t str) -> Option<(&'t str, String)> {
        let mut last = None;
        self.analyzers.get(position)?.analyze(text, Purpose::Unfinished, &mut |token| {
            last = (token.end == text.len()).then(|| (&text[..token.start], String::from(token.term)));
        });
        last
    }
}

/// How many live rows any of the lists has.
fn live_rows_of(lists: &[TermList<'_>], live: &RowSet) -> u64 {
    let mut rows = RowSet::none(live.rows());
    match lists {
        [only] => return only.rows().iter().filter(|row| live.contains(RowId(**row))).count() as u64,
        several => several.iter().for_each(|list| rows.insert_all(&list.rows())),
    }
    rows.intersect(live);
    rows.count() as u64
}

/// What the segments found, put together.
fn best(found: &[(String, u64)], limit: usize) -> Vec<Suggestion> {
    let order = sorted(found.len(), &mut |a, b| found[a].0.cmp(&found[b].0));
    let same = order.chunk_by(|a, b| found[*a as usize].0 == found[*b as usize].0);
    let words = map(same, |same| Suggestion {
        text: found[same[0] as usize].0.clone(),
        documents: same.iter().map(|at| found[*at as usize].1).sum(),
    });
    let order = sorted(words.len(), &mut |a, b| words[b].documents.cmp(&words[a].documents));
    permuted(&words, &order[..limit.min(order.len())])
}
