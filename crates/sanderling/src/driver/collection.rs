//! An open collection: writes go through one at a time, reads look at the state beside them.

use super::{
    database::{Database, WeakDatabase},
    jobs::{Compacting, Jobs, Sealing},
    lock::Lock,
    open::Loaded,
    queue::Queue,
};
use crate::guarded::{Changing, Guarded, Reading};
use alloc::{
    format,
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicBool, Ordering};
use sanderling_engine::{
    Document, DocumentId, Error, ErrorCode, Query, Result, Schema, Value,
    collection::{
        CollectionState, DeleteTarget, ListOptions, ListPage, PutOptions, SuggestOptions, Suggestion, Write,
        WriteReceipt,
    },
    ids::SequenceNumber,
    query::{SearchResult, Unwatched, Watch},
    settings::{AskedSettings, CollectionSettings},
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
    pub(super) queue: Queue,
    pub(super) writer: Lock<WriterState>,
    /// The segments that are being made. They are begun and ended by whoever writes; anyone may work on them.
    pub(super) jobs: Guarded<Jobs>,
    /// Those of them for which the next turn has to wait.
    pub(super) due: Guarded<Jobs>,
    /// Whether a worker runs.
    pub(super) is_worked_on: AtomicBool,
    /// Whether nobody knows which settings the medium has: a change of them failed or was given up.
    pub(super) settings_in_doubt: AtomicBool,
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
    /// For each segment of the manifest, how many dead rows its file has.
    pub written_dead: Vec<usize>,
    /// Why a segment could not be made; the writes themselves are safe in the log.
    pub deferred: Option<Error>,
    /// The write before which that is not tried again.
    pub not_before: SequenceNumber,
    /// How many segments were frozen.
    pub turns: u64,
    /// The segment that was frozen last, until it is sealed.
    pub sealing: Option<Sealing>,
    /// A merge of sealed segments.
    pub compacting: Option<Compacting>,
}

/// A handle that does not keep the collection open.
#[derive(Clone)]
pub struct WeakCollection {
    database: WeakDatabase,
    shared: Weak<CollectionShared>,
}

impl WeakCollection {
    /// The collection, if it is still open.
    pub(super) fn upgrade(&self) -> Option<Collection> {
        let collection = Collection { database: self.database.upgrade()?, shared: self.shared.upgrade()? };
        collection.check().is_ok().then_some(collection)
    }
}

/// Is told between two steps of long work how much is done of how much, and says whether to stop. The first number never falls, the
/// second stays the same.
pub type Report<'a> = &'a dyn Fn(usize, usize) -> bool;

/// The one that goes on to the end.
pub(super) const UNREPORTED: Report<'static> = &|_, _| false;

/// What only one at a time may do with a collection.
pub enum Task<'a> {
    /// Changes documents.
    Write(Write),
    /// Makes every write so far durable.
    Flush,
    /// Merges all segments into one without dead rows. Where it is told to stop, that is error "aborted", and the segments stay.
    Compact(Report<'a>),
    /// Indexes every document anew under a schema with more fields.
    Extend(Schema),
    /// Changes those settings that can be changed, and refuses the others.
    Settings(AskedSettings),
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
    /// Bytes of documents, vectors and words in memory; what they are kept in comes on top. Blocks of files that are kept
    /// as long as there is room count for each collection of a database; files that the system maps do not.
    pub memory_bytes: u64,
}

