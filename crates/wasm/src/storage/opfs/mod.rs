//! The origin private file system, where a flush makes the bytes of a file durable and not its name.
//!
//! So objects lie in a pool of files that were made long enough ago. Until there is such a file, and that is in a database's first
//! minute, a new object goes to IndexedDB, whose strict transactions are durable at once. It moves to the pool when it is
//! changed or opened after that. **While IndexedDB has an object, the pool has none of that name**: what may lie there is an unfinished copy,
//! and the copy counts once the other one is gone for good.
//!
//! IndexedDB has two more tasks. Its certificate says how many files the pool has had: when they are gone it is no new database.
//! And when somebody removes the data of the site, open files go on as if nothing had happened, but the connection tells: each
//! write looks at it before it is acknowledged.

mod handles;

use super::js::{JsStorage, StorageBackend};
use crate::thrown::done;
use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::cell::{Cell, RefCell};
use handles::Handles;
use js_sys::Date;
use sanderling::{
    Error, ErrorCode, Result,
    engine::codec::AlignedBytes,
    storage::{
        Durability::{self, Strict},
        InPlace, Storage, StorageFuture, StoredObject,
        pool::{PoolOptions, PoolStorage},
    },
};

/// Milliseconds until the name of a file is taken for durable: twice what systems wait until they write it.
const SETTLE: u64 = 60_000;
/// Files made ahead of need: what a database takes in a turn.
const FREE: usize = 6;
const CERTIFICATE: &str = "certificate";

/// A database in the origin private file system.
pub struct OpfsStorage {
    pool: PoolStorage<Handles>,
    young: JsStorage,
    backend: StorageBackend,
    /// The objects that IndexedDB has, or may have.
    in_young: RefCell<Vec<String>>,
    /// How many files the certificate names.
    certified: Cell<u64>,
}

fn now() -> u64 {
    Date::now() as u64
}

impl OpfsStorage {
    /// Opens the folder of a database, which is made if it is absent, and takes its lock. `backend` is the database's own in IndexedDB.
    pub async fn open(folder: &str, backend: StorageBackend) -> Result<Self> {
        let files = Handles::open(folder).await?;
        let held = files.clone();
        let opened = async {
            let pool = PoolStorage::open(files, PoolOptions { free: FREE, settle: SETTLE, now }).await?;
            let young = JsStorage::new(backend.clone());
            let (in_young, certified) = (RefCell::default(), Cell::new(0));
            let storage = Self { pool, young, backend, in_young, certified };
            storage.look().await.map(|()| storage)
        };
        let opened = opened.await;
        if opened.is_err() {
            held.close_all();
        }
        opened
    }

    /// Compares the pool with its certificate, and moves what has waited for a file.
    async fn look(&self) -> Result<()> {
        let listed = self.young.list().await?;
        if listed.iter().any(|object| object.name == CERTIFICATE) {
            let bytes = self.young.read(CERTIFICATE, 0, 8).await?;
            let files = <[u8; 8]>::try_from(bytes.as_ref()).map(u64::from_le_bytes);
            let files = files.map_err(|_| Error::damaged_file(CERTIFICATE, &"it has not 8 bytes"))?;
            if let Some(name) = self.pool.missing(files) {
                let message =
                    format!("{files} files were in OPFS, and {name} is missing: what was stored there is lost");
                return Err(Error::new(ErrorCode::Corrupt, message).with("file", name));
            }
            self.certified.set(files);
        }
        let names = listed.into_iter().map(|object| object.name).filter(|name| name != CERTIFICATE);
        self.in_young.replace(names.collect());
        let names = self.in_young.borrow().clone();
        for name in names {
            self.is_young(&name).await?;
        }
        Ok(())
    }

    fn may_be_young(&self, name: &str) -> bool {
        self.in_young.borrow().iter().any(|young| young == name)
    }

    fn forget(&self, name: &str) {
        self.in_young.borrow_mut().retain(|young| young != name);
    }

