//! Records in bincode's wire format: fixed-width little-endian integers, lengths as u64, enum tags as u32, options as one
//! byte. Large arrays are not records: they are laid out by hand in segments, where they are read in place.

use crate::{Error, Result};
use alloc::{string::String, vec::Vec};

/// A type with a place in files.
pub trait Record: Sized {
    /// Adds the value to a record.
    fn write(&self, record: &mut RecordWriter);

    /// Takes a value off a record; none if the bytes are not one.
    fn read(record: &mut RecordReader<'_>) -> Option<Self>;
}

/// The bytes of a record.
#[must_use]
pub fn write_record<T: Record>(value: &T) -> Vec<u8> {
    let mut record = RecordWriter(Vec::new());
    value.write(&mut record);
    record.0
}

/// The record of bytes whose checksum was right.
pub fn read_record<T: Record>(bytes: &[u8], name: &str) -> Result<T> {
    let mut record = RecordReader(bytes);
    match T::read(&mut record) {
        Some(value) if record.0.is_empty() => Ok(value),
        _ => Err(Error::damaged_file(name, &"a record cannot be read")),
    }
}

/// A record that is being written.
pub struct RecordWriter(Vec<u8>);

impl RecordWriter {
    /// Adds a u32.
    pub fn u32(&mut self, value: u32) {
        self.raw(&value.to_le_bytes());
    }

    /// Adds a u64.
    pub fn u64(&mut self, value: u64) {
        self.raw(&value.to_le_bytes());
    }

    /// Adds a length or a count.
    pub fn count(&mut self, count: usize) {
        self.u64(count as u64);
    }

    /// Adds bytes with their length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    /// Adds bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// The rest of a record that is being read.
pub struct RecordReader<'a>(&'a [u8]);

impl<'a> RecordReader<'a> {
    /// Takes bytes as they are.
    pub fn raw(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Takes a u32.
    pub fn u32(&mut self) -> Option<u32> {
        super::u32_at(self.raw(4)?, 0)
    }

    /// Takes a u64.
    pub fn u64(&mut self) -> Option<u64> {
        super::u64_at(self.raw(8)?, 0)
    }

    /// Takes a length or a count. Whatever is counted takes a byte at the least, so a wrong count asks for no memory.
    pub fn count(&mut self) -> Option<usize> {
        let count = self.u64()?;
        usize::try_from(count).ok().filter(|count| *count <= self.0.len())
    }

    /// Takes bytes with their length.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let count = self.count()?;
        self.raw(count)
    }

    /// Takes a text.
    pub fn text(&mut self) -> Option<String> {
        core::str::from_utf8(self.bytes()?).ok().map(String::from)
    }
}

impl Record for u64 {
    fn write(&self, record: &mut RecordWriter) {
        record.u64(*self);
    }

    fn read(record: &mut RecordReader<'_>) -> Option<Self> {
        record.u64()
    }
}

impl<T: Record> Record for Vec<T> {
    fn write(&self, record: &mut RecordWriter) {
        record.count(self.len());
        self.iter().for_each(|value| value.write(record));
    }

    fn read(record: &mut RecordReader<'_>) -> Option<Self> {
        let mut values = Self::new();
        for _ in 0..record.count()? {
            values.push(T::read(record)?);
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_cut_or_goes_on_is_none() {
        let bytes = write_record(&3_u64);
        assert_eq!(read_record::<u64>(&bytes, "a"), Ok(3));
        assert!(read_record::<u64>(&bytes[..7], "a").is_err());
        assert!(read_record::<u64>(&[0; 9], "a").is_err());
    }

    #[test]
    fn a_count_beyond_the_bytes_is_refused() {
        let mut bytes = u64::MAX.to_le_bytes();
        assert_eq!(Vec::<u64>::read(&mut RecordReader(&bytes)), None);
        bytes = 1_u64.to_le_bytes();
        assert_eq!(RecordReader(&bytes).bytes(), None);
    }
}
