//! The best candidates of a leg, in the one order that every answer has: higher score first, older write first.

use crate::ids::RowId;
use alloc::{collections::BinaryHeap, vec::Vec};
use core::cmp::Ordering;

/// A scored row of some segment.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Higher is better.
    pub score: f32,
    /// The segment's position among those searched. They are in order of their age, as their rows are, so ties go to the
    /// older write.
    pub segment: usize,
    /// The row.
    pub row: RowId,
}

impl Candidate {
    /// What no other candidate has, in the order of the writes.
    #[must_use]
    pub fn place(&self) -> (usize, RowId) {
        (self.segment, self.row)
    }
}

impl Ord for Candidate {
    /// The better candidate is the lesser one, so that sorting puts it first and a heap's top is the worst.
    fn cmp(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.place().cmp(&other.place()))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

/// Keeps the best `limit` of the candidates it is offered.
#[derive(Debug)]
pub struct TopK {
    limit: usize,
    worst_first: BinaryHeap<Candidate>,
}

impl TopK {
    /// An empty collector.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, worst_first: BinaryHeap::new() }
    }

    /// Takes a candidate if it is among the best so far.
    pub fn offer(&mut self, mut candidate: Candidate) {
        candidate.score = ordered(candidate.score);
        if self.worst_first.len() < self.limit {
            self.worst_first.push(candidate);
        } else if let Some(mut worst) = self.worst_first.peek_mut()
            && candidate < *worst
        {
            *worst = candidate;
        }
    }

    /// How many are kept.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// The score that a candidate must reach to be kept; none while there is room.
    #[must_use]
    pub fn threshold(&self) -> Option<f32> {
        if self.worst_first.len() < self.limit {
            return None;
        }
        Some(self.worst_first.peek().map_or(f32::INFINITY, |worst| worst.score))
    }

    /// The best, best first.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Candidate> {
        self.worst_first.into_sorted_vec()
    }
}

/// A score as it is compared and reported. -0 and 0 are one score: the older write goes first. What is no number has the
/// sign that a processor gives it, below all numbers on one and above them on another: it is the least of all scores.
fn ordered(score: f32) -> f32 {
    if score.is_nan() { f32::NEG_INFINITY } else { score + 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_the_last_wherever_it_comes_from() {
        for nan in [f32::NAN, -f32::NAN] {
            let mut top = TopK::new(3);
            for (row, score) in [(1, nan), (2, f32::MIN), (3, f32::NEG_INFINITY), (4, 1.0)] {
                top.offer(Candidate { score, segment: 0, row: RowId(row) });
            }
            let found = top.into_sorted();
            assert_eq!(found.iter().map(|found| found.row.0).collect::<Vec<_>>(), [4, 2, 1]);
            assert!(found.iter().all(|found| !found.score.is_nan()));
        }
    }

    #[test]
    fn the_best_come_out_in_the_order_of_a_full_sort() {
        let mut state = 7_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        for limit in [0, 1, 5, 100, 1_000] {
            let all: Vec<Candidate> = (0..300)
                .map(|at| Candidate { score: (next() % 20) as f32 - 10.0, segment: 0, row: RowId(at) })
                .collect();
            let mut expected = all.clone();
            expected.sort();
            expected.truncate(limit);
            let mut top = TopK::new(limit);
            all.into_iter().for_each(|candidate| top.offer(candidate));
            let rows = |list: &[Candidate]| list.iter().map(|candidate| candidate.row).collect::<Vec<_>>();
            assert_eq!(rows(&top.into_sorted()), rows(&expected), "limit {limit}");
        }
    }
}
