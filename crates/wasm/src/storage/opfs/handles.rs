//! Files of the origin private file system through synchronous access handles, which exist in dedicated workers alone.
//!
//! A database is the folder `sanderling/<name>`. Each file's handle is opened once and kept, since opening is slow and
//! the handle is also the lock: while the handle of `LOCK` is held, nobody else opens the database.

use crate::{
    storage::option,
    thrown::{from_js, settled},
};
use alloc::{boxed::Box, format, rc::Rc, string::String, vec::Vec};
use core::{
    cell::{Cell, RefCell},
    future::ready,
};
use js_sys::{Array, AsyncIterator, IteratorNext, Promise, Reflect};
use sanderling::{
    Error, ErrorCode, Result,
    engine::codec::AlignedBytes,
    storage::{InPlace, RandomRead, StorageFuture, StoredObject, pool::RawFiles},
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemSyncAccessHandle, WorkerGlobalScope,
};

const ROOT: &str = "sanderling";
const LOCK: &str = "LOCK";

/// The files of a folder.
#[derive(Clone)]
pub struct Handles {
    folder: FileSystemDirectoryHandle,
    files: Rc<RefCell<Vec<File>>>,
}

#[derive(Clone)]
struct File {
    name: String,
    handle: FileSystemSyncAccessHandle,
    /// How often the file was made shorter or longer: whoever reads an object in it sees that it is another's.
    lengths: Rc<Cell<u32>>,
}

impl Handles {
    /// Opens a folder and all its files.
    pub async fn open(name: &str) -> Result<Self> {
        let scope = js_sys::global()
            .dyn_into::<WorkerGlobalScope>()
            .map_err(|_| Error::new(ErrorCode::Unavailable, "OPFS needs a dedicated worker"))?;
        let root = settled(Ok(scope.navigator().storage().get_directory().into()), "open", "OPFS").await?;
        let folder = folder(&folder(root.unchecked_ref(), ROOT).await?, name).await?;
        let lock = create_handle(&folder, LOCK).await.map_err(|error| {
            let message = "another tab or worker has the database open";
            Error::new(ErrorCode::Unavailable, message).with("database", name).with("cause", error.message())
        })?;
        let handles = Self { folder, files: Rc::default() };
        handles.push(LOCK, lock);
        if let Err(error) = handles.open_all().await {
            handles.close_all();
            return Err(error);
        }
        Ok(handles)
    }

