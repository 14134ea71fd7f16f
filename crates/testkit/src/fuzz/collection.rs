//! A small collection in memory whose documents lie where a test wants them.

use sanderling::storage::{BlockCache, RandomRead};
use sanderling_engine::{
    Document, DocumentId, Query, Result, Schema, Value,
    codec::AlignedBytes,
    collection::{CollectionState, DeleteTarget, ListOptions, PutOptions, Write},
    ids::{DatabaseId, FileId, SequenceNumber},
    rows::RowSet,
    segment::{SealedSegment, SegmentBytes},
    settings::CollectionSettings,
    text::AnalyzerSource,
    wal::Batch,
};
use std::sync::Arc;

const DATABASE: DatabaseId = DatabaseId([5; 16]);
const FILE: FileId = FileId(1);
const NOW: u64 = 1_000;

/// Where a segment lies.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// In memory, whole.
    Memory,
    /// On a medium: what a query needs little of is read when it is needed.
    Medium,
}

impl Place {
    /// The bytes of a file there.
    pub fn of(self, bytes: &[u8]) -> Result<SegmentBytes> {
        match self {
            Self::Memory => Ok(AlignedBytes::copy_of(bytes).into()),
            Self::Medium => BlockCache::new(0).file(bytes.len(), Box::new(Medium(bytes.to_vec()))),
        }
    }
}

struct Medium(Vec<u8>);

impl RandomRead for Medium {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let read = self.0.get(from..).and_then(|bytes| bytes.get(..into.len())).expect("no read goes beyond the end");
        into.copy_from_slice(read);
        Ok(())
    }
}

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

    /// One over a segment file that anybody may have made, in memory whole or read as it is needed.
    pub fn over(fields: &Value, bytes: &[u8], root: u32, place: Place) -> Result<Self> {
        let mut collection = Self::new(fields);
        let segment =
            SealedSegment::open(collection.state.schema(), place.of(bytes)?, "segment", (DATABASE, FILE, root))?;
        let rows = segment.rows();
        collection.state.add_sealed(Arc::new(segment), RowSet::none(rows));
        Ok(collection)
    }

    /// The file of all documents that are live, if there is one, and its root checksum.
    pub fn file(&mut self) -> Option<(Vec<u8>, u32)> {
        self.state.freeze();
        let mut job = self.state.merge_job(0..self.state.held().len(), NOW);
        while !job.step() {}
        job.finish(DATABASE, FILE).0.map(|output| (output.bytes, output.checksum))
    }

    /// Whether a look at all of every segment finds nothing wrong.
    pub fn is_sound(&self) -> bool {
        self.state.sealed().all(|(segment, _)| segment.check().is_ok())
    }

    /// Whether something came up while segments were read.
    pub fn is_in_doubt(&self) -> bool {
        self.state.is_in_doubt()
    }

    /// All documents.
    pub fn list(&self) -> Result<Vec<Document>> {
        let options = ListOptions { filter: None, prefix: None, after: None, limit: usize::MAX >> 1 };
        Ok(self.state.list(&options, NOW)?.documents)
    }

    /// The document of an id.
    pub fn get(&self, id: u64) -> Result<Option<Document>> {
        self.state.get(&DocumentId::Integer(id), NOW)
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

    /// Puts one segment in the place of those from a place on.
    fn merge(&mut self, from: usize) {
        self.state.freeze();
        let mut job = self.state.merge_job(from..self.state.held().len(), NOW);
        while !job.step() {}
        let (output, merged) = job.finish(DATABASE, FILE);
        let segment = output.map(|output| {
            let bytes = AlignedBytes::copy_of(&output.bytes).into();
            let file = (DATABASE, FILE, output.checksum);
            Arc::new(SealedSegment::open(self.state.schema(), bytes, "segment", file).expect("what was sealed opens"))
        });
        self.state.install(segment, &merged);
    }

    /// Makes a segment of what grows.
    pub fn seal(&mut self) {
        self.merge(self.state.sealed().count());
    }

    /// Makes one segment of all.
    pub fn compact(&mut self) {
        self.merge(0);
    }

    /// The answer, which is never an error.
    pub fn search(&self, query: &Query) -> Value {
        self.answer(query).unwrap_or_else(|error| panic!("{query:?} is refused: {error}"))
    }

    /// The answer, or why there is none.
    pub fn answer(&self, query: &Query) -> Result<Value> {
        Ok(self.state.search(query, NOW)?.to_value())
    }

    /// How many documents pass a filter.
    pub fn count(&self, filter: &Value) -> Result<usize> {
        self.state.count(Some(filter), NOW)
    }

    /// Applies a batch of a log.
    pub fn replay(&mut self, batch: Batch, name: &str) -> Result<()> {
        self.state.replay(batch, name)
    }

    /// Completions.
    pub fn suggest(&self, text: &str) -> Vec<(String, u64)> {
        let found = self.state.suggest(text, &Default::default(), NOW).expect("a text is no error");
        found.into_iter().map(|suggestion| (suggestion.text, suggestion.documents)).collect()
    }
}
