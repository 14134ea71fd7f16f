//! Segments that are made while writes and searches go on.
//!
//! When the growing segment is full it is frozen, and its log is followed by another: a *turn*. From then on two jobs may be
//! under way: one makes the sealed form of the frozen segment, one merges sealed segments. Anyone may work on them, slice by slice: a
//! background task where the host has one, and whoever waits for them.
//!
//! When a job takes effect depends on the writes alone, never on how long it took: what is searched would else depend on the
//! host. A sealed form is named by the manifest as soon as it is made, so that the log it came from can go, but searches go on in
//! the frozen segment until the next turn; a merge takes effect so many turns later as its size says.

use super::{
    collection::{Collection, Report, UNREPORTED, WeakCollection, WriterState},
    commit::{ManifestState, NewFile},
    lock::Lock,
    open,
    reclaim::Replacing,
};
use crate::storage::{Durability, StorageFuture};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use core::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
};
use sanderling_engine::{
    Error, ErrorCode, Result, Schema,
    collection::{CollectionState, Held, MergeJob, Merged, SealedOutput, policy},
    defects::{Defect, is},
    ids::{FileId, SequenceNumber},
    manifest::{CollectionRecord, FileRecord, SegmentRecord, segment_name, tombstones_name, wal_name},
    rows::RowSet,
    segment::{SealedSegment, write_tombstones},
};

#[cfg(all(feature = "parallel", not(target_family = "wasm")))]
use super::parallel::step;

/// Does the next slice of work on a job and says whether nothing is left to do.
#[cfg(not(all(feature = "parallel", not(target_family = "wasm"))))]
fn step(merge: &mut MergeJob, _: &dyn Fn() -> bool) -> bool {
    merge.step()
}

/// Milliseconds of work between two looks at who else waits.
const SLICE: u64 = 8;

/// A segment that is being made.
pub(super) struct Job {
    file: FileId,
    /// Whether there is nothing left to do.
    is_done: AtomicBool,
    progress: Lock<Progress>,
}

/// Says at its end that nothing is left to do.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

enum Progress {
    Merging(Box<MergeJob>),
    /// Its file is written, if a row was left; no manifest names it yet.
    Made(Made),
    Failed(Error),
    /// Nobody wants it any more.
    Cancelled,
}

/// A segment whose file is written.
#[derive(Clone)]
pub(super) struct Made {
    /// None where no row was left.
    segment: Option<(FileRecord, Arc<SealedSegment>)>,
    pub merged: Merged,
}

fn given_up() -> Error {
    Error::new(ErrorCode::Unavailable, "the call that made a segment was given up")
}

impl Made {
    /// What the manifest says of it.
    pub(super) fn record(&self) -> Option<SegmentRecord> {
        self.segment.as_ref().map(|(file, _)| SegmentRecord { segment: *file, tombstones: None })
    }

    /// Searches use it from now on. What they used is given back, to be dropped when nobody waits for the state.
    pub(super) fn install(self, state: &mut CollectionState) -> Vec<Held> {
        state.install(self.segment.map(|(_, segment)| segment), &self.merged)
    }
}

/// What may be worked on, the most urgent first.
pub(super) type Jobs = Vec<Arc<Job>>;

/// The frozen segment on its way to its sealed form.
pub(super) struct Sealing {
    job: Arc<Job>,
    /// The logs that hold its writes.
    logs: Vec<u64>,
    log_bytes: u64,
    /// The first write behind them.
    next: SequenceNumber,
    /// What the manifest names already and searches do not use yet.
    committed: Option<Made>,
}

/// Sealed segments on their way into one.
pub(super) struct Compacting {
    job: Arc<Job>,
    /// Where the segments are by now.
    segments: Range<usize>,
    /// The turn at which it takes effect.
    due: u64,
}

/// The jobs of a collection, for a host that has something to run them beside everything else.
pub struct Worker {
    collection: WeakCollection,
    /// Whether it found nothing left to do, so that another one may be at work by now.
    has_ended: bool,
}

