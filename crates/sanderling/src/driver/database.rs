//! An open database: its storage, its manifest, its collections.

use super::{
    Environment,
    collection::{Collection, CollectionShared, Task},
    commit::ManifestState,
    lock::Lock,
    open::{self, Found, Loaded, LogEnds, Opened},
    slots::files_of,
    snapshot::Pins,
};
use crate::{
    guarded::{Changing, Guarded},
    storage::{BlockCache, Durability, Storage},
};
use alloc::{
    boxed::Box,
    format,
    string::String,
    sync::{Arc, Weak},
    vec,
    vec::Vec,
};
use core::{
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
};
use sanderling_engine::{
    Error, ErrorCode, Result, Schema, Value,
    codec::FILE_HEADER_BYTES,
    collection::CollectionState,
    defects::{Defect, is},
    document::{json, quoted},
    ids::{DatabaseId, SequenceNumber},
    limits::NAME_BYTES_MAX,
    manifest::{CollectionRecord, wal_name},
    schema::SchemaChange,
    settings::AskedSettings,
};

/// A handle to an open database. Clones are handles to the same one.
#[derive(Clone)]
pub struct Database {
    pub(super) shared: Arc<DatabaseShared>,
}

/// A handle that does not keep the database open.
#[derive(Clone)]
pub struct WeakDatabase(Weak<DatabaseShared>);

impl WeakDatabase {
    /// The database, if it is still open.
    #[must_use]
    pub fn upgrade(&self) -> Option<Database> {
        let shared = self.0.upgrade()?;
        shared.check_open().is_ok().then_some(Database { shared })
    }
}

pub(super) struct DatabaseShared {
    pub(super) storage: Box<dyn Storage>,
    pub(super) durability: Durability,
    pub(super) environment: Environment,
    pub(super) id: DatabaseId,
    pub(super) cache: Arc<BlockCache>,
    pub(super) manifest: Lock<ManifestState>,
    collections: Guarded<Vec<(String, Slot)>>,
    /// What was found at opening and waits for its language.
    waiting: Guarded<Vec<Found>>,
    /// How far the logs hold acknowledged writes. One that is not named holds none.
    pub(super) log_ends: Guarded<LogEnds>,
    /// The logs that could not be read to their ends when they were opened.
    unread_logs: Guarded<Vec<u64>>,
    pub(super) pins: Pins,
    closed: AtomicBool,
    /// How closing ended.
    end: Lock<Option<Result<()>>>,
}

/// A collection by name. Damage in one does not stop the others.
#[derive(Clone)]
pub(super) enum Slot {
    Sound(Arc<CollectionShared>),
    Damaged(Error),
}

impl Slot {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sound(one), Self::Sound(other)) => Arc::ptr_eq(one, other),
            (Self::Damaged(_), Self::Damaged(_)) => true,
            _ => false,
        }
    }
}

/// What is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseStatus {
    /// The kind of storage.
    pub storage: String,
    /// What a write that returned survives.
    pub durability: &'static str,
    /// The version of this crate.
    pub version: &'static str,
}

