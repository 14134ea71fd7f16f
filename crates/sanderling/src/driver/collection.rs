//! An open collection: writes go through one at a time, reads look at the state beside them.

use super::{
    commit::ManifestState,
    database::Database,
    lock::{Lock, LockGuard},
    open::Loaded,
    segments::Job,
};
use crate::{
    guarded::{Changing, Guarded, Reading},
    storage::{Durability, StorageFuture},
};
use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicBool, Ordering};
use sanderling_engine::{
    Document, DocumentId, Error, ErrorCode, Query, Result, Schema, Value,
    collection::{
        CollectionState, DeleteTarget, ListOptions, ListPage, PutOptions, SuggestOptions, Suggestion, Write,
        WriteReceipt,
    },
    defects::{Defect, is},
    manifest::wal_name,
    query::SearchResult,
    schema::SchemaChange,
    segment::Segment,
    settings::CollectionSettings,
    wal::WalHeader,
};

/// A handle to an open collection. Clones are handles to the same one.
#[derive(Clone)]
pub struct Collection {
    pub(super) database: Database,
    pub(super) shared: Arc<CollectionShared>,
}

pub(super) struct CollectionShared {
    name: String,
    pub(super) id: u32,
    state: Guarded<CollectionState>,
    pub(super) writer: Lock<WriterState>,
    retired: AtomicBool,
}

/// What only the one who writes needs.
pub(super) struct WriterState {
    /// The log that takes writes; none after a failure.
    pub wal: Option<(WalHeader, u64)>,
    pub wal_bytes: u64,
    /// Whether the last log holds acknowledged writes.
    pub log_in_use: bool,
    /// Whether all that the last log holds is durable.
    pub log_flushed: bool,
    /// A flush of acknowledged writes failed: the log may have lost them, and only memory has them for sure.
    pub must_seal: bool,
    /// For each sealed segment, how many dead rows its file has.
    pub written_dead: Vec<usize>,
    /// Why the growing segment could not be sealed; the writes themselves are safe in the log.
    pub deferred: Option<Error>,
}

/// What only one at a time may do with a collection.
pub enum Task {
    /// Changes documents.
    Write(Write),
    /// Makes every write so far durable.
    Flush,
    /// Merges all segments into one without dead rows.
    Compact,
    /// Indexes every document anew under a schema with more fields.
    Extend(Schema),
}

/// The figures of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionStats {
    /// Live documents.
    pub documents: usize,
    /// Its segments, oldest first.
    pub segments: Vec<SegmentStats>,
    /// Bytes of the logs.
    pub wal_bytes: u64,
    /// Bytes of its segments and logs.
    pub disk_bytes: u64,
    /// Bytes of documents, vectors and words in memory; what they are kept in comes on top.
    pub memory_bytes: u64,
}

/// The figures of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentStats {
    /// `growing` or `sealed`.
    pub state: &'static str,
    /// Rows that are not dead.
    pub documents: usize,
    /// Rows that were deleted or replaced.
    pub deleted: usize,
    /// Bytes of its file, or of what the growing segment holds.
    pub bytes: u64,
}

impl CollectionShared {
    pub(super) fn new(name: &str, loaded: Loaded) -> Self {
        let Loaded { id, state, wal, written_dead, wal_bytes, log_in_use } = loaded;
        let (must_seal, log_flushed) = (false, false); // whoever wrote it may have been killed
        let writer = WriterState { wal, wal_bytes, log_in_use, log_flushed, must_seal, written_dead, deferred: None };
        let writer = Lock::new(writer);
        Self { name: name.into(), id, state: Guarded::new(state), writer, retired: AtomicBool::new(false) }
    }

    /// Later calls find the collection closed.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
    }

    pub(super) fn state(&self) -> Reading<'_, CollectionState> {
        self.state.read()
    }

    pub(super) fn state_to_change(&self) -> Changing<'_, CollectionState> {
        self.state.change()
    }
}

