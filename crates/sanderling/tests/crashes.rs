//! Every effect fails once: whatever was acknowledged is there after a crash at any time, and no batch is there in part.
//!
//! The storage here loses or tears the write at which it fails, then goes on or stays broken. After each round from then on
//! a copy of the medium is opened, as if the process had ended there; where writes are relaxed also a copy without what no
//! flush had reached, as if the power had failed.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    CollectionSettings, Database, Document, Error, ErrorCode, Schema,
    engine::codec::AlignedBytes,
    storage::{Durability, MemoryStorage, Storage, StorageFuture, StoredObject},
};
use std::{
    collections::BTreeMap,
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

/// What a failing effect leaves behind.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Damage {
    /// Nothing was done.
    Lost,
    /// Half of the bytes are there.
    Torn,
    /// All of it was done, only the answer was an error.
    Done,
}

#[derive(Clone)]
struct Faulty {
    medium: Arc<MemoryStorage>,
    /// What a power cut spares.
    durable: Arc<MemoryStorage>,
    effects: Arc<AtomicUsize>,
    fails_at: usize,
    forever: bool,
    damage: Damage,
}

impl Faulty {
    fn new(fails_at: usize, forever: bool, damage: Damage) -> Self {
        let (medium, durable, effects) = Default::default();
        Self { medium, durable, effects, fails_at, forever, damage }
    }

    /// A sound storage with the same objects.
    fn copy_of(medium: &MemoryStorage) -> Self {
        let copy = Self::new(usize::MAX, false, Damage::Lost);
        for object in pollster::block_on(medium.list()).unwrap() {
            keep(medium, &copy.medium, &object.name);
        }
        copy
    }

    fn has_failed(&self) -> bool {
        self.effects.load(SeqCst) > self.fails_at
    }

    fn effect<'a>(
        &'a self,
        name: &str,
        bytes: &'a [u8],
        durability: Durability,
        act: impl Fn(&MemoryStorage, &[u8]),
    ) -> StorageFuture<'a, ()> {
        let effect = self.effects.fetch_add(1, SeqCst);
        let fails = effect == self.fails_at || (self.forever && effect > self.fails_at);
        let kept = match self.damage {
            Damage::Lost if fails => None,
            Damage::Torn if fails => Some(&bytes[..bytes.len() / 2]),
            _ => Some(bytes),
        };
        if let Some(kept) = kept {
            act(&self.medium, kept);
            if durability == Durability::Strict {
                keep(&self.medium, &self.durable, name);
            }
        }
        let failed = || Error::new(ErrorCode::Unavailable, "the medium failed");
        Box::pin(ready(if fails { Err(failed()) } else { Ok(()) }))
    }
}

/// Makes an object of one storage be that of another, or be gone as there.
fn keep(from: &MemoryStorage, to: &MemoryStorage, name: &str) {
    match pollster::block_on(from.read(name, 0, usize::MAX)) {
        Ok(bytes) => pollster::block_on(to.write(name, bytes.as_ref(), Durability::Strict)).unwrap(),
        Err(_) => pollster::block_on(to.remove(name)).unwrap(),
    }
}

// The state on the medium is what matters: the wrapper decides which effects reach it. The memory storage acts when it is
// called.
impl Storage for Faulty {
    fn kind(&self) -> String {
        "faulty".into()
    }
    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        self.medium.list()
    }
    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        self.medium.read(name, offset, length)
    }
    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.effect(name, bytes, durability, |medium, bytes| drop(medium.append(name, bytes, durability)))
    }
    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.effect(name, bytes, durability, |medium, bytes| drop(medium.write(name, bytes, durability)))
    }
    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.effect(name, &[], Durability::Strict, |medium, _| drop(medium.remove(name)))
    }
    fn close(&self) -> StorageFuture<'_, ()> {
        self.medium.close()
    }
}

fn open(storage: &Faulty, durability: Durability) -> Result<Database, Error> {
    Database::with_storage(Box::new(storage.clone()), durability)
}

