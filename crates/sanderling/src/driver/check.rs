//! Files looked at in full, as nothing but a check does: opening leaves to the first read what it can.

use super::slots::damaged;
use alloc::format;
use sanderling_engine::{
    Result, Schema,
    codec::{AlignedBytes, FileKind},
    collection::check_operation,
    document::json,
    export::ExportedFile,
    ids::{DatabaseId, FileId},
    manifest::{CollectionRecord, FileRecord},
    rows::RowSet,
    segment::{SealedSegment, read_tombstones},
    settings::CollectionSettings,
    wal::WalReader,
};

/// Looks at the files of a collection, one after the other in the order of an export.
pub(super) struct Check {
    database: DatabaseId,
    schema: Schema,
    /// Rows of the segment that was looked at last.
    rows: Option<usize>,
    /// The write that the next log has to begin with, or one before it.
    next: u64,
    first_in_wal: u64,
}

impl Check {
    /// What the manifest says of a collection must be sound too.
    pub(super) fn new(database: DatabaseId, record: &CollectionRecord) -> Result<Self> {
        let schema = Schema::from_json(&record.schema)?;
        CollectionSettings::from_value(&json::parse(&record.settings)?)?;
        Ok(Self { database, schema, rows: None, next: record.first_in_wal, first_in_wal: record.first_in_wal })
    }

    /// Looks at a file of which these are all bytes.
    pub(super) fn file(&mut self, file: &ExportedFile, bytes: AlignedBytes) -> Result<()> {
        let name = &file.name(file.record.file);
        match file.kind {
            FileKind::Segment => {
                self.rows = None;
                let segment = open_segment(&self.schema, bytes, name, self.database, &file.record)?;
                segment.check()?;
                self.rows = Some(segment.rows());
                Ok(())
            }
            FileKind::Tombstones => {
                // Without its segment a file of dead rows says nothing that could be wrong.
                let Some(rows) = self.rows else { return Ok(()) };
                open_tombstones(bytes.as_ref(), name, rows, self.database, &file.record).map(drop)
            }
            _ => {
                check_length(bytes.as_ref(), name, &file.record)?;
                self.log(bytes.as_ref(), name, FileId(file.record.file))
            }
        }
    }

    fn log(&mut self, bytes: &[u8], name: &str, file: FileId) -> Result<()> {
        let mut reader = WalReader::open(bytes, name, self.database, file)?;
        let first = reader.header().first().0;
        if first > self.next.saturating_add(reader.header().lost()) {
            return Err(damaged(name, &format!("the writes from {} to {} are missing", self.next, first - 1)));
        }
        let mut next = first;
        while let Some(batch) = reader.next_batch()? {
            for operation in &batch.operations {
                check_operation(&self.schema, operation, name)?;
            }
            next = batch.first.0 + batch.operations.len() as u64;
        }
        // Where a failed append was followed by another log, this one may end behind the first write of that one.
        self.next = next.max(self.first_in_wal);
        if reader.is_torn() {
            return Err(damaged(name, &"bytes that are no frame").with("offset", reader.offset()));
        }
        Ok(())
    }
}

/// A segment, which is still to be checked.
pub(super) fn open_segment(
    schema: &Schema,
    bytes: impl AsRef<[u8]> + Send + Sync + 'static,
    name: &str,
    database: DatabaseId,
    record: &FileRecord,
) -> Result<SealedSegment> {
    check_length(bytes.as_ref(), name, record)?;
    SealedSegment::open(schema, bytes.into(), name, (database, FileId(record.file), record.checksum))
}

/// The dead rows of a segment of so many rows.
pub(super) fn open_tombstones(
    bytes: &[u8],
    name: &str,
    rows: usize,
    database: DatabaseId,
    record: &FileRecord,
) -> Result<RowSet> {
    check_length(bytes, name, record)?;
    read_tombstones(bytes, name, rows, (database, FileId(record.file), record.checksum))
}

fn check_length(bytes: &[u8], name: &str, record: &FileRecord) -> Result<()> {
    if bytes.len() as u64 == record.bytes {
        return Ok(());
    }
    Err(damaged(name, &format_args!("{} bytes instead of {}", bytes.len(), record.bytes)))
}
