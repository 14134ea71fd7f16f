//! Copies of databases over media that fail: a restore takes effect whole or not at all, whatever ends it, and a stream that is
//! damaged at any place changes nothing.
//!
//! `SANDERLING_EVERY` looks at each so many-th place; 1 is all of them.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use pollster::block_on;
use sanderling::{
    Error, ErrorCode, Query, Schema,
    driver::{Database, Restore},
    storage::Durability,
};
use sanderling_testkit::sim::{
    model::Item,
    objects::{FAULTS, every},
    storage::{Fault, Medium, Plan, SimStorage},
    world,
};
fn open(storage: &SimStorage) -> Result<Database, Error> {
    block_on(Database::open(Box::new(storage.clone()), Durability::Strict, world::environment()))
}

/// A collection with segments, dead rows and a log.
fn fill(storage: &SimStorage, bases: std::ops::Range<u32>) -> Vec<u8> {
    let db = open(storage).unwrap();
    let settings = sanderling::CollectionSettings { seal_at: 3, ..Default::default() };
    let birds = block_on(db.collection("birds", Some(world::schema(false)), Some(settings.into()))).unwrap();
    for base in bases {
        let item = Item { n: base, base, expires_at: u64::MAX, version: 0 };
        block_on(birds.put(vec![item.document(base as u8)], Default::default())).unwrap();
    }
    let target = sanderling::DeleteTarget::Ids(vec![1_u64.into()]);
    block_on(birds.delete(target)).unwrap();
    let mut export = block_on(db.export()).unwrap();
    let stream = block_on(export.read(0, usize::MAX)).unwrap();
    drop(export);
    block_on(db.close()).unwrap();
    stream
}

/// What a database holds: nothing, if it has no collection.
fn seen(storage: &SimStorage) -> Result<String, Error> {
    let db = open(storage)?;
    let mut seen = String::new();
    for name in db.collections()? {
        let result = block_on(db.collection(&name, None, None))?.search(&Query::new().limit(100))?;
        assert!(result.reasons.is_empty(), "{:?}", result.reasons);
        for hit in result.hits {
            seen += &format!("{name} {} {} {:?}\n", hit.id, hit.version.0, hit.document);
        }
    }
    Ok(seen)
}

/// Where a restore goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Target {
    Absent,
    There,
    Lost,
}

struct Case {
    stream: Vec<u8>,
    new: String,
    target: Target,
    medium: Medium,
}

impl Case {
    fn new(target: Target, medium: Medium) -> Self {
        world::begin();
        let source = SimStorage::new(Medium::IndexedDb, 0);
        let stream = fill(&source, 1..9);
        Self { stream, new: seen(&source).unwrap(), target, medium }
    }

    fn storage(&self) -> SimStorage {
        let storage = SimStorage::new(self.medium, 1).reading_in_place(self.medium == Medium::Posix);
        if self.target != Target::Absent {
            fill(&storage, 20..26);
        }
        if self.target == Target::Lost {
            ["manifest-a", "manifest-b"].iter().for_each(|slot| storage.set(slot, Some(b"lost")));
        }
        storage.restart(true, 0);
        storage
    }

    /// What the target holds before; none where it cannot be opened.
    fn old(&self) -> Option<String> {
        let storage = self.storage();
        if self.target == Target::Absent { Some(String::new()) } else { seen(&storage).ok() }
    }

    fn begin(&self, storage: &SimStorage) -> Result<Restore, Error> {
        block_on(Restore::begin(Box::new(storage.clone()), self.target != Target::Absent, world::environment()))
    }

    /// Brings what is left of the stream and ends the restore.
    fn go_on(&self, restore: &mut Restore) -> Result<(), Error> {
        while (restore.received() as usize) < self.stream.len() {
            let from = restore.received() as usize;
            block_on(restore.push(&self.stream[from..self.stream.len().min(from + 700)]))?;
        }
        block_on(restore.finish())
    }

    /// The calls of a restore where nothing fails.
    fn calls(&self) -> u64 {
        let storage = self.storage();
        let before = storage.calls();
        self.go_on(&mut self.begin(&storage).unwrap()).unwrap();
        let calls = storage.calls() - before;
        assert_eq!(seen(&storage).unwrap(), self.new);
        calls
    }

    /// After the power was cut the target is what it was or, where that may be, what was restored.
    fn check(&self, storage: &SimStorage, seed: u64, may_be_new: bool, what: &str) {
        storage.restart(true, seed);
        let found = seen(storage);
        let is_new = may_be_new && found.as_ref().is_ok_and(|found| *found == self.new);
        let is_old = match (self.old(), &found) {
            (Some(old), Ok(found)) => old == *found,
            (None, Err(error)) => error.code() == ErrorCode::Corrupt,
            _ => false,
        };
        assert!(is_new || is_old, "{:?}, {:?}, {what}: {found:?}", self.target, self.medium);
    }
}

