//! A collection with one vector field for tests: documents are numbered, sealed and merged at will.

#[path = "../merges/mod.rs"]
pub mod merges;

use sanderling_engine::{
    Document, DocumentId, Query, Schema, Value,
    codec::AlignedBytes,
    collection::{CollectionState, DeleteTarget, PutOptions, SealedOutput, Write},
    document::json,
    ids::SequenceNumber,
    rows::RowSet,
    segment::{SealedSegment, format::append_tail},
    settings::CollectionSettings,
    stored::sums_bytes,
    text::AnalyzerSource,
};
use std::sync::Arc;

const NOW: u64 = 1_000;

/// A collection of documents with a vector, a `number` equal to the id, and `half`, 0 or 1.
pub struct Made {
    pub state: CollectionState,
    pub dimensions: usize,
    next: u32,
}

impl Made {
    /// An empty one; `options` are those of the vector field.
    pub fn new(dimensions: usize, options: &str) -> Self {
        let comma = if options.is_empty() { "" } else { ", " };
        let schema = format!(
            r#"{{ "fields": {{ "number": {{ "type": "number" }}, "half": {{ "type": "number" }},
                "vector": {{ "type": "vector", "dimensions": {dimensions}{comma}{options} }} }} }}"#
        );
        let settings = CollectionSettings { seal_at: u32::MAX, ..CollectionSettings::default() };
        let schema = Schema::from_json(schema.as_str()).unwrap();
        let state = CollectionState::new(schema, AnalyzerSource::default(), settings, SequenceNumber(1)).unwrap();
        Self { state, dimensions, next: 0 }
    }

    fn write(&mut self, documents: Vec<Document>) {
        let prepared = self.state.prepare(Write::Put(documents, PutOptions::default()), NOW).unwrap();
        self.state.apply(prepared);
    }

    fn document(id: u32, vector: Option<&[f32]>) -> Document {
        let mut value = Value::object().with("id", id).with("number", id).with("half", id % 2);
        if let Some(vector) = vector {
            value = value.with("vector", Value::from(vector));
        }
        Document::from_json(value).unwrap()
    }

    /// Puts vectors under the next numbers.
    pub fn put_all(&mut self, vectors: &[f32]) {
        let first = self.next;
        let documents: Vec<Document> =
            vectors.chunks(self.dimensions).zip(first..).map(|(vector, id)| Self::document(id, Some(vector))).collect();
        self.next += documents.len() as u32;
        self.write(documents);
    }

    /// Puts one vector.
    pub fn put(&mut self, id: u32, vector: &[f32]) {
        self.write(vec![Self::document(id, Some(vector))]);
    }

    /// Puts a document that has no vector.
    pub fn put_without(&mut self, id: u32) {
        self.write(vec![Self::document(id, None)]);
    }

    /// Deletes documents.
    pub fn delete(&mut self, ids: impl Iterator<Item = u32>) {
        let ids = ids.map(|id| DocumentId::Integer(u64::from(id))).collect();
        let prepared = self.state.prepare(Write::Delete(DeleteTarget::Ids(ids)), NOW).unwrap();
        self.state.apply(prepared);
    }

    /// The growing segment as a file and its checksum.
    pub fn output(&mut self) -> (Vec<u8>, u32) {
        let sealed = self.state.sealed().count();
        let SealedOutput { bytes, checksum } = merges::merged(&mut self.state, sealed, NOW).0.unwrap();
        (bytes, checksum)
    }

    fn open(&self, bytes: &[u8], checksum: u32) -> Result<Arc<SealedSegment>, sanderling_engine::Error> {
        let aligned = AlignedBytes::copy_of(bytes).into();
        SealedSegment::open(self.state.schema(), aligned, "segment", (merges::DATABASE, merges::FILE, checksum))
            .map(Arc::new)
    }

    /// Whether a segment can be opened and passes every check.
    pub fn opens(&self, bytes: &[u8], checksum: u32) -> bool {
        self.open(bytes, checksum).is_ok_and(|segment| segment.check().is_ok())
    }

    /// Whether all segments pass every check.
    pub fn is_sound(&self) -> bool {
        self.state.sealed().all(|(segment, _)| segment.check().is_ok())
    }

    /// The same, not yet filled, over a file that was tampered with: none if it is refused.
    pub fn over(&self, bytes: &[u8], checksum: u32) -> Option<Self> {
        let segment = self.open(bytes, checksum).ok()?;
        let (schema, settings) = (Schema::clone(self.state.schema()), CollectionSettings::default());
        let mut state =
            CollectionState::new(schema, AnalyzerSource::default(), settings, SequenceNumber(100_000)).unwrap();
        let rows = segment.rows();
        state.add_sealed(segment, RowSet::none(rows));
        Some(Self { state, dimensions: self.dimensions, next: 0 })
    }

    /// Seals the growing segment and returns its file.
    pub fn seal(&mut self) -> Vec<u8> {
        merges::seal(&mut self.state, NOW).unwrap().bytes
    }

    /// Merges all segments.
    pub fn compact(&mut self) {
        merges::merge(&mut self.state, 0, NOW).unwrap();
    }

    fn search(&self, vector: &[f32], options: &str, rest: &str) -> Value {
        let text = format!(r#"{{ "vector": {{ "value": {vector:?}{options} }}{rest} }}"#);
        self.state.search(&Query::from_json(text.as_str()).unwrap(), NOW).unwrap().to_value()
    }

    /// The ids of the hits as text, best first. `options` are those of the vector leg, `rest` those of the query.
    pub fn ids(&self, vector: &[f32], options: &str, rest: &str) -> Vec<String> {
        let result = self.search(vector, options, rest);
        let Some(Value::Array(hits)) = result.get("hits") else { panic!("hits") };
        hits.iter().map(|hit| hit.get("id").unwrap().to_string()).collect()
    }

    /// How many documents pass a filter.
    pub fn count(&self, filter: &str) -> usize {
        self.state.count(Some(&json::parse(filter).unwrap()), NOW).unwrap()
    }

    /// What each segment says of its vector leg.
    pub fn plan(&self, vector: &[f32], options: &str) -> Vec<String> {
        let result = self.search(vector, options, "");
        let Some(Value::Array(segments)) = result.get("plan").unwrap().get("segments") else { panic!("segments") };
        let text = |segment: &Value| match segment.get("vector") {
            Some(Value::Text(text)) => text.clone(),
            other => panic!("{other:?}"),
        };
        segments.iter().map(text).collect()
    }
}

