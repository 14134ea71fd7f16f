//! Copies of databases, made and read by blocking calls.

use super::{Database, environment};
use crate::{
    driver::{self, Environment, Repaired, Verification},
    storage::{Durability, Storage},
};
use pollster::block_on;
use sanderling_engine::{Error, ErrorCode, Result};
use std::io;
#[cfg(not(target_family = "wasm"))]
use std::path::{Path, PathBuf};

/// A snapshot of a database as a stream of bytes: one file to keep, to send, to restore from. Reading it again gives the same
/// bytes. The files it needs stay until it is dropped.
pub struct Export {
    /// There until it is dropped.
    export: Option<driver::Export>,
    offset: u64,
}

impl Database {
    /// A snapshot of the whole database: all writes that returned before, and no half of a batch. Writes go on meanwhile.
    ///
    /// ```
    /// # use sanderling::{Database, Document, Schema};
    /// # let db = Database::memory()?;
    /// # db.collection("notes", Schema::from_json(r#"{ "fields": {} }"#)?)?.put([Document::new(1_u64)])?;
    /// let mut export = db.export()?;
    /// let mut copy = Vec::new(); // or a file
    /// std::io::copy(&mut export, &mut copy).unwrap();
    /// assert_eq!(copy.len() as u64, export.length());
    /// # Ok::<(), sanderling::Error>(())
    /// ```
    pub fn export(&self) -> Result<Export> {
        let export = Some(block_on(self.0.export())?);
        Ok(Export { export, offset: 0 })
    }

    /// Reads every file of the database anew and looks at it in full. Reads and writes go on meanwhile.
    ///
    /// ```
    /// # use sanderling::Database;
    /// # let db = Database::memory()?;
    /// let found = db.verify()?;
    /// assert!(found.is_ok(), "{:?}", found.problems);
    /// # Ok::<(), sanderling::Error>(())
    /// ```
    pub fn verify(&self) -> Result<Verification> {
        block_on(self.0.verify())
    }
}

impl Export {
    /// The length of the stream.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.export.as_ref().map_or(0, driver::Export::length)
    }

    /// The bytes from an offset on, at most `length` of them and fewer only at the end: an interrupted transfer goes on where
    /// it stopped.
    pub fn read_at(&mut self, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.export.as_mut().map_or(Ok(Vec::new()), |export| block_on(export.read(offset, length)))
    }
}

impl io::Read for Export {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.read_at(self.offset, buffer.len()).map_err(io::Error::other)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.offset += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if let Some(export) = self.export.take() {
            block_on(export.end());
        }
    }
}

/// How a database is restored.
#[derive(Clone, Copy, Debug)]
pub struct RestoreOptions {
    /// Whether a database that is there already is replaced, be it damaged. Without that it is error "conflict".
    pub replace: bool,
    /// With what durability the database is open afterwards.
    pub durability: Durability,
}

impl Default for RestoreOptions {
    fn default() -> Self {
        Self { replace: false, durability: Durability::Strict }
    }
}

/// A database on its way from a stream that [`Database::export`] made. Until [`Restore::finish`] the target is what it was.
/// When the stream breaks off or a part of it arrives damaged, it goes on from [`Restore::received`] on.
///
/// ```
/// # use sanderling::{Database, Document, Restore, RestoreOptions, Schema, storage::MemoryStorage};
/// # let db = Database::memory()?;
/// # db.collection("notes", Schema::from_json(r#"{ "fields": {} }"#)?)?.put([Document::new(1_u64)])?;
/// let mut export = db.export()?;
/// let mut restore = Restore::with_storage(Box::new(MemoryStorage::default()), RestoreOptions::default())?;
/// while restore.received() < export.length() {
///     let piece = export.read_at(restore.received(), 1_000)?; // or a request over the network that may fail
///     restore.push(&piece)?;
/// }
/// let copy = restore.finish()?;
/// assert!(copy.existing_collection("notes")?.has(1_u64)?);
/// # Ok::<(), sanderling::Error>(())
/// ```
pub struct Restore {
    /// There until it is finished or dropped.
    restore: Option<driver::Restore>,
    durability: Durability,
    environment: Environment,
    #[cfg(not(target_family = "wasm"))]
    folder: Option<PathBuf>,
}

impl Restore {
    /// Restores into a folder.
    #[cfg(not(target_family = "wasm"))]
    pub fn begin(folder: impl AsRef<Path>, options: RestoreOptions) -> Result<Self> {
        let folder = folder.as_ref().to_path_buf();
        let storage = Box::new(crate::storage::FileStorage::open(&folder)?);
        let mut restore = Self::new(storage, options, super::in_background())?;
        restore.folder = Some(folder);
        Ok(restore)
    }

    /// Restores into a storage of the caller's own.
    pub fn with_storage(storage: Box<dyn Storage>, options: RestoreOptions) -> Result<Self> {
        Self::new(storage, options, environment())
    }

    fn new(storage: Box<dyn Storage>, options: RestoreOptions, environment: Environment) -> Result<Self> {
        let restore = Some(block_on(driver::Restore::begin(storage, options.replace, environment))?);
        Ok(Self {
            restore,
            durability: options.durability,
            environment,
            #[cfg(not(target_family = "wasm"))]
            folder: None,
        })
    }

