//! A storage over files whose names are not durable when they are created, as in the origin-private file system of
//! browsers: a flush there makes the bytes of a file durable and not its name.
//!
//! So files are created ahead of need, and nothing is kept in one before it is *settled*: long enough there that its name
//! has been written too. Which object a file holds stands in the file itself, in one of two slots of [`SLOT_BYTES`] bytes
//! written in turn; the content follows at [`CONTENT_AT`]. No file is renamed or deleted, and none is given a new content
//! unless it says that it is free.

use super::{Durability, InPlace, MaybeShared, Storage, StorageFuture, StoredObject};
use crate::guarded::Guarded;
use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::ops::{Deref, DerefMut};
use sanderling_engine::{
    Error, ErrorCode, Result,
    codec::{AlignedBytes, crc32c, u32_at, u64_at},
    defects::{Defect, is},
};

/// Files as the host has them. A call that reads or writes may do less than it was asked for.
pub trait RawFiles: MaybeShared {
    /// The names and lengths of all files.
    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>>;
    /// Makes an empty file.
    fn create<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()>;
    /// Bytes from an offset on; fewer where the file ends or the medium fails.
    fn read_at<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes>;
    /// Writes bytes at an offset and says how many.
    fn write_at<'a>(&'a self, name: &'a str, offset: u64, bytes: &'a [u8]) -> StorageFuture<'a, usize>;
    /// Makes a file shorter or longer.
    fn set_len<'a>(&'a self, name: &'a str, length: u64) -> StorageFuture<'a, ()>;
    /// Makes the content of a file durable.
    fn flush<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()>;
    /// A file to be read without waiting from this place on; none where the host cannot do that. Once the file was made shorter it
    /// is another object's, and every read is refused.
    fn in_place(&self, name: &str, from: u64) -> Option<Result<InPlace>> {
        let _ = (name, from);
        None
    }
    /// Gives up whatever is held.
    fn close(&self) -> StorageFuture<'_, ()>;
}

/// How a pool is kept.
#[derive(Clone, Copy, Debug)]
pub struct PoolOptions {
    /// Free files that are kept ahead of need.
    pub free: usize,
    /// Milliseconds after which the name of a new file is taken for durable.
    pub settle: u64,
    /// Milliseconds since 1970.
    pub now: fn() -> u64,
}

/// The length of one of the two slots that say what a file holds.
pub const SLOT_BYTES: usize = 512;

/// Where the content of a file begins.
pub const CONTENT_AT: u64 = 2 * SLOT_BYTES as u64;

const MAGIC: &[u8; 8] = b"SNDLPOOL";
const VERSION: u32 = 0;
const NAME_AT: usize = 40;
const NAME_BYTES_MAX: usize = SLOT_BYTES - NAME_AT - 4;

/// A storage in a pool of files.
pub struct PoolStorage<R> {
    raw: R,
    options: PoolOptions,
    pool: Guarded<Pool>,
}

#[derive(Default)]
struct Pool {
    files: Vec<PoolFile>,
    /// The number of the last change of any slot.
    generation: u64,
    /// The number of the next file.
    next: u64,
}

#[derive(Clone)]
struct PoolFile {
    name: String,
    holds: Holds,
    /// The slot that counts.
    slot: usize,
    /// Whether no flush may have reached that slot yet.
    unflushed: bool,
    /// Whether a flush of that failed, or a slot could not be written: a later flush may succeed without the slot, which is
    /// written once more before the next bytes.
    doubtful: bool,
    generation: u64,
    created: u64,
    length: u64,
}

#[derive(Clone, PartialEq)]
enum Holds {
    Nothing,
    Object(String),
    /// Nobody knows: it is left alone.
    Unknown,
}

/// A file that something is done with. When that ends, or is given up, the pool knows how far it came.
struct InUse<'a, R: RawFiles> {
    storage: &'a PoolStorage<R>,
    file: PoolFile,
}

impl<R: RawFiles> Deref for InUse<'_, R> {
    type Target = PoolFile;

    fn deref(&self) -> &PoolFile {
        &self.file
    }
}

