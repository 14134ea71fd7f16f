//! A storage in one folder of the file system.

use super::{Durability, InPlace, RandomRead, Storage, StorageFuture, StoredObject, lock::ProcessLock};
use sanderling_engine::{Error, ErrorCode, Result, codec::AlignedBytes};
use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    future::ready,
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// One file an object, in a folder that this process alone writes.
#[derive(Debug)]
pub struct FileStorage {
    folder: PathBuf,
    /// Files that are appended to stay open.
    appended: Mutex<HashMap<String, File>>,
    lock: Mutex<Option<ProcessLock>>,
    /// Whether files that never change are mapped.
    maps: bool,
    /// Names that may not be durable yet: at first any, since whoever made them may have been killed.
    names_to_sync: AtomicBool,
    syncing_names: Mutex<()>,
    closed: AtomicBool,
}

impl FileStorage {
    /// Opens a folder, which is created if it is absent, and takes its lock.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref().to_path_buf();
        let name = folder.display().to_string();
        create_folder(&folder).map_err(|error| failure(&name, "create the folder", &error))?;
        let lock = Mutex::new(Some(ProcessLock::acquire(&folder)?));
        Ok(Self {
            folder,
            appended: Mutex::default(),
            lock,
            maps: true,
            names_to_sync: AtomicBool::new(true),
            syncing_names: Mutex::default(),
            closed: AtomicBool::new(false),
        })
    }

    /// The same, where files are read as they are needed and not mapped: what is in memory is then within the budget of the
    /// database, and a failure of the medium is an error and not the end of the process.
    #[must_use]
    pub fn without_mapping(self) -> Self {
        Self { maps: false, ..self }
    }

    fn append_now(&self, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
        self.check_open()?;
        let mut appended = self.appended.lock().unwrap_or_else(PoisonError::into_inner);
        if !appended.contains_key(name) {
            let path = self.folder.join(name);
            self.note_name(&path);
            appended.insert(name.into(), OpenOptions::new().append(true).create(true).open(path)?);
        }
        let Some(file) = appended.get_mut(name) else { return Err(ErrorKind::NotFound.into()) };
        file.write_all(bytes)?;
        if durability == Durability::Relaxed {
            return Ok(());
        }
        file.sync_data()?;
        self.sync_names()
    }

    /// A new name must be made durable, also if that fails at first and somebody tries again.
    fn note_name(&self, path: &Path) {
        if !path.exists() {
            self.names_to_sync.store(true, Ordering::SeqCst);
        }
    }

    fn sync_names(&self) -> io::Result<()> {
        // Whoever comes while another syncs waits: its own name may be among those, and that may fail.
        let _turn = self.syncing_names.lock().unwrap_or_else(PoisonError::into_inner);
        if self.names_to_sync.swap(false, Ordering::SeqCst)
            && let Err(error) = sync_folder(&self.folder)
        {
            self.names_to_sync.store(true, Ordering::SeqCst);
            return Err(error);
        }
        Ok(())
    }

    /// Whoever gave up the lock must not write any more: another process may have it.
    fn check_open(&self) -> io::Result<()> {
        if self.closed.load(Ordering::SeqCst) { Err(io::Error::other("the storage was closed")) } else { Ok(()) }
    }

    fn write_now(&self, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
        self.check_open()?;
        self.appended.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        let path = self.folder.join(name);
        self.note_name(&path);
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.write_all(bytes)?;
        file.set_len(bytes.len() as u64)?;
        if durability == Durability::Strict {
            file.sync_all()?;
            self.sync_names()?;
        }
        Ok(())
    }

    fn read_now(&self, name: &str, offset: u64, length: usize) -> io::Result<AlignedBytes> {
        let mut file = File::open(self.folder.join(name))?;
        let left = file.metadata()?.len().saturating_sub(offset);
        let length = length.min(usize::try_from(left).unwrap_or(usize::MAX));
        if length == 0 {
            return Ok(AlignedBytes::zeroed(0)); // any offset may be asked for, also one that no file can have
        }
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = AlignedBytes::zeroed(length);
        file.read_exact(bytes.as_mut())?;
        Ok(bytes)
    }

    fn list_now(&self) -> io::Result<Vec<StoredObject>> {
        let mut objects = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| may_name_object(name)) else { continue };
            match entry.metadata() {
                Ok(metadata) if metadata.is_file() => {
                    objects.push(StoredObject { name: name.into(), bytes: metadata.len() });
                }
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {} // a folder, or gone since the folder was read
            }
        }
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    fn remove_now(&self, name: &str) -> io::Result<()> {
        self.check_open()?;
        self.appended.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        match fs::remove_file(self.folder.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Storage for FileStorage {
    fn kind(&self) -> String {
        "fs".into()
    }

    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        let listed = self.list_now().map_err(|error| failure(&self.folder.display().to_string(), "list", &error));
        Box::pin(ready(listed))
    }

    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        Box::pin(ready(self.read_now(name, offset, length).map_err(|error| failure(name, "read", &error))))
    }

    fn in_place(&self, name: &str, length: usize) -> Option<Result<InPlace>> {
        let path = self.folder.join(name);
        if self.maps {
            return Some(super::mmap::map(&path, name, length).map(InPlace::Mapped));
        }
        let opened = File::open(path).map_err(|error| failure(name, "open", &error));
        Some(opened.map(|file| InPlace::Read(Box::new(ReadFile { name: name.into(), file }))))
    }

    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        Box::pin(ready(self.append_now(name, bytes, durability).map_err(|error| failure(name, "append to", &error))))
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        Box::pin(ready(self.write_now(name, bytes, durability).map_err(|error| failure(name, "write", &error))))
    }

    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        Box::pin(ready(self.remove_now(name).map_err(|error| failure(name, "remove", &error))))
    }

    fn flush_removals(&self) -> StorageFuture<'_, ()> {
        self.names_to_sync.store(true, Ordering::SeqCst);
        let name = || self.folder.display().to_string();
        Box::pin(ready(self.sync_names().map_err(|error| failure(&name(), "flush", &error))))
    }

    fn close(&self) -> StorageFuture<'_, ()> {
        self.closed.store(true, Ordering::SeqCst);
        self.appended.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::pin(ready(Ok(())))
    }
}