/// The figures of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentStats {
    /// `growing`, `sealing` or `sealed`.
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
        let Loaded { id, state, wal, written_dead, wal_bytes, log_in_use, .. } = loaded;
        let writer = WriterState {
            wal,
            wal_bytes,
            log_in_use,
            log_flushed: !log_in_use, // whoever wrote it may have been killed
            must_seal: false,
            written_dead,
            deferred: None,
            not_before: SequenceNumber(0),
            turns: 0,
            sealing: None,
            compacting: None,
        };
        Self {
            name: name.into(),
            id,
            state: Guarded::new(state),
            queue: Queue::default(),
            writer: Lock::new(writer),
            jobs: Guarded::default(),
            due: Guarded::default(),
            is_worked_on: AtomicBool::new(false),
            settings_in_doubt: AtomicBool::new(false),
            retired: AtomicBool::new(false),
        }
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

    /// Leaves out what turned out to be damaged while it was read.
    pub(super) fn quarantine(&self) {
        if self.state().is_in_doubt() {
            self.state_to_change().quarantine();
        }
    }

    /// Reads from the state; again without what turned out to be damaged.
    fn read<T>(&self, read: &dyn Fn(&CollectionState) -> Result<T>) -> Result<T> {
        loop {
            {
                let state = self.state();
                let failures = state.failures();
                let answer = read(&state);
                state.check_read(failures)?;
                if !state.is_in_doubt() {
                    return answer;
                }
            }
            self.quarantine();
        }
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

    /// A handle that does not keep the collection open.
    pub(super) fn downgrade(&self) -> WeakCollection {
        WeakCollection { database: self.database.downgrade(), shared: Arc::downgrade(&self.shared) }
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.shared.retired.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorCode::Closed, format!("the collection {} was dropped", self.shared.name)));
        }
        self.database.shared.check_open()
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

    /// The settings in force.
    pub fn settings(&self) -> CollectionSettings {
        self.shared.state().settings().clone()
    }

    /// Makes every write so far durable, and says if a seal had failed.
    pub async fn flush(&self) -> Result<()> {
        self.perform(Task::Flush).await.map(drop)
    }

    /// Seals the growing segment, and merges all segments into one without dead rows.
    pub async fn compact(&self) -> Result<()> {
        self.compact_reporting(UNREPORTED).await
    }

    /// The same, telling in between how far it has come. When it is told to stop it ends with error "aborted", and all documents
    /// stay where they were.
    pub async fn compact_reporting(&self, report: Report<'_>) -> Result<()> {
        self.perform(Task::Compact(report)).await.map(drop)
    }

    /// The document with this id.
    pub fn get(&self, id: &DocumentId) -> Result<Option<Document>> {
        self.check()?;
        let now = self.database.shared.now();
        self.shared.read(&|state| state.get(id, now))
    }

    /// The version of a document, if there is one with this id: what `ifVersion` compares with.
    pub fn version(&self, id: &DocumentId) -> Result<Option<u64>> {
        self.check()?;
        let now = self.database.shared.now();
        self.shared.read(&|state| state.version(id, now))
    }

    /// Whether there is a document with this id.
    pub fn has(&self, id: &DocumentId) -> Result<bool> {
        self.check()?;
        let now = self.database.shared.now();
        self.shared.read(&|state| state.has(id, now))
    }

    /// How many documents there are, or how many pass a filter.
    pub fn count(&self, filter: Option<&Value>) -> Result<usize> {
        self.check()?;
        let now = self.database.shared.now();
        self.shared.read(&|state| state.count(filter, now))
    }

    /// A page of the documents in order of their ids.
    pub fn list(&self, options: &ListOptions) -> Result<ListPage> {
        self.check()?;
        let now = self.database.shared.now();
        self.shared.read(&|state| state.list(options, now))
    }

    /// Answers a search, however long it takes.
    pub fn search(&self, query: &Query) -> Result<SearchResult> {
        self.search_watched(query, &Unwatched)
    }

    /// Answers a search with what there is when `watch` says that its time is over. Its timeout is for the one who has a clock.
    pub fn search_watched(&self, query: &Query, watch: &dyn Watch) -> Result<SearchResult> {
        self.check()?;
        let now = self.database.shared.now();
        self.shared.read(&|state| state.search_watched(query, now, watch))
    }

    /// Completes the last word of a text from the words of the text fields.
    pub fn suggest(&self, text: &str, options: &SuggestOptions) -> Result<Vec<Suggestion>> {
        self.check()?;
        let now = self.database.shared.now();
        self.shared.read(&|state| state.suggest(text, options, now))
    }

    /// The figures of the collection. Writes that are under way are not waited for.
    pub async fn stats(&self) -> Result<CollectionStats> {
        self.check()?;
        let record = self.database.shared.manifest.lock().await.collection(self.shared.id).cloned();
        let (mut segment_bytes, mut wal_bytes) = (0, 0);
        if let Some(record) = record {
            let files = record.segments.iter().flat_map(|segment| [Some(segment.segment), segment.tombstones]);
            segment_bytes = files.flatten().map(|file| file.bytes).sum();
            wal_bytes = record.wals.iter().filter_map(|log| self.database.shared.log_end(*log)).sum();
        }
        self.shared.read(&|state| self.figures(state, segment_bytes, wal_bytes))
    }

    fn figures(&self, state: &CollectionState, segment_bytes: u64, wal_bytes: u64) -> Result<CollectionStats> {
        let mut segments: Vec<SegmentStats> = state
            .held()
            .iter()
            .map(|held| {
                let (segment, deleted) = (held.segment.view(), held.dead.count());
                let (documents, bytes) = (segment.rows().saturating_sub(deleted), segment.bytes());
                SegmentStats { state: held.segment.state(), documents, deleted, bytes }
            })
            .collect();
        let frozen = segments.iter().filter(|segment| segment.state == "sealing");
        let frozen_bytes = frozen.map(|segment| segment.bytes).sum::<u64>();
        let deleted = state.growing_dead();
        let documents = state.growing_rows() - deleted;
        let growing_bytes = state.growing_bytes();
        segments.push(SegmentStats { state: "growing", documents, deleted, bytes: growing_bytes });
        let resident: usize = state.sealed().map(|(segment, _)| segment.resident_bytes()).sum();
        Ok(CollectionStats {
            documents: state.count(None, self.database.shared.now())?,
            segments,
            wal_bytes,
            disk_bytes: segment_bytes + wal_bytes,
            memory_bytes: frozen_bytes + (resident + self.database.shared.cache.bytes()) as u64 + growing_bytes,
        })
    }
}