impl<R: RawFiles> DerefMut for InUse<'_, R> {
    fn deref_mut(&mut self) -> &mut PoolFile {
        &mut self.file
    }
}

impl<R: RawFiles> Drop for InUse<'_, R> {
    fn drop(&mut self) {
        self.storage.set(self.file.clone());
    }
}

/// What a slot says.
struct Slot {
    generation: u64,
    created: u64,
    object: Option<String>,
}

impl Slot {
    /// Magic, version, 0, generation, creation, length of the object's name, its name, checksum of all that. No name: free.
    fn to_bytes(&self) -> [u8; SLOT_BYTES] {
        let mut bytes = [0; SLOT_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.generation.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.created.to_le_bytes());
        let name = self.object.as_deref().unwrap_or_default().as_bytes();
        bytes[32..36].copy_from_slice(&(name.len() as u32).to_le_bytes());
        bytes[NAME_AT..NAME_AT + name.len()].copy_from_slice(name);
        let checksum = crc32c(&bytes[..SLOT_BYTES - 4]);
        bytes[SLOT_BYTES - 4..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if !Self::is_sound(bytes) || u32_at(bytes, 8) != Some(VERSION) {
            return None;
        }
        let length = u32_at(bytes, 32).filter(|length| *length as usize <= NAME_BYTES_MAX)? as usize;
        let name = core::str::from_utf8(bytes.get(NAME_AT..NAME_AT + length)?).ok()?;
        let object = (length > 0).then(|| name.into());
        Some(Self { generation: u64_at(bytes, 16)?, created: u64_at(bytes, 24)?, object })
    }

    fn is_sound(bytes: &[u8]) -> bool {
        bytes.len() == SLOT_BYTES
            && &bytes[..8] == MAGIC
            && u32_at(bytes, SLOT_BYTES - 4) == Some(crc32c(&bytes[..SLOT_BYTES - 4]))
    }

    /// The version of a sound slot whose format is newer than ours. One that is not sound was torn or damaged: every version
    /// keeps its checksum in the same place.
    fn newer_version(bytes: &[u8]) -> Option<u32> {
        u32_at(bytes, 8).filter(|version| Self::is_sound(bytes) && *version > VERSION)
    }
}

fn failed(name: &str, problem: &str) -> Error {
    Error::new(ErrorCode::Unavailable, format!("{name}: {problem}")).with("file", name)
}

fn file_name(number: u64) -> String {
    format!("pool-{number:08x}")
}

fn number_of(name: &str) -> Option<u64> {
    u64::from_str_radix(name.strip_prefix("pool-")?, 16).ok()
}

impl<R: RawFiles> PoolStorage<R> {
    /// Looks what each file holds, and makes files if there are too few.
    pub async fn open(raw: R, options: PoolOptions) -> Result<Self> {
        let mut pool = Pool::default();
        for object in raw.list().await? {
            let Some(number) = number_of(&object.name) else { continue };
            pool.next = pool.next.max(number + 1);
            let file = look(&raw, object, (options.now)()).await?;
            pool.generation = pool.generation.max(file.generation);
            pool.files.push(file);
        }
        // Of two files that say the same the older one was freed, and that was lost.
        pool.files.sort_by_key(|file| core::cmp::Reverse(file.generation));
        for at in 1..pool.files.len() {
            let (newer, file) = (&pool.files[..at], &pool.files[at]);
            if matches!(file.holds, Holds::Object(_)) && newer.iter().any(|other| other.holds == file.holds) {
                pool.files[at].holds = Holds::Nothing;
            }
        }
        let storage = Self { raw, options, pool: Guarded::new(pool) };
        storage.grow().await?;
        Ok(storage)
    }

    /// Whether every object lies in a file whose name is durable.
    pub fn is_settled(&self) -> bool {
        let pool = self.pool.read();
        pool.files.iter().all(|file| !matches!(file.holds, Holds::Object(_)) || self.settled(file))
    }

