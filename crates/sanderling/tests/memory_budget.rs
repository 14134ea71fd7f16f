//! A collection several times larger than the memory budget answers like one that is in memory whole.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    Collection, Database, Document, ErrorCode, OpenOptions, Query, Schema, Value,
    engine::{segment::format::SectionKind, stored::sums_bytes},
};
use std::{fs, path::Path};

const DIMENSIONS: usize = 96;
const DOCUMENTS: u64 = 3_000;
const BUDGET: usize = 1 << 19;

/// Vector fields with each kind of index and of rows beside it.
const INDEXES: [(&str, &str); 6] =
    [("auto", "auto"), ("flat", "none"), ("flat", "int8"), ("hnsw", "auto"), ("hnsw", "rabitq"), ("ivf", "rabitq")];

fn schema() -> Schema {
    let vectors = INDEXES.iter().enumerate().map(|(at, (index, quantization))| {
        format!(
            r#""v{at}": {{ "type": "vector", "dimensions": {DIMENSIONS}, "index": "{index}", "quantization": "{quantization}" }}"#
        )
    });
    let vectors: Vec<String> = vectors.collect();
    let text = r#""title": { "type": "text", "language": "english" }, "year": { "type": "number" }"#;
    Schema::from_json(format!(r#"{{ "fields": {{ {text}, {} }} }}"#, vectors.join(", ")).as_str()).unwrap()
}

struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn vector(&mut self) -> Vec<f32> {
        let cluster = self.below(40);
        (0..DIMENSIONS as u64)
            .map(|at| ((cluster * 31 + at * 7) % 17) as f32 + self.below(1_000) as f32 / 300.0)
            .collect()
    }

    fn words(&mut self, count: u64) -> String {
        let words: Vec<String> =
            (0..count).map(|_| format!("word{}", self.below(300) * self.below(300) / 200)).collect();
        words.join(" ")
    }
}

fn fill(folder: &Path) {
    let database = Database::open_relaxed(folder).unwrap();
    let collection = database.collection("documents", schema()).unwrap();
    let mut numbers = Numbers(3);
    let mut document = |id: u64| {
        let mut value = Value::object().with("id", id).with("title", numbers.words(20)).with("year", 1_900 + id % 120);
        for at in 0..INDEXES.len() {
            value = value.with(&format!("v{at}"), Value::from(numbers.vector().as_slice()));
        }
        Document::from_json(value).unwrap()
    };
    for from in (0..DOCUMENTS).step_by(1_000) {
        collection.put((from..from + 1_000).map(&mut document)).unwrap();
    }
    collection.compact().unwrap();
    database.close().unwrap();
}

/// What a collection says to many questions, down to the bits of scores.
fn answers(collection: &Collection) -> Vec<String> {
    let mut numbers = Numbers(77);
    let mut answers = Vec::new();
    let mut ask = |query: Query| answers.push(format!("{:?}", collection.search(&query).unwrap().to_value()));
    for round in 0..6 {
        for at in 0..INDEXES.len() {
            let vector = numbers.vector();
            for (exact, filter) in
                [("", ""), (r#", "exact": true"#, ""), ("", r#", "filter": { "year": { "$lt": 1930 } }"#)]
            {
                let query = format!(
                    r#"{{ "vector": {{ "field": "v{at}", "value": {vector:?}{exact} }}, "limit": {} {filter} }}"#,
                    1 + round * 20
                );
                ask(Query::from_json(query.as_str()).unwrap());
            }
        }
        let (some, phrase) = (numbers.words(3), numbers.words(2));
        ask(Query::new().text(&some).limit(20));
        ask(Query::new().text(format!("\"{phrase}\"")).limit(20));
        ask(Query::from_json(format!(r#"{{ "text": "{some}", "highlight": {{ "fields": ["title"] }} }}"#).as_str())
            .unwrap());
    }
    for id in (0..DOCUMENTS).step_by(97) {
        answers.push(format!("{:?}", collection.get(id).unwrap()));
    }
    answers
}

fn paged(folder: &Path) -> Database {
    within(folder, BUDGET)
}

fn within(folder: &Path, budget: usize) -> Database {
    Database::open_with(folder, OpenOptions { memory_budget: Some(budget), ..OpenOptions::default() }).unwrap()
}

#[test]
fn a_budget_without_room_for_a_block_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let put = |database: Database| {
        let schema = Schema::from_json(r#"{ "fields": { "title": { "type": "text" } } }"#).unwrap();
        let collection = database.collection("documents", schema).unwrap();
        let filler = "word ".repeat(500);
        collection.put((0..20_u64).map(|id| Document::new(id).with("title", filler.as_str()))).unwrap();
        collection.compact().unwrap();
        database.close().unwrap();
    };
    put(Database::open_relaxed(folder.path()).unwrap());
    for budget in [0, 1, 8 * 4_096 - 1] {
        let database = within(folder.path(), budget);
        let collection = database.existing_collection("documents").unwrap();
        for id in [0_u64, 19, 3, 3] {
            assert!(collection.get(id).unwrap().is_some(), "{id} within {budget} bytes");
        }
        database.close().unwrap();
    }
}

#[test]
fn what_is_larger_than_the_budget_is_searched_like_what_is_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let database = Database::open(folder.path()).unwrap();
    let collection = database.existing_collection("documents").unwrap();
    let expected = answers(&collection);
    assert!(collection.stats().unwrap().disk_bytes > 12 * BUDGET as u64);
    database.close().unwrap();
    let database = paged(folder.path());
    let collection = database.existing_collection("documents").unwrap();
    for (found, expected) in answers(&collection).iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    let stats = collection.stats().unwrap();
    let resident = stats.memory_bytes;
    // What every query needs is beside the budget here: the rest has an eighth of it in any case.
    assert!(resident < stats.disk_bytes / 3, "{resident} of {}", stats.disk_bytes);
    // Segments are made of what is read bit by bit, too.
    collection.delete([5_u64]).unwrap();
    collection.put([Document::new(DOCUMENTS).with("title", "word1 word2")]).unwrap();
    collection.compact().unwrap();
    assert_eq!(collection.count(None).unwrap(), DOCUMENTS as usize);
    let found = collection.get(7_u64).unwrap();
    database.close().unwrap();
    let database = Database::open(folder.path()).unwrap();
    assert_eq!(database.existing_collection("documents").unwrap().get(7_u64).unwrap(), found);
}

/// Where in a segment's file the block begins in which a document does.
fn block_of_document(file: &[u8], row: usize) -> usize {
    let number = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
    let (end, sections) = (number(40), number(48));
    let (sums, groups) = sums_bytes(end);
    let section = |kind: SectionKind| {
        let mut entries = (0..sections).map(|at| end + sums + groups + at * 24);
        let entry = entries.find(|entry| file[*entry..entry + 4] == (kind as u32).to_le_bytes()).unwrap();
        number(entry + 8)
    };
    let block = number(section(SectionKind::DocumentOffsets) + row * 8) / 8_192;
    section(SectionKind::DocumentBytes) + number(section(SectionKind::DocumentBlocks) + block * 8)
}

#[test]
fn damage_in_what_is_read_later_is_found_then() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path());
    let segment = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let segment = segment.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("segment-"));
    let [segment]: [_; 1] = segment.collect::<Vec<_>>().try_into().unwrap();
    let whole = fs::read(&segment).unwrap();
    // The block of a document, which is only read when it is asked for.
    let mut damaged = whole.clone();
    damaged[block_of_document(&whole, DOCUMENTS as usize / 2) + 12] ^= 1;
    fs::write(&segment, &damaged).unwrap();
    let database = paged(folder.path());
    let collection = database.existing_collection("documents").unwrap();
    let query = Query::from_json(r#"{ "filter": { "year": { "$gt": 2000 } }, "limit": 0 }"#).unwrap();
    assert_eq!(collection.search(&query).unwrap().reasons, Vec::<String>::new(), "nothing was read of it yet");
    let error = collection.get(DOCUMENTS / 2).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Corrupt, "{error}");
    assert!(!collection.search(&query).unwrap().reasons.is_empty(), "the segment is left out");
    database.close().unwrap();
    fs::write(&segment, &whole).unwrap();
    assert_eq!(paged(folder.path()).existing_collection("documents").unwrap().count(None).unwrap(), DOCUMENTS as usize);
}
