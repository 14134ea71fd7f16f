//! What an exported stream becomes: the same database elsewhere, whole or not at all.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    Collection, CollectionSettings, Database, Document, ErrorCode, ListOptions, Query, Restore, RestoreOptions, Schema,
    Value,
    engine::codec::crc32c,
    storage::{Durability, MemoryStorage},
};
use std::{fs, io::Read, path::Path};

const SCHEMA: &str = r#"{ "fields": {
    "title": { "type": "text", "language": "english" }, "tags": { "type": "keyword", "many": true },
    "n": { "type": "number" }, "v": { "type": "vector", "dimensions": 16 } } }"#;

const REPLACE: RestoreOptions = RestoreOptions { replace: true, durability: Durability::Strict };

fn vector(seed: u64) -> Vec<f32> {
    (0..16).map(|at| ((seed * 31 + at * 17) % 23) as f32 - 11.0).collect()
}

fn document(id: u64) -> Document {
    let words = ["shore", "wader", "running", "tide", "flock"];
    let title = format!("{} birds {}", words[id as usize % 5], words[(id * 7 + 2) as usize % 5]);
    let tags = Value::Array(vec![words[id as usize % 3].into(), words[id as usize % 2].into()]);
    // Not in the schema: it makes the stream some blocks long.
    let filler = "~".repeat(4_000 + id as usize);
    let document = Document::new(id).with("title", title).with("tags", tags).with("n", id * id % 37);
    document.with("v", vector(id)).with("filler", filler)
}

/// Two collections: one with sealed segments, dead rows, a frozen segment and a log, one with a log alone; and an empty one.
fn fill(db: &Database) -> Collection {
    let schema = || Schema::from_json(SCHEMA).unwrap();
    let settings = CollectionSettings { seal_at: 10, ..CollectionSettings::default() };
    let books = db.collection_with("books", schema(), settings).unwrap();
    (0..47).for_each(|id| drop(books.put([document(id)]).unwrap()));
    books.delete([3_u64, 13, 40]).unwrap();
    books.put([document(5), document(48)]).unwrap();
    db.collection("notes", schema()).unwrap().put((0..5).map(document)).unwrap();
    db.collection("empty", schema()).unwrap();
    books
}

/// All that can be seen of a database, with versions and the bits of scores.
fn seen(db: &Database) -> String {
    let mut seen = String::new();
    for name in db.collections().unwrap() {
        let collection = db.existing_collection(&name).unwrap();
        seen += &format!("{name} {} {:?}\n", collection.schema().to_json(), collection.count(None));
        for document in collection.list(&ListOptions::from_value(&Value::object()).unwrap()).unwrap().documents {
            seen += &format!("{document:?}\n");
        }
        let queries = [
            Query::new().limit(100),
            Query::new().text("running shore").limit(100),
            Query::new().vector(&vector(7)).limit(100),
            Query::new().text("tide").vector(&vector(9)).limit(20),
        ];
        for query in queries {
            for hit in collection.search(&query).unwrap().hits {
                seen += &format!("{} {} {:08x}\n", hit.id, hit.version.0, hit.score.to_bits());
            }
        }
    }
    seen
}

fn exported(db: &Database) -> Vec<u8> {
    let mut stream = Vec::new();
    db.export().unwrap().read_to_end(&mut stream).unwrap();
    stream
}

fn objects(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut objects: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
        .collect();
    objects.sort();
    objects
}

#[test]
fn a_copy_of_a_copy_answers_as_the_first_one_and_takes_writes() {
    let db = Database::memory().unwrap();
    let books = fill(&db);
    let folder = tempfile::tempdir().unwrap();
    let on_disk = sanderling::restore(folder.path(), &exported(&db)[..], RestoreOptions::default()).unwrap();
    assert_eq!(seen(&on_disk), seen(&db));
    on_disk.close().unwrap();
    let on_disk = Database::open(folder.path()).unwrap();
    let mut restore = Restore::with_storage(Box::new(MemoryStorage::default()), RestoreOptions::default()).unwrap();
    exported(&on_disk).chunks(777).for_each(|piece| restore.push(piece).unwrap());
    let copy = restore.finish().unwrap();
    assert_eq!(restore.finish().err().unwrap().code(), ErrorCode::Closed);
    assert_eq!(seen(&copy), seen(&db));
    // What is written next gets the same numbers in both, and what is compacted is the same.
    for db in [&copy, &on_disk, &db] {
        let books = db.existing_collection("books").unwrap();
        books.put([document(100)]).unwrap();
        books.delete([7_u64]).unwrap();
        (60..75).for_each(|id| drop(books.put([document(id)]).unwrap()));
    }
    assert_eq!(seen(&copy), seen(&db));
    assert_eq!(seen(&on_disk), seen(&db));
    books.compact().unwrap();
    copy.existing_collection("books").unwrap().compact().unwrap();
    assert_eq!(seen(&copy), seen(&db));
}

