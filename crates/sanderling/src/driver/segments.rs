//! All segments made anew while writes wait: compaction, schema growth, and a seal where the log can no longer be trusted. New
//! files, then the manifest, then the state, then the old files go.

use super::{
    collection::{Collection, Report, UNREPORTED, WriterState},
    jobs::Made,
    slots::files_of,
};
use crate::storage::StorageFuture;
use alloc::{boxed::Box, vec, vec::Vec};
use core::ops::Range;
use sanderling_engine::{
    Result, Schema,
    defects::{Defect, is},
};

/// Why segments are made anew.
pub(super) enum Job<'a> {
    /// Only memory has all writes for sure: the sealed segments stay, with their dead rows of now.
    Seal,
    /// One segment without dead rows takes the place of all.
    Compact(Report<'a>),
    /// The same, for those from a place on.
    From(usize),
    /// The same, under a schema with more fields.
    Extend(Schema),
}

impl Collection {
    /// Puts a new segment in the place of what is not sealed, or of all.
    pub(super) fn rebuild<'a>(&'a self, writer: &'a mut WriterState, job: Job<'a>) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            let _behind = self.behind();
            self.shared.state().check_whole()?;
            self.end_jobs(writer).await;
            self.shared.state_to_change().freeze();
            match job {
                Job::Seal => {
                    let sealed = self.shared.state().sealed().count();
                    self.merge_from(writer, sealed, UNREPORTED).await
                }
                Job::Compact(report) => self.merge_from(writer, 0, report).await,
                Job::From(from) => self.merge_from(writer, from, UNREPORTED).await,
                Job::Extend(schema) => {
                    let made = self.extended(&schema).await?;
                    self.replace_or_discard(writer, 0, made, Some(schema)).await
                }
            }
        })
    }

    /// A segment of all that are held from a place on takes their place.
    async fn merge_from(&self, writer: &mut WriterState, from: usize, report: Report<'_>) -> Result<()> {
        let held = self.shared.state().held().len();
        let made = self.merge_of(from..held, report).await?;
        self.replace_or_discard(writer, from, made, None).await
    }

    /// A segment of some that are held, without their dead rows.
    pub(super) async fn merge_of(&self, segments: Range<usize>, report: Report<'_>) -> Result<Made> {
        let merge = self.shared.state().merge_job(segments, self.database.shared.now());
        self.complete(&*self.begin_job(merge).await, report).await
    }

    /// A segment of all documents under a larger schema. Searches go on between the slices.
    async fn extended(&self, schema: &Schema) -> Result<Made> {
        let mut extend = self.shared.state().extend_job(schema, self.database.shared.now())?;
        loop {
            let is_done = {
                let state = self.shared.state();
                state.check_whole()?; // a search may have found damage since
                let failures = state.failures();
                let is_done = extend.step(&state);
                state.check_read(failures).and(is_done)
            };
            self.shared.quarantine();
            self.shared.state().check_whole()?;
            if is_done? {
                break;
            }
            (self.database.shared.environment.background.pause)().await;
        }
        self.complete(&*self.begin_job(extend.finish()).await, UNREPORTED).await
    }

    async fn replace_or_discard(
        &self,
        writer: &mut WriterState,
        from: usize,
        made: Made,
        schema: Option<Schema>,
    ) -> Result<()> {
        let new = made.record();
        let replaced = self.replace(writer, from, made, schema).await;
        if replaced.is_err() {
            self.discard(new).await;
        }
        replaced
    }

    /// Names a segment that takes the place of those from a place on, and a new log, in the manifest; then in the state.
    async fn replace(&self, writer: &mut WriterState, from: usize, made: Made, schema: Option<Schema>) -> Result<()> {
        let database = &self.database.shared;
        let mut manifest = database.manifest.lock().await;
        self.shared.state().check_whole()?; // a search may have found damage since
        let mut next = manifest.next();
        let Some(record) = next.collections.iter_mut().find(|record| record.id == self.shared.id) else {
            return Ok(()); // the collection was dropped
        };
        let (mut files, mut old_files) = (Vec::new(), files_of(record));
        record.segments.truncate(from);
        for (at, dead) in self.dead_files(writer).iter().filter(|(at, _)| *at < from) {
            self.name_dead(&mut manifest, record, *at, dead, (&mut files, &mut Vec::new()));
        }
        record.segments.extend(made.record());
        let first = self.shared.state().next();
        let log = manifest.begin_log(first, &mut files);
        if let Some(schema) = schema.as_ref().filter(|_| !is(Defect::SchemaNotCommitted)) {
            record.schema = schema.to_json();
        }
        record.first_in_wal = if is(Defect::NumbersRestart) { 1 } else { first.0 };
        record.wals = vec![log.1];
        let kept = files_of(record);
        old_files.retain(|file| !kept.contains(file));
        if is(Defect::RemovedBeforeCommit) {
            database.remove_files(&old_files).await;
        }
        let committed = manifest.commit(&*database.storage, files, next).await;
        if !is(Defect::InstalledUncommitted) {
            committed?;
        }
        self.take_all(writer, made, schema);
        writer.wal_bytes = log.0.to_bytes().len() as u64;
        writer.wal = Some(log);
        (writer.log_in_use, writer.log_flushed) = (false, true);
        writer.must_seal = false;
        drop(manifest);
        database.remove_files(&old_files).await;
        Ok(())
    }

    fn take_all(&self, writer: &mut WriterState, made: Made, schema: Option<Schema>) {
        let _replaced; // dropped behind the state
        let mut state = self.shared.state_to_change();
        _replaced = made.install(&mut state);
        if let Some(schema) = schema {
            state.set_schema(schema);
        }
        writer.written_dead = state.sealed().map(|(_, dead)| dead.count()).collect();
    }
}
