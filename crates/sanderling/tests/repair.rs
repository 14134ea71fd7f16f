//! What becomes of damaged databases: what is sound is kept, what was lost is told, and nothing is thrown away.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    CollectionSettings, Database, Document, ErrorCode, Query, Schema, Value,
    driver::Repaired,
    engine::codec::{FileHeader, FileKind},
};
use std::{fs, path::Path};
use tempfile::TempDir;

mod folders;
use folders::{damage, names};

const SCHEMA: &str = r#"{ "fields": { "title": { "type": "text" }, "n": { "type": "number" } } }"#;

fn put(db: &Database, name: &str, ids: std::ops::Range<u64>, n: u64) {
    let collection = db.existing_collection(name).unwrap();
    for id in ids {
        collection.put([Document::new(id).with("title", "a bird of the shore").with("n", n)]).unwrap();
    }
}

/// Two collections: one with two sealed segments, dead rows and a log, one with a log alone.
fn filled() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open(folder.path()).unwrap();
    let settings = CollectionSettings { seal_at: 10, ..CollectionSettings::default() };
    let books = db.collection_with("books", Schema::from_json(SCHEMA).unwrap(), settings).unwrap();
    put(&db, "books", 0..10, 1);
    put(&db, "books", 10..20, 1);
    books.delete([3_u64, 13]).unwrap();
    put(&db, "books", 5..7, 2); // replaces two of the first segment
    put(&db, "books", 20..26, 1);
    db.collection("notes", Schema::from_json(SCHEMA).unwrap()).unwrap();
    put(&db, "notes", 0..5, 1);
    db.close().unwrap();
    folder
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn all(folder: &Path) -> Vec<(String, Vec<u8>)> {
    names(folder, "").into_iter().map(|name| (name.clone(), fs::read(folder.join(&name)).unwrap())).collect()
}

/// Ids with what they say, after a repair: the database answers whole, checks out and takes writes.
fn after(folder: &Path, name: &str) -> Vec<(u64, u64)> {
    let db = Database::open(folder).unwrap();
    assert!(db.verify().unwrap().is_ok());
    let collection = db.existing_collection(name).unwrap();
    let found = collection.search(&Query::new().text("shore").limit(1_000)).unwrap();
    assert!(found.reasons.is_empty(), "{:?}", found.reasons);
    let number = |document: &Document| document.get("n").unwrap().as_number().unwrap() as u64;
    let mut ids: Vec<(u64, u64)> =
        found.hits.iter().map(|hit| (hit.id.to_string().parse().unwrap(), number(&hit.document))).collect();
    ids.sort_unstable();
    let newest = found.hits.iter().map(|hit| hit.version).max();
    let written = collection.put([Document::new(1_000_u64).with("title", "later")]).unwrap();
    assert!(newest.is_none_or(|newest| newest < written.versions[0]));
    collection.delete([1_000_u64]).unwrap();
    assert_eq!(collection.count(None).unwrap(), ids.len());
    collection.compact().unwrap();
    assert_eq!(collection.count(None).unwrap(), ids.len());
    db.close().unwrap();
    ids
}

fn expected() -> Vec<(u64, u64)> {
    let replaced = |id: u64| if (5..7).contains(&id) { 2 } else { 1 };
    (0..26).filter(|id| ![3, 13].contains(id)).map(|id| (id, replaced(id))).collect()
}

fn repaired(folder: &Path) -> Repaired {
    let repaired = sanderling::repair(folder).unwrap();
    let aside: Vec<String> = repaired.copies.clone();
    assert!(aside.iter().all(|name| name.starts_with("damaged-") && folder.join(name).exists()), "{aside:?}");
    // A second one finds nothing to do.
    let files = all(folder);
    let again = sanderling::repair(folder).unwrap();
    assert!(again.lost.is_empty() && again.copies.is_empty(), "{again:?}");
    assert_eq!(again.documents, repaired.documents);
    assert_eq!(all(folder), files);
    repaired
}

