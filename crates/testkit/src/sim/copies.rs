//! Copies of databases over media that fail: a restore takes effect whole or not at all, whatever ends it.

use super::{
    model::Item,
    objects::FAULTS,
    storage::{Medium, Plan, SimStorage},
    world,
};
use pollster::block_on;
use sanderling::{
    Error, ErrorCode, Query,
    driver::{Database, Restore},
    storage::Durability,
};

/// Opens the database of a medium.
pub fn open(storage: &SimStorage) -> Result<Database, Error> {
    block_on(Database::open(Box::new(storage.clone()), Durability::Strict, world::environment()))
}

/// A collection with segments, dead rows and a log; gives its stream.
pub fn fill(storage: &SimStorage, bases: std::ops::Range<u32>) -> Vec<u8> {
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
pub fn seen(storage: &SimStorage) -> Result<String, Error> {
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
pub enum Target {
    /// Where nothing is.
    Absent,
    /// Where a database is.
    There,
    /// Where one was that cannot be opened.
    Lost,
}

/// A stream and where it goes.
pub struct Case {
    /// The stream.
    pub stream: Vec<u8>,
    new: String,
    target: Target,
    medium: Medium,
}

impl Case {
    /// A stream of a small database.
    #[must_use]
    pub fn new(target: Target, medium: Medium) -> Self {
        world::begin();
        let source = SimStorage::new(Medium::IndexedDb, 0);
        let stream = fill(&source, 1..9);
        Self { stream, new: seen(&source).unwrap(), target, medium }
    }

    /// The target.
    #[must_use]
    pub fn storage(&self) -> SimStorage {
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
    #[must_use]
    pub fn old(&self) -> Option<String> {
        let storage = self.storage();
        if self.target == Target::Absent { Some(String::new()) } else { seen(&storage).ok() }
    }

    /// Begins to restore.
    pub fn begin(&self, storage: &SimStorage) -> Result<Restore, Error> {
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

/// A restore that fails at any call changes nothing, and goes on.
pub fn fail_at_each_call() {
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
                // Some of these give up in good order.
                if restored.is_err() && after % 4 == 1 {
                    let _ = block_on(restore.abandon());
                } else {
                    drop(restore);
                }
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

/// A process that dies in any call leaves the one or the other.
pub fn die_in_each_call() {
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
