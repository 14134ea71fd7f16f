//! Calls that are given up, calls beside writes, settings, and the end of a database.

use super::{
    check::{self, Outcome},
    model::Content,
    run::{NAMES, Run, Written, act},
    step::Step,
    storage::Medium,
    together::{self, Call},
    world,
};
use pollster::block_on;
use sanderling::{
    Error, ErrorCode,
    driver::{Database, destroy},
    storage::Durability,
};

impl Run {
    pub(super) fn settings(&mut self, at: usize, quota: Option<u32>, result: &Written) -> Outcome {
        self.harmed |= self.storage.was_harmed();
        if let Err(error) = result {
            self.typed(error)?;
        }
        self.expected[at].settings(quota, result.is_ok());
        Ok(())
    }

    /// Judges a call that was made beside writes: which of them came first does not matter, unless one has failed.
    pub(super) fn judge_beside(
        &mut self,
        step: &Step,
        at: usize,
        result: Written,
        judge_writes: &dyn Fn(&mut Self) -> Outcome,
    ) -> Outcome {
        self.harmed |= self.storage.was_harmed();
        let Some(latest) = self.expected[at].latest().clone() else { return Ok(()) };
        let extends = matches!(step, Step::Extend { .. });
        match result {
            Ok(_) if extends && latest.extended => judge_writes(self), // there was nothing to do
            Ok(_) => {
                let extended = extends || latest.extended;
                self.expected[at].acknowledge(Some(Content { extended, ..latest }), true);
                judge_writes(self)
            }
            Err(error) => {
                self.typed(&error)?;
                judge_writes(self)?;
                if extends {
                    self.expected[at].leave_extension_undecided();
                }
                Ok(())
            }
        }
    }