#[test]
fn a_database_that_is_well_is_left_alone() {
    let folder = filled();
    let before = all(folder.path());
    let repaired = sanderling::repair(folder.path()).unwrap();
    assert_eq!((repaired.documents, &repaired.lost[..], &repaired.copies[..]), (29, &[][..], &[][..]));
    assert_eq!(all(folder.path()), before);
    assert_eq!(after(folder.path(), "books"), expected());
    // One that is open is somebody's, and one that is not there is nobody's.
    let db = Database::open(folder.path()).unwrap();
    assert_eq!(sanderling::repair(folder.path()).unwrap_err().code(), ErrorCode::Unavailable);
    db.close().unwrap();
    let absent = folder.path().join("absent");
    assert_eq!(sanderling::repair(&absent).unwrap_err().code(), ErrorCode::Unavailable);
    assert!(!absent.exists());
}

#[test]
fn a_damaged_or_missing_segment_is_given_up_and_the_rest_is_whole() {
    for is_gone in [false, true] {
        let folder = filled();
        let segments = names(folder.path(), "segment-");
        assert_eq!(segments.len(), 3);
        damage(folder.path(), &segments[0], is_gone);
        let bytes = fs::read(folder.path().join(&segments[0])).ok();
        let repaired = repaired(folder.path());
        let loss = &repaired.lost[0];
        assert_eq!(repaired.lost.len(), 1);
        assert_eq!((loss.problem.file.as_str(), loss.problem.collection.as_deref()), (&*segments[0], Some("books")));
        assert_eq!(loss.problem.kind, if is_gone { "missing" } else { "damaged" });
        assert_eq!(loss.documents, Some(7), "as many as its dead rows leave");
        let copy = folder.path().join(format!("damaged-{}", segments[0]));
        assert_eq!(fs::read(copy).ok(), bytes, "the damaged file is there as it was");
        // Those of the first segment are gone, but for the two that were written again.
        let left: Vec<_> = expected().into_iter().filter(|(id, _)| *id >= 10 || (5..7).contains(id)).collect();
        assert_eq!(repaired.documents as usize, left.len() + 5);
        assert_eq!(after(folder.path(), "books"), left);
        assert_eq!(after(folder.path(), "notes").len(), 5);
    }
}

/// A collection of one segment of many blocks, and its file.
fn of_many_blocks(folder: &Path) -> String {
    let schema = r#"{ "fields": { "title": { "type": "text", "language": "german" },
        "vector": { "type": "vector", "dimensions": 32, "quantization": "int8" } } }"#;
    let db = Database::open(folder).unwrap();
    let books = db.collection("books", Schema::from_json(schema).unwrap()).unwrap();
    for from in (0..2_000_u64).step_by(500) {
        books.put((from..from + 500).map(book)).unwrap();
    }
    books.delete((0..2_000_u64).step_by(100)).unwrap();
    books.compact().unwrap();
    books.delete([77_u64, 1_177]).unwrap();
    db.close().unwrap();
    names(folder, "segment-").pop().unwrap()
}

fn book(id: u64) -> Document {
    let vector: Vec<f32> = (0..32).map(|at| ((id * 7 + at * 13) % 101) as f32).collect();
    let title = format!("Vögel der Küste {id} {}", "und Inseln ".repeat((id % 9) as usize));
    Document::new(id).with("title", title).with("vector", Value::from(vector.as_slice()))
}

#[test]
fn damage_in_some_blocks_of_a_segment_loses_what_is_in_them_alone() {
    let folder = tempfile::tempdir().unwrap();
    let segment = folder.path().join(of_many_blocks(folder.path()));
    let whole = fs::read(&segment).unwrap();
    let blocks = whole.len() / 4_096;
    assert!(blocks > 60);
    let (mut nothing, mut some) = (0, 0);
    for block in (2..blocks - 2).step_by(8) {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(folder.path(), copy.path());
        let mut bytes = whole.clone();
        bytes[block * 4_096 + 2_000] ^= 1;
        fs::write(copy.path().join(segment.file_name().unwrap()), &bytes).unwrap();
        let repaired = sanderling::repair(copy.path()).unwrap();
        let [loss] = &repaired.lost[..] else { panic!("block {block}: {repaired:?}") };
        let lost = loss.documents.unwrap();
        // A block of offsets or numbers is that of a few hundred rows, one of documents of a few dozen.
        assert!(lost <= 1_100, "block {block}: {lost}");
        // The log deletes two, which may be among the lost.
        assert!((1_978..=1_980).contains(&(repaired.documents + lost)), "block {block}: {lost}");
        let db = Database::open(copy.path()).unwrap();
        let books = db.existing_collection("books").unwrap();
        assert_eq!(books.count(None).unwrap() as u64, repaired.documents);
        let found = books.search(&Query::new().text("vögel").limit(2_000)).unwrap();
        assert_eq!((found.hits.len() as u64, found.reasons.len()), (repaired.documents, 0));
        for hit in found.hits.iter().step_by(50) {
            let id: u64 = hit.id.to_string().parse().unwrap();
            assert!(!id.is_multiple_of(100) && id % 1_100 != 77, "{id} was deleted");
            let (found, written) = (books.get(id).unwrap().unwrap(), book(id));
            assert_eq!((found.get("title"), found.get("vector")), (written.get("title"), written.get("vector")));
        }
        assert!(db.verify().unwrap().problems.is_empty());
        if lost == 0 { nothing += 1 } else { some += 1 }
    }
    assert!(nothing > 1 && some > 3, "{nothing} {some}");
}

