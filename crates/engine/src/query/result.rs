//! What a search answers.

use crate::{Document, DocumentId, Value, ids::SequenceNumber};
use alloc::{string::String, vec::Vec};

/// The answer to one search.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchResult {
    /// The hits, best first.
    pub hits: Vec<Hit>,
    /// How many documents match.
    pub total: usize,
    /// What each segment did.
    pub plan: Vec<SegmentPlan>,
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
    pub filter: Option<&'static str>,
    /// How the text was searched, if there was one.
    pub text: Option<&'static str>,
    /// How the vectors were searched, if there were any.
    pub vector: Option<&'static str>,
}

impl SearchResult {
    /// The answer as a JSON value: the form it has in TypeScript and in shared test cases.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let plan = object([("segments", Value::Array(self.plan.iter().map(SegmentPlan::to_value).collect()))]);
        let hits = Value::Array(self.hits.iter().map(Hit::to_value).collect());
        object([("hits", hits), ("total", self.total.into()), ("plan", plan)])
    }
}

impl Hit {
    fn to_value(&self) -> Value {
        let mut members = Vec::from([
            (String::from("id"), self.id.to_value()),
            (String::from("score"), score(self.score)),
            (String::from("version"), self.version.0.into()),
            (String::from("document"), self.document.to_value()),
        ]);
        if let Some(text) = &self.text {
            members.push(("text".into(), object([("rank", text.rank.into()), ("score", score(text.score))])));
        }
        if let Some(vector) = &self.vector {
            let leg = [
                ("rank", vector.rank.into()),
                ("distance", score(vector.distance)),
                ("similarity", score(vector.similarity)),
            ];
            members.push(("vector".into(), object(leg)));
        }
        Value::Object(members)
    }
}

impl SegmentPlan {
    fn to_value(&self) -> Value {
        let optional = [("filter", self.filter), ("text", self.text), ("vector", self.vector)];
        let optional = optional.into_iter().filter_map(|(name, how)| Some((name, how?.into())));
        let members = [("state", self.state.into()), ("documents", self.documents.into())];
        Value::Object(members.into_iter().chain(optional).map(|(name, value)| (name.into(), value)).collect())
    }
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

/// An f32 is an f64 to the last bit; one that is not finite (an overflow of the metric) becomes the largest there is.
fn score(value: f32) -> Value {
    let value = if value.is_nan() { 0.0 } else { value.clamp(f32::MIN, f32::MAX) };
    Value::Number(f64::from(value))
}