impl Collection {
    /// The number by which its database knows it.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.shared.id
    }

    /// The schema in force.
    #[must_use]
    pub fn schema(&self) -> Arc<Schema> {
        self.shared.state().schema().clone()
    }

    fn check(&self) -> Result<()> {
        if self.shared.retired.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorCode::Closed, format!("the collection {} was dropped", self.shared.name)));
        }
        self.database.shared.check_open()
    }

    /// Settings are chosen when a collection is made: other ones would be ignored, so they are refused.
    pub(super) fn check_settings(&self, asked: Option<CollectionSettings>) -> Result<()> {
        let ours = *self.shared.state().settings();
        match asked {
            Some(asked) if asked != ours => {
                let (expected, found) = (ours.to_value(), asked.to_value());
                Err(Error::mismatch(ErrorCode::Schema, &"collection options", &expected, &found))
            }
            _ => Ok(()),
        }
    }

    /// Puts documents: each takes the place of any other with its id. The batch is stored whole or not at all.
    pub async fn put(&self, documents: Vec<Document>, options: PutOptions) -> Result<WriteReceipt> {
        self.perform(Task::Write(Write::Put(documents, options))).await
    }

    /// Replaces top-level fields of one document.
    pub async fn update(&self, id: DocumentId, patch: Document, options: PutOptions) -> Result<WriteReceipt> {
        self.perform(Task::Write(Write::Update(id, patch, options))).await
    }

    /// Deletes documents and says how many.
    pub async fn delete(&self, target: DeleteTarget) -> Result<usize> {
        Ok(self.perform(Task::Write(Write::Delete(target))).await?.deleted)
    }

    /// Makes every write so far durable, and says if a seal had failed.
    pub async fn flush(&self) -> Result<()> {
        self.perform(Task::Flush).await.map(drop)
    }

    /// Seals the growing segment, and merges all segments into one without dead rows.
    pub async fn compact(&self) -> Result<()> {
        self.perform(Task::Compact).await.map(drop)
    }

    /// Does what only one at a time may do. The receipt is empty for all but writes.
    pub fn perform(&self, task: Task) -> StorageFuture<'_, WriteReceipt> {
        Box::pin(async move {
            let mut writer = self.writer().await?;
            let job = match task {
                Task::Write(write) => return self.write(&mut writer, write).await,
                Task::Flush => return self.settle(&mut writer).await.map(|()| WriteReceipt::default()),
                Task::Compact => Job::Compact,
                Task::Extend(schema) => match self.schema().change_to(&schema)? {
                    SchemaChange::Extended(schema) => Job::Extend(schema),
                    SchemaChange::Same => return Ok(WriteReceipt::default()),
                },
            };
            self.rebuild(&mut writer, job).await.map(|()| WriteReceipt::default())
        })
    }

    async fn write(&self, writer: &mut WriterState, write: Write) -> Result<WriteReceipt> {
        let database = &self.database.shared;
        let prepared = self.shared.state().prepare(write, database.now())?;
        // Also a write that changes nothing waits for a sound log: after a failed append the next opening may find the
        // failed write, unless a new log has ruled it out.
        if is(Defect::NothingAcknowledged) && prepared.batch.operations.is_empty() {
            return Ok(self.shared.state_to_change().apply(prepared));
        }
        let (header, file) = self.log(writer).await?;
        if prepared.batch.operations.is_empty() {
            return Ok(self.shared.state_to_change().apply(prepared));
        }
        if database.durability == Durability::Strict && !writer.log_flushed {
            self.append(writer, file, &[], Durability::Strict).await?;
        }
        let frame = header.frame(&prepared.batch, writer.log_flushed)?;
        let appended = self.append(writer, file, &frame, database.durability).await;
        if is(Defect::AppliedUnlogged) && appended.is_err() {
            self.shared.state_to_change().apply(prepared);
            return appended.map(|()| WriteReceipt::default());
        }
        if !is(Defect::FailureAcknowledged) {
            appended?;
        }
        writer.wal_bytes += frame.len() as u64;
        writer.log_in_use = true;
        let receipt = self.shared.state_to_change().apply(prepared);
        if self.shared.state().wants_seal() {
            // The write is kept whatever comes of this; the next write tries again.
            writer.deferred = self.rebuild(writer, Job::Seal).await.err();
        }
        Ok(receipt)
    }

    async fn append(&self, writer: &mut WriterState, file: u64, bytes: &[u8], durability: Durability) -> Result<()> {
        let appended = self.database.shared.storage.append(&wal_name(file), bytes, durability).await;
        writer.log_flushed = durability == Durability::Strict && appended.is_ok();
        if appended.is_err() && !is(Defect::LogKeptAfterFailure) {
            writer.wal = None; // how much of the frame is there is unknown: nothing may follow it
            // A second flush may succeed without the writes: the system gives up pages that it could not write.
            writer.must_seal |= bytes.is_empty() && !is(Defect::FlushRetried);
        }
        appended
    }

    async fn settle(&self, writer: &mut WriterState) -> Result<()> {
        // After a failure this ends with all writes in a segment or in logs that were flushed.
        let (_, file) = self.log(writer).await?;
        self.append(writer, file, &[], Durability::Strict).await?;
        writer.deferred.take().map_or(Ok(()), Err)
    }

    pub(super) async fn writer(&self) -> Result<LockGuard<'_, WriterState>> {
        let writer = self.shared.writer.lock().await;
        self.check()?;
        Ok(writer)
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
            writer.must_seal = writer.must_seal || self.settle_logs(&manifest).await.is_err();
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

    /// The document with this id.
    pub fn get(&self, id: &DocumentId) -> Result<Option<Document>> {
        self.check()?;
        self.shared.state().get(id, self.database.shared.now())
    }

    /// Whether there is a document with this id.
    pub fn has(&self, id: &DocumentId) -> Result<bool> {
        self.check()?;
        Ok(self.shared.state().has(id, self.database.shared.now()))
    }

    /// How many documents there are, or how many pass a filter.
    pub fn count(&self, filter: Option<&Value>) -> Result<usize> {
        self.check()?;
        self.shared.state().count(filter, self.database.shared.now())
    }

    /// A page of the documents in order of their ids.
    pub fn list(&self, options: &ListOptions) -> Result<ListPage> {
        self.check()?;
        self.shared.state().list(options, self.database.shared.now())
    }

    /// Answers a search.
    pub fn search(&self, query: &Query) -> Result<SearchResult> {
        self.check()?;
        self.shared.state().search(query, self.database.shared.now())
    }

    /// Completes the last word of a text from the words of the text fields.
    pub fn suggest(&self, text: &str, options: &SuggestOptions) -> Result<Vec<Suggestion>> {
        self.check()?;
        self.shared.state().suggest(text, options, self.database.shared.now())
    }

    /// The figures of the collection.
    pub async fn stats(&self) -> Result<CollectionStats> {
        let writer = self.writer().await?;
        let manifest = self.database.shared.manifest.lock().await;
        self.figures(&writer, &manifest)
    }

    fn figures(&self, writer: &WriterState, manifest: &ManifestState) -> Result<CollectionStats> {
        let tombstones = manifest.collection(self.shared.id).map_or(0, |record| {
            record.segments.iter().filter_map(|segment| segment.tombstones).map(|file| file.bytes).sum()
        });
        let state = self.shared.state();
        let mut segments: Vec<SegmentStats> = state
            .sealed()
            .iter()
            .map(|entry| {
                let (rows, dead) = (Segment::Sealed(&entry.segment).rows(), entry.dead.count());
                let bytes = entry.segment.file_bytes() as u64;
                SegmentStats { state: "sealed", documents: rows - dead, deleted: dead, bytes }
            })
            .collect();
        let sealed_bytes = segments.iter().map(|segment| segment.bytes).sum::<u64>();
        let deleted = state.growing_dead();
        let documents = state.growing_rows() - deleted;
        let growing_bytes = state.growing_bytes();
        segments.push(SegmentStats { state: "growing", documents, deleted, bytes: growing_bytes });
        Ok(CollectionStats {
            documents: state.count(None, self.database.shared.now())?,
            segments,
            wal_bytes: writer.wal_bytes,
            disk_bytes: sealed_bytes + tombstones + writer.wal_bytes,
            memory_bytes: sealed_bytes + growing_bytes,
        })
    }
}