#[test]
fn a_restored_database_is_joined_by_who_opens_its_folder() {
    let db = Database::memory().unwrap();
    fill(&db);
    let folder = tempfile::tempdir().unwrap();
    let copy = sanderling::restore(folder.path(), db.export().unwrap(), RestoreOptions::default()).unwrap();
    let joined = Database::open(folder.path()).unwrap();
    joined.existing_collection("notes").unwrap().put([document(99)]).unwrap();
    assert!(copy.existing_collection("notes").unwrap().has(99_u64).unwrap());
    // A database that is open is nobody's to replace.
    let error = sanderling::restore(folder.path(), db.export().unwrap(), REPLACE).err().unwrap();
    assert_eq!(error.code(), ErrorCode::Unavailable);
}

#[test]
fn a_database_that_is_there_is_replaced_only_where_that_is_asked_for() {
    let (db, other) = (Database::memory().unwrap(), Database::memory().unwrap());
    fill(&db);
    other.collection("others", Schema::from_json(SCHEMA).unwrap()).unwrap().put([document(1)]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Also an empty one.
    Database::open(folder.path()).unwrap().close().unwrap();
    let before = objects(folder.path());
    let refused = |stream: &[u8]| sanderling::restore(folder.path(), stream, RestoreOptions::default());
    assert_eq!(refused(&exported(&other)).err().unwrap().code(), ErrorCode::Conflict);
    assert_eq!(objects(folder.path()), before);
    for (source, others) in [(&other, &db), (&db, &other), (&db, &other)] {
        let copy = sanderling::restore(folder.path(), &exported(source)[..], REPLACE).unwrap();
        assert_eq!(seen(&copy), seen(source));
        copy.close().unwrap();
        assert_eq!(refused(&exported(others)).err().unwrap().code(), ErrorCode::Conflict);
        let copy = Database::open(folder.path()).unwrap();
        assert_eq!(seen(&copy), seen(source));
        copy.close().unwrap();
    }
    let files = objects(folder.path()).into_iter().filter(|(name, _)| name.starts_with("segment-")).count();
    assert!(files <= 5, "{files} segments: the files of the replaced databases are gone");
}

#[test]
fn a_damaged_database_is_replaced_whatever_is_left_of_it() {
    let db = Database::memory().unwrap();
    fill(&db);
    let damages: [&dyn Fn(&Path); 4] = [
        &|folder| fs::remove_file(folder.join("manifest-a")).unwrap(),
        &|folder| ["manifest-a", "manifest-b"].iter().for_each(|slot| fs::write(folder.join(slot), b"x").unwrap()),
        &|folder| ["manifest-a", "manifest-b"].iter().for_each(|slot| fs::remove_file(folder.join(slot)).unwrap()),
        &|folder| {
            let files = objects(folder).into_iter().filter(|(name, _)| name.starts_with("segment-"));
            files.for_each(|(name, _)| fs::remove_file(folder.join(name)).unwrap());
        },
    ];
    for (at, damage) in damages.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let damaged = Database::open(folder.path()).unwrap();
        fill(&damaged);
        damaged.close().unwrap();
        damage(folder.path());
        let before = objects(folder.path());
        let refused = sanderling::restore(folder.path(), &exported(&db)[..], RestoreOptions::default());
        assert_eq!(refused.err().unwrap().code(), ErrorCode::Conflict, "damage {at}");
        assert_eq!(objects(folder.path()), before, "damage {at}");
        let copy = sanderling::restore(folder.path(), &exported(&db)[..], REPLACE).unwrap();
        assert_eq!(seen(&copy), seen(&db), "damage {at}");
        copy.close().unwrap();
        let copy = Database::open(folder.path()).unwrap();
        copy.existing_collection("books").unwrap().compact().unwrap();
        copy.close().unwrap();
        assert_eq!(seen(&Database::open(folder.path()).unwrap()), {
            db.existing_collection("books").unwrap().compact().unwrap();
            seen(&db)
        });
    }
}