    /// Where the stream goes on. After an error only bytes count that were found sound.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.restore.as_ref().map_or(0, driver::Restore::received)
    }

    /// Takes the next bytes of the stream. An error has their number so far as its detail `received`.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        block_on(self.running()?.push(bytes))
    }

    /// Lets the database take effect, once all of the stream has arrived, and opens it. After an error it may be tried again.
    pub fn finish(&mut self) -> Result<Database> {
        block_on(self.running()?.finish())?;
        let Some(restore) = self.restore.take() else { return Err(finished()) };
        let opened = driver::Database::open(restore.into_storage(), self.durability, self.environment);
        let database = block_on(opened)?;
        #[cfg(not(target_family = "wasm"))]
        if let Some(folder) = &self.folder {
            super::folders::register(folder, &database);
        }
        Ok(Database(database))
    }

    fn running(&mut self) -> Result<&mut driver::Restore> {
        self.restore.as_mut().ok_or_else(finished)
    }
}

fn finished() -> Error {
    Error::new(ErrorCode::Closed, "the restore is finished")
}

impl Drop for Restore {
    fn drop(&mut self) {
        if let Some(restore) = self.restore.take() {
            // What stays is removed when the database is opened next.
            let _ = block_on(restore.abandon());
        }
    }
}

/// Restores a database into a folder from a stream that [`Database::export`] made, and opens it. Whatever goes wrong leaves the
/// target what it was. To go on with a stream that breaks off, see [`Restore`].
///
/// ```
/// # use sanderling::{Database, Document, ErrorCode, RestoreOptions, Schema};
/// # let parent = tempfile::tempdir().unwrap();
/// # let folder = parent.path().join("copy");
/// # let db = Database::memory()?;
/// # db.collection("notes", Schema::from_json(r#"{ "fields": {} }"#)?)?.put([Document::new(1_u64)])?;
/// let copy = sanderling::restore(&folder, db.export()?, RestoreOptions::default())?;
/// assert!(copy.existing_collection("notes")?.has(1_u64)?);
/// copy.close()?;
/// let again = sanderling::restore(&folder, db.export()?, RestoreOptions::default());
/// assert_eq!(again.err().unwrap().code(), ErrorCode::Conflict);
/// sanderling::restore(&folder, db.export()?, RestoreOptions { replace: true, ..RestoreOptions::default() })?;
/// # Ok::<(), sanderling::Error>(())
/// ```
#[cfg(not(target_family = "wasm"))]
pub fn restore(folder: impl AsRef<Path>, reader: impl io::Read, options: RestoreOptions) -> Result<Database> {
    let mut restore = Restore::begin(folder, options)?;
    pour(&mut restore, reader)?;
    restore.finish()
}

#[cfg(not(target_family = "wasm"))]
fn pour(restore: &mut Restore, mut reader: impl io::Read) -> Result<()> {
    let mut buffer = std::vec![0; 64 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => restore.push(&buffer[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                let failed = Error::new(ErrorCode::Unavailable, std::format!("the stream could not be read: {error}"));
                return Err(failed.with("received", restore.received()));
            }
        }
    }
}

/// Keeps what is sound of the database of a folder, and says what was lost: afterwards it opens, answers whole and takes
/// writes. Damaged files are kept beside it as `damaged-<name>`. A database that is well is left alone; where nobody can know any
/// more which files belong together the error is "corrupt", and nothing is touched.
///
/// ```
/// # use sanderling::{Database, Document, Schema};
/// # let folder = tempfile::tempdir().unwrap();
/// # let db = Database::open(&folder)?;
/// # let notes = db.collection("notes", Schema::from_json(r#"{ "fields": {} }"#)?)?;
/// # notes.put([Document::new(1_u64)])?;
/// # notes.compact()?;
/// # db.close()?;
/// # let segment = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
/// # std::fs::write(segment.into_iter().find(|path| path.to_string_lossy().contains("segment-")).unwrap(), "rotten").unwrap();
/// let repaired = sanderling::repair(&folder)?;
/// for loss in &repaired.lost {
///     println!("{}: {}", loss.problem.file, loss.problem.message);
/// }
/// assert_eq!((repaired.lost.len(), repaired.documents), (1, 0));
/// assert!(Database::open(&folder)?.verify()?.is_ok());
/// # Ok::<(), sanderling::Error>(())
/// ```
#[cfg(not(target_family = "wasm"))]
pub fn repair(folder: impl AsRef<Path>) -> Result<Repaired> {
    let folder = folder.as_ref();
    if !folder.exists() {
        let message = std::format!("there is no database in {}", folder.display());
        return Err(Error::new(ErrorCode::Unavailable, message));
    }
    let storage = crate::storage::FileStorage::open(folder)?;
    let repaired = block_on(driver::repair(&storage, super::analyzers()));
    block_on(storage.close())?;
    repaired
}

/// Removes the database of a folder, and the folder if nothing else is in it. One that is open is error "unavailable", one that is
/// not there is none.
///
/// ```
/// # use sanderling::Database;
/// # let parent = tempfile::tempdir().unwrap();
/// # let folder = parent.path().join("library");
/// Database::open(&folder)?.close()?;
/// sanderling::destroy(&folder)?;
/// assert!(!folder.exists());
/// # Ok::<(), sanderling::Error>(())
/// ```
#[cfg(not(target_family = "wasm"))]
pub fn destroy(folder: impl AsRef<Path>) -> Result<()> {
    let folder = folder.as_ref();
    if !folder.exists() {
        return Ok(());
    }
    let storage = crate::storage::FileStorage::open(folder)?;
    let destroyed = block_on(driver::destroy(&storage));
    block_on(storage.close())?;
    destroyed?;
    // Files of somebody else stay, and the folder with them.
    let _ = std::fs::remove_dir(folder);
    Ok(())
}
