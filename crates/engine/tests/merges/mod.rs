//! Segments of a collection sealed and merged at once, as the driver does it bit by bit.

#![allow(dead_code, reason = "each test uses its part")]

use sanderling_engine::{
    codec::AlignedBytes,
    collection::{CollectionState, Merged, SealedOutput},
    ids::{DatabaseId, FileId},
    segment::SealedSegment,
};
use std::sync::Arc;

pub const DATABASE: DatabaseId = DatabaseId([7; 16]);
pub const FILE: FileId = FileId(1);

/// The segments from a place on as the file of one, not yet installed.
pub fn merged(state: &mut CollectionState, from: usize, now: u64) -> (Option<SealedOutput>, Merged) {
    state.freeze();
    let mut job = state.merge_job(from..state.held().len(), now);
    while !job.step() {}
    job.finish(DATABASE, FILE)
}

pub fn open(state: &CollectionState, output: &SealedOutput) -> Arc<SealedSegment> {
    let bytes = AlignedBytes::copy_of(&output.bytes).into();
    Arc::new(SealedSegment::open(state.schema(), bytes, "segment", (DATABASE, FILE, output.checksum)).unwrap())
}

/// Puts one segment in the place of those from a place on, and gives its file.
pub fn merge(state: &mut CollectionState, from: usize, now: u64) -> Option<SealedOutput> {
    let (output, merged) = merged(state, from, now);
    let segment = output.as_ref().map(|output| open(state, output));
    state.install(segment, &merged);
    output
}

/// Seals what grew.
pub fn seal(state: &mut CollectionState, now: u64) -> Option<SealedOutput> {
    let sealed = state.sealed().count();
    merge(state, sealed, now)
}