impl Worker {
    /// Works until nothing is left to do, or until nobody has the collection open.
    pub async fn run(mut self) {
        while let Some(collection) = self.collection.upgrade() {
            let pause = collection.database.shared.environment.background.pause;
            let is_worked_on = &collection.shared.is_worked_on;
            let Some(job) = collection.next_job().await else {
                self.has_ended = true;
                is_worked_on.store(false, Ordering::SeqCst);
                // One may have been begun just before, by someone who saw that there is a worker.
                if collection.next_job().await.is_none() || is_worked_on.swap(true, Ordering::SeqCst) {
                    return;
                }
                self.has_ended = false;
                continue;
            };
            if collection.advance(&job).await {
                // What fails here is tried again at the next turn, which tells the one who writes.
                let _ = collection.commit_if_sealed().await;
            }
            drop((collection, job));
            pause().await;
        }
    }
}

impl Drop for Worker {
    /// A host that does nothing beside the calls drops it, and one may give it up half-way: then whoever writes begins another.
    fn drop(&mut self) {
        if !self.has_ended
            && let Some(collection) = self.collection.upgrade()
        {
            collection.shared.is_worked_on.store(false, Ordering::SeqCst);
        }
    }
}

impl Compacting {
    /// How many of these places, the last first, are behind its segments.
    fn first_below(&self, places: &[usize]) -> usize {
        places.iter().take_while(|at| **at >= self.segments.end).count()
    }
}

impl Collection {
    /// Works on a job for a short time and says whether nothing is left to do.
    async fn advance(&self, job: &Job) -> bool {
        let mut progress = job.progress.lock().await;
        let now = self.database.shared.environment.now;
        let until = now().saturating_add(SLICE);
        let is_over = || now() >= until;
        while let Progress::Merging(merge) = &mut *progress {
            if step(merge, &is_over) {
                // Whoever gives this call up gives up what was merged, and nobody waits for it any more.
                let _done = Done(&job.is_done);
                let until_made =
                    if is(Defect::GivenUpAwaited) { Progress::Cancelled } else { Progress::Failed(given_up()) };
                let merge = core::mem::replace(&mut *progress, until_made);
                if let Progress::Merging(merge) = merge {
                    let made = match merge.trouble() {
                        Some(trouble) => Err(trouble),
                        None => {
                            let schema = merge.schema().clone();
                            let (output, merged) = merge.finish(self.database.shared.id, job.file);
                            self.write_made(job.file, output, merged, &schema).await
                        }
                    };
                    self.shared.quarantine();
                    *progress = made.map_or_else(Progress::Failed, Progress::Made);
                }
            } else if is_over() {
                return false;
            }
        }
        job.is_done.store(true, Ordering::SeqCst);
        true
    }

    /// Whether the next turn finds everything made that takes effect then.
    pub(super) fn is_turn_ready(&self) -> bool {
        self.shared.due.read().iter().all(|job| job.is_done.load(Ordering::SeqCst))
    }

    /// Where nothing runs beside the calls, one that is not let in does a slice of what it would wait for: it may come again.
    pub(super) async fn work_for_whoever_waits(&self) {
        if !self.shared.is_worked_on.load(Ordering::SeqCst)
            && let Some(job) = self.next_job().await
        {
            self.advance(&job).await;
        }
    }

