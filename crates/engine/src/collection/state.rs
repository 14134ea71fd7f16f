//! Segments, the dead rows of each, and the number of the next write.
//!
//! A segment grows, then it is frozen, then its sealed form takes its place. The growing one is the only one that takes writes;
//! those before it are *held*.
//!
//! Invariants: an id has at most one live row in all segments; segments are ordered by age, and so are the rows within
//! each, by their sequence numbers; every number below `next` was used.

use super::ingest::{self, IndexedOperation};
use crate::{
    DocumentId, Error, ErrorCode, Result, Schema,
    defects::{Defect, is},
    ids::{RowId, SequenceNumber},
    lists::{map, try_map},
    rows::RowSet,
    segment::{GrowingSegment, SealedSegment, Segment},
    settings::{CollectionSettings, SEAL_BYTES},
    text::{AnalyzerSource, Analyzers},
    wal::{Batch, Operation},
};
use alloc::{sync::Arc, vec::Vec};

/// A segment that takes no more writes, with its dead rows.
#[derive(Clone)]
pub struct Held {
    /// The segment.
    pub segment: HeldSegment,
    /// The rows that were deleted or replaced.
    pub dead: RowSet,
}

/// A segment that takes no more writes.
#[derive(Clone)]
pub enum HeldSegment {
    /// Bytes that never change.
    Sealed(Arc<SealedSegment>),
    /// One that grew until it was full; its sealed form is being made.
    Frozen(Arc<GrowingSegment>),
    /// One that turned out to be damaged. Searches find nothing in its place; the manifest goes on to name it.
    Damaged {
        /// What is not read any more.
        segment: Arc<SealedSegment>,
        /// What is read instead: a segment without a row.
        instead: Arc<GrowingSegment>,
    },
}

impl HeldSegment {
    /// The segment to read.
    #[must_use]
    pub fn view(&self) -> Segment<'_> {
        match self {
            Self::Sealed(segment) => Segment::Sealed(segment),
            Self::Frozen(segment) | Self::Damaged { instead: segment, .. } => Segment::Growing(segment),
        }
    }

    /// The name of its state.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self {
            Self::Sealed(_) => "sealed",
            Self::Frozen(_) => "sealing",
            Self::Damaged { .. } => "damaged",
        }
    }
}

