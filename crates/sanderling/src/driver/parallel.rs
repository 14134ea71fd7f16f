//! A slice of work on a segment by all processors: its parts are made side by side.
//!
//! What comes of it has the same bytes: a part depends on no other, and they are written in one order.

use alloc::vec::Vec;
use core::num::NonZero;
use sanderling_engine::{collection::MergeJob, segment::format::PartStep};
use std::{
    sync::{Mutex, PoisonError},
    thread,
};

/// Works on a job until its time is over, and says whether nothing is left to do.
pub(super) fn step(merge: &mut MergeJob, is_over: &(dyn Fn() -> bool + Sync)) -> bool {
    !merge.step_parts(&mut |parts| side_by_side(parts, is_over)) && merge.step()
}

fn side_by_side(parts: Vec<PartStep<'_>>, is_over: &(dyn Fn() -> bool + Sync)) {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(parts.len());
    let waiting = Mutex::new(parts.into_iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        while let Some(mut step) = next() {
            while !step() {
                if is_over() {
                    return;
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
}
