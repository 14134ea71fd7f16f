//! The manifest of an open database and its commits.

use crate::storage::{Durability, Storage, StorageFuture};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use sanderling_engine::{
    codec::AlignedBytes,
    defects::{Defect, is},
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

    /// One whose slot is the next to be written: another file than that slot's holds it.
    pub(super) fn misplaced(committed: CommittedManifest) -> Self {
        Self { uncertain: Some(committed.generation), committed }
    }

    pub(super) fn collection(&self, id: u32) -> Option<&CollectionRecord> {
        self.committed.manifest.collections.iter().find(|collection| collection.id == id)
    }

    pub(super) fn named(&self, name: &str) -> Option<&CollectionRecord> {
        self.committed.manifest.collections.iter().find(|collection| collection.name == name)
    }

    /// The generation in force.
    pub(super) fn generation(&self) -> u64 {
        self.committed.generation
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

    /// Writes new files, then the changed manifest that names them; the change is in force only if all of that succeeds.
    pub(super) fn commit<'a>(
        &'a mut self,
        storage: &'a dyn Storage,
        files: Vec<NewFile>,
        mut manifest: Manifest,
    ) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            for (at, NewFile { name, bytes }) in files.iter().enumerate() {
                if let Err(error) = storage.write(name, bytes.as_ref(), Durability::Strict).await {
                    // No manifest names any of them yet: on a full medium every byte counts.
                    for file in &files[..=at] {
                        let _ = storage.remove(&file.name).await;
                    }
                    return Err(error);
                }
            }
            manifest.next_file = self.committed.manifest.next_file;
            // Two generations on is the same slot: the other one holds the last manifest that is surely whole.
            let generation =
                self.uncertain.map_or(self.committed.generation.saturating_add(1), |failed| failed.saturating_add(2));
            let next = CommittedManifest { database: self.committed.database, generation, manifest };
            let bytes = next.to_bytes();
            if is(Defect::CommittedInMemory) {
                self.committed = next.clone();
            }
            self.uncertain = Some(generation).filter(|_| !is(Defect::DoubtForgotten)); // from here on the slot may name the new files
            storage.write(next.slot(), &bytes, Durability::Strict).await?;
            self.uncertain = None;
            self.committed = next;
            Ok(())
        })
    }

    /// Begins a log, whose file must be there before a manifest names it.
    pub(super) fn begin_log(&mut self, first: SequenceNumber, files: &mut Vec<NewFile>) -> (WalHeader, u64) {
        let file = self.allocate_file();
        let header = WalHeader::new(self.committed.database, FileId(file), first);
        files.push(NewFile::new(wal_name(file), &header.to_bytes()));
        (header, file)
    }
}

/// A file that the next manifest names.
pub(super) struct NewFile {
    name: String,
    pub bytes: FileBytes,
}

/// The bytes of a new file, which stay in memory if it is a segment.
#[derive(Clone)]
pub(super) struct FileBytes(Arc<AlignedBytes>);

impl NewFile {
    pub(super) fn new(name: String, bytes: &[u8]) -> Self {
        Self { name, bytes: FileBytes(Arc::new(AlignedBytes::copy_of(bytes))) }
    }
}

impl AsRef<[u8]> for FileBytes {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}
