//! Where the bytes of a database live: a small interface that hosts and users implement.
//!
//! A storage holds named objects. The driver asks little of it: an object is read by range, appended to, written whole,
//! removed. Each call says whether it must be durable when it resolves. Whole writes need not be atomic and names need no
//! particular order: the driver keeps two manifest slots and trusts nothing without a checksum. What a storage must do is
//! checked by one suite (`contract.rs` of the crate `sanderling-testkit`) for each that is shipped.

mod cache;
#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod file;
#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod lock;
mod memory;
#[cfg(all(feature = "std", not(target_family = "wasm")))]
mod mmap;
pub mod pool;

pub use cache::{BlockCache, RandomRead};
#[cfg(all(feature = "std", not(target_family = "wasm")))]
pub use file::FileStorage;
pub use memory::MemoryStorage;

use alloc::{boxed::Box, string::String, vec::Vec};
use core::pin::Pin;
use sanderling_engine::{Result, codec::AlignedBytes, segment::SegmentBytes};

/// What a storage call gives back. Natively it is ready at the first look; elsewhere it may wait for the host.
pub type StorageFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + 'a>>;

pub use sanderling_engine::stored::MaybeShared;

/// What must hold when a write resolves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It survives a power cut, as far as the medium obeys its flush.
    Strict,
    /// It survives the end of the process.
    Relaxed,
}

impl Durability {
    /// The name in options and in `status()`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Relaxed => "relaxed",
        }
    }
}

/// An object of a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Its name: lower-case letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// How an object is read that will never change.
pub enum InPlace {
    /// As if it were in memory.
    Mapped(SegmentBytes),
    /// Bit by bit, as it is needed.
    Read(Box<dyn RandomRead>),
}

/// A place for the bytes of one database.
///
/// Whoever calls may give up a future before it is ready. What it was to do is then done, half done or not done at all; what is
/// called later for the same object takes effect behind it.
pub trait Storage: MaybeShared {
    /// What this is, for `status()`.
    fn kind(&self) -> String;

    /// Every object there is, in any order.
    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>>;

    /// A range of an object; shorter only where the object ends, and empty behind that. An object that is absent is error
    /// "corrupt", which names it as `file`.
    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes>;

    /// An object of so many bytes that will never change, to be read without waiting from now on; none where the storage
    /// cannot do that, and it is to be read whole.
    fn in_place(&self, name: &str, length: usize) -> Option<Result<InPlace>> {
        let _ = (name, length);
        None
    }

    /// Adds bytes at the end of an object, which is created if it is absent. With [`Durability::Strict`] everything that
    /// was appended or written to the object before is durable too, by whichever process, also when `bytes` is empty.
    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()>;

    /// Makes the object hold these bytes and no others; it is created if it is absent.
    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()>;

    /// Removes an object; one that is absent is no error.
    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()>;

    /// Makes what was removed so far stay removed after a power cut, where the medium can be told to. Only destroying a database asks
    /// for it: what comes back is otherwise removed at the next opening.
    fn flush_removals(&self) -> StorageFuture<'_, ()> {
        Box::pin(core::future::ready(Ok(())))
    }

    /// Gives up whatever is held, the lock above all; a second time is no error. Where somebody else may have the objects
    /// from then on, every later change is refused.
    fn close(&self) -> StorageFuture<'_, ()>;
}
