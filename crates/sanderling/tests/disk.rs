//! How much room a collection takes on its medium, beside what its documents are.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    Collection, CollectionSettings, Database, Document, Schema,
    engine::codec::AlignedBytes,
    storage::{Durability, MemoryStorage, Storage, StorageFuture, StoredObject},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

const SCHEMA: &str = r#"{ "fields": { "title": { "type": "text" }, "body": { "type": "text" },
    "vector": { "type": "vector", "dimensions": 128 } } }"#;

const DIMENSIONS: u64 = 128;

/// Memory that is still there when its database is closed, and counts what is written to it.
#[derive(Clone, Default)]
struct Counted(Arc<(MemoryStorage, AtomicUsize)>);

impl Counted {
    fn bytes(&self) -> u64 {
        pollster::block_on(self.list()).unwrap().iter().map(|object| object.bytes).sum()
    }
}

impl Storage for Counted {
    fn kind(&self) -> String {
        "counted".into()
    }
    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        self.0.0.list()
    }
    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        self.0.0.read(name, offset, length)
    }
    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.0.1.fetch_add(bytes.len(), SeqCst);
        self.0.0.append(name, bytes, durability)
    }
    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.0.1.fetch_add(bytes.len(), SeqCst);
        self.0.0.write(name, bytes, durability)
    }
    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.0.0.remove(name)
    }
    fn close(&self) -> StorageFuture<'_, ()> {
        self.0.0.close()
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// How documents come and go.
#[derive(Clone, Copy, Debug)]
struct Shape {
    has_vectors: bool,
    seal_at: u32,
    puts: u64,
    /// So many puts of a hundred replace a document.
    replaced_percent: u64,
    /// Which ids are deleted in the end.
    is_doomed: fn(u64) -> bool,
    /// How many ids a call deletes.
    deleted_at_once: usize,
}

/// A document and its bytes: those of its JSON and of its vector.
fn document(id: u64, shape: &Shape, random: &mut Random) -> (Document, u64) {
    let words = |count, random: &mut Random| {
        let words: Vec<String> = (0..count).map(|_| format!("word{}", random.below(2_000))).collect();
        words.join(" ")
    };
    let document = Document::new(id).with("title", words(8, random)).with("body", words(60, random));
    let bytes = document.to_value().to_string().len() as u64;
    if !shape.has_vectors {
        return (document, bytes);
    }
    let vector: Vec<f32> = (0..DIMENSIONS).map(|_| random.below(1_000) as f32 / 1_000.0 - 0.5).collect();
    (document.with("vector", vector), bytes + DIMENSIONS * 4)
}

fn open(storage: &Counted, shape: &Shape) -> (Database, Collection) {
    let database = Database::with_storage(Box::new(storage.clone()), Durability::Strict).unwrap();
    let settings = CollectionSettings { seal_at: shape.seal_at, ..CollectionSettings::default() };
    let books = database.collection_with("books", Schema::from_json(SCHEMA).unwrap(), settings).unwrap();
    (database, books)
}

/// Puts documents, of which some replace others, deletes some, and closes; answers the bytes that were put, those that were
/// written, those that are alive, and those that stay.
fn live_through(shape: &Shape) -> [u64; 4] {
    let storage = Counted::default();
    let (database, books) = open(&storage, shape);
    let (mut random, mut live, mut put) = (Random(5), BTreeMap::new(), 0);
    let (mut choices, mut next) = (Random(6), 0);
    for _ in 0..shape.puts / 100 {
        let mut batch = Vec::new();
        for _ in 0..100 {
            let is_update = next > 100 && choices.below(100) < shape.replaced_percent;
            let id = if is_update { choices.below(next) } else { next };
            next += u64::from(!is_update);
            let (document, bytes) = document(id, shape, &mut random);
            put += bytes;
            live.insert(id, bytes);
            batch.push(document);
        }
        books.put(batch).unwrap();
    }
    let doomed: Vec<u64> = (0..next).filter(|id| (shape.is_doomed)(*id)).collect();
    for doomed in doomed.chunks(shape.deleted_at_once) {
        books.delete(doomed.iter().copied()).unwrap();
        doomed.iter().for_each(|id| _ = live.remove(id));
    }
    assert_eq!(books.count(None).unwrap(), live.len());
    database.close().unwrap();
    let (database, books) = open(&storage, shape);
    assert_eq!(books.count(None).unwrap(), live.len());
    for id in 0..next {
        assert_eq!(books.has(id).unwrap(), live.contains_key(&id), "{id}");
    }
    database.close().unwrap();
    [put, storage.0.1.load(SeqCst) as u64, live.values().sum(), storage.bytes()]
}

