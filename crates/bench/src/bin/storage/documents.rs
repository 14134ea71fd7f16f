//! What stored documents take in a file, and what it costs to put, seal and fetch them. No field is indexed, so all else is little.

use crate::Options;
use sanderling::{
    Document, DocumentId, PutOptions, Schema,
    engine::{
        codec::AlignedBytes,
        collection::{CollectionState, Write},
        document::json,
        ids::{DatabaseId, FileId, SequenceNumber},
        segment::SealedSegment,
        settings::CollectionSettings,
        text::AnalyzerSource,
    },
};
use sanderling_bench::{
    cpu_seconds,
    record::{Value as Field, print},
};
use std::{fs, sync::Arc};

const IDENTITY: (DatabaseId, FileId) = (DatabaseId([7; 16]), FileId(1));
const BATCH: usize = 1_000;
const HITS: usize = 10;
const FETCHES: usize = 2_000;

/// `--only F` names a file of JSON objects, one a line.
pub fn run(options: &Options) {
    let text = fs::read_to_string(&options.only).unwrap_or_else(|error| panic!("--only {}: {error}", options.only));
    let objects = text.lines().map(|line| json::parse(line).expect("an object a line"));
    let documents: Vec<Document> = objects
        .enumerate()
        .map(|(id, object)| Document::from_json(object.with("id", id as u64)).expect("a document"))
        .collect();
    let schema = Schema::from_json(r#"{ "fields": { "none": { "type": "number" } } }"#).expect("a schema");
    let made =
        CollectionState::new(schema, AnalyzerSource::default(), CollectionSettings::default(), SequenceNumber(1));
    let mut state = made.expect("a collection");
    let rows = documents.len();
    let started = cpu_seconds();
    for batch in documents.chunks(BATCH) {
        let prepared = state.prepare(Write::Put(batch.to_vec(), PutOptions::default()), 0).expect("a batch");
        state.apply(prepared);
    }
    let put = cpu_seconds() - started;
    let (seal, bytes) = make(&mut state);
    let (merge, _) = make(&mut state);
    let started = cpu_seconds();
    for fetch in 0..FETCHES * HITS {
        let id = DocumentId::Integer((fetch * 7_919 % rows) as u64);
        assert!(state.get(&id, 0).expect("a sound file").is_some());
    }
    let fetched = cpu_seconds() - started;
    let fields = [
        ("documents", Field::from(rows)),
        ("JSON MB", (text.len() as f64 / 1e6).into()),
        ("segment MB", (bytes as f64 / 1e6).into()),
        ("put s", put.into()),
        ("seal s", seal.into()),
        ("merge s", merge.into()),
        ("10 fetched, ms", (fetched * 1e3 / FETCHES as f64).into()),
    ];
    print(false, &fields);
}

/// Makes one segment of all there are: how long it took, and the length of its file.
fn make(state: &mut CollectionState) -> (f64, usize) {
    state.freeze();
    let started = cpu_seconds();
    let mut job = state.merge_job(0..state.held().len(), 0);
    while !job.step() {}
    let (output, merged) = job.finish(IDENTITY.0, IDENTITY.1);
    let elapsed = cpu_seconds() - started;
    let output = output.expect("rows are left");
    let bytes = AlignedBytes::copy_of(&output.bytes).into();
    let identity = (IDENTITY.0, IDENTITY.1, output.checksum);
    let opened = SealedSegment::open(state.schema(), bytes, "segment", identity).expect("a segment");
    state.install(Some(Arc::new(opened)), &merged);
    (elapsed, output.bytes.len())
}
