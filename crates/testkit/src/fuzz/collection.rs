//! A small collection in memory whose documents lie where a test wants them.

use sanderling_engine::{
    Document, DocumentId, Query, Schema, Value,
    codec::AlignedBytes,
    collection::{CollectionState, DeleteTarget, PutOptions, SealedOutput, Write},
    ids::{DatabaseId, FileId, SequenceNumber},
    segment::SealedSegment,
    settings::CollectionSettings,
    text::AnalyzerSource,
};
use std::sync::Arc;

const DATABASE: DatabaseId = DatabaseId([5; 16]);
const FILE: FileId = FileId(1);
const NOW: u64 = 1_000;

/// A collection.
pub struct Collection {
    state: CollectionState,
}

impl Collection {
    /// An empty one; `fields` are those of its schema.
    pub fn new(fields: &Value) -> Self {
        let schema = Schema::from_json(Value::object().with("fields", fields.clone())).expect("a schema");
        let settings = CollectionSettings { seal_at: u32::MAX, ..CollectionSettings::default() };
        let source = AnalyzerSource { languages: Some(&sanderling_languages::LANGUAGES), custom: None };
        let state = CollectionState::new(schema, source, settings, SequenceNumber(1)).expect("all languages");
        Self { state }
    }

    fn write(&mut self, write: Write) {
        let prepared = self.state.prepare(write, NOW).expect("a write that is right");
        self.state.apply(prepared);
    }

    pub fn put(&mut self, documents: &[Document]) {
        self.write(Write::Put(documents.to_vec(), PutOptions::default()));
    }

    pub fn delete(&mut self, ids: &[u64]) {
        let ids = ids.iter().map(|id| DocumentId::Integer(*id)).collect();
        self.write(Write::Delete(DeleteTarget::Ids(ids)));
    }

    fn open(&self, output: &SealedOutput) -> Arc<SealedSegment> {
        let bytes = Box::new(AlignedBytes::copy_of(&output.bytes));
        let file = (DATABASE, FILE, output.checksum);
        Arc::new(SealedSegment::open(self.state.schema(), bytes, "segment", file).expect("what was sealed opens"))
    }

    /// Makes a segment of what grows.
    pub fn seal(&mut self) {
        let segment = self.state.seal(DATABASE, FILE, NOW).map(|output| self.open(&output));
        self.state.install_sealed(segment);
    }

    /// Makes one segment of all.
    pub fn compact(&mut self) {
        let segment = self.state.compact(DATABASE, FILE, NOW).map(|output| self.open(&output));
        let schema = Schema::clone(self.state.schema());
        self.state.install_compacted(segment, schema);
    }

    /// The answer, which is never an error.
    pub fn search(&self, query: &Query) -> Value {
        let result = self.state.search(query, NOW);
        result.unwrap_or_else(|error| panic!("{query:?} is refused: {error}")).to_value()
    }

    /// Completions.
    pub fn suggest(&self, text: &str) -> Vec<(String, u64)> {
        let found = self.state.suggest(text, &Default::default(), NOW).expect("a text is no error");
        found.into_iter().map(|suggestion| (suggestion.text, suggestion.documents)).collect()
    }
}
