//! How fast segments are sealed and merged, what is written for what is stored, and what stays on disk.

use crate::{
    Options,
    made::{DIMENSIONS, Maker, SCHEMA, collection, put_all},
    media::{Watched, Written},
};
use sanderling::{
    Database, Document, PutOptions, Schema, Value,
    engine::{
        codec::AlignedBytes,
        collection::{CollectionState, MergeJob, Write},
        ids::{DatabaseId, FileId, SequenceNumber},
        segment::SealedSegment,
        settings::CollectionSettings,
        text::AnalyzerSource,
    },
    storage::{Durability, FileStorage},
};
use sanderling_bench::{
    cpu_seconds,
    record::{Value as Field, print},
};
use std::{
    fs,
    ops::Range,
    path::Path,
    sync::{Arc, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

const DATABASE: DatabaseId = DatabaseId([7; 16]);
const SEGMENTS: usize = 4;
const BATCH: usize = 1_000;

pub fn run(options: &Options) {
    let rows = options.rows.unwrap_or(100_000);
    seal_and_merge(rows);
    compact(&options.folder, rows);
    amplification(&options.folder, 2 * rows);
}

/// The jobs themselves, in memory, by processor time.
fn seal_and_merge(rows: usize) {
    let schema = Schema::from_json(SCHEMA).expect("a schema");
    let settings = CollectionSettings::default();
    let made = CollectionState::new(schema, AnalyzerSource::default(), settings, SequenceNumber(1));
    let mut state = made.expect("a collection");
    let mut maker = Maker(21);
    let (mut input, mut seconds) = (0, 0.0);
    for segment in 0..SEGMENTS {
        let each = rows / SEGMENTS;
        for from in (0..each).step_by(BATCH) {
            let ids = (from..(from + BATCH).min(each)).map(|at| segment * each + at);
            let write = Write::Put(ids.map(|id| maker.document(id)).collect(), PutOptions::default());
            let prepared = state.prepare(write, 0).expect("a batch");
            state.apply(prepared);
        }
        input += state.growing_bytes();
        state.freeze();
        seconds += make(&mut state, segment..segment + 1);
    }
    speed("seal", rows, input, seconds);
    let input = state.sealed().map(|(segment, _)| segment.file_bytes() as u64).sum();
    let seconds = make(&mut state, 0..SEGMENTS);
    speed("merge of four", rows, input, seconds);
}

fn make(state: &mut CollectionState, segments: Range<usize>) -> f64 {
    let started = cpu_seconds();
    let mut job: MergeJob = state.merge_job(segments, 0);
    while !job.step() {}
    let (output, merged) = job.finish(DATABASE, FileId(1));
    let elapsed = cpu_seconds() - started;
    let output = output.expect("rows are left");
    let bytes = AlignedBytes::copy_of(&output.bytes).into();
    let opened = SealedSegment::open(state.schema(), bytes, "segment", (DATABASE, FileId(1), output.checksum));
    state.install(Some(Arc::new(opened.expect("a segment"))), &merged);
    elapsed
}

fn speed(name: &str, rows: usize, input: u64, seconds: f64) {
    let fields = [
        (name, Field::from("")),
        ("rows", rows.into()),
        ("input MB", (input as f64 / 1e6).into()),
        ("s", seconds.into()),
        ("MB/s", (input as f64 / 1e6 / seconds).into()),
    ];
    print(false, &fields);
}

/// With its files, and with a flush of each.
fn compact(folder: &Path, rows: usize) {
    let folder = folder.join("compact");
    let _ = fs::remove_dir_all(&folder);
    let database = Database::open(&folder).expect("a database");
    let documents = collection(&database, SCHEMA);
    let mut maker = Maker(22);
    let put = put_all(&documents, rows, &mut |id| maker.document(id));
    let input = documents.stats().expect("figures").disk_bytes;
    let started = Instant::now();
    documents.compact().expect("compacted");
    speed("put, durable, with its seals and merges", rows, live_bytes(&mut maker, rows), put.as_secs_f64());
    speed("compact()", rows, input, started.elapsed().as_secs_f64());
}

/// The bytes of so many documents as JSON, and of their vectors.
fn live_bytes(maker: &mut Maker, rows: usize) -> u64 {
    let one = |id: usize| {
        let Document { fields, .. } = maker.document(id);
        let stored = fields.into_iter().filter(|(name, _)| name != "vector").collect();
        Value::Object(stored).to_string().len() + DIMENSIONS * 4
    };
    (0..1_000).map(one).sum::<usize>() as u64 * rows as u64 / 1_000
}

/// Batches of 1,000, of which a fifth replaces what is there.
fn amplification(folder: &Path, puts: usize) {
    let folder = folder.join("amplification");
    let _ = fs::remove_dir_all(&folder);
    let written = Written::default();
    let inner = FileStorage::open(&folder).expect("a folder");
    let storage = Box::new(Watched { inner, flush: Duration::ZERO, written: written.clone() });
    let database = Database::with_storage(storage, Durability::Relaxed).expect("a database");
    let documents = collection(&database, SCHEMA);
    let (mut maker, mut rows) = (Maker(23), 0);
    for _ in 0..puts / BATCH {
        let batch: Vec<Document> = (0..BATCH)
            .map(|at| {
                let id = if at % 5 == 0 && rows > BATCH { (maker.next() * (rows - 1) as f32) as usize } else { rows };
                rows += usize::from(id == rows);
                maker.document(id)
            })
            .collect();
        documents.put(batch).expect("a batch");
    }
    database.close().expect("closed");
    let on_disk: u64 = fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.and_then(|entry| entry.metadata()).map_or(0, |metadata| metadata.len()))
        .sum();
    let live = live_bytes(&mut maker, rows) as f64;
    let fields = [
        ("puts", Field::from(puts)),
        ("documents", rows.into()),
        ("live MB", (live / 1e6).into()),
        ("written / live", (written.bytes.load(SeqCst) as f64 / live).into()),
        ("on disk / live", (on_disk as f64 / live).into()),
    ];
    print(false, &fields);
}
