//! The header that every file begins with. It says what the file is and whose, so that a file of another database, of
//! another kind or of a newer version is never taken for what it is not.
//!
//! | offset | size | what |
//! |---|---|---|
//! | 0 | 8 | magic: `SNDL` and four letters of the kind |
//! | 8 | 4 | format version |
//! | 12 | 4 | reserved, 0 |
//! | 16 | 16 | identity of the database |
//! | 32 | 8 | identity of the file |
//! | 40 | 8 | a number of the kind's own |
//! | 48 | 8 | another |
//! | 56 | 4 | reserved, 0 |
//! | 60 | 4 | CRC-32C of the bytes before |

use super::{FORMAT_VERSION, crc32c, u32_at, u64_at};
use crate::{
    Error, ErrorCode, Result,
    ids::{DatabaseId, FileId},
};
use alloc::format;

/// The largest version that is believed without a checksum.
const VERSION_MAX: u32 = 0xffff;

/// The length of the header.
pub const FILE_HEADER_BYTES: usize = 64;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// One of the two manifest slots.
    Manifest,
    /// A write-ahead log.
    Wal,
    /// A sealed segment.
    Segment,
    /// The dead rows of a sealed segment.
    Tombstones,
    /// A database as one stream of bytes.
    Export,
}

impl FileKind {
    fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Manifest => b"SNDLMANI",
            Self::Wal => b"SNDLWLOG",
            Self::Segment => b"SNDLSEGM",
            Self::Tombstones => b"SNDLTOMB",
            Self::Export => b"SNDLEXPT",
        }
    }
}

/// The content of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// What the file is.
    pub kind: FileKind,
    /// Whose it is.
    pub database: DatabaseId,
    /// Its identity; 0 for a manifest.
    pub file: FileId,
    /// Numbers of the kind's own.
    pub extra: [u64; 2],
}

impl FileHeader {
    /// The header as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; FILE_HEADER_BYTES] {
        let mut bytes = [0; FILE_HEADER_BYTES];
        bytes[..8].copy_from_slice(self.kind.magic());
        bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.database.0);
        bytes[32..40].copy_from_slice(&self.file.0.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.extra[0].to_le_bytes());
        bytes[48..56].copy_from_slice(&self.extra[1].to_le_bytes());
        let crc = crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header; `name` is the file's name in messages.
    pub fn from_bytes(kind: FileKind, bytes: &[u8], name: &str) -> Result<Self> {
        let damaged = |problem: &dyn core::fmt::Display| Err(Error::damaged_file(name, problem));
        let Some(bytes) = bytes.get(..FILE_HEADER_BYTES) else {
            return damaged(&format_args!("the file ends within its header, after {} bytes", bytes.len()));
        };
        if &bytes[..8] != kind.magic() {
            return damaged(&"the file does not begin as one of its kind");
        }
        // The version comes before the checksum: a newer format may keep its checksum elsewhere. What no format will be called is
        // what a power cut left.
        let version = u32_at(bytes, 8).unwrap_or_default();
        if version > FORMAT_VERSION && (version <= VERSION_MAX || !Self::is_version_doubtful(bytes)) {
            let message = format!("{name} has format version {version}; this version reads up to {FORMAT_VERSION}");
            return Err(Error::new(ErrorCode::Unsupported, message).with("file", name).with("version", version));
        }
        if u32_at(bytes, 60) != Some(crc32c(&bytes[..60])) {
            return damaged(&"the checksum of the header does not match");
        }
        let mut database = [0; 16];
        database.copy_from_slice(&bytes[16..32]);
        let number = |offset| u64_at(bytes, offset).unwrap_or_default();
        Ok(Self { kind, database: DatabaseId(database), file: FileId(number(32)), extra: [number(40), number(48)] })
    }

    /// Whether a header that is refused as one of a newer format is damaged rather than newer: nothing in it speaks for its version.
    #[must_use]
    pub fn is_version_doubtful(bytes: &[u8]) -> bool {
        let checked = bytes.get(..60).map(crc32c);
        u32_at(bytes, 8).is_some_and(|version| version > FORMAT_VERSION) && checked != u32_at(bytes, 60)
    }

    /// Reads a header and checks that it is the file that was asked for.
    pub fn expect(kind: FileKind, bytes: &[u8], name: &str, database: DatabaseId, file: FileId) -> Result<Self> {
        let header = Self::from_bytes(kind, bytes, name)?;
        if header.database != database || header.file != file {
            return Err(Error::damaged_file(name, &"the file belongs to another database or place"));
        }
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_version_is_told_from_one_that_a_power_cut_left() {
        let header = FileHeader { kind: FileKind::Wal, database: DatabaseId([7; 16]), file: FileId(3), extra: [0, 0] };
        let code_of = |bytes: &[u8]| FileHeader::from_bytes(FileKind::Wal, bytes, "wal-3").unwrap_err().code();
        for (version, code) in [(1, ErrorCode::Unsupported), (u32::MAX, ErrorCode::Corrupt)] {
            let mut bytes = header.to_bytes();
            bytes[8..12].copy_from_slice(&version.to_le_bytes());
            assert_eq!(code_of(&bytes), code, "{version}, whose checksum may be elsewhere");
            let crc = crc32c(&bytes[..60]);
            bytes[60..].copy_from_slice(&crc.to_le_bytes());
            assert_eq!(code_of(&bytes), ErrorCode::Unsupported, "{version} with a checksum");
        }
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_found() {
        let header =
            FileHeader { kind: FileKind::Wal, database: DatabaseId([7; 16]), file: FileId(3), extra: [1, u64::MAX] };
        let bytes = header.to_bytes();
        assert_eq!(FileHeader::from_bytes(FileKind::Wal, &bytes, "wal-3"), Ok(header));
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(FileHeader::from_bytes(FileKind::Wal, &damaged, "wal-3").is_err(), "bit {bit}");
        }
        assert!(FileHeader::from_bytes(FileKind::Segment, &bytes, "wal-3").is_err());
    }

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let header = FileHeader { kind: FileKind::Wal, database: DatabaseId([7; 16]), file: FileId(3), extra: [0, 0] };
        let mut bytes = header.to_bytes();
        bytes[8] = 1;
        let error = FileHeader::from_bytes(FileKind::Wal, &bytes, "wal-3").unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unsupported);
    }
}
