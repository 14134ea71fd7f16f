//! What every file shares: checksums, aligned bytes, the wire format of records, and the header that names a file.

mod aligned;
mod crc32c;
mod header;
pub mod lz4;
mod record;

pub use aligned::AlignedBytes;
pub use crc32c::{crc32c, crc32c_begun_otherwise, crc32c_continue};
pub use header::{FILE_HEADER_BYTES, FileHeader, FileKind};
pub use record::{Record, RecordReader, RecordWriter, read_record, write_record};

/// The format version of every file. 0 may change without notice; 1 will be readable for ever.
pub const FORMAT_VERSION: u32 = 0;

/// Reads a little-endian u32 at an offset, if the bytes reach so far.
#[must_use]
pub fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(offset..offset.checked_add(4)?)?.try_into().ok()?))
}

/// Reads a little-endian u64 at an offset, if the bytes reach so far.
#[must_use]
pub fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(offset..offset.checked_add(8)?)?.try_into().ok()?))
}
