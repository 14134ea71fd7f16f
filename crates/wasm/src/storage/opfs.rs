//! The origin private file system, through synchronous access handles: they exist in dedicated workers alone.
//!
//! A database is the folder `sanderling/<name>`. Each file's handle is opened once and kept, since opening is slow and
//! the handle is also the lock: while the handle of `LOCK` is held, nobody else opens the database.

use super::option;
use crate::thrown::{done, from_js, settled};
use alloc::{boxed::Box, format, string::String, vec, vec::Vec};
use core::{cell::RefCell, future::ready};
use js_sys::{AsyncIterator, IteratorNext, Reflect};
use sanderling::{
    Error, ErrorCode, Result,
    engine::codec::AlignedBytes,
    storage::{Durability, InPlace, RandomRead, Storage, StorageFuture, StoredObject},
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemSyncAccessHandle, WorkerGlobalScope,
};

const ROOT: &str = "sanderling";
const LOCK: &str = "LOCK";

/// A folder of the origin private file system.
pub struct OpfsStorage {
    folder: FileSystemDirectoryHandle,
    handles: RefCell<Vec<(String, FileSystemSyncAccessHandle)>>,
}

impl OpfsStorage {
    /// Opens the folder of a database, which is made if it is absent, and takes its lock.
    pub async fn open(name: &str) -> Result<Self> {
        let scope = js_sys::global()
            .dyn_into::<WorkerGlobalScope>()
            .map_err(|_| Error::new(ErrorCode::Unavailable, "OPFS needs a dedicated worker"))?;
        let root = settled(Ok(scope.navigator().storage().get_directory().into()), "open", "OPFS").await?;
        let folder = folder(&folder(root.unchecked_ref(), ROOT).await?, name).await?;
        let lock = open_handle(&folder, LOCK).await.map_err(|error| {
            let message = "another tab or worker has the database open";
            Error::new(ErrorCode::Unavailable, message).with("database", name).with("cause", error.message())
        })?;
        let handles = RefCell::new(vec![(LOCK.into(), lock)]);
        let storage = Self { folder, handles };
        if let Err(error) = storage.open_all().await {
            storage.close_all();
            return Err(error);
        }
        Ok(storage)
    }

    async fn open_all(&self) -> Result<()> {
        let entries = self.folder.keys();
        loop {
            let next = settled(next(&entries), "list", "OPFS").await?;
            let next: IteratorNext = next.unchecked_into();
            if next.done() {
                return Ok(());
            }
            if let Some(name) = next.value().as_string().filter(|name| name != LOCK) {
                let handle = open_handle(&self.folder, &name).await?;
                self.handles.borrow_mut().push((name, handle));
            }
        }
    }

    /// The handle of a file that is there.
    fn opened(&self, name: &str) -> Option<FileSystemSyncAccessHandle> {
        self.handles.borrow().iter().find(|(other, _)| other == name).map(|(_, handle)| handle.clone())
    }

    fn list_now(&self) -> Result<Vec<StoredObject>> {
        let mut objects = Vec::new();
        for (name, handle) in self.handles.borrow().iter().filter(|(name, _)| name != LOCK) {
            objects.push(StoredObject { name: name.clone(), bytes: size(handle, name)? });
        }
        Ok(objects)
    }

    fn read_now(&self, name: &str, offset: u64, length: usize) -> Result<AlignedBytes> {
        let handle = self.opened(name).ok_or_else(|| Error::damaged_file(name, &"the file is missing"))?;
        let left = usize::try_from(size(&handle, name)?.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = AlignedBytes::zeroed(length.min(left));
        read_all(&handle, name, offset, bytes.as_mut())?;
        Ok(bytes)
    }

    /// Writes at the end of a file, or all of it. Only a file that is made has to wait for its handle.
    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability, whole: bool) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            let handle = match self.opened(name) {
                Some(handle) => handle,
                None => {
                    let handle = open_handle(&self.folder, name).await?;
                    self.handles.borrow_mut().push((name.into(), handle.clone()));
                    handle
                }
            };
            let start = if whole { 0 } else { size(&handle, name)? };
            write_all(&handle, name, bytes, start as f64)?;
            if whole {
                let truncated = handle.truncate_with_f64(bytes.len() as f64);
                truncated.map_err(|thrown| from_js(&thrown, "write", name))?;
            }
            flush(&handle, name, durability)
        })
    }

    fn take(&self, name: &str) -> Option<FileSystemSyncAccessHandle> {
        let mut handles = self.handles.borrow_mut();
        let at = handles.iter().position(|(other, _)| other == name)?;
        Some(handles.swap_remove(at).1)
    }

    fn close_all(&self) {
        for (_, handle) in core::mem::take(&mut *self.handles.borrow_mut()) {
            handle.close();
        }
    }
}