#[test]
fn a_database_of_a_newer_format_is_neither_replaced_nor_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open(folder.path()).unwrap();
    fill(&db);
    let stream = exported(&db);
    db.close().unwrap();
    for slot in ["manifest-a", "manifest-b"] {
        let mut bytes = fs::read(folder.path().join(slot)).unwrap();
        bytes[8] = 9;
        let checksum = crc32c(&bytes[..60]).to_le_bytes();
        bytes[60..64].copy_from_slice(&checksum);
        fs::write(folder.path().join(slot), bytes).unwrap();
    }
    let before = objects(folder.path());
    let error = sanderling::restore(folder.path(), &stream[..], REPLACE).err().unwrap();
    assert_eq!(error.code(), ErrorCode::Unsupported);
    assert_eq!(sanderling::repair(folder.path()).unwrap_err().code(), ErrorCode::Unsupported);
    let mut newer = stream.clone();
    newer[8] = 9;
    let mut restore = Restore::with_storage(Box::new(MemoryStorage::default()), RestoreOptions::default()).unwrap();
    assert_eq!(restore.push(&newer).unwrap_err().code(), ErrorCode::Unsupported);
    assert_eq!(objects(folder.path()), before);
}

/// A reader that breaks off.
struct Broken<'a>(&'a [u8]);

impl Read for Broken<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer) {
            Ok(0) => Err(std::io::Error::other("the line is dead")),
            read => read,
        }
    }
}

#[test]
fn a_stream_that_breaks_off_leaves_an_empty_target_that_is_free() {
    let db = Database::memory().unwrap();
    fill(&db);
    let stream = exported(&db);
    let folder = tempfile::tempdir().unwrap();
    for length in [0, 10, 64, 70_000, stream.len() - 30, stream.len() - 1] {
        let cut = sanderling::restore(folder.path(), &stream[..length], RestoreOptions::default());
        assert_eq!(cut.err().unwrap().code(), ErrorCode::Corrupt, "cut at {length}");
        let broken = sanderling::restore(folder.path(), Broken(&stream[..length]), RestoreOptions::default());
        let error = broken.err().unwrap();
        assert_eq!(error.code(), ErrorCode::Unavailable);
        let received = error.details().iter().find(|(name, _)| name == "received").unwrap().1.as_number().unwrap();
        assert_eq!(received as usize, length);
        let files = objects(folder.path()).into_iter().filter(|(name, _)| !name.starts_with("manifest-")).count();
        assert_eq!(files, 0);
    }
    sanderling::restore(folder.path(), &stream[..], RestoreOptions::default()).unwrap();
}

#[test]
fn a_stream_goes_on_where_it_arrived_soundly() {
    let db = Database::memory().unwrap();
    fill(&db);
    let stream = exported(&db);
    let mut restore = Restore::with_storage(Box::new(MemoryStorage::default()), RestoreOptions::default()).unwrap();
    let mut broken = 0;
    while (restore.received() as usize) < stream.len() {
        let from = restore.received() as usize;
        let mut rest = stream[from..stream.len().min(from + 90_000)].to_vec();
        if broken < 5 {
            let at = rest.len() / 3 * 2 + broken;
            rest[at] ^= 1;
            broken += 1;
            let error = restore.push(&rest).unwrap_err();
            assert_eq!(error.code(), ErrorCode::Corrupt);
            let received = error.details().iter().find(|(name, _)| name == "received").unwrap().1.as_number();
            assert_eq!(received.unwrap() as u64, restore.received());
            assert!(restore.received() as usize <= from + at);
            assert_eq!(restore.finish().err().unwrap().code(), ErrorCode::Corrupt);
        } else {
            restore.push(&rest).unwrap();
        }
    }
    assert_eq!(restore.push(&[0]).unwrap_err().code(), ErrorCode::Corrupt);
    assert_eq!(seen(&restore.finish().unwrap()), seen(&db));
}
