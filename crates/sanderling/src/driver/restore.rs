//! A database from a stream of bytes.
//!
//! The files of the stream are written under new numbers, with the identity of the target in their headers; each is read back
//! and looked at in full. Then one commit of the manifest names all of them. Whatever ends a restore before leaves the target
//! what it was.
//!
//! A log whose number is above those that the manifest knows of would mean at the next opening that a manifest was lost. So the
//! first thing that is written, once the head has arrived, is the manifest as it is, with the numbers of the new files taken. Where
//! there was no database that is a manifest of nothing ([`is_unfinished`]). A target that cannot be opened is not touched at all
//! before the end.

use super::{
    Environment,
    check::Check,
    commit::ManifestState,
    slots::{
        above_all, check_for_lost_commits, choose, damaged, doubt_versions, is_data_file, newest_sound, read_slots,
        remove_leftovers, whole,
    },
};
use crate::storage::{Durability, Storage, StorageFuture, StoredObject};
use alloc::{boxed::Box, string::String, vec::Vec};
use sanderling_engine::{
    Error, ErrorCode, Result,
    codec::{AlignedBytes, FILE_HEADER_BYTES, FileHeader, FileKind},
    defects::{Defect, is},
    export::{BLOCK_BYTES, ExportReader, ExportedFile, Head, Received},
    ids::{DatabaseId, FileId},
    limits::NAME_BYTES_MAX,
    manifest::{CommittedManifest, Manifest},
    wal::{Resealer, WalHeader},
};

/// A database on its way from a stream into a storage. After an error it goes on with the bytes of the stream from
/// [`Restore::received`] on.
pub struct Restore {
    storage: Box<dyn Storage>,
    target: Target,
    stream: ExportReader,
    /// Content at the front of the next block that was taken before.
    skip: usize,
    head: Vec<u8>,
    plan: Option<Plan>,
    /// Whether the manifest that names the new files was written, as far as is known.
    outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Nothing,
    Unknown,
    Committed,
}

/// What lies where the database is to be.
struct Target {
    manifest: ManifestState,
    id: DatabaseId,
    /// Whether it can be opened, so that its manifest may be written as it is.
    opens: bool,
    /// Whether both slots are damaged or missing.
    is_lost: bool,
}

/// What the head asks for.
struct Plan {
    manifest: Manifest,
    files: Vec<Arriving>,
    /// How many files were written and found sound.
    at: usize,
    /// Where the next one begins in the content.
    begin: u64,
    /// The file whose bytes come next.
    coming: usize,
    check: Option<Check>,
}

/// What has to be done with a file.
enum Effect {
    /// It begins.
    Write(String, Vec<u8>),
    /// It goes on.
    Append(String, Vec<u8>),
    /// It is whole: it must be durable, and so long.
    End(String, usize),
}

struct Arriving {
    old: ExportedFile,
    /// Its number in the target.
    number: u64,
    /// How many of its bytes have arrived.
    taken: u64,
    header: Vec<u8>,
    resealer: Option<Resealer>,
}

impl Arriving {
    fn name(&self) -> String {
        self.old.name(self.number)
    }
}

impl Restore {
    /// Looks at the target. A database that is there is error "conflict", unless it is to be replaced.
    pub async fn begin(storage: Box<dyn Storage>, replace: bool, environment: Environment) -> Result<Self> {
        match Target::look(&*storage, replace, environment).await {
            Ok(target) => Ok(Self {
                storage,
                target,
                stream: ExportReader::default(),
                skip: 0,
                head: Vec::new(),
                plan: None,
                outcome: Outcome::Nothing,
            }),
            Err(error) => {
                let _ = storage.close().await;
                Err(error)
            }
        }
    }

