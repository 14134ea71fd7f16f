//! The segments of a damaged collection, and their dead rows.

use super::{Patient, Plan};
use crate::driver::{
    check::{open_segment, open_tombstones},
    commit::NewFile,
    slots::File,
};
use alloc::{sync::Arc, vec::Vec};
use sanderling_engine::{
    Error, Result, Schema,
    codec::{AlignedBytes, FileHeader, FileKind},
    collection::{Salvaged, SealedOutput, salvage, superseded},
    ids::FileId,
    manifest::{CollectionRecord, FileRecord, SegmentRecord, segment_name, tombstones_name},
    rows::RowSet,
    segment::{SealedSegment, Segment, write_tombstones},
};

/// A sound segment.
pub(super) struct Kept {
    pub segment: SealedSegment,
    pub dead: RowSet,
    record: SegmentRecord,
    /// Whether nobody knows any more which of its rows are dead.
    is_unsure: bool,
}

/// A sound segment or what is wrong with it, and what can be read of a damaged one.
type Looked = (Result<SealedSegment, Option<Error>>, Option<SealedSegment>);

/// Bytes that are read twice.
struct Shared(Arc<AlignedBytes>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl Patient<'_> {
    /// Keeps the segments that are sound.
    pub(super) fn segments(
        &self,
        record: &mut CollectionRecord,
        files: &mut Vec<File>,
        schema: &Schema,
        plan: &mut Plan,
    ) -> Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for old in core::mem::take(&mut record.segments) {
            kept.extend(self.segment(old, &record.name, files, (schema, plan))?);
        }
        if plan.adopted.as_ref().is_some_and(|adopted| adopted.collection == record.id) {
            // The file of dead rows that the newest commit made does not say of which segment it is.
            kept.iter_mut().for_each(|kept| kept.is_unsure = true);
        }
        self.decide_dead(&mut kept, plan);
        kept.iter().for_each(|kept| record.segments.push(kept.record.clone()));
        Ok(kept)
    }

    fn segment(
        &self,
        mut record: SegmentRecord,
        collection: &str,
        files: &mut Vec<File>,
        (schema, plan): (&Schema, &mut Plan),
    ) -> Result<Option<Kept>> {
        let name = segment_name(record.segment.file);
        let (segment, damaged) = self.read_segment(&name, &record, files, schema)?;
        let tombstones = record.tombstones.map(|file| (file, tombstones_name(file.file)));
        let segment = match segment {
            Ok(segment) => segment,
            Err(error) => {
                plan.lose_file(&name, collection, error.as_ref());
                let dead = match &tombstones {
                    Some((file, name)) => self.take(files, name)?.ok().map(|bytes| (file, name, bytes)),
                    None => None,
                };
                if let Some((_, name, _)) = &dead {
                    plan.aside.push((*name).clone()); // it belongs to what was copied
                }
                let Some(segment) = damaged else {
                    let live = dead.and_then(|(_, name, bytes)| live_of(bytes.as_ref(), name));
                    plan.last_loss().documents = live;
                    return Ok(None);
                };
                let rows = segment.rows();
                let dead = match (&tombstones, dead) {
                    (None, _) => Some(RowSet::none(rows)),
                    (_, Some((file, name, bytes))) => {
                        open_tombstones(bytes.as_ref(), name, rows, self.database, file).ok()
                    }
                    _ => None,
                };
                return self.rescue((segment, dead), schema, plan);
            }
        };
        let mut dead = Ok(RowSet::none(segment.rows()));
        if let Some((file, name)) = &tombstones {
            dead = self.take(files, name)?.and_then(|bytes| {
                open_tombstones(bytes.as_ref(), name, segment.rows(), self.database, file).map_err(Some)
            });
            if let Err(error) = &dead {
                let loss = plan.lose_file(name, collection, error.as_ref());
                loss.problem.message.push_str("; documents that were deleted may come back");
                record.tombstones = None;
            }
        }
        let is_unsure = dead.is_err();
        let dead = dead.unwrap_or_else(|_| RowSet::none(segment.rows()));
        Ok(Some(Kept { segment, dead, record, is_unsure }))
    }

    /// A sound segment, or why it is none: nothing where it is missing. Of one that is damaged a part may be read.
    fn read_segment(
        &self,
        name: &str,
        record: &SegmentRecord,
        files: &mut Vec<File>,
        schema: &Schema,
    ) -> Result<Looked> {
        let bytes = match self.take(files, name)? {
            Ok(bytes) => Arc::new(bytes),
            Err(error) => return Ok((Err(error), None)),
        };
        let opened = open_segment(schema, Shared(bytes.clone()), name, self.database, &record.segment);
        Ok(match opened.and_then(|segment| segment.check().map(|()| segment)) {
            Ok(segment) => (Ok(segment), None),
            Err(error) => {
                let identity = (self.database, FileId(record.segment.file), record.segment.checksum);
                let damaged = SealedSegment::open_damaged(schema, Shared(bytes).into(), name, identity).ok();
                (Err(Some(error)), damaged)
            }
        })
    }

    /// The rows of a damaged segment that can still be read, as a segment of their own.
    fn rescue(
        &self,
        (segment, dead): (SealedSegment, Option<RowSet>),
        schema: &Schema,
        plan: &mut Plan,
    ) -> Result<Option<Kept>> {
        let is_unsure = dead.is_none();
        let dead = dead.unwrap_or_else(|| RowSet::none(segment.rows()));
        let file = FileId(plan.manifest.allocate_file());
        let Salvaged { output, lost } = salvage(segment, &dead, schema, self.analyzers, (self.database, file))?;
        let loss = plan.last_loss();
        loss.documents = Some(lost);
        if is_unsure {
            loss.problem.message.push_str("; documents that were deleted may come back");
        }
        let Some(SealedOutput { bytes, checksum }) = output else { return Ok(None) };
        let name = segment_name(file.0);
        let made = FileRecord { file: file.0, bytes: bytes.len() as u64, checksum };
        let new = NewFile::new(name.clone(), &bytes);
        let segment = SealedSegment::open(schema, new.bytes.clone().into(), &name, (self.database, file, checksum))?;
        plan.files.push(new);
        let (dead, record) = (RowSet::none(segment.rows()), SegmentRecord { segment: made, tombstones: None });
        Ok(Some(Kept { segment, dead, record, is_unsure }))
    }

    /// Where the dead rows are lost, those are dead still whose documents were written again later.
    fn decide_dead(&self, kept: &mut [Kept], plan: &mut Plan) {
        for at in 0..kept.len() {
            if !kept[at].is_unsure {
                continue;
            }
            let mut views = Vec::new();
            kept.iter().for_each(|kept| views.push(Segment::Sealed(&kept.segment)));
            let mut dead = superseded(&views, at);
            dead.unite(&kept[at].dead);
            if dead.count() > kept[at].dead.count() {
                plan.superseded.extend(kept[at].record.tombstones.map(|known| tombstones_name(known.file)));
                let file = plan.manifest.allocate_file();
                let (bytes, checksum) = write_tombstones(&dead, self.database, FileId(file));
                plan.files.push(NewFile::new(tombstones_name(file), &bytes));
                kept[at].record.tombstones = Some(FileRecord { file, bytes: bytes.len() as u64, checksum });
            }
            kept[at].dead = dead;
        }
    }
}

/// How many documents a segment had when its dead rows were written last.
fn live_of(tombstones: &[u8], name: &str) -> Option<u64> {
    let header = FileHeader::from_bytes(FileKind::Tombstones, tombstones, name).ok()?;
    header.extra[0].checked_sub(header.extra[1])
}