    /// All at once: each takes two milliseconds.
    async fn open_all(&self) -> Result<()> {
        let entries = self.folder.values();
        let (mut names, opening) = (Vec::new(), Array::new());
        loop {
            let next = settled(next(&entries), "list", "OPFS").await?;
            let next: IteratorNext = next.unchecked_into();
            if next.done() {
                break;
            }
            let file: FileSystemFileHandle = next.value().unchecked_into();
            if file.name() != LOCK && file.kind() == web_sys::FileSystemHandleKind::File {
                names.push(file.name());
                opening.push(&file.create_sync_access_handle());
            }
        }
        let opened = settled(Ok(Promise::all_settled(&opening).into()), "open", "OPFS").await?;
        let mut failed = None;
        for (name, outcome) in names.iter().zip(opened.unchecked_into::<Array>().iter()) {
            let field = |field: &str| Reflect::get(&outcome, &field.into()).unwrap_or_default();
            match field("value").dyn_into() {
                Ok(handle) => self.push(name, handle),
                Err(_) => failed = Some(from_js(&field("reason"), "open", name)),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn push(&self, name: &str, handle: FileSystemSyncAccessHandle) {
        self.files.borrow_mut().push(File { name: name.into(), handle, lengths: Rc::default() });
    }

    fn file(&self, name: &str) -> Result<File> {
        let files = self.files.borrow();
        let file = files.iter().find(|file| file.name == name).cloned();
        file.ok_or_else(|| Error::new(ErrorCode::Closed, "the storage is closed"))
    }

    fn list_now(&self) -> Result<Vec<StoredObject>> {
        let mut objects = Vec::new();
        for File { name, handle, .. } in self.files.borrow().iter() {
            let size = handle.get_size().map_err(|thrown| from_js(&thrown, "measure", name))?;
            objects.push(StoredObject { name: name.clone(), bytes: size as u64 });
        }
        Ok(objects)
    }

    fn write_now(&self, name: &str, offset: u64, bytes: &[u8]) -> Result<usize> {
        let written = self.file(name)?.handle.write_with_u8_array_and_options(bytes, &at(offset));
        written.map(|written| written as usize).map_err(|thrown| from_js(&thrown, "write", name))
    }

    fn set_len_now(&self, name: &str, length: u64) -> Result<()> {
        let file = self.file(name)?;
        file.lengths.set(file.lengths.get().wrapping_add(1));
        file.handle.truncate_with_f64(length as f64).map_err(|thrown| from_js(&thrown, "write", name))
    }

    /// Gives up the files, and the lock.
    pub fn close_all(&self) {
        for File { handle, .. } in core::mem::take(&mut *self.files.borrow_mut()) {
            handle.close();
        }
    }
}

impl RawFiles for Handles {
    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        Box::pin(ready(self.list_now()))
    }

    fn create<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            let handle = create_handle(&self.folder, name).await?;
            self.push(name, handle);
            Ok(())
        })
    }

    fn read_at<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        let mut bytes = AlignedBytes::zeroed(length);
        let read = self.file(name).and_then(|file| read_all(&file, offset, bytes.as_mut()));
        Box::pin(ready(read.map(|()| bytes)))
    }

    fn write_at<'a>(&'a self, name: &'a str, offset: u64, bytes: &'a [u8]) -> StorageFuture<'a, usize> {
        Box::pin(ready(self.write_now(name, offset, bytes)))
    }

    fn set_len<'a>(&'a self, name: &'a str, length: u64) -> StorageFuture<'a, ()> {
        Box::pin(ready(self.set_len_now(name, length)))
    }

    fn flush<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        let flushed =
            self.file(name).and_then(|file| file.handle.flush().map_err(|thrown| from_js(&thrown, "flush", name)));
        Box::pin(ready(flushed))
    }

    fn in_place(&self, name: &str, from: u64) -> Option<Result<InPlace>> {
        let opened = self.file(name).map(|file| {
            let lengths = file.lengths.get();
            InPlace::Read(Box::new(OpenFile { file, from, lengths }))
        });
        Some(opened)
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

async fn create_handle(folder: &FileSystemDirectoryHandle, name: &str) -> Result<FileSystemSyncAccessHandle> {
    let create: FileSystemGetFileOptions = option("create", &JsValue::TRUE).unchecked_into();
    let file = settled(Ok(folder.get_file_handle_with_options(name, &create).into()), "open", name).await?;
    let file: FileSystemFileHandle = file.unchecked_into();
    settled(Ok(file.create_sync_access_handle().into()), "open", name).await.map(JsCast::unchecked_into)
}

fn next(entries: &AsyncIterator) -> Result<JsValue, JsValue> {
    let next: js_sys::Function = Reflect::get(entries, &"next".into())?.unchecked_into();
    next.call0(entries)
}

fn at(offset: u64) -> FileSystemReadWriteOptions {
    option("at", &(offset as f64).into()).unchecked_into()
}

/// An object that never changes. Once it is removed or the database closed, it cannot be read any more.
struct OpenFile {
    file: File,
    from: u64,
    lengths: u32,
}

impl RandomRead for OpenFile {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        if self.file.lengths.get() != self.lengths {
            return Err(Error::new(ErrorCode::Unavailable, format!("{}: the object was removed", self.file.name)));
        }
        read_all(&self.file, self.from + offset, into)
    }
}

/// A failed read looks like the end of the file; whoever asks knows that it is not.
fn read_all(file: &File, offset: u64, into: &mut [u8]) -> Result<()> {
    let read = file.handle.read_with_u8_array_and_options(into, &at(offset));
    let read = read.map_err(|thrown| from_js(&thrown, "read", &file.name))?;
    if read as usize == into.len() {
        return Ok(());
    }
    let message = format!("{}: the medium did not read all bytes", file.name);
    Err(Error::new(ErrorCode::Unavailable, message).with("file", file.name.as_str()))
}
