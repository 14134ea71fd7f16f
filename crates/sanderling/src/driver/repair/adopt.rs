//! A segment that only a lost manifest named. Where the newest slot is lost, the older one names what the newest commit had put a new
//! segment in the place of: logs whose writes were sealed, segments that were merged, or both with a new log behind them where all was
//! made anew. These files may be gone.
//!
//! A segment does not say to which collection it belongs. But a commit changes one collection, so what is missing is of that one, and
//! the segment is known by what it holds: it is sound by its own root checksum, has the numbers of what is missing and no
//! others, and its first document is in no other collection. Anything less certain is copied aside and told, as any
//! unnamed file is.
//!
//! And a log that only the lost manifest named, because the growing segment was frozen or an append had failed. It goes on where the
//! last log of its collection ends, or ends too late; where more than one collection may be meant, it is left.

use super::{Patient, Plan};
use crate::driver::{
    check::open_segment,
    slots::{data_file_number, files_of, read_files},
};
use crate::storage::StorageFuture;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::ops::Range;
use sanderling_engine::{
    DocumentId, ErrorCode, Result, Schema,
    codec::{AlignedBytes, u32_at},
    ids::{FileId, RowId},
    manifest::{CollectionRecord, FileRecord, SegmentRecord, segment_name, wal_name},
    segment::{SealedSegment, Segment},
    wal::{Operation, WalReader},
};

/// A segment that was put in the place of what is missing.
pub(super) struct Adopted {
    /// Of this collection.
    pub collection: u32,
    /// The missing files whose documents it has, and its own name.
    pub instead_of: Vec<String>,
    pub name: String,
}

/// What is missing of a collection.
struct Gap {
    /// The collection's place in the manifest.
    at: usize,
    /// The places of the segments that are gone, or of the logs.
    segments: Range<usize>,
    logs: Range<usize>,
    /// The numbers of the writes in them.
    writes: Range<u64>,
    /// Files that were begun later have higher numbers.
    above: u64,
    /// The log that was begun behind the segment, if only the lost manifest named that too.
    log: Option<u64>,
}