    /// Makes calls at once and gives the first up. The others must come to their ends, and what readers see tells what became of it.
    pub(super) fn give_up(&mut self, db: &Database, at: usize, polls: usize, calls: &[Step]) -> Outcome {
        let [first, others @ ..] = calls else { return Ok(()) };
        let Some(after) = self.after(at, first) else { return Ok(()) };
        if !others.is_empty() {
            self.storage.heal();
        }
        self.operations += others.len() as u64;
        self.storage.be_slow(true);
        let under_way = calls.iter().map(|call| Box::pin(act(db, at, call)) as Call<'_, Written>).collect();
        let results = together::all_but(under_way, polls);
        self.storage.be_slow(false);
        let results = results.ok_or("the calls wait for each other")?;
        let was_harmed = self.storage.was_harmed() || self.harmed;
        if others.is_empty() {
            self.harmed = was_harmed;
            return match results.into_iter().next().flatten() {
                Some(result) => self.judge_alone(at, first, after, result),
                None => self.see(db, at, first, after),
            };
        }
        // Those that went to the log with it are told that nobody knows.
        self.harmed = true;
        let found = self.found(db, at)?.unwrap_or_default();
        let last = self.expected[at].latest().as_ref().map_or(0, |latest| latest.last);
        let results = results.into_iter().map(|result| result.unwrap_or_else(|| seen(first, &found, last))).collect();
        self.judge(calls, at, results)?;
        self.harmed = was_harmed;
        self.compare_all(db)
    }

    /// What a call comes to that is carried out; none if it is nothing to this collection.
    fn after(&self, at: usize, step: &Step) -> Option<Option<Content>> {
        let latest = self.expected[at].latest();
        Some(match (step, latest) {
            (Step::Create { .. }, None) => Some(Content::default()),
            (Step::Create { .. }, _) | (_, None) => return None,
            (Step::Extend { .. }, Some(latest)) if latest.extended => return None,
            (Step::Drop { .. }, _) => None,
            (Step::Extend { .. }, Some(latest)) => Some(Content { extended: true, ..latest.clone() }),
            (Step::Settings { quota, .. }, Some(latest)) => Some(Content { quota: *quota, ..latest.clone() }),
            (step, Some(latest)) => {
                let effect = Self::effect(step, latest, world::now());
                Some(effect.map_or_else(|_| latest.clone(), |effect| effect.after))
            }
        })
    }

    fn judge_alone(&mut self, at: usize, step: &Step, after: Option<Content>, result: Written) -> Outcome {
        match step {
            Step::Settings { quota, .. } => self.settings(at, *quota, &result),
            Step::Create { .. }
            | Step::Drop { .. }
            | Step::Extend { .. }
            | Step::Flush { .. }
            | Step::Compact { .. } => self.decide(at, after, true, result.map(drop)),
            write => self.judge(std::slice::from_ref(write), at, vec![result]),
        }
    }

    /// Looks what became of a call that was given up.
    fn see(&mut self, db: &Database, at: usize, step: &Step, after: Option<Content>) -> Outcome {
        if self.is_dead() {
            match step {
                Step::Settings { quota, .. } => self.expected[at].settings(*quota, false),
                _ => self.expected[at].leave_undecided(after),
            }
            return Ok(());
        }
        self.storage.heal();
        let found = self.found(db, at)?;
        if let Step::Settings { quota, .. } = step {
            // Where they were that before, they may be those of an earlier change that failed.
            let was = |content: &Option<Content>| content.as_ref().is_some_and(|content| content.quota == *quota);
            let changed = was(&found) && !was(self.expected[at].latest());
            self.expected[at].settings(*quota, changed);
            return self.compare_all(db);
        }
        let is_write =
            matches!(step, Step::Put { .. } | Step::Update { .. } | Step::Delete { .. } | Step::DeleteBelow { .. });
        let durable = !is_write || self.profile.durability == Durability::Strict;
        self.expected[at].see(&found, after, durable, world::now())
    }

    fn found(&self, db: &Database, at: usize) -> Outcome<Option<Content>> {
        match block_on(db.collection(NAMES[at], None, None)) {
            Ok(collection) => check::found(&collection).map(Some),
            Err(error) if error.code() == ErrorCode::Schema => Ok(None),
            Err(error) => Err(format!("{}: {error}", NAMES[at])),
        }
    }

    /// Removes the database, whatever fails meanwhile; in the end nothing is left of it, for good.
    pub(super) fn destroy(&mut self, dies_in: Option<u8>, seed: u64) -> Outcome {
        self.operations += 1;
        if let Some(db) = self.db.take() {
            let _ = block_on(db.close());
        }
        if let Some(call) = dies_in {
            self.storage.die_after(u64::from(call), seed);
        }
        let destroyed = self.destroy_once();
        self.harmed |= self.storage.was_harmed();
        if let Err(error) = &destroyed {
            self.typed(error)?;
        }
        self.storage.restart(!seed.is_multiple_of(3), seed);
        if destroyed.is_err() {
            self.half_destroyed()?;
            self.destroy_once().map_err(|error| format!("the medium is well, yet it is not destroyed: {error}"))?;
            self.storage.restart(true, seed ^ 1);
        }
        let storage = self.storage_of_a_process().map_err(|error| error.to_string())?;
        let left = block_on(storage.list()).map_err(|error| error.to_string())?;
        if !left.is_empty() {
            return Err(format!("of what was destroyed {left:?} are left"));
        }
        self.expected = Default::default();
        self.adopt(false, false)
    }

    fn destroy_once(&self) -> Result<(), Error> {
        block_on(destroy(&*self.storage_of_a_process()?))
    }

    /// What is left of a database is what it was, or damaged, or nothing at all; never a part of it that seems whole.
    fn half_destroyed(&mut self) -> Outcome {
        if self.profile.medium == Medium::Opfs {
            world::wait(100); // whoever looks may need new files
        }
        let Ok(db) = self.opened() else { return Ok(()) };
        if db.collections().is_ok_and(|names| names.is_empty()) {
            return Ok(());
        }
        for (at, name) in NAMES.into_iter().enumerate() {
            let Ok(collection) = block_on(db.collection(name, None, None)) else {
                let is_there = db.collections().is_ok_and(|names| names.iter().any(|other| other == name));
                if is_there || self.expected[at].clone().adopt(&None, true, world::now()).is_ok() {
                    continue;
                }
                return Err(format!("{name} is gone from what is half destroyed"));
            };
            let is_whole = block_on(collection.put(Vec::new(), Default::default())).is_ok();
            if is_whole {
                let found = check::found(&collection)?;
                let mut expected = self.expected[at].clone();
                expected
                    .adopt(&Some(found), true, world::now())
                    .map_err(|what| format!("half destroyed, {name}: {what}"))?;
            }
        }
        Ok(())
    }
}

/// What came of a put that was given up, as readers see it.
fn seen(put: &Step, found: &Content, last: u64) -> Written {
    let Step::Put { ids, .. } = put else { return Ok((Vec::new(), 0)) };
    let mut versions = Vec::new();
    for id in ids {
        versions.extend(found.items.get(id).filter(|item| item.version > last).map(|item| (*id, item.version)));
    }
    if versions.is_empty() {
        return Err(Error::new(ErrorCode::Unavailable, "it was given up"));
    }
    Ok((versions, 0))
}
