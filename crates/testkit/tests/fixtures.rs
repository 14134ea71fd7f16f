//! Files as they were written once. They open and answer as they did then, and what is written today has the same bytes: who
//! changes the format notices, says so in docs/format.md, and renews them with `UPDATE_FIXTURES=1`.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use pollster::block_on;
use sanderling::{
    CollectionSettings, DeleteTarget, Document, DocumentId, PutOptions, Query, Schema, Value,
    driver::{Background, Database, Environment, Restore},
    engine::{document::json, text::AnalyzerSource},
    storage::{Durability, Storage},
};
use sanderling_testkit::fuzz::Shared;
use std::{env, fs};

mod golden;
use golden::{EXPORT, QUERIES, SCHEMA, fixtures};

fn environment() -> Environment {
    Environment {
        now: || 1_700_000_000_000,
        random: || *b"a database, v. 0",
        analyzers: AnalyzerSource { languages: Some(&sanderling_languages::LANGUAGES), custom: None },
        background: Background::NONE,
        memory_budget: usize::MAX,
    }
}

fn open(storage: &Shared) -> Database {
    block_on(Database::open(Box::new(storage.clone()), Durability::Strict, environment())).unwrap()
}

fn vector(id: u64, dimensions: u64) -> Value {
    Value::from((0..dimensions).map(|at| ((id * 31 + at * 17) % 29) as f32 - 14.0).collect::<Vec<_>>().as_slice())
}

fn document(id: u64) -> Document {
    let body = format!(
        "the long shores of {} {}",
        ["birds", "waders", "gulls"][id as usize % 3],
        "again ".repeat(id as usize % 11)
    );
    let mut value = Value::object()
        .with("title", format!("shore number {id}"))
        .with("body", body)
        .with("tags", Value::Array(vec![format!("t{}", id % 4).into(), "all".into()]))
        .with("year", 1_970 + id)
        .with("added", 900_000_000_000_u64 + id * 2_000_000_000)
        .with("inPrint", id.is_multiple_of(2))
        .with("extra", Value::object().with("kept", id));
    for (name, dimensions) in [("graph", 8), ("lists", 8), ("bytes", 16)] {
        if !id.is_multiple_of(7) {
            value = value.with(name, vector(id, dimensions));
        }
    }
    // Ids of both kinds.
    let id = if id.is_multiple_of(5) { Value::from(format!("b{id}")) } else { Value::from(id) };
    Document::from_json(value.with("id", id)).unwrap()
}

/// A database with sealed segments, dead rows, a log, and a second collection that has a log alone.
fn made() -> Shared {
    let storage = Shared::default();
    let db = open(&storage);
    let settings = CollectionSettings { seal_at: 50, ..CollectionSettings::default() };
    let birds =
        block_on(db.collection("birds", Some(Schema::from_json(SCHEMA).unwrap()), Some(settings.into()))).unwrap();
    for from in (0..130).step_by(10) {
        block_on(birds.put((from..from + 10).map(document).collect(), PutOptions::default())).unwrap();
    }
    block_on(birds.delete(DeleteTarget::Ids([3, 4, 61].map(DocumentId::Integer).to_vec()))).unwrap();
    block_on(birds.put(vec![document(8)], PutOptions { expires_at: Some(1_800_000_000_000), ..PutOptions::default() }))
        .unwrap();
    let german = r#"{ "fields": { "text": { "type": "text", "language": "german" } } }"#;
    let notes = block_on(db.collection("notes", Some(Schema::from_json(german).unwrap()), None)).unwrap();
    let note = Document::new("n1").with("text", "Vögel an der Küste");
    block_on(notes.put(vec![note], PutOptions::default())).unwrap();
    block_on(db.close()).unwrap();
    storage
}

