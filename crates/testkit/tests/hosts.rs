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

/// Numbers that look random, the same as in tests/hosts/app/scenario.js.
fn numbers(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16 & 255) as f32 / 64.0 - 2.0
    }
}

/// What the scenario says of its vectors.
struct Indexes<'a> {
    of: &'a Value,
}

impl<'a> Indexes<'a> {
    fn number(&self, name: &str) -> u32 {
        self.of.get(name).and_then(Value::as_number).expect("a number") as u32
    }

    fn fields(&self) -> &'a [(String, Value)] {
        match self.of.get("fields") {
            Some(Value::Object(fields)) => fields,
            _ => panic!("fields"),
        }
    }

    fn vector(&self, number: u32) -> Vec<f32> {
        let (mut center, mut noise) = (numbers(number % self.number("clusters")), numbers(number + 1_000_000));
        (0..self.number("dimensions")).map(|_| center() + noise() / 4.0).collect()
    }

    fn fill(&self, db: &Database) {
        for (name, options) in self.fields() {
            let Value::Object(options) = options else { panic!("options of a field") };
            let mut field = object(vec![("type", "vector".into()), ("dimensions", self.number("dimensions").into())]);
            for (name, value) in options {
                field = field.with(name, value.clone());
            }
            let schema = object(vec![("fields", object(vec![("vector", field)]))]);
            let settings = CollectionSettings { seal_at: self.number("sealAt"), ..CollectionSettings::default() };
            let collection = db.collection_with(name, Schema::from_json(&schema).expect("a schema"), settings);
            let collection = collection.expect("a collection");
            let ids: Vec<u32> = (0..self.number("vectors")).collect();
            for batch in ids.chunks(self.number("batch") as usize) {
                let document = |id: &u32| {
                    let vector = Value::from(self.vector(*id));
                    Document::from_json(object(vec![("id", (*id).into()), ("vector", vector)])).expect("a document")
                };
                collection.put(batch.iter().map(document)).expect("a put");
            }
        }
    }

    fn answer(&self, collection: &Collection, query: u32) -> Value {
        let leg = self.of.get("leg").expect("a leg").clone();
        let leg = leg.with("value", Value::from(self.vector(self.number("vectors") + query)));
        let query = self.of.get("search").expect("a search").clone().with("vector", leg);
        let found = collection.search(&Query::from_json(&query).expect("a query")).expect("an answer");
        let hit = |hit: &sanderling::Hit| {
            Value::Array(vec![hit.id.to_value(), bits(&Value::Number(f64::from(hit.score))).into()])
        };
        let steps = found.plan.iter().map(|segment| Value::from(segment.vectors[0].as_str())).collect();
        object(vec![("plan", Value::Array(steps)), ("hits", Value::Array(found.hits.iter().map(hit).collect()))])
    }

    /// As they were written, then compacted.
    fn answers(&self, db: &Database) -> Vec<(String, Value)> {
        let mut answers = Vec::new();
        for (name, _) in self.fields() {
            let collection = db.existing_collection(name).expect("the collection");
            for layout in ["as written", "compacted"] {
                if layout == "compacted" {
                    collection.compact().expect("a compaction");
                }
                for query in 0..self.number("queries") {
                    answers.push((format!("{name}, {layout}, {query}"), self.answer(&collection, query)));
                }
            }
        }
        answers
    }
}

fn all_answers(db: &Database, collection: &Collection, scenario: &Value) -> Value {
    let Value::Object(mut answers) = answers(collection, scenario) else { panic!("answers") };
    answers.append(&mut Indexes { of: scenario.get("indexes").expect("indexes") }.answers(db));
    Value::Object(answers)
}

fn fill_all(db: &Database, scenario: &Value) -> Collection {
    Indexes { of: scenario.get("indexes").expect("indexes") }.fill(db);
    fill(db, scenario)
}

#[test]
fn the_scenario_is_answered_with_the_expected_bits() {
    let scenario = read_json(SCENARIO);
    let db = Database::memory().expect("a database");
    let collection = fill_all(&db, &scenario);
    let in_memory = all_answers(&db, &collection, &scenario);
    if is_updating() {
        write_json(EXPECTED, &in_memory);
    }
    let expected = read_json(EXPECTED);
    assert_eq!(in_memory, expected, "in memory");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = Database::open(folder.path()).expect("a database");
    fill_all(&db, &scenario);
    db.close().expect("a close");
    let db = Database::open(folder.path()).expect("the database again");
    let collection = db.existing_collection(NAME).expect("the collection again");
    assert_eq!(all_answers(&db, &collection, &scenario), expected, "after reopening");
    collection.compact().expect("a compaction");
    let compacted = answers(&collection, &scenario);
    let Value::Object(compacted) = compacted else { panic!("answers") };
    for (name, answer) in compacted {
        assert_eq!(Some(&answer), expected.get(&name), "after compaction");
    }
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
    fill_all(&db, &scenario);
    db.close().expect("a close");
}