#[test]
fn without_its_dead_rows_a_segment_has_what_was_deleted_but_nothing_twice() {
    for is_gone in [false, true] {
        let folder = filled();
        let tombstones = names(folder.path(), "tombstones-");
        assert!(!tombstones.is_empty());
        tombstones.iter().for_each(|name| damage(folder.path(), name, is_gone));
        let repaired = repaired(folder.path());
        assert_eq!(repaired.lost.len(), tombstones.len());
        assert!(repaired.lost.iter().all(|loss| loss.problem.message.contains("may come back")), "{repaired:?}");
        let found = after(folder.path(), "books");
        let back: Vec<_> = found.iter().filter(|(id, _)| [3, 13].contains(id)).collect();
        assert!(!back.is_empty());
        let others: Vec<_> = found.iter().copied().filter(|(id, _)| ![3, 13].contains(id)).collect();
        assert_eq!(others, expected());
        assert_eq!(repaired.documents as usize, found.len() + 5);
    }
}

#[test]
fn the_writes_around_damage_in_a_log_are_kept() {
    let folder = filled();
    let log = names(folder.path(), "wal-").pop().unwrap();
    let bytes = fs::read(folder.path().join(&log)).unwrap();
    // The log of the notes: five frames of the same length.
    let frame = (bytes.len() - 64) / 5;
    for lost in 0..4_u64 {
        let mut damaged = bytes.clone();
        damaged[64 + lost as usize * frame + 30] ^= 1;
        fs::write(folder.path().join(&log), &damaged).unwrap();
        let copy = tempfile::tempdir().unwrap();
        all(folder.path()).iter().for_each(|(name, bytes)| fs::write(copy.path().join(name), bytes).unwrap());
        let repaired = repaired(copy.path());
        assert_eq!((repaired.lost.len(), repaired.lost[0].writes), (1, Some((lost + 1, lost + 1))), "{repaired:?}");
        assert_eq!(repaired.lost[0].problem.file, log);
        assert_eq!(repaired.documents, 28);
        let left: Vec<_> = (0..5).filter(|id| *id != lost).map(|id| (id, 1)).collect();
        assert_eq!(after(copy.path(), "notes"), left);
        assert_eq!(after(copy.path(), "books"), expected());
    }
}

#[test]
fn versions_stay_what_they_were_around_a_hole() {
    let folder = filled();
    let log = names(folder.path(), "wal-").pop().unwrap();
    let mut bytes = fs::read(folder.path().join(&log)).unwrap();
    let frame = (bytes.len() - 64) / 5;
    bytes[64 + frame..64 + 3 * frame].fill(0);
    fs::write(folder.path().join(&log), &bytes).unwrap();
    assert_eq!(repaired(folder.path()).lost[0].writes, Some((2, 3)));
    let versions = || {
        let db = Database::open(folder.path()).unwrap();
        let notes = db.existing_collection("notes").unwrap();
        let found = notes.search(&Query::new().limit(9)).unwrap();
        let versions: Vec<u64> = found.hits.iter().map(|hit| hit.version.0).collect();
        db.close().unwrap();
        versions
    };
    assert_eq!(versions(), [1, 4, 5]);
    assert_eq!(versions(), [1, 4, 5]);
    let db = Database::open(folder.path()).unwrap();
    put(&db, "notes", 7..8, 1);
    db.close().unwrap();
    assert_eq!(versions(), [1, 4, 5, 6]);
}

