//! Opening: both manifest slots, the segments they name, then the logs.

use super::{
    Environment,
    commit::ManifestState,
    slots::{
        File, above_all, check_for_lost_commits, choose, damaged, files_of, is_data_file, length_of, read_files,
        read_slots, remove_leftovers,
    },
};
use crate::storage::{BlockCache, Durability, InPlace, Storage, StoredObject};
use alloc::{format, sync::Arc, vec::Vec};
use sanderling_engine::{
    Error, ErrorCode, Result, Schema,
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
    /// Where the sound frames of each log end.
    pub log_ends: LogEnds,
}

/// Logs by their files, each with the length that counts.
pub(super) type LogEnds = Vec<(u64, u64)>;

pub(super) async fn open(storage: &dyn Storage, environment: Environment) -> Result<Opened> {
    let objects = storage.list().await?;
    let slots = read_slots(storage, &objects).await;
    let Some((mut committed, other_slot_damaged)) = choose(slots, &objects)? else {
        return create(storage, &objects, environment).await;
    };
    check_for_lost_commits(&committed, &other_slot_damaged, &objects)?;
    // A process that was killed may have left it unflushed: a power cut would bring the older one back, without the files
    // that are removed from here on and with logs that it does not know.
    if !is(Defect::SlotNotFlushed) {
        storage.append(committed.slot(), &[], Durability::Strict).await?;
    }
    committed.manifest.next_file = committed.manifest.next_file.max(above_all(&objects));
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
pub(super) async fn find(
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
    Some(opened.and_then(|opened| match opened {
        InPlace::Mapped(bytes) => Ok(bytes),
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
    let mut log_ends = LogEnds::new();
    let replayed = replay(files, database, record, &mut state, &mut log_ends);
    let (wal, wal_bytes) = replayed.or_else(|error| leave_out(&mut state, error).map(|()| (None, 0)))?;
    state.quarantine();
    Ok(Loaded { id: record.id, state, wal, written_dead, wal_bytes, log_in_use: true, log_ends })
}

/// Where the sound frames of the logs of a collection end that is not loaded.
pub(super) fn log_ends(found: &Found, database: DatabaseId) -> LogEnds {
    let mut ends = LogEnds::new();
    for &file in &found.record.wals {
        let name = wal_name(file);
        let bytes = found.files.iter().find(|other| other.name == name).and_then(|file| file.bytes.as_ref().ok());
        if let Some(bytes) = bytes
            && let Ok(mut reader) = WalReader::open(bytes.as_ref(), &name, database, FileId(file))
        {
            loop {
                match reader.next_batch() {
                    Ok(Some(_)) => {}
                    Ok(None) => break ends.push((file, reader.offset())),
                    Err(_) => break,
                }
            }
        }
    }
    ends
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
pub(super) fn lacks_language(error: &Error) -> bool {
    error.details().iter().any(|(name, _)| name == "language")
}

/// Whether it may be gone the next time: an error of the medium, and not of what lies there.
pub(super) fn is_passing(error: &Error) -> bool {
    error.code() == ErrorCode::Unavailable
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
    ends: &mut LogEnds,
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
        let (end, lost) = later.map_or((None, 0), |later| (Some(later.header().first()), later.header().lost()));
        let end = end.filter(|_| !is(Defect::OverlapReplayed));
        if state.next().plus(reader.header().lost()) >= reader.header().first() {
            state.skip_to(reader.header().first());
        }
        while let Some(batch) = reader.next_batch()? {
            if end.is_none_or(|end| batch.first < end) {
                state.replay(batch, name)?;
            }
        }
        if let Some(end) = end.filter(|end| state.next().plus(lost) < *end) {
            let problem = format!("the writes from {} to {} are missing", state.next().0, end.0 - 1);
            return Err(damaged(name, &problem));
        }
        ends.push((*file, reader.offset()));
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
