//! Writes: those that wait go to the log together, with one flush.
//!
//! Everyone who writes puts the write in a queue and then waits for the writer's turn. Whoever has it prepares what is in the
//! queue, appends it in one piece, applies it, and leaves the answers; those who have theirs need not have the turn any more.

use super::{
    collection::{Collection, Task, UNREPORTED, WriterState},
    commit::ManifestState,
    lock::LockGuard,
    queue::{self, Answer, Behind, is_impatient},
    segments::Job,
};
use crate::{
    guarded::HAS_THREADS,
    storage::{Durability, StorageFuture},
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{
    future::poll_fn,
    pin::pin,
    task::{Poll, Waker},
};
use sanderling_engine::{
    Error, ErrorCode, Result,
    collection::{CollectionState, Group, Write, WriteReceipt},
    defects::{Defect, is},
    manifest::wal_name,
    schema::SchemaChange,
    wal::WalHeader,
};

/// Bytes that are appended at once; a write that is larger goes alone.
const GROUP_BYTES: usize = 8 << 20;

/// So many writes at once are a load in bulk.
const BULK_WRITES: usize = 256;

/// Searches may wait for so many nanoseconds of work: a quarter of what they may wait at all, since the engine guesses.
const EFFORT_MAX: u64 = 5_000_000;

/// The share of a segment that is written before a failed turn is tried again.
const WRITES_BEFORE_RETRY: u32 = 16;

/// Writes that were prepared together, each with its bytes and its answer.
#[derive(Default)]
struct Prepared {
    group: Group,
    payloads: Vec<Vec<u8>>,
    answers: Vec<Answer>,
    /// The answers of those that could not be prepared.
    refused: Vec<Answer>,
    /// Why what they were prepared from could not be read.
    unreadable: Option<Error>,
}

impl Drop for Prepared {
    /// The call that carried them out was given up: they may be in the log, and whoever waits for them is told.
    fn drop(&mut self) {
        let answers = core::mem::take(&mut self.answers);
        answers.iter().for_each(queue::answer_given_up);
    }
}

fn apply_to(state: &mut CollectionState, group: Group, answers: &[Answer]) {
    for (prepared, answer) in group.into_prepared().into_iter().zip(answers) {
        queue::answer(answer, Ok(state.apply(prepared)));
    }
    state.quarantine();
}

/// What was known of the log before something was done to it: where it is, and whether a flush had failed.
struct Doubted {
    wal: Option<(WalHeader, u64)>,
    must_seal: bool,
    is_flush: bool,
}

impl WriterState {
    /// Something is about to be done to the log that may fail, or be given up half-way: until it is known how that ended, nothing may
    /// follow what is in it. After a flush a second one may succeed without the writes: the system gives up pages that it could
    /// not write.
    fn doubt_log(&mut self, is_flush: bool) -> Doubted {
        let before = Doubted { wal: self.wal, must_seal: self.must_seal, is_flush };
        if !is(Defect::GivenUpForgotten) {
            self.doubt(is_flush);
        }
        before
    }

    fn doubt(&mut self, is_flush: bool) {
        if !is(Defect::LogKeptAfterFailure) {
            self.wal = None;
            self.must_seal |= is_flush && !is(Defect::FlushRetried);
        }
    }

    fn trust_log(&mut self, before: Doubted, is_well: bool) {
        if is_well {
            (self.wal, self.must_seal) = (before.wal, before.must_seal);
        } else if is(Defect::GivenUpForgotten) {
            self.doubt(before.is_flush);
        }
    }
}

impl Collection {
    /// Does what only one at a time may do. The receipt is empty for all but writes.
    pub fn perform<'a>(&'a self, task: Task<'a>) -> StorageFuture<'a, WriteReceipt> {
        Box::pin(async move {
            let task = match task {
                Task::Write(write) => return self.write(write).await,
                task => task,
            };
            let report = if let Task::Compact(report) = task { report } else { UNREPORTED };
            let _behind = matches!(task, Task::Compact(_) | Task::Extend(_)).then(|| self.behind());
            let mut writer = self.writer().await?;
            let job = match task {
                Task::Flush => return self.settle(&mut writer).await.map(|()| WriteReceipt::default()),
                Task::Extend(schema) => match self.schema().change_to(&schema)? {
                    SchemaChange::Extended(schema) => Job::Extend(schema),
                    SchemaChange::Same => return Ok(WriteReceipt::default()),
                },
                Task::Settings(asked) => {
                    return self.change_settings(&mut writer, asked).await.map(|()| WriteReceipt::default());
                }
                Task::Compact(_) | Task::Write(_) => Job::Compact(report),
            };
            self.rebuild(&mut writer, job).await.map(|()| WriteReceipt::default())
        })
    }

    /// Something begins for which others have to wait long. Those who do not want to are told.
    pub(super) fn behind(&self) -> Behind<'_> {
        let (behind, refused) = self.shared.queue.behind();
        self.shared.writer.leave(queue::places(&refused)).into_iter().for_each(Waker::wake);
        behind
    }

    async fn write(&self, write: Write) -> Result<WriteReceipt> {
        self.check()?;
        let queue = &self.shared.queue;
        // Whoever does not want to wait waits for the flush of those ahead, and for nothing longer.
        let (ticket, last) = if is_impatient(&write) {
            let rows_max = if self.is_turn_ready() { usize::MAX } else { self.shared.state().rows_left() };
            let Ok(ticket) = queue.enter_now(write, rows_max) else {
                self.work_for_whoever_waits().await;
                return Err(queue::busy());
            };
            let last = Some(ticket.answer.clone());
            (ticket, last)
        } else {
            (queue.enter(write).await, None)
        };
        let mut turn = pin!(self.shared.writer.lock_telling(|place| ticket.wait_at(place)));
        let turn = poll_fn(|context| match ticket.take() {
            Some(outcome) => Poll::Ready(Err(outcome)),
            None => turn.as_mut().poll(context).map(Ok),
        });
        let mut writer = match turn.await {
            Ok(writer) => writer,
            Err(outcome) => return outcome,
        };
        self.check()?;
        let mut answered = Vec::new();
        let outcome = loop {
            if let Some(outcome) = ticket.take() {
                break outcome;
            }
            self.write_group(&mut writer, last.as_ref(), &mut answered).await;
        };
        // The next one begins before those who have their answers are woken: they need the writer no more.
        let woken = self.shared.writer.leave(queue::places(&answered));
        drop(writer);
        woken.into_iter().for_each(Waker::wake);
        outcome
    }

    /// Writes what is in the queue, as far as it goes together, and leaves the answers; nothing behind `last`, since whoever does not
    /// want to wait cannot do the turn that others ask for.
    async fn write_group(&self, writer: &mut WriterState, last: Option<&Answer>, answered: &mut Vec<Answer>) {
        let mut prepared = self.prepare_group(last);
        answered.extend(prepared.answers.iter().chain(&prepared.refused).cloned());
        self.shared.quarantine();
        let trouble = prepared.unreadable.take();
        if let Err(error) = trouble.map_or_else(|| self.shared.state().check_whole(), Err) {
            // What was looked at to prepare them turned out to be damaged, or could not be read.
            let answers = core::mem::take(&mut prepared.answers);
            answers.iter().for_each(|answer| queue::answer(answer, Err(error.clone())));
        }
        if prepared.answers.is_empty() {
            return;
        }
        let is_bulk = prepared.group.batches().any(|batch| batch.operations.len() >= BULK_WRITES);
        let outcome = self.log_group(writer, &prepared).await;
        let (group, answers) = (core::mem::take(&mut prepared.group), core::mem::take(&mut prepared.answers));
        if is(Defect::AppliedUnlogged) && outcome.is_err() {
            self.apply(group, &answers);
            let outcome = outcome.map(|()| WriteReceipt::default());
            answers.iter().for_each(|answer| queue::answer(answer, outcome.clone()));
            return;
        }
        match outcome {
            Err(error) if !is(Defect::FailureAcknowledged) => {
                answers.iter().for_each(|answer| queue::answer(answer, Err(error.clone())));
            }
            _ => {
                self.apply(group, &answers);
                self.turn_if_full(writer, is_bulk).await;
            }
        }
    }

    /// The writes are kept whatever comes of this. After a failure it is tried again some writes later: it may be much work.
    async fn turn_if_full(&self, writer: &mut WriterState, is_bulk: bool) {
        let (is_full, next, seal_at) = {
            let state = self.shared.state();
            (state.wants_seal(), state.next(), state.settings().seal_at)
        };
        if is_full && next >= writer.not_before {
            writer.deferred = self.turn(writer, is_bulk).await.err();
            if writer.deferred.is_some() {
                writer.not_before = next.plus(u64::from(seal_at / WRITES_BEFORE_RETRY) + 1);
            }
        }
    }

    /// The writes are seen by searches from now on, each whole. What takes long is done on a copy of the state, so that searches
    /// go on meanwhile. Nobody else changes the state of a collection but to leave out what is damaged, which is found again.
    fn apply(&self, group: Group, answers: &[Answer]) {
        if HAS_THREADS && group.effort(&self.shared.state()) > EFFORT_MAX {
            let mut next = self.shared.state().clone();
            apply_to(&mut next, group, answers);
            let before = core::mem::replace(&mut *self.shared.state_to_change(), next);
            drop(before); // takes a while too
        } else {
            apply_to(&mut self.shared.state_to_change(), group, answers);
        }
    }

    fn prepare_group(&self, last: Option<&Answer>) -> Prepared {
        let (state, now) = (self.shared.state(), self.database.shared.now());
        let (mut prepared, mut bytes) = (Prepared::default(), 0);
        let Prepared { group, payloads, answers, refused, unreadable } = &mut prepared;
        let mut is_last = false;
        while bytes < GROUP_BYTES
            && !is_last
            && let Some((write, answer)) = self.shared.queue.next(&mut |write| group.admits(write))
        {
            is_last = last.is_some_and(|last| Arc::ptr_eq(last, &answer));
            let failures = state.failures();
            let made = group.prepare(&state, write, now);
            *unreadable = unreadable.take().or_else(|| state.check_read(failures).err());
            match made {
                Ok(payload) => {
                    bytes += payload.len();
                    payloads.push(payload);
                    answers.push(answer);
                }
                Err(error) => {
                    queue::answer(&answer, Err(unreadable.clone().unwrap_or(error)));
                    refused.push(answer);
                }
            }
        }
        prepared
    }

    async fn log_group(&self, writer: &mut WriterState, prepared: &Prepared) -> Result<()> {
        let durability = self.database.shared.durability;
        let writes =
            || prepared.group.batches().zip(&prepared.payloads).filter(|(batch, _)| !batch.operations.is_empty());
        if is(Defect::NothingAcknowledged) && writes().next().is_none() {
            return Ok(());
        }
        // Also a write that changes nothing waits for a sound log: after a failed append the next opening may find the
        // failed write, unless a new log has ruled it out.
        let (header, file) = self.log(writer).await?;
        if writes().next().is_none() {
            return Ok(());
        }
        if durability == Durability::Strict && !writer.log_flushed {
            self.append(writer, file, &[], Durability::Strict).await?;
        }
        let mut frames = Vec::new();
        for (batch, payload) in writes() {
            // Those behind the first were not flushed before it.
            let is_flushed = writer.log_flushed && frames.is_empty();
            frames.extend_from_slice(&header.frame_of(batch.first, batch.operations.len(), payload, is_flushed));
        }
        self.append(writer, file, &frames, durability).await?;
        self.database.shared.note_logged(file, frames.len());
        writer.wal_bytes += frames.len() as u64;
        writer.log_in_use = true;
        Ok(())
    }

    async fn append(&self, writer: &mut WriterState, file: u64, bytes: &[u8], durability: Durability) -> Result<()> {
        let doubted = writer.doubt_log(bytes.is_empty());
        let appended = self.database.shared.storage.append(&wal_name(file), bytes, durability).await;
        writer.log_flushed = durability == Durability::Strict && appended.is_ok();
        writer.trust_log(doubted, appended.is_ok());
        appended
    }

    /// Makes durable what a commit comes after: a power cut that took earlier writes and left it would leave a hole.
    pub(super) async fn settle_before_commit(&self, writer: &mut WriterState) -> Result<()> {
        if writer.log_flushed || !self.shared.state().damage().is_empty() {
            return Ok(()); // a damaged collection takes no writes
        }
        self.log(writer).await?;
        let manifest = self.database.shared.manifest.lock().await;
        self.settle_log(writer, &manifest).await
    }

    /// Makes every write so far durable, and says if making a segment had failed.
    async fn settle(&self, writer: &mut WriterState) -> Result<()> {
        if !self.shared.state().damage().is_empty() {
            return Ok(()); // nothing was written since it was opened
        }
        // After a failure this ends with all writes in a segment or in logs that were flushed.
        self.log(writer).await?;
        let manifest = self.database.shared.manifest.lock().await;
        self.settle_writes(writer, &manifest).await?;
        writer.deferred.take().map_or(Ok(()), Err)
    }

    pub(super) async fn writer(&self) -> Result<LockGuard<'_, WriterState>> {
        let writer = self.shared.writer.lock().await;
        self.check()?;
        Ok(writer)
    }

    /// After a flush that failed, before the database is closed: what only memory has for sure goes into a segment.
    pub(super) async fn seal_what_was_not_flushed(&self, writer: &mut WriterState) -> Result<()> {
        if writer.must_seal { self.log(writer).await.map(|_| ()) } else { Ok(()) }
    }

    /// The log that takes the next write. After a failure a new one is begun, and a manifest commit whose outcome is
    /// unknown is made good first.
    fn log<'a>(&'a self, writer: &'a mut WriterState) -> StorageFuture<'a, (WalHeader, u64)> {
        Box::pin(async move {
            let database = &self.database.shared;
            let mut manifest = database.manifest.lock().await;
            if let Some(log) = writer.wal {
                if manifest.is_uncertain() && !is(Defect::DoubtIgnored) {
                    let same = manifest.next();
                    manifest.commit(&*database.storage, Vec::new(), same).await?;
                }
                return Ok(log);
            }
            // A second flush of the logs may succeed without what the first one could not write.
            let must_seal = core::mem::replace(&mut writer.must_seal, true); // also where the caller gives up in between
            writer.must_seal = must_seal || self.settle_logs(&manifest).await.is_err();
            if writer.must_seal {
                drop(manifest);
                self.rebuild(writer, Job::Seal).await?;
                return writer.wal.ok_or_else(|| Error::new(ErrorCode::Internal, "sealing begins a log"));
            }
            let (mut files, mut unused) = (Vec::new(), Vec::new());
            let (header, file) = manifest.begin_log(self.shared.state().next(), &mut files);
            let mut next = manifest.next();
            for record in next.collections.iter_mut().filter(|record| record.id == self.shared.id) {
                if !writer.log_in_use {
                    unused.extend(record.wals.pop().map(wal_name));
                }
                if is(Defect::EarlierLogsDropped) {
                    record.wals.clear();
                }
                record.wals.push(file);
            }
            manifest.commit(&*database.storage, files, next).await?;
            writer.wal = Some((header, file));
            (writer.log_in_use, writer.log_flushed) = (false, true);
            writer.wal_bytes += header.to_bytes().len() as u64;
            drop(manifest);
            database.remove_files(&unused).await;
            Ok((header, file))
        })
    }

    /// Makes the writes so far durable. If that fails, only memory has them for sure: a second flush may succeed without them.
    pub(super) async fn settle_writes(&self, writer: &mut WriterState, manifest: &ManifestState) -> Result<()> {
        if writer.must_seal && !is(Defect::FlushRetried) {
            let message = "a flush failed: only memory has the latest writes for sure, until they are in a segment";
            return Err(Error::new(ErrorCode::Unavailable, message));
        }
        let doubted = writer.doubt_log(true);
        let settled = self.settle_logs(manifest).await;
        writer.log_flushed |= settled.is_ok();
        writer.trust_log(doubted, settled.is_ok());
        settled
    }

    /// Makes the logs so far durable. A later log may only begin where the earlier ones surely end: a power cut that took
    /// the end of an earlier one would leave a hole.
    async fn settle_logs(&self, manifest: &ManifestState) -> Result<()> {
        let database = &self.database.shared;
        if is(Defect::LogsNotSettled) {
            return Ok(());
        }
        if let Some(record) = manifest.collection(self.shared.id) {
            for wal in &record.wals {
                database.storage.append(&wal_name(*wal), &[], Durability::Strict).await?;
            }
        }
        Ok(())
    }
}
