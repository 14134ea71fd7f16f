//! A snapshot of an open database: the same bytes each time, and the files it needs stay while writes go on.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    Collection, CollectionSettings, Database, Document, ErrorCode, Restore, RestoreOptions, Schema,
    storage::MemoryStorage,
};
use std::{
    fs,
    io::Read,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

const SCHEMA: &str = r#"{ "fields": { "title": { "type": "text" }, "n": { "type": "number" } } }"#;

fn fill(folder: &Path) -> (Database, Collection) {
    let db = Database::open(folder).unwrap();
    let settings = CollectionSettings { seal_at: 10, ..CollectionSettings::default() };
    let books = db.collection_with("books", Schema::from_json(SCHEMA).unwrap(), settings).unwrap();
    put(&books, 0..27);
    books.delete([3_u64, 13]).unwrap();
    (db, books)
}

fn put(collection: &Collection, ids: std::ops::Range<u64>) {
    for id in ids {
        collection.put([Document::new(id).with("title", "a bird of the shore").with("n", id)]).unwrap();
    }
}

fn data_files(folder: &Path) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| ["wal-", "segment-", "tombstones-"].iter().any(|kind| name.starts_with(kind))).count()
}

#[test]
fn a_snapshot_is_the_same_whatever_happens_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let (db, books) = fill(folder.path());
    let mut export = db.export().unwrap();
    let mut first = Vec::new();
    export.read_to_end(&mut first).unwrap();
    assert_eq!(first.len() as u64, export.length());
    put(&books, 20..90);
    books.compact().unwrap();
    put(&books, 90..95);
    for (offset, length) in [(0, 1), (0, first.len()), (63, 2), (64, 8), (first.len() - 30, 100), (first.len(), 5)] {
        let expected = &first[offset..first.len().min(offset + length)];
        assert_eq!(export.read_at(offset as u64, length).unwrap(), expected, "{length} from {offset}");
    }
    assert!(export.read_at(u64::MAX, 9).unwrap().is_empty());
    let mut later = db.export().unwrap();
    assert_ne!(later.read_at(0, 64).unwrap(), first[..64]);
}

#[test]
fn the_end_is_right_also_where_nobody_read_what_stands_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = fill(folder.path());
    let [mut one, mut other] = [db.export().unwrap(), db.export().unwrap()];
    let mut whole = Vec::new();
    one.read_to_end(&mut whole).unwrap();
    assert_eq!(other.read_at(whole.len() as u64 - 24, 24).unwrap(), whole[whole.len() - 24..]);
}

#[test]
fn files_that_nothing_else_needs_go_with_the_last_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let (db, books) = fill(folder.path());
    let [one, mut other] = [db.export().unwrap(), db.export().unwrap()];
    books.compact().unwrap();
    assert!(data_files(folder.path()) > 2);
    drop(one);
    other.read_at(0, usize::MAX).unwrap();
    assert!(data_files(folder.path()) > 2);
    drop(other);
    assert_eq!(data_files(folder.path()), 2, "a segment and a log");
}

#[test]
fn a_dropped_collection_stays_in_the_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let (db, _) = fill(folder.path());
    let mut export = db.export().unwrap();
    db.drop_collection("books").unwrap();
    assert_eq!(export.read_at(0, usize::MAX).unwrap().len() as u64, export.length());
    drop(export);
    assert_eq!(data_files(folder.path()), 0);
}

#[test]
fn a_closed_or_damaged_database_gives_none() {
    let folder = tempfile::tempdir().unwrap();
    let (db, books) = fill(folder.path());
    books.compact().unwrap();
    let mut export = db.export().unwrap();
    db.clone().close().unwrap();
    assert_eq!(export.read_at(0, 200).unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(db.export().err().unwrap().code(), ErrorCode::Closed);
    drop((export, db, books));
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let segment = names.into_iter().find(|path| path.to_string_lossy().contains("segment-")).unwrap();
    fs::remove_file(segment).unwrap();
    let db = Database::open(folder.path()).unwrap();
    assert_eq!(db.export().err().unwrap().code(), ErrorCode::Corrupt);
}

fn restored(mut export: sanderling::Export) -> Database {
    let mut restore = Restore::with_storage(Box::new(MemoryStorage::default()), RestoreOptions::default()).unwrap();
    while restore.received() < export.length() {
        restore.push(&export.read_at(restore.received(), 10_000).unwrap()).unwrap();
    }
    restore.finish().unwrap()
}

/// Says that it is over, also to those who wait for a test that failed.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// Batch number n has the documents 4n to 4n + 3, all of which say n; each third batch is deleted by the next one.
#[test]
fn a_snapshot_has_every_write_that_returned_before_it_and_no_half_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open_relaxed(folder.path()).unwrap();
    let settings = CollectionSettings { seal_at: 16, ..CollectionSettings::default() };
    let books = db.collection_with("books", Schema::from_json(SCHEMA).unwrap(), settings).unwrap();
    let (done, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for n in 0..u64::MAX {
                let batch = (0..4).map(|at| Document::new(4 * n + at).with("title", "a tern").with("n", n));
                books.put(batch).unwrap();
                done.store(2 * n + 1, SeqCst);
                if n % 3 == 2 {
                    books.delete((0..4).map(|at| 4 * (n - 2) + at)).unwrap();
                }
                done.store(2 * n + 2, SeqCst);
                if n % 50 == 49 {
                    books.compact().unwrap();
                }
                if stop.load(SeqCst) {
                    return;
                }
            }
        });
        let _stop = Stop(&stop);
        while done.load(SeqCst) < 700 {
            let before = done.load(SeqCst);
            let export = db.export().unwrap();
            let after = done.load(SeqCst) + 1;
            let copy = restored(export);
            let found = db.verify().unwrap();
            assert!(found.is_ok(), "{:?}", found.problems);
            let books = copy.existing_collection("books").unwrap();
            let is_whole = |n: u64| {
                let here = (0..4).filter(|at| books.has(4 * n + at).unwrap()).count();
                assert!(here == 0 || here == 4, "{here} documents of batch {n}");
                here == 4
            };
            for n in 0..after {
                let (put, deleted) = (2 * n + 1, 2 * (n + 2) + 2);
                let must_be_there = put <= before && (n % 3 != 0 || deleted > after);
                let must_be_gone = put > after || (n % 3 == 0 && deleted <= before);
                let is_there = is_whole(n);
                assert!(!must_be_there || is_there, "batch {n} is lost: {before} to {after}");
                assert!(!must_be_gone || !is_there, "batch {n} is back: {before} to {after}");
            }
        }
    });
    books.compact().unwrap();
    assert_eq!(data_files(folder.path()), 2, "a segment and a log");
}