fn export(storage: &Shared) -> Vec<u8> {
    let db = open(storage);
    let mut export = block_on(db.export()).unwrap();
    let bytes = block_on(export.read(0, usize::try_from(export.length()).unwrap())).unwrap();
    block_on(db.close()).unwrap();
    bytes
}

/// What the queries find: ids, versions, bits of scores.
fn answers(db: &Database) -> Value {
    let birds = block_on(db.collection("birds", None, None)).unwrap();
    let answers = QUERIES.iter().map(|query| {
        let found = birds.search(&Query::from_json(*query).unwrap()).unwrap();
        assert!(found.reasons.is_empty());
        let hits = found.hits.iter().map(|hit| {
            let bits = format!("{:08x}", hit.score.to_bits());
            Value::Array(vec![Value::from(hit.id.to_string()), Value::from(hit.version.0), bits.into()])
        });
        let hits = Value::Array(hits.collect());
        Value::object().with("query", json::parse(query).unwrap()).with("total", found.total as u64).with("hits", hits)
    });
    Value::Array(answers.collect())
}

fn objects(storage: &Shared) -> Vec<(String, Vec<u8>)> {
    let mut objects = block_on(storage.list()).unwrap();
    objects.sort_by(|a, b| a.name.cmp(&b.name));
    let read = |name: &str, bytes: u64| block_on(storage.read(name, 0, bytes as usize)).unwrap().as_ref().to_vec();
    objects.iter().map(|object| (object.name.clone(), read(&object.name, object.bytes))).collect()
}

/// The database of the fixtures in a storage of its own.
fn stored() -> Shared {
    let storage = Shared::default();
    for entry in fs::read_dir(fixtures().join("database")).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        block_on(storage.write(&name, &fs::read(entry.path()).unwrap(), Durability::Strict)).unwrap();
    }
    storage
}

#[test]
fn what_is_written_has_the_bytes_of_the_fixtures() {
    let storage = made();
    let (files, export) = (objects(&storage), export(&storage));
    let database = fixtures().join("database");
    if env::var_os("UPDATE_FIXTURES").is_some() {
        let _ = fs::remove_dir_all(fixtures());
        fs::create_dir_all(&database).unwrap();
        files.iter().for_each(|(name, bytes)| fs::write(database.join(name), bytes).unwrap());
        fs::write(fixtures().join(EXPORT), &export).unwrap();
        let answers = json::write(&answers(&open(&storage))).replace("},{\"query\"", "},\n{\"query\"");
        fs::write(fixtures().join("answers.json"), answers + "\n").unwrap();
    }
    let mut names: Vec<_> = fs::read_dir(&database).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
    for (name, bytes) in &files {
        let kept = fs::read(database.join(name)).unwrap();
        let differ = kept.iter().zip(bytes).position(|(kept, bytes)| kept != bytes);
        assert!(*bytes == kept, "{name} differs from byte {differ:?} on: the format has changed");
    }
    assert!(export == fs::read(fixtures().join(EXPORT)).unwrap(), "the format of exports has changed");
}

#[test]
fn the_fixtures_answer_as_they_did() {
    let expected = json::parse(&fs::read_to_string(fixtures().join("answers.json")).unwrap()).unwrap();
    let db = open(&stored());
    assert_eq!(answers(&db), expected);
    let notes = block_on(db.collection("notes", None, None)).unwrap();
    assert_eq!(notes.search(&Query::new().text("vogel")).unwrap().total, 1);
    assert!(block_on(db.verify()).unwrap().problems.is_empty());
    let copy = Shared::default();
    let bytes = fs::read(fixtures().join(EXPORT)).unwrap();
    let mut restore = block_on(Restore::begin(Box::new(copy.clone()), false, environment())).unwrap();
    for piece in bytes.chunks(1_000) {
        block_on(restore.push(piece)).unwrap();
    }
    block_on(restore.finish()).unwrap();
    block_on(restore.into_storage().close()).unwrap();
    assert_eq!(answers(&open(&copy)), expected);
}