impl Database {
    /// Opens the database of a storage, or makes a new one where there is none.
    pub async fn open(storage: Box<dyn Storage>, durability: Durability, environment: Environment) -> Result<Self> {
        let opened = match open::open(&*storage, environment).await {
            Ok(opened) => opened,
            Err(error) => {
                // The reason for which opening failed is what the caller needs; the storage is given up either way.
                let _ = storage.close().await;
                return Err(error);
            }
        };
        let Opened { id, manifest, cache, found } = opened;
        let (manifest, collections, waiting) = (Lock::new(manifest), Guarded::default(), Guarded::new(found));
        let shared = DatabaseShared {
            storage,
            durability,
            environment,
            id,
            cache,
            manifest,
            collections,
            waiting,
            log_ends: Guarded::default(),
            unread_logs: Guarded::default(),
            pins: Pins::default(),
            closed: AtomicBool::new(false),
            end: Lock::new(None),
        };
        shared.load(None);
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Opens a collection. With a schema it is made if it is absent, and extended if the schema adds fields.
    pub async fn collection(
        &self,
        name: &str,
        schema: Option<Schema>,
        settings: Option<AskedSettings>,
    ) -> Result<Collection> {
        self.shared.check_open()?;
        self.shared.load(Some(name));
        self.shared.find_again(name).await?;
        let slot = match (self.shared.slot(name), &schema) {
            (Some(slot), _) => slot,
            (None, Some(schema)) => self.create(name, schema, settings.clone()).await?,
            (None, None) => {
                let message = format!("the collection {} does not exist: a schema is needed to make it", quoted(name));
                return Err(Error::new(ErrorCode::Schema, message).with("collection", name));
            }
        };
        let collection = match slot {
            Slot::Sound(shared) => Collection { database: self.clone(), shared },
            Slot::Damaged(error) => return Err(error),
        };
        // Whoever says how the collection must be gets it like that, or an error.
        if let Some(settings) = settings {
            collection.take_settings(settings).await?;
        }
        if let Some(schema) = schema
            && collection.schema().change_to(&schema)? != SchemaChange::Same
        {
            // Looked at again when it is this one's turn: another caller may have extended it.
            collection.perform(Task::Extend(schema)).await?;
        }
        Ok(collection)
    }

    /// An open collection by its number, which is never given to another one.
    pub fn opened(&self, id: u32) -> Result<Collection> {
        self.shared.check_open()?;
        let slots = self.shared.slots();
        let found = slots.iter().find_map(|(_, slot)| match slot {
            Slot::Sound(shared) if shared.id == id => Some(shared.clone()),
            _ => None,
        });
        match found {
            Some(shared) => Ok(Collection { database: self.clone(), shared }),
            None => Err(Error::new(ErrorCode::Closed, "the collection was dropped")),
        }
    }

    async fn create(&self, name: &str, schema: &Schema, settings: Option<AskedSettings>) -> Result<Slot> {
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            let expected = format!("a name of 1 to {NAME_BYTES_MAX} bytes");
            return Err(Error::expected(&"collection", &expected, &format_args!("{} bytes", name.len())));
        }
        let shared = &self.shared;
        let mut manifest = shared.manifest.lock().await;
        shared.check_open()?;
        if let Some(slot) = shared.slot(name) {
            return Ok(slot); // somebody else made it while this call waited
        }
        let settings = settings.unwrap_or_default().of_new();
        settings.check(schema)?;
        let first = SequenceNumber(1);
        let state = CollectionState::new(schema.clone(), shared.environment.analyzers, settings.clone(), first)?;
        let mut files = Vec::new();
        let (header, wal) = manifest.begin_log(first, &mut files);
        let mut next = manifest.next();
        let id = next.next_collection;
        next.next_collection = id.saturating_add(1);
        next.collections.push(CollectionRecord {
            id,
            name: name.into(),
            schema: schema.to_json(),
            settings: json::write(&settings.to_value()),
            first_in_wal: first.0,
            segments: Vec::new(),
            wals: vec![wal],
        });
        manifest.commit(&*shared.storage, files, next).await?;
        let loaded = Loaded {
            id,
            state,
            wal: Some((header, wal)),
            written_dead: Vec::new(),
            wal_bytes: header.to_bytes().len() as u64,
            log_in_use: false,
            log_ends: LogEnds::new(),
        };
        let slot = Slot::Sound(Arc::new(CollectionShared::new(name, loaded)));
        shared.slots().push((name.into(), slot.clone()));
        Ok(slot)
    }

    /// The names of all collections.
    pub fn collections(&self) -> Result<Vec<String>> {
        self.shared.check_open()?;
        Ok(self.shared.slots().iter().map(|(name, _)| name.clone()).collect())
    }

