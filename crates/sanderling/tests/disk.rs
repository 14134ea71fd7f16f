//! How much room a collection takes on its medium, beside what its documents are.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    CollectionSettings, Database, Document, Schema,
    engine::codec::AlignedBytes,
    storage::{Durability, MemoryStorage, Storage, StorageFuture, StoredObject},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

const SCHEMA: &str = r#"{ "fields": { "title": { "type": "text" },
    "vector": { "type": "vector", "dimensions": 128 } } }"#;

const DIMENSIONS: u64 = 128;
const SEAL_AT: u32 = 400;

/// Writes of half a segment after which everything has settled.
const SETTLING: usize = 24;

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

/// A document and its bytes: those of its JSON and of its vector.
fn document(id: u64, random: &mut Random) -> (Document, u64) {
    let words: Vec<String> = (0..12).map(|_| format!("word{}", random.below(2_000))).collect();
    let vector: Vec<f32> = (0..DIMENSIONS).map(|_| random.below(1_000) as f32 / 1_000.0 - 0.5).collect();
    let title = words.join(" ");
    let bytes = title.len() as u64 + 14 + DIMENSIONS * 4;
    (Document::new(id).with("title", title).with("vector", vector), bytes)
}

/// Puts documents, of which some replace others, deletes some, and goes on for a while; answers what was written beside what
/// was put, and what stays beside what is alive.
fn live_through(replaced_percent: u64, deleted_every: u64) -> [f64; 2] {
    let storage = Counted::default();
    let database = Database::with_storage(Box::new(storage.clone()), Durability::Strict).unwrap();
    let settings = CollectionSettings { seal_at: SEAL_AT, ..CollectionSettings::default() };
    let books = database.collection_with("books", Schema::from_json(SCHEMA).unwrap(), settings).unwrap();
    let (mut random, mut live, mut put) = (Random(5), BTreeMap::new(), 0);
    let mut put_all = |ids: &[u64], live: &mut BTreeMap<u64, u64>| {
        let documents = ids.iter().map(|id| {
            let (document, bytes) = document(*id, &mut random);
            put += bytes;
            live.insert(*id, bytes);
            document
        });
        books.put(documents).unwrap();
    };
    let (mut choices, mut next) = (Random(6), 0);
    for _ in 0..80 {
        let mut id = || {
            let is_update = next > 1_000 && choices.below(100) < replaced_percent;
            next += u64::from(!is_update);
            if is_update { choices.below(next) } else { next - 1 }
        };
        let ids: Vec<u64> = (0..100).map(|_| id()).collect();
        put_all(&ids, &mut live);
    }
    let doomed: Vec<u64> = (0..next).filter(|id| deleted_every > 0 && id % deleted_every == 0).collect();
    for doomed in doomed.chunks(200) {
        books.delete(doomed.iter().copied()).unwrap();
        doomed.iter().for_each(|id| _ = live.remove(id));
    }
    // Merges take effect as writes go on, not by themselves.
    let few: Vec<u64> = live.keys().copied().take(SEAL_AT as usize / 2).collect();
    (0..SETTLING).for_each(|_| put_all(&few, &mut live));
    assert_eq!(books.count(None).unwrap(), live.len());
    database.close().unwrap();
    let alive: u64 = live.values().sum();
    [storage.0.1.load(SeqCst) as f64 / put as f64, storage.bytes() as f64 / alive as f64]
}

#[test]
fn files_take_at_most_two_and_a_half_times_what_is_alive() {
    for (replaced_percent, deleted_every) in [(0, 0), (60, 0), (20, 4), (0, 2)] {
        let [written, stays] = live_through(replaced_percent, deleted_every);
        let case = format!("{replaced_percent} % replaced, one in {deleted_every} deleted");
        assert!(stays <= 2.5, "{case}: {stays:.2} times what is alive");
        assert!(written <= 6.0, "{case}: {written:.2} times what was put was written");
    }
}
