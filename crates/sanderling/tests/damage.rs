//! A damaged part is left out and named; the rest answers, and nothing is written over it.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    Collection, CollectionSettings, Database, Document, Error, ErrorCode, PutOptions, Query, Schema,
    engine::codec::AlignedBytes,
    storage::{Durability, FileStorage, Storage, StorageFuture, StoredObject},
};
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, SystemTime},
};

mod folders;
use folders::{damage, names};

const SCHEMA: &str = r#"{ "fields": { "title": { "type": "text" }, "n": { "type": "number" } } }"#;

/// Two collections: one with two sealed segments, dead rows and a log, one with a log alone.
fn fill(folder: &Path) {
    let db = Database::open(folder).unwrap();
    let settings = CollectionSettings { seal_at: 10, ..CollectionSettings::default() };
    let books = db.collection_with("books", Schema::from_json(SCHEMA).unwrap(), settings).unwrap();
    put(&books, 0..10);
    put(&books, 10..20);
    books.delete([3_u64, 13]).unwrap();
    put(&books, 20..27);
    put(&db.collection("notes", Schema::from_json(SCHEMA).unwrap()).unwrap(), 0..5);
    db.close().unwrap();
}

fn put(collection: &Collection, ids: std::ops::Range<u64>) {
    for id in ids {
        collection.put([Document::new(id).with("title", "a bird of the shore").with("n", id)]).unwrap();
    }
}

fn found(collection: &Collection) -> (Vec<u64>, Vec<String>) {
    let result = collection.search(&Query::new().text("shore").limit(100)).unwrap();
    let value = result.to_value();
    assert_eq!(value.get("partial").is_some(), !result.reasons.is_empty());
    let mut ids: Vec<u64> = result.hits.iter().map(|hit| hit.id.to_string().parse().unwrap()).collect();
    ids.sort_unstable();
    (ids, result.reasons)
}

#[test]
fn what_is_damaged_is_left_out_and_named() {
    for kind in ["segment-", "wal-"] {
        for is_gone in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            fill(folder.path());
            let name = names(folder.path(), kind).remove(0);
            damage(folder.path(), &name, is_gone);
            let files = names(folder.path(), "");
            let db = Database::open(folder.path()).unwrap();
            let books = db.existing_collection("books").unwrap();
            let (ids, reasons) = found(&books);
            assert!(reasons.len() == 1 && reasons[0].contains(&name), "{name}: {reasons:?}");
            match kind {
                "segment-" => assert_eq!(ids, [10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26]),
                // Deaths stand in the log too, so that 3 and 13 may be back.
                _ => assert!((0..20).filter(|id| id % 10 != 3).all(|id| ids.contains(&id)), "{ids:?}"),
            }
            assert_eq!(books.count(None).unwrap(), ids.len());
            assert!(books.get(15_u64).unwrap().is_some());
            for lost in [books.get(99_u64).err(), books.has(99_u64).err(), books.flush().err()] {
                assert!(lost.is_none_or(|error| error.code() == ErrorCode::Corrupt));
            }
            for refused in [
                books.put([Document::new(50)]).unwrap_err(),
                books.delete([15_u64]).unwrap_err(),
                books.compact().unwrap_err(),
            ] {
                assert_eq!(refused.code(), ErrorCode::Corrupt, "{refused}");
                assert!(refused.to_string().contains(&name), "{refused}");
            }
            // The other one is as it was, and takes writes.
            let notes = db.existing_collection("notes").unwrap();
            put(&notes, 5..8);
            assert_eq!(found(&notes), ((0..8).collect(), Vec::new()));
            db.close().unwrap();
            assert!(files.iter().all(|name| names(folder.path(), "").contains(name)), "nothing of it was removed");
        }
    }
}

