//! What lies in a storage, before any of it is believed: which slot of the manifest counts, which files are ours.

use crate::storage::{Storage, StoredObject};
use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::{fmt::Display, pin::Pin};
use sanderling_engine::{
    Error, ErrorCode, Result,
    codec::{AlignedBytes, FILE_HEADER_BYTES, FORMAT_VERSION, FileHeader},
    defects::{Defect, is},
    manifest::{CollectionRecord, CommittedManifest, Manifest, SLOTS, SegmentRecord, wal_name},
};

/// What the names of copies of damaged files begin with.
pub(super) const DAMAGED_PREFIX: &str = "damaged-";

/// A file that was read, or why it could not be.
pub(super) struct File<T = AlignedBytes> {
    pub name: String,
    pub bytes: Result<T>,
}

/// The files that a collection consists of.
pub(super) fn files_of(record: &CollectionRecord) -> Vec<String> {
    let mut names: Vec<String> = record.segments.iter().flat_map(SegmentRecord::files).collect();
    record.wals.iter().for_each(|wal| names.push(wal_name(*wal)));
    names
}

/// The slots that are there.
pub(super) fn read_slots<'a>(
    storage: &'a dyn Storage,
    objects: &'a [StoredObject],
) -> Pin<Box<dyn Future<Output = Vec<File>> + 'a>> {
    let mut slots = Vec::from(SLOTS.map(String::from));
    slots.retain(|slot| objects.iter().any(|object| object.name == *slot));
    read_files(storage, objects, slots)
}

