//! A database as it is at one moment, to be read while writes go on.
//!
//! A snapshot is the manifest in force and the acknowledged length of each log. The files it names are *pinned*: whoever drops
//! them from the manifest leaves them there until no snapshot needs them. A process that ends before has left files that no
//! manifest names, which the next opening removes.

use super::database::{Database, DatabaseShared};
use crate::{guarded::Guarded, storage::StorageFuture};
use alloc::{boxed::Box, string::String, sync::Arc, vec::Vec};
use sanderling_engine::{
    Error, Result,
    codec::AlignedBytes,
    export::{ExportedFile, Head},
};

/// The files that snapshots read.
#[derive(Default)]
pub(super) struct Pins(Guarded<Pinned>);

#[derive(Default)]
struct Pinned {
    /// A name for each snapshot that reads the file.
    names: Vec<String>,
    /// Files that are to be removed when nobody reads them any more.
    unwanted: Vec<String>,
}

impl Pins {
    fn add(&self, names: &[String]) {
        self.0.change().names.extend_from_slice(names);
    }

    fn remove(&self, names: &[String]) {
        let mut pinned = self.0.change();
        for name in names {
            if let Some(at) = pinned.names.iter().position(|other| other == name) {
                pinned.names.swap_remove(at);
            }
        }
    }

    /// Says which of these files, and of those that were to be removed before, may be removed now.
    pub(super) fn give_up(&self, names: &[String]) -> Vec<String> {
        let mut pinned = self.0.change();
        let mut unwanted = core::mem::take(&mut pinned.unwanted);
        unwanted.extend_from_slice(names);
        let mut free = Vec::new();
        for name in unwanted {
            let to = if pinned.names.contains(&name) { &mut pinned.unwanted } else { &mut free };
            to.push(name);
        }
        free
    }
}

/// What a database consisted of at one moment.
pub(super) struct Snapshot {
    shared: Arc<DatabaseShared>,
    pub head: Head,
    pub generation: u64,
    names: Vec<String>,
}

impl Snapshot {
    /// The database as it is now: each write that was acknowledged before is in it.
    pub(super) async fn take(database: &Database) -> Result<Self> {
        let shared = database.shared.clone();
        let manifest = shared.manifest.lock().await;
        shared.check_open()?;
        let generation = manifest.generation();
        let mut head = Head { manifest: manifest.next(), logs: Vec::new() };
        for log in head.manifest.collections.iter().flat_map(|record| &record.wals) {
            // One whose end is unknown is looked at as a whole, and not copied.
            head.logs.push(shared.log_end(*log).unwrap_or(u64::MAX));
        }
        let mut names = Vec::new();
        head.files().iter().for_each(|file| names.push(file.name(file.record.file)));
        // Nobody removes a file that this manifest names before the lock is free.
        shared.pins.add(&names);
        drop(manifest);
        Ok(Self { shared, head, generation, names })
    }

    /// A range of a file. Fewer bytes than were asked for are an error of the medium, never the end of the file.
    pub(super) fn read(&self, file: &ExportedFile, offset: u64, length: usize) -> StorageFuture<'_, AlignedBytes> {
        let name = file.name(file.record.file);
        Box::pin(async move {
            self.shared.check_open()?;
            let bytes = self.shared.storage.read(&name, offset, length).await?;
            if bytes.as_ref().len() == length {
                return Ok(bytes);
            }
            Err(Error::damaged_file(&name, &"it has fewer bytes than the manifest says"))
        })
    }

    /// Gives the files up at once. A snapshot that is dropped leaves those that nobody wants to whoever removes files next.
    pub(super) async fn end(self) {
        let shared = self.shared.clone();
        drop(self);
        if shared.check_open().is_ok() {
            shared.remove_files(&[]).await;
        }
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.shared.pins.remove(&self.names);
    }
}
