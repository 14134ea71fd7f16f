//! The segments of a damaged collection, and their dead rows.

use super::{Patient, Plan};
use crate::driver::{
    check::{open_segment, open_tombstones},
    commit::NewFile,
    slots::File,
};
use alloc::vec::Vec;
use sanderling_engine::{
    Result, Schema,
    codec::{FileHeader, FileKind},
    collection::superseded,
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
        let segment = self
            .take(files, &name)?
            .and_then(|bytes| open_segment(schema, bytes, &name, self.database, &record.segment).map_err(Some));
        let tombstones = record.tombstones.map(|file| (file, tombstones_name(file.file)));
        let segment = match segment {
            Ok(segment) => segment,
            Err(error) => {
                let loss = plan.lose_file(&name, collection, error.as_ref());
                if let Some((_, name)) = tombstones
                    && let Ok(bytes) = self.take(files, &name)?
                {
                    loss.documents = live_of(bytes.as_ref(), &name);
                    plan.aside.push(name); // it belongs to what was copied
                }
                return Ok(rescue(&record));
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

    /// Where the dead rows are lost, those are dead still whose documents were written again later.
    fn decide_dead(&self, kept: &mut [Kept], plan: &mut Plan) {
        for at in 0..kept.len() {
            if !kept[at].is_unsure {
                continue;
            }
            let mut views = Vec::new();
            kept.iter().for_each(|kept| views.push(Segment::Sealed(&kept.segment)));
            let dead = superseded(&views, at);
            if dead.count() > 0 {
                let file = plan.manifest.allocate_file();
                let (bytes, checksum) = write_tombstones(&dead, self.database, FileId(file));
                plan.files.push(NewFile::new(tombstones_name(file), &bytes));
                kept[at].record.tombstones = Some(FileRecord { file, bytes: bytes.len() as u64, checksum });
            }
            kept[at].dead = dead;
        }
    }
}

/// The rows of a damaged segment that can still be read, as a segment of their own. A file whose damage is in some blocks alone
/// may have them; today its checksums do not tell which, so there are none.
fn rescue(_: &SegmentRecord) -> Option<Kept> {
    None
}

/// How many documents a segment had when its dead rows were written last.
fn live_of(tombstones: &[u8], name: &str) -> Option<u64> {
    let header = FileHeader::from_bytes(FileKind::Tombstones, tombstones, name).ok()?;
    header.extra[0].checked_sub(header.extra[1])
}