    /// How many bytes of the stream arrived: it goes on there. After an error only those count that were found sound.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.stream.received()
    }

    /// Takes the next bytes of the stream.
    pub fn push<'a>(&'a mut self, bytes: &'a [u8]) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            let taken = self.take(bytes).await;
            taken.map_err(|error| error.with("received", self.received()))
        })
    }

    async fn take(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            if let Received::Content(content) = self.stream.take(&mut bytes)?
                && let Err(error) = self.take_content(content).await
            {
                self.go_back();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes a block: first decides what has to be done, then does it.
    async fn take_content(&mut self, content: Vec<u8>) -> Result<()> {
        let mut content = &content[core::mem::take(&mut self.skip)..];
        if self.plan.is_none()
            && let Some(plan) = self.read_head(&mut content)?
        {
            if self.target.opens && !is(Defect::ArrivedUnderFreeNumbers) {
                // Takes the numbers that were given.
                let same = self.target.manifest.next();
                self.target.manifest.commit(&*self.storage, Vec::new(), same).await?;
                self.target.is_lost = false;
            }
            self.plan = Some(plan);
        }
        for effect in self.effects(content)? {
            let read = match &effect {
                Effect::Write(name, bytes) => self.storage.write(name, bytes, Durability::Relaxed).await.map(|()| None),
                Effect::Append(name, bytes) => {
                    self.storage.append(name, bytes, Durability::Relaxed).await.map(|()| None)
                }
                Effect::End(name, length) => {
                    if !is(Defect::ArrivedNotFlushed) {
                        self.storage.append(name, &[], Durability::Strict).await?;
                    }
                    self.storage.read(name, 0, *length).await.and_then(|bytes| whole(bytes, *length, name)).map(Some)
                }
            };
            if let (Some(bytes), Some(plan)) = (read?, &mut self.plan) {
                plan.end_file(self.target.id, bytes)?;
            }
        }
        Ok(())
    }

    /// Takes what belongs to the head off the content, and says what it asks for once it is whole.
    fn read_head(&mut self, content: &mut &[u8]) -> Result<Option<Plan>> {
        let wanted = (self.stream.head_bytes() - self.head.len() as u64).min(content.len() as u64) as usize;
        let (head, rest) = content.split_at(wanted);
        self.head.extend_from_slice(head);
        *content = rest;
        if (self.head.len() as u64) < self.stream.head_bytes() {
            return Ok(None);
        }
        self.target.plan(self.stream.head(&self.head)?, self.head.len() as u64).map(Some)
    }

    /// What has to be done with the files that these bytes belong to.
    fn effects(&mut self, mut content: &[u8]) -> Result<Vec<Effect>> {
        let mut effects = Vec::new();
        let (Some(from), Some(plan)) = (self.stream.database(), &mut self.plan) else { return Ok(effects) };
        while let Some(file) = plan.files.get_mut(plan.coming)
            && !content.is_empty()
        {
            let piece = usize::try_from(file.old.record.bytes - file.taken).unwrap_or(usize::MAX).min(content.len());
            let (front, rest) = content.split_at(piece);
            content = rest;
            file.take(front, from, self.target.id, &mut effects)?;
            plan.coming += usize::from(file.taken == file.old.record.bytes);
        }
        Ok(effects)
    }

    /// Goes back to where the file begins that could not be written.
    fn go_back(&mut self) {
        let at = match &mut self.plan {
            Some(Plan { files, at, coming, begin, .. }) => {
                for file in &mut files[*at..] {
                    (file.taken, file.resealer) = (0, None);
                    file.header.clear();
                }
                *coming = *at;
                *begin
            }
            None => {
                self.head.clear();
                0
            }
        };
        self.stream.go_back(at);
        self.skip = (at % BLOCK_BYTES as u64) as usize;
    }

    /// Lets what arrived take effect, once all of it has. After an error it may be tried again.
    pub fn finish(&mut self) -> StorageFuture<'_, ()> {
        Box::pin(async move {
            let plan = self.plan.as_ref().filter(|plan| self.stream.is_done() && plan.at == plan.files.len());
            let Some(plan) = plan else {
                let error = Error::corrupt(&"the stream", &"it ends before its end");
                return Err(error.with("received", self.received()));
            };
            let (storage, manifest) = (&*self.storage, &mut self.target.manifest);
            if self.outcome != Outcome::Committed {
                self.outcome = Outcome::Unknown;
                manifest.commit(storage, Vec::new(), plan.manifest.clone()).await?;
                self.outcome = Outcome::Committed;
            }
            if self.target.is_lost {
                // The other slot is damaged still; what fails here is no more than that.
                let same = manifest.next();
                let _ = manifest.commit(storage, Vec::new(), same).await;
            }
            if let Ok(objects) = storage.list().await {
                remove_leftovers(storage, &objects, &manifest.next()).await;
            }
            Ok(())
        })
    }

    /// The storage, for whoever opens the database.
    #[must_use]
    pub fn into_storage(self) -> Box<dyn Storage> {
        self.storage
    }

    /// Gives up: the files that arrived are removed, and the storage is closed.
    pub async fn abandon(self) -> Result<()> {
        // A commit whose outcome is unknown may name the new files.
        if self.outcome == Outcome::Nothing || is(Defect::ArrivedRemovedInDoubt) {
            for file in self.plan.iter().flat_map(|plan| &plan.files) {
                let _ = self.storage.remove(&file.name()).await;
            }
        }
        self.storage.close().await
    }
}

impl Target {
    async fn look(storage: &dyn Storage, replace: bool, environment: Environment) -> Result<Self> {
        let objects = storage.list().await?;
        let mut slots = read_slots(storage, &objects).await;
        doubt_versions(&mut slots);
        let newest = newest_sound(&slots)?;
        let opens = match choose(slots, &objects) {
            Ok(Some((found, damage))) => check_for_lost_commits(&found, &damage, &objects).is_ok(),
            Ok(None) => !objects.iter().any(is_data),
            Err(_) => false,
        };
        let is_new = opens && newest.as_ref().is_none_or(is_unfinished);
        if !is_new && !replace {
            let message = "a database is there already: it is only replaced where that is asked for";
            return Err(Error::new(ErrorCode::Conflict, message));
        }
        let is_lost = newest.is_none();
        if let Some(found) = &newest {
            // The other slot is written next: from then on this one must be sure.
            storage.append(found.slot(), &[], Durability::Strict).await?;
        }
        let mut base = newest.unwrap_or_else(|| {
            let manifest = Manifest { next_file: 1, next_collection: 1, collections: Vec::new() };
            CommittedManifest { database: DatabaseId((environment.random)()), generation: 0, manifest }
        });
        base.manifest.next_file = base.manifest.next_file.max(above_all(&objects));
        Ok(Self { id: base.database, manifest: ManifestState::new(base), opens, is_lost })
    }