#[test]
fn figures_are_asked_for_again_without_what_they_found_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open(folder.path()).unwrap();
    let settings = CollectionSettings { seal_at: 1_200, ..CollectionSettings::default() };
    let books = db.collection_with("books", Schema::from_json(SCHEMA).unwrap(), settings).unwrap();
    // Rows that may have expired are looked at one by one.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let soon = now.as_millis() as u64 + 1_500;
    let until = |expires_at| PutOptions { expires_at, ..PutOptions::default() };
    books.put_with((0..1_200_u64).map(Document::new), until(Some(soon))).unwrap();
    books.put_with((1_200..2_400_u64).map(Document::new), until(None)).unwrap();
    db.close().unwrap();
    while SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64 <= soon {
        thread::sleep(Duration::from_millis(50));
    }
    let name = names(folder.path(), "segment-").remove(0);
    let mut bytes = fs::read(folder.path().join(&name)).unwrap();
    bytes[64 + 1_200 * 8 + 500] ^= 1; // behind the numbers of the writes
    fs::write(folder.path().join(&name), bytes).unwrap();
    let db = Database::open(folder.path()).unwrap();
    let books = db.existing_collection("books").unwrap();
    for _ in 0..2 {
        let stats = books.stats().unwrap();
        let segments: Vec<_> = stats.segments.iter().map(|segment| (segment.state, segment.documents)).collect();
        assert_eq!((stats.documents, &segments[..]), (1_200, &[("damaged", 0), ("sealed", 1_200), ("growing", 0)][..]));
    }
    assert!(books.search(&Query::new().limit(1)).unwrap().reasons[0].contains(&name));
}

/// A folder of which some reads fail: those from one on, so many.
struct Failing {
    folder: FileStorage,
    reads: Arc<AtomicUsize>,
    failing: std::ops::Range<usize>,
}

impl Storage for Failing {
    fn kind(&self) -> String {
        "failing".into()
    }
    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        self.folder.list()
    }
    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        if self.failing.contains(&self.reads.fetch_add(1, SeqCst)) {
            return Box::pin(async move { Err(Error::new(ErrorCode::Unavailable, format!("{name} cannot be read"))) });
        }
        self.folder.read(name, offset, length)
    }
    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.folder.append(name, bytes, durability)
    }
    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.folder.write(name, bytes, durability)
    }
    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.folder.remove(name)
    }
    fn close(&self) -> StorageFuture<'_, ()> {
        self.folder.close()
    }
}

#[test]
fn what_could_not_be_read_at_opening_is_read_at_the_next_use() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let reads = Arc::new(AtomicUsize::new(0));
    let open = |failing| {
        reads.store(0, SeqCst);
        let folder = FileStorage::open(folder.path()).unwrap();
        Database::with_storage(Box::new(Failing { folder, reads: reads.clone(), failing }), Durability::Strict)
    };
    open(0..0).unwrap().close().unwrap();
    let all = reads.load(SeqCst);
    assert!(all > 6, "two slots, two segments, dead rows, two logs");
    for at in 2..all {
        for times in 1..4 {
            // The first failure is at opening, the others are at the first uses, which read the files anew from the beginning.
            let database = open(at..at + 1).unwrap();
            let books = database.existing_collection("books").unwrap();
            assert_eq!(books.count(None).unwrap(), 25);
            put(&books, 40..42);
            books.delete([40_u64, 41]).unwrap();
            assert_eq!(database.existing_collection("notes").unwrap().count(None).unwrap(), 5);
            database.close().unwrap();
            // Where it fails again that is told, and tried again.
            let database = open(at..at + 60 * times).unwrap();
            let mut tries = 0;
            while let Err(error) = database.existing_collection("notes") {
                assert_eq!(error.code(), ErrorCode::Unavailable, "{error}");
                tries += 1;
            }
            assert!(tries > 10 * times && tries < 100 * times, "{tries}");
            database.close().unwrap();
        }
    }
}

/// What a damaged log holds behind its damage is not known to the database, and no reason to look at less of it.
#[test]
fn damage_that_was_there_at_opening_is_found_by_a_look_at_all_files() {
    for kind in ["segment-", "wal-"] {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path());
        let name = names(folder.path(), kind).remove(0);
        damage(folder.path(), &name, false);
        let db = Database::open(folder.path()).unwrap();
        for is_loaded in [false, true] {
            if is_loaded {
                let _ = db.collection("books", Schema::from_json(SCHEMA).unwrap());
            }
            let found = db.verify().unwrap();
            assert!(found.problems.iter().any(|problem| problem.file == name), "{name}: {found:?}");
        }
        assert_eq!(db.export().err().unwrap().code(), ErrorCode::Corrupt);
    }
}

#[test]
fn a_collection_that_is_dropped_while_the_database_is_closed_holds_nobody_up() {
    for _ in 0..20 {
        let db = Database::memory().unwrap();
        let settings = CollectionSettings { seal_at: 10, ..CollectionSettings::default() };
        let books = db.collection_with("books", Schema::from_json(SCHEMA).unwrap(), settings).unwrap();
        put(&books, 0..40);
        books.delete(0_u64..35).unwrap();
        thread::scope(|scope| {
            let other = db.clone();
            scope.spawn(move || drop(other.drop_collection("books")));
            scope.spawn(|| drop(db.close()));
        });
    }
}
