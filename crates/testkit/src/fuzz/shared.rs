//! A storage in memory that outlives the database in it.

use sanderling::storage::{Durability, MemoryStorage, Storage, StorageFuture, StoredObject};
use sanderling_engine::codec::AlignedBytes;
use std::sync::Arc;

/// Handles to the same objects.
#[derive(Clone, Debug, Default)]
pub struct Shared(Arc<MemoryStorage>);

impl Storage for Shared {
    fn kind(&self) -> String {
        self.0.kind()
    }

    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        self.0.list()
    }

    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        self.0.read(name, offset, length)
    }

    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.0.append(name, bytes, durability)
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.0.write(name, bytes, durability)
    }

    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.0.remove(name)
    }

    fn close(&self) -> StorageFuture<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}
