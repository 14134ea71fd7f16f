//! The segments of a damaged collection, and their dead rows.

use super::{Patient, Plan};
use crate::driver::{
    check::{open_segment, open_tombstones},
    commit::NewFile,
};
use alloc::vec::Vec;
use sanderling_engine::{
    Result, Schema,
    codec::{AlignedBytes, FILE_HEADER_BYTES, FileHeader, FileKind},
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
    pub(super) async fn segments(
        &self,
        record: &mut CollectionRecord,
        schema: &Schema,
        plan: &mut Plan,
    ) -> Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for old in core::mem::take(&mut record.segments) {
            kept.extend(self.segment(old, &record.name, schema, plan).await?);
        }
        self.decide_dead(&mut kept, plan);
        kept.iter().for_each(|kept| record.segments.push(kept.record.clone()));
        Ok(kept)
    }

    async fn segment(
        &self,
        mut record: SegmentRecord,
        collection: &str,
        schema: &Schema,
        plan: &mut Plan,
    ) -> Result<Option<Kept>> {
        let name = segment_name(record.segment.file);
        let read = self.read(&name).await?;
        let tombstones = match &record.tombstones {
            Some(file) => self.read(&tombstones_name(file.file)).await?,
            None => None,
        };
        let sound = match read {
            Some(bytes) => open_segment(schema, bytes, &name, self.database, &record.segment).map(Some),
            None => Ok(None),
        };
        let segment = match sound {
            Ok(Some(segment)) => segment,
            lost => {
                let rescued = rescue(&record);
                let loss = plan.lose_file(&name, collection, lost.err().as_ref());
                loss.documents = tombstones.as_ref().and_then(|dead| live_of(dead, &record));
                if let (Some(file), Some(_)) = (&record.tombstones, &tombstones) {
                    plan.aside.push(tombstones_name(file.file)); // it belongs to what was copied
                }
                return Ok(rescued);
            }
        };
        let Some(file) = record.tombstones else {
            let dead = RowSet::none(segment.rows());
            return Ok(Some(Kept { segment, dead, record, is_unsure: false }));
        };
        let name = tombstones_name(file.file);
        let found = match tombstones {
            Some(bytes) => open_tombstones(bytes.as_ref(), &name, segment.rows(), self.database, &file).map(Some),
            None => Ok(None),
        };
        if let Ok(Some(dead)) = found {
            return Ok(Some(Kept { segment, dead, record, is_unsure: false }));
        }
        let loss = plan.lose_file(&name, collection, found.err().as_ref());
        loss.problem.message.push_str("; documents that were deleted may come back");
        record.tombstones = None;
        let dead = RowSet::none(segment.rows());
        Ok(Some(Kept { segment, dead, record, is_unsure: true }))
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
fn live_of(tombstones: &AlignedBytes, record: &SegmentRecord) -> Option<u64> {
    let name = tombstones_name(record.tombstones?.file);
    let header = tombstones.as_ref().get(..FILE_HEADER_BYTES)?;
    let header = FileHeader::from_bytes(FileKind::Tombstones, header, &name).ok()?;
    header.extra[0].checked_sub(header.extra[1])
}
