//! What searches see while a large batch is put beside them: none of it or all of it.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{CollectionSettings, Database, Document, Query, Schema, Value};
use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

const SCHEMA: &str = r#"{ "fields": { "round": { "type": "number" }, "title": { "type": "text" },
    "vector": { "type": "vector", "dimensions": 8 } } }"#;

/// Enough for the work to be done on a copy.
const LARGE: u64 = 8_000;

fn document(id: u64, round: u64) -> Document {
    let angle = (id * 7 + round) as f32;
    let vector: Vec<f32> = (1..9).map(|at| (angle * at as f32).sin()).collect();
    Document::new(id).with("round", round).with("title", format!("bird{} of the shore", id % 50)).with("vector", vector)
}

fn collection(database: &Database, seal_at: u32) -> sanderling::Collection {
    let settings = CollectionSettings { seal_at, ..CollectionSettings::default() };
    database.collection_with("books", Schema::from_json(SCHEMA).unwrap(), settings).unwrap()
}

#[test]
fn a_large_batch_is_seen_whole_or_not_at_all() {
    for seal_at in [20_000, 1_000_000] {
        let database = Database::memory().unwrap();
        let books = collection(&database, seal_at);
        books.put((0..LARGE).map(|id| document(id, 0))).unwrap();
        let is_done = AtomicBool::new(false);
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut last = 0;
                loop {
                    let is_last = is_done.load(SeqCst);
                    let found = books.search(&Query::new().text("shore").limit(LARGE as usize)).unwrap();
                    assert_eq!(found.hits.len(), LARGE as usize, "each document once");
                    let rounds = found.hits.iter().map(|hit| hit.document.get("round").unwrap().as_number().unwrap());
                    let rounds: Vec<u64> = rounds.map(|round| round as u64).collect();
                    assert!(rounds.iter().all(|round| *round == rounds[0]), "documents of one batch");
                    assert!(rounds[0] >= last, "no way back");
                    last = rounds[0];
                    if is_last {
                        return last;
                    }
                }
            });
            for round in 1..6 {
                books.put((0..LARGE).map(|id| document(id, round))).unwrap();
            }
            is_done.store(true, SeqCst);
            assert_eq!(reader.join().unwrap(), 5);
        });
        assert_eq!(books.count(None).unwrap(), LARGE as usize);
    }
}

#[test]
fn large_deletions_and_puts_leave_what_small_ones_leave() {
    let [together, apart] = [(); 2].map(|()| Database::memory().unwrap());
    let [together, apart] = [&together, &apart].map(|database| collection(database, 1_000_000));
    for round in 0..3 {
        let ids = (0..LARGE).map(|id| (id + round * 3_000) % 12_000);
        together.put(ids.clone().map(|id| document(id, round))).unwrap();
        ids.for_each(|id| drop(apart.put([document(id, round)]).unwrap()));
        let doomed = (0..12_000_u64).filter(|id| id % 7 == round);
        let deleted: usize = doomed.clone().map(|id| apart.delete([id]).unwrap()).sum();
        assert_eq!(together.delete(doomed).unwrap(), deleted);
        let filter = Value::object().with("round", round);
        assert_eq!(together.count(Some(&filter)).unwrap(), apart.count(Some(&filter)).unwrap());
        let query = Query::new().text("bird7").vector(&[0.5, -0.1, 0.3, 0.7, 0.2, 0.1, -0.6, 0.4]).limit(500);
        let found = |books: &sanderling::Collection| books.search(&query).unwrap().to_value().to_string();
        assert_eq!(found(&together), found(&apart));
    }
}

#[test]
fn a_larger_schema_indexes_every_document_of_every_segment() {
    let database = Database::memory().unwrap();
    let books = collection(&database, 150);
    for id in 0..500_u64 {
        books.put([document(id, 0).with("body", format!("dune{id} grass"))]).unwrap();
    }
    books.delete((0..500_u64).filter(|id| id % 3 == 0)).unwrap();
    assert!(books.stats().unwrap().segments.len() > 2);
    let larger = SCHEMA.replace("\"round\":", "\"body\": { \"type\": \"text\" }, \"round\":");
    let before = books.search(&Query::new().text("shore").limit(500)).unwrap();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !is_done.load(SeqCst) {
                let found = books.search(&Query::new().text("shore").limit(500)).unwrap();
                assert_eq!(found.hits, before.hits);
            }
        });
        drop(database.collection("books", Schema::from_json(larger.as_str()).unwrap()).unwrap());
        is_done.store(true, SeqCst);
        reader.join().unwrap();
    });
    let found = |query: &str| books.search(&Query::new().text(query).limit(500)).unwrap().total;
    assert_eq!(found("grass"), 333);
    (0..500).for_each(|id| assert_eq!(found(&format!("dune{id}")), usize::from(id % 3 != 0), "{id}"));
}
