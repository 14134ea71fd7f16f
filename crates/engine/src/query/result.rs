//! What a search answers.

use super::FacetCounts;
use crate::{Document, DocumentId, Value, ids::SequenceNumber, lists::map};
use alloc::{string::String, vec::Vec};

/// The answer to one search.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchResult {
    /// The hits, best first.
    pub hits: Vec<Hit>,
    /// Where hits are put together, the groups, best first; then the hits are in them alone.
    pub groups: Option<Vec<Group>>,
    /// Where more hits (or groups) may follow, what a query gives to go on behind these.
    pub cursor: Option<String>,
    /// What was counted over all matches, in the order in which it was asked for.
    pub facets: Vec<(String, FacetCounts)>,
    /// How many documents match.
    pub total: usize,
    /// What each segment did.
    pub plan: Vec<SegmentPlan>,
    /// Why the answer is only a part of the whole one; nothing where it is whole.
    pub reasons: Vec<String>,
}

/// Hits with the same value.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The value; null for those that have none.
    pub value: Value,
    /// The best hits, best first.
    pub hits: Vec<Hit>,
}

/// One hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The document's id.
    pub id: DocumentId,
    /// Higher is better.
    pub score: f32,
    /// The document's version.
    pub version: SequenceNumber,
    /// The document, or the fields of it that were asked for.
    pub document: Document,
    /// Where the text leg found it.
    pub text: Option<TextLeg>,
    /// Where the vector leg found it (the best one, if there are several).
    pub vector: Option<VectorLeg>,
    /// The best passages of each field in which words matched, where they were asked for.
    pub highlights: Option<Vec<(String, Vec<String>)>>,
    /// How its score came about, where that was asked for.
    pub explanation: Option<Value>,
}

/// The place of a hit in the text leg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextLeg {
    /// From 1.
    pub rank: u32,
    /// Its BM25 score.
    pub score: f32,
}

/// The place of a hit in a vector leg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VectorLeg {
    /// From 1.
    pub rank: u32,
    /// The metric's own distance.
    pub distance: f32,
    /// The leg's score.
    pub similarity: f32,
}

/// What one segment did.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentPlan {
    /// `growing` or `sealed`.
    pub state: &'static str,
    /// Its live documents.
    pub documents: usize,
    /// How the filter was evaluated, if there was one.
    pub filter: Option<FilterPlan>,
    /// How the text was searched, if there was one: how many of the matching documents were scored.
    pub text: Option<String>,
    /// How each vector leg was searched: the index, and what was done with it.
    pub vectors: Vec<String>,
}

/// How a filter was evaluated in one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterPlan {
    /// In words: the condition that drove it, and how its rows were found.
    pub how: String,
    /// The most rows that could pass, as it was known before any was looked at.
    pub estimate: usize,
    /// The live documents that pass.
    pub passing: usize,
}

impl SearchResult {
    /// The result as the JSON value that the bindings return.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let plan = Value::object().with("segments", map(&self.plan, SegmentPlan::to_value));
        let hits = |hits: &[Hit]| Value::Array(map(hits, Hit::to_value));
        let mut answer = Value::object().with("hits", hits(&self.hits)).with("total", self.total).with("plan", plan);
        if !self.facets.is_empty() {
            let facets = map(&self.facets, |(field, counts)| (field.clone(), counts.to_value()));
            answer = answer.with("facets", Value::Object(facets));
        }
        if let Some(groups) = &self.groups {
            let group =
                |group: &Group| Value::object().with("value", group.value.clone()).with("hits", hits(&group.hits));
            answer = answer.with("groups", Value::Array(map(groups, group)));
        }
        if let Some(cursor) = &self.cursor {
            answer = answer.with("cursor", cursor.as_str());
        }
        if self.reasons.is_empty() {
            return answer;
        }
        answer.with("partial", true).with("reasons", map(&self.reasons, |reason| Value::from(reason.as_str())))
    }
}

impl Hit {
    fn to_value(&self) -> Value {
        let mut hit = Value::object()
            .with("id", self.id.to_value())
            .with("score", score(self.score))
            .with("version", self.version.0)
            .with("document", self.document.to_value());
        if let Some(text) = &self.text {
            hit = hit.with("text", Value::object().with("rank", text.rank).with("score", score(text.score)));
        }
        if let Some(vector) = &self.vector {
            let leg = Value::object()
                .with("rank", vector.rank)
                .with("distance", score(vector.distance))
                .with("similarity", score(vector.similarity));
            hit = hit.with("vector", leg);
        }
        if let Some(highlights) = &self.highlights {
            let passages = |texts: &Vec<String>| Value::Array(map(texts, |text| Value::from(text.as_str())));
            hit =
                hit.with("highlights", Value::Object(map(highlights, |(name, texts)| (name.clone(), passages(texts)))));
        }
        if let Some(explanation) = &self.explanation {
            hit = hit.with("explanation", explanation.clone());
        }
        hit
    }
}

impl SegmentPlan {
    fn to_value(&self) -> Value {
        let mut plan = Value::object().with("state", self.state).with("documents", self.documents);
        if let Some(FilterPlan { how, estimate, passing }) = &self.filter {
            plan = plan.with("filter", how.as_str()).with("estimate", *estimate).with("passing", *passing);
        }
        if let Some(how) = &self.text {
            plan = plan.with("text", how.as_str());
        }
        match self.vectors.as_slice() {
            [] => plan,
            [only] => plan.with("vector", only.as_str()),
            several => plan.with("vector", map(several, |how| Value::from(how.as_str()))),
        }
    }
}

/// An f32 is an f64 to the last bit; one that is not finite (an overflow of the metric, or a distance that is infinite)
/// becomes the largest or least there is. So the order of hits is that of the values shown. None is NaN: metrics and
/// [`TopK`](super::TopK) make that an infinity.
fn score(value: f32) -> Value {
    let value = if value.is_nan() { f32::MIN } else { value.clamp(f32::MIN, f32::MAX) };
    Value::Number(f64::from(value))
}