fn schema(more: &str) -> Schema {
    Schema::from_json(format!(r#"{{ "fields": {{ "round": {{ "type": "number" }}{more} }} }}"#)).unwrap()
}

const MORE: &str = r#", "more": { "type": "keyword" }"#;

/// A collection as readers see it; none where there is no such collection.
type Content = Option<Documents>;

/// Whether the schema was extended, and the round in which each document was put.
#[derive(Clone, Debug, Default, PartialEq)]
struct Documents {
    extended: bool,
    rounds: BTreeMap<u64, u64>,
}

const NAMES: [&str; 2] = ["books", "notes"];

fn content(db: &Database, name: &str) -> Content {
    let collection = match db.existing_collection(name) {
        Ok(collection) => collection,
        Err(error) => {
            assert_eq!(error.code(), ErrorCode::Schema, "{name}: {error}"); // absent, not damaged
            return None;
        }
    };
    let round = |id: u64| Some(collection.get(id).unwrap()?.get("round").unwrap().as_number().unwrap() as u64);
    let rounds = (0..60).filter_map(|id| Some((id, round(id)?))).collect();
    Some(Documents { extended: collection.schema().position("more").is_some(), rounds })
}

/// What the caller may rely on.
struct Expected {
    /// What was acknowledged, the latest last. A power cut may take those behind the first.
    acknowledged: Vec<Content>,
    /// What failed calls would have come to: each may be there as a whole, until another call is acknowledged.
    undecided: Vec<Content>,
}

impl Expected {
    fn latest(&self) -> &Content {
        self.acknowledged.last().unwrap()
    }

    /// Keeps the books of a call that makes `after` of the collection.
    fn call<T>(&mut self, after: Content, durable: bool, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.undecided.push(after);
            return result;
        }
        if durable {
            self.acknowledged.clear();
        }
        self.acknowledged.push(after);
        self.undecided.clear();
        result
    }

    fn check_crash(&self, found: &Content, what: &str) {
        let allowed = || self.undecided.iter().chain([self.latest()]);
        assert!(
            allowed().any(|one| one == found),
            "{what}: found {found:?}, not one of {:?}",
            Vec::from_iter(allowed())
        );
    }

    fn check_power_cut(&self, found: &Content, what: &str) {
        let allowed = || self.undecided.iter().chain(&self.acknowledged);
        assert!(
            allowed().any(|one| one == found),
            "{what}: found {found:?}, not one of {:?}",
            Vec::from_iter(allowed())
        );
    }
}

/// A run of the script over a storage that fails once or from then on.
struct Run {
    storage: Faulty,
    durability: Durability,
    expected: BTreeMap<&'static str, Expected>,
    what: String,
}

impl Run {
    fn new(storage: Faulty, durability: Durability) -> Self {
        let Faulty { fails_at, forever, damage, .. } = storage;
        let what = format!("{damage:?}, forever {forever}, {durability:?}, effect {fails_at}");
        let nothing = || Expected { acknowledged: vec![None], undecided: Vec::new() };
        Self { storage, durability, expected: NAMES.map(|name| (name, nothing())).into(), what }
    }

    /// One step of the script; a batch touches several ids at once.
    fn step(&mut self, db: &Database, round: u64) -> Result<(), Error> {
        let name = NAMES[usize::from(round % 5 >= 3)];
        let expected = self.expected.get_mut(name).unwrap();
        if expected.latest().is_none() {
            let settings = CollectionSettings { seal_at: 7, ..Default::default() };
            expected.call(Some(Documents::default()), true, db.collection_with(name, schema(""), settings))?;
        }
        let collection = db.existing_collection(name)?;
        let mut after = expected.latest().clone().unwrap();
        let strict = self.durability == Durability::Strict;
        match round % 13 {
            8 => expected.call(Some(after), true, collection.compact()),
            2 | 6 => {
                let ids = [round % 4, round % 4 + 1];
                after.rounds.retain(|id, _| !ids.contains(id));
                expected.call(Some(after), strict, collection.delete(ids)).map(drop)
            }
            5 | 12 => expected.call(Some(after), true, collection.flush()),
            // An opening that changes nothing writes nothing, and decides nothing.
            10 if after.extended => Ok(()),
            10 => {
                after.extended = true;
                expected.call(Some(after), true, db.collection(name, schema(MORE))).map(drop)
            }
            11 => expected.call(None, true, db.drop_collection(name)),
            _ => {
                let ids = [round % 6, round % 6 + 1, round + 10];
                after.rounds.extend(ids.map(|id| (id, round)));
                let put = collection.put(ids.map(|id| Document::new(id).with("round", round as f64)));
                expected.call(Some(after), strict, put).map(drop)
            }
        }
    }

    /// What would be found now.
    fn check_media(&self, round: u64) {
        let what = format!("{}, round {round}", self.what);
        let found = |medium: &MemoryStorage, what: &str| {
            let copy = Faulty::copy_of(medium);
            let db = open(&copy, self.durability).unwrap_or_else(|error| panic!("{what}: {error}"));
            let first = NAMES.map(|name| content(&db, name));
            drop(db);
            // What recovery decided stays decided.
            let db = open(&copy, self.durability).unwrap_or_else(|error| panic!("{what}, reopened: {error}"));
            assert_eq!(NAMES.map(|name| content(&db, name)), first, "{what}, reopened");
            NAMES.into_iter().zip(first)
        };
        let crashed = format!("{what}, crashed");
        found(&self.storage.medium, &crashed)
            .for_each(|(name, found)| self.expected[name].check_crash(&found, &crashed));
        if self.durability == Durability::Relaxed {
            let cut = format!("{what}, without power");
            found(&self.storage.durable, &cut)
                .for_each(|(name, found)| self.expected[name].check_power_cut(&found, &cut));
        }
    }

    /// The process ends, and another one believes what it finds.
    fn reopen(&mut self) -> Option<Database> {
        let db = open(&self.storage, self.durability).ok()?;
        for (name, expected) in &mut self.expected {
            let found = content(&db, name);
            expected.check_crash(&found, &self.what);
            expected.acknowledged.push(found);
            expected.undecided.clear();
        }
        Some(db)
    }

    fn run(&mut self) {
        let mut opened = None;
        for round in 0..40 {
            if opened.is_none() || round == 17 {
                drop(opened.take());
                opened = self.reopen();
            }
            let Some(db) = &opened else { continue };
            let _ = self.step(db, round);
            for (name, expected) in &self.expected {
                assert_eq!(&content(db, name), expected.latest(), "{}, {name}, running, round {round}", self.what);
            }
            // Before the failure all runs are alike.
            if self.storage.has_failed() || self.storage.fails_at == usize::MAX {
                self.check_media(round);
            }
        }
    }
}

fn every_effect_fails(durability: Durability) {
    let whole = Faulty::new(usize::MAX, false, Damage::Lost);
    Run::new(whole.clone(), durability).run();
    let effects = whole.effects.load(SeqCst);
    assert!(effects > 80, "the script has too few effects to say anything: {effects}");
    for damage in [Damage::Lost, Damage::Torn, Damage::Done] {
        for forever in [false, true] {
            for fails_at in 0..effects {
                Run::new(Faulty::new(fails_at, forever, damage), durability).run();
            }
        }
    }
}

#[test]
fn no_failing_effect_loses_an_acknowledged_write() {
    every_effect_fails(Durability::Strict);
}

#[test]
fn no_failing_effect_loses_what_was_flushed() {
    every_effect_fails(Durability::Relaxed);
}