    /// The files of a stream with numbers of this database.
    fn plan(&mut self, head: Head, begin: u64) -> Result<Plan> {
        let mut files = Vec::new();
        for old in head.files() {
            let number = self.manifest.allocate_file();
            files.push(Arriving { old, number, taken: 0, header: Vec::new(), resealer: None });
        }
        let mut numbers = files.iter().map(|file| file.number);
        let mut manifest = Manifest { collections: head.manifest.collections, ..self.manifest.next() };
        let mut names: Vec<String> = Vec::new();
        for record in &mut manifest.collections {
            Check::new(self.id, record)?;
            if record.name.is_empty() || record.name.len() > NAME_BYTES_MAX || names.contains(&record.name) {
                return Err(Error::corrupt(&"the stream", &"a collection without a name of its own"));
            }
            names.push(record.name.clone());
            record.id = manifest.next_collection;
            manifest.next_collection = manifest.next_collection.saturating_add(1);
            // In the order in which the head names them.
            let mut renumber = |file: &mut u64| *file = numbers.next().unwrap_or_default();
            for segment in &mut record.segments {
                renumber(&mut segment.segment.file);
                segment.tombstones.iter_mut().for_each(|file| renumber(&mut file.file));
            }
            record.wals.iter_mut().for_each(renumber);
        }
        Ok(Plan { manifest, files, at: 0, begin, coming: 0, check: None })
    }
}

impl Arriving {
    /// Takes the next bytes of the file. Its header becomes that of the target, and so do the checksums that hang on it.
    fn take(&mut self, piece: &[u8], from: DatabaseId, to: DatabaseId, effects: &mut Vec<Effect>) -> Result<()> {
        let name = self.name();
        self.taken += piece.len() as u64;
        let (front, rest) = piece.split_at((FILE_HEADER_BYTES - self.header.len()).min(piece.len()));
        if !front.is_empty() {
            self.header.extend_from_slice(front);
            if self.header.len() < FILE_HEADER_BYTES {
                return Ok(());
            }
            effects.push(Effect::Write(name.clone(), Vec::from(self.moved_header(from, to)?)));
        }
        let resealed = match &mut self.resealer {
            Some(resealer) => resealer.take(rest, &name)?,
            None => Vec::from(rest),
        };
        if !resealed.is_empty() {
            effects.push(Effect::Append(name.clone(), resealed));
        }
        if self.taken == self.old.record.bytes {
            if self.resealer.as_ref().is_some_and(|resealer| !resealer.is_whole()) {
                return Err(damaged(&name, &"the log ends within a frame"));
            }
            effects.push(Effect::End(name, usize::try_from(self.taken).unwrap_or(usize::MAX)));
        }
        Ok(())
    }

    fn moved_header(&mut self, from: DatabaseId, to: DatabaseId) -> Result<[u8; FILE_HEADER_BYTES]> {
        let (old, new) = (self.old.record.file, FileId(self.number));
        let name = &self.old.name(old);
        if self.old.kind == FileKind::Wal {
            let header = WalHeader::from_bytes(&self.header, name, from, FileId(old))?;
            let moved = header.moved(to, new);
            self.resealer = Some(Resealer::new(header, moved));
            return Ok(moved.to_bytes());
        }
        let header = FileHeader::expect(self.old.kind, &self.header, name, from, FileId(old))?;
        Ok(FileHeader { database: to, file: new, ..header }.to_bytes())
    }
}

impl Plan {
    /// All of a file has arrived, and was read back: looks at it in full.
    fn end_file(&mut self, database: DatabaseId, bytes: AlignedBytes) -> Result<()> {
        let Some(file) = self.files.get(self.at) else { return Ok(()) };
        let is_first = self.at == 0 || self.files[self.at - 1].old.collection != file.old.collection;
        if is_first {
            self.check = Some(Check::new(database, &self.manifest.collections[file.old.collection])?);
        }
        let mut arrived = file.old;
        arrived.record.file = file.number;
        if let Some(check) = &mut self.check {
            check.file(&arrived, bytes)?;
        }
        self.begin += arrived.record.bytes;
        self.at += 1;
        Ok(())
    }
}

fn is_data(object: &StoredObject) -> bool {
    is_data_file(&object.name)
}

/// Whether this is what a restore left that was cut off: numbers were taken, and there never was a collection.
fn is_unfinished(found: &CommittedManifest) -> bool {
    let manifest = &found.manifest;
    manifest.collections.is_empty() && manifest.next_collection == 1 && manifest.next_file > 1
}
