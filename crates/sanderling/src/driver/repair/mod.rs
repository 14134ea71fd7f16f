//! What is sound of a damaged database is kept; what was lost is told.
//!
//! Everything is read and decided first. Then the damaged files are copied aside, under names that nothing of ours ever touches
//! again, and one commit puts the rest in force, with new files in the place of those that had to be made anew. Whatever ends
//! a repair before that commit leaves the database as it was.
//!
//! What cannot be decided is not guessed: without a sound slot of the manifest nobody knows which files belong together, and
//! nothing is touched.

mod adopt;
mod logs;
mod segments;

use super::{
    check::Check,
    commit::{ManifestState, NewFile},
    slots::{
        DAMAGED_PREFIX, File, above_all, check_for_lost_commits, choose, damaged, doubt_versions, files_of,
        is_data_file, read_files, read_slots, unswap, whole,
    },
    verify::Problem,
};
use crate::storage::{Durability, Storage, StorageFuture, StoredObject};
use adopt::Adopted;
use alloc::{boxed::Box, format, string::String, vec::Vec};
use sanderling_engine::{
    DocumentId, Error, ErrorCode, Result, Schema, Value,
    codec::{AlignedBytes, FILE_HEADER_BYTES, FORMAT_VERSION, u32_at},
    collection::documents,
    defects::{Defect, is},
    ids::DatabaseId,
    manifest::{CollectionRecord, CommittedManifest, SLOTS},
    segment::Segment,
    text::AnalyzerSource,
};

/// What is copied at once.
const COPIED_BYTES: usize = 1 << 20;

/// Something that a repair could not keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// Where it was, and what had become of that.
    pub problem: Problem,
    /// How many documents were in it, if that can be told.
    pub documents: Option<u64>,
    /// The numbers of the first and the last write that are gone, if it was a log.
    pub writes: Option<(u64, u64)>,
}

/// What a repair has done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repaired {
    /// What could not be kept.
    pub lost: Vec<Loss>,
    /// How many documents there are, those included that have expired.
    pub documents: u64,
    /// The copies of damaged files. Nothing reads, writes or removes them any more, but for `destroy`.
    pub copies: Vec<String>,
}

/// The storage and what is known of it.
struct Patient<'a> {
    storage: &'a dyn Storage,
    objects: &'a [StoredObject],
    database: DatabaseId,
    analyzers: AnalyzerSource,
}

/// What is to be done.
struct Plan {
    manifest: ManifestState,
    /// Whether the manifest must be written, be it as it is.
    is_changed: bool,
    /// Whether each slot lay under the name of the other one.
    is_swapped: bool,
    files: Vec<NewFile>,
    /// Files of which a copy is kept.
    aside: Vec<String>,
    /// Files whose content is in new ones.
    superseded: Vec<String>,
    /// Whether a newer manifest may have been in force, and whether one was.
    doubt: (bool, bool),
    /// The number that the manifest gives to the next file.
    next_file: u64,
    adopted: Option<Adopted>,
    repaired: Repaired,
}

/// Repairs the database of a storage, which nobody may have open. A database that is well is left alone. The storage stays open.
/// Of a damaged segment rows are indexed anew, so a language that is missing is error "unsupported".
pub fn repair(storage: &dyn Storage, analyzers: AnalyzerSource) -> StorageFuture<'_, Repaired> {
    Box::pin(async move {
        let objects = storage.list().await?;
        let mut slots = read_slots(storage, &objects).await;
        doubt_versions(&mut slots);
        let Some((mut plan, found)) = Plan::new(slots, &objects)? else { return Ok(Repaired::default()) };
        // The slot may be there for this process alone, as it is when a database is opened.
        storage.append(found.slot(), &[], Durability::Strict).await?;
        let patient = Patient { storage, objects: &objects, database: found.database, analyzers };
        let mut next = plan.manifest.next();
        if plan.doubt.0 {
            patient.adopt(&mut next.collections, &mut plan).await?;
            patient.adopt_log(&mut next.collections, &mut plan).await?;
            plan.keep_unnamed(&objects, &next.collections);
        }
        for record in &mut next.collections {
            let files = read_files(storage, &objects, files_of(record)).await;
            patient.look_at(record, files, &mut plan)?;
        }
        if plan.is_changed {
            if !is(Defect::RepairedWithoutCopies) {
                patient.copy_aside(&mut plan).await?;
            }
            if is(Defect::RepairedBeforeCommit) {
                plan.remove_old(storage).await;
            }
            let files = core::mem::take(&mut plan.files);
            plan.manifest.commit(storage, files, next).await?;
            if plan.is_swapped {
                let same = plan.manifest.next();
                plan.manifest.commit(storage, Vec::new(), same).await?; // over what lies in the other slot
            }
            plan.remove_old(storage).await;
        }
        Ok(plan.repaired)
    })
}