#[test]
fn a_log_without_a_header_or_without_any_byte_gives_what_it_can() {
    let folder = filled();
    let log = names(folder.path(), "wal-").pop().unwrap();
    let mut bytes = fs::read(folder.path().join(&log)).unwrap();
    bytes[20] ^= 1;
    fs::write(folder.path().join(&log), &bytes).unwrap();
    let found = repaired(folder.path());
    assert_eq!((found.lost.len(), found.lost[0].writes, found.documents), (1, None, 29));
    assert_eq!(after(folder.path(), "notes").len(), 5);
    let log = names(folder.path(), "wal-").pop().unwrap();
    fs::remove_file(folder.path().join(&log)).unwrap();
    let db = Database::open(folder.path()).unwrap();
    let count = db.existing_collection("notes").unwrap().count(None).unwrap();
    db.close().unwrap();
    let found = repaired(folder.path());
    assert_eq!((found.lost.len(), found.lost[0].problem.kind), (1, "missing"));
    assert_eq!(after(folder.path(), "notes").len(), count);
}

#[test]
fn a_damaged_slot_is_written_anew() {
    for is_gone in [false, true] {
        for slot in ["manifest-a", "manifest-b"] {
            let folder = filled();
            damage(folder.path(), slot, is_gone);
            let opens = Database::open(folder.path()).map(|db| db.close().unwrap()).is_ok();
            let repaired = repaired(folder.path());
            assert_eq!(repaired.copies.contains(&format!("damaged-{slot}")), !is_gone);
            assert_eq!(repaired.lost.is_empty(), opens, "{repaired:?}");
            if opens {
                assert_eq!(after(folder.path(), "books"), expected());
            }
            let db = Database::open(folder.path()).unwrap();
            assert!(db.verify().unwrap().is_ok());
        }
    }
}

#[test]
fn without_any_slot_nothing_is_touched() {
    for is_gone in [false, true] {
        let folder = filled();
        ["manifest-a", "manifest-b"].iter().for_each(|slot| damage(folder.path(), slot, is_gone));
        let before = all(folder.path());
        let error = sanderling::repair(folder.path()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Corrupt);
        assert!(error.message().contains("nothing was touched"), "{error}");
        assert_eq!(all(folder.path()), before);
    }
}

#[test]
fn slots_that_changed_places_are_put_back() {
    let folder = filled();
    let [one, other] = ["manifest-a", "manifest-b"].map(|name| folder.path().join(name));
    let aside = folder.path().join("aside");
    fs::rename(&one, &aside).unwrap();
    fs::rename(&other, &one).unwrap();
    fs::rename(&aside, &other).unwrap();
    assert_eq!(Database::open(folder.path()).err().unwrap().code(), ErrorCode::Corrupt);
    let repaired = sanderling::repair(folder.path()).unwrap();
    assert!(repaired.lost.is_empty() && repaired.copies.is_empty(), "{repaired:?}");
    let db = Database::open(folder.path()).unwrap();
    assert!(db.verify().unwrap().is_ok());
    assert_eq!(db.existing_collection("books").unwrap().count(None).unwrap(), 24);
    assert_eq!(db.existing_collection("notes").unwrap().count(None).unwrap(), 5);
    put(&db, "notes", 5..8, 1);
    db.close().unwrap();
    assert_eq!(sanderling::repair(folder.path()).unwrap(), Repaired { documents: 32, ..Repaired::default() });
}

/// Damages the slot that was written last.
fn lose_newest_slot(folder: &Path, is_gone: bool) {
    let generation =
        |slot: &&str| fs::read(folder.join(slot)).unwrap()[40..48].to_vec().into_iter().rev().collect::<Vec<u8>>();
    let newest = ["manifest-a", "manifest-b"].into_iter().max_by_key(generation).unwrap();
    damage(folder, newest, is_gone);
}

