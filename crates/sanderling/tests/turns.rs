//! What happens while writes go on: segments are frozen, sealed and merged, and writes that wait go to the log together.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    CollectionSettings, Document, Error, ErrorCode, Query, Schema, WriteReceipt,
    driver::{self, Background, Environment},
    engine::{codec::AlignedBytes, collection::PutOptions, text::AnalyzerSource},
    storage::{Durability, MemoryStorage, Storage, StorageFuture, StoredObject},
};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Context,
    thread,
    time::{Duration, Instant},
};

/// Memory whose flushes take a while.
#[derive(Clone, Default)]
struct Slow(Arc<SlowMedium>);

#[derive(Default)]
struct SlowMedium {
    medium: MemoryStorage,
    flush: Duration,
    /// What the write of a segment takes.
    write: Duration,
    flushes: AtomicUsize,
}

impl Storage for Slow {
    fn kind(&self) -> String {
        "slow".into()
    }
    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        self.0.medium.list()
    }
    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        self.0.medium.read(name, offset, length)
    }
    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.0.flushes.fetch_add(1, SeqCst);
        thread::sleep(self.0.flush);
        self.0.medium.append(name, bytes, durability)
    }
    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        if name.starts_with("segment-") {
            thread::sleep(self.0.write);
        }
        self.0.medium.write(name, bytes, durability)
    }
    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.0.medium.remove(name)
    }
    fn close(&self) -> StorageFuture<'_, ()> {
        self.0.medium.close()
    }
}

fn environment(background: Background) -> Environment {
    Environment {
        now: || 0,
        random: || [7; 16],
        analyzers: AnalyzerSource::default(),
        background,
        memory_budget: usize::MAX,
    }
}

fn threads() -> Background {
    let start = |worker: driver::Worker| drop(thread::spawn(move || pollster::block_on(worker.run())));
    Background { start, ..Background::NONE }
}

fn open(storage: &Slow, background: Background) -> driver::Database {
    let opened = driver::Database::open(Box::new(storage.clone()), Durability::Strict, environment(background));
    pollster::block_on(opened).unwrap()
}

const SCHEMA: &str = r#"{ "fields": { "round": { "type": "number" }, "title": { "type": "text" },
    "vector": { "type": "vector", "dimensions": 4 } } }"#;

fn collection(db: &driver::Database, seal_at: u32) -> driver::Collection {
    let settings = CollectionSettings { seal_at, ..CollectionSettings::default() };
    pollster::block_on(db.collection("books", Some(Schema::from_json(SCHEMA).unwrap()), Some(settings.into()))).unwrap()
}

fn document(id: u64, round: u64) -> Document {
    let angle = (id * 7 + round) as f32;
    let vector = vec![angle.sin(), angle.cos(), (id % 5) as f32 / 5.0, 0.5];
    Document::new(id).with("round", round).with("title", "a bird of the shore").with("vector", vector)
}

fn put(books: &driver::Collection, documents: Vec<Document>) -> WriteReceipt {
    pollster::block_on(books.put(documents, PutOptions::default())).unwrap()
}

fn states(books: &driver::Collection) -> Vec<&'static str> {
    let stats = pollster::block_on(books.stats()).unwrap();
    stats.segments.iter().map(|segment| segment.state).collect()
}

/// Puts, replaces and deletes one document after the other, and calls `look` after each.
fn live_through(books: &driver::Collection, writes: u64, look: &mut dyn FnMut(u64, &BTreeMap<u64, u64>)) {
    let mut model = BTreeMap::new();
    let mut random = 1_u64;
    for round in 0..writes {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let id = (random >> 33) % 300;
        if random >> 60 == 0 {
            let deleted = pollster::block_on(books.delete(sanderling::DeleteTarget::Ids(vec![id.into()]))).unwrap();
            assert_eq!(deleted, usize::from(model.remove(&id).is_some()));
        } else {
            put(books, vec![document(id, round)]);
            model.insert(id, round);
        }
        look(round, &model);
    }
}

fn content(books: &driver::Collection) -> BTreeMap<u64, u64> {
    let round = |id: u64| Some(books.get(&id.into()).unwrap()?.get("round").unwrap().as_number().unwrap() as u64);
    (0..300).filter_map(|id| Some((id, round(id)?))).collect()
}

