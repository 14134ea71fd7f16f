//! What a search asks for, and what it answers.

mod fusion;
mod parse;
mod result;
mod topk;

pub use fusion::{Fusion, Ranked, reciprocal_rank};
pub(crate) use parse::vector as vector_of;
pub use result::{Hit, SearchResult, SegmentPlan, TextLeg, VectorLeg};
pub use topk::{Candidate, TopK};

use crate::{Result, Value, document::Json, text::HighlightOptions};
use alloc::{boxed::Box, string::String, vec::Vec};

/// One search.
///
/// ```
/// use sanderling_engine::Query;
/// let query = Query::new().text("shore birds").vector(&[0.1, 0.2]).limit(5);
/// assert_eq!(query.limit, 5);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The text leg.
    pub text: Option<TextQuery>,
    /// The vector legs.
    pub vectors: Vec<VectorQuery>,
    /// The filter, not yet checked against a schema.
    pub filter: Option<Value>,
    /// How the legs are put together.
    pub fusion: Fusion,
    /// How many hits are wanted.
    pub limit: usize,
    /// How many of the best are left out.
    pub offset: usize,
    /// The fields of the documents that come back; all but vectors if absent.
    pub select: Option<Vec<String>>,
    /// Hits that score less are left out.
    pub min_score: Option<f32>,
    /// Passages of the matched texts, marked.
    pub highlight: Option<Highlight>,
    /// Whether each hit tells how its score came about.
    pub explain: bool,
}

/// How the passages of matched texts are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Highlight {
    /// The fields; all that were searched if absent.
    pub fields: Option<Vec<String>>,
    /// Written before each matched word.
    pub open: String,
    /// Written after it.
    pub close: String,
    /// The most characters of a passage.
    pub max_length: usize,
}

impl Default for Highlight {
    fn default() -> Self {
        let HighlightOptions { open, close, max_length } = HighlightOptions::default();
        Self { fields: None, open: open.into(), close: close.into(), max_length }
    }
}

/// The text leg of a search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextQuery {
    /// What the user typed.
    pub query: String,
    /// The fields to search; all text fields if absent.
    pub fields: Option<Vec<String>>,
    /// Whether every word must be found.
    pub all_words: bool,
    /// Whether the last word may go on.
    pub prefix: bool,
    /// Weights that multiply those of the schema.
    pub boost: Vec<(String, f32)>,
    /// Which typos are looked for.
    pub fuzzy: Fuzziness,
    /// How far the words of a phrase may be from their places.
    pub slop: u32,
    /// How many of the words and phrases a document must have; 0 is 1.
    pub minimum_match: usize,
}

/// How many typos a word of a query may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fuzziness {
    /// None.
    #[default]
    Off,
    /// None below 5 characters, one up to 8, two in longer words.
    ByLength,
    /// At most so many: 1 or 2.
    Fixed(u8),
}

/// One vector leg of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorQuery {
    /// The field; the only vector field if absent.
    pub field: Option<String>,
    /// The vector.
    pub value: Box<[f32]>,
    /// Compare every vector in full.
    pub exact: bool,
    /// The share of the true neighbours to aim at; the schema's if absent. From 1 on the search is exact.
    pub recall: Option<f32>,
    /// Nodes that a graph's walk keeps on the way instead of what was measured; codes that are compared again at least.
    pub ef: Option<usize>,
    /// Candidates for each hit that are compared in full at least.
    pub oversample: Option<f32>,
}

impl VectorQuery {
    /// A search of the only vector field.
    #[must_use]
    pub fn new(value: &[f32]) -> Self {
        Self { field: None, value: value.into(), exact: false, recall: None, ef: None, oversample: None }
    }

    /// Searches the field of that name.
    #[must_use]
    pub fn field(self, name: impl Into<String>) -> Self {
        Self { field: Some(name.into()), ..self }
    }

    /// Compares every vector in full.
    #[must_use]
    pub fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    /// The share of the true neighbours to aim at.
    #[must_use]
    pub fn recall(self, recall: f32) -> Self {
        Self { recall: Some(recall), ..self }
    }

    /// Candidates on the way, instead of what was measured.
    #[must_use]
    pub fn ef(self, candidates: usize) -> Self {
        Self { ef: Some(candidates), ..self }
    }

    /// Candidates for each hit that are compared in full, instead of what was measured.
    #[must_use]
    pub fn oversample(self, factor: f32) -> Self {
        Self { oversample: Some(factor), ..self }
    }
}

impl Default for Query {
    fn default() -> Self {
        Self {
            text: None,
            vectors: Vec::new(),
            filter: None,
            fusion: Fusion::default(),
            limit: 10,
            offset: 0,
            select: None,
            min_score: None,
            highlight: None,
            explain: false,
        }
    }
}

impl Query {
    /// A query that every document matches.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a query from JSON: text, a [`Value`] or a `serde_json::Value`. A JSON string alone is a text query.
    pub fn from_json(source: impl Json) -> Result<Self> {
        parse::query(&source.to_value()?)
    }

    /// Searches the text fields.
    #[must_use]
    pub fn text(mut self, query: impl Into<String>) -> Self {
        self.text = Some(TextQuery { query: query.into(), ..TextQuery::default() });
        self
    }

    /// Searches the only vector field.
    #[must_use]
    pub fn vector(self, value: &[f32]) -> Self {
        self.vector_query(VectorQuery::new(value))
    }

    /// Searches a vector field.
    #[must_use]
    pub fn vector_in(self, field: impl Into<String>, value: &[f32]) -> Self {
        self.vector_query(VectorQuery::new(value).field(field))
    }

    /// Adds a vector leg with options.
    ///
    /// ```
    /// use sanderling_engine::{Query, query::VectorQuery};
    /// let query = Query::new().vector_query(VectorQuery::new(&[0.1, 0.2]).recall(0.99));
    /// assert_eq!(query.vectors[0].recall, Some(0.99));
    /// ```
    #[must_use]
    pub fn vector_query(mut self, query: VectorQuery) -> Self {
        self.vectors.push(query);
        self
    }

    /// Keeps the documents that pass a filter.
    pub fn filter(mut self, filter: impl Json) -> Result<Self> {
        self.filter = Some(filter.to_value()?);
        Ok(self)
    }

    /// Keeps the documents that pass a filter, which is written as text. Like every filter, it is checked when it is used.
    ///
    /// ```
    /// use sanderling_engine::Query;
    /// let query = Query::new().filter_text("year >= 1990 AND (tags CONTAINS 'birds' OR author IN ('a', 'b'))");
    /// assert_eq!(query, Query::from_json(r#"{ "filter": "year >= 1990 AND (tags CONTAINS 'birds' OR author IN ('a', 'b'))" }"#)?);
    /// # Ok::<(), sanderling_engine::Error>(())
    /// ```
    #[must_use]
    pub fn filter_text(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(Value::Text(filter.into()));
        self
    }

    /// How many hits are wanted.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// How many of the best are left out.
    #[must_use]
    pub fn offset(mut self, offset: usize) -> Self {
        self.offset = offset;
        self
    }

    /// The fields that come back.
    #[must_use]
    pub fn select<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.select = Some(fields.into_iter().map(Into::into).collect());
        self
    }
}