impl Patient<'_> {
    /// Names the segment that has what is missing, if there is one without a doubt.
    pub(super) fn adopt<'a>(
        &'a self,
        records: &'a mut [CollectionRecord],
        plan: &'a mut Plan,
    ) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            let mut gaps = Vec::new();
            for at in 0..records.len() {
                gaps.extend(self.gap(records, at).await?);
            }
            let [gap] = &gaps[..] else { return Ok(()) };
            let schema = Schema::from_json(&records[gap.at].schema)?;
            let mut found = Vec::new();
            let below = gap.log.unwrap_or(u64::MAX);
            for file in self.unnamed(records, "segment-", &segment_name) {
                if gap.above < file
                    && file < below
                    && let Some((record, segment)) = self.sound(&schema, file).await?
                    && writes_of(&segment).is_some_and(|has| gap.writes.start <= has.start && has.end <= gap.writes.end)
                    && !self.is_of_another(records, gap.at, &segment).await?
                {
                    found.push(record);
                }
            }
            if let [segment] = found[..] {
                plan.adopted = Some(gap.fill(&mut records[gap.at], segment));
                plan.is_changed = true;
            }
            Ok(())
        })
    }

    /// Names the log that goes on behind the others of a collection, if there is one without a doubt. Its number is one that the
    /// manifest had not given yet, and nothing else has such a number: a restore that was cut off leaves more than a log, or had its
    /// numbers taken.
    pub(super) async fn adopt_log(&self, records: &mut [CollectionRecord], plan: &mut Plan) -> Result<()> {
        let named: Vec<String> = records.iter().flat_map(files_of).collect();
        let is_new = |name: &str| data_file_number(name).is_some_and(|file| file >= plan.next_file);
        let unnamed = self.objects.iter().filter(|object| is_new(&object.name) && !named.contains(&object.name));
        let mut unnamed = unnamed.filter_map(|object| data_file_number(&object.name).zip(Some(&object.name)));
        let (Some((log, name)), None) = (unnamed.next(), unnamed.next()) else { return Ok(()) };
        // The first log of a collection may be that of one that the manifest does not know.
        let Some(first) = self.first_of(log).await?.filter(|first| *first > 1 && *name == wal_name(log)) else {
            return Ok(());
        };
        let mut meant = Vec::new();
        for record in records {
            if let Some(last) = record.wals.last()
                && self.may_go_on(*last, first).await?
            {
                meant.push(record);
            }
        }
        if let [record] = &mut meant[..] {
            record.wals.push(log);
            plan.is_changed = true;
        }
        Ok(())
    }

    /// Whether a later log may begin with this number: within that log, or behind it.
    async fn may_go_on(&self, last: u64, first: u64) -> Result<bool> {
        let name = wal_name(last);
        let Some(bytes) = self.bytes_of(&name).await? else { return Ok(true) };
        let Ok(mut reader) = WalReader::open(bytes.as_ref(), &name, self.database, FileId(last)) else {
            return Ok(true);
        };
        let (from, mut next) = (reader.header().first().0, reader.header().first().0);
        loop {
            match reader.next_batch() {
                Ok(Some(batch)) => next = batch.first.plus(batch.operations.len() as u64).0,
                Ok(None) => return Ok((from..=next).contains(&first)),
                Err(_) => return Ok(from <= first), // nobody knows where it ended
            }
        }
    }

    /// What is missing of a collection, if one commit can have taken it away: neighbouring segments, or its oldest logs.
    async fn gap(&self, records: &[CollectionRecord], at: usize) -> Result<Option<Gap>> {
        let record = &records[at];
        let segments = run(record.segments.len(), &|at| !self.has(&segment_name(record.segments[at].segment.file)));
        let logs = run(record.wals.len(), &|at| !self.has(&wal_name(record.wals[at])));
        let (Some(segments), Some(logs)) = (segments, logs) else { return Ok(None) };
        if segments.is_empty() {
            let above = record.wals.get(logs.end).copied();
            let (Some(above), false, 0) = (above, logs.is_empty(), logs.start) else { return Ok(None) };
            let next = self.first_of(above).await?;
            let writes = next.map(|next| record.first_in_wal..next);
            return Ok(writes.map(|writes| Gap { at, segments, logs, writes, above, log: None }));
        }
        let above =
            record.segments[segments.clone()].iter().map(|segment| segment.segment.file).max().unwrap_or_default();
        let Some(mut writes) = self.between(record, &segments).await? else { return Ok(None) };
        if logs.is_empty() {
            return Ok(Some(Gap { at, segments, logs, writes, above, log: None }));
        }
        let is_all = segments.end == record.segments.len() && logs == (0..record.wals.len());
        let [log] = self.unnamed(records, "wal-", &wal_name)[..] else { return Ok(None) };
        let Some(first) = self.first_of(log).await?.filter(|_| is_all) else { return Ok(None) };
        writes.end = first;
        Ok(Some(Gap { at, segments, logs, writes, above, log: Some(log) }))
    }

    /// The numbers behind the segment before some and before the one behind them.
    async fn between(&self, record: &CollectionRecord, segments: &Range<usize>) -> Result<Option<Range<u64>>> {
        let schema = Schema::from_json(&record.schema)?;
        let mut writes = 1..record.first_in_wal;
        if let Some(before) = segments.start.checked_sub(1) {
            let before = self.numbers_of(&schema, &record.segments[before]).await?;
            let Some(before) = before else { return Ok(None) };
            writes.start = before.end;
        }
        if let Some(behind) = record.segments.get(segments.end) {
            let Some(behind) = self.numbers_of(&schema, behind).await? else { return Ok(None) };
            writes.end = behind.start;
        }
        Ok(Some(writes))
    }

    fn has(&self, name: &str) -> bool {
        self.objects.iter().any(|object| object.name == name)
    }

    /// The numbers of the files of a kind that no manifest names.
    fn unnamed(&self, records: &[CollectionRecord], prefix: &str, name_of: &dyn Fn(u64) -> String) -> Vec<u64> {
        let named: Vec<String> = records.iter().flat_map(files_of).collect();
        let numbers = self.objects.iter().filter(|object| !named.contains(&object.name)).filter_map(|object| {
            let file = u64::from_str_radix(object.name.strip_prefix(prefix)?, 16).ok()?;
            (name_of(file) == object.name).then_some(file)
        });
        numbers.collect()
    }

    /// The bytes of a file that anything may be in. What cannot be read now may be sound.
    async fn bytes_of(&self, name: &str) -> Result<Option<AlignedBytes>> {
        let mut read = read_files(self.storage, self.objects, Vec::from([name.into()])).await;
        match read.pop().map(|file| file.bytes) {
            Some(Err(error)) if error.code() != ErrorCode::Corrupt => Err(error),
            read => Ok(read.and_then(Result::ok)),
        }
    }

    /// A segment that is sound, whether anything names it or not.
    async fn sound(&self, schema: &Schema, file: u64) -> Result<Option<(FileRecord, SealedSegment)>> {
        let name = segment_name(file);
        let Some(bytes) = self.bytes_of(&name).await? else { return Ok(None) };
        let length = bytes.as_ref().len();
        let root = length.checked_sub(4).and_then(|at| u32_at(bytes.as_ref(), at));
        let Some(checksum) = root else { return Ok(None) };
        let record = FileRecord { file, bytes: length as u64, checksum };
        let opened = open_segment(schema, bytes, &name, self.database, &record);
        Ok(opened.and_then(|segment| segment.check().map(|()| (record, segment))).ok())
    }

    /// The numbers of the writes in a named segment.
    async fn numbers_of(&self, schema: &Schema, record: &SegmentRecord) -> Result<Option<Range<u64>>> {
        let sound = self.sound(schema, record.segment.file).await?;
        Ok(sound.and_then(|(_, segment)| writes_of(&segment)))
    }

    /// The number of the first write of a log.
    async fn first_of(&self, file: u64) -> Result<Option<u64>> {
        let name = wal_name(file);
        let bytes = self.bytes_of(&name).await?;
        let bytes = bytes.as_ref().map(AsRef::as_ref).unwrap_or_default();
        let reader = WalReader::open(bytes, &name, self.database, FileId(file)).ok();
        Ok(reader.map(|reader| reader.header().first().0))
    }

    /// Whether another collection has the first document of a segment with the same number: of what is made there, and was not named
    /// yet, all documents are in its segments or its logs.
    async fn is_of_another(&self, records: &[CollectionRecord], at: usize, segment: &SealedSegment) -> Result<bool> {
        let first = Segment::Sealed(segment);
        let (id, sequence) = (first.id(RowId(0)), first.sequence(RowId(0)).0);
        for (_, record) in records.iter().enumerate().filter(|(other, _)| *other != at) {
            let schema = Schema::from_json(&record.schema)?;
            for other in &record.segments {
                let Some((_, other)) = self.sound(&schema, other.segment.file).await? else { return Ok(true) };
                let other = Segment::Sealed(&other);
                if other.find(&id).is_some_and(|row| other.sequence(row).0 == sequence) {
                    return Ok(true);
                }
            }
            for wal in &record.wals {
                let Some(bytes) = self.bytes_of(&wal_name(*wal)).await? else { return Ok(true) };
                if self.may_have(bytes.as_ref(), *wal, (&id, sequence)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether a log has the document with that number, or cannot be read as far as that.
    fn may_have(&self, log: &[u8], file: u64, (id, sequence): (&DocumentId, u64)) -> bool {
        let name = wal_name(file);
        let Ok(mut reader) = WalReader::open(log, &name, self.database, FileId(file)) else { return true };
        loop {
            let Ok(batch) = reader.next_batch() else { return true };
            let Some(batch) = batch else { return false };
            let at = sequence.checked_sub(batch.first.0).and_then(|at| usize::try_from(at).ok());
            if let Some(Operation::Put { id: put, .. }) = at.and_then(|at| batch.operations.get(at))
                && DocumentId::from_bytes(put).as_ref() == Some(id)
            {
                return true;
            }
        }
    }
}

impl Gap {
    fn fill(&self, record: &mut CollectionRecord, segment: FileRecord) -> Adopted {
        let named = SegmentRecord { segment, tombstones: None };
        let mut instead_of = Vec::new();
        let gone = record.segments.splice(self.segments.clone(), [named]);
        gone.for_each(|gone| instead_of.push(segment_name(gone.segment.file)));
        if !self.logs.is_empty() {
            let gone = record.wals.splice(self.logs.clone(), self.log);
            gone.for_each(|gone| instead_of.push(wal_name(gone)));
            record.first_in_wal = self.writes.end;
        }
        Adopted { collection: record.id, instead_of, name: segment_name(segment.file) }
    }
}

/// The places that are missing, if they are neighbours.
fn run(count: usize, is_missing: &dyn Fn(usize) -> bool) -> Option<Range<usize>> {
    let start = (0..count).find(|at| is_missing(*at)).unwrap_or(count);
    let end = (start..count).find(|at| !is_missing(*at)).unwrap_or(count);
    (end..count).all(|at| !is_missing(at)).then_some(start..end)
}

/// The numbers of the writes in a segment, whose rows are in their order.
fn writes_of(segment: &SealedSegment) -> Option<Range<u64>> {
    let last = u32::try_from(segment.rows().checked_sub(1)?).ok()?;
    let view = Segment::Sealed(segment);
    Some(view.sequence(RowId(0)).0..view.sequence(RowId(last)).0 + 1)
}