    /// Removes a collection with all it holds; one that is absent is error "schema".
    pub async fn drop_collection(&self, name: &str) -> Result<()> {
        let shared = &self.shared;
        shared.check_open()?;
        let absent = || {
            let message = format!("the collection {} does not exist", quoted(name));
            Error::new(ErrorCode::Schema, message).with("collection", name)
        };
        let slot = shared.slot(name).ok_or_else(absent)?;
        // It must not be loaded while it is dropped.
        shared.waiting.change().retain(|found| found.record.name != name);
        // Writes that are under way end first; those that wait find the collection closed.
        let mut writer = match &slot {
            Slot::Sound(collection) => Some(collection.writer.lock().await),
            Slot::Damaged(_) => None,
        };
        if let (Slot::Sound(collection), Some(writer)) = (&slot, &mut writer) {
            Collection { database: self.clone(), shared: collection.clone() }.end_jobs(writer).await;
        }
        let mut manifest = shared.manifest.lock().await;
        shared.check_open()?;
        // Another call may have dropped it, and yet another made one of the same name.
        if !shared.slot(name).is_some_and(|now| now.is(&slot)) {
            return Err(absent());
        }
        let mut next = manifest.next();
        let at = next.collections.iter().position(|record| record.name == name);
        let mut files = at.map(|at| files_of(&next.collections.remove(at))).unwrap_or_default();
        if is(Defect::DropNotCommitted) {
            (next, files) = (manifest.next(), Vec::new());
        }
        manifest.commit(&*shared.storage, Vec::new(), next).await?;
        if let Slot::Sound(collection) = &slot {
            collection.retire();
        }
        shared.slots().retain(|(other, _)| other != name);
        shared.remove_files(&files).await;
        Ok(())
    }

    /// What is in force.
    #[must_use]
    pub fn status(&self) -> DatabaseStatus {
        let storage = self.shared.storage.kind();
        let durability = self.shared.durability.as_str();
        DatabaseStatus { storage, durability, version: env!("CARGO_PKG_VERSION") }
    }

    /// Ends the database for every handle: writes under way end first, later calls fail with "closed". Whoever closes it while another
    /// does, or afterwards, waits for the same end; where that one gave up, the next goes on.
    pub async fn close(&self) -> Result<()> {
        self.shared.closed.store(true, Ordering::SeqCst);
        let mut end = self.shared.end.lock().await;
        if let Some(ended) = &*end {
            return ended.clone();
        }
        let ended = self.close_now().await;
        *end = Some(ended.clone());
        ended
    }

    async fn close_now(&self) -> Result<()> {
        let slots = self.shared.slots().clone();
        let mut kept = Ok(());
        for (_, slot) in slots {
            if let Slot::Sound(shared) = slot {
                let collection = Collection { database: self.clone(), shared };
                let _behind = collection.behind();
                let mut writer = collection.shared.writer.lock().await;
                kept = kept.and(collection.end_jobs_for_closing(&mut writer).await);
            }
        }
        let _manifest = self.shared.manifest.lock().await;
        self.shared.storage.close().await.and(kept)
    }

    /// A handle that does not keep the database open.
    #[must_use]
    pub fn downgrade(&self) -> WeakDatabase {
        WeakDatabase(Arc::downgrade(&self.shared))
    }
}

