//! Records in bincode's wire format (fixed-width little-endian integers, lengths as u64, enum tags as u32), through
//! `wincode`. Large arrays are not records: they are laid out by hand in segments, where they are read in place.

use crate::{Error, ErrorCode, Result, limits::BATCH_BYTES_MAX};
use alloc::{format, vec::Vec};
use wincode::{
    SchemaReadOwned, SchemaWrite,
    config::{Configuration, Deserialize as _, Serialize as _},
};

/// Bincode's default layout, with a bound on what one length may ask for.
type Format = Configuration<true, BATCH_BYTES_MAX>;

fn format() -> Format {
    Configuration::default().with_preallocation_size_limit::<BATCH_BYTES_MAX>()
}

/// The bytes of a record.
pub fn write_record<T: SchemaWrite<Format, Src = T>>(record: &T) -> Result<Vec<u8>> {
    T::serialize(record, format()).map_err(|error| {
        Error::new(ErrorCode::Invalid, format!("expected a batch of at most {BATCH_BYTES_MAX} bytes: {error}"))
    })
}

/// The record of bytes whose checksum was right.
pub fn read_record<T: SchemaReadOwned<Format, Dst = T>>(bytes: &[u8], name: &str) -> Result<T> {
    T::deserialize(bytes, format())
        .map_err(|error| Error::corrupt(&name, &format_args!("a record cannot be read: {error}")).with("file", name))
}
