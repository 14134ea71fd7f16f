//! What may be believed after a power cut, after a slot of the manifest was lost, and when callers race. Each test was a
//! defect once.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    Database, Document, Error, ErrorCode, Schema,
    engine::codec::AlignedBytes,
    storage::{Durability, Storage, StorageFuture, StoredObject},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    future::ready,
    sync::{Arc, Mutex},
};

/// A medium that knows which bytes a power cut would spare, and fails once when told to. As with many systems, what a
/// failed flush could not write is given up: later flushes of that object succeed without it.
#[derive(Clone, Default)]
struct Medium(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    durable: BTreeMap<String, Vec<u8>>,
    given_up: BTreeSet<String>,
    fail_next_append: bool,
    fail_writes: bool,
}

impl Medium {
    fn cut_power(&self) {
        let mut state = self.0.lock().unwrap();
        state.objects = state.durable.clone();
    }

    fn fail_next_append(&self) {
        self.0.lock().unwrap().fail_next_append = true;
    }

    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.0.lock().unwrap().objects.clone()
    }

    fn set(&self, objects: BTreeMap<String, Vec<u8>>) {
        let mut state = self.0.lock().unwrap();
        state.durable = objects.clone();
        state.objects = objects;
    }

    fn change(&self, name: &str, durability: Durability, change: impl FnOnce(&mut Vec<u8>)) -> StorageFuture<'_, ()> {
        let mut state = self.0.lock().unwrap();
        let bytes = state.objects.entry(name.into()).or_default();
        change(bytes);
        let bytes = bytes.clone();
        if durability == Durability::Strict && !state.given_up.contains(name) {
            state.durable.insert(name.into(), bytes);
        }
        Box::pin(ready(Ok(())))
    }
}

impl Storage for Medium {
    fn kind(&self) -> String {
        "medium".into()
    }
    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        let objects = self.objects().into_iter();
        let listed = objects.map(|(name, bytes)| StoredObject { name, bytes: bytes.len() as u64 }).collect();
        Box::pin(ready(Ok(listed)))
    }
    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        Box::pin(ready(Ok(AlignedBytes::copy_of(&self.objects()[name][offset as usize..][..length]))))
    }
    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        let mut state = self.0.lock().unwrap();
        if std::mem::take(&mut state.fail_next_append) {
            if durability == Durability::Strict {
                state.given_up.insert(name.into());
            }
            return Box::pin(ready(Err(Error::new(ErrorCode::Unavailable, "the medium failed"))));
        }
        drop(state);
        self.change(name, durability, |object| object.extend_from_slice(bytes))
    }
    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        if self.0.lock().unwrap().fail_writes {
            return Box::pin(ready(Err(Error::new(ErrorCode::Unavailable, "the medium failed"))));
        }
        self.change(name, durability, |object| *object = bytes.to_vec())
    }
    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        let mut state = self.0.lock().unwrap();
        state.objects.remove(name);
        state.durable.remove(name);
        Box::pin(ready(Ok(())))
    }
    fn close(&self) -> StorageFuture<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}

fn open(medium: &Medium, durability: Durability) -> Result<Database, Error> {
    Database::with_storage(Box::new(medium.clone()), durability)
}

