//! Mistakes between the driver and the medium: what a driver or a storage that flushes too little, writes in the wrong
//! order or swallows errors would do. Mistakes within the driver and the engine are in `sanderling_engine::defects`.

use super::storage::SimStorage;
use pollster::block_on;
use sanderling::{
    Result,
    engine::codec::AlignedBytes,
    storage::{Durability, Storage, StorageFuture, StoredObject},
};
use std::{
    cell::Cell,
    future::ready,
    mem::take,
    sync::{Mutex, PoisonError},
};

/// A mistake of this layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Frames are appended without a flush.
    LogNotFlushed,
    /// A call that only flushes does nothing.
    FlushIgnored,
    /// Files of a kind are written without a flush.
    NotFlushed(&'static str),
    /// A failure to write a file of a kind is not told.
    ErrorSwallowed(&'static str),
    /// Writes of files of a kind are acknowledged before they are done.
    AcknowledgedEarly(&'static str),
    /// Files of a kind are written after the manifest that names them.
    WrittenAfterManifest(&'static str),
    /// A read that gave too little is filled up with zeros.
    ShortReadPadded,
    /// What cannot be read is taken for empty.
    ReadErrorIsEmpty,
    /// What cannot be listed is taken for empty.
    ListErrorIsEmpty,
    /// An append that failed is done again.
    AppendRetried,
    /// A flush that failed is done again.
    FlushRetried,
    /// A frame is appended twice.
    AppendTwice,
    /// Nothing is removed.
    NeverRemoved,
    /// A pool uses files whose names are not durable yet.
    UnsettledFileUsed,
}

/// Every mistake.
pub const MISTAKES: [Mistake; 23] = [
    Mistake::LogNotFlushed,
    Mistake::FlushIgnored,
    Mistake::NotFlushed("segment-"),
    Mistake::NotFlushed("tombstones-"),
    Mistake::NotFlushed("wal-"),
    Mistake::NotFlushed("manifest-"),
    Mistake::ErrorSwallowed("segment-"),
    Mistake::ErrorSwallowed("tombstones-"),
    Mistake::ErrorSwallowed("wal-"),
    Mistake::ErrorSwallowed("manifest-"),
    Mistake::AcknowledgedEarly("wal-"),
    Mistake::AcknowledgedEarly("manifest-"),
    Mistake::WrittenAfterManifest("segment-"),
    Mistake::WrittenAfterManifest("tombstones-"),
    Mistake::WrittenAfterManifest("wal-"),
    Mistake::ShortReadPadded,
    Mistake::ReadErrorIsEmpty,
    Mistake::ListErrorIsEmpty,
    Mistake::AppendRetried,
    Mistake::FlushRetried,
    Mistake::AppendTwice,
    Mistake::NeverRemoved,
    Mistake::UnsettledFileUsed,
];

thread_local! {
    static PLANTED: Cell<Option<Mistake>> = const { Cell::new(None) };
}

/// Makes the storages that [`wrap`] gives on this thread make a mistake.
pub fn plant(mistake: Option<Mistake>) {
    PLANTED.set(mistake);
}

/// Whether a mistake is planted on this thread.
#[must_use]
pub fn is_planted(mistake: Mistake) -> bool {
    PLANTED.get() == Some(mistake)
}

/// A storage that makes the planted mistake.
#[must_use]
pub fn wrap(storage: SimStorage) -> Box<dyn Storage> {
    match PLANTED.get() {
        Some(mistake) => Box::new(Mistaken { storage, mistake, later: Mutex::default() }),
        None => Box::new(storage),
    }
}

#[derive(Clone)]
enum Call {
    Append(String, Vec<u8>, Durability),
    Write(String, Vec<u8>, Durability),
}

struct Mistaken {
    storage: SimStorage,
    mistake: Mistake,
    /// Calls that were answered and not carried out.
    later: Mutex<Vec<Call>>,
}

impl Mistaken {
    fn carry_out(&self, call: &Call) -> Result<()> {
        match call {
            Call::Append(name, bytes, durability) => block_on(self.storage.append(name, bytes, *durability)),
            Call::Write(name, bytes, durability) => block_on(self.storage.write(name, bytes, *durability)),
        }
    }

    fn catch_up(&self) {
        let later = take(&mut *self.later.lock().unwrap_or_else(PoisonError::into_inner));
        for call in later {
            let _ = self.carry_out(&call);
        }
    }

    fn put_off(&self, call: Call) -> Result<()> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        Ok(())
    }

    fn appended(&self, name: &str, bytes: &[u8], durability: Durability) -> Result<()> {
        if self.mistake == Mistake::AcknowledgedEarly("wal-") {
            self.catch_up();
            return self.put_off(Call::Append(name.into(), bytes.into(), durability));
        }
        let again = || block_on(self.storage.append(name, bytes, durability));
        let flushes = bytes.is_empty();
        match self.mistake {
            Mistake::LogNotFlushed if !flushes => block_on(self.storage.append(name, bytes, Durability::Relaxed)),
            Mistake::FlushIgnored if flushes => Ok(()),
            Mistake::ErrorSwallowed("wal-") if !flushes => again().or(Ok(())),
            Mistake::AppendRetried if !flushes => again().or_else(|_| again()),
            Mistake::FlushRetried if flushes => again().or_else(|_| again()),
            Mistake::AppendTwice if !flushes => again().and_then(|()| again()),
            _ => again(),
        }
    }

    fn written(&self, name: &str, bytes: &[u8], durability: Durability) -> Result<()> {
        let call = Call::Write(name.into(), bytes.into(), durability);
        match self.mistake {
            Mistake::AcknowledgedEarly(kind) if kind != "wal-" => {
                self.catch_up();
                if name.starts_with(kind) { self.put_off(call) } else { self.carry_out(&call) }
            }
            Mistake::WrittenAfterManifest(kind) if name.starts_with(kind) => self.put_off(call),
            Mistake::WrittenAfterManifest(_) => {
                let written = self.carry_out(&call);
                self.catch_up();
                written
            }
            Mistake::NotFlushed(kind) if name.starts_with(kind) => {
                self.carry_out(&Call::Write(name.into(), bytes.into(), Durability::Relaxed))
            }
            Mistake::ErrorSwallowed(kind) if name.starts_with(kind) => self.carry_out(&call).or(Ok(())),
            _ => self.carry_out(&call),
        }
    }

    fn read_range(&self, name: &str, offset: u64, length: usize) -> Result<AlignedBytes> {
        self.catch_up();
        let read = block_on(self.storage.read(name, offset, length));
        match (self.mistake, read) {
            (Mistake::ShortReadPadded, Ok(bytes)) => {
                let mut padded = bytes.as_ref().to_vec();
                padded.resize(length, 0);
                Ok(AlignedBytes::copy_of(&padded))
            }
            (Mistake::ReadErrorIsEmpty, Err(_)) => Ok(AlignedBytes::zeroed(length)),
            (_, read) => read,
        }
    }
}

impl Storage for Mistaken {
    fn kind(&self) -> String {
        "mistaken".into()
    }

    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        self.catch_up();
        let listed = block_on(self.storage.list());
        let empty = self.mistake == Mistake::ListErrorIsEmpty;
        Box::pin(ready(if empty { listed.or(Ok(Vec::new())) } else { listed }))
    }

    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        Box::pin(ready(self.read_range(name, offset, length)))
    }

    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        Box::pin(ready(self.appended(name, bytes, durability)))
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        Box::pin(ready(self.written(name, bytes, durability)))
    }

    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.catch_up();
        if self.mistake == Mistake::NeverRemoved { Box::pin(ready(Ok(()))) } else { self.storage.remove(name) }
    }

    fn close(&self) -> StorageFuture<'_, ()> {
        self.catch_up();
        self.storage.close()
    }
}
