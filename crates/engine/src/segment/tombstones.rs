//! The dead rows of a sealed segment as a file: a header (its numbers are the rows of the segment and the dead ones), the
//! set as words of 64 rows, and the CRC-32C of the words.

use crate::{
    Error, Result,
    codec::{FILE_HEADER_BYTES, FileHeader, FileKind, crc32c, u32_at},
    defects::{Defect, is},
    ids::{DatabaseId, FileId},
    lists::map,
    rows::RowSet,
};
use alloc::vec::Vec;

/// The file of a set of dead rows, and its checksum.
#[must_use]
pub fn write_tombstones(dead: &RowSet, database: DatabaseId, file: FileId) -> (Vec<u8>, u32) {
    let extra = [dead.rows() as u64, dead.count() as u64];
    let mut bytes = FileHeader { kind: FileKind::Tombstones, database, file, extra }.to_bytes().to_vec();
    for word in dead.words() {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    let checksum = crc32c(&bytes[FILE_HEADER_BYTES..]);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    (bytes, checksum)
}

/// Reads a file of dead rows for a segment of `rows` rows.
pub fn read_tombstones(
    bytes: &[u8],
    name: &str,
    rows: usize,
    (database, file, checksum): (DatabaseId, FileId, u32),
) -> Result<RowSet> {
    let header = FileHeader::expect(FileKind::Tombstones, bytes, name, database, file)?;
    let damaged = |problem: &dyn core::fmt::Display| Error::damaged_file(name, problem);
    let end = bytes.len() - 4;
    let words = &bytes[FILE_HEADER_BYTES..end.max(FILE_HEADER_BYTES)];
    if header.extra[0] != rows as u64 || words.len() != rows.div_ceil(64) * 8 {
        return Err(damaged(&"the dead rows of a segment of another length"));
    }
    let is_unchecked = is(Defect::TombstonesUnchecked);
    let is_sound = crc32c(words) == checksum && u32_at(bytes, end) == Some(checksum);
    if !is_sound && !is_unchecked {
        return Err(damaged(&"the checksum of the dead rows does not match"));
    }
    let words = map(words.as_chunks::<8>().0, |word| u64::from_le_bytes(*word));
    let dead = RowSet::from_words(words, rows);
    if dead.count() as u64 == header.extra[1] || is_unchecked {
        Ok(dead)
    } else {
        Err(damaged(&"another number of dead rows"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_damage_is_found() {
        let dead = RowSet::matching(100, &mut |row| row.0 % 7 == 0);
        let (database, file) = (DatabaseId([1; 16]), FileId(9));
        let (bytes, checksum) = write_tombstones(&dead, database, file);
        let read = |bytes: &[u8]| read_tombstones(bytes, "tombstones-9", 100, (database, file, checksum));
        assert_eq!(read(&bytes), Ok(dead));
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "cut at {length}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&damaged).is_err(), "bit {bit}");
        }
    }
}
