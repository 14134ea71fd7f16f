//! Queries put together in Rust.

use super::{Facet, FacetKind, Fusion, GroupBy, Highlight, Mmr, Order, Query, Sort, TextQuery, VectorQuery, parse};
use crate::{Result, Value, document::Json};
use alloc::string::String;

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

    /// Goes on behind the last hit of an answer, whose [`cursor`](super::SearchResult::cursor) this is. The query is otherwise the
    /// same, but for `limit` and for how hits are shown.
    ///
    /// ```
    /// # use sanderling_engine::{Query, query::SearchResult};
    /// fn next_page(query: &Query, answer: &SearchResult) -> Option<Query> {
    ///     answer.cursor.as_ref().map(|cursor| query.clone().cursor(cursor))
    /// }
    /// ```
    #[must_use]
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// How many of its best each leg gives at least, where several are fused: 200 unless told. More make the ranks of a fused
    /// list surer and the search longer.
    #[must_use]
    pub fn leg_depth(mut self, depth: usize) -> Self {
        self.leg_depth = depth;
        self
    }

    /// The fields that come back.
    #[must_use]
    pub fn select<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.select = Some(fields.into_iter().map(Into::into).collect());
        self
    }

    /// How the legs are put together.
    #[must_use]
    pub fn fusion(mut self, fusion: Fusion) -> Self {
        self.fusion = fusion;
        self
    }

    /// Orders the matches by a field, and by further fields where those before are equal.
    ///
    /// ```
    /// use sanderling_engine::{Query, query::Order};
    /// let query = Query::new().text("shore").sort("year", Order::Descending).sort("title", Order::Ascending);
    /// assert_eq!(query.sort.len(), 2);
    /// ```
    #[must_use]
    pub fn sort(mut self, field: impl Into<String>, order: Order) -> Self {
        self.sort.push(Sort { field: field.into(), order });
        self
    }

    /// Counts the values of a field over all matches: at most `limit` of the commonest.
    #[must_use]
    pub fn facet(self, field: impl Into<String>, limit: usize) -> Self {
        self.with_facet(field.into(), FacetKind::Values { limit })
    }

    /// Counts the matches with a value in each of some ranges: from the first bound on, below the second.
    #[must_use]
    pub fn facet_ranges(self, field: impl Into<String>, ranges: impl IntoIterator<Item = [f64; 2]>) -> Self {
        let ranges = ranges.into_iter().map(|range| range.map(Value::Number)).collect();
        self.with_facet(field.into(), FacetKind::Ranges(ranges))
    }

    /// Counts the matches with a value in a field, and finds the least and the greatest.
    #[must_use]
    pub fn facet_bounds(self, field: impl Into<String>) -> Self {
        self.with_facet(field.into(), FacetKind::Bounds)
    }

    fn with_facet(mut self, field: String, kind: FacetKind) -> Self {
        self.facets.push(Facet { field, kind });
        self
    }

    /// Puts the hits together by the values of a field, at most `limit` of each.
    #[must_use]
    pub fn group_by(mut self, field: impl Into<String>, limit: usize) -> Self {
        self.group_by = Some(GroupBy { field: field.into(), limit });
        self
    }

    /// Prefers hits that differ from those before them: the more so the nearer `lambda` is to 0.
    #[must_use]
    pub fn mmr(mut self, lambda: f32) -> Self {
        self.mmr = Some(Mmr { lambda, field: None });
        self
    }

    /// Leaves out hits that score less.
    #[must_use]
    pub fn min_score(mut self, least: f32) -> Self {
        self.min_score = Some(least);
        self
    }

    /// Marks matched words in passages of the texts.
    #[must_use]
    pub fn highlight(mut self, highlight: Highlight) -> Self {
        self.highlight = Some(highlight);
        self
    }

    /// Tells of each hit how its score came about.
    #[must_use]
    pub fn explain(mut self) -> Self {
        self.explain = true;
        self
    }

    /// Answers what there is when so many milliseconds have passed; `partial` says so.
    #[must_use]
    pub fn timeout(mut self, milliseconds: f64) -> Self {
        self.timeout = Some(milliseconds);
        self
    }
}
