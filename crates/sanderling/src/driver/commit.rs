//! The manifest of an open database and its commits.

use crate::storage::{Durability, Storage, StorageFuture};
use alloc::boxed::Box;
use sanderling_engine::{
    ids::{FileId, SequenceNumber},
    manifest::{CollectionRecord, CommittedManifest, Manifest, wal_name},
    wal::WalHeader,
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
        self.committed.manifest.next_file = file.saturating_add(1);
        file
    }

    /// The manifest as it is, to be changed and committed.
    pub(super) fn next(&self) -> Manifest {
        self.committed.manifest.clone()
    }

    /// Writes a changed manifest; the change is in force only if that succeeds.
    pub(super) fn commit<'a>(&'a mut self, storage: &'a dyn Storage, manifest: Manifest) -> StorageFuture<'a, ()> {
        // Two generations on is the same slot: the other one holds the last manifest that is surely whole.
        let generation =
            self.uncertain.map_or(self.committed.generation.saturating_add(1), |failed| failed.saturating_add(2));
        let next = CommittedManifest { database: self.committed.database, generation, manifest };
        Box::pin(async move {
            let bytes = next.to_bytes();
            self.uncertain = Some(generation);
            storage.write(next.slot(), &bytes, Durability::Strict).await?;
            self.uncertain = None;
            self.committed = next;
            Ok(())
        })
    }

    /// The identity that the next new file gets.
    pub(super) fn next_file(&self) -> u64 {
        self.committed.manifest.next_file
    }

    /// Begins a log: the file is there before a manifest names it.
    pub(super) fn begin_log<'a>(
        &'a mut self,
        storage: &'a dyn Storage,
        first: SequenceNumber,
    ) -> StorageFuture<'a, (WalHeader, u64)> {
        Box::pin(async move {
            let file = self.allocate_file();
            let header = WalHeader::new(self.committed.database, FileId(file), first);
            let name = wal_name(file);
            if let Err(error) = storage.write(&name, &header.to_bytes(), Durability::Strict).await {
                let _ = storage.remove(&name).await; // no manifest names it; on a full medium every byte counts
                return Err(error);
            }
            Ok((header, file))
        })
    }
}
