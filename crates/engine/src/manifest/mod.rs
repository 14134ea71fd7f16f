//! The manifest: which files a database consists of. It is the one commit point.
//!
//! Two slots are written in turn, in place; the newest one whose checksum is right counts. A slot is a file header (its
//! numbers are the generation and the length of the record), the record, and the record's CRC-32C.

use crate::{
    Error, Result,
    codec::{
        FILE_HEADER_BYTES, FileHeader, FileKind, Record, RecordReader, RecordWriter, crc32c, read_record, u32_at,
        write_record,
    },
    defects::{Defect, is},
    ids::{DatabaseId, FileId},
};
use alloc::{format, string::String, vec::Vec};

/// The names of the two slots.
pub const SLOTS: [&str; 2] = ["manifest-a", "manifest-b"];

/// A file that the manifest names, with what it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileRecord {
    /// Its identity.
    pub file: u64,
    /// Its length.
    pub bytes: u64,
    /// Its root checksum.
    pub checksum: u32,
}

/// A sealed segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRecord {
    /// Its file.
    pub segment: FileRecord,
    /// The file of its dead rows, if it has any.
    pub tombstones: Option<FileRecord>,
}

/// A collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionRecord {
    /// Its identity.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its schema as JSON text.
    pub schema: String,
    /// Its settings as JSON text.
    pub settings: String,
    /// The number of the first write that is in the logs; all before are in the segments.
    pub first_in_wal: u64,
    /// Its sealed segments, oldest first.
    pub segments: Vec<SegmentRecord>,
    /// The files of its logs, oldest first; the last one takes the writes.
    pub wals: Vec<u64>,
}

/// The state of a database that a manifest commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The next identity of a file.
    pub next_file: u64,
    /// The next identity of a collection.
    pub next_collection: u32,
    /// The collections.
    pub collections: Vec<CollectionRecord>,
}

impl SegmentRecord {
    /// The names of its files.
    pub fn files(&self) -> impl Iterator<Item = String> + use<> {
        let tombstones = self.tombstones.map(|file| tombstones_name(file.file));
        core::iter::once(segment_name(self.segment.file)).chain(tombstones)
    }
}

impl Record for FileRecord {
    fn write(&self, record: &mut RecordWriter) {
        record.u64(self.file);
        record.u64(self.bytes);
        record.u32(self.checksum);
    }

    fn read(record: &mut RecordReader<'_>) -> Option<Self> {
        Some(Self { file: record.u64()?, bytes: record.u64()?, checksum: record.u32()? })
    }
}

impl Record for SegmentRecord {
    fn write(&self, record: &mut RecordWriter) {
        self.segment.write(record);
        record.raw(&[u8::from(self.tombstones.is_some())]);
        self.tombstones.iter().for_each(|file| file.write(record));
    }

    fn read(record: &mut RecordReader<'_>) -> Option<Self> {
        let segment = FileRecord::read(record)?;
        let tombstones = match record.raw(1)? {
            [0] => None,
            [1] => Some(FileRecord::read(record)?),
            _ => return None,
        };
        Some(Self { segment, tombstones })
    }
}

impl Record for CollectionRecord {
    fn write(&self, record: &mut RecordWriter) {
        record.u32(self.id);
        record.bytes(self.name.as_bytes());
        record.bytes(self.schema.as_bytes());
        record.bytes(self.settings.as_bytes());
        record.u64(self.first_in_wal);
        self.segments.write(record);
        self.wals.write(record);
    }

    fn read(record: &mut RecordReader<'_>) -> Option<Self> {
        Some(Self {
            id: record.u32()?,
            name: record.text()?,
            schema: record.text()?,
            settings: record.text()?,
            first_in_wal: record.u64()?,
            segments: Vec::read(record)?,
            wals: Vec::read(record)?,
        })
    }
}

impl Record for Manifest {
    fn write(&self, record: &mut RecordWriter) {
        record.u64(self.next_file);
        record.u32(self.next_collection);
        self.collections.write(record);
    }

    fn read(record: &mut RecordReader<'_>) -> Option<Self> {
        Some(Self { next_file: record.u64()?, next_collection: record.u32()?, collections: Vec::read(record)? })
    }
}

/// A manifest with its place in history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedManifest {
    /// The identity of the database.
    pub database: DatabaseId,
    /// How many commits led to it.
    pub generation: u64,
    /// The state.
    pub manifest: Manifest,
}

impl CommittedManifest {
    /// The slot that this generation belongs in.
    #[must_use]
    pub fn slot(&self) -> &'static str {
        SLOTS[(self.generation % 2) as usize]
    }

    /// The bytes of the slot.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let record = write_record(&self.manifest);
        let header = FileHeader {
            kind: FileKind::Manifest,
            database: self.database,
            file: FileId(0),
            extra: [self.generation, record.len() as u64],
        };
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend_from_slice(&record);
        bytes.extend_from_slice(&crc32c(&record).to_le_bytes());
        bytes
    }

    /// Reads a slot. Bytes behind the record (of an earlier, longer one) do not count.
    pub fn from_bytes(bytes: &[u8], name: &str) -> Result<Self> {
        let header = FileHeader::from_bytes(FileKind::Manifest, bytes, name)?;
        let damaged = |problem: &dyn core::fmt::Display| Error::damaged_file(name, problem);
        let record = usize::try_from(header.extra[1])
            .ok()
            .and_then(|length| bytes.get(FILE_HEADER_BYTES..FILE_HEADER_BYTES.checked_add(length)?))
            .ok_or_else(|| damaged(&"the file ends within the manifest"))?;
        let sound = u32_at(bytes, FILE_HEADER_BYTES + record.len()) == Some(crc32c(record));
        if !sound && !is(Defect::ManifestUnchecked) {
            return Err(damaged(&"the checksum of the manifest does not match"));
        }
        let manifest = read_record(record, name)?;
        Ok(Self { database: header.database, generation: header.extra[0], manifest })
    }
}

/// The name of a log file.
#[must_use]
pub fn wal_name(file: u64) -> String {
    format!("wal-{file:08x}")
}

/// The name of a segment file.
#[must_use]
pub fn segment_name(file: u64) -> String {
    format!("segment-{file:08x}")
}

/// The name of a file of dead rows.
#[must_use]
pub fn tombstones_name(file: u64) -> String {
    format!("tombstones-{file:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn every_damage_to_a_slot_is_found() {
        let collection = CollectionRecord {
            id: 1,
            name: "books".into(),
            schema: "{}".into(),
            settings: "{}".into(),
            first_in_wal: 4,
            segments: vec![SegmentRecord {
                segment: FileRecord { file: 1, bytes: 2, checksum: 3 },
                tombstones: Some(FileRecord { file: 4, bytes: 5, checksum: 6 }),
            }],
            wals: vec![7],
        };
        let manifest = Manifest { next_file: 8, next_collection: 2, collections: vec![collection] };
        let committed = CommittedManifest { database: DatabaseId([9; 16]), generation: 5, manifest };
        let bytes = committed.to_bytes();
        assert_eq!(CommittedManifest::from_bytes(&bytes, "manifest-b"), Ok(committed));
        for length in 0..bytes.len() {
            assert!(CommittedManifest::from_bytes(&bytes[..length], "manifest-b").is_err(), "cut at {length}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(CommittedManifest::from_bytes(&damaged, "manifest-b").is_err(), "bit {bit}");
        }
    }
}