impl Plan {
    /// What the slots say; none if there never was a database.
    fn new(mut slots: Vec<File>, objects: &[StoredObject]) -> Result<Option<(Self, CommittedManifest)>> {
        let is_swapped = unswap(&mut slots);
        if slots.is_empty() && !objects.iter().any(|object| is_data_file(&object.name)) {
            return Err(Error::new(ErrorCode::Unavailable, "there is no database"));
        }
        let (mut found, damage) = match choose(slots, objects) {
            Ok(Some(found)) => found,
            Ok(None) if objects.iter().any(|object| is_data_file(&object.name)) => return Err(unknown(&no_slot())),
            Ok(None) => return Ok(None), // its first commit was torn: nothing was ever in it
            Err(error) if error.code() == ErrorCode::Corrupt => return Err(unknown(&error)),
            Err(error) => return Err(error),
        };
        let is_rolled_back = check_for_lost_commits(&found, &damage, objects).is_err();
        let next_file = found.manifest.next_file;
        found.manifest.next_file = next_file.max(above_all(objects));
        let mut plan = Self {
            is_changed: damage.is_some() || is_swapped,
            is_swapped,
            files: Vec::new(),
            aside: Vec::new(),
            superseded: Vec::new(),
            doubt: (damage.is_some() || is_rolled_back, is_rolled_back),
            next_file,
            adopted: None,
            repaired: Repaired::default(),
            manifest: if is_swapped {
                ManifestState::misplaced(found.clone())
            } else {
                ManifestState::new(found.clone())
            },
        };
        if damage.is_some() {
            let other = SLOTS[((found.generation + 1) % 2) as usize];
            plan.aside.extend(objects.iter().map(|object| object.name.clone()).filter(|name| name == other));
        }
        Ok(Some((plan, found)))
    }

    async fn remove_old(&self, storage: &dyn Storage) {
        for name in self.aside.iter().chain(&self.superseded).filter(|name| is_data_file(name)) {
            // One that stays is removed when the database is opened next.
            let _ = storage.remove(name).await;
        }
    }

    /// A newer manifest may have been in force: then a file that this one does not name may hold documents.
    fn keep_unnamed(&mut self, objects: &[StoredObject], records: &[CollectionRecord]) {
        let named: Vec<String> = records.iter().flat_map(files_of).collect();
        for StoredObject { name, bytes } in objects {
            if is_data_file(name) && !named.contains(name) && *bytes > FILE_HEADER_BYTES as u64 {
                self.is_changed = true;
                self.aside.push(name.clone());
                if self.doubt.1 {
                    let error = damaged(name, &"the manifest that named it, and said to what it belongs, is lost");
                    self.lose(Problem { kind: "unknown", ..Problem::new(name, None, &error) });
                }
            }
        }
    }

    /// What is gone although its documents were found: which of the older ones they, and the writes between them, had deleted.
    fn tell_adopted(&mut self, record: &CollectionRecord) {
        let Some(adopted) = self.adopted.take_if(|adopted| adopted.collection == record.id) else { return };
        for name in &adopted.instead_of {
            let loss = self.lose_file(name, &record.name, None);
            let what = format!("; its documents are in {}; those that were deleted may come back", adopted.name);
            loss.problem.message.push_str(&what);
        }
        self.adopted = Some(adopted);
    }

    fn lose(&mut self, problem: Problem) -> &mut Loss {
        self.is_changed = true;
        self.repaired.lost.push(Loss { problem, documents: None, writes: None });
        self.last_loss()
    }

    /// The loss that was noted last.
    fn last_loss(&mut self) -> &mut Loss {
        let last = self.repaired.lost.len() - 1;
        &mut self.repaired.lost[last]
    }

    /// A file that is damaged or, without an error, missing. What is left of it is copied aside.
    fn lose_file(&mut self, name: &str, collection: &str, error: Option<&Error>) -> &mut Loss {
        let problem = match error {
            Some(error) => Problem::new(name, Some(collection), error),
            None => Problem::missing(name, Some(collection)),
        };
        if error.is_some() {
            self.aside.push(name.into());
        }
        self.lose(problem)
    }
}

fn no_slot() -> Error {
    damaged(SLOTS[0], &"both manifest slots are missing")
}

