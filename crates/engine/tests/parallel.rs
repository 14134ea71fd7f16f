//! Segments whose parts are made side by side have the bytes of those made part by part.
#![cfg(all(feature = "parallel", not(target_family = "wasm")))]
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

mod merges;
mod random;

use random::Random;
use sanderling_engine::{
    Document, DocumentId, Schema, Value,
    collection::{CollectionState, DeleteTarget, MergeJob, PutOptions, SealedOutput, Write},
    ids::SequenceNumber,
    segment::format::PartStep,
    settings::CollectionSettings,
    text::AnalyzerSource,
};
use std::{sync::Mutex, thread};

const SCHEMA: &str = r#"{ "fields": {
    "title": { "type": "text", "language": "english" }, "body": { "type": "text", "positions": false },
    "kind": { "type": "keyword", "many": true }, "n": { "type": "number" }, "place": { "type": "geo" },
    "graph": { "type": "vector", "dimensions": 16, "index": "hnsw" },
    "lists": { "type": "vector", "dimensions": 8, "index": "ivf" }
} }"#;

fn document(id: u64, random: &mut Random) -> Document {
    let mut words = |count: u64| -> String {
        let word =
            |random: &mut Random| ["shore ", "bird ", "waders ", "seas ", "rocks ", "tides "][random.below(6) as usize];
        (0..random.below(count)).map(|_| word(random)).collect()
    };
    let (title, body) = (words(8), words(60));
    let mut vector =
        |dimensions: u64| -> Vec<f32> { (0..dimensions).map(|_| random.below(1_000) as f32 - 499.5).collect() };
    let mut value = Value::object().with("id", id).with("title", title).with("body", body);
    value = value.with("graph", vector(16));
    if !id.is_multiple_of(3) {
        value = value.with("lists", vector(8));
    }
    let place =
        Value::object().with("lat", random.below(180) as f64 - 90.0).with("lon", random.below(360) as f64 - 180.0);
    Document::from_json(value.with("kind", vec!["a", "b"]).with("n", random.below(50)).with("place", place)).unwrap()
}

fn states() -> [CollectionState; 2] {
    let schema = Schema::from_json(SCHEMA).unwrap();
    let random = &mut Random(5);
    let mut made =
        CollectionState::new(schema, AnalyzerSource::default(), CollectionSettings::default(), SequenceNumber(1))
            .unwrap();
    for part in 0..3_u64 {
        let documents = (part * 700..part * 700 + 900).map(|id| document(id, random)).collect();
        let put = made.prepare(Write::Put(documents, PutOptions::default()), 0).unwrap();
        made.apply(put);
        let ids = (0..90).map(|at| DocumentId::Integer(part * 700 + at * 7)).collect();
        let delete = made.prepare(Write::Delete(DeleteTarget::Ids(ids)), 0).unwrap();
        made.apply(delete);
        made.freeze();
    }
    [made.clone(), made]
}

/// All parts at once, a step of each in turns that chance decides.
fn at_once(parts: Vec<PartStep<'_>>) {
    let threads = 3;
    let waiting = Mutex::new(parts);
    let work = || {
        loop {
            let Some(mut step) = waiting.lock().unwrap().pop() else { return };
            if !step() {
                waiting.lock().unwrap().insert(0, step);
            }
        }
    };
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
}

/// The parts one after the other in the other order, some of their work in each round.
fn backwards(parts: Vec<PartStep<'_>>) {
    for mut step in parts.into_iter().rev() {
        let _ = step() || step();
    }
}

fn install(state: &mut CollectionState, job: MergeJob) -> Vec<u8> {
    let (output, merged) = job.finish(merges::DATABASE, merges::FILE);
    let output: SealedOutput = output.unwrap();
    let segment = merges::open(state, &output);
    segment.check().unwrap();
    state.install(Some(segment), &merged);
    output.bytes
}

#[test]
fn parts_made_side_by_side_are_the_same() {
    let [mut one, mut other] = states();
    // Each of the frozen segments, then all of them merged.
    for segments in [0..1, 1..2, 2..3, 0..3] {
        let mut job = one.merge_job(segments.clone(), 0);
        while !job.step() {}
        let expected = install(&mut one, job);
        for run in [at_once as fn(Vec<PartStep<'_>>), backwards] {
            let mut other = other.clone();
            let mut job = other.merge_job(segments.clone(), 0);
            while job.step_parts(&mut |parts| run(parts)) {}
            while !job.step() {}
            assert!(install(&mut other, job) == expected, "segments {segments:?}");
        }
        let mut job = other.merge_job(segments, 0);
        while !job.step() {}
        install(&mut other, job);
    }
}

#[test]
fn nothing_is_made_of_nothing() {
    let [mut state, _] = states();
    let ids = (0..3_000).map(DocumentId::Integer).collect();
    let delete = state.prepare(Write::Delete(DeleteTarget::Ids(ids)), 0).unwrap();
    state.apply(delete);
    let mut job = state.merge_job(0..3, 0);
    assert!(!job.step_parts(&mut |_| panic!("there is nothing to do")) && job.step());
    assert!(job.finish(merges::DATABASE, merges::FILE).0.is_none());
}
