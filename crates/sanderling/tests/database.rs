//! The crate as its users see it: what was put is there after reopening, in a folder as in memory.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{Database, Document, ErrorCode, ListOptions, Query, Schema};
use serde_json::json;

fn schema() -> Schema {
    Schema::from_json(json!({ "fields": {
        "title": { "type": "text" },
        "year": { "type": "number" },
        "vector": { "type": "vector", "dimensions": 2 }
    } }))
    .unwrap()
}

fn book(id: u64) -> Document {
    let angle = id as f32 / 10.0;
    Document::new(id)
        .with("title", if id.is_multiple_of(2) { "even birds" } else { "odd birds" })
        .with("year", 1900.0 + id as f64)
        .with("vector", vec![angle.cos(), angle.sin()])
}

#[test]
fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library");
    let queries = [
        Query::new().text("odd birds").vector(&[0.5, 0.5]),
        Query::new().filter(json!({ "year": { "$lt": 1910 } })).unwrap().limit(20),
    ];
    let mut answers = Vec::new();
    for round in 0..4 {
        let db = Database::open(&path).unwrap();
        let books = db.collection("books", schema()).unwrap();
        match round {
            0 => {
                books.put((0..30).map(book)).unwrap();
                books.delete([3_u64, 4]).unwrap();
                books.update(5_u64, json!({ "year": 1800 })).unwrap();
                answers = queries.iter().map(|query| books.search(query).unwrap().hits).collect();
            }
            2 => books.compact().unwrap(),
            _ => {}
        }
        for (query, answer) in queries.iter().zip(&answers) {
            assert_eq!(books.search(query).unwrap().hits, *answer, "round {round}");
        }
        assert_eq!(books.count(None).unwrap(), 28);
        db.close().unwrap();
    }
}

#[test]
fn a_segment_is_sealed_at_its_size_and_dead_rows_survive() {
    let folder = tempfile::tempdir().unwrap();
    let settings = sanderling::CollectionSettings { seal_at: 10, ..Default::default() };
    {
        let db = Database::open(folder.path()).unwrap();
        let books = db.collection_with("books", schema(), settings).unwrap();
        for id in 0..25 {
            books.put([book(id)]).unwrap();
        }
        books.delete([1_u64, 11, 21]).unwrap();
        books.put((100..110).map(book)).unwrap();
        let states: Vec<_> = books.stats().unwrap().segments.iter().map(|segment| segment.state).collect();
        assert_eq!(states, ["sealed", "sealed", "sealing", "growing"]);
    }
    let db = Database::open(folder.path()).unwrap();
    let books = db.existing_collection("books").unwrap();
    assert_eq!(books.count(None).unwrap(), 32);
    assert!(!books.has(11_u64).unwrap());
    books.compact().unwrap();
    let stats = books.stats().unwrap();
    assert_eq!((stats.documents, stats.segments.len()), (32, 2));
    let page = books.list(&ListOptions { filter: None, prefix: None, after: Some(24.into()), limit: 2 }).unwrap();
    assert_eq!(
        page.documents.iter().map(|book| book.id.clone().unwrap()).collect::<Vec<_>>(),
        [100.into(), 101.into()]
    );
}

#[test]
fn an_open_folder_has_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let first = Database::open(folder.path()).unwrap();
    let second = Database::open(folder.path()).unwrap();
    first.collection("books", schema()).unwrap().put([book(1)]).unwrap();
    assert!(second.existing_collection("books").unwrap().has(1_u64).unwrap());
    second.close().unwrap();
    assert_eq!(first.collections().unwrap_err().code(), ErrorCode::Closed);
    Database::open(folder.path()).unwrap();
}

#[test]
fn a_schema_may_grow_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let larger = Schema::from_json(json!({ "fields": {
        "title": { "type": "text" },
        "pages": { "type": "number" },
        "year": { "type": "number" },
        "vector": { "type": "vector", "dimensions": 2 }
    } }))
    .unwrap();
    {
        let db = Database::open(folder.path()).unwrap();
        let books = db.collection("books", schema()).unwrap();
        books.put([book(1).with("pages", 7)]).unwrap();
        let other = Schema::from_json(json!({ "fields": { "title": { "type": "keyword" } } })).unwrap();
        assert_eq!(db.collection("books", other).err().unwrap().code(), ErrorCode::Schema);
        let books = db.collection("books", larger.clone()).unwrap();
        let query = Query::new().filter(json!({ "pages": 7 })).unwrap();
        assert_eq!(books.search(&query).unwrap().total, 1);
    }
    let db = Database::open(folder.path()).unwrap();
    let books = db.collection("books", larger).unwrap();
    assert_eq!(books.get(1_u64).unwrap().unwrap(), book_with_sorted_fields());
    assert_eq!(db.existing_collection("none").err().unwrap().code(), ErrorCode::Schema);
    db.drop_collection("books").unwrap();
    assert_eq!(books.count(None).unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(db.collections().unwrap(), Vec::<String>::new());
}

/// Vectors come after the stored fields.
fn book_with_sorted_fields() -> Document {
    let mut document = book(1);
    let vector = document.fields.pop().unwrap();
    let mut document = document.with("pages", 7);
    document.fields.push(vector);
    document
}

#[test]
fn handles_can_be_used_from_many_threads() {
    let db = Database::memory().unwrap();
    let books = db.collection("books", schema()).unwrap();
    std::thread::scope(|threads| {
        for part in 0..4_u64 {
            let books = books.clone();
            threads.spawn(move || (0..50).for_each(|id| drop(books.put([book(part * 50 + id)]).unwrap())));
        }
        for _ in 0..2 {
            let books = books.clone();
            threads.spawn(move || {
                for _ in 0..50 {
                    let result = books.search(&Query::new().text("birds").limit(300)).unwrap();
                    assert_eq!(result.hits.len(), result.total);
                }
            });
        }
    });
    assert_eq!(books.count(None).unwrap(), 200);
}

