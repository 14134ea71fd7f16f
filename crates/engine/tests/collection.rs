//! The state of a collection through its public calls: what is put is found, however it is stored.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

mod merges;

use sanderling_engine::text::AnalyzerSource;
use sanderling_engine::{
    Document, DocumentId, ErrorCode, Query, Schema, Value,
    collection::{CollectionState, DeleteTarget, ListOptions, Precondition, PutOptions, Write, WriteReceipt},
    document::json,
    ids::SequenceNumber,
    segment::SealedSegment,
    settings::CollectionSettings,
};
use std::sync::Arc;

const SCHEMA: &str = r#"{ "fields": {
    "title": { "type": "text", "weight": 2 },
    "body": { "type": "text", "language": "english" },
    "author": { "type": "keyword" },
    "tags": { "type": "keyword", "many": true },
    "year": { "type": "number" },
    "added": { "type": "date" },
    "inPrint": { "type": "boolean" },
    "vector": { "type": "vector", "dimensions": 3 }
} }"#;

struct Fixture {
    state: CollectionState,
    log: Vec<sanderling_engine::wal::Batch>,
}

impl Fixture {
    fn new() -> Self {
        let schema = Schema::from_json(SCHEMA).unwrap();
        let state =
            CollectionState::new(schema, AnalyzerSource::default(), CollectionSettings::default(), SequenceNumber(1))
                .unwrap();
        Self { state, log: Vec::new() }
    }

    fn write(&mut self, write: Write) -> Result<WriteReceipt, sanderling_engine::Error> {
        let prepared = self.state.prepare(write, 1_000)?;
        self.log.push(prepared.batch.clone());
        Ok(self.state.apply(prepared))
    }

    fn put(&mut self, documents: &str) -> Result<WriteReceipt, sanderling_engine::Error> {
        let Value::Array(documents) = json::parse(documents).unwrap() else { panic!("an array") };
        let documents = documents.into_iter().map(Document::from_json).collect::<Result<_, _>>()?;
        self.write(Write::Put(documents, PutOptions::default()))
    }

    fn seal(&mut self) {
        merges::seal(&mut self.state, 1_000);
    }

    fn search(&self, query: &str) -> Value {
        self.state.search(&Query::from_json(query).unwrap(), 1_000).unwrap().to_value()
    }

    fn ids(&self, query: &str) -> Vec<String> {
        let result = self.search(query);
        let Some(Value::Array(hits)) = result.get("hits") else { panic!("hits") };
        hits.iter().map(|hit| hit.get("id").unwrap().to_string()).collect()
    }
}

const BOOKS: &str = r#"[
    { "id": "b1", "title": "Shore birds", "body": "Sanderlings run along the waves", "author": "a", "tags": ["birds", "sea"],
      "year": 1999, "added": "2020-01-01", "inPrint": true, "vector": [1, 0, 0], "extra": { "__proto__": 1 } },
    { "id": "b2", "title": "Mountain birds", "body": "Eagles", "author": "b", "tags": ["birds"], "year": 2005, "vector": [0, 1, 0] },
    { "id": 3, "title": "The sea", "body": "A wave is running", "author": "a", "year": 2010, "inPrint": false, "vector": [0.9, 0.1, 0] },
    { "title": "No id" }
]"#;