/// The state of one collection. A copy shares the sealed segments with it, and has what grows once more.
#[derive(Clone)]
pub struct CollectionState {
    pub(super) schema: Arc<Schema>,
    pub(super) source: AnalyzerSource,
    pub(super) analyzers: Analyzers,
    pub(super) settings: CollectionSettings,
    pub(super) next: SequenceNumber,
    pub(super) held: Vec<Held>,
    pub(super) growing: GrowingSegment,
    pub(super) growing_dead: RowSet,
    /// The first write of the growing segment.
    pub(super) growing_since: SequenceNumber,
    /// What is damaged and left out.
    pub(super) damage: Vec<Error>,
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
            held: Vec::new(),
            growing,
            growing_dead: RowSet::default(),
            growing_since: next,
            damage: Vec::new(),
        })
    }

    /// Adds a sealed segment from storage, older than any write that is replayed later.
    pub fn add_sealed(&mut self, segment: Arc<SealedSegment>, dead: RowSet) {
        let mut all = RowSet::none(segment.rows());
        all.unite(&dead);
        self.held.push(Held { segment: HeldSegment::Sealed(segment), dead: all });
    }

    /// Leaves out something that is damaged. Searches say that their answers are partial, and nothing is written any more: what
    /// is missing might be what a write would replace.
    pub fn leave_out(&mut self, damage: Error) {
        self.damage.push(damage);
    }

    /// What is left out.
    #[must_use]
    pub fn damage(&self) -> &[Error] {
        &self.damage
    }

    /// Fails where something is left out.
    pub fn check_whole(&self) -> Result<()> {
        let Some(damage) = self.damage.first().filter(|_| !is(Defect::WholenessNotAsked)) else { return Ok(()) };
        let message = alloc::format!("a part of the collection is damaged, and repair() has to come first: {damage}");
        let details = damage.details().iter().cloned();
        Err(details.fold(Error::new(ErrorCode::Corrupt, message), |error, (name, value)| error.with(&name, value)))
    }

    /// The schema in force.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Puts other settings in force. Those that answers depend on are the same.
    pub fn set_settings(&mut self, settings: CollectionSettings) {
        self.settings = settings;
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

    /// The segments before the growing one, oldest first.
    #[must_use]
    pub fn held(&self) -> &[Held] {
        &self.held
    }

    /// The segments before the growing one that are sealed, oldest first, with their dead rows: those that the manifest names, damaged
    /// ones too.
    pub fn sealed(&self) -> impl Iterator<Item = (&Arc<SealedSegment>, &RowSet)> {
        self.held.iter().filter_map(|held| match &held.segment {
            HeldSegment::Sealed(segment) | HeldSegment::Damaged { segment, .. } => Some((segment, &held.dead)),
            HeldSegment::Frozen(_) => None,
        })
    }

    /// Whether a segment turned out to be damaged since that was asked last: what was read is not to be believed.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        let is_damaged = |held: &Held| matches!(&held.segment, HeldSegment::Sealed(segment) if segment.is_damaged());
        self.held.iter().any(is_damaged) && !is(Defect::DamageNotAsked)
    }

    /// How often the medium failed so far while segments were read.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.sealed().map(|(segment, _)| segment.failures()).sum()
    }

    /// Why what was read since then is not to be believed: the medium failed, and may not the next time.
    pub fn check_read(&self, failures: usize) -> Result<()> {
        if self.failures() == failures || is(Defect::FailureNotAsked) {
            return Ok(());
        }
        // One of those that ever failed; mostly there is one.
        let mut failed = self.sealed().filter(|(segment, _)| segment.failures() > 0);
        failed.next().map_or(Ok(()), |(segment, _)| Err(segment.unreadable()))
    }

    /// Leaves out every segment that turned out to be damaged.
    pub fn quarantine(&mut self) {
        for held in &mut self.held {
            if let HeldSegment::Sealed(segment) = &held.segment
                && let Some(damage) = segment.damage()
            {
                self.damage.push(damage);
                // Its dead rows stay known: a commit that is under way may write them.
                let instead = Arc::new(GrowingSegment::new(&self.schema));
                held.segment = HeldSegment::Damaged { segment: segment.clone(), instead };
            }
        }
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

    /// Whether the growing segment has reached the size at which it is sealed: in rows, in bytes, or in writes, since the log
    /// has to end some time also where documents are only deleted.
    #[must_use]
    pub fn wants_seal(&self) -> bool {
        let seal_at = u64::from(self.settings.seal_at);
        self.growing.rows() as u64 >= seal_at
            || self.growing.bytes() >= SEAL_BYTES
            || self.next.0 - self.growing_since.0 >= seal_at
    }

    /// How many writes the growing segment can surely take before it is full.
    #[must_use]
    pub fn rows_left(&self) -> usize {
        let used = (self.growing.rows() as u64).max(self.next.0 - self.growing_since.0);
        let is_large = self.growing.bytes() >= SEAL_BYTES / 2;
        if is_large { 0 } else { u64::from(self.settings.seal_at).saturating_sub(used + 1) as usize }
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
            return Err(Error::damaged_file(name, &problem));
        }
        let index = |operation: &Operation| ingest::index_operation(&self.schema, &self.analyzers, operation, name);
        let operations = try_map(&batch.operations, index)?;
        self.apply(Prepared { batch, operations, receipt: WriteReceipt::default() });
        Ok(())
    }

    /// Goes on with a later number where a repair has told that the writes between are missing for good.
    pub fn skip_to(&mut self, next: SequenceNumber) {
        if next > self.next {
            self.growing_since = self.growing_since.plus(next.0 - self.next.0);
            self.next = next;
        }
    }

    /// The segments, oldest first: the held ones, then the growing one.
    pub(super) fn segments(&self) -> Vec<Segment<'_>> {
        map(0..=self.held.len(), |at| self.segment(at))
    }

    pub(super) fn segment(&self, at: usize) -> Segment<'_> {
        self.held.get(at).map_or(Segment::Growing(&self.growing), |held| held.segment.view())
    }

    fn dead(&self, at: usize) -> &RowSet {
        self.held.get(at).map_or(&self.growing_dead, |held| &held.dead)
    }

    /// The rows of a segment that are neither dead nor expired.
    pub(super) fn live_rows(&self, at: usize, now: u64) -> RowSet {
        let segment = self.segment(at);
        let mut live = RowSet::all(segment.rows());
        live.subtract(self.dead(at));
        if segment.first_expiry() <= now {
            live.intersect(&RowSet::matching(segment.rows(), &mut |row| segment.expiry(row) > now));
        }
        live
    }

    /// Where the live document with this id lies. Expiry does not count here.
    pub(super) fn locate(&self, id: &DocumentId) -> Option<Location> {
        for at in (0..=self.held.len()).rev() {
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
        (self.segment(location.segment).expiry(location.row) > now).then_some(location)
    }

    fn kill(&mut self, id: &DocumentId) {
        let Some(location) = self.locate(id) else { return };
        match self.held.get_mut(location.segment) {
            Some(held) => held.dead.insert(location.row),
            None => self.growing_dead.insert(location.row),
        }
    }
}
