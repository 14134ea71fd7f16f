//! A storage that ends with its process.

use super::{Durability, Storage, StorageFuture, StoredObject};
use crate::guarded::{Changing, Guarded};
use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::future::ready;
use sanderling_engine::{Error, ErrorCode, codec::AlignedBytes};

/// Objects in memory.
#[derive(Debug, Default)]
pub struct MemoryStorage {
    objects: Guarded<Vec<(String, Vec<u8>)>>,
}

impl MemoryStorage {
    fn objects(&self) -> Changing<'_, Vec<(String, Vec<u8>)>> {
        self.objects.change()
    }
}

impl Storage for MemoryStorage {
    fn kind(&self) -> String {
        "memory".into()
    }

    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        let objects = self.objects.read();
        let mut listed = Vec::new();
        for (name, bytes) in objects.iter() {
            listed.push(StoredObject { name: name.clone(), bytes: bytes.len() as u64 });
        }
        Box::pin(ready(Ok(listed)))
    }

    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        let objects = self.objects.read();
        let read = match objects.iter().find(|(other, _)| other == name) {
            Some((_, bytes)) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                Ok(AlignedBytes::copy_of(&bytes[from..from.saturating_add(length).min(bytes.len())]))
            }
            None => Err(Error::new(ErrorCode::Corrupt, format!("{name} is missing")).with("file", name)),
        };
        Box::pin(ready(read))
    }

    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], _: Durability) -> StorageFuture<'a, ()> {
        object(&mut self.objects(), name).extend_from_slice(bytes);
        Box::pin(ready(Ok(())))
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], _: Durability) -> StorageFuture<'a, ()> {
        *object(&mut self.objects(), name) = bytes.into();
        Box::pin(ready(Ok(())))
    }

    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.objects().retain(|(other, _)| other != name);
        Box::pin(ready(Ok(())))
    }

    fn close(&self) -> StorageFuture<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}

/// The object of that name, which is made if it is absent. A database has few of them.
fn object<'a>(objects: &'a mut Vec<(String, Vec<u8>)>, name: &str) -> &'a mut Vec<u8> {
    let at = objects.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
        objects.push((name.into(), Vec::new()));
        objects.len() - 1
    });
    &mut objects[at].1
}
