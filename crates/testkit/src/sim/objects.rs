//! The objects of a database: kept, damaged, and put on a medium again. And what tests of damage have in common.

use super::storage::{Fault, Medium, SimStorage};
use std::env;

/// Names and contents.
pub type Objects = Vec<(String, Vec<u8>)>;

/// Every fault.
pub const FAULTS: [Fault; 6] =
    [Fault::Lost, Fault::Torn, Fault::Done, Fault::FlushFailed, Fault::ReadFails, Fault::ShortRead];

/// Each so many-th place is looked at: what `SANDERLING_EVERY` says, or else so many.
///
/// # Panics
///
/// When it says something that is no number.
#[must_use]
pub fn every(otherwise: usize) -> usize {
    let text = env::var("SANDERLING_EVERY").ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("SANDERLING_EVERY is not a number: {text}")))
}

/// A medium with these objects.
#[must_use]
pub fn with(medium: Medium, objects: &Objects) -> SimStorage {
    let storage = SimStorage::new(medium, 0);
    objects.iter().for_each(|(name, bytes)| storage.set(name, Some(bytes)));
    storage
}

/// The objects with other bytes in a file, or without the file.
#[must_use]
pub fn damaged(objects: &Objects, file: &str, bytes: Option<&[u8]>) -> Objects {
    let mut objects = objects.clone();
    objects.retain(|(name, _)| name != file || bytes.is_some());
    for (_, old) in objects.iter_mut().filter(|(name, _)| name == file) {
        *old = bytes.unwrap_or_default().to_vec();
    }
    objects
}