/// A collection of two segments, of which the newest commit sealed the second one or made one of both, beside a log of the same fields.
fn just_sealed(is_compacted: bool, is_twin: bool) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open(folder.path()).unwrap();
    let settings = CollectionSettings { seal_at: 300, ..CollectionSettings::default() };
    let notes = db.collection("notes", Schema::from_json(SCHEMA).unwrap()).unwrap();
    let books = db.collection_with("books", Schema::from_json(SCHEMA).unwrap(), settings).unwrap();
    let document = |id: u64, n: u64| Document::new(id).with("title", "a bird of the shore").with("n", n);
    for collection in if is_twin { vec![&notes, &books] } else { vec![&books] } {
        collection.put((0..300).map(|id| document(id, 1))).unwrap();
        collection.delete([3_u64]).unwrap();
        collection.put((290..590).map(|id| document(id, 2))).unwrap();
    }
    if is_compacted {
        books.compact().unwrap();
    }
    put(&db, "books", 600..603, 3);
    // As it was when its process was killed.
    let copy = tempfile::tempdir().unwrap();
    copy_folder(folder.path(), copy.path());
    names(copy.path(), "LOCK").iter().for_each(|lock| fs::remove_file(copy.path().join(lock)).unwrap());
    copy
}

#[test]
fn a_segment_that_only_the_lost_slot_named_is_adopted() {
    let expected = |id: &u64| *id < 590 || (600..603).contains(id);
    for (is_gone, is_compacted) in [(false, false), (true, false), (false, true), (true, true)] {
        let folder = just_sealed(is_compacted, false);
        lose_newest_slot(folder.path(), is_gone);
        assert_eq!(Database::open(folder.path()).err().unwrap().code(), ErrorCode::Corrupt);
        let segments = names(folder.path(), "segment-");
        let repaired = repaired(folder.path());
        assert!(segments.iter().all(|name| folder.path().join(name).exists()), "{repaired:?}");
        let adopted = segments.last().unwrap();
        let told: Vec<_> = repaired.lost.iter().filter(|loss| loss.problem.message.contains(adopted)).collect();
        assert_eq!(told.len(), if is_compacted { 3 } else { 1 }, "{repaired:?}");
        assert!(repaired.lost.iter().all(|loss| loss.writes.is_none()), "{repaired:?}");
        let found = after(folder.path(), "books");
        let ids: Vec<u64> = found.iter().map(|(id, _)| *id).filter(|id| *id != 3).collect();
        assert_eq!(ids, (0..603).filter(|id| *id != 3 && expected(id)).collect::<Vec<_>>());
        let number = |id: u64| {
            if id < 290 {
                1
            } else if id < 590 {
                2
            } else {
                3
            }
        };
        assert!(found.iter().all(|(id, n)| *n == number(*id)), "{found:?}");
        assert_eq!(after(folder.path(), "notes").len(), 0);
    }
}

#[test]
fn an_unnamed_segment_that_is_not_surely_what_is_missing_is_kept_and_told() {
    for what in ["damaged", "of another collection", "of other writes"] {
        let folder = just_sealed(false, what == "of another collection");
        lose_newest_slot(folder.path(), true);
        let segments = names(folder.path(), "segment-");
        let [first, .., unnamed] = &segments[..] else { panic!("{segments:?}") };
        let mut bytes = fs::read(folder.path().join(unnamed)).unwrap();
        match what {
            "damaged" => bytes[200] ^= 1,
            "of other writes" => {
                let file = FileHeader::from_bytes(FileKind::Segment, &bytes, unnamed).unwrap().file;
                bytes = fs::read(folder.path().join(first)).unwrap();
                let header = FileHeader::from_bytes(FileKind::Segment, &bytes, first).unwrap();
                bytes[..64].copy_from_slice(&FileHeader { file, ..header }.to_bytes());
            }
            _ => {}
        }
        fs::write(folder.path().join(unnamed), &bytes).unwrap();
        let repaired = repaired(folder.path());
        assert!(repaired.lost.iter().any(|loss| loss.problem.file == *unnamed), "{repaired:?}");
        assert!(repaired.lost.iter().any(|loss| loss.writes == Some((301, 601))), "{repaired:?}");
        assert_eq!(fs::read(folder.path().join(format!("damaged-{unnamed}"))).unwrap(), bytes);
        let ids: Vec<u64> = after(folder.path(), "books").into_iter().map(|(id, _)| id).collect();
        assert!((0..300).filter(|id| *id != 3).chain(600..603).all(|id| ids.contains(&id)), "{ids:?}");
    }
}
