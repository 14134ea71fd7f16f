//! Searches beside a writer: no half of a batch is ever seen, what was written is seen by whoever asks next, and searches do not
//! become dear. `SANDERLING_STRESS_SECONDS` says how long (10 if not said).
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{Collection, CollectionSettings, Database, Document, DocumentId, Query, Schema, Value};
use std::{
    env, fs,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

const SCHEMA: &str = r#"{ "fields": { "generation": { "type": "number" }, "text": { "type": "text" },
    "parity": { "type": "keyword" }, "vector": { "type": "vector", "dimensions": 8 } } }"#;

/// Documents that each batch puts anew.
const TOGETHER: u64 = 20;
/// Documents beside them, which stay.
const OTHERS: u64 = 4_000;
const READERS: usize = 4;

fn vector(seed: u64) -> Vec<f32> {
    (0..8).map(|at| ((seed * 31 + at * 17) % 97) as f32 / 97.0 - 0.5).collect()
}

fn document(id: u64, generation: u64) -> Document {
    Document::new(id)
        .with("generation", generation as f64)
        .with("text", format!("shore generation{generation}"))
        .with("parity", if generation.is_multiple_of(2) { "even" } else { "odd" })
        .with("vector", vector(id + generation))
}

fn generation(document: &Document) -> u64 {
    let Some(Value::Number(generation)) = document.get("generation") else { panic!("{document:?}") };
    *generation as u64
}

/// The generation of all documents that are put together, found in one of several ways.
fn seen(collection: &Collection, way: usize) -> u64 {
    let together = format!("generation >= 1 AND generation < {}", u32::MAX);
    let query = match way % 4 {
        0 => Query::new().filter_text(together),
        1 => Query::new().text("shore").filter_text(together),
        2 => Query::new().vector(&vector(7)).filter_text(together),
        _ => Query::new().text("shore").vector(&vector(3)).filter_text(together).facet("parity", 10),
    };
    let found = collection.search(&query.limit(100)).unwrap();
    assert!(found.reasons.is_empty(), "{:?}", found.reasons);
    assert_eq!((found.total, found.hits.len()), (TOGETHER as usize, TOGETHER as usize), "way {way}");
    let generations: Vec<u64> = found.hits.iter().map(|hit| generation(&hit.document)).collect();
    assert!(generations.iter().all(|one| *one == generations[0]), "a torn batch: {generations:?}");
    if let Some((_, facet)) = found.facets.first() {
        let parity = if generations[0].is_multiple_of(2) { "even" } else { "odd" };
        let expected = sanderling::engine::query::FacetCounts::Values(vec![(parity.into(), TOGETHER as usize)]);
        assert_eq!(*facet, expected);
    }
    generations[0]
}

/// Seconds that a processor worked for this thread; none where the system does not tell.
fn cpu_seconds() -> Option<f64> {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse::<f64>().ok().map(|nanoseconds| nanoseconds / 1e9)
}

/// Asks until told to stop, and answers the searches a second of work of the processor.
fn read_on(collection: &Collection, written: &AtomicU64, is_over: &AtomicBool, reader: usize) -> Option<f64> {
    let start = cpu_seconds();
    let (mut searches, mut last) = (0, 0);
    while !is_over.load(SeqCst) {
        // A write that has resolved is visible to a search that begins now.
        let resolved = written.load(SeqCst);
        let seen = seen(collection, searches + reader);
        assert!(seen >= resolved, "generation {resolved} was written, {seen} is seen");
        assert!(seen >= last, "from generation {last} back to {seen}");
        last = seen;
        searches += 1;
        let id = DocumentId::Integer(seen % TOGETHER);
        assert!(generation(&collection.get(id).unwrap().unwrap()) >= seen);
    }
    Some(searches as f64 / (cpu_seconds()? - start?))
}

/// Searches a second of work of each reader, while `write` goes on.
fn beside(collection: &Collection, written: &AtomicU64, write: &mut dyn FnMut()) -> Vec<f64> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                let is_over = &is_over;
                scope.spawn(move || read_on(collection, written, is_over, reader))
            })
            .collect();
        write();
        is_over.store(true, SeqCst);
        readers.into_iter().filter_map(|reader| reader.join().unwrap()).collect()
    })
}

#[test]
fn readers_beside_a_writer_see_whole_batches_and_all_that_was_written() {
    let seconds = env::var("SANDERLING_STRESS_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(10);
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open(folder.path()).unwrap();
    let settings = CollectionSettings { seal_at: 1_000, ..CollectionSettings::default() };
    let collection = db.collection_with("stress", Schema::from_json(SCHEMA).unwrap(), settings).unwrap();
    collection.put((0..OTHERS).map(|at| document(1_000 + at, 0))).unwrap();
    collection.put((0..TOGETHER).map(|id| document(id, 1))).unwrap();
    let written = AtomicU64::new(1);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut generation = 1;
    let busy = beside(&collection, &written, &mut || {
        while Instant::now() < end {
            generation += 1;
            collection.put((0..TOGETHER).map(|id| document(id, generation))).unwrap();
            written.store(generation, SeqCst);
            assert_eq!(seen(&collection, generation as usize), generation, "whoever writes reads what was written");
        }
    });
    assert!(generation > 20 * seconds, "only {generation} batches");
    // Of what was written, with the segments that it lies in: how many there are costs more than the writer does.
    let alone = beside(&collection, &written, &mut || thread::sleep(Duration::from_secs(seconds) / 4));
    let mean = |rates: &[f64]| rates.iter().sum::<f64>() / rates.len() as f64;
    if !alone.is_empty() {
        let share = mean(&busy) / mean(&alone);
        println!(
            "{generation} batches; searches a second of work: {:.0}, beside them {:.2} of that",
            mean(&alone),
            share
        );
        // Other programs on the machine disturb this too: what is asked of it is in docs/benchmarks.md.
        assert!(share > 0.5, "searches beside a writer cost {:.1} times as much", 1.0 / share);
    }
}
