//! Calls that are wrong, hundreds of them from one seed: values of every type where they are not taken, vectors, ids, filters and
//! options of queries. Each is refused with a typed error that says what was expected and what was found; nothing is stored,
//! and the handle works on.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    Collection, Database, Document, DocumentId, ErrorCode, ListOptions, Query, Result, Schema, Value,
    engine::document::json,
};

/// Fewer would mean that a list below has lost its entries.
const CALLS_MIN: usize = 500;

const SCHEMA: &str = r#"{ "fields": {
    "t": { "type": "text" }, "k": { "type": "keyword" }, "tags": { "type": "keyword", "many": true },
    "n": { "type": "number" }, "nums": { "type": "number", "many": true }, "d": { "type": "date" },
    "b": { "type": "boolean" }, "g": { "type": "geo" },
    "v": { "type": "vector", "dimensions": 3 }, "w": { "type": "vector", "dimensions": 2 }
} }"#;
const KEPT: &str = r#"{ "id": "kept", "t": "shore birds", "k": "a", "tags": ["x"], "n": 1, "d": 5, "b": true }"#;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A word that nothing has for a name.
    fn word(&mut self) -> String {
        (0..5 + self.below(5)).map(|_| char::from(b"qxzjvwyk"[self.below(8) as usize])).collect()
    }

    /// A value of a type. A number is whole and above 2; an object has one member.
    fn value(&mut self, kind: &str) -> Value {
        match kind {
            "null" => Value::Null,
            "boolean" => (self.below(2) == 0).into(),
            "text" => self.word().into(),
            "number" => (3 + self.below(500)).into(),
            "negative" => Value::Number(-1.0 - self.below(500) as f64),
            "fraction" => Value::Number((1 + self.below(98)) as f64 / 100.0),
            "NaN" => Value::Number(f64::NAN),
            "infinity" => Value::Number([f64::INFINITY, f64::NEG_INFINITY][self.below(2) as usize]),
            "array" => Value::Array(vec![self.word().into()]),
            "object" => Value::object().with(&self.word(), 1),
            "vector" => Value::from(vec![0.5_f32; 5]),
            other => panic!("no type {other}"),
        }
    }
}

const KINDS: [&str; 11] =
    ["null", "boolean", "text", "number", "negative", "fraction", "NaN", "infinity", "array", "object", "vector"];

type Call = Box<dyn Fn(&Database, &Collection) -> Result<()>>;

/// A call that must be refused.
struct Wrong {
    what: String,
    codes: &'static [ErrorCode],
    call: Call,
}

fn wrong(
    what: String,
    codes: &'static [ErrorCode],
    call: impl Fn(&Database, &Collection) -> Result<()> + 'static,
) -> Wrong {
    Wrong { what, codes, call: Box::new(call) }
}

const INVALID: &[ErrorCode] = &[ErrorCode::Invalid];
const FILTER: &[ErrorCode] = &[ErrorCode::Filter, ErrorCode::Invalid];
const SCHEMA_ERROR: &[ErrorCode] = &[ErrorCode::Schema];

/// The values of each type but those that are right.
fn wrong_values(random: &mut Random, right: &[&str]) -> Vec<(&'static str, Value)> {
    KINDS.into_iter().filter(|kind| !right.contains(kind)).map(|kind| (kind, random.value(kind))).collect()
}

/// `template` with the value in the place of `"?"`.
fn filled(template: &str, value: &Value) -> Value {
    fn fill(place: &mut Value, value: &Value) {
        match place {
            Value::Text(text) if text == "?" => *place = value.clone(),
            Value::Array(items) => items.iter_mut().for_each(|item| fill(item, value)),
            Value::Object(members) => members.iter_mut().for_each(|(_, member)| fill(member, value)),
            _ => {}
        }
    }
    let mut filled = json::parse(template).unwrap();
    fill(&mut filled, value);
    filled
}

fn write_calls(what: &str, codes: &'static [ErrorCode], fields: &Value) -> Vec<Wrong> {
    let document = |id: &str, fields: Value| Document::from_json(fields.with("id", id));
    let (put, batch, update) = (fields.clone(), fields.clone(), fields.clone());
    vec![
        wrong(format!("put: {what}"), codes, move |_, birds| birds.put([document("new", put.clone())?]).map(drop)),
        wrong(format!("put in a batch: {what}"), codes, move |_, birds| {
            birds.put([Document::new("before").with("t", "sea"), document("kept", batch.clone())?]).map(drop)
        }),
        wrong(format!("update: {what}"), codes, move |_, birds| birds.update("kept", update.clone()).map(drop)),
    ]
}