#[test]
fn documents_outlive_freezing_sealing_and_merging() {
    for background in [Background::NONE, threads()] {
        let storage = Slow::default();
        let db = open(&storage, background);
        let books = collection(&db, 16);
        let mut seen = BTreeMap::new();
        let mut last = BTreeMap::new();
        live_through(&books, 1_500, &mut |round, model| {
            states(&books).into_iter().for_each(|state| *seen.entry(state).or_insert(0) += 1);
            if round % 97 == 0 {
                assert_eq!(content(&books), *model, "after write {round}");
                assert_eq!(books.count(None).unwrap(), model.len());
                // Whoever opens the medium as it is now finds the same.
                let copy = Slow::default();
                for object in pollster::block_on(storage.list()).unwrap() {
                    let bytes = pollster::block_on(storage.read(&object.name, 0, usize::MAX)).unwrap();
                    pollster::block_on(copy.write(&object.name, bytes.as_ref(), Durability::Strict)).unwrap();
                }
                let db = open(&copy, Background::NONE);
                let opened = pollster::block_on(db.collection("books", None, None));
                // A background thread may have written between two of those copies.
                if let Ok(books) = opened {
                    assert_eq!(content(&books), *model, "opened after write {round}");
                }
            }
            last.clone_from(model);
        });
        assert!(seen["sealing"] > 50 && seen["sealed"] > 50, "{seen:?}");
        let stats = pollster::block_on(books.stats()).unwrap();
        assert!(stats.segments.len() < 16, "{} segments", stats.segments.len());
        pollster::block_on(db.close()).unwrap();
        let db = open(&storage, Background::NONE);
        let books = pollster::block_on(db.collection("books", None, None)).unwrap();
        assert_eq!(content(&books), last);
        assert!(!states(&books).contains(&"sealing"));
    }
}