    /// Whether an object of this name is in the pool.
    pub fn holds(&self, object: &str) -> bool {
        self.find(object).is_some()
    }

    /// Whether there is a file that a new object may have now.
    pub fn has_room(&self) -> bool {
        self.pool.read().files.iter().any(|file| file.holds == Holds::Nothing && self.settled(file))
    }

    /// How many of the files have durable names, counted from the first one made: no pool is ever without them again.
    pub fn settled_files(&self) -> u64 {
        let pool = self.pool.read();
        let young = pool.files.iter().filter(|file| !self.settled(file)).filter_map(|file| number_of(&file.name));
        young.min().unwrap_or(pool.next)
    }

    /// The name of the first file among so many that is not there.
    pub fn missing(&self, files: u64) -> Option<String> {
        let pool = self.pool.read();
        let is_there = |name: &String| pool.files.iter().any(|file| file.name == *name);
        (0..files).map(file_name).find(|name| !is_there(name))
    }

    fn settled(&self, file: &PoolFile) -> bool {
        (self.options.now)() >= file.created.saturating_add(self.options.settle)
    }

    /// Keeps free files ahead of need.
    async fn grow(&self) -> Result<()> {
        loop {
            let (name, generation) = {
                let mut pool = self.pool.change();
                if pool.files.iter().filter(|file| file.holds == Holds::Nothing).count() >= self.options.free {
                    return Ok(());
                }
                pool.next += 1;
                pool.generation += 1;
                (file_name(pool.next - 1), pool.generation)
            };
            let created = (self.options.now)();
            self.raw.create(&name).await?;
            let slot = Slot { generation, created, object: None }.to_bytes();
            write_all(&self.raw, &name, 0, &slot).await?;
            self.raw.set_len(&name, CONTENT_AT).await?;
            self.raw.flush(&name).await?;
            let holds = Holds::Nothing;
            let file =
                PoolFile { name, holds, slot: 0, unflushed: false, doubtful: false, generation, created, length: 0 };
            self.pool.change().files.push(file);
        }
    }

    fn find(&self, object: &str) -> Option<PoolFile> {
        let holds = |file: &&PoolFile| matches!(&file.holds, Holds::Object(other) if other == object);
        self.pool.read().files.iter().find(holds).cloned()
    }

    fn set(&self, changed: PoolFile) {
        let mut pool = self.pool.change();
        if let Some(file) = pool.files.iter_mut().find(|file| file.name == changed.name) {
            *file = changed;
        }
    }

    /// The file of an object, be it a new one.
    async fn file(&self, object: &str) -> Result<InUse<'_, R>> {
        if let Some(file) = self.find(object) {
            return Ok(InUse { storage: self, file });
        }
        if object.is_empty() || object.len() > NAME_BYTES_MAX {
            return Err(failed(object, "the name is too long"));
        }
        let free = |file: &&mut PoolFile| file.holds == Holds::Nothing && self.settled(file);
        let file = {
            let mut pool = self.pool.change();
            let Some(file) = pool.files.iter_mut().find(free) else {
                let message = format!("{object}: no file of the pool has been there long enough");
                return Err(Error::new(ErrorCode::Busy, message).with("file", object));
            };
            // Until its slot is written nobody else may take it. Where that fails the file may say that it holds the object, but it is
            // empty, and goes the same way again.
            let free = file.clone();
            file.holds = Holds::Unknown;
            free
        };
        let mut file = InUse { storage: self, file };
        self.empty(&mut file, object).await?;
        file.holds = Holds::Object(object.into());
        self.set(file.clone());
        // What fails here is tried again with the next object.
        let _ = self.grow().await;
        Ok(file)
    }