impl Storage for OpfsStorage {
    fn kind(&self) -> String {
        "opfs".into()
    }

    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        Box::pin(ready(self.list_now()))
    }

    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        Box::pin(ready(self.read_now(name, offset, length)))
    }

    fn in_place(&self, name: &str, _length: usize) -> Option<Result<InPlace>> {
        let handle = self.opened(name)?;
        Some(Ok(InPlace::Read(Box::new(OpenFile { name: name.into(), handle }))))
    }

    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.put(name, bytes, durability, false)
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.put(name, bytes, durability, true)
    }

    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        let removed = match self.take(name) {
            Some(handle) => {
                handle.close();
                self.folder.remove_entry(name).into()
            }
            None => JsValue::UNDEFINED,
        };
        done(Ok(removed), "remove", name)
    }

    fn close(&self) -> StorageFuture<'_, ()> {
        self.close_all();
        Box::pin(ready(Ok(())))
    }
}

async fn folder(parent: &FileSystemDirectoryHandle, name: &str) -> Result<FileSystemDirectoryHandle> {
    let create: FileSystemGetDirectoryOptions = option("create", &JsValue::TRUE).unchecked_into();
    let opened = parent.get_directory_handle_with_options(name, &create);
    settled(Ok(opened.into()), "open", name).await.map(JsCast::unchecked_into)
}

async fn open_handle(folder: &FileSystemDirectoryHandle, name: &str) -> Result<FileSystemSyncAccessHandle> {
    let create: FileSystemGetFileOptions = option("create", &JsValue::TRUE).unchecked_into();
    let file = settled(Ok(folder.get_file_handle_with_options(name, &create).into()), "open", name).await?;
    let file: FileSystemFileHandle = file.unchecked_into();
    settled(Ok(file.create_sync_access_handle().into()), "open", name).await.map(JsCast::unchecked_into)
}

fn next(entries: &AsyncIterator) -> Result<JsValue, JsValue> {
    let next: js_sys::Function = Reflect::get(entries, &"next".into())?.unchecked_into();
    next.call0(entries)
}

fn at(offset: f64) -> FileSystemReadWriteOptions {
    option("at", &offset.into()).unchecked_into()
}

fn size(handle: &FileSystemSyncAccessHandle, name: &str) -> Result<u64> {
    let size = handle.get_size().map_err(|thrown| from_js(&thrown, "measure", name))?;
    Ok(size as u64)
}

/// A file that never changes. Once it is removed or the database closed, its handle refuses to read.
struct OpenFile {
    name: String,
    handle: FileSystemSyncAccessHandle,
}

impl RandomRead for OpenFile {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        read_all(&self.handle, &self.name, offset, into)
    }
}

/// A failed read looks like the end of the file; whoever asks knows that it is not.
fn read_all(handle: &FileSystemSyncAccessHandle, name: &str, offset: u64, into: &mut [u8]) -> Result<()> {
    let read = handle.read_with_u8_array_and_options(into, &at(offset as f64));
    let read = read.map_err(|thrown| from_js(&thrown, "read", name))?;
    if read as usize == into.len() { Ok(()) } else { Err(short("read", name)) }
}

/// A write may take fewer bytes than it was given.
fn write_all(handle: &FileSystemSyncAccessHandle, name: &str, bytes: &[u8], offset: f64) -> Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        let part = handle.write_with_u8_array_and_options(&bytes[written..], &at(offset + written as f64));
        let part = part.map_err(|thrown| from_js(&thrown, "write", name))? as usize;
        if part == 0 {
            return Err(short("write", name));
        }
        written += part;
    }
    Ok(())
}

fn flush(handle: &FileSystemSyncAccessHandle, name: &str, durability: Durability) -> Result<()> {
    match durability {
        Durability::Strict => handle.flush().map_err(|thrown| from_js(&thrown, "flush", name)),
        Durability::Relaxed => Ok(()),
    }
}

fn short(action: &str, name: &str) -> Error {
    Error::new(ErrorCode::Unavailable, format!("{name}: the medium did not {action} all bytes")).with("file", name)
}