/// Whether a file can be an object. The lock's files cannot, which come and go while others open the folder.
fn may_name_object(name: &str) -> bool {
    name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
}

/// Creates a folder and makes its name durable, and those of the folders that it takes. One that is there may have been created by
/// a process that was killed before it could do that.
fn create_folder(folder: &Path) -> io::Result<()> {
    let there = folder.ancestors().find(|above| above.is_dir()).and_then(|above| above.canonicalize().ok());
    fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    for below in folder.ancestors() {
        let Some(above) = below.parent() else { break };
        // A folder that cannot be opened is somebody else's, and was there before.
        match sync_folder(above) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => break,
            synced => synced?,
        }
        if there.as_deref() == Some(below) || there.as_deref() == Some(above) {
            break;
        }
    }
    Ok(())
}

/// Makes the names in a folder durable. Windows has no such call: its file system keeps names in its own log.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) { Ok(()) } else { File::open(folder)?.sync_all() }
}

/// An error of the file system as one of ours.
pub(super) fn failure(name: &str, action: &str, error: &io::Error) -> Error {
    let code = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ErrorCode::Quota,
        ErrorKind::NotFound => ErrorCode::Corrupt,
        _ => ErrorCode::Unavailable,
    };
    Error::new(code, format!("cannot {action} {name}: {error}")).with("file", name)
}

/// A file that never changes, read where it is asked for.
struct ReadFile {
    name: String,
    file: File,
}

impl RandomRead for ReadFile {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        read_exact_at(&self.file, into, offset).map_err(|error| failure(&self.name, "read", &error))
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut into: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !into.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, into, offset)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => (into, offset) = (&mut into[count..], offset + count as u64),
        }
    }
    Ok(())
}