    /// Makes a free file an object's.
    async fn empty(&self, file: &mut PoolFile, object: &str) -> Result<()> {
        // The old content must be gone for good before the file says that it is something else.
        self.raw.set_len(&file.name, CONTENT_AT).await?;
        file.unflushed = true;
        file.length = 0;
        // The slot that does not count may name what was freed, or what the file was to hold before, and counts if the other
        // one is lost: the content would be taken for that.
        if file.doubtful {
            self.write_slot(file, 1 - file.slot, None).await?;
            file.doubtful = true;
            self.raw.flush(&file.name).await?;
            (file.unflushed, file.doubtful) = (false, false);
        }
        self.label(file, Some(object)).await
    }

    /// Writes what a file holds into the slot that does not count. In doubt that is the newer one: it may never become durable,
    /// whatever later flushes say, and the other one is.
    async fn label(&self, file: &mut PoolFile, object: Option<&str>) -> Result<()> {
        // Before a slot says something else, what it was written upon must be sure: that the old content is gone, and the
        // slot that counts, whose other one is written over. A slot in doubt stays so whatever this flush says.
        if !is(Defect::PoolNotFlushed) {
            self.flush_label(file).await?;
        }
        let at = if file.doubtful { file.slot } else { 1 - file.slot };
        self.write_slot(file, at, object).await
    }

    async fn write_slot(&self, file: &mut PoolFile, at: usize, object: Option<&str>) -> Result<()> {
        let generation = {
            let mut pool = self.pool.change();
            pool.generation += 1;
            pool.generation
        };
        let slot = Slot { generation, created: file.created, object: object.map(String::from) };
        // Where this fails the slot may say the one or the other.
        file.doubtful = true;
        write_all(&self.raw, &file.name, (at * SLOT_BYTES) as u64, &slot.to_bytes()).await?;
        (file.slot, file.generation, file.unflushed, file.doubtful) = (at, generation, true, false);
        Ok(())
    }

    /// Makes durable what a file says, if no flush may have reached that. Until one surely has, it is in doubt.
    async fn flush_label(&self, file: &mut PoolFile) -> Result<()> {
        if file.unflushed {
            let doubtful = core::mem::replace(&mut file.doubtful, true);
            self.raw.flush(&file.name).await?;
            (file.doubtful, file.unflushed) = (doubtful, doubtful);
        }
        Ok(())
    }

    async fn put(&self, object: &str, bytes: &[u8], durability: Durability, anew: bool) -> Result<()> {
        let mut file = self.file(object).await?;
        if file.doubtful {
            self.label(&mut file, Some(object)).await?;
        }
        let at = if anew { 0 } else { file.length };
        write_all(&self.raw, &file.name, CONTENT_AT + at, bytes).await?;
        file.length = at + bytes.len() as u64;
        if anew {
            self.raw.set_len(&file.name, CONTENT_AT + file.length).await?;
        }
        self.set(file.clone());
        if durability == Durability::Strict {
            file.doubtful = file.unflushed; // a slot that was durable before stays so
            self.raw.flush(&file.name).await?;
            (file.unflushed, file.doubtful) = (false, false);
        }
        Ok(())
    }

    async fn free(&self, object: &str) -> Result<()> {
        let Some(file) = self.find(object) else { return Ok(()) };
        // While its slot is written it is neither that object's nor free; where that fails it is still the object's.
        let mut file = InUse { storage: self, file };
        self.set(PoolFile { holds: Holds::Unknown, ..file.clone() });
        self.label(&mut file, None).await?;
        file.holds = Holds::Nothing;
        Ok(())
    }

    /// Makes every free file say for good that it is free. One that was freed before the pool was opened may say something else.
    async fn flush_labels(&self) -> Result<()> {
        let in_doubt = |file: &&mut PoolFile| file.holds == Holds::Nothing && (file.unflushed || file.doubtful);
        let next = || {
            let mut pool = self.pool.change();
            let file = pool.files.iter_mut().find(in_doubt)?;
            let free = file.clone();
            file.holds = Holds::Unknown; // meanwhile nobody else may take it
            Some(InUse { storage: self, file: free })
        };
        while let Some(mut file) = next() {
            self.label(&mut file, None).await?;
            self.flush_label(&mut file).await?;
        }
        Ok(())
    }

