//! Several writes that go to the log at once: each is prepared before those ahead of it are applied.

use super::{
    ingest::{DeleteTarget, IndexedOperation, Write},
    state::{CollectionState, Prepared},
};
use crate::{
    DocumentId, Result,
    numbering::Numbering,
    wal::{self, Batch},
};
use alloc::vec::Vec;

/// To look an id up in a segment.
const EFFORT_OF_FINDING: u64 = 400;

/// Writes in the order of their numbers, prepared and not applied yet.
#[derive(Default)]
pub struct Group {
    prepared: Vec<Prepared>,
    ids: Vec<DocumentId>,
    number_of: Numbering,
    /// How much larger the collection becomes by these writes.
    pub(super) growth: Growth,
}

/// How much larger a collection becomes, where it has a quota.
#[derive(Clone, Copy, Default)]
pub(super) struct Growth {
    pub documents: u64,
    pub bytes: u64,
}

impl Group {
    /// Whether a write means the same before and after those of the group are applied. Anything that looks at a document which
    /// the group writes has to wait.
    #[must_use]
    pub fn admits(&self, write: &Write) -> bool {
        if self.ids.is_empty() {
            return true;
        }
        match write {
            Write::Put(documents, options) => {
                let is_written = |id: &Option<DocumentId>| id.as_ref().is_some_and(|id| self.writes(id));
                options.precondition.is_none() || !documents.iter().any(|document| is_written(&document.id))
            }
            Write::Update(id, ..) => !self.writes(id),
            Write::Delete(DeleteTarget::Ids(ids)) => !ids.iter().any(|id| self.writes(id)),
            Write::Delete(DeleteTarget::Filter(_)) => false,
        }
    }

    /// Whether a write of the group puts or deletes this document.
    pub(super) fn writes(&self, id: &DocumentId) -> bool {
        self.number_of.find(id.hash(), &mut |at| self.ids[at as usize] == *id).is_some()
    }

    /// Prepares a write behind the others, and encodes it for the log.
    pub fn prepare(&mut self, state: &CollectionState, write: Write, now: u64) -> Result<Vec<u8>> {
        let first =
            self.prepared.last().map_or(state.next(), |last| last.batch.first.plus(last.operations.len() as u64));
        let prepared = state.prepare_behind(write, now, first, self)?;
        let payload = wal::payload(&prepared.batch.operations)?;
        self.growth = state.growth_with(&prepared, self, now);
        for operation in &prepared.operations {
            let id = match operation {
                IndexedOperation::Put(document) => &document.id,
                IndexedOperation::Delete(id) => id,
            };
            if !self.writes(id) {
                let ids = &self.ids;
                self.number_of.set(id.hash(), ids.len() as u32, &mut |at| ids[at as usize] == *id);
                self.ids.push(id.clone());
            }
        }
        self.prepared.push(prepared);
        Ok(payload)
    }

    /// What goes to the log.
    pub fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.prepared.iter().map(|prepared| &prepared.batch)
    }

    /// About how long it takes to apply the writes, in nanoseconds of no machine in particular.
    #[must_use]
    pub fn effort(&self, state: &CollectionState) -> u64 {
        let (mut effort, mut documents) = (0, 0);
        for operation in self.prepared.iter().flat_map(|prepared| &prepared.operations) {
            effort += EFFORT_OF_FINDING * (1 + state.held.len() as u64);
            if let IndexedOperation::Put(document) = operation {
                effort += document.effort();
                documents += 1;
            }
        }
        effort + state.growing.index_effort(documents)
    }

    /// The writes, to be applied in this order.
    #[must_use]
    pub fn into_prepared(self) -> Vec<Prepared> {
        self.prepared
    }
}

impl CollectionState {
    /// Checks a write and numbers it. Nothing is changed; whatever can fail, fails here.
    pub fn prepare(&self, write: Write, now: u64) -> Result<Prepared> {
        self.prepare_behind(write, now, self.next, &Group::default())
    }
}
