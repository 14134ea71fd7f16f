//! Which segments are merged, and when: a pure function of their sizes.
//!
//! Segments of alike size are merged four at a time, so a row is written again once for each power of four that the
//! collection has of segments, and a segment of which a third is dead is written again without its dead rows. Only
//! neighbours are merged, because rows stay in the order of their writes.

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

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(live: u64) -> Figures {
        Figures { rows: live, live, bytes: live * 100 }
    }

    #[test]
    fn four_alike_neighbours_are_merged_the_small_ones_first() {
        assert_eq!(to_merge(&[whole(100); 3]), None);
        assert_eq!(to_merge(&[whole(100); 4]), Some(0..4));
        let mixed = [[whole(5_000); 4], [whole(100); 4]].concat();
        assert_eq!(to_merge(&mixed), Some(4..8));
        let apart = [whole(100), whole(100), whole(9_000), whole(100), whole(100)];
        assert_eq!(to_merge(&apart), None);
        let between = [whole(100), whole(100), whole(3), whole(100), whole(100)];
        assert_eq!(to_merge(&between), Some(0..5));
    }

    #[test]
    fn a_segment_with_many_dead_rows_is_written_again() {
        let holey = Figures { rows: 100, live: 60, bytes: 10_000 };
        assert_eq!(to_merge(&[whole(10_000), holey]), Some(1..2));
        let fine = Figures { rows: 100, live: 70, bytes: 10_000 };
        assert_eq!(to_merge(&[whole(10_000), fine]), None);
        let empty = Figures { rows: 100, live: 0, bytes: 10_000 };
        assert_eq!(to_merge(&[whole(10_000), empty]), Some(1..2));
    }

    #[test]
    fn segments_stay_few_and_rows_are_seldom_written_again() {
        let (mut segments, mut written) = (Vec::new(), 0);
        for _ in 0..1_024 {
            segments.push(whole(32_768 / 1_024));
            while let Some(run) = to_merge(&segments) {
                let rows: u64 = segments[run.clone()].iter().map(|segment| segment.live).sum();
                written += rows;
                segments.splice(run, [whole(rows)]);
            }
            assert!(segments.len() < 20, "{} segments", segments.len());
        }
        assert!(written <= 6 * 32_768, "{written} rows written again for 32,768");
    }

    #[test]
    fn what_is_too_large_to_merge_is_left() {
        let large = Figures { rows: 1 << 20, live: 1 << 20, bytes: 900 << 20 };
        assert_eq!(to_merge(&[large; 6]), None);
    }
}
