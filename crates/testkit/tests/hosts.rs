//! The scenario of tests/hosts, natively: its answers are the expected ones of every other host. With `UPDATE_CASES=1`
//! they are written down, else compared.

mod support;

use sanderling::{Collection, CollectionSettings, Database, Document, DocumentId, Query, Schema, Value};
use support::{bits, is_updating, read_json, write_json};

const SCENARIO: &str = "tests/hosts/scenario.json";
const EXPECTED: &str = "tests/hosts/expected.json";
const NAME: &str = "hosts";

fn object(members: Vec<(&str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    match value.get(name) {
        Some(Value::Array(items)) => items,
        _ => panic!("no array {name}"),
    }
}

/// Everything that is written, in the batches of the scenario.
fn fill(db: &Database, scenario: &Value) -> Collection {
    let schema = Schema::from_json(scenario.get("schema").expect("a schema")).expect("a valid schema");
    let settings = CollectionSettings::from_value(scenario.get("options").expect("options")).expect("valid options");
    let collection = db.collection_with(NAME, schema, settings).expect("a collection");
    let batch = scenario.get("batch").and_then(Value::as_number).expect("the size of a batch") as usize;
    for documents in items(scenario, "documents").chunks(batch) {
        let documents = documents.iter().map(|document| Document::from_json(document).expect("a document"));
        collection.put(documents).expect("a put");
    }
    let deleted = items(scenario, "deleted").iter().map(|id| DocumentId::from_value(id).expect("an id"));
    collection.delete(deleted).expect("a delete");
    collection
}

/// The total, the ids and the bits of each query.
fn answers(collection: &Collection, scenario: &Value) -> Value {
    let Some(Value::Object(queries)) = scenario.get("queries") else { panic!("queries") };
    let answer = |(name, query): &(String, Value)| {
        let found = collection.search(&Query::from_json(query).expect("a query")).expect("an answer").to_value();
        let hit = |hit: &Value| {
            let member = |name| hit.get(name).expect("a hit has an id and a score");
            Value::Array(vec![member("id").clone(), bits(member("score")).into()])
        };
        let hits = items(&found, "hits").iter().map(hit).collect();
        let total = found.get("total").expect("a total").clone();
        (name.clone(), object(vec![("total", total), ("hits", Value::Array(hits))]))
    };
    Value::Object(queries.iter().map(answer).collect())
}

#[test]
fn the_scenario_is_answered_with_the_expected_bits() {
    let scenario = read_json(SCENARIO);
    let in_memory = answers(&fill(&Database::memory().expect("a database"), &scenario), &scenario);
    if is_updating() {
        write_json(EXPECTED, &in_memory);
    }
    let expected = read_json(EXPECTED);
    assert_eq!(in_memory, expected, "in memory");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = Database::open(folder.path()).expect("a database");
    assert_eq!(answers(&fill(&db, &scenario), &scenario), expected, "in a folder");
    db.close().expect("a close");
    let db = Database::open(folder.path()).expect("the database again");
    let collection = db.existing_collection(NAME).expect("the collection again");
    assert_eq!(answers(&collection, &scenario), expected, "after reopening");
    collection.compact().expect("a compaction");
    assert_eq!(answers(&collection, &scenario), expected, "after compaction");
}

/// Sealed segments, dead rows and a log, for the other hosts to open.
#[test]
fn a_folder_is_left_for_the_other_hosts() {
    let scenario = read_json(SCENARIO);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/hosts-native");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("the old folder goes");
    }
    let db = Database::open(folder.join(NAME)).expect("a database");
    fill(&db, &scenario);
    db.close().expect("a close");
}