/// What each field takes. Null is no value anywhere, and one value stands for many.
const FIELDS: [(&str, &[&str]); 12] = [
    (r#"{ "t": "?" }"#, &["null", "text"]),
    (r#"{ "k": "?" }"#, &["null", "text"]),
    (r#"{ "tags": "?" }"#, &["null", "text", "array"]),
    (r#"{ "tags": ["x", "?"] }"#, &["text"]),
    (r#"{ "n": "?" }"#, &["null", "number", "negative", "fraction"]),
    (r#"{ "nums": ["?"] }"#, &["number", "negative", "fraction"]),
    (r#"{ "d": "?" }"#, &["null", "number", "negative", "fraction"]),
    (r#"{ "b": "?" }"#, &["null", "boolean"]),
    (r#"{ "g": "?" }"#, &["null"]),
    (r#"{ "g": { "lat": "?", "lon": 0 } }"#, &["number", "negative", "fraction"]),
    (r#"{ "v": "?" }"#, &["null"]),
    (
        r#"{ "extra": { "deep": ["?"] } }"#,
        &["null", "boolean", "text", "number", "negative", "fraction", "array", "object", "vector"],
    ),
];

fn documents(random: &mut Random) -> Vec<Wrong> {
    let mut calls = Vec::new();
    for (template, right) in FIELDS {
        for (kind, value) in wrong_values(random, right) {
            calls.extend(write_calls(&format!("{kind} in {template}"), INVALID, &filled(template, &value)));
        }
    }
    calls
}

fn vectors(random: &mut Random) -> Vec<Wrong> {
    let mut calls = Vec::new();
    for _ in 0..25 {
        let (field, dimensions) = [("v", 3), ("w", 2)][random.below(2) as usize];
        let other = [0, 1, 4, 5, 8, 100, 4_096, 4_097][random.below(8) as usize];
        let mut length = other;
        let mut vector: Vec<f32> = (0..length).map(|at| 0.5 + at as f32).collect();
        if random.below(2) == 0 {
            // Of the right length, with no number somewhere.
            length = dimensions;
            vector = vec![0.25; dimensions];
            let none = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][random.below(3) as usize];
            vector[random.below(dimensions as u64) as usize] = none;
        }
        let what = format!("{length} numbers of {dimensions} as {field}: {:?}", &vector[..length.min(3)]);
        // As numbers and as a vector.
        let numbers = Value::Array(vector.iter().map(|number| Value::Number(f64::from(*number))).collect());
        for value in [numbers, Value::from(vector.clone())] {
            calls.extend(write_calls(&what, INVALID, &Value::object().with(field, value)));
        }
        calls.push(wrong(format!("search: {what}"), INVALID, move |_, birds| {
            let query = sanderling::VectorQuery::new(&vector);
            let query = sanderling::VectorQuery { field: Some(field.into()), ..query };
            birds.search(&Query { vectors: vec![query], ..Query::new() }).map(drop)
        }));
    }
    calls
}

fn ids(random: &mut Random) -> Vec<Wrong> {
    let long = random.word().repeat(103);
    let ids: [DocumentId; 6] = [
        "".into(),
        long.as_str().into(),
        "é".repeat(257 + random.below(9) as usize).as_str().into(),
        DocumentId::Integer((1 << 53) + random.below(99)),
        DocumentId::Integer(u64::MAX),
        "b".repeat(513).as_str().into(),
    ];
    let mut calls = Vec::new();
    for id in ids {
        let mut add = |what: &str, call: fn(&Collection, DocumentId) -> Result<()>| {
            let (what, id) = (format!("{what} of {id:.40}"), id.clone());
            calls.push(wrong(what, INVALID, move |_, birds| call(birds, id.clone())));
        };
        add("put", |birds, id| birds.put([Document::new("before"), Document::new(id)]).map(drop));
        add("update", |birds, id| birds.update(id, r#"{ "n": 1 }"#).map(drop));
        add("delete", |birds, id| birds.delete([DocumentId::from("kept"), id]).map(drop));
    }
    // As JSON they may be of any type.
    for (kind, value) in wrong_values(random, &["text", "number"]) {
        calls.push(wrong(format!("put of {kind} as an id"), INVALID, move |_, birds| {
            birds
                .put([Document::new("before"), Document::from_json(Value::object().with("id", value.clone()))?])
                .map(drop)
        }));
    }
    calls
}

fn filtered(what: &str, filter: &Value) -> Vec<Wrong> {
    let [count, search, delete, list] = [(); 4].map(|()| filter.clone());
    vec![
        wrong(format!("count: {what}"), FILTER, move |_, birds| birds.count(Some(&count)).map(drop)),
        wrong(format!("search: {what}"), FILTER, move |_, birds| {
            birds.search(&Query::new().filter(search.clone())?).map(drop)
        }),
        wrong(format!("delete: {what}"), FILTER, move |_, birds| birds.delete_matching(delete.clone()).map(drop)),
        wrong(format!("list: {what}"), FILTER, move |_, birds| {
            birds.list(&ListOptions { filter: Some(list.clone()), ..list_of_all() }).map(drop)
        }),
    ]
}

fn list_of_all() -> ListOptions {
    ListOptions { filter: None, prefix: None, after: None, limit: 10 }
}

/// Places of filters, and what they take.
const FILTERS: [(&str, &[&str]); 12] = [
    (r#"{ "n": { "$in": "?" } }"#, &["array", "vector"]),
    (r#"{ "k": { "$nin": "?" } }"#, &["array", "vector"]),
    (r#"{ "k": { "$startsWith": "?" } }"#, &["text"]),
    (r#"{ "k": { "$exists": "?" } }"#, &["boolean"]),
    (r#"{ "g": { "$geoBox": "?" } }"#, &[]),
    (r#"{ "g": { "$geoRadius": "?" } }"#, &[]),
    (r#"{ "g": { "$geoRadius": { "lat": 0, "lon": 0, "meters": "?" } } }"#, &["number", "fraction"]),
    (r#"{ "$and": "?" }"#, &[]),
    (r#"{ "$or": ["?"] }"#, &[]),
    (r#"{ "$not": "?" }"#, &[]),
    (r#"{ "n": { "$gt": "?" } }"#, &["null", "boolean", "text", "number", "negative", "fraction"]),
    (r#""?""#, &["null"]),
];

/// Filters that cannot be evaluated, `?` stands for a name that nothing has.
const NAMED: [&str; 12] = [
    r#"{ "?": 1 }"#,
    r#"{ "?": { "$exists": true } }"#,
    r#"{ "n": { "$?": 1 } }"#,
    r#"{ "$?": [] }"#,
    r#"{ "$and": [{ "n": 1 }, { "$not": { "?": "a" } }] }"#,
    r#""? = 1""#,
    r#""n = 1 AND ?""#,
    r#""n = 1 ? k = 2""#,
    r#"{ "t": { "$gt": "?" } }"#,
    r#"{ "v": { "$eq": "?" } }"#,
    r#"{ "g": { "$contains": "?" } }"#,
    r#"{ "n": { "$geoRadius": { "lat": 0, "lon": 0, "meters": 1 } }, "k": "?" }"#,
];

fn filters(random: &mut Random) -> Vec<Wrong> {
    let mut calls = Vec::new();
    for (template, right) in FILTERS {
        for (kind, value) in wrong_values(random, right) {
            calls.extend(filtered(&format!("{kind} in {template}"), &filled(template, &value)));
        }
    }
    for template in NAMED {
        let text = template.replace('?', &random.word());
        calls.extend(filtered(&text, &json::parse(&text).unwrap()));
    }
    for levels in [33, 40 + random.below(20) as usize] {
        let nested =
            (0..levels).fold(json::parse(r#"{ "n": 1 }"#).unwrap(), |inner, _| Value::object().with("$not", inner));
        calls.extend(filtered(&format!("{levels} levels"), &nested));
        let text = format!("{}n = 1{}", "(".repeat(levels), ")".repeat(levels));
        calls.extend(filtered(&format!("{levels} parentheses"), &text.into()));
    }
    let many = Value::Array((0..65_537_u32).map(Value::from).collect());
    calls.extend(filtered("65,537 values", &filled(r#"{ "n": { "$in": "?" } }"#, &many)));
    calls
}

/// Places of queries, and what they take.
const QUERIES: [(&str, &[&str]); 34] = [
    (r#"{ "text": "?" }"#, &["null", "text"]),
    (r#"{ "text": { "query": "?" } }"#, &["text"]),
    (r#"{ "text": { "query": "sea", "operator": "?" } }"#, &["null"]),
    (r#"{ "text": { "query": "sea", "fields": "?" } }"#, &["null"]),
    (r#"{ "text": { "query": "sea", "fuzzy": "?" } }"#, &["null", "boolean"]),
    (r#"{ "text": { "query": "sea", "prefix": "?" } }"#, &["null", "boolean"]),
    (r#"{ "text": { "query": "sea", "slop": "?" } }"#, &["null", "number"]),
    (r#"{ "text": { "query": "sea", "boost": "?" } }"#, &["null"]),
    (r#"{ "vector": "?" }"#, &["null"]),
    (r#"{ "vector": { "field": "?", "value": [1, 0, 0] } }"#, &["null"]),
    (r#"{ "vector": { "field": "v", "value": "?" } }"#, &[]),
    (r#"{ "vector": { "field": "v", "value": [1, 0, "?"] } }"#, &["number", "negative", "fraction"]),
    (r#"{ "vector": { "field": "v", "value": [1, 0, 0], "exact": "?" } }"#, &["null", "boolean"]),
    (r#"{ "vector": { "field": "v", "value": [1, 0, 0], "ef": "?" } }"#, &["null", "number"]),
    (r#"{ "vector": { "field": "v", "value": [1, 0, 0], "recall": "?" } }"#, &["null", "fraction"]),
    (r#"{ "text": "sea", "vector": { "field": "v", "value": [1, 0, 0] }, "fusion": "?" }"#, &["null"]),
    (r#"{ "text": "sea", "fusion": { "method": "rrf", "k": "?" } }"#, &["null", "number", "fraction"]),
    (r#"{ "text": "sea", "fusion": { "weights": { "text": "?" } } }"#, &["null", "number", "fraction"]),
    (r#"{ "limit": "?" }"#, &["null", "number"]),
    (r#"{ "offset": "?" }"#, &["null", "number"]),
    (r#"{ "sort": "?" }"#, &["null"]),
    (r#"{ "sort": { "field": "?" } }"#, &[]),
    (r#"{ "sort": { "field": "n", "order": "?" } }"#, &["null"]),
    (r#"{ "facets": "?" }"#, &["null"]),
    (r#"{ "facets": { "k": { "limit": "?" } } }"#, &["null", "number"]),
    (r#"{ "facets": { "n": { "ranges": "?" } } }"#, &["null"]),
    (r#"{ "groupBy": { "field": "?" } }"#, &[]),
    (r#"{ "groupBy": { "field": "k", "limit": "?" } }"#, &["null", "number"]),
    (r#"{ "text": "sea", "highlight": { "fields": "?" } }"#, &["null"]),
    (r#"{ "text": "sea", "highlight": { "maxLength": "?" } }"#, &["null", "number"]),
    (r#"{ "select": "?" }"#, &["null", "array"]),
    (r#"{ "vector": { "field": "v", "value": [1, 0, 0] }, "mmr": { "lambda": "?" } }"#, &["null", "fraction"]),
    (r#"{ "minScore": "?" }"#, &["null", "number", "negative", "fraction"]),
    (r#"{ "explain": "?" }"#, &["null", "boolean"]),
];

fn queries(random: &mut Random) -> Vec<Wrong> {
    let mut all: Vec<(String, Value)> = Vec::new();
    for (template, right) in QUERIES {
        for (kind, value) in wrong_values(random, right) {
            all.push((format!("{kind} in {template}"), filled(template, &value)));
        }
    }
    let vector = r#""vector": { "field": "v", "value": [1, 0, 0] "#;
    for place in [
        "",
        r#""text": { "query": "sea", "#,
        r#""sort": { "field": "n", "#,
        r#""groupBy": { "field": "k", "#,
        r#""highlight": { "#,
    ] {
        let (name, close) = (random.word(), if place.is_empty() { "" } else { "}" });
        let text = format!(r#"{{ {place} "{name}": 1 {close} }}"#);
        all.push((text.clone(), json::parse(&text).unwrap()));
    }
    let text = format!(r#"{{ {vector}, "{}": true }} }}"#, random.word());
    all.push((text.clone(), json::parse(&text).unwrap()));
    all.into_iter()
        .map(|(what, query)| {
            wrong(format!("search: {what}"), INVALID, move |_, birds| {
                birds.search(&Query::from_json(query.clone())?).map(drop)
            })
        })
        .collect()
}

/// Places of schemas, and what they take.
const SCHEMAS: [(&str, &[&str]); 12] = [
    (r#""?""#, &[]),
    (r#"{ "fields": "?" }"#, &[]),
    (r#"{ "fields": { "x": "?" } }"#, &[]),
    (r#"{ "fields": { "x": { "type": "?" } } }"#, &[]),
    (r#"{ "fields": { "x": { "type": "text", "many": "?" } } }"#, &["null", "boolean"]),
    (r#"{ "fields": { "x": { "type": "text", "weight": "?" } } }"#, &["null", "number", "fraction"]),
    (r#"{ "fields": { "x": { "type": "text", "language": "?" } } }"#, &["null"]),
    (r#"{ "fields": { "x": { "type": "text", "stopWords": "?" } } }"#, &["null", "boolean", "array"]),
    (r#"{ "fields": { "x": { "type": "vector", "dimensions": "?" } } }"#, &["number"]),
    (r#"{ "fields": { "x": { "type": "vector", "dimensions": 3, "metric": "?" } } }"#, &["null"]),
    (r#"{ "fields": { "x": { "type": "vector", "dimensions": 3, "recall": "?" } } }"#, &["null", "fraction"]),
    (r#"{ "fields": { "x": { "type": "vector", "dimensions": 3, "index": "?" } } }"#, &["null"]),
];

fn schemas(random: &mut Random) -> Vec<Wrong> {
    let mut calls = Vec::new();
    for (template, right) in SCHEMAS {
        for (kind, value) in wrong_values(random, right) {
            let schema = filled(template, &value);
            calls.push(wrong(format!("schema: {kind} in {template}"), SCHEMA_ERROR, move |database, _| {
                database.collection("other", Schema::from_json(schema.clone())?).map(drop)
            }));
        }
    }
    // One that is right but not what the collection has.
    for other in [
        r#""t": { "type": "number" }"#,
        r#""v": { "type": "vector", "dimensions": 4 }"#,
        r#""only": { "type": "text" }"#,
    ] {
        let schema = format!(r#"{{ "fields": {{ {other} }} }}"#);
        calls.push(wrong(schema.clone(), SCHEMA_ERROR, move |database, _| {
            database.collection("birds", Schema::from_json(schema.as_str())?).map(drop)
        }));
    }
    calls
}

/// What is wrong with the answer to a call, if anything.
fn problem(database: &Database, birds: &Collection, wrong: &Wrong) -> Option<String> {
    let outcome = (wrong.call)(database, birds);
    if let Err(error) = &outcome {
        if !wrong.codes.contains(&error.code()) {
            return Some(format!("code {}: {error}", error.code().as_str()));
        }
        // What two schemas have unlike is said otherwise.
        if !error.message().contains("expected ") && !wrong.codes.contains(&ErrorCode::Schema) {
            return Some(format!("no word of what was expected: {error}"));
        }
    }
    let kept = birds.get("kept").unwrap();
    let is_kept = kept == Some(kept_document()) && birds.count(None).unwrap() == 2;
    let found = birds.search(&Query::new().text("shore")).unwrap();
    let works =
        found.hits.len() == 1 && found.hits[0].id == "kept".into() && database.collections().unwrap() == ["birds"];
    if is_kept && works {
        return outcome.is_ok().then(|| "no error".into());
    }
    // One call that should have been refused is not taken for many.
    birds.delete(["new", "before"]).unwrap();
    birds.put([kept_document()]).unwrap();
    Some(format!("something changed: {kept:?}"))
}

fn kept_document() -> Document {
    Document::from_json(KEPT).unwrap().with("v", vec![1.0_f32, 0.0, 0.0])
}

fn birds(database: &Database) -> Collection {
    let birds = database.collection("birds", Schema::from_json(SCHEMA).unwrap()).unwrap();
    birds.put([kept_document(), Document::new(7_u64).with("t", "sea")]).unwrap();
    birds
}

#[test]
fn wrong_calls_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path().join("database")).unwrap();
    let birds = birds(&database);
    let random = &mut Random(0x005a_9de7);
    let makers: [fn(&mut Random) -> Vec<Wrong>; 6] = [documents, vectors, ids, filters, queries, schemas];
    let calls: Vec<Wrong> = makers.iter().flat_map(|make| make(random)).collect();
    let all: Vec<String> = calls
        .iter()
        .filter_map(|wrong| problem(&database, &birds, wrong).map(|problem| format!("{}: {problem}", wrong.what)))
        .collect();
    assert!(all.is_empty(), "{} of {} calls:\n{}", all.len(), calls.len(), all.join("\n"));
    assert!(calls.len() >= CALLS_MIN, "{} calls", calls.len());
    // Nothing was written either: it is the same when it is read again.
    drop(birds);
    database.close().unwrap();
    let database = Database::open(folder.path().join("database")).unwrap();
    let birds = database.existing_collection("birds").unwrap();
    assert_eq!(birds.count(None).unwrap(), 2);
    assert_eq!(birds.get("kept").unwrap(), Some(kept_document()));
}