/// For whoever is asked to get over damage, a version that nothing speaks for is damage: the header is then one of this
/// version whose checksum is wrong, and what lies behind it can be read.
pub(super) fn doubt_versions(files: &mut [File]) {
    for bytes in files.iter_mut().filter_map(|file| file.bytes.as_mut().ok()) {
        let bytes = bytes.as_mut();
        if FileHeader::is_version_doubtful(bytes)
            && let Some(header) = bytes.first_chunk_mut::<FILE_HEADER_BYTES>()
        {
            header[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
            header[60] = !header[60];
        }
    }
}

/// Whether each slot lies under the name of the other one, or one does and the other is damaged or gone, as where putting them back
/// was interrupted. They get back their own names.
pub(super) fn unswap(slots: &mut [File]) -> bool {
    let belongs_in = |file: &File| {
        let manifest = CommittedManifest::from_bytes(file.bytes.as_ref().ok()?.as_ref(), &file.name).ok()?;
        Some((manifest.slot(), manifest.database))
    };
    match slots {
        [one] => {
            let own = belongs_in(one).map(|(slot, _)| slot).filter(|slot| *slot != one.name);
            one.name = own.map_or_else(|| one.name.clone(), String::from);
            own.is_some()
        }
        [one, other] => {
            let is_swapped = match (belongs_in(one), belongs_in(other)) {
                (Some(first), Some(second)) => first.0 == other.name && second.0 == one.name && first.1 == second.1,
                (Some((slot, _)), None) => slot == other.name,
                (None, Some((slot, _))) => slot == one.name,
                (None, None) => false,
            };
            if is_swapped {
                core::mem::swap(&mut one.name, &mut other.name);
            }
            is_swapped
        }
        _ => false,
    }
}

/// The newest of the slots that are sound by themselves, whatever the other one says. A newer format is left alone, and what
/// could not be read may be sound.
pub(super) fn newest_sound(slots: &[File]) -> Result<Option<CommittedManifest>> {
    let mut newest: Option<CommittedManifest> = None;
    for File { name, bytes } in slots {
        let read = bytes.as_ref().map_err(Error::clone);
        match read.and_then(|bytes| CommittedManifest::from_bytes(bytes.as_ref(), name)) {
            Ok(slot) => {
                let is_newer = newest.as_ref().is_none_or(|other| other.generation < slot.generation);
                if slot.slot() == name && is_newer {
                    newest = Some(slot);
                }
            }
            Err(error) if error.code() != ErrorCode::Corrupt => return Err(error),
            Err(_) => {}
        }
    }
    Ok(newest)
}

/// The number above those of all files that are there: what lies there may yet be repaired.
pub(super) fn above_all(objects: &[StoredObject]) -> u64 {
    let numbers = objects.iter().filter_map(|object| data_file_number(&object.name));
    numbers.max().map_or(0, |number| number.saturating_add(1))
}

/// The newest sound slot, and what is wrong with the other one.
pub(super) fn choose(slots: Vec<File>, objects: &[StoredObject]) -> Result<Option<(CommittedManifest, Option<Error>)>> {
    let mut found: Option<CommittedManifest> = None;
    let mut damage = None;
    let count = slots.len();
    for File { name, bytes } in slots {
        match bytes.and_then(|bytes| CommittedManifest::from_bytes(bytes.as_ref(), &name)) {
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
            // A newer format is left alone, whatever the other slot says, and what could not be read may be sound.
            Err(error) if error.code() != ErrorCode::Corrupt => return Err(error),
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
pub(super) fn check_for_lost_commits(
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

pub(super) fn is_data_file(name: &str) -> bool {
    data_file_number(name).is_some()
}

pub(super) fn data_file_number(name: &str) -> Option<u64> {
    ["wal-", "segment-", "tombstones-"].iter().find_map(|prefix| number_of(name, prefix))
}

fn number_of(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?;
    (digits.len() >= 8).then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

/// Removes all files of a database for good, and the copies of damaged ones that a repair has left. Data is gone before the slots
/// that name it, and the newest slot goes last: what is left half-way is neither taken for a new database nor for what it was
/// before. Whoever destroys again goes on.
pub async fn destroy(storage: &dyn Storage) -> Result<()> {
    let objects = storage.list().await?;
    let mut slots = read_slots(storage, &objects).await;
    let generation = |slot: &File| {
        let bytes = slot.bytes.as_ref().ok()?;
        CommittedManifest::from_bytes(bytes.as_ref(), &slot.name).ok().map(|slot| slot.generation)
    };
    slots.sort_by_key(generation);
    let slots: Vec<String> = slots.into_iter().map(|slot| slot.name).collect();
    let is_data = |name: &String| is_data_file(name) || name.starts_with(DAMAGED_PREFIX);
    let data = objects.iter().map(|object| object.name.clone()).filter(is_data).collect();
    let mut rounds = [data, slots];
    if is(Defect::SlotsDestroyedFirst) {
        rounds.reverse();
        rounds[0].reverse();
    }
    for names in rounds {
        for name in &names {
            storage.remove(name).await?;
            let is_slot = SLOTS.contains(&name.as_str());
            if is_slot && !is(Defect::DestroyNotFlushed) {
                storage.flush_removals().await?; // one slot after the other
            }
        }
        if !is(Defect::DestroyNotFlushed) {
            storage.flush_removals().await?; // also what an earlier attempt has removed
        }
    }
    Ok(())
}

/// Files of our own that no manifest names: what a crash left between a commit and the removal of what it dropped. Any
/// other file is none of our business.
pub(super) async fn remove_leftovers(storage: &dyn Storage, objects: &[StoredObject], manifest: &Manifest) {
    let mut named = Vec::new();
    manifest.collections.iter().for_each(|record| named.append(&mut files_of(record)));
    for object in objects.iter().filter(|object| is_data_file(&object.name) && !named.contains(&object.name)) {
        // What cannot be removed now is tried again at the next opening.
        let _ = storage.remove(&object.name).await;
    }
}

/// Reads files one after the other.
pub(super) fn read_files<'a>(
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

pub(super) fn length_of(objects: &[StoredObject], name: &str) -> Result<usize> {
    let Some(object) = objects.iter().find(|object| object.name == name) else {
        return Err(damaged(name, &"the file is missing"));
    };
    usize::try_from(object.bytes).map_err(|_| damaged(name, &"it is too large for this host"))
}

/// Fewer bytes than an object has are an error of the medium, never its end.
pub(super) fn whole(bytes: AlignedBytes, length: usize, name: &str) -> Result<AlignedBytes> {
    let found = bytes.as_ref().len();
    if found == length || is(Defect::ShortReadBelieved) {
        return Ok(bytes);
    }
    let message = format!("{name}: {found} of {length} bytes could be read");
    Err(Error::new(ErrorCode::Unavailable, message).with("file", name))
}

pub(super) fn damaged(name: &str, problem: &dyn Display) -> Error {
    Error::damaged_file(name, problem)
}