#[test]
fn settings_are_chosen_once() {
    let db = Database::memory().unwrap();
    let settings = sanderling::CollectionSettings { seal_at: 10, ..Default::default() };
    let books = db.collection_with("books", schema(), settings.clone()).unwrap();
    db.collection_with("books", schema(), settings).unwrap();
    db.collection("books", schema()).unwrap();
    let other = sanderling::CollectionSettings { seal_at: 11, ..Default::default() };
    assert_eq!(db.collection_with("books", schema(), other).err().unwrap().code(), ErrorCode::Schema);
    books.put([book(1)]).unwrap();
    assert!(books.stats().unwrap().memory_bytes > 20);
}

#[test]
fn settings_that_differ_are_refused_with_and_without_a_schema() {
    use sanderling::{driver, storage};
    let environment = driver::Environment {
        memory_budget: usize::MAX,
        now: || 0,
        random: || [1; 16],
        analyzers: sanderling::engine::text::AnalyzerSource::default(),
        background: driver::Background::NONE,
    };
    pollster::block_on(async {
        let memory = Box::new(storage::MemoryStorage::default());
        let db = driver::Database::open(memory, storage::Durability::Strict, environment).await.unwrap();
        let sealed_at = |seal_at| Some(sanderling::CollectionSettings { seal_at, ..Default::default() }.into());
        db.collection("books", Some(schema()), sealed_at(10)).await.unwrap();
        for schema in [None, Some(schema())] {
            let error = db.collection("books", schema.clone(), sealed_at(3)).await.err().unwrap();
            assert_eq!(error.code(), ErrorCode::Schema);
            assert!(error.to_string().contains("10"), "{error}");
            // The same, or none at all, which means those it has.
            db.collection("books", schema.clone(), sealed_at(10)).await.unwrap();
            db.collection("books", schema, None).await.unwrap();
        }
    });
}

#[test]
fn a_quota_is_kept_and_can_be_changed() {
    use sanderling::{CollectionSettings, Quota};
    let folder = tempfile::tempdir().unwrap();
    let with = |documents, bytes| CollectionSettings { quota: Quota { documents, bytes }, ..Default::default() };
    let db = Database::open(folder.path()).unwrap();
    let books = db.collection_with("books", schema(), with(Some(3), None)).unwrap();
    books.put([book(1), book(2)]).unwrap();
    books.put([book(2), book(3)]).unwrap();
    let error = books.put([book(4)]).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Quota);
    assert!(error.message().contains('3') && error.message().contains('4'), "{error}");
    assert!(books.put([book(1), book(5)]).is_err() && !books.has(5_u64).unwrap(), "a batch is refused whole");
    books.put([book(1)]).unwrap();
    books.delete([2_u64]).unwrap();
    books.put([book(4)]).unwrap();
    drop((books, db));
    let db = Database::open(folder.path()).unwrap();
    let books = db.collection("books", schema()).unwrap();
    assert_eq!(books.put([book(6)]).unwrap_err().code(), ErrorCode::Quota, "it is stored");
    db.collection_with("books", schema(), with(None, Some(2_000))).unwrap();
    let stored = (10..1_000).take_while(|id| books.put([book(*id)]).is_ok()).count();
    assert!((2..900).contains(&stored), "{stored} documents");
    assert_eq!(books.put([book(2_000)]).unwrap_err().code(), ErrorCode::Quota);
    assert_eq!(books.delete([10_u64]).unwrap(), 1);
    db.collection_with("books", schema(), with(None, None)).unwrap();
    books.put([book(2_000)]).unwrap();
}

#[test]
fn writes_at_once_keep_a_quota_too() {
    use sanderling::{CollectionSettings, Quota};
    let db = Database::memory().unwrap();
    let settings = CollectionSettings { quota: Quota { documents: Some(50), bytes: None }, ..Default::default() };
    let books = db.collection_with("books", schema(), settings).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let books = books.clone();
            scope.spawn(move || (0..40).for_each(|at| _ = books.put([book(thread * 100 + at)])));
        }
    });
    assert_eq!(books.count(None).unwrap(), 50);
}

#[test]
fn a_second_opinion_is_asked_for_within_the_bounds_of_a_search() {
    let schema = Schema::from_json(r#"{ "fields": { "t": { "type": "text" } } }"#).unwrap();
    let books = Database::memory().unwrap().collection("books", schema).unwrap();
    books.put((1..=6_u64).map(|id| Document::new(id).with("t", "shore"))).unwrap();
    let search =
        |query: &Query| books.search_reranked(query, &mut |_, hits| (0..hits.len()).map(|at| at as f32).collect());
    let query = Query::new().text("shore").limit(2);
    let cursor = books.search(&query).unwrap().cursor.unwrap();
    let next = search(&query.clone().cursor(cursor.clone())).unwrap();
    assert_eq!(next.hits.iter().map(|hit| hit.id.clone()).collect::<Vec<_>>(), [4.into(), 3.into()]);
    let beside = search(&query.clone().cursor(cursor).offset(10)).unwrap_err();
    assert_eq!(beside.code(), ErrorCode::Invalid);
    assert_eq!(search(&query.clone().offset(600_000).limit(600_000)).map(|found| found.hits.len()), Ok(0));
    assert_eq!(search(&query.limit(1_000_001)).unwrap_err().code(), ErrorCode::Invalid);
}