/// Which share of the documents is deleted, and whether one is of it.
type Doom = (&'static str, fn(u64) -> bool);

const DOOMED: [Doom; 5] = [
    ("none", |_| false),
    ("a quarter", |id| id % 4 == 0),
    ("half", |id| id % 2 == 0),
    ("all but 1 %", |id| id % 100 != 0),
    ("all", |_| true),
];

#[test]
fn a_closed_collection_takes_at_most_two_and_a_half_times_what_is_alive() {
    for has_vectors in [true, false] {
        for replaced_percent in [0, 20, 60] {
            for (which, is_doomed) in DOOMED {
                for (seal_at, deleted_at_once) in [(400, 150), (2_000, 10_000)] {
                    let puts = if which == "all but 1 %" { 6_000 } else { 3_000 };
                    let shape = Shape { has_vectors, seal_at, puts, replaced_percent, is_doomed, deleted_at_once };
                    let [put, written, alive, stays] = live_through(&shape);
                    let case = format!("{which} deleted, {shape:?}");
                    // Both slots of the manifest, a log without writes, and what a segment has beside its rows.
                    let room = alive * 5 / 2 + if alive == 0 { 2_048 } else { 0 };
                    assert!(stays <= room, "{case}: {stays} bytes for {alive} that are alive");
                    assert!(written <= 6 * put, "{case}: {written} bytes written for {put}");
                }
            }
        }
    }
}

#[test]
fn a_segment_without_a_row_goes_at_the_next_turn_also_beside_a_merge() {
    let shape = Shape {
        has_vectors: false,
        seal_at: 20,
        puts: 0,
        replaced_percent: 0,
        is_doomed: |_| false,
        deleted_at_once: 0,
    };
    let storage = Counted::default();
    let (database, books) = open(&storage, &shape);
    let (mut random, mut live, mut most) = (Random(8), BTreeSet::new(), 0);
    for id in 0..4_000 {
        books.put([document(id, &shape, &mut random).0]).unwrap();
        live.insert(id);
        // Neighbours go together, so that segments die before, behind and within those that are merged; now and then most go.
        if id % 70 == 69 {
            let from = random.below(id);
            let end = if random.below(8) == 0 { id } else { from + 160 };
            let doomed: Vec<u64> = live.range(from..end).copied().collect();
            assert_eq!(books.delete(doomed.iter().copied()).unwrap(), doomed.len());
            live.retain(|id| !doomed.contains(id));
        }
        let sealed = books.stats().unwrap().segments;
        let empty = sealed.iter().filter(|segment| segment.state == "sealed" && segment.documents == 0).count();
        most = most.max(empty);
        assert_eq!(books.count(None).unwrap(), live.len(), "{id}");
        if id % 100 == 0 {
            (0..=id).for_each(|id| assert_eq!(books.has(id).unwrap(), live.contains(&id), "{id}"));
        }
    }
    assert!(most > 2, "segments died");
    for id in 4_000..4_040 {
        books.put([document(id, &shape, &mut random).0]).unwrap();
    }
    books.delete(0..4_040_u64).unwrap();
    let sealed = books.stats().unwrap().segments.into_iter().filter(|segment| segment.state == "sealed").count();
    assert!(sealed <= 1, "{sealed} segments hold nothing");
    database.close().unwrap();
    let (_database, books) = open(&storage, &shape);
    assert_eq!(books.count(None).unwrap(), 0);
}