impl DatabaseShared {
    pub(super) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorCode::Closed, "the database was closed"));
        }
        Ok(())
    }

    pub(super) fn now(&self) -> u64 {
        (self.environment.now)()
    }

    /// Removes files that no manifest names any more, once no snapshot reads them. One that stays is removed when the database
    /// is opened next.
    pub(super) fn remove_files<'a>(&'a self, names: &[String]) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        self.log_ends.change().retain(|(log, _)| !names.contains(&wal_name(*log)));
        let free = self.pins.give_up(names);
        Box::pin(async move {
            for name in free {
                let _ = self.storage.remove(&name).await;
            }
        })
    }

    /// A log holds so many more bytes of acknowledged writes.
    pub(super) fn note_logged(&self, file: u64, bytes: usize) {
        let mut ends = self.log_ends.change();
        match ends.iter_mut().find(|(log, _)| *log == file) {
            Some((_, end)) => *end += bytes as u64,
            None => ends.push((file, (FILE_HEADER_BYTES + bytes) as u64)),
        }
    }

    /// How far a log holds acknowledged writes; none where it could not be read to its end when it was opened.
    pub(super) fn log_end(&self, file: u64) -> Option<u64> {
        if self.unread_logs.read().contains(&file) {
            return None;
        }
        let ends = self.log_ends.read();
        Some(ends.iter().find(|(log, _)| *log == file).map_or(FILE_HEADER_BYTES as u64, |(_, end)| *end))
    }

    /// Reads the files of a collection anew that could not be read when it was loaded: the medium may be well by now.
    async fn find_again(&self, name: &str) -> Result<()> {
        let is_unread = || matches!(self.slot(name), Some(Slot::Damaged(error)) if open::is_passing(&error));
        if !is_unread() {
            return Ok(());
        }
        let manifest = self.manifest.lock().await;
        if is_unread()
            && let Some(record) = manifest.named(name)
        {
            let objects = self.storage.list().await?;
            let found = open::find(&*self.storage, &objects, record, &self.cache).await;
            self.waiting.change().push(found);
            self.load(Some(name));
        }
        Ok(())
    }

    /// Why a copy of the database would not be whole.
    pub(super) fn check_whole(&self) -> Result<()> {
        for (_, slot) in self.slots().iter() {
            match slot {
                Slot::Sound(shared) => shared.state().check_whole()?,
                Slot::Damaged(error) if !open::lacks_language(error) => return Err(error.clone()),
                Slot::Damaged(_) => {}
            }
        }
        Ok(())
    }

    /// Loads what was found at opening, or of that the collection of that name. One whose language is not at hand waits on.
    fn load(&self, only: Option<&str>) {
        self.waiting.change().retain_mut(|found| {
            let name = found.record.name.clone();
            if only.is_some_and(|only| only != name) {
                return true;
            }
            let loaded = open::load(found, self.id, self.environment.analyzers);
            let lacks_language = loaded.as_ref().is_err_and(open::lacks_language);
            let (slot, ends) = match loaded {
                Ok(mut loaded) => {
                    let ends = core::mem::take(&mut loaded.log_ends);
                    (Slot::Sound(Arc::new(CollectionShared::new(&name, loaded))), ends)
                }
                Err(error) if lacks_language => (Slot::Damaged(error), open::log_ends(found, self.id)),
                Err(error) => (Slot::Damaged(error), LogEnds::new()), // what could not be read is tried again at the next use
            };
            let mut unread = self.unread_logs.change();
            unread.retain(|log| !found.record.wals.contains(log));
            unread.extend(found.record.wals.iter().filter(|wal| !ends.iter().any(|(log, _)| log == *wal)));
            drop(unread);
            self.log_ends.change().retain(|(log, _)| !found.record.wals.contains(log));
            self.log_ends.change().extend(ends);
            let mut slots = self.slots();
            match slots.iter_mut().find(|(other, _)| *other == name) {
                Some((_, old)) => *old = slot,
                None => slots.push((name, slot)),
            }
            lacks_language
        });
    }

    fn slot(&self, name: &str) -> Option<Slot> {
        self.slots().iter().find(|(other, _)| other == name).map(|(_, slot)| slot.clone())
    }

    fn slots(&self) -> Changing<'_, Vec<(String, Slot)>> {
        self.collections.change()
    }
}

impl From<DatabaseStatus> for Value {
    fn from(status: DatabaseStatus) -> Self {
        Self::object()
            .with("storage", status.storage)
            .with("durability", status.durability)
            // Of several tabs one leads; so far every database has one writer and no followers.
            .with("role", "leader")
            .with("version", status.version)
    }
}
