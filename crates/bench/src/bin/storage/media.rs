//! Storages around others: one whose flushes take a while, and that counts what is written to it.

use sanderling::{
    engine::{Result, codec::AlignedBytes},
    storage::{Durability, InPlace, Storage, StorageFuture, StoredObject},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

/// What was written to a storage so far.
#[derive(Clone, Default)]
pub struct Written {
    pub bytes: Arc<AtomicU64>,
    pub flushes: Arc<AtomicU64>,
}

pub struct Watched<S> {
    pub inner: S,
    /// What each flush takes more.
    pub flush: Duration,
    pub written: Written,
}

impl<S> Watched<S> {
    fn note(&self, bytes: &[u8], durability: Durability) {
        self.written.bytes.fetch_add(bytes.len() as u64, SeqCst);
        if durability == Durability::Strict {
            self.written.flushes.fetch_add(1, SeqCst);
            if !self.flush.is_zero() {
                thread::sleep(self.flush);
            }
        }
    }
}

impl<S: Storage> Storage for Watched<S> {
    fn kind(&self) -> String {
        self.inner.kind()
    }
    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        self.inner.list()
    }
    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        self.inner.read(name, offset, length)
    }
    fn in_place(&self, name: &str, length: usize) -> Option<Result<InPlace>> {
        self.inner.in_place(name, length)
    }
    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.note(bytes, durability);
        self.inner.append(name, bytes, durability)
    }
    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.note(bytes, durability);
        self.inner.write(name, bytes, durability)
    }
    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.inner.remove(name)
    }
    fn close(&self) -> StorageFuture<'_, ()> {
        self.inner.close()
    }
}
