//! Every effect fails once: whatever was acknowledged is there after reopening, and no batch is there in part.
//!
//! The storage here loses or tears the write at which it fails, then goes on or stays broken; a crash at each effect is
//! the same as staying broken and reopening.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    Database, Document, Error, ErrorCode, Schema,
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
    effects: Arc<AtomicUsize>,
    fails_at: usize,
    forever: bool,
    damage: Damage,
}

impl Faulty {
    fn fails(&self) -> bool {
        let effect = self.effects.fetch_add(1, SeqCst);
        effect == self.fails_at || (self.forever && effect > self.fails_at)
    }

    fn effect<'a>(
        &'a self,
        bytes: &'a [u8],
        act: impl FnOnce(&'a MemoryStorage, &'a [u8]) -> StorageFuture<'a, ()>,
    ) -> StorageFuture<'a, ()> {
        if !self.fails() {
            return act(&self.medium, bytes);
        }
        let kept = match self.damage {
            Damage::Lost => None,
            Damage::Torn => Some(&bytes[..bytes.len() / 2]),
            Damage::Done => Some(bytes),
        };
        if let Some(kept) = kept {
            drop(act(&self.medium, kept)); // the memory storage acts when it is called
        }
        Box::pin(ready(Err(Error::new(ErrorCode::Unavailable, "the medium failed"))))
    }
}

// The state on the medium is what matters: the wrapper decides which effects reach it.
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
        self.effect(bytes, |medium, bytes| medium.append(name, bytes, durability))
    }
    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.effect(bytes, |medium, bytes| medium.write(name, bytes, durability))
    }
    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.effect(&[], |medium, _| medium.remove(name))
    }
    fn close(&self) -> StorageFuture<'_, ()> {
        self.medium.close()
    }
}

fn open(storage: &Faulty) -> Result<Database, Error> {
    Database::with_storage(Box::new(storage.clone()), Durability::Strict)
}

fn schema() -> Schema {
    Schema::from_json(r#"{ "fields": { "round": { "type": "number" } } }"#).unwrap()
}

/// The state that the caller may rely on: for each id the round that was acknowledged last, and what is undecided.
#[derive(Default)]
struct Expected {
    acknowledged: BTreeMap<u64, Option<u64>>,
    undecided: Vec<BTreeMap<u64, Option<u64>>>,
}

/// One step of the script; a batch touches several ids at once.
fn step(db: &Database, round: u64, expected: &mut Expected) -> Result<(), Error> {
    let settings = sanderling::CollectionSettings { seal_at: 7, ..Default::default() };
    let books = db.collection_with("books", schema(), settings)?;
    let changes: BTreeMap<u64, Option<u64>> = match round % 5 {
        3 => [(round % 4, None), (round % 4 + 1, None)].into(),
        4 => {
            books.compact()?;
            return Ok(());
        }
        _ => [(round % 6, Some(round)), (round % 6 + 1, Some(round)), (round + 10, Some(round))].into(),
    };
    let result = if round % 5 == 3 {
        books.delete(changes.keys().copied()).map(drop)
    } else {
        books.put(changes.keys().map(|id| Document::new(*id).with("round", round as f64))).map(drop)
    };
    match result {
        Ok(()) => {
            // What was undecided before is decided by what a reader sees now: it must not come and go.
            expected.acknowledged.extend(changes);
            expected.undecided.clear();
            Ok(())
        }
        Err(error) => {
            expected.undecided.push(changes);
            Err(error)
        }
    }
}

fn contents(db: &Database) -> BTreeMap<u64, Option<u64>> {
    let Ok(books) = db.existing_collection("books") else { return BTreeMap::new() };
    let round = |id: u64| {
        let document = books.get(id).unwrap()?;
        Some(document.get("round").unwrap().as_number().unwrap() as u64)
    };
    (0..60).map(|id| (id, round(id))).filter(|(_, round)| round.is_some()).collect()
}

/// The acknowledged state, alone or with one undecided batch as a whole.
fn check(found: &BTreeMap<u64, Option<u64>>, expected: &Expected, what: &str) {
    let mut candidates = vec![expected.acknowledged.clone()];
    for batch in &expected.undecided {
        let mut with = expected.acknowledged.clone();
        with.extend(batch.clone());
        candidates.push(with);
    }
    let same =
        |candidate: &BTreeMap<u64, Option<u64>>| candidate.iter().filter(|(_, round)| round.is_some()).eq(found.iter());
    assert!(candidates.iter().any(same), "{what}: found {found:?}, expected one of {candidates:?}");
}

#[test]
fn no_failing_effect_loses_an_acknowledged_write() {
    let rounds = 24;
    for damage in [Damage::Lost, Damage::Torn, Damage::Done] {
        for forever in [false, true] {
            let mut fails_at = 0;
            loop {
                let effects = Arc::new(AtomicUsize::new(0));
                let storage = Faulty { medium: Arc::default(), effects, fails_at, forever, damage };
                let what = format!("{damage:?}, forever {forever}, effect {fails_at}");
                let mut expected = Expected::default();
                let mut opened = open(&storage).ok();
                for round in 0..rounds {
                    let Some(db) = &opened else {
                        opened = open(&storage).ok();
                        continue;
                    };
                    let _ = step(db, round, &mut expected);
                    if expected.undecided.is_empty() {
                        check(&contents(db), &expected, &format!("{what}, running, round {round}"));
                    }
                }
                let sound = Faulty { fails_at: usize::MAX, ..storage.clone() };
                let reopened = open(&sound).unwrap_or_else(|error| panic!("{what}: {error}"));
                check(&contents(&reopened), &expected, &what);
                // What recovery decided stays decided.
                let first = contents(&reopened);
                drop(reopened);
                assert_eq!(contents(&open(&sound).unwrap()), first, "{what}: reopened twice");
                if storage.effects.load(SeqCst) <= fails_at {
                    break;
                }
                fails_at += 1;
            }
            assert!(fails_at > 40, "the script has too few effects to say anything: {fails_at}");
        }
    }
}