fn schema(fields: &str) -> Schema {
    Schema::from_json(format!(r#"{{ "fields": {{ "n": {{ "type": "number" }}{fields} }} }}"#)).unwrap()
}

fn put(db: &Database, id: u64) -> Result<(), Error> {
    db.collection("c", schema(""))?.put([Document::new(id).with("n", id as f64)]).map(drop)
}

fn ids(db: &Database) -> Vec<u64> {
    let collection = db.existing_collection("c").unwrap();
    (0..10).filter(|id| collection.has(*id).unwrap()).collect()
}

#[test]
fn a_lost_or_older_manifest_slot_is_an_error_and_nothing_is_deleted() {
    let medium = Medium::default();
    let db = open(&medium, Durability::Strict).unwrap();
    let before = medium.objects();
    put(&db, 1).unwrap();
    db.close().unwrap();
    let whole = medium.objects();
    let mut lost = whole.clone();
    lost.remove("manifest-a").unwrap();
    let mut older = whole.clone();
    older.insert("manifest-a".into(), before["manifest-b"].clone());
    for objects in [lost, older] {
        medium.set(objects.clone());
        assert_eq!(open(&medium, Durability::Strict).err().unwrap().code(), ErrorCode::Corrupt);
        assert_eq!(medium.objects(), objects, "nothing was touched");
    }
    medium.set(whole);
    assert_eq!(ids(&open(&medium, Durability::Strict).unwrap()), [1]);
}

#[test]
fn the_numbers_of_files_that_may_be_repaired_are_not_given_again() {
    let medium = Medium::default();
    let db = open(&medium, Durability::Strict).unwrap();
    put(&db, 1).unwrap();
    db.existing_collection("c").unwrap().compact().unwrap();
    db.close().unwrap();
    let mut objects = medium.objects();
    // Generation 3 is in slot b: after its damage the older manifest names a log that is gone.
    *objects.get_mut("manifest-b").unwrap().last_mut().unwrap() ^= 1;
    medium.set(objects.clone());
    assert_eq!(open(&medium, Durability::Strict).err().unwrap().code(), ErrorCode::Corrupt);
    assert_eq!(medium.objects(), objects);
}

#[test]
fn relaxed_writes_before_a_failure_leave_no_hole() {
    let medium = Medium::default();
    let db = open(&medium, Durability::Relaxed).unwrap();
    put(&db, 1).unwrap();
    medium.fail_next_append();
    put(&db, 2).unwrap_err();
    put(&db, 3).unwrap();
    db.existing_collection("c").unwrap().flush().unwrap();
    medium.cut_power();
    assert_eq!(ids(&open(&medium, Durability::Strict).unwrap()), [1, 3]);
}

#[test]
fn a_strict_write_behind_a_torn_relaxed_log_is_kept() {
    let medium = Medium::default();
    let db = open(&medium, Durability::Relaxed).unwrap();
    put(&db, 1).unwrap();
    drop(db);
    let mut objects = medium.objects();
    objects.iter_mut().filter(|(name, _)| name.starts_with("wal-")).for_each(|(_, bytes)| bytes.extend([9; 7]));
    medium.0.lock().unwrap().objects = objects;
    let db = open(&medium, Durability::Strict).unwrap();
    put(&db, 2).unwrap();
    medium.cut_power();
    assert_eq!(ids(&open(&medium, Durability::Strict).unwrap()), [1, 2]);
}

#[test]
fn a_flush_after_a_failed_one_is_a_flush() {
    let medium = Medium::default();
    let db = open(&medium, Durability::Relaxed).unwrap();
    put(&db, 1).unwrap();
    let collection = db.existing_collection("c").unwrap();
    medium.fail_next_append();
    collection.flush().unwrap_err();
    collection.flush().unwrap();
    medium.cut_power();
    assert_eq!(ids(&open(&medium, Durability::Strict).unwrap()), [1]);
}

/// A process was killed between the write of a slot and its flush; the next one read the slot from the system's memory.
#[test]
fn an_unflushed_slot_is_flushed_before_anything_is_built_on_it() {
    let medium = Medium::default();
    let db = open(&medium, Durability::Strict).unwrap();
    let before = medium.objects();
    put(&db, 1).unwrap();
    drop(db);
    let slot =
        medium.objects().into_keys().find(|name| !before.contains_key(name) && name.starts_with("manifest")).unwrap();
    medium.0.lock().unwrap().durable.remove(&slot);
    put(&open(&medium, Durability::Strict).unwrap(), 2).unwrap();
    medium.cut_power();
    assert_eq!(ids(&open(&medium, Durability::Strict).unwrap()), [1, 2]);
}

#[test]
fn a_log_is_not_believed_flushed_after_a_flush_on_the_way_to_a_new_one_failed() {
    let medium = Medium::default();
    let db = open(&medium, Durability::Relaxed).unwrap();
    put(&db, 1).unwrap();
    medium.fail_next_append();
    put(&db, 2).unwrap_err();
    // The next one flushes the log before it begins another. Both that and sealing fail.
    medium.fail_next_append();
    medium.0.lock().unwrap().fail_writes = true;
    put(&db, 3).unwrap_err();
    medium.0.lock().unwrap().fail_writes = false;
    put(&db, 4).unwrap();
    db.existing_collection("c").unwrap().flush().unwrap();
    medium.cut_power();
    assert_eq!(ids(&open(&medium, Durability::Strict).unwrap()), [1, 4]);
}

#[test]
fn failures_one_after_the_other_leave_no_heap_of_logs() {
    let medium = Medium::default();
    let db = open(&medium, Durability::Strict).unwrap();
    let mut kept = vec![];
    for id in 1..9 {
        if put(&db, id).is_ok() {
            kept.push(id);
        }
        medium.fail_next_append();
    }
    medium.0.lock().unwrap().fail_next_append = false;
    let logs = medium.objects().keys().filter(|name| name.starts_with("wal-")).count();
    assert!(logs <= 3, "{logs} logs");
    drop(db);
    assert_eq!(ids(&open(&medium, Durability::Strict).unwrap()), kept);
}

#[test]
fn the_torn_end_of_a_large_batch_is_read_in_time() {
    let medium = Medium::default();
    let db = open(&medium, Durability::Strict).unwrap();
    let field = r#", "v": { "type": "vector", "dimensions": 1024 }"#;
    let collection = db.collection("c", schema(field)).unwrap();
    // Read at an odd offset, these ones look like lengths of some megabytes.
    let vector =
        |id: u64| (0..1_024_u64).map(|at| f32::from(u8::from((at * 7 + id).is_multiple_of(5)))).collect::<Vec<f32>>();
    collection.put((0..1_500).map(|id| Document::new(id).with("v", vector(id)))).unwrap();
    drop((collection, db));
    let mut objects = medium.objects();
    for (_, bytes) in objects.iter_mut().filter(|(name, _)| name.starts_with("wal-")) {
        bytes.pop();
    }
    medium.set(objects);
    let started = std::time::Instant::now();
    let db = open(&medium, Durability::Strict).unwrap();
    assert_eq!(db.existing_collection("c").unwrap().count(None).unwrap(), 0);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn callers_who_race_get_the_schema_they_asked_for_or_an_error() {
    for _ in 0..30 {
        let db = Database::memory().unwrap();
        let x = r#", "x": { "type": "keyword" }"#;
        let y = r#", "y": { "type": "number" }"#;
        let results: Vec<_> = std::thread::scope(|threads| {
            let spawn = |fields: &'static str| threads.spawn(|| db.collection("c", schema(fields)).map(|c| c.schema()));
            let openers = [spawn(x), spawn(y), spawn("")];
            openers.into_iter().map(|opener| opener.join().unwrap()).collect()
        });
        let in_force = db.existing_collection("c").unwrap().schema();
        for (result, name) in results.iter().zip(["x", "y", "n"]) {
            if result.is_ok() {
                assert!(in_force.position(name).is_some(), "{name} was promised");
            }
        }
    }
}

#[test]
fn a_collection_made_anew_is_not_dropped_by_an_earlier_drop() {
    let db = Database::memory().unwrap();
    for _ in 0..300 {
        db.collection("c", schema("")).unwrap();
        std::thread::scope(|threads| {
            threads.spawn(|| db.drop_collection("c").is_ok());
            threads.spawn(|| db.drop_collection("c").is_ok());
            threads.spawn(|| {
                let Ok(collection) = db.collection("c", schema("")) else { return };
                if collection.put([Document::new(1_u64)]).is_ok() {
                    // Whoever drops it now drops this one, and its handle knows.
                    let known = db.existing_collection("c").is_ok_and(|found| found.has(1_u64) == Ok(true));
                    assert!(known || collection.has(1_u64).is_err());
                }
            });
        });
    }
}

#[test]
fn a_generated_id_makes_room_for_one_that_is_given() {
    let db = Database::memory().unwrap();
    let collection = db.collection("c", schema("")).unwrap();
    let without = Document { id: None, fields: Vec::new() };
    let receipt = collection.put([without, Document::new("0000000000001")]).unwrap();
    assert_ne!(receipt.ids[0], receipt.ids[1]);
    assert_eq!(collection.count(None).unwrap(), 2);
}

#[test]
fn strict_is_never_quietly_relaxed() {
    let folder = tempfile::tempdir().unwrap();
    let relaxed = Database::open_relaxed(folder.path()).unwrap();
    assert_eq!(Database::open(folder.path()).err().unwrap().code(), ErrorCode::Unavailable);
    relaxed.close().unwrap();
    Database::open(folder.path()).unwrap();
}
