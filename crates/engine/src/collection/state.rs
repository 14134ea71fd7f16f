//! Segments, the dead rows of each, and the number of the next write.
//!
//! Invariants: an id has at most one live row in all segments; segments are ordered by age, and so are the rows within
//! each, by their sequence numbers; every number below `next` was used.

use super::ingest::{self, IndexedOperation};
use crate::{
    DocumentId, Result, Schema,
    ids::{RowId, SequenceNumber},
    lists::{map, try_map},
    rows::RowSet,
    segment::{GrowingSegment, SealedSegment, Segment},
    settings::{CollectionSettings, SEAL_BYTES},
    text::{AnalyzerSource, Analyzers},
    wal::{Batch, Operation},
};
use alloc::{sync::Arc, vec::Vec};

/// A sealed segment with its dead rows.
pub struct SealedEntry {
    /// The segment.
    pub segment: Arc<SealedSegment>,
    /// The rows that were deleted or replaced.
    pub dead: RowSet,
}

/// The state of one collection.
pub struct CollectionState {
    pub(super) schema: Arc<Schema>,
    pub(super) source: AnalyzerSource,
    pub(super) analyzers: Analyzers,
    pub(super) settings: CollectionSettings,
    pub(super) next: SequenceNumber,
    pub(super) sealed: Vec<SealedEntry>,
    pub(super) growing: GrowingSegment,
    pub(super) growing_dead: RowSet,
}

/// A batch that has passed every check: its frame is appended to the log, then it is applied.
#[derive(Debug)]
pub struct Prepared {
    /// What goes to the log.
    pub batch: Batch,
    pub(super) operations: Vec<IndexedOperation>,
    pub(super) receipt: WriteReceipt,
}

/// What the caller of a write learns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteReceipt {
    /// The ids of the documents given, in their order.
    pub ids: Vec<DocumentId>,
    /// Their versions.
    pub versions: Vec<SequenceNumber>,
    /// How many documents were deleted.
    pub deleted: usize,
}

/// A live row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub segment: usize,
    pub row: RowId,
}

impl CollectionState {
    /// An empty collection whose first write gets the number `next`.
    /// Fails with "unsupported" when a text field's language is not at hand.
    pub fn new(
        schema: Schema,
        source: AnalyzerSource,
        settings: CollectionSettings,
        next: SequenceNumber,
    ) -> Result<Self> {
        let analyzers = Analyzers::new(&schema, source)?;
        let growing = GrowingSegment::new(&schema);
        let schema = Arc::new(schema);
        Ok(Self {
            schema,
            source,
            analyzers,
            settings,
            next,
            sealed: Vec::new(),
            growing,
            growing_dead: RowSet::default(),
        })
    }

    /// Adds a sealed segment from storage, older than any write that is replayed later.
    pub fn add_sealed(&mut self, segment: Arc<SealedSegment>, dead: RowSet) {
        let mut all = RowSet::none(segment.rows());
        all.unite(&dead);
        self.sealed.push(SealedEntry { segment, dead: all });
    }

    /// The schema in force.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &CollectionSettings {
        &self.settings
    }

    /// The number of the next write.
    #[must_use]
    pub fn next(&self) -> SequenceNumber {
        self.next
    }

    /// The sealed segments, oldest first.
    #[must_use]
    pub fn sealed(&self) -> &[SealedEntry] {
        &self.sealed
    }

    /// The number of rows in the growing segment.
    #[must_use]
    pub fn growing_rows(&self) -> usize {
        self.growing.rows()
    }

    /// How many rows of the growing segment were deleted or replaced.
    #[must_use]
    pub fn growing_dead(&self) -> usize {
        self.growing_dead.count()
    }

    /// Bytes of what the growing segment holds.
    #[must_use]
    pub fn growing_bytes(&self) -> u64 {
        self.growing.bytes()
    }

    /// Whether the growing segment has reached the size at which it is sealed.
    #[must_use]
    pub fn wants_seal(&self) -> bool {
        self.growing.rows() >= self.settings.seal_at as usize || self.growing.bytes() >= SEAL_BYTES
    }

    /// Applies a prepared batch. It cannot fail. Batches are applied in the order in which they were prepared.
    pub fn apply(&mut self, prepared: Prepared) -> WriteReceipt {
        debug_assert_eq!(prepared.batch.first, self.next, "batches are applied in the order of their numbers");
        for (at, operation) in prepared.operations.into_iter().enumerate() {
            let sequence = prepared.batch.first.plus(at as u64);
            match operation {
                IndexedOperation::Put(document) => {
                    self.kill(&document.id);
                    self.growing.push(sequence, *document);
                    self.growing_dead.grow(self.growing.rows());
                }
                IndexedOperation::Delete(id) => self.kill(&id),
            }
            self.next = sequence.plus(1);
        }
        prepared.receipt
    }

    /// Applies a batch read from the log. A batch that the segments hold already is passed over.
    pub fn replay(&mut self, batch: Batch, name: &str) -> Result<()> {
        if batch.first.plus(batch.operations.len() as u64) <= self.next {
            return Ok(());
        }
        if batch.first != self.next {
            let problem = alloc::format!("the log goes on with write {} instead of {}", batch.first.0, self.next.0);
            return Err(crate::Error::damaged_file(name, &problem));
        }
        let index = |operation: &Operation| ingest::index_operation(&self.schema, &self.analyzers, operation, name);
        let operations = try_map(&batch.operations, index)?;
        self.apply(Prepared { batch, operations, receipt: WriteReceipt::default() });
        Ok(())
    }

    /// The segments, oldest first: the sealed ones, then the growing one.
    pub(super) fn segments(&self) -> Vec<Segment<'_>> {
        map(0..=self.sealed.len(), |at| self.segment(at))
    }

    pub(super) fn segment(&self, at: usize) -> Segment<'_> {
        match self.sealed.get(at) {
            Some(entry) => Segment::Sealed(&entry.segment),
            None => Segment::Growing(&self.growing),
        }
    }

    fn dead(&self, at: usize) -> &RowSet {
        self.sealed.get(at).map_or(&self.growing_dead, |entry| &entry.dead)
    }

    /// The rows of a segment that are neither dead nor expired.
    pub(super) fn live_rows(&self, at: usize, now: u64) -> RowSet {
        let expiries = self.segment(at).expiries();
        let mut live = RowSet::all(expiries.len());
        live.subtract(self.dead(at));
        if self.segment(at).first_expiry() <= now {
            live.intersect(&RowSet::matching(expiries.len(), &mut |row| expiries[row.index()] > now));
        }
        live
    }

    /// Where the live document with this id lies. Expiry does not count here.
    pub(super) fn locate(&self, id: &DocumentId) -> Option<Location> {
        for at in (0..=self.sealed.len()).rev() {
            if let Some(row) = self.segment(at).find(id)
                && !self.dead(at).contains(row)
            {
                return Some(Location { segment: at, row });
            }
        }
        None
    }

    /// Where the document with this id lies, unless it has expired.
    pub(super) fn locate_live(&self, id: &DocumentId, now: u64) -> Option<Location> {
        let location = self.locate(id)?;
        (self.segment(location.segment).expiries()[location.row.index()] > now).then_some(location)
    }

    fn kill(&mut self, id: &DocumentId) {
        let Some(location) = self.locate(id) else { return };
        match self.sealed.get_mut(location.segment) {
            Some(entry) => entry.dead.insert(location.row),
            None => self.growing_dead.insert(location.row),
        }
    }
}
