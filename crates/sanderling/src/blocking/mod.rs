//! Blocking handles: the driver's futures run on the calling thread, over storages that never wait.

mod copies;
mod search;

pub use copies::{Export, Restore, RestoreOptions};
#[cfg(not(target_family = "wasm"))]
pub use copies::{destroy, repair, restore};

use crate::{
    driver::{self, Background, CollectionStats, DatabaseStatus, Environment},
    storage::{Durability, MemoryStorage, Storage},
};
use pollster::block_on;
use sanderling_engine::{
    Document, DocumentId, Result, Schema, Value,
    collection::{DeleteTarget, ListOptions, ListPage, PutOptions, SuggestOptions, Suggestion, WriteReceipt},
    document::Json,
    key_tables,
    settings::AskedSettings,
    text::AnalyzerSource,
};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// An open database. Handles may be cloned and used from any thread; the storage is given up with the last of them, or
/// when one is closed.
#[derive(Clone)]
pub struct Database(driver::Database);

/// An open collection. Handles may be cloned and used from any thread: searches run beside each other.
#[derive(Clone)]
pub struct Collection(driver::Collection);

fn environment() -> Environment {
    fn now() -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
    fn random() -> [u8; 16] {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }
    key_tables(u128::from_le_bytes(random()) as u64);
    Environment { now, random, analyzers: analyzers(), background: Background::NONE, memory_budget: usize::MAX }
}

/// How a database in a folder is opened.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// What a write that returned survives.
    pub durability: Durability,
    /// Bytes of sealed segments in memory: what every query needs stays there, and documents, vectors and the places of words
    /// are read as they are needed. Without a budget files are mapped, and the system decides.
    pub memory_budget: Option<usize>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { durability: Durability::Strict, memory_budget: None }
    }
}

/// Segments are made by a thread that ends when nothing is left to do. Without one, writes do the work.
#[cfg(not(target_family = "wasm"))]
fn in_background() -> Environment {
    let start = |worker: driver::Worker| {
        let _ = std::thread::Builder::new().name("sanderling".into()).spawn(move || block_on(worker.run()));
    };
    Environment { background: Background { start, ..Background::NONE }, ..environment() }
}

/// The languages that are compiled in.
fn analyzers() -> AnalyzerSource {
    #[cfg(feature = "languages")]
    return AnalyzerSource { languages: Some(&sanderling_languages::LANGUAGES), custom: None };
    #[cfg(not(feature = "languages"))]
    AnalyzerSource::default()
}

impl Database {
    /// Opens the database in a folder, or makes one. Another process that has it open is error "unavailable"; in this
    /// process each call gives a handle to the same database.
    #[cfg(not(target_family = "wasm"))]
    pub fn open(folder: impl AsRef<std::path::Path>) -> Result<Self> {
        Self::open_with(folder, OpenOptions::default())
    }

    /// Like [`Database::open`], where a power cut may take the latest writes.
    #[cfg(not(target_family = "wasm"))]
    pub fn open_relaxed(folder: impl AsRef<std::path::Path>) -> Result<Self> {
        Self::open_with(folder, OpenOptions { durability: Durability::Relaxed, ..OpenOptions::default() })
    }

    /// Like [`Database::open`], with options. Those of a database that this process has open already stay in force; another
    /// durability is error "unavailable".
    #[cfg(not(target_family = "wasm"))]
    pub fn open_with(folder: impl AsRef<std::path::Path>, options: OpenOptions) -> Result<Self> {
        folders::open(folder.as_ref(), options)
    }

    /// A database that ends with the process.
    pub fn memory() -> Result<Self> {
        Self::with_storage(Box::new(MemoryStorage::default()), Durability::Strict)
    }

    /// Opens the database of a storage of the caller's own. Segments are made by the calls that need them, on their threads.
    pub fn with_storage(storage: Box<dyn Storage>, durability: Durability) -> Result<Self> {
        Self::with_analyzers(storage, durability, analyzers())
    }

    /// Like [`Database::with_storage`], with languages or analyzers of the caller's own. They are needed at each opening:
    /// a collection with a field whose language is missing is error "unsupported", the others open.
    pub fn with_analyzers(
        storage: Box<dyn Storage>,
        durability: Durability,
        analyzers: AnalyzerSource,
    ) -> Result<Self> {
        let environment = Environment { analyzers, ..environment() };
        block_on(driver::Database::open(storage, durability, environment)).map(Self)
    }

    /// Opens a collection with its schema: it is made if it is absent, and extended if the schema adds fields.
    pub fn collection(&self, name: &str, schema: Schema) -> Result<Collection> {
        schema.check()?;
        block_on(self.0.collection(name, Some(schema), None)).map(Collection)
    }

    /// Like [`Database::collection`], with settings for a collection that is made. Of one that exists the quota is changed; other
    /// values of the rest are refused.
    /// Of [`AskedSettings`] what is left out stays as it is.
    pub fn collection_with(
        &self,
        name: &str,
        schema: Schema,
        settings: impl Into<AskedSettings>,
    ) -> Result<Collection> {
        schema.check()?;
        block_on(self.0.collection(name, Some(schema), Some(settings.into()))).map(Collection)
    }

    /// Opens a collection that exists.
    pub fn existing_collection(&self, name: &str) -> Result<Collection> {
        block_on(self.0.collection(name, None, None)).map(Collection)
    }

    /// The names of all collections.
    pub fn collections(&self) -> Result<Vec<String>> {
        self.0.collections()
    }