fn newer(name: &str) -> Error {
    Error::new(ErrorCode::Unsupported, format!("{name} has a newer format than this version reads")).with("file", name)
}

fn unknown(error: &Error) -> Error {
    let message =
        format!("which files belong to the database cannot be known any more, so nothing was touched: {error}");
    Error::new(ErrorCode::Corrupt, message).with("file", SLOTS[0])
}

impl Patient<'_> {
    /// Looks at all files of a collection, and changes what the manifest says of it to what is sound.
    fn look_at(&self, record: &mut CollectionRecord, mut files: Vec<File>, plan: &mut Plan) -> Result<()> {
        Check::new(self.database, record)?;
        doubt_versions(&mut files);
        let schema = Schema::from_json(&record.schema)?;
        plan.tell_adopted(record);
        let kept = self.segments(record, &mut files, &schema, plan)?;
        let writes = self.logs(record, &mut files, &schema, plan)?;
        let mut held = Vec::new();
        kept.iter().for_each(|kept| held.push((Segment::Sealed(&kept.segment), &kept.dead)));
        plan.repaired.documents += documents(&held, &writes) as u64;
        Ok(())
    }

    /// All bytes of a file, or what is wrong with it: nothing where it is missing. What cannot be read now is no damage, and a newer
    /// format is left alone.
    fn take(&self, files: &mut Vec<File>, name: &str) -> Result<Result<AlignedBytes, Option<Error>>> {
        let is_there = self.objects.iter().any(|object| object.name == name);
        let at = files.iter().position(|file| file.name == name).filter(|_| is_there);
        let Some(at) = at else { return Ok(Err(None)) };
        match files.swap_remove(at).bytes {
            Ok(bytes) => match u32_at(bytes.as_ref(), 8).filter(|version| *version > FORMAT_VERSION) {
                Some(_) => Err(newer(name)),
                None => Ok(Ok(bytes)),
            },
            Err(error) if error.code() == ErrorCode::Corrupt => Ok(Err(Some(error))),
            Err(error) => Err(error),
        }
    }

    /// Copies damaged files, so that whoever knows more may look at them.
    async fn copy_aside(&self, plan: &mut Plan) -> Result<()> {
        for name in &plan.aside {
            let copy = self.free_name(name);
            if let Err(error) = self.copy(name, &copy).await {
                let _ = self.storage.remove(&copy).await;
                return Err(error);
            }
            plan.repaired.copies.push(copy);
        }
        Ok(())
    }

    /// A name that no earlier repair has used.
    fn free_name(&self, name: &str) -> String {
        let mut copy = format!("{DAMAGED_PREFIX}{name}");
        let mut count = 1;
        while self.objects.iter().any(|object| object.name == copy) {
            count += 1;
            copy = format!("{DAMAGED_PREFIX}{name}.{count}");
        }
        copy
    }

    async fn copy(&self, name: &str, copy: &str) -> Result<()> {
        let bytes = self.objects.iter().find(|object| object.name == name).map_or(0, |object| object.bytes);
        self.storage.write(copy, &[], Durability::Relaxed).await?;
        let mut offset = 0;
        while offset < bytes {
            let length = usize::try_from(bytes - offset).unwrap_or(usize::MAX).min(COPIED_BYTES);
            let piece = whole(self.storage.read(name, offset, length).await?, length, name)?;
            self.storage.append(copy, piece.as_ref(), Durability::Relaxed).await?;
            offset += length as u64;
        }
        self.storage.append(copy, &[], Durability::Strict).await
    }
}

/// An id, and whether the write put its document.
type Writes = Vec<(DocumentId, bool)>;

impl From<&Loss> for Value {
    fn from(loss: &Loss) -> Self {
        let mut value = Self::from(&loss.problem);
        if let Some(documents) = loss.documents {
            value = value.with("documents", documents);
        }
        if let Some((first, last)) = loss.writes {
            value = value.with("writes", Value::object().with("first", first).with("last", last));
        }
        value
    }
}

impl From<&Repaired> for Value {
    fn from(repaired: &Repaired) -> Self {
        let (mut lost, mut copies) = (Vec::new(), Vec::new());
        repaired.lost.iter().for_each(|loss| lost.push(Self::from(loss)));
        repaired.copies.iter().for_each(|copy| copies.push(Self::from(copy.as_str())));
        let kept = Self::object().with("documents", repaired.documents);
        Self::object().with("lost", lost).with("kept", kept).with("copies", copies)
    }
}
