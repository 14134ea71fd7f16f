//! Opening: both manifest slots, the segments they name, then the logs.

use super::{Environment, commit::ManifestState};
use crate::storage::{BlockCache, Durability, InPlace, Storage, StoredObject};
use alloc::{boxed::Box, format, string::String, sync::Arc, vec::Vec};
use core::{fmt::Display, pin::Pin};
use sanderling_engine::{
    Error, ErrorCode, Result, Schema,
    codec::{AlignedBytes, FILE_HEADER_BYTES},
    collection::CollectionState,
    defects::{Defect, is},
    document::json,
    ids::{DatabaseId, FileId, SequenceNumber},
    manifest::{
        CollectionRecord, CommittedManifest, FileRecord, Manifest, SLOTS, SegmentRecord, segment_name, tombstones_name,
        wal_name,
    },
    rows::RowSet,
    segment::{SealedSegment, SegmentBytes, read_tombstones},
    settings::CollectionSettings,
    text::AnalyzerSource,
    wal::{WalHeader, WalReader},
};

/// A database as it was found.
pub(super) struct Opened {
    pub id: DatabaseId,
    pub manifest: ManifestState,
    pub cache: Arc<BlockCache>,
    pub found: Vec<Found>,
}

/// A collection with all that the storage has of it.
pub(super) struct Found {
    pub record: CollectionRecord,
    segments: Vec<File<SegmentBytes>>,
    files: Vec<File>,
}

/// A collection as it was found.
pub(super) struct Loaded {
    pub id: u32,
    pub state: CollectionState,
    /// The log that takes writes; none where the last one ends in a torn write.
    pub wal: Option<(WalHeader, u64)>,
    /// For each sealed segment, how many dead rows its file has.
    pub written_dead: Vec<usize>,
    pub wal_bytes: u64,
    /// Whether the last log holds acknowledged writes.
    pub log_in_use: bool,
}

/// A file that was read, or why it could not be.
struct File<T = AlignedBytes> {
    name: String,
    bytes: Result<T>,
}

/// The files that a collection consists of.
pub(super) fn files_of(record: &CollectionRecord) -> Vec<String> {
    let mut names: Vec<String> = record.segments.iter().flat_map(SegmentRecord::files).collect();
    record.wals.iter().for_each(|wal| names.push(wal_name(*wal)));
    names
}

pub(super) async fn open(storage: &dyn Storage, environment: Environment) -> Result<Opened> {
    let objects = storage.list().await?;
    let mut slots = Vec::from(SLOTS.map(String::from));
    slots.retain(|slot| objects.iter().any(|object| object.name == *slot));
    let slots = read_files(storage, &objects, slots).await;
    let Some((mut committed, other_slot_damaged)) = choose(slots, &objects)? else {
        return create(storage, &objects, environment).await;
    };
    check_for_lost_commits(&committed, &other_slot_damaged, &objects)?;
    // A process that was killed may have left it unflushed: a power cut would bring the older one back, without the files
    // that are removed from here on and with logs that it does not know.
    if !is(Defect::SlotNotFlushed) {
        storage.append(committed.slot(), &[], Durability::Strict).await?;
    }
    // A number that any file has is never given to another: what lies there may yet be repaired.
    let numbers = objects.iter().filter_map(|object| data_file_number(&object.name));
    let above_all = numbers.max().map_or(0, |number| number.saturating_add(1));
    committed.manifest.next_file = committed.manifest.next_file.max(above_all);
    let (mut found, cache) = (Vec::new(), BlockCache::new(environment.memory_budget));
    for record in &committed.manifest.collections {
        found.push(find(storage, &objects, record, &cache).await);
    }
    if other_slot_damaged.is_none() {
        remove_leftovers(storage, &objects, &committed.manifest).await;
    }
    Ok(Opened { id: committed.database, manifest: ManifestState::new(committed), cache, found })
}

