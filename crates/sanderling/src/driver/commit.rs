//! The manifest of an open database and its commits.

use crate::storage::{Durability, Storage};
use sanderling_engine::{
    Result,
    manifest::{CollectionRecord, CommittedManifest, Manifest},
};

/// The committed manifest, and what is known about the slot written last.
#[derive(Debug)]
pub(super) struct ManifestState {
    committed: CommittedManifest,
    /// The generation of a commit whose outcome is unknown.
    uncertain: Option<u64>,
}

impl ManifestState {
    pub(super) fn new(committed: CommittedManifest) -> Self {
        Self { committed, uncertain: None }
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.committed.manifest
    }

    pub(super) fn collection(&self, id: u32) -> Option<&CollectionRecord> {
        self.committed.manifest.collections.iter().find(|collection| collection.id == id)
    }

    /// Whether a commit failed, so that the state on the medium is unknown until another succeeds.
    pub(super) fn is_uncertain(&self) -> bool {
        self.uncertain.is_some()
    }

    /// The identity of a new file. It is kept by the commit that names the file; without one, it is given again.
    pub(super) fn allocate_file(&mut self) -> u64 {
        let file = self.committed.manifest.next_file;
        self.committed.manifest.next_file += 1;
        file
    }

    /// Writes a changed manifest; the change is in force only if that succeeds.
    pub(super) async fn commit(&mut self, storage: &dyn Storage, change: impl FnOnce(&mut Manifest)) -> Result<()> {
        let mut next = self.committed.clone();
        change(&mut next.manifest);
        // Two generations on is the same slot: the other one holds the last manifest that is surely whole.
        next.generation = self.uncertain.map_or(self.committed.generation + 1, |failed| failed + 2);
        let bytes = next.to_bytes();
        self.uncertain = Some(next.generation);
        storage.write(next.slot(), &bytes, Durability::Strict).await?;
        self.uncertain = None;
        self.committed = next;
        Ok(())
    }
}