    /// Removes a collection with all it holds.
    pub fn drop_collection(&self, name: &str) -> Result<()> {
        block_on(self.0.drop_collection(name))
    }

    /// What is in force.
    #[must_use]
    pub fn status(&self) -> DatabaseStatus {
        self.0.status()
    }

    /// Ends the database for every handle in this process.
    pub fn close(self) -> Result<()> {
        block_on(self.0.close())
    }
}

impl Collection {
    /// The schema in force.
    #[must_use]
    pub fn schema(&self) -> Arc<Schema> {
        self.0.schema()
    }

    /// Puts documents: each takes the place of any other with its id. The batch is stored whole or not at all.
    pub fn put(&self, documents: impl IntoIterator<Item = Document>) -> Result<WriteReceipt> {
        self.put_with(documents, PutOptions::default())
    }

    /// Like [`Collection::put`], with options.
    pub fn put_with(&self, documents: impl IntoIterator<Item = Document>, options: PutOptions) -> Result<WriteReceipt> {
        block_on(self.0.put(documents.into_iter().collect(), options))
    }

    /// Replaces top-level fields of one document.
    pub fn update(&self, id: impl Into<DocumentId>, patch: impl Json) -> Result<WriteReceipt> {
        block_on(self.0.update(id.into(), Document::from_json(patch)?, PutOptions::default()))
    }

    /// Deletes documents by id and says how many there were.
    pub fn delete<I: Into<DocumentId>>(&self, ids: impl IntoIterator<Item = I>) -> Result<usize> {
        block_on(self.0.delete(DeleteTarget::Ids(ids.into_iter().map(Into::into).collect())))
    }

    /// Deletes the documents that pass a filter and says how many there were.
    pub fn delete_matching(&self, filter: impl Json) -> Result<usize> {
        block_on(self.0.delete(DeleteTarget::Filter(filter.to_value()?)))
    }

    /// The document with this id.
    pub fn get(&self, id: impl Into<DocumentId>) -> Result<Option<Document>> {
        self.0.get(&id.into())
    }

    /// Whether there is a document with this id.
    pub fn has(&self, id: impl Into<DocumentId>) -> Result<bool> {
        self.0.has(&id.into())
    }

    /// How many documents there are, or how many pass a filter.
    pub fn count(&self, filter: Option<&Value>) -> Result<usize> {
        self.0.count(filter)
    }

    /// A page of the documents in order of their ids.
    pub fn list(&self, options: &ListOptions) -> Result<ListPage> {
        self.0.list(options)
    }

    /// Completes the last word of a text from the words of the text fields: those of the most documents first.
    pub fn suggest(&self, text: &str, options: &SuggestOptions) -> Result<Vec<Suggestion>> {
        self.0.suggest(text, options)
    }

    /// Makes every write so far durable.
    pub fn flush(&self) -> Result<()> {
        block_on(self.0.flush())
    }

    /// Merges all segments into one without dead rows.
    pub fn compact(&self) -> Result<()> {
        block_on(self.0.compact())
    }

    /// The same, telling in between how much is done of how much. What is told answers whether to stop: that is error "aborted", and
    /// all documents stay where they were. It must not write to the collection, which waits for it.
    pub fn compact_reporting(&self, report: &dyn Fn(usize, usize) -> bool) -> Result<()> {
        block_on(self.0.compact_reporting(report))
    }

    /// The figures of the collection.
    pub fn stats(&self) -> Result<CollectionStats> {
        block_on(self.0.stats())
    }
}

/// The databases that this process has open, by folder.
#[cfg(not(target_family = "wasm"))]
mod folders {
    use super::{Database, OpenOptions, Result, driver, in_background};
    use crate::storage::FileStorage;
    use sanderling_engine::{Error, ErrorCode};
    use std::{
        collections::HashMap,
        fs,
        path::{Path, PathBuf},
        sync::{Mutex, PoisonError},
    };

    static OPEN: Mutex<Option<HashMap<PathBuf, driver::WeakDatabase>>> = Mutex::new(None);

    pub(super) fn open(folder: &Path, options: OpenOptions) -> Result<Database> {
        let OpenOptions { durability, memory_budget } = options;
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let open = open.get_or_insert_default();
        open.retain(|_, database| database.upgrade().is_some());
        // A folder that is not there yet has no canonical name, and no other handle.
        let known = fs::canonicalize(folder).ok().and_then(|path| open.get(&path)?.upgrade());
        if let Some(database) = known {
            // Strict is never quietly relaxed because somebody else was first.
            if database.status().durability != durability.as_str() {
                let message =
                    format!("the database is open in this process with durability {}", database.status().durability);
                return Err(Error::new(ErrorCode::Unavailable, message));
            }
            return Ok(Database(database));
        }
        let storage = FileStorage::open(folder)?;
        let storage = Box::new(if memory_budget.is_some() { storage.without_mapping() } else { storage });
        let environment = driver::Environment { memory_budget: memory_budget.unwrap_or(usize::MAX), ..in_background() };
        let database = pollster::block_on(driver::Database::open(storage, durability, environment))?;
        if let Ok(path) = fs::canonicalize(folder) {
            open.insert(path, database.downgrade());
        }
        Ok(Database(database))
    }

    /// Lets others join a database that was opened otherwise.
    pub(super) fn register(folder: &Path, database: &driver::Database) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(path) = fs::canonicalize(folder) {
            open.get_or_insert_default().insert(path, database.downgrade());
        }
    }
}