fn cases() -> impl Iterator<Item = Case> {
    let media = [Medium::Posix, Medium::IndexedDb, Medium::Remote];
    let targets = [Target::Absent, Target::There, Target::Lost];
    media.into_iter().flat_map(move |medium| targets.map(|target| Case::new(target, medium)))
}

#[test]
fn a_restore_that_fails_at_any_call_changes_nothing_and_goes_on() {
    for case in cases() {
        for after in 0..case.calls() {
            for (fault, for_ever) in FAULTS.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
                let storage = case.storage();
                storage.plan(Plan { after, for_ever, fault }, after);
                let what = format!("{fault:?} for ever ({for_ever}) after {after} calls");
                let Ok(mut restore) = case.begin(&storage) else {
                    case.check(&storage, after, false, &what);
                    continue;
                };
                let restored = case.go_on(&mut restore);
                storage.heal();
                // Half of them go on where they stopped, the others are not heard of again.
                let goes_on = restored.is_err() && after % 2 == 0;
                let restored = if goes_on { case.go_on(&mut restore) } else { restored };
                assert!(!goes_on || restored.is_ok(), "{:?} {what}: {restored:?}", case.target);
                drop(restore);
                if restored.is_ok() {
                    storage.restart(true, after);
                    assert_eq!(seen(&storage).unwrap(), case.new, "{:?} {:?} {what}", case.target, case.medium);
                } else {
                    case.check(&storage, after, true, &what);
                }
            }
        }
    }
}

#[test]
fn a_process_that_dies_in_any_call_leaves_the_one_or_the_other() {
    for case in cases() {
        for after in 0..case.calls() {
            for seed in 0..6 {
                let storage = case.storage();
                storage.die_after(after, seed);
                let restored = case.begin(&storage).and_then(|mut restore| case.go_on(&mut restore));
                let what = format!("died after {after} calls, seed {seed}");
                storage.restart(true, seed);
                let left = SimStorage::new(Medium::IndexedDb, 0);
                storage.objects().iter().for_each(|(name, bytes)| left.set(name, Some(bytes)));
                case.check(&storage, seed, true, &what);
                assert!(restored.is_err() || seen(&storage).unwrap() == case.new, "{what}");
                // What it left is not in the way of the next one.
                match case.begin(&left) {
                    Ok(mut restore) => case.go_on(&mut restore).unwrap(),
                    Err(error) => assert_eq!(error.code(), ErrorCode::Conflict, "{what}"),
                }
                assert_eq!(seen(&left).unwrap(), case.new, "{what}");
            }
        }
    }
}

/// The objects without the slots of the manifest: of those one is written, with the numbers of the new files taken.
fn data(storage: &SimStorage) -> Vec<(String, Vec<u8>)> {
    let mut objects = storage.objects();
    objects.retain(|(name, _)| !name.starts_with("manifest-"));
    objects
}

fn refuse(case: &Case, stream: &[u8], what: &str) {
    let storage = case.storage();
    let before = data(&storage);
    let mut restore = case.begin(&storage).unwrap();
    let pushed = block_on(restore.push(stream));
    let ended = pushed.and_then(|()| block_on(restore.finish()));
    let error = ended.err().unwrap_or_else(|| panic!("{what} was believed"));
    assert!(matches!(error.code(), ErrorCode::Corrupt | ErrorCode::Unsupported), "{what}: {error:?}");
    assert!(error.details().iter().any(|(name, _)| name == "received"), "{what}: {error:?}");
    block_on(restore.abandon()).unwrap();
    assert_eq!(data(&storage), before, "{what}");
    assert_eq!(seen(&storage).ok(), case.old(), "{what}");
}

#[test]
fn a_stream_cut_at_any_length_or_with_any_bit_turned_changes_nothing() {
    for target in [Target::Absent, Target::There, Target::Lost] {
        let case = Case::new(target, Medium::IndexedDb);
        for length in (0..case.stream.len()).step_by(every(7)) {
            refuse(&case, &case.stream[..length], &format!("cut at {length}"));
        }
        for bit in (0..case.stream.len() * 8).step_by(every(7) * 5) {
            let mut turned = case.stream.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            refuse(&case, &turned, &format!("bit {bit} turned"));
        }
        refuse(&case, &[&case.stream[..], &[7]].concat(), "a byte more");
    }
}

