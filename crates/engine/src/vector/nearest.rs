//! The best of many by key, without a sort: candidates as numbers whose order is the order of their keys.

use alloc::{vec, vec::Vec};

/// A key and what it belongs to in one number: the lower the better, ties to the lower `at`.
#[must_use]
pub fn packed(key: f32, at: u32) -> u64 {
    let bits = key.to_bits();
    // Positive floats sort like their bits; negative ones the other way round, and below all positive ones.
    let ordered = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    u64::from(ordered) << 32 | u64::from(at)
}

/// What a packed candidate belongs to.
#[must_use]
pub fn at_of(candidate: u64) -> u32 {
    candidate as u32
}

/// The key of a packed candidate.
#[must_use]
pub fn key_of(candidate: u64) -> f32 {
    let ordered = (candidate >> 32) as u32;
    f32::from_bits(if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered })
}

/// Keeps the `wanted` best of `candidates`, in no order.
pub fn keep_best(candidates: &mut Vec<u64>, wanted: usize) {
    if wanted < candidates.len() {
        if wanted > 0 {
            crate::order::select(candidates, wanted - 1);
        }
        candidates.truncate(wanted);
    }
}

/// Collects the best candidates of a scan. It keeps up to twice as many as are wanted, and throws the worse half away
/// when it is full; `limit` is then the worst key that still has a chance.
#[derive(Debug)]
pub struct Nearest {
    wanted: usize,
    kept: Vec<u64>,
    limit: f32,
}

impl Nearest {
    /// A collector of that many.
    #[must_use]
    pub fn new(wanted: usize) -> Self {
        Self { wanted, kept: Vec::new(), limit: f32::INFINITY }
    }

    /// A key at or above this has no chance.
    #[must_use]
    pub fn limit(&self) -> f32 {
        self.limit
    }

    /// Takes a candidate whose key is below the limit.
    pub fn offer(&mut self, key: f32, at: u32) {
        self.kept.push(packed(key, at));
        if self.kept.len() >= 2 * self.wanted + 32 {
            self.shrink();
        }
    }

    /// Takes a candidate if it has a chance.
    pub fn offer_below(&mut self, key: f32, at: u32) {
        if key < self.limit {
            self.offer(key, at);
        }
    }

    fn shrink(&mut self) {
        keep_best(&mut self.kept, self.wanted);
        let worst = self.kept.iter().max();
        self.limit = worst.map_or(f32::NEG_INFINITY, |worst| key_of(*worst));
    }

    /// The best, in no order.
    #[must_use]
    pub fn into_best(mut self) -> Vec<u64> {
        keep_best(&mut self.kept, self.wanted);
        self.kept
    }
}

/// Collects what may be among the best of a scan, where keys are estimates: all whose lower bound is no worse than the
/// estimate that is `wanted`th best. So a scan keeps more where many are alike and few where the best stand out.
#[derive(Debug)]
pub struct Within {
    /// The best estimates, each at least as good as the two whose numbers are twice its own and one or two more, so that
    /// the worst comes first; infinite ones stand for those that are still missing.
    best: Vec<f32>,
    kept: Vec<u64>,
    /// How many may be kept before those without a chance are dropped.
    room: usize,
}

impl Within {
    /// A collector around the best `wanted`.
    #[must_use]
    pub fn new(wanted: usize) -> Self {
        Self { best: vec![f32::INFINITY; wanted.max(1)], kept: Vec::new(), room: 2 * wanted + 64 }
    }

    /// A lower bound at or above this has no chance.
    #[must_use]
    pub fn limit(&self) -> f32 {
        self.best[0]
    }

    /// Takes a candidate whose lower bound is below the limit.
    pub fn offer(&mut self, bound: f32, estimate: f32, at: u32) {
        self.kept.push(packed(bound, at));
        if estimate < self.best[0] {
            self.replace_worst(estimate);
        }
        if self.kept.len() >= self.room {
            self.drop_hopeless();
            self.room = self.room.max(2 * self.kept.len());
        }
    }

    fn replace_worst(&mut self, estimate: f32) {
        let mut at = 0;
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let Some(mut worse) = self.best.get(left).map(|_| left) else { break };
            if self.best.get(right).is_some_and(|key| *key > self.best[left]) {
                worse = right;
            }
            if self.best[worse] <= estimate {
                break;
            }
            self.best[at] = self.best[worse];
            at = worse;
        }
        self.best[at] = estimate;
    }

    fn drop_hopeless(&mut self) {
        let last = packed(self.limit(), u32::MAX);
        self.kept.retain(|candidate| *candidate <= last);
    }

    /// All with a chance, in no order.
    #[must_use]
    pub fn into_kept(mut self) -> Vec<u64> {
        self.drop_hopeless();
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_candidates_sort_like_their_keys() {
        let keys = [f32::NEG_INFINITY, -2.5, -1e-30, 0.0, 1e-30, 0.5, 7.0, f32::INFINITY];
        for (low, high) in keys.iter().zip(&keys[1..]) {
            assert!(packed(*low, 9) < packed(*high, 0), "{low} {high}");
            assert_eq!((key_of(packed(*low, 3)), at_of(packed(*low, 3))), (*low, 3));
        }
    }

    #[test]
    fn a_scan_keeps_the_best_and_ties_go_to_the_first() {
        for wanted in [0, 1, 10, 300, 2_000] {
            let keys: Vec<f32> =
                (0..1_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 25) as f32 - 60.0).collect();
            let mut nearest = Nearest::new(wanted);
            for (at, key) in keys.iter().enumerate() {
                if *key < nearest.limit() {
                    nearest.offer(*key, at as u32);
                }
            }
            let mut found = nearest.into_best();
            found.sort_unstable();
            let mut expected: Vec<u64> = keys.iter().enumerate().map(|(at, key)| packed(*key, at as u32)).collect();
            expected.sort_unstable();
            expected.truncate(wanted);
            assert_eq!(found, expected, "{wanted}");
        }
    }

    #[test]
    fn a_collector_of_estimates_keeps_all_that_may_be_among_the_best() {
        for (wanted, slack) in [(1, 0.0), (10, 0.0), (10, 3.5), (300, 1.0), (2_000, 1.0)] {
            let estimates: Vec<f32> =
                (0..1_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 20) as f32 / 8.0).collect();
            let mut within = Within::new(wanted);
            for (at, estimate) in estimates.iter().enumerate() {
                let bound = estimate - slack;
                if bound < within.limit() {
                    within.offer(bound, *estimate, at as u32);
                }
            }
            let mut sorted = estimates.clone();
            sorted.sort_unstable_by(f32::total_cmp);
            let limit = sorted.get(wanted - 1).copied().unwrap_or(f32::INFINITY);
            let mut found: Vec<u32> = within.into_kept().into_iter().map(at_of).collect();
            found.sort_unstable();
            let expected: Vec<u32> = (0..1_000).filter(|at| estimates[*at as usize] - slack < limit).collect();
            // One whose bound is as bad as the limit may be kept, if it came before the limit was what it is.
            assert!(expected.iter().all(|at| found.contains(at)), "{wanted} {slack}");
            assert!(found.iter().all(|at| estimates[*at as usize] - slack <= limit), "{wanted} {slack}");
        }
    }
}
