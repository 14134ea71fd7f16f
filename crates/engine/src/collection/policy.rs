//! Which segments are merged, and when: a pure function of their sizes.
//!
//! Segments of alike size are merged four at a time, so a row is written again once for each power of four that the
//! collection has of segments, and a segment of which a third is dead is written again without its dead rows. Only
//! neighbours are merged, because rows stay in the order of their writes.
//!
//! Merges take their time from the writes that follow. Where none follow, because the collection is closed, what is dead goes
//! then: but only as much of it as keeps the dead at a third of all bytes, and from where most of a file is dead.

use alloc::vec::Vec;
use core::ops::Range;

/// So many neighbours of alike size are merged.
const FAN: usize = 4;

/// A merged segment has at most about so many bytes: more would ask for them at once, in memory.
const MERGED_BYTES_MAX: u64 = 1 << 30;

/// The sizes of a sealed segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Rows, dead ones included.
    pub rows: u64,
    /// Rows that are neither dead nor expired.
    pub live: u64,
    /// Bytes of its file.
    pub bytes: u64,
}

impl Figures {
    /// The bytes that its live rows need, about.
    fn live_bytes(&self) -> u64 {
        (u128::from(self.bytes) * u128::from(self.live) / u128::from(self.rows.max(1))) as u64
    }

    /// Sizes of one tier are within four times of each other.
    fn tier(&self) -> u32 {
        self.live.max(1).ilog2() / 2
    }

    fn is_mostly_sound(&self) -> bool {
        self.rows - self.live <= self.live / 2
    }
}

/// The neighbours to merge next, if any.
#[must_use]
pub fn to_merge(segments: &[Figures]) -> Option<Range<usize>> {
    let mut runs: Vec<(u32, Range<usize>)> = Vec::new();
    for from in 0..segments.len() {
        let tier = segments[from].tier();
        // Smaller ones between those of a tier go with them.
        let run = segments[from..].iter().take_while(|segment| segment.tier() <= tier).count();
        let is_alike = |segment: &&Figures| segment.tier() == tier;
        let end = from + run.min(2 * FAN);
        let fits = segments[from..end].iter().map(Figures::live_bytes).sum::<u64>() <= MERGED_BYTES_MAX;
        if fits && segments[from..end].iter().filter(is_alike).count() >= FAN {
            runs.push((tier, from..end));
        }
    }
    // Small ones first: they cost least, and every search looks at each.
    if let Some((_, run)) = runs.into_iter().min_by_key(|(tier, _)| *tier) {
        return Some(run);
    }
    let worst = (0..segments.len()).filter(|at| !segments[*at].is_mostly_sound());
    worst.max_by_key(|at| segments[*at].rows - segments[*at].live).map(|at| at..at + 1)
}

/// How many seals a merge of so many rows has time for. A number that everyone knows beforehand: what is searched may not
/// depend on how fast a host is.
#[must_use]
pub fn seals_for(rows: u64, seal_at: u32) -> u64 {
    (rows / (2 * u64::from(seal_at).max(1))).max(1)
}

/// The neighbours to write anew, so that at most a third of a collection's bytes is dead: none once that is so. The last of the
/// segments is the growing one, whose bytes are those of its log. What is written anew takes its neighbours with it, as far as
/// they are one segment's worth together: who closes often would else have many small ones.
#[must_use]
pub fn to_reclaim(segments: &[Figures], seal_at: u32) -> Option<Range<usize>> {
    let live: u64 = segments.iter().map(Figures::live_bytes).sum();
    let all: u64 = segments.iter().map(|segment| segment.bytes).sum();
    if all - live <= live / 2 {
        return None;
    }
    let dead = |at: usize| u128::from(segments[at].bytes - segments[at].live_bytes());
    // The one with the largest share of dead bytes costs least for what it gives.
    let is_worse = |at: usize, other: usize| {
        dead(at) * u128::from(segments[other].bytes) > dead(other) * u128::from(segments[at].bytes)
    };
    let mut worst = None;
    for at in (0..segments.len()).filter(|at| dead(*at) > 0) {
        if worst.is_none_or(|worst| is_worse(at, worst)) {
            worst = Some(at);
        }
    }
    let at = worst?;
    let (mut range, mut rows) = (at..at + 1, segments[at].live);
    let mut fits = |at: usize| {
        let is_small = rows + segments[at].live <= u64::from(seal_at);
        rows += if is_small { segments[at].live } else { 0 };
        is_small
    };
    while range.start > 0 && fits(range.start - 1) {
        range.start -= 1;
    }
    while range.end < segments.len() && fits(range.end) {
        range.end += 1;
    }
    Some(range)
}

#[cfg(test)]
mod tests;