/// Reads the files of a collection. Segments, which may be large, are read in place where the storage can do that.
async fn find(
    storage: &dyn Storage,
    objects: &[StoredObject],
    record: &CollectionRecord,
    cache: &Arc<BlockCache>,
) -> Found {
    let (mut names, mut segments) = (files_of(record), Vec::new());
    for segment in &record.segments {
        let name = segment_name(segment.segment.file);
        let length = length_of(objects, &name);
        if let Some(bytes) =
            length.map_or_else(|error| Some(Err(error)), |length| in_place(storage, cache, &name, length))
        {
            names.retain(|other| *other != name);
            segments.push(File { name, bytes });
        }
    }
    let mut files = read_files(storage, objects, names).await;
    for segment in &record.segments {
        let name = segment_name(segment.segment.file);
        if let Some(at) = files.iter().position(|file| file.name == name) {
            let File { name, bytes } = files.swap_remove(at);
            segments.push(File { name, bytes: bytes.map(SegmentBytes::from) });
        }
    }
    Found { record: record.clone(), segments, files }
}

/// A segment that need not be in memory whole.
pub(super) fn in_place(
    storage: &dyn Storage,
    cache: &Arc<BlockCache>,
    name: &str,
    length: usize,
) -> Option<Result<SegmentBytes>> {
    let opened = storage.in_place(name, length)?;
    Some(opened.map(|opened| match opened {
        InPlace::Mapped(bytes) => bytes,
        InPlace::Read(file) => cache.file(length, file),
    }))
}

async fn create(storage: &dyn Storage, objects: &[StoredObject], environment: Environment) -> Result<Opened> {
    if let Some(object) = objects.iter().find(|object| is_data_file(&object.name)) {
        let message = format!("both manifest slots are missing, but {} is there", object.name);
        return Err(Error::new(ErrorCode::Corrupt, message).with("file", SLOTS[0]));
    }
    let id = DatabaseId((environment.random)());
    let manifest = Manifest { next_file: 1, next_collection: 1, collections: Vec::new() };
    let mut manifest = ManifestState::new(CommittedManifest { database: id, generation: 0, manifest });
    manifest.commit(storage, Vec::new(), manifest.next()).await?;
    Ok(Opened { id, manifest, cache: BlockCache::new(environment.memory_budget), found: Vec::new() })
}

/// The newest sound slot, and what is wrong with the other one.
fn choose(slots: Vec<File>, objects: &[StoredObject]) -> Result<Option<(CommittedManifest, Option<Error>)>> {
    let mut found: Option<CommittedManifest> = None;
    let mut damage = None;
    let count = slots.len();
    for File { name, bytes } in slots {
        match CommittedManifest::from_bytes(bytes?.as_ref(), &name) {
            Ok(slot) if slot.slot() != name => {
                damage = Some(damaged(&name, &"what it holds belongs in the other slot"))
            }
            Ok(slot) => {
                if found.as_ref().is_some_and(|other| other.database != slot.database) {
                    return Err(damaged(&name, &"the two slots belong to different databases"));
                }
                let newer =
                    |other: &CommittedManifest| (other.generation < slot.generation) != is(Defect::OlderSlotWins);
                if found.as_ref().is_none_or(newer) {
                    found = Some(slot);
                }
            }
            // A newer format is left alone, whatever the other slot says.
            Err(error) if error.code() == ErrorCode::Unsupported => return Err(error),
            Err(error) => damage = Some(error),
        }
    }
    match (found, damage) {
        // From the second commit on there are two slots.
        (Some(found), None) if count == 1 && found.generation > 1 => {
            let other = SLOTS[((found.generation + 1) % 2) as usize];
            Ok(Some((found, Some(damaged(other, &"the file is missing")))))
        }
        (Some(found), damage) => Ok(Some((found, damage))),
        (None, Some(damage)) => first_commit_was_torn(objects, damage),
        (None, None) => Ok(None),
    }
}

/// A torn first commit is a database that never was: nothing could be acknowledged before it.
fn first_commit_was_torn<T>(objects: &[StoredObject], damage: Error) -> Result<Option<T>> {
    let only_slot = objects.iter().filter(|object| SLOTS.contains(&object.name.as_str())).count() == 1;
    let no_data = !objects.iter().any(|object| is_data_file(&object.name));
    if only_slot && no_data { Ok(None) } else { Err(damage) }
}