/// How many different ones there are.
pub fn distinct(ids: &[String]) -> usize {
    ids.iter().collect::<std::collections::HashSet<_>>().len()
}

/// An entry of the section table.
pub struct Section {
    pub kind: u32,
    pub length: usize,
    entry: usize,
    offset: usize,
}

fn number(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

/// Where the section table of a segment file begins.
pub fn table(file: &[u8]) -> usize {
    let end = number(file, 40);
    let (sums, groups) = sums_bytes(end);
    end + sums + groups
}

/// The sections of a segment file.
pub fn sections(file: &[u8]) -> Vec<Section> {
    let table = table(file);
    (0..number(file, 48))
        .map(|at| table + at * 24)
        .map(|entry| Section {
            kind: u32::from_le_bytes(file[entry..entry + 4].try_into().unwrap()),
            offset: number(file, entry + 8),
            length: number(file, entry + 16),
            entry,
        })
        .collect()
}

/// The file with the content of one section changed and all checksums made right again: what a deceiver would write. The
/// content may become shorter, not longer.
pub fn resealed(file: &[u8], kind: u32, change: &mut dyn FnMut(&mut Vec<u8>)) -> (Vec<u8>, u32) {
    let mut file = file.to_vec();
    let sections_end = number(&file, 40);
    for section in sections(&file).into_iter().filter(|section| section.kind == kind) {
        let mut content = file[section.offset..section.offset + section.length].to_vec();
        change(&mut content);
        let range = section.offset..section.offset + section.length;
        file[range].fill(0);
        file[section.offset..section.offset + content.len()].copy_from_slice(&content);
        file[section.entry + 16..section.entry + 24].copy_from_slice(&(content.len() as u64).to_le_bytes());
    }
    let table = file[table(&file)..file.len() - 4].to_vec();
    file.truncate(sections_end);
    let root = append_tail(&mut file, &table);
    (file, root)
}
