//! A collection of texts for tests: documents are written, sealed and merged at will.

#![allow(dead_code, reason = "not every test needs everything")]

pub mod oracle;

#[path = "../merges/mod.rs"]
pub mod merges;

use sanderling_engine::{
    Document, DocumentId, Query, Schema, Value,
    collection::{CollectionState, DeleteTarget, PutOptions, Write},
    document::json,
    ids::SequenceNumber,
    settings::CollectionSettings,
    text::AnalyzerSource,
};

pub const NOW: u64 = 1_000;

/// A collection.
pub struct Texts {
    pub state: CollectionState,
}

impl Texts {
    /// An empty one; `fields` are those of its schema.
    pub fn new(fields: &str) -> Self {
        let schema = Schema::from_json(format!(r#"{{ "fields": {fields} }}"#).as_str()).unwrap();
        let settings = CollectionSettings { seal_at: u32::MAX, ..CollectionSettings::default() };
        let state = CollectionState::new(schema, AnalyzerSource::default(), settings, SequenceNumber(1)).unwrap();
        Self { state }
    }

    /// Puts an array of documents.
    pub fn put(&mut self, documents: &str) {
        let Value::Array(documents) = json::parse(documents).unwrap() else { panic!("an array") };
        self.put_all(documents.into_iter().map(|value| Document::from_json(value).unwrap()).collect());
    }

    pub fn put_all(&mut self, documents: Vec<Document>) {
        let prepared = self.state.prepare(Write::Put(documents, PutOptions::default()), NOW).unwrap();
        self.state.apply(prepared);
    }

    pub fn delete(&mut self, ids: &[u32]) {
        let ids = ids.iter().map(|id| DocumentId::Integer(u64::from(*id))).collect();
        let prepared = self.state.prepare(Write::Delete(DeleteTarget::Ids(ids)), NOW).unwrap();
        self.state.apply(prepared);
    }

    pub fn seal(&mut self) {
        merges::seal(&mut self.state, NOW);
    }

    pub fn compact(&mut self) {
        merges::merge(&mut self.state, 0, NOW);
    }

    pub fn search(&self, query: &str) -> Value {
        self.state.search(&Query::from_json(query).unwrap(), NOW).unwrap().to_value()
    }

    /// The ids of the hits as text, best first.
    pub fn ids(&self, query: &str) -> Vec<String> {
        self.hits(query).into_iter().map(|(id, _)| id).collect()
    }

    /// The ids of the hits as text, with the bits of their scores.
    pub fn hits(&self, query: &str) -> Vec<(String, u32)> {
        let result = self.search(query);
        let Some(Value::Array(hits)) = result.get("hits") else { panic!("hits") };
        let score = |hit: &Value| match hit.get("score") {
            Some(Value::Number(score)) => (*score as f32).to_bits(),
            _ => panic!("a score"),
        };
        hits.iter().map(|hit| (hit.get("id").unwrap().to_string(), score(hit))).collect()
    }

    pub fn total(&self, query: &str) -> usize {
        match self.search(query).get("total") {
            Some(Value::Number(total)) => *total as usize,
            _ => panic!("a total"),
        }
    }
}