    async fn get(&self, object: &str, offset: u64, length: usize) -> Result<AlignedBytes> {
        let Some(file) = self.find(object) else {
            return Err(Error::new(ErrorCode::Corrupt, format!("{object} is missing")).with("file", object));
        };
        let left = usize::try_from(file.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = length.min(left);
        // Behind the end, where the sum may not fit, no bytes are read.
        let bytes = self.raw.read_at(&file.name, CONTENT_AT.wrapping_add(offset), length).await?;
        // Hosts tell a failed read by fewer bytes: it is never the end of the file.
        if bytes.as_ref().len() < length { Err(failed(object, "it could not be read whole")) } else { Ok(bytes) }
    }
}

/// What a file says that it holds.
async fn look<R: RawFiles>(raw: &R, object: StoredObject, now: u64) -> Result<PoolFile> {
    let head = object.bytes.min(CONTENT_AT) as usize;
    let bytes = raw.read_at(&object.name, 0, head).await?;
    let bytes = bytes.as_ref();
    if bytes.len() < head {
        return Err(failed(&object.name, "it could not be read whole"));
    }
    let length = object.bytes.saturating_sub(CONTENT_AT);
    let slots = [0, 1].map(|slot| bytes.get(slot * SLOT_BYTES..(slot + 1) * SLOT_BYTES));
    if let Some(version) = slots.into_iter().flatten().find_map(Slot::newer_version) {
        let message = format!("{} has format version {version}; this version reads up to {VERSION}", object.name);
        return Err(Error::new(ErrorCode::Unsupported, message).with("file", object.name).with("version", version));
    }
    let slots = slots.map(|slot| Slot::from_bytes(slot?));
    let newest = slots.into_iter().enumerate().filter_map(|(at, slot)| Some((at, slot?)));
    let Some((slot, Slot { generation, created, object: holds })) = newest.max_by_key(|(_, slot)| slot.generation)
    else {
        // One that was created and never written is as good as new; any other may be damaged.
        let empty = length == 0 && bytes.iter().all(|byte| *byte == 0);
        let holds = if empty { Holds::Nothing } else { Holds::Unknown };
        return Ok(PoolFile {
            name: object.name,
            holds,
            slot: 1,
            unflushed: true,
            doubtful: false,
            generation: 0,
            created: now,
            length,
        });
    };
    let holds = holds.map_or(Holds::Nothing, Holds::Object);
    // Whoever wrote it may have been killed before its flush.
    Ok(PoolFile { name: object.name, holds, slot, unflushed: true, doubtful: false, generation, created, length })
}

/// Writes all bytes, in as many calls as that takes.
async fn write_all<R: RawFiles>(raw: &R, name: &str, offset: u64, bytes: &[u8]) -> Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        let written = raw.write_at(name, offset + done as u64, &bytes[done..]).await?;
        if written == 0 {
            return Err(failed(name, "it takes no more bytes"));
        }
        done += written;
    }
    Ok(())
}

impl<R: RawFiles> Storage for PoolStorage<R> {
    fn kind(&self) -> String {
        "pool".into()
    }

    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        let mut objects = Vec::new();
        for file in &self.pool.read().files {
            if let Holds::Object(name) = &file.holds {
                objects.push(StoredObject { name: name.clone(), bytes: file.length });
            }
        }
        Box::pin(core::future::ready(Ok(objects)))
    }

    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        Box::pin(self.get(name, offset, length))
    }

    fn in_place(&self, name: &str, _length: usize) -> Option<Result<InPlace>> {
        self.raw.in_place(&self.find(name)?.name, CONTENT_AT)
    }

    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        Box::pin(self.put(name, bytes, durability, false))
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        Box::pin(self.put(name, bytes, durability, true))
    }

    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        Box::pin(self.free(name))
    }

    fn flush_removals(&self) -> StorageFuture<'_, ()> {
        Box::pin(self.flush_labels())
    }

    fn close(&self) -> StorageFuture<'_, ()> {
        self.raw.close()
    }
}