    /// Whether an object is, or if it is new has to be, in IndexedDB. One that need not be there any more moves.
    async fn is_young(&self, name: &str) -> Result<bool> {
        let is_young = self.may_be_young(name);
        let has_room = self.pool.has_room();
        if is_young && has_room {
            // Its creation may have failed.
            let size =
                self.young.list().await?.into_iter().find(|object| object.name == name).map(|object| object.bytes);
            if let Some(size) = size {
                let bytes = self.young.read(name, 0, size as usize).await?;
                self.certify().await?;
                self.pool.write(name, bytes.as_ref(), Strict).await?;
                self.young.remove(name).await?;
            }
            self.forget(name);
            return Ok(false);
        }
        if is_young || self.pool.holds(name) {
            return Ok(is_young);
        }
        if has_room {
            self.certify().await?;
        } else {
            self.in_young.borrow_mut().push(name.into());
        }
        Ok(!has_room)
    }

    /// Writes down how many files there are, before any of them gets an object.
    async fn certify(&self) -> Result<()> {
        let files = self.pool.settled_files();
        if files > self.certified.get() {
            self.young.write(CERTIFICATE, &files.to_le_bytes(), Strict).await?;
            self.certified.set(files);
        }
        Ok(())
    }

    /// Nothing is acknowledged that went to files which nobody will find again.
    async fn probe(&self) -> Result<()> {
        done(self.backend.probe(), "write to", "OPFS").await
    }

    async fn put(&self, name: &str, bytes: &[u8], durability: Durability, whole: bool) -> Result<()> {
        let is_young = self.is_young(name).await?;
        let storage: &dyn Storage = if is_young { &self.young } else { &self.pool };
        let call = if whole { Storage::write } else { Storage::append };
        match call(storage, name, bytes, durability).await {
            // Another object has got the last file meanwhile.
            Err(error) if error.code() == ErrorCode::Busy && !self.pool.holds(name) => {
                self.in_young.borrow_mut().push(name.into());
                call(&self.young, name, bytes, durability).await
            }
            Ok(()) if !is_young => self.probe().await,
            done => done,
        }
    }

    async fn remove_everywhere(&self, name: &str) -> Result<()> {
        self.pool.remove(name).await?;
        if self.may_be_young(name) {
            self.young.remove(name).await?;
            self.forget(name);
        }
        self.probe().await
    }

    async fn list_all(&self) -> Result<Vec<StoredObject>> {
        let mut objects = self.young.list().await?;
        objects.retain(|object| object.name != CERTIFICATE);
        let pooled = self.pool.list().await?;
        let copies = objects.len();
        for object in pooled {
            if !objects[..copies].iter().any(|young| young.name == object.name) {
                objects.push(object);
            }
        }
        Ok(objects)
    }
}

impl Storage for OpfsStorage {
    fn kind(&self) -> String {
        "opfs".into()
    }

    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        Box::pin(self.list_all())
    }

    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        let storage: &dyn Storage = if self.may_be_young(name) { &self.young } else { &self.pool };
        storage.read(name, offset, length)
    }

    fn in_place(&self, name: &str, length: usize) -> Option<Result<InPlace>> {
        if self.may_be_young(name) { None } else { self.pool.in_place(name, length) }
    }

    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        Box::pin(self.put(name, bytes, durability, false))
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        Box::pin(self.put(name, bytes, durability, true))
    }

    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        Box::pin(self.remove_everywhere(name))
    }

    fn flush_removals(&self) -> StorageFuture<'_, ()> {
        self.pool.flush_removals()
    }

    fn close(&self) -> StorageFuture<'_, ()> {
        Box::pin(async move {
            // Chromium never comes back from closing a file that was removed: such files end with the worker.
            let closed = if self.probe().await.is_ok() { self.pool.close().await } else { Ok(()) };
            self.young.close().await.and(closed)
        })
    }
}