#[test]
fn documents_come_back_whole() {
    let mut fixture = Fixture::new();
    let receipt = fixture.put(BOOKS).unwrap();
    assert_eq!(receipt.ids[3], DocumentId::from("0000000000004"));
    for sealed in [false, true] {
        if sealed {
            fixture.seal();
        }
        let document = fixture.state.get(&"b1".into(), 1_000).unwrap().unwrap();
        assert_eq!(document.get("added"), Some(&Value::Number(1_577_836_800_000.0)));
        assert_eq!(document.get("vector"), Some(&Value::from(vec![1.0_f32, 0.0, 0.0])));
        assert_eq!(document.get("extra").unwrap().to_string(), r#"{"__proto__":1}"#);
        assert!(fixture.state.get(&DocumentId::from("3"), 1_000).unwrap().is_none(), "3 and \"3\" are different");
        assert!(fixture.state.has(&DocumentId::from(3), 1_000).unwrap());
    }
}

#[test]
fn answers_do_not_depend_on_where_documents_lie() {
    let queries = [
        r#"{ "text": "birds running waves" }"#,
        r#"{ "text": { "query": "bi", "prefix": true } }"#,
        r#"{ "text": { "query": "birds sea", "operator": "and" } }"#,
        r#"{ "text": "birds -mountain" }"#,
        r#"{ "text": "-birds" }"#,
        r#"{ "vector": [1, 0.2, 0] }"#,
        r#"{ "vector": [1, 0.2, 0], "text": "sea", "filter": { "year": { "$gte": 2000 } } }"#,
        r#"{ "filter": { "$or": [{ "tags": "sea" }, { "inPrint": false }] } }"#,
        r#"{ "filter": { "$not": { "year": { "$exists": true } } } }"#,
        r#"{ "filter": { "added": { "$gt": "2019-12-31" } } }"#,
    ];
    let mut growing = Fixture::new();
    growing.put(BOOKS).unwrap();
    let mut sealed = Fixture::new();
    let Value::Array(books) = json::parse(BOOKS).unwrap() else { panic!("an array") };
    for book in books {
        sealed.put(&format!("[{book}]")).unwrap();
        sealed.seal();
    }
    let mut replayed = Fixture::new();
    growing.log.iter().for_each(|batch| replayed.state.replay(batch.clone(), "wal").unwrap());
    for query in queries {
        let expected = growing.search(query).get("hits").cloned();
        assert_eq!(sealed.search(query).get("hits").cloned(), expected, "sealed: {query}");
        assert_eq!(replayed.search(query).get("hits").cloned(), expected, "replayed: {query}");
        assert_eq!(sealed.search(query).get("total"), growing.search(query).get("total"), "{query}");
    }
}

#[test]
fn filters_and_legs_find_what_they_must() {
    let mut fixture = Fixture::new();
    fixture.put(BOOKS).unwrap();
    assert_eq!(fixture.ids(r#""birds""#), [r#""b1""#, r#""b2""#]);
    assert_eq!(fixture.ids(r#""wave""#), ["3", r#""b1""#], "the English stemmer joins wave and waves");
    assert_eq!(fixture.ids(r#"{ "vector": [1, 0, 0], "limit": 2 }"#), [r#""b1""#, "3"]);
    assert_eq!(fixture.ids(r#"{ "filter": { "tags": { "$in": ["sea"] } } }"#), [r#""b1""#]);
    assert_eq!(fixture.ids(r#"{ "filter": { "author": { "$ne": "a" } } }"#), [r#""b2""#], "closed world");
    assert_eq!(fixture.ids(r#"{ "filter": { "year": "1999" } }"#), Vec::<String>::new(), "no coercion");
    assert_eq!(fixture.ids(r#"{ "filter": { "$and": [] }, "limit": 2 }"#).len(), 2);
    assert_eq!(fixture.ids(r#"{ "filter": { "$or": [] } }"#).len(), 0);
    assert_eq!(
        fixture.search(r#"{ "text": "birds", "vector": [1, 0, 0], "limit": 0 }"#).get("total"),
        Some(&Value::Number(3.0))
    );
}

#[test]
fn a_score_is_the_bm25_of_the_contract() {
    let schema = Schema::from_json(r#"{ "fields": { "t": { "type": "text" } } }"#).unwrap();
    let mut state =
        CollectionState::new(schema, AnalyzerSource::default(), CollectionSettings::default(), SequenceNumber(1))
            .unwrap();
    let texts = ["red red fox", "red hen", "blue whale song of the sea"];
    let documents = texts.iter().zip(0_u64..).map(|(text, id)| Document::new(id).with("t", *text)).collect();
    let prepared = state.prepare(Write::Put(documents, PutOptions::default()), 0).unwrap();
    state.apply(prepared);
    let hits = state.search(&Query::new().text("red"), 0).unwrap().hits;
    let average = (3 + 2 + 6) as f64 / 3.0;
    let idf = (1.0_f64 + (3.0 - 2.0 + 0.5) / (2.0 + 0.5)).ln();
    let expected = |count: f64, length: f64| idf * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / average));
    for (hit, (id, score)) in hits.iter().zip([(0, expected(2.0, 3.0)), (1, expected(1.0, 2.0))]) {
        assert_eq!(hit.id, DocumentId::from(id));
        assert!((f64::from(hit.score) - score).abs() < 1e-6, "{} {score}", hit.score);
    }
}

#[test]
fn replacing_deleting_and_expiring_leave_no_trace_in_answers() {
    let mut fixture = Fixture::new();
    fixture.put(BOOKS).unwrap();
    fixture.seal();
    let versions = fixture.put(r#"[{ "id": "b1", "title": "Changed" }]"#).unwrap().versions;
    assert_eq!(versions, [SequenceNumber(5)]);
    assert_eq!(fixture.ids(r#""shore""#), Vec::<String>::new());
    let hits = fixture.state.search(&Query::new().text("changed"), 1_000).unwrap().hits;
    assert_eq!(hits[0].version, versions[0]);
    assert_eq!(fixture.write(Write::Delete(DeleteTarget::Ids(vec!["b2".into(), "none".into()]))).unwrap().deleted, 1);
    assert_eq!(fixture.ids(r#""birds""#), Vec::<String>::new());
    let expiring = PutOptions { expires_at: Some(1_001), ..PutOptions::default() };
    fixture.write(Write::Put(vec![Document::new("e").with("title", "Brief")], expiring)).unwrap();
    let query = Query::new().text("brief");
    assert_eq!(fixture.state.search(&query, 1_000).unwrap().total, 1);
    assert_eq!(fixture.state.search(&query, 1_001).unwrap().total, 0);
    assert!(!fixture.state.has(&"e".into(), 1_001).unwrap());
    let filter = json::parse(r#"{ "year": { "$exists": true } }"#).unwrap();
    assert_eq!(fixture.write(Write::Delete(DeleteTarget::Filter(filter))).unwrap().deleted, 1);
    assert_eq!(fixture.state.count(None, 1_001).unwrap(), 2);
}

#[test]
fn updates_merge_and_keep_vectors() {
    let mut fixture = Fixture::new();
    fixture.put(BOOKS).unwrap();
    fixture.seal();
    let patch = Document::from_json(r#"{ "year": 2000, "tags": null }"#).unwrap();
    fixture.write(Write::Update("b1".into(), patch.clone(), PutOptions::default())).unwrap();
    let document = fixture.state.get(&"b1".into(), 0).unwrap().unwrap();
    assert_eq!(document.get("vector"), Some(&Value::from(vec![1.0_f32, 0.0, 0.0])));
    assert_eq!((document.get("year"), document.get("tags")), (Some(&Value::Number(2000.0)), Some(&Value::Null)));
    let error = fixture.write(Write::Update("none".into(), patch, PutOptions::default())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
}

#[test]
fn lists_go_by_id_over_all_segments() {
    let mut fixture = Fixture::new();
    fixture.put(r#"[{ "id": "b" }, { "id": 10 }, { "id": "a1" }]"#).unwrap();
    fixture.seal();
    fixture.put(r#"[{ "id": 9 }, { "id": "a2" }, { "id": "b", "title": "new" }]"#).unwrap();
    let list = |options: &str| {
        let options = ListOptions::from_value(&json::parse(options).unwrap()).unwrap();
        let page = fixture.state.list(&options, 0).unwrap();
        let ids: Vec<String> =
            page.documents.iter().map(|document| document.id.as_ref().unwrap().to_string()).collect();
        (ids.join(" "), page.more)
    };
    assert_eq!(list("{}"), ("9 10 a1 a2 b".into(), false));
    assert_eq!(list(r#"{ "limit": 2 }"#), ("9 10".into(), true));
    assert_eq!(list(r#"{ "after": 10, "limit": 2 }"#), ("a1 a2".into(), true));
    assert_eq!(list(r#"{ "prefix": "a" }"#), ("a1 a2".into(), false));
}

#[test]
fn bad_input_is_named_and_changes_nothing() {
    let mut fixture = Fixture::new();
    for (documents, code, words) in [
        (r#"[{ "id": "x", "vector": [1, 2] }]"#, ErrorCode::Invalid, "vector: expected 3 dimensions, found 2"),
        (
            r#"[{ "id": "x", "vector": [1, 2, 1e39] }]"#,
            ErrorCode::Invalid,
            "vector[2]: expected a finite 32-bit number",
        ),
        (r#"[{ "id": "x", "vector": "no" }]"#, ErrorCode::Invalid, "vector: expected a vector, found the string"),
        (r#"[{ "id": "x", "year": "1999" }]"#, ErrorCode::Invalid, "year: expected a number"),
        (r#"[{ "id": "x", "added": "soon" }]"#, ErrorCode::Invalid, "added: expected an ISO 8601 date"),
        (r#"[{ "id": "x", "author": ["a"] }]"#, ErrorCode::Invalid, "author: expected a string"),
        (r#"[{ "id": "" }]"#, ErrorCode::Invalid, "id: expected a string of 1 to 512 bytes"),
        (r#"[{ "id": -1 }]"#, ErrorCode::Invalid, "found the number -1"),
        (r#"[{ "id": 1.5 }]"#, ErrorCode::Invalid, "found the number 1.5"),
        (r#"[{ "id": "fine" }, 7]"#, ErrorCode::Invalid, "document: expected an object"),
    ] {
        let error = fixture.put(documents).unwrap_err();
        assert_eq!(error.code(), code, "{documents}");
        assert!(error.message().contains(words), "{error} does not say {words}");
    }
    let long = format!(r#"[{{ "id": "{}" }}]"#, "x".repeat(513));
    assert!(fixture.put(&long).unwrap_err().message().contains("found a string of 513 bytes"));
    assert_eq!(fixture.state.next(), SequenceNumber(1));
    assert_eq!(fixture.state.count(None, 0).unwrap(), 0);
    for (query, code) in [
        (r#"{ "filter": { "nope": 1 } }"#, ErrorCode::Filter),
        (r#"{ "filter": { "year": { "$near": 1 } } }"#, ErrorCode::Filter),
        (r#"{ "filter": { "title": "x" } }"#, ErrorCode::Filter),
        (r#"{ "vector": [1, 2] }"#, ErrorCode::Invalid),
        (r#"{ "text": { "query": "x", "fields": ["year"] } }"#, ErrorCode::Invalid),
    ] {
        let error = fixture.state.search(&Query::from_json(query).unwrap(), 0).unwrap_err();
        assert_eq!(error.code(), code, "{query}: {error}");
    }
    for query in [r#"{ "limit": -1 }"#, r#"{ "limits": 1 }"#, r#"{ "text": 5 }"#, r#"{ "fusion": "best" }"#, "{"] {
        assert_eq!(Query::from_json(query).unwrap_err().code(), ErrorCode::Invalid, "{query}");
    }
}

#[test]
fn a_precondition_that_fails_stores_nothing() {
    let mut fixture = Fixture::new();
    let put = |fixture: &mut Fixture, precondition| {
        let options = PutOptions { precondition: Some(precondition), ..PutOptions::default() };
        fixture.write(Write::Put(vec![Document::new("x")], options)).map(|receipt| receipt.versions[0].0)
    };
    assert_eq!(put(&mut fixture, Precondition::Absent), Ok(1));
    assert_eq!(put(&mut fixture, Precondition::Absent).unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!(put(&mut fixture, Precondition::Version(1)), Ok(2));
    assert_eq!(put(&mut fixture, Precondition::Version(1)).unwrap_err().code(), ErrorCode::Conflict);
    fixture.write(Write::Delete(DeleteTarget::Ids(vec!["x".into()]))).unwrap();
    assert_eq!(put(&mut fixture, Precondition::Absent), Ok(4), "versions never restart");
}

#[test]
fn of_one_id_twice_in_a_batch_the_last_wins() {
    let mut fixture = Fixture::new();
    let receipt = fixture.put(r#"[{ "id": "x", "year": 1 }, { "id": "y" }, { "id": "x", "year": 2 }]"#).unwrap();
    assert_eq!(receipt.versions, [SequenceNumber(2), SequenceNumber(1), SequenceNumber(2)]);
    assert_eq!(fixture.state.get(&"x".into(), 0).unwrap().unwrap().get("year"), Some(&Value::Number(2.0)));
}

#[test]
fn a_damaged_segment_is_an_error_and_never_a_panic() {
    let mut fixture = Fixture::new();
    fixture.put(BOOKS).unwrap();
    let output = merges::merged(&mut fixture.state, 0, 0).0.unwrap();
    let schema = fixture.state.schema().clone();
    let open = |bytes: &[u8]| {
        let bytes = sanderling_engine::codec::AlignedBytes::copy_of(bytes).into();
        let opened =
            SealedSegment::open(&schema, bytes, "segment-1", (merges::DATABASE, merges::FILE, output.checksum));
        opened.and_then(|segment| segment.check()).err()
    };
    assert!(open(&output.bytes).is_none());
    for length in 0..output.bytes.len() {
        assert!(open(&output.bytes[..length]).is_some(), "cut at {length}");
    }
    for bit in 0..output.bytes.len() * 8 {
        let mut damaged = output.bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = open(&damaged).unwrap_or_else(|| panic!("bit {bit} of {}", output.bytes.len() * 8));
        assert!(error.message().contains("segment-1"), "{error}");
    }
}

#[test]
fn damage_goes_with_the_segment_that_had_it() {
    let mut fixture = Fixture::new();
    fixture.put(BOOKS).unwrap();
    for id in 100..300 {
        fixture
            .put(&format!(r#"[{{ "id": {id}, "title": "Many birds", "body": "number{id} of the shore" }}]"#))
            .unwrap();
    }
    let output = merges::seal(&mut fixture.state, 1_000).unwrap();
    let (output_again, merged) = merges::merged(&mut fixture.state, 0, 1_000);
    let whole = merges::open(&fixture.state, &output_again.unwrap());
    let mut has_failed = false;
    for at in (64..output.bytes.len()).step_by(640) {
        let mut bytes = output.bytes.clone();
        bytes[at] ^= 4;
        let bytes = sanderling_engine::codec::AlignedBytes::copy_of(&bytes).into();
        let identity = (merges::DATABASE, merges::FILE, output.checksum);
        let Ok(damaged) = SealedSegment::open(fixture.state.schema(), bytes, "segment", identity) else { continue };
        let mut state = fixture.state.clone();
        state.install(Some(Arc::new(damaged)), &merged);
        let _ = state.search(&Query::from_json(r#"{ "text": "birds" }"#).unwrap(), 1_000);
        state.quarantine();
        has_failed |= state.check_whole().is_err();
        state.install(Some(whole.clone()), &merged);
        state.check_whole().unwrap();
        assert!(state.get(&"b1".into(), 1_000).unwrap().is_some());
    }
    assert!(has_failed);
}

#[test]
fn a_schema_may_only_grow() {
    let schema = Schema::from_json(SCHEMA).unwrap();
    assert_eq!(Schema::from_json(schema.to_json()).unwrap(), schema);
    let changed = SCHEMA.replace(r#""dimensions": 3"#, r#""dimensions": 4"#);
    let error = schema.change_to(&Schema::from_json(&changed).unwrap()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Schema);
    for bad in [
        r#"{}"#,
        r#"{ "fields": { "id": { "type": "text" } } }"#,
        r#"{ "fields": { "v": { "type": "vector" } } }"#,
        r#"{ "fields": { "v": { "type": "vector", "dimensions": 4097 } } }"#,
        r#"{ "fields": { "t": { "type": "tekst" } } }"#,
        r#"{ "fields": { "t": { "type": "text", "wheight": 2 } } }"#,
    ] {
        assert_eq!(Schema::from_json(bad).unwrap_err().code(), ErrorCode::Schema, "{bad}");
    }
}

#[test]
fn a_larger_schema_indexes_what_was_stored_before() {
    let mut fixture = Fixture::new();
    fixture.put(r#"[{ "id": "x", "pages": 12 }, { "id": "y", "pages": 90 }]"#).unwrap();
    let larger = SCHEMA.replace(r#""year":"#, r#""pages": { "type": "number" }, "year":"#);
    let larger = match fixture.state.schema().change_to(&Schema::from_json(&larger).unwrap()).unwrap() {
        sanderling_engine::schema::SchemaChange::Extended(schema) => schema,
        same => panic!("{same:?}"),
    };
    fixture.state.freeze();
    let mut extend = fixture.state.extend_job(&larger, 0).unwrap();
    while !extend.step(&fixture.state).unwrap() {}
    let mut job = extend.finish();
    while !job.step() {}
    let (output, merged) = job.finish(merges::DATABASE, merges::FILE);
    let output = output.unwrap();
    let bytes = sanderling_engine::codec::AlignedBytes::copy_of(&output.bytes).into();
    let segment =
        SealedSegment::open(&larger, bytes, "segment", (merges::DATABASE, merges::FILE, output.checksum)).unwrap();
    fixture.state.install(Some(Arc::new(segment)), &merged);
    fixture.state.set_schema(larger);
    assert_eq!(fixture.ids(r#"{ "filter": { "pages": { "$gt": 50 } } }"#), [r#""y""#]);
}

#[test]
fn an_error_says_which_document_of_a_batch_is_wrong() {
    let schema = r#"{ "fields": { "n": { "type": "number" }, "v": { "type": "vector", "dimensions": 2 } } }"#;
    let settings = CollectionSettings::default();
    let state = CollectionState::new(
        Schema::from_json(schema).unwrap(),
        AnalyzerSource::default(),
        settings,
        SequenceNumber(1),
    );
    let state = state.unwrap();
    let nested = Value::from(vec![Value::object().with("deep", f64::NEG_INFINITY)]);
    let wrong = [
        ("id", Document::new("")),
        ("n", Document::new(2).with("n", f64::NAN)),
        ("other", Document::new(2).with("other", f64::NAN)),
        ("other", Document::new(2).with("other", nested)),
        ("v[1]", Document::new(2).with("v", vec![1.0, f32::NAN])),
    ];
    for (path, document) in wrong {
        let batch = vec![Document::new(1), document];
        let error = state.prepare(Write::Put(batch, PutOptions::default()), 1).map(|_| ()).unwrap_err();
        assert!(error.message().starts_with(path), "{error:?}");
        let at = error.details().iter().find(|(name, _)| name == "document");
        assert_eq!(at.map(|(_, at)| at), Some(&Value::from(1_u32)), "{error:?}");
    }
}