    /// Writes the file of a new segment, which no manifest names yet, and opens it.
    async fn write_made(
        &self,
        file: FileId,
        output: Option<SealedOutput>,
        merged: Merged,
        schema: &Schema,
    ) -> Result<Made> {
        let Some(SealedOutput { bytes, checksum }) = output else { return Ok(Made { segment: None, merged }) };
        let database = &self.database.shared;
        let name = segment_name(file.0);
        let record = FileRecord { file: file.0, bytes: bytes.len() as u64, checksum };
        let new = NewFile::new(name.clone(), &bytes);
        drop(bytes); // memory holds the segment once while it is written
        if let Err(error) = database.storage.write(&name, new.bytes.as_ref(), Durability::Strict).await {
            database.remove_files(&[name]).await;
            return Err(error);
        }
        // One that cannot be read in place stays in memory, where it is anyway.
        let in_place = open::in_place(&*database.storage, &database.cache, &name, new.bytes.as_ref().len());
        let bytes = in_place.and_then(Result::ok).unwrap_or_else(|| new.bytes.into());
        let segment = SealedSegment::open(schema, bytes, &name, (database.id, file, checksum))?;
        Ok(Made { segment: Some((record, Arc::new(segment))), merged })
    }

    /// Works on a job to the end, unless it is told to stop.
    pub(super) async fn complete(&self, job: &Job, report: Report<'_>) -> Result<Made> {
        loop {
            // Nothing is held while others are told.
            let progress = match &*job.progress.lock().await {
                Progress::Merging(merge) => Some(merge.progress()),
                _ => None,
            };
            if progress.is_some_and(|(done, total)| report(done, total)) {
                return Err(Error::new(ErrorCode::Aborted, "a segment is not wanted any more"));
            }
            if self.advance(job).await {
                break;
            }
            (self.database.shared.environment.background.pause)().await;
        }
        match &*job.progress.lock().await {
            Progress::Made(made) => Ok(made.clone()),
            Progress::Failed(error) => Err(error.clone()),
            _ => Err(Error::new(ErrorCode::Internal, "a segment is made by one job")),
        }
    }

    /// The most urgent job with something left to do.
    async fn next_job(&self) -> Option<Arc<Job>> {
        let jobs = self.shared.jobs.read().clone();
        for job in jobs {
            if matches!(&*job.progress.lock().await, Progress::Merging(_)) {
                return Some(job);
            }
        }
        None
    }

    async fn cancel(&self, job: &Job) {
        let progress = core::mem::replace(&mut *job.progress.lock().await, Progress::Cancelled);
        if let Progress::Made(made) = progress {
            self.discard(made.record()).await;
        }
    }

    /// A segment that was made and is not wanted. A commit whose outcome is unknown may name it. What stays is removed at the next
    /// opening.
    pub(super) async fn discard(&self, made: Option<SegmentRecord>) {
        let database = &self.database.shared;
        if let Some(made) = made
            && !database.manifest.lock().await.is_uncertain()
        {
            database.remove_files(&[segment_name(made.segment.file)]).await;
        }
    }

    async fn commit_if_sealed(&self) -> Result<()> {
        let mut writer = self.writer().await?;
        let Some(sealing) = &writer.sealing else { return Ok(()) };
        let is_made = matches!(&*sealing.job.progress.lock().await, Progress::Made(_));
        if is_made { self.commit_sealed(&mut writer).await } else { Ok(()) }
    }