/// A torn commit leaves files that hold no acknowledged write. A log that does, beyond what the manifest knows of, means
/// that a newer manifest had been in force; so does a file that is gone where the other slot is damaged. Then nothing is
/// opened: going on would give the numbers and the place of what was lost to something else.
fn check_for_lost_commits(
    committed: &CommittedManifest,
    damage: &Option<Error>,
    objects: &[StoredObject],
) -> Result<()> {
    let lost = |problem: &str, name: &str| {
        let error = damage.clone().unwrap_or_else(|| damaged(committed.slot(), &"a newer manifest had been in force"));
        error.with(problem, name)
    };
    let unknown = |object: &&StoredObject| {
        number_of(&object.name, "wal-").is_some_and(|file| file >= committed.manifest.next_file)
            && object.bytes > FILE_HEADER_BYTES as u64
    };
    if let Some(object) = objects.iter().find(unknown) {
        return Err(lost("unknown", &object.name));
    }
    if damage.is_some() {
        for name in committed.manifest.collections.iter().flat_map(files_of) {
            length_of(objects, &name).map_err(|_| lost("missing", &name))?;
        }
    }
    Ok(())
}

fn is_data_file(name: &str) -> bool {
    data_file_number(name).is_some()
}

fn data_file_number(name: &str) -> Option<u64> {
    ["wal-", "segment-", "tombstones-"].iter().find_map(|prefix| number_of(name, prefix))
}

