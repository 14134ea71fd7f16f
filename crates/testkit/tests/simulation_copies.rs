//! Copies of databases over media that fail: a restore takes effect whole or not at all, whatever ends it, and a stream that is
//! damaged at any place changes nothing.
//!
//! `SANDERLING_EVERY` looks at each so many-th place; 1 is all of them.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use pollster::block_on;
use sanderling::{
    ErrorCode, Query, Schema,
    driver::{Database, Restore},
    storage::Durability,
};
use sanderling_testkit::sim::{
    copies::{self, Case, Target, fill, open, seen},
    objects::every,
    storage::{Fault, Medium, Plan, SimStorage},
    world,
};

#[test]
fn a_restore_that_fails_at_any_call_changes_nothing_and_goes_on() {
    copies::fail_at_each_call();
}

#[test]
fn a_process_that_dies_in_any_call_leaves_the_one_or_the_other() {
    copies::die_in_each_call();
}

/// The objects without the slots of the manifest: of those one is written, with the numbers of the new files taken.
fn data(storage: &SimStorage) -> Vec<(String, Vec<u8>)> {
    let mut objects = storage.objects();
    objects.retain(|(name, _)| !name.starts_with("manifest-"));
    objects
}

fn refuse(case: &Case, stream: &[u8], what: &str) {
    let storage = case.storage();
    let before = data(&storage);
    let mut restore = case.begin(&storage).unwrap();
    let pushed = block_on(restore.push(stream));
    let ended = pushed.and_then(|()| block_on(restore.finish()));
    let error = ended.err().unwrap_or_else(|| panic!("{what} was believed"));
    assert!(matches!(error.code(), ErrorCode::Corrupt | ErrorCode::Unsupported), "{what}: {error:?}");
    assert!(error.details().iter().any(|(name, _)| name == "received"), "{what}: {error:?}");
    block_on(restore.abandon()).unwrap();
    assert_eq!(data(&storage), before, "{what}");
    assert_eq!(seen(&storage).ok(), case.old(), "{what}");
}

#[test]
fn a_stream_cut_at_any_length_or_with_any_bit_turned_changes_nothing() {
    for target in [Target::Absent, Target::There, Target::Lost] {
        let case = Case::new(target, Medium::IndexedDb);
        for length in (0..case.stream.len()).step_by(every(7)) {
            refuse(&case, &case.stream[..length], &format!("cut at {length}"));
        }
        for bit in (0..case.stream.len() * 8).step_by(every(7) * 5) {
            let mut turned = case.stream.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            refuse(&case, &turned, &format!("bit {bit} turned"));
        }
        refuse(&case, &[&case.stream[..], &[7]].concat(), "a byte more");
    }
}

/// A stream of sound blocks with a damaged file in them, as a damaged disk would have given.
#[test]
fn damage_that_the_source_had_is_found() {
    world::begin();
    let source = SimStorage::new(Medium::IndexedDb, 0);
    fill(&source, 1..9);
    let case = Case::new(Target::There, Medium::IndexedDb);
    let files = data(&source);
    assert!(files.len() >= 4, "{}", files.len());
    for (name, bytes) in files {
        for at in (0..bytes.len()).step_by(every(7)) {
            let storage = SimStorage::new(Medium::IndexedDb, 0);
            source.objects().iter().for_each(|(name, bytes)| storage.set(name, Some(bytes)));
            let db = open(&storage).unwrap();
            let mut turned = bytes.clone();
            turned[at] ^= 4;
            storage.set(&name, Some(&turned));
            let Ok(mut export) = block_on(db.export()) else { continue };
            let stream = block_on(export.read(0, usize::MAX)).unwrap();
            refuse(&case, &stream, &format!("byte {at} of {name}"));
        }
    }
}

#[test]
fn a_schema_with_a_language_that_is_not_at_hand_is_copied_too() {
    world::begin();
    let storage = SimStorage::new(Medium::IndexedDb, 0);
    let analyzers =
        sanderling_engine::text::AnalyzerSource { languages: Some(&sanderling_languages::LANGUAGES), custom: None };
    let environment = sanderling::driver::Environment { analyzers, ..world::environment() };
    let open = |storage: &SimStorage, environment| {
        block_on(Database::open(Box::new(storage.clone()), Durability::Strict, environment)).unwrap()
    };
    let db = open(&storage, environment);
    let schema = Schema::from_json(r#"{ "fields": { "t": { "type": "text", "language": "german" } } }"#).unwrap();
    let texts = block_on(db.collection("texts", Some(schema), None)).unwrap();
    let document = sanderling::Document::new(1_u64).with("t", "die Vögel des Strandes");
    block_on(texts.put(vec![document], Default::default())).unwrap();
    block_on(db.close()).unwrap();
    // A torn end does not belong to the log.
    let log = storage.objects().into_iter().find(|(name, _)| name.starts_with("wal-")).unwrap();
    storage.set(&log.0, Some(&[&log.1[..], &[3; 40]].concat()));
    let db = open(&storage, world::environment());
    let mut export = block_on(db.export()).unwrap();
    let stream = block_on(export.read(0, usize::MAX)).unwrap();
    let copy = SimStorage::new(Medium::IndexedDb, 0);
    let mut restore = block_on(Restore::begin(Box::new(copy.clone()), false, world::environment())).unwrap();
    block_on(restore.push(&stream)).unwrap();
    block_on(restore.finish()).unwrap();
    let texts = block_on(open(&copy, environment).collection("texts", None, None)).unwrap();
    assert_eq!(texts.search(&Query::new().text("Vogel")).unwrap().hits.len(), 1);
}

#[test]
fn every_damage_to_a_file_of_an_open_database_is_found_and_named() {
    world::begin();
    let storage = SimStorage::new(Medium::IndexedDb, 0);
    fill(&storage, 1..9);
    let db = open(&storage).unwrap();
    let sound = block_on(db.verify()).unwrap();
    assert!(sound.is_ok() && sound.files == storage.objects().len(), "{sound:?}");
    for (name, bytes) in storage.objects() {
        let check = |changed: Option<&[u8]>, what: String| {
            storage.set(&name, changed);
            let found = block_on(db.verify()).unwrap();
            let [problem] = &found.problems[..] else { panic!("{name}, {what}: {:?}", found.problems) };
            assert_eq!(problem.file, name, "{what}: {problem:?}");
            let is_of_collection = !name.starts_with("manifest-");
            assert_eq!(problem.collection.as_deref(), is_of_collection.then_some("birds"), "{what}");
            assert_eq!(problem.kind == "missing", changed.is_none(), "{what}: {problem:?}");
        };
        check(None, "gone".into());
        for length in (0..bytes.len()).step_by(every(7)) {
            check(Some(&bytes[..length]), format!("cut at {length}"));
            let mut turned = bytes.clone();
            turned[length] ^= 16;
            check(Some(&turned), format!("byte {length} turned"));
        }
        storage.set(&name, Some(&bytes));
        assert!(block_on(db.verify()).unwrap().is_ok());
    }
    // A medium that fails is told from damage.
    storage.plan(Plan { after: 5, for_ever: true, fault: Fault::ReadFails }, 0);
    let found = block_on(db.verify()).unwrap();
    assert!(!found.is_ok() && found.problems.iter().all(|problem| problem.kind == "unreadable"), "{found:?}");
    storage.heal();
    storage.set("segment-00000099", Some(b"of nobody"));
    assert!(block_on(db.verify()).unwrap().is_ok(), "what no manifest names is no problem");
}