    /// Names the sealed form of the frozen segment in the manifest, and lets its log go. A form that could not be made is made
    /// again. Where a segment is damaged the manifest stays as it is until it is repaired.
    fn commit_sealed<'a>(&'a self, writer: &'a mut WriterState) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            self.shared.state().check_whole()?;
            let Some(sealing) = writer.sealing.as_mut().filter(|sealing| sealing.committed.is_none()) else {
                return Ok(());
            };
            let has_failed = matches!(&*sealing.job.progress.lock().await, Progress::Failed(_));
            if has_failed {
                sealing.job = self.begin_job(self.seal_job()).await;
            }
            let made = self.complete(&sealing.job, UNREPORTED).await?;
            let (logs, log_bytes, next_write) = (sealing.logs.clone(), sealing.log_bytes, sealing.next);
            let database = &self.database.shared;
            let mut manifest = database.manifest.lock().await;
            self.settle_log(writer, &manifest).await?;
            self.shared.state().check_whole()?; // a search may have found damage since
            let (mut files, mut old_files) = (Vec::new(), Vec::new());
            let mut next = manifest.next();
            let Some(record) = next.collections.iter_mut().find(|record| record.id == self.shared.id) else {
                return Ok(());
            };
            let dead = self.dead_files(writer);
            for (at, dead) in &dead {
                self.name_dead(&mut manifest, record, *at, dead, (&mut files, &mut old_files));
            }
            record.segments.extend(made.record());
            record.wals.retain(|wal| !logs.contains(wal));
            record.first_in_wal = if is(Defect::NumbersRestart) { 1 } else { next_write.0 };
            old_files.extend(logs.iter().map(|log| wal_name(*log)));
            if is(Defect::RemovedBeforeCommit) {
                database.remove_files(&old_files).await;
            }
            let committed = manifest.commit(&*database.storage, files, next).await;
            if !is(Defect::InstalledUncommitted) {
                committed?;
            }
            drop(manifest);
            dead.iter().for_each(|(at, dead)| writer.written_dead[*at] = dead.count());
            writer.written_dead.extend(made.segment.iter().map(|_| 0));
            writer.wal_bytes -= log_bytes;
            if let Some(sealing) = &mut writer.sealing {
                sealing.committed = Some(made);
            }
            database.remove_files(&old_files).await;
            Ok(())
        })
    }

    /// A row is named dead in a file, and another log begins, only where the writes so far cannot be lost any more. Whoever wrote
    /// them may have been killed before the flush, and a relaxed write has none.
    pub(super) async fn settle_log(&self, writer: &mut WriterState, manifest: &ManifestState) -> Result<()> {
        let is_settled = writer.log_flushed || is(Defect::DeathsNotSettled);
        if is_settled { Ok(()) } else { self.settle_writes(writer, manifest).await }
    }

    /// Names a file of dead rows for a segment of the manifest.
    pub(super) fn name_dead(
        &self,
        manifest: &mut ManifestState,
        record: &mut CollectionRecord,
        at: usize,
        dead: &RowSet,
        (files, old_files): (&mut Vec<NewFile>, &mut Vec<String>),
    ) {
        let file = manifest.allocate_file();
        let (bytes, checksum) = write_tombstones(dead, self.database.shared.id, FileId(file));
        files.push(NewFile::new(tombstones_name(file), &bytes));
        let named = &mut record.segments[at].tombstones;
        old_files.extend(named.iter().map(|old| tombstones_name(old.file)));
        *named = Some(FileRecord { file, bytes: bytes.len() as u64, checksum });
    }

    /// The dead rows that grew since they were last written, by the position of their segment.
    pub(super) fn dead_files(&self, writer: &WriterState) -> Vec<(usize, RowSet)> {
        let state = self.shared.state();
        let of_segments = state.sealed().enumerate();
        let changed = of_segments.filter(|(at, (_, dead))| {
            let written = writer.written_dead.get(*at).copied().unwrap_or_default();
            let skipped = is(Defect::TombstonesNotWritten) || (is(Defect::TombstonesNotRenewed) && written > 0);
            written != dead.count() && !skipped
        });
        changed.map(|(at, (_, dead))| (at, dead.clone())).collect()
    }

    /// The growing segment is full: what was made takes effect, and another segment begins to grow. The sealed form of the
    /// full one is waited for if many documents came at once: whoever loads them will search next.
    pub(super) fn turn<'a>(&'a self, writer: &'a mut WriterState, is_bulk: bool) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            let _behind = self.behind();
            let mut turned = self.turn_now(writer).await;
            if is_bulk && turned.is_ok() {
                turned = self.commit_sealed(writer).await;
                let sealed = writer.sealing.take_if(|sealing| sealing.committed.is_some());
                if let Some(made) = sealed.and_then(|sealing| sealing.committed) {
                    let _replaced = made.install(&mut self.shared.state_to_change());
                }
            }
            turned
        })
    }

    async fn turn_now(&self, writer: &mut WriterState) -> Result<()> {
        self.commit_sealed(writer).await?;
        self.shared.quarantine();
        self.shared.state().check_whole()?;
        let database = &self.database.shared;
        self.end_merge_of_nothing(writer).await;
        // It stays there until it has taken effect: a turn that fails is tried again.
        let due = writer.compacting.as_ref().filter(|compacting| compacting.due <= writer.turns + 1);
        let (is_due, compacted) = (
            due.is_some(),
            match due {
                // One that failed is left: the policy will ask for it again.
                Some(compacting) => self.complete(&compacting.job, UNREPORTED).await.ok().map(|mut made| {
                    made.merged.segments = compacting.segments.clone();
                    made
                }),
                None => None,
            },
        );
        let mut manifest = database.manifest.lock().await;
        self.settle_log(writer, &manifest).await?;
        self.shared.state().check_whole()?;
        let mut next = manifest.next();
        let Some(record) = next.collections.iter_mut().find(|record| record.id == self.shared.id) else {
            return Ok(()); // the collection was dropped
        };
        let mut replacing = Replacing { written_dead: writer.written_dead.clone(), ..Replacing::default() };
        let dropped = self.without_a_row(writer);
        let due = writer.compacting.as_ref().filter(|_| is_due);
        let (above, below) = dropped.split_at(due.map_or(dropped.len(), |due| due.first_below(&dropped)));
        above.iter().for_each(|at| replacing.remove(record, *at));
        if let Some(made) = &compacted {
            self.name_merged((&mut manifest, record), made, &mut replacing);
        }
        below.iter().for_each(|at| replacing.remove(record, *at));
        let logs = core::mem::take(&mut record.wals);
        let first = self.shared.state().next();
        let log = manifest.begin_log(first, &mut replacing.files);
        record.wals.extend(logs.iter().copied().chain([log.1]));
        manifest.commit(&*database.storage, replacing.files, next).await?;
        drop(manifest);
        writer.written_dead = replacing.written_dead;
        writer.compacting.take_if(|_| is_due);
        self.take_effect(writer, compacted, (above, below));
        writer.turns += 1;
        let (log_bytes, header) = (writer.wal_bytes, log.0.to_bytes().len() as u64);
        writer.wal_bytes += header;
        writer.wal = Some(log);
        (writer.log_in_use, writer.log_flushed) = (false, true);
        self.begin_jobs(writer, (logs, log_bytes), first).await;
        database.remove_files(&replacing.old_files).await;
        Ok(())
    }

    /// The segments without a live row, the newest first, but for those that are merged: they go with the merge.
    fn without_a_row(&self, writer: &WriterState) -> Vec<usize> {
        let mut dropped = self.shared.state().without_a_row();
        if let Some(compacting) = &writer.compacting {
            dropped.retain(|at| !compacting.segments.contains(at));
        }
        dropped
    }

    /// A merge of segments without a live row would write rows that nobody wants any more.
    async fn end_merge_of_nothing(&self, writer: &mut WriterState) {
        let dead = self.shared.state().without_a_row();
        if writer.compacting.as_ref().is_some_and(|merge| merge.segments.clone().all(|at| dead.contains(&at))) {
            self.end_compaction(writer).await;
        }
    }

    /// Lets what was made take effect, leaves out the segments without a row above and below it, and freezes what grew.
    fn take_effect(&self, writer: &mut WriterState, compacted: Option<Made>, (above, below): (&[usize], &[usize])) {
        let sealed = writer.sealing.take().and_then(|sealing| sealing.committed);
        let mut replaced = Vec::new(); // dropped behind the state
        let mut state = self.shared.state_to_change();
        sealed.into_iter().for_each(|made| replaced.extend(made.install(&mut state)));
        above.iter().for_each(|at| replaced.push(state.drop_held(*at)));
        compacted.into_iter().for_each(|made| replaced.extend(made.install(&mut state)));
        below.iter().for_each(|at| replaced.push(state.drop_held(*at)));
        state.freeze();
        if let Some(compacting) = &mut writer.compacting {
            let before = above.iter().filter(|at| **at < compacting.segments.start).count();
            compacting.segments = compacting.segments.start - before..compacting.segments.end - before;
        }
    }

    async fn begin_jobs(&self, writer: &mut WriterState, (logs, log_bytes): (Vec<u64>, u64), next: SequenceNumber) {
        let (now, seal_at) = (self.database.shared.now(), self.shared.state().settings().seal_at);
        let (seal, merge) = {
            let seal = self.seal_job();
            let state = self.shared.state();
            let figures = state.figures(now);
            let merge = if writer.compacting.is_none() { policy::to_merge(&figures) } else { None };
            let merge = merge.map(|segments| {
                let rows = figures[segments.clone()].iter().map(|figures| figures.live).sum();
                (state.merge_job(segments.clone(), now), segments, policy::seals_for(rows, seal_at))
            });
            (seal, merge)
        };
        let job = self.begin_job(seal).await;
        writer.sealing = Some(Sealing { job, logs, log_bytes, next, committed: None });
        if let Some((merge, segments, turns)) = merge {
            let job = self.begin_job(merge).await;
            writer.compacting = Some(Compacting { job, segments, due: writer.turns + turns });
        }
        let jobs =
            [writer.sealing.as_ref().map(|sealing| &sealing.job), writer.compacting.as_ref().map(|merge| &merge.job)];
        *self.shared.jobs.change() = jobs.into_iter().flatten().cloned().collect();
        let merge = writer.compacting.as_ref().filter(|merge| merge.due <= writer.turns + 1).map(|merge| &merge.job);
        *self.shared.due.change() = [jobs[0], merge].into_iter().flatten().cloned().collect();
        if !self.shared.is_worked_on.swap(true, Ordering::SeqCst) {
            (self.database.shared.environment.background.start)(Worker {
                collection: self.downgrade(),
                has_ended: false,
            });
        }
    }

    /// What makes the sealed form of what is frozen.
    fn seal_job(&self) -> MergeJob {
        let state = self.shared.state();
        state.merge_job(state.sealed().count()..state.held().len(), self.database.shared.now())
    }

    pub(super) async fn begin_job(&self, merge: MergeJob) -> Arc<Job> {
        let file = FileId(self.database.shared.manifest.lock().await.allocate_file());
        Arc::new(Job { file, is_done: AtomicBool::new(false), progress: Lock::new(Progress::Merging(Box::new(merge))) })
    }

    /// Before all segments are made anew: a sealed form that the manifest names takes effect, all other jobs end.
    pub(super) async fn end_jobs(&self, writer: &mut WriterState) {
        self.shared.jobs.change().clear();
        self.shared.due.change().clear();
        match writer.sealing.take() {
            Some(Sealing { committed: Some(made), .. }) => {
                let _replaced = made.install(&mut self.shared.state_to_change());
            }
            Some(sealing) => self.cancel(&sealing.job).await,
            None => {}
        }
        self.end_compaction(writer).await;
    }

    async fn end_compaction(&self, writer: &mut WriterState) {
        if let Some(compacting) = writer.compacting.take() {
            self.cancel(&compacting.job).await;
        }
    }

    /// Before the database is closed: what was frozen is sealed, so that the next opening need not replay its log. A failure
    /// leaves it in the log. What is dead goes as far as the policy asks.
    pub(super) async fn end_jobs_for_closing(&self, writer: &mut WriterState) -> Result<()> {
        let kept = self.seal_what_was_not_flushed(writer).await;
        if kept.is_ok() && self.commit_sealed(writer).await.is_ok() {
            let _ = self.reclaim(writer).await;
        }
        self.end_compaction(writer).await;
        kept
    }
}