fn number_of(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?;
    (digits.len() >= 8).then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

/// Files of our own that no manifest names: what a crash left between a commit and the removal of what it dropped. Any
/// other file is none of our business.
async fn remove_leftovers(storage: &dyn Storage, objects: &[StoredObject], manifest: &Manifest) {
    let mut named = Vec::new();
    manifest.collections.iter().for_each(|record| named.append(&mut files_of(record)));
    for object in objects.iter().filter(|object| is_data_file(&object.name) && !named.contains(&object.name)) {
        // What cannot be removed now is tried again at the next opening.
        let _ = storage.remove(&object.name).await;
    }
}

/// A collection from its files. All of them are there, so nothing here waits. Without its language it is left as it is.
pub(super) fn load(found: &mut Found, database: DatabaseId, analyzers: AnalyzerSource) -> Result<Loaded> {
    let Found { record, segments, files } = found;
    let schema = Schema::from_json(&record.schema)?;
    let settings = CollectionSettings::from_value(&json::parse(&record.settings)?)?;
    let mut state = CollectionState::new(schema, analyzers, settings, SequenceNumber(record.first_in_wal))?;
    let mut written_dead = Vec::new();
    for segment in &record.segments {
        match load_segment((segments, files), database, segment, state.schema()) {
            Ok((segment, dead)) => {
                written_dead.push(dead.count());
                state.add_sealed(segment, dead);
            }
            Err(error) => leave_out(&mut state, error)?,
        }
    }
    let replayed = replay(files, database, record, &mut state);
    let (wal, wal_bytes) = replayed.or_else(|error| leave_out(&mut state, error).map(|()| (None, 0)))?;
    state.quarantine();
    Ok(Loaded { id: record.id, state, wal, written_dead, wal_bytes, log_in_use: true })
}

/// What is damaged is left out, and the rest answers. Any other error, of the medium above all, may be gone the next time.
fn leave_out(state: &mut CollectionState, error: Error) -> Result<()> {
    if error.code() != ErrorCode::Corrupt {
        return Err(error);
    }
    state.leave_out(error);
    Ok(())
}

/// Whether that is why it is not loaded: its files were not looked at.
pub(super) fn lacks_language(loaded: &Result<Loaded>) -> bool {
    loaded.as_ref().is_err_and(|error| error.details().iter().any(|(name, _)| name == "language"))
}

fn load_segment(
    (segments, files): (&mut Vec<File<SegmentBytes>>, &mut Vec<File>),
    database: DatabaseId,
    record: &SegmentRecord,
    schema: &Schema,
) -> Result<(Arc<SealedSegment>, RowSet)> {
    let identity = |file: &FileRecord| (database, FileId(file.file), file.checksum);
    let name = segment_name(record.segment.file);
    let bytes = take(segments, &name)?;
    check_length(bytes.length(), &name, record.segment.bytes)?;
    let segment = SealedSegment::open(schema, bytes, &name, identity(&record.segment))?;
    let dead = match &record.tombstones {
        None => RowSet::none(segment.rows()),
        Some(file) => {
            let name = tombstones_name(file.file);
            let bytes = take(files, &name)?;
            check_length(bytes.as_ref().len(), &name, file.bytes)?;
            read_tombstones(bytes.as_ref(), &name, segment.rows(), identity(file))?
        }
    };
    Ok((Arc::new(segment), dead))
}

/// Applies the logs in order. Where a later log begins before the end of an earlier one, the earlier one ends in writes
/// that were never acknowledged: its append had failed. Behind what is damaged nothing can be applied.
fn replay(
    files: &mut Vec<File>,
    database: DatabaseId,
    record: &CollectionRecord,
    state: &mut CollectionState,
) -> Result<(Option<(WalHeader, u64)>, u64)> {
    let (mut total, mut last) = (0, None);
    let first = if is(Defect::LastLogAlone) { record.wals.len().saturating_sub(1) } else { 0 };
    let mut logs = Vec::new();
    for &file in &record.wals[first..] {
        let name = wal_name(file);
        let bytes = take(files, &name);
        logs.push((name, file, bytes));
    }
    for (at, (name, file, bytes)) in logs.iter().enumerate() {
        let bytes = bytes.as_ref().map_err(Error::clone)?.as_ref();
        total += bytes.len() as u64;
        let mut reader = WalReader::open(bytes, name, database, FileId(*file))?;
        // One whose header is damaged says nothing; it is looked at when it is its turn.
        let later = logs.get(at + 1).and_then(|(name, file, bytes)| {
            WalReader::open(bytes.as_ref().ok()?.as_ref(), name, database, FileId(*file)).ok()
        });
        let end = later.map(|later| later.header().first()).filter(|_| !is(Defect::OverlapReplayed));
        while let Some(batch) = reader.next_batch()? {
            if end.is_none_or(|end| batch.first < end) {
                state.replay(batch, name)?;
            }
        }
        if let Some(end) = end.filter(|end| state.next() < *end) {
            let problem = format!("the writes from {} to {} are missing", state.next().0, end.0 - 1);
            return Err(damaged(name, &problem));
        }
        last = (!reader.is_torn() || is(Defect::TornLogExtended)).then_some((reader.header(), *file));
    }
    Ok((last, total))
}

/// The bytes of a file that was read. They are asked for once.
fn take<T>(files: &mut Vec<File<T>>, name: &str) -> Result<T> {
    match files.iter().position(|file| file.name == name) {
        Some(at) => files.swap_remove(at).bytes,
        None => Err(damaged(name, &"the file is missing")),
    }
}

fn check_length(found: usize, name: &str, length: u64) -> Result<()> {
    if found as u64 == length { Ok(()) } else { Err(damaged(name, &format_args!("{found} bytes instead of {length}"))) }
}

/// Reads files one after the other.
fn read_files<'a>(
    storage: &'a dyn Storage,
    objects: &'a [StoredObject],
    names: Vec<String>,
) -> Pin<Box<dyn Future<Output = Vec<File>> + 'a>> {
    Box::pin(async move {
        let mut files = Vec::new();
        for name in names {
            let bytes = match length_of(objects, &name) {
                Ok(length) => storage.read(&name, 0, length).await.and_then(|bytes| whole(bytes, length, &name)),
                Err(error) => Err(error),
            };
            files.push(File { name, bytes });
        }
        files
    })
}

fn length_of(objects: &[StoredObject], name: &str) -> Result<usize> {
    let Some(object) = objects.iter().find(|object| object.name == name) else {
        return Err(damaged(name, &"the file is missing"));
    };
    usize::try_from(object.bytes).map_err(|_| damaged(name, &"it is too large for this host"))
}

/// Fewer bytes than an object has are an error of the medium, never its end.
fn whole(bytes: AlignedBytes, length: usize, name: &str) -> Result<AlignedBytes> {
    let found = bytes.as_ref().len();
    if found == length || is(Defect::ShortReadBelieved) {
        return Ok(bytes);
    }
    let message = format!("{name}: {found} of {length} bytes could be read");
    Err(Error::new(ErrorCode::Unavailable, message).with("file", name))
}

fn damaged(name: &str, problem: &dyn Display) -> Error {
    Error::damaged_file(name, problem)
}
