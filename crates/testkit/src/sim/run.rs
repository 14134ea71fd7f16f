//! Runs schedules against a database and the model.

use super::{
    check::{self, Outcome},
    defects::{Mistake, is_planted},
    model::{Content, Expected, Item},
    posix::SETTLE,
    step::{End, Profile, Step},
    storage::{Medium, Plan, SimStorage},
    together::{self, Call},
    world,
};
use pollster::block_on;
use sanderling::{
    CollectionSettings, DeleteTarget, Document, Error, ErrorCode, Precondition, PutOptions, Result, Value,
    driver::{Collection, Database},
    engine::{
        manifest::{CommittedManifest, SLOTS, segment_name, tombstones_name, wal_name},
        settings::Quota,
    },
    storage::{
        Storage,
        pool::{PoolOptions, PoolStorage},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// The names of the collections.
pub(super) const NAMES: [&str; 2] = ["birds", "stones"];

/// How a run puts a storage between the driver and the medium.
pub type Wrap = fn(SimStorage) -> Box<dyn Storage>;

/// A pool over files whose names are not durable at once.
async fn pool(files: SimStorage) -> Result<PoolStorage<SimStorage>> {
    let settle = if is_planted(Mistake::UnsettledFileUsed) { 0 } else { SETTLE };
    PoolStorage::open(files, PoolOptions { free: 24, settle, now: world::now }).await
}

/// A database, its medium, and what it must hold.
pub struct Run {
    pub(super) profile: Profile,
    pub(super) storage: SimStorage,
    pub(super) wrap: Wrap,
    pub(super) db: Option<Database>,
    pub(super) expected: [Expected; 2],
    /// Whether a fault has happened since the database was opened: calls may fail.
    pub(super) harmed: bool,
    /// Calls of the database so far.
    pub operations: u64,
}

/// Or why a write must be refused.
type Refused<T> = std::result::Result<T, ErrorCode>;

/// A write: what it makes of the content, and the numbers it takes.
pub(super) struct Effect {
    pub after: Content,
    ids: Vec<u8>,
    operations: u64,
}

impl Run {
    /// An empty medium, and a database on it.
    pub fn new(profile: Profile, seed: u64, wrap: Wrap) -> Outcome<Self> {
        world::begin();
        let storage = SimStorage::new(profile.medium, seed).reading_in_place(profile.in_place);
        if profile.medium == Medium::Opfs {
            // The pool is there before the database is relied on.
            block_on(pool(storage.clone())).map_err(|error| error.to_string())?;
            world::wait(2 * SETTLE);
        }
        let expected = Default::default();
        let mut run = Self { profile, storage, wrap, db: None, expected, harmed: false, operations: 0 };
        run.open()?;
        Ok(run)
    }

    /// The storage as a process opens it.
    pub(super) fn storage_of_a_process(&self) -> Result<Box<dyn Storage>> {
        Ok(match self.profile.medium {
            Medium::Opfs => Box::new(block_on(pool(self.storage.clone()))?),
            _ => (self.wrap)(self.storage.clone()),
        })
    }

    /// What a process finds that opens the database now.
    pub(super) fn opened(&self) -> Result<Database> {
        let storage = self.storage_of_a_process()?;
        block_on(Database::open(storage, self.profile.durability, world::environment()))
    }

    /// Does one thing, and looks whether all is as it must be.
    pub fn step(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Wait { milliseconds } => world::wait(*milliseconds),
            Step::Break { plan, seed } => self.storage.plan(*plan, *seed),
            Step::Fill { room } => self.storage.set_room(Some(*room)),
            Step::Heal => return self.heal(),
            Step::Reopen => return self.reopen(),
            Step::Destroy { dies_in, seed } => return self.destroy(*dies_in, *seed),
            Step::Die(end) if end.after > 0 => self.storage.die_after(end.after, end.seed),
            Step::Die(end) => return self.restart(end.cut_power, end.recoveries, end.seed),
            Step::TakeOver => return self.take_over(),
            _ => {
                self.operations += 1;
                self.call(step)?;
                self.harmed |= self.storage.was_harmed();
            }
        }
        Ok(())
    }

    /// Whether the process died in the last step.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.storage.is_dead()
    }

    fn name_of(step: &Step) -> usize {
        use Step::*;
        match step {
            Put { name, .. } | Update { name, .. } | Delete { name, .. } | DeleteBelow { name, .. } => {
                usize::from(*name)
            }
            Flush { name } | Compact { name } | Extend { name } | Drop { name } => usize::from(*name),
            Together { name, .. } | GiveUp { name, .. } | Settings { name, .. } => usize::from(*name),
            Create { name, .. } | Search { name, .. } | Compare { name, .. } => usize::from(*name),
            Wait { .. } | Reopen | Destroy { .. } | Die(_) | TakeOver | Break { .. } | Fill { .. } | Heal => 0,
        }
    }

    fn call(&mut self, step: &Step) -> Outcome {
        let at = Self::name_of(step);
        let Some(db) = self.db.clone() else { return Ok(()) };
        let latest = self.expected[at].latest().clone();
        match (step, latest) {
            (Step::GiveUp { polls, calls, .. }, _) => self.give_up(&db, at, usize::from(*polls), calls),
            (Step::Create { .. }, None) => {
                let made = block_on(act(&db, at, step));
                self.decide(at, Some(Content::default()), true, made.map(drop))
            }
            (Step::Create { .. }, Some(_)) | (_, None) => Ok(()),
            (Step::Drop { .. }, Some(_)) => {
                let dropped = block_on(act(&db, at, step));
                self.decide(at, None, true, dropped.map(drop))
            }
            (step, Some(latest)) => match block_on(db.collection(NAMES[at], None, None)) {
                Ok(collection) => self.use_collection(&db, &collection, step, at, latest),
                Err(error) => self.typed(&error),
            },
        }
    }

    fn use_collection(
        &mut self,
        db: &Database,
        collection: &Collection,
        step: &Step,
        at: usize,
        latest: Content,
    ) -> Outcome {
        let now = world::now();
        match step {
            Step::Search { probe, .. } => self.readers(check::searches(collection, &latest, now, *probe)),
            Step::Compare { probe, .. } => self.readers(check::equals_new(collection, &latest, now, *probe)),
            Step::Flush { .. } | Step::Compact { .. } => {
                let result = block_on(act(db, at, step));
                self.decide(at, Some(latest), true, result.map(drop))
            }
            Step::Extend { .. } if latest.extended => Ok(()),
            Step::Extend { .. } => {
                let result = block_on(act(db, at, step));
                self.decide(at, Some(Content { extended: true, ..latest }), true, result.map(drop))
            }
            Step::Settings { quota, .. } => {
                let result = block_on(act(db, at, step));
                self.settings(at, *quota, &result)
            }
            _ => self.write(db, collection, step, at),
        }?;
        // What readers see is what was acknowledged, also after a failure.
        if self.operations.is_multiple_of(if self.harmed { 2 } else { 8 }) {
            self.compare_all(db)?;
        }
        Ok(())
    }

    /// What a write must come to; an error where it must be refused.
    pub(super) fn effect(step: &Step, latest: &Content, now: u64) -> Refused<Effect> {
        let mut after = latest.clone();
        let mut ids = Vec::new();
        let mut operations = 0;
        match step {
            Step::Put { ids: put, base, expires_in, if_absent, .. } => {
                if *if_absent && put.iter().any(|id| latest.has(*id, now)) {
                    return Err(ErrorCode::Conflict);
                }
                let new: BTreeSet<u8> = put.iter().copied().filter(|id| !latest.has(*id, now)).collect();
                let most = latest.quota.map_or(usize::MAX, |quota| quota as usize);
                if !new.is_empty() && latest.live(now).count() + new.len() > most {
                    return Err(ErrorCode::Quota);
                }
                for (place, id) in put.iter().enumerate() {
                    if put[place + 1..].contains(id) {
                        continue; // the last one wins
                    }
                    operations += 1;
                    let expires_at = expires_in.map_or(u64::MAX, |time| now + time);
                    let base = base + place as u32;
                    after.items.insert(*id, Item { n: base % 100, base, expires_at, version: 0 });
                    ids.push(*id);
                }
            }
            Step::Update { id, n, .. } => {
                if !latest.has(*id, now) {
                    return Err(ErrorCode::Conflict);
                }
                operations = 1;
                after.items.entry(*id).and_modify(|item| (item.n, item.version) = (*n, 0));
                ids.push(*id);
            }
            Step::Delete { ids, .. } => {
                for id in ids {
                    if after.has(*id, now) {
                        after.items.remove(id);
                        operations += 1;
                    }
                }
            }
            Step::DeleteBelow { n, .. } => {
                let before = after.items.len();
                after.items.retain(|_, item| item.expires_at <= now || item.n >= *n);
                operations = (before - after.items.len()) as u64;
            }
            _ => {}
        }
        Ok(Effect { after, ids, operations })
    }

    fn effect_without_quota(step: &Step, latest: &Content) -> Option<Effect> {
        let unlimited = Content { quota: None, ..latest.clone() };
        let mut effect = Self::effect(step, &unlimited, world::now()).ok()?;
        effect.after.quota = latest.quota;
        Some(effect)
    }

    /// Makes writes, all at once where they are several, on a medium that answers when it likes.
    fn write(&mut self, db: &Database, collection: &Collection, step: &Step, at: usize) -> Outcome {
        let one = std::slice::from_ref(step);
        let Step::Together { writes, .. } = step else {
            let result = block_on(perform(collection, step));
            return self.judge(one, at, vec![result]);
        };
        self.operations += writes.len() as u64 - 1;
        self.storage.answer_late(true);
        let calls = writes.iter().map(|write| Box::pin(act(db, at, write)) as Call<'_, Written>).collect();
        let results = together::all(calls);
        self.storage.answer_late(false);
        let mut results = results.ok_or("the calls wait for each other")?;
        let mut writes = writes.clone();
        let Some(place) = writes.iter().position(|call| !is_write(call)) else {
            return self.judge(&writes, at, results);
        };
        let (beside, result) = (writes.remove(place), results.remove(place));
        self.judge_beside(&beside, at, result, &|run| run.judge(&writes, at, results.clone()))
    }

    /// Looks at the results of writes in the order of their calls, which is the order in which they count.
    pub(super) fn judge(&mut self, steps: &[Step], at: usize, results: Vec<Written>) -> Outcome {
        self.harmed |= self.storage.was_harmed();
        // What those that failed one behind the other leave if they shared one append, from whichever was its first.
        let mut failed: Vec<Content> = Vec::new();
        for (step, result) in steps.iter().zip(results) {
            let Some(latest) = self.expected[at].latest().clone() else { return Ok(()) };
            let is_error = result.is_err();
            self.judge_one(step, at, &latest, result, steps.len() == 1)?;
            if !is_error {
                failed.clear();
                continue;
            }
            let effect = |before: &Content| Self::effect_without_quota(step, before).map(|effect| effect.after);
            let alone = effect(&latest);
            // One that was refused changes nothing, and those around it may have gone together. Whether it was, by the quota, is not
            // always told: the medium may have failed meanwhile.
            let with_it = failed.iter().filter_map(effect).collect::<Vec<_>>();
            if latest.quota.is_none() {
                failed.retain(|before| effect(before).is_none());
            }
            failed.extend(with_it.into_iter().chain(alone));
            for after in &failed {
                self.expected[at].leave_undecided(Some(after.clone()));
            }
        }
        Ok(())
    }

    fn judge_one(&mut self, step: &Step, at: usize, latest: &Content, result: Written, is_alone: bool) -> Outcome {
        let is_quota = |error: &Error| error.details().iter().any(|(name, _)| name == "quota");
        let Effect { mut after, ids, operations } = match (Self::effect(step, latest, world::now()), &result) {
            (Ok(_), Err(error)) if is_quota(error) => {
                // What others delete at the same time counts until they are done.
                let may_be = !is_alone && latest.quota.is_some();
                return if may_be { Ok(()) } else { Err(format!("there is room, yet: {error}")) };
            }
            (Ok(effect), _) => effect,
            (Err(ErrorCode::Quota), Err(error)) if is_quota(error) => return Ok(()),
            (Err(ErrorCode::Conflict), Err(error)) if error.code() == ErrorCode::Conflict => return Ok(()),
            (Err(_), Err(error)) => return self.typed(error),
            // What others delete at the same time may be put again, however full it is.
            (Err(ErrorCode::Quota), Ok(_)) if !is_alone => {
                Self::effect_without_quota(step, latest).ok_or("it should be refused, whatever the quota is")?
            }
            (Err(code), Ok(_)) => return Err(format!("it should be refused: {code:?}")),
        };
        match result {
            Ok((versions, deleted)) => {
                if ids.is_empty() && deleted as u64 != operations {
                    return Err(format!("{deleted} were deleted instead of {operations}"));
                }
                for (id, version) in versions {
                    if version <= latest.last {
                        return Err(format!("the document {id} has version {version} after {}", latest.last));
                    }
                    after.last = after.last.max(version);
                    after.items.entry(id).and_modify(|item| item.version = version);
                }
                if operations == 0 {
                    // It changed nothing; still it rules out what had failed.
                    let durable = false;
                    self.expected[at].acknowledge(Some(after), durable);
                    return Ok(());
                }
                let strict = self.profile.durability == sanderling::storage::Durability::Strict;
                self.expected[at].acknowledge(Some(after), strict);
                Ok(())
            }
            Err(error) => {
                self.typed(&error)?;
                self.expected[at].leave_undecided(Some(after));
                Ok(())
            }
        }
    }

    pub(super) fn decide(&mut self, at: usize, after: Option<Content>, durable: bool, result: Result<()>) -> Outcome {
        self.harmed |= self.storage.was_harmed();
        match result {
            Ok(()) => self.expected[at].acknowledge(after, durable),
            Err(error) => {
                self.typed(&error)?;
                self.expected[at].leave_undecided(after);
            }
        }
        Ok(())
    }

    /// Only a medium that failed is a reason for an error, and the error says so.
    pub(super) fn typed(&self, error: &Error) -> Outcome {
        let known = matches!(error.code(), ErrorCode::Unavailable | ErrorCode::Quota | ErrorCode::Busy);
        // A pool has no file to give until new ones have settled.
        let waits = self.profile.medium == Medium::Opfs && error.code() == ErrorCode::Busy;
        if (known && self.harmed) || waits { Ok(()) } else { Err(format!("the medium is well, yet: {error}")) }
    }

    /// A medium that fails may fail whoever reads, who is told; what is read otherwise is right.
    fn readers(&mut self, read: Outcome) -> Outcome {
        self.harmed |= self.storage.was_harmed();
        read.or_else(|what| if self.harmed && check::is_failed_read(&what) { Ok(()) } else { Err(what) })
    }

    pub(super) fn contents(db: &Database) -> Outcome<[Option<Content>; 2]> {
        let mut contents = [None, None];
        for (content, name) in contents.iter_mut().zip(NAMES) {
            *content = match block_on(db.collection(name, None, None)) {
                Ok(collection) => Some(check::found(&collection)?),
                Err(error) if error.code() == ErrorCode::Schema => None,
                Err(error) => return Err(format!("{name}: {error}")),
            };
        }
        Ok(contents)
    }

    pub(super) fn compare_all(&mut self, db: &Database) -> Outcome {
        for (at, name) in NAMES.into_iter().enumerate() {
            let Some(latest) = self.expected[at].latest().clone() else { continue };
            let Ok(collection) = block_on(db.collection(name, None, None)) else { continue };
            let found = match check::found(&collection) {
                Ok(found) => found,
                Err(what) => {
                    self.readers(Err(what))?;
                    continue;
                }
            };
            if !latest.is(&found, world::now()) {
                return Err(format!("{name}: readers see {found:?}\ninstead of {latest:?}"));
            }
        }
        Ok(())
    }

    /// Opens the database and takes what is found for what is, if it may be.
    fn open(&mut self) -> Outcome {
        self.adopt(false, false)
    }

    pub(super) fn adopt(&mut self, power_was_cut: bool, healthy: bool) -> Outcome {
        let db = self.opened().map_err(|error| format!("it does not open: {error}"))?;
        let found = Self::contents(&db)?;
        for (expected, (found, name)) in self.expected.iter_mut().zip(found.iter().zip(NAMES)) {
            expected.adopt(found, power_was_cut, world::now()).map_err(|what| format!("{name}: {what}"))?;
        }
        (self.harmed, self.db) = (false, Some(db));
        if healthy { self.files_are_those_named() } else { Ok(()) }
    }

    /// An opening removes what no manifest names, and everything named is there.
    fn files_are_those_named(&self) -> Outcome {
        if self.profile.medium == Medium::Opfs {
            return Ok(()); // the files of a pool stay
        }
        let objects: BTreeMap<String, Vec<u8>> = self.storage.objects().into_iter().collect();
        let slot = |name: &&str| CommittedManifest::from_bytes(objects.get(*name)?, name).ok();
        let slots: Vec<CommittedManifest> = SLOTS.iter().filter_map(slot).collect();
        if slots.len() < 2 {
            return Ok(()); // what the other slot named may be repaired, so all files stay
        }
        let Some(newest) = slots.into_iter().max_by_key(|slot| slot.generation) else { return Ok(()) };
        let mut named = BTreeSet::from(SLOTS.map(String::from));
        for collection in newest.manifest.collections {
            for segment in collection.segments {
                named.insert(segment_name(segment.segment.file));
                named.extend(segment.tombstones.map(|file| tombstones_name(file.file)));
            }
            named.extend(collection.wals.into_iter().map(wal_name));
        }
        let there: BTreeSet<String> = objects.into_keys().collect();
        if there == named { Ok(()) } else { Err(format!("{there:?} are there, {named:?} are named")) }
    }

    fn reopen(&mut self) -> Outcome {
        self.operations += 1;
        if let Some(db) = self.db.take() {
            let _ = block_on(db.close());
        }
        self.harmed |= self.storage.was_harmed();
        if self.storage.has_failed_flush() {
            let cut = self.storage.restart(true, self.operations);
            return self.adopt(cut, true);
        }
        // Under the faults that are planned it may fail; what it did is judged by the next one.
        let first = self.opened();
        self.harmed |= self.storage.was_harmed();
        if let Err(error) = &first {
            self.typed(error)?;
        }
        drop(first);
        if self.is_dead() {
            return Ok(());
        }
        let cut = self.storage.restart(false, self.operations);
        self.adopt(cut, true)
    }

    /// The process ended; so do some of those that look at what it left.
    pub fn restart(&mut self, cut_power: bool, recoveries: [u8; 3], seed: u64) -> Outcome {
        self.db = None;
        let mut cut = self.storage.restart(cut_power, seed);
        for (depth, calls) in recoveries.into_iter().enumerate() {
            if calls == u8::MAX {
                continue;
            }
            self.operations += 1;
            let seed = seed.wrapping_add(depth as u64 + 1);
            self.storage.die_after(u64::from(calls), seed);
            drop(self.opened());
            cut |= self.storage.restart(cut_power, seed);
        }
        self.operations += 1;
        self.adopt(cut, true)
    }

    /// After a schedule, or where the process died by itself: an end that may cut the power.
    pub fn recover(&mut self, end: End) -> Outcome {
        self.restart(end.cut_power, end.recoveries, end.seed)
    }

    /// A well medium makes a well database, without opening it anew.
    fn heal(&mut self) -> Outcome {
        self.storage.heal();
        if self.profile.medium == Medium::Opfs {
            world::wait(SETTLE);
        }
        let Some(db) = self.db.clone() else { return Ok(()) };
        for (at, name) in NAMES.into_iter().enumerate() {
            let Some(latest) = self.expected[at].latest().clone() else { continue };
            // The first may tell what had failed before, the second may make a new log.
            let collection = block_on(db.collection(name, None, None)).map_err(|error| format!("{name}: {error}"))?;
            let flushed = (0..3).any(|_| block_on(collection.flush()).is_ok());
            if !flushed {
                return Err(format!("{name}: the medium is well again, yet nothing can be flushed"));
            }
            self.operations += 1;
            self.expected[at].acknowledge(Some(latest), true);
        }
        let _ = self.storage.was_harmed();
        self.harmed = false;
        self.compare_all(&db)
    }

    /// Another process takes over; whatever the old one still does must fail.
    fn take_over(&mut self) -> Outcome {
        self.storage = self.storage.take_over();
        if let Some(db) = self.db.take()
            && let Ok(collection) = block_on(db.collection(NAMES[0], None, None))
            && block_on(collection.put(vec![Document::new(200_u64)], PutOptions::default())).is_ok()
        {
            return Err("a writer that was fenced off has acknowledged a write".into());
        }
        let cut = self.storage.restart(false, self.operations);
        self.adopt(cut, true)
    }

    /// Faults that a test plans by itself.
    pub fn plan(&self, plan: Plan, seed: u64) {
        self.storage.plan(plan, seed);
    }

    /// The medium.
    #[must_use]
    pub fn storage(&self) -> &SimStorage {
        &self.storage
    }
}

/// What comes of a write.
pub(super) type Written = Result<(Vec<(u8, u64)>, usize)>;

fn is_write(step: &Step) -> bool {
    matches!(step, Step::Put { .. } | Step::Update { .. } | Step::Delete { .. } | Step::DeleteBelow { .. })
}

/// Carries out any call of a database.
pub(super) async fn act(db: &Database, at: usize, step: &Step) -> Written {
    let name = NAMES[at];
    let done = match step {
        Step::Create { seal_at, .. } => {
            let settings = CollectionSettings { seal_at: *seal_at, ..CollectionSettings::default() };
            db.collection(name, Some(world::schema(false)), Some(settings.into())).await.map(drop)
        }
        Step::Drop { .. } => db.drop_collection(name).await,
        Step::Extend { .. } => db.collection(name, Some(world::schema(true)), None).await.map(drop),
        Step::Settings { quota, .. } => {
            let ours = db.collection(name, None, None).await?.settings();
            let quota = Quota { documents: quota.map(u64::from), bytes: None };
            db.collection(name, None, Some(CollectionSettings { quota, ..ours }.into())).await.map(drop)
        }
        Step::Flush { .. } => db.collection(name, None, None).await?.flush().await,
        Step::Compact { .. } => db.collection(name, None, None).await?.compact().await,
        step => return perform(&db.collection(name, None, None).await?, step).await,
    };
    done.map(|()| (Vec::new(), 0))
}

/// Carries out a write; gives the versions of what was put and how many were deleted.
async fn perform(collection: &Collection, step: &Step) -> Written {
    let target = match step {
        Step::Put { ids, base, expires_in, if_absent, .. } => {
            let item = |at: usize| {
                let base = base + at as u32;
                Item { n: base % 100, base, expires_at: 0, version: 0 }
            };
            let documents = ids.iter().enumerate().map(|(at, id)| item(at).document(*id)).collect();
            let options = PutOptions {
                precondition: if_absent.then_some(Precondition::Absent),
                expires_at: expires_in.map(|time| world::now() + time),
                ..PutOptions::default()
            };
            let receipt = collection.put(documents, options).await?;
            let versions = receipt.versions.iter().map(|version| version.0);
            return Ok((ids.iter().copied().zip(versions).collect(), 0));
        }
        Step::Update { id, n, .. } => {
            let patch = Document::default().with("n", f64::from(*n));
            let receipt = collection.update(u64::from(*id).into(), patch, PutOptions::default()).await?;
            return Ok((vec![(*id, receipt.versions.first().map_or(0, |version| version.0))], 0));
        }
        Step::Delete { ids, .. } => DeleteTarget::Ids(ids.iter().map(|id| u64::from(*id).into()).collect()),
        Step::DeleteBelow { n, .. } => DeleteTarget::Filter(Value::object().with("n", Value::object().with("$lt", *n))),
        _ => return Ok((Vec::new(), 0)),
    };
    Ok((Vec::new(), collection.delete(target).await?))
}