#[test]
fn answers_do_not_depend_on_who_does_the_work() {
    let (alone, helped) = (Slow::default(), Slow::default());
    let (alone, helped) = (open(&alone, Background::NONE), open(&helped, threads()));
    let (alone, helped) = (collection(&alone, 40), collection(&helped, 40));
    let query = Query::from_json(r#"{ "vector": [0.3, 0.8, 0.2, 0.5], "text": "shore", "explain": true }"#).unwrap();
    let mut answers = Vec::new();
    live_through(&alone, 600, &mut |_, _| answers.push(alone.search(&query).unwrap().to_value().to_string()));
    let mut answers = answers.into_iter();
    live_through(&helped, 600, &mut |round, _| {
        let (found, expected) = (helped.search(&query).unwrap().to_value().to_string(), answers.next().unwrap());
        assert_eq!(found, expected, "after write {round}");
    });
}

#[test]
fn writes_that_wait_share_a_flush() {
    let storage = Slow(Arc::new(SlowMedium { flush: Duration::from_millis(2), ..SlowMedium::default() }));
    let db = open(&storage, Background::NONE);
    let books = collection(&db, 100_000);
    let rounds = 8;
    let begun = Instant::now();
    (0..64 * rounds).for_each(|id| drop(put(&books, vec![document(id, 0)])));
    let one_by_one = begun.elapsed();
    let flushes = storage.0.flushes.swap(0, SeqCst);
    let begun = Instant::now();
    thread::scope(|scope| {
        for writer in 0..64 {
            let books = &books;
            scope.spawn(move || {
                (0..rounds).for_each(|at| drop(put(books, vec![document(1_000 + writer * rounds + at, 0)])))
            });
        }
    });
    let together = begun.elapsed();
    assert_eq!(flushes, 64 * rounds as usize);
    // The time also hangs on how fast a host wakes its threads, and on who else uses it.
    let flushes = storage.0.flushes.load(SeqCst);
    assert!(20 * flushes <= 64 * rounds as usize, "{flushes} flushes");
    assert!(one_by_one > 10 * together, "{one_by_one:?} one by one, {together:?} together");
    assert_eq!(books.count(None).unwrap(), 128 * rounds as usize);
}

#[test]
fn writes_that_go_together_keep_their_order_and_their_answers() {
    let storage = Slow(Arc::new(SlowMedium { flush: Duration::from_millis(1), ..SlowMedium::default() }));
    let books = collection(&open(&storage, threads()), 50);
    thread::scope(|scope| {
        for writer in 0..16_u64 {
            let books = &books;
            scope.spawn(move || {
                let mut version = 0;
                for round in 0..40 {
                    // A document of this one's own, one that all replace, one without an id, and a batch that is refused.
                    let receipt = put(
                        books,
                        vec![
                            document(writer, round),
                            document(100, round),
                            Document { id: None, ..document(0, round) },
                        ],
                    );
                    assert!(receipt.versions[0].0 > version);
                    version = receipt.versions[0].0;
                    let wrong = document(writer, 999).with("round", "a text");
                    let error = pollster::block_on(books.put(vec![wrong], PutOptions::default())).unwrap_err();
                    assert_eq!(error.code(), ErrorCode::Invalid);
                    let precondition = Some(sanderling::Precondition::Version(version));
                    let options = PutOptions { precondition, ..PutOptions::default() };
                    let receipt = pollster::block_on(books.put(vec![document(writer, round)], options)).unwrap();
                    version = receipt.versions[0].0;
                    assert_eq!(
                        books.get(&writer.into()).unwrap().unwrap().get("round").unwrap().as_number(),
                        Some(round as f64)
                    );
                }
            });
        }
    });
    assert_eq!(books.count(None).unwrap(), 17 + 16 * 40);
}

/// A put that would rather be told than wait, and how long it took.
fn impatient(books: &driver::Collection, id: u64) -> (Result<WriteReceipt, Error>, Duration) {
    let begun = Instant::now();
    let options = PutOptions { is_impatient: true, ..PutOptions::default() };
    let outcome = pollster::block_on(books.put(vec![document(id, 0)], options));
    (outcome, begun.elapsed())
}

#[test]
fn an_impatient_write_is_told_when_the_queue_is_full() {
    let storage = Slow(Arc::new(SlowMedium { flush: Duration::from_secs(2), ..SlowMedium::default() }));
    let books = collection(&open(&storage, Background::NONE), 100_000);
    assert!(impatient(&books, 7).0.is_ok());
    let waker = std::task::Waker::noop();
    let mut context = Context::from_waker(waker);
    thread::scope(|scope| {
        scope.spawn(|| put(&books, vec![document(8, 0)]));
        // It flushes for long; the others are in the queue by then, and two of them outside of it.
        thread::sleep(Duration::from_millis(400));
        let mut waiting: Vec<_> = (0..1_025)
            .map(|writer| Box::pin(books.put(vec![document(1_000 + writer, 0)], PutOptions::default())))
            .collect();
        for write in &mut waiting {
            assert!(write.as_mut().poll(&mut context).is_pending());
        }
        assert_eq!(impatient(&books, 7).0.unwrap_err().code(), ErrorCode::Busy);
        // Those who give up make room, and those outside have it first.
        waiting.drain(..500).for_each(drop);
        let mut last = waiting.pop().unwrap();
        assert!(waiting.pop().unwrap().as_mut().poll(&mut context).is_pending());
        drop(waiting);
        pollster::block_on(last.as_mut()).unwrap();
    });
    assert_eq!(books.count(None).unwrap(), 3);
}

#[test]
fn writes_wait_outside_until_there_is_room_for_their_bytes() {
    let storage = Slow(Arc::new(SlowMedium { flush: Duration::from_millis(300), ..SlowMedium::default() }));
    let books = &collection(&open(&storage, Background::NONE), 100_000);
    let large =
        |id: u64| (0..6).map(|at| document(id * 10 + at, 0).with("body", "x".repeat(4 << 20))).collect::<Vec<_>>();
    let made: Vec<_> = (1..7).map(large).collect();
    thread::scope(|scope| {
        scope.spawn(|| put(books, vec![document(0, 0)]));
        thread::sleep(Duration::from_millis(100));
        made.into_iter().for_each(|documents| _ = scope.spawn(|| put(books, documents)));
        thread::sleep(Duration::from_millis(100));
        // Two of 24 MiB have room in 64, and nothing else gets past the third.
        let (outcome, took) = impatient(books, 9);
        assert_eq!(outcome.unwrap_err().code(), ErrorCode::Busy);
        assert!(took < Duration::from_millis(50), "{took:?}");
        put(books, vec![document(1, 0)]);
        assert!(books.has(&12_u64.into()).unwrap(), "the calls before it come first");
    });
    assert_eq!(books.count(None).unwrap(), 2 + 36);
    // One alone may be larger than all the room there is.
    put(books, (0..17).map(|at| document(200 + at, 0).with("body", "x".repeat(4 << 20))).collect());
}

#[test]
fn an_impatient_write_does_not_wait_for_long_work() {
    let storage = Slow(Arc::new(SlowMedium { write: Duration::from_millis(600), ..SlowMedium::default() }));
    let books = &collection(&open(&storage, Background::NONE), 100_000);
    put(books, (0..50).map(|id| document(id, 0)).collect());
    let larger =
        Schema::from_json(SCHEMA.replace("\"round\"", "\"n\": { \"type\": \"number\" }, \"round\"").as_str()).unwrap();
    let works: [&(dyn Fn() + Sync); 2] = [&|| pollster::block_on(books.compact()).unwrap(), &|| {
        drop(pollster::block_on(books.perform(driver::Task::Extend(larger.clone()))).unwrap());
    }];
    for work in works {
        thread::scope(|scope| {
            // One is in the queue when the work begins, the other one comes later.
            let before = scope.spawn(|| put(books, vec![document(1, 0)]));
            before.join().unwrap();
            let begun = scope.spawn(work);
            thread::sleep(Duration::from_millis(100));
            let asked = Instant::now();
            assert_eq!(
                pollster::block_on(books.stats()).unwrap().segments.iter().map(|of| of.documents).sum::<usize>(),
                50
            );
            assert!(asked.elapsed() < Duration::from_millis(200), "figures do not wait for it");
            let (outcome, took) = impatient(books, 2);
            assert_eq!(outcome.unwrap_err().code(), ErrorCode::Busy);
            assert!(took < Duration::from_millis(200), "{took:?}");
            begun.join().unwrap();
        });
        assert!(impatient(books, 3).0.is_ok());
    }
}

#[test]
fn an_impatient_write_does_not_wait_for_a_segment_to_be_made() {
    for background in [Background::NONE, threads()] {
        let storage = Slow(Arc::new(SlowMedium { write: Duration::from_millis(300), ..SlowMedium::default() }));
        let books = collection(&open(&storage, background), 20);
        let (mut refused, mut longest) = (0, Duration::ZERO);
        for id in 0..100 {
            loop {
                let (outcome, took) = impatient(&books, id);
                match outcome {
                    Ok(_) => break longest = longest.max(took),
                    Err(error) => assert_eq!(error.code(), ErrorCode::Busy),
                }
                refused += 1;
                thread::sleep(Duration::from_millis(5));
            }
        }
        assert_eq!(books.count(None).unwrap(), 100);
        assert!(refused > 0 && longest < Duration::from_millis(1_500), "{refused} refused, {longest:?}");
    }
}

/// Whoever asks for the time later finds so much of it gone that each slice of work is one step.
fn hurried() -> Environment {
    static NOW: AtomicUsize = AtomicUsize::new(0);
    Environment { now: || NOW.fetch_add(10, SeqCst) as u64, ..environment(Background::NONE) }
}

#[test]
fn a_compaction_tells_how_far_it_has_come_and_stops_when_it_is_told_to() {
    let storage = Slow::default();
    let opened = driver::Database::open(Box::new(storage.clone()), Durability::Strict, hurried());
    let db = pollster::block_on(opened).unwrap();
    let books = collection(&db, 40);
    let mut expected = BTreeMap::new();
    live_through(&books, 300, &mut |_, model| expected.clone_from(model));
    assert!(states(&books).len() > 2, "{:?}", states(&books));
    // Stopped at its first report, at its second, and so on, until it reaches its end.
    let mut reports = 0;
    loop {
        let told = RefCell::new(Vec::new());
        let outcome = pollster::block_on(books.compact_reporting(&|done, total| {
            told.borrow_mut().push((done, total));
            assert_eq!(books.count(None).unwrap(), expected.len(), "searches go on meanwhile");
            told.borrow().len() > reports
        }));
        let told = told.into_inner();
        assert!(told.is_sorted() && told[0].0 == 0 && told.iter().all(|(done, total)| done <= total), "{told:?}");
        assert!(told[0].1 > 0 && told.iter().all(|(_, total)| *total == told[0].1), "{told:?}");
        assert_eq!(content(&books), expected);
        if outcome.is_ok() {
            assert_eq!(states(&books), ["sealed", "growing"]);
            break;
        }
        assert_eq!(outcome.unwrap_err().code(), ErrorCode::Aborted);
        assert_eq!(told.len(), reports + 1);
        reports += 1;
        // Writes go on.
        let round = 300 + reports as u64;
        put(&books, vec![document(round % 300, round)]);
        expected.insert(round % 300, round);
    }
    assert!(reports > 3, "{reports}");
    pollster::block_on(db.close()).unwrap();
    assert_eq!(content(&collection(&open(&storage, Background::NONE), 40)), expected);
}