/// A stream of sound blocks with a damaged file in them, as a damaged disk would have given.
#[test]
fn damage_that_the_source_had_is_found() {
    world::begin();
    let source = SimStorage::new(Medium::IndexedDb, 0);
    fill(&source, 1..9);
    let case = Case::new(Target::There, Medium::IndexedDb);
    let files = data(&source);
    assert!(files.len() >= 4, "{}", files.len());
    for (name, bytes) in files {
        for at in (0..bytes.len()).step_by(every(7)) {
            let storage = SimStorage::new(Medium::IndexedDb, 0);
            source.objects().iter().for_each(|(name, bytes)| storage.set(name, Some(bytes)));
            let db = open(&storage).unwrap();
            let mut turned = bytes.clone();
            turned[at] ^= 4;
            storage.set(&name, Some(&turned));
            let Ok(mut export) = block_on(db.export()) else { continue };
            let stream = block_on(export.read(0, usize::MAX)).unwrap();
            refuse(&case, &stream, &format!("byte {at} of {name}"));
        }
    }
}

#[test]
fn a_schema_with_a_language_that_is_not_at_hand_is_copied_too() {
    world::begin();
    let storage = SimStorage::new(Medium::IndexedDb, 0);
    let analyzers =
        sanderling_engine::text::AnalyzerSource { languages: Some(&sanderling_languages::LANGUAGES), custom: None };
    let environment = sanderling::driver::Environment { analyzers, ..world::environment() };
    let open = |storage: &SimStorage, environment| {
        block_on(Database::open(Box::new(storage.clone()), Durability::Strict, environment)).unwrap()
    };
    let db = open(&storage, environment);
    let schema = Schema::from_json(r#"{ "fields": { "t": { "type": "text", "language": "german" } } }"#).unwrap();
    let texts = block_on(db.collection("texts", Some(schema), None)).unwrap();
    let document = sanderling::Document::new(1_u64).with("t", "die Vögel des Strandes");
    block_on(texts.put(vec![document], Default::default())).unwrap();
    block_on(db.close()).unwrap();
    // A torn end does not belong to the log.
    let log = storage.objects().into_iter().find(|(name, _)| name.starts_with("wal-")).unwrap();
    storage.set(&log.0, Some(&[&log.1[..], &[3; 40]].concat()));
    let db = open(&storage, world::environment());
    let mut export = block_on(db.export()).unwrap();
    let stream = block_on(export.read(0, usize::MAX)).unwrap();
    let copy = SimStorage::new(Medium::IndexedDb, 0);
    let mut restore = block_on(Restore::begin(Box::new(copy.clone()), false, world::environment())).unwrap();
    block_on(restore.push(&stream)).unwrap();
    block_on(restore.finish()).unwrap();
    let texts = block_on(open(&copy, environment).collection("texts", None, None)).unwrap();
    assert_eq!(texts.search(&Query::new().text("Vogel")).unwrap().hits.len(), 1);
}

#[test]
fn every_damage_to_a_file_of_an_open_database_is_found_and_named() {
    world::begin();
    let storage = SimStorage::new(Medium::IndexedDb, 0);
    fill(&storage, 1..9);
    let db = open(&storage).unwrap();
    let sound = block_on(db.verify()).unwrap();
    assert!(sound.is_ok() && sound.files == storage.objects().len(), "{sound:?}");
    for (name, bytes) in storage.objects() {
        let check = |changed: Option<&[u8]>, what: String| {
            storage.set(&name, changed);
            let found = block_on(db.verify()).unwrap();
            let [problem] = &found.problems[..] else { panic!("{name}, {what}: {:?}", found.problems) };
            assert_eq!(problem.file, name, "{what}: {problem:?}");
            let is_of_collection = !name.starts_with("manifest-");
            assert_eq!(problem.collection.as_deref(), is_of_collection.then_some("birds"), "{what}");
            assert_eq!(problem.kind == "missing", changed.is_none(), "{what}: {problem:?}");
        };
        check(None, "gone".into());
        for length in (0..bytes.len()).step_by(every(7)) {
            check(Some(&bytes[..length]), format!("cut at {length}"));
            let mut turned = bytes.clone();
            turned[length] ^= 16;
            check(Some(&turned), format!("byte {length} turned"));
        }
        storage.set(&name, Some(&bytes));
        assert!(block_on(db.verify()).unwrap().is_ok());
    }
    // A medium that fails is told from damage.
    storage.plan(Plan { after: 5, for_ever: true, fault: Fault::ReadFails }, 0);
    let found = block_on(db.verify()).unwrap();
    assert!(!found.is_ok() && found.problems.iter().all(|problem| problem.kind == "unreadable"), "{found:?}");
    storage.heal();
    storage.set("segment-00000099", Some(b"of nobody"));
    assert!(block_on(db.verify()).unwrap().is_ok(), "what no manifest names is no problem");
}
