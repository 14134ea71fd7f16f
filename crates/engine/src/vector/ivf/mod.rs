//! The inverted file: vectors in lists around centroids; a search scans the codes of the nearest lists.

mod build;
mod calibrate;
mod cluster;
mod leg;

pub use build::IvfBuilder;
pub use calibrate::{Depth, RECALL_APPROXIMATE_MAX, RECALLS, measured_depths};

use super::{
    Allowed,
    codes::{CodesView, Seen},
    nearest::{Nearest, at_of, key_of, packed},
    quantize::PreparedQuery,
};
use alloc::vec::Vec;

/// Behind a filter the last hit lies deeper than the first lists tell, by this factor.
const FILTERED_DEPTH: f32 = 1.5;

/// One vector in so many is looked at to learn what share passes the filter.
const SAMPLING: usize = 4;

impl CodesView<'_> {
    /// The best vectors by their bytes, in no order, as packed keys and positions in the column, and what was seen.
    ///
    /// Lists are scanned from the nearest on, until as many vectors have been seen as `depth` says are needed. Behind a
    /// filter the wanted hits lie deeper, among as many as were seen when enough had passed: the search goes on until it
    /// has seen what is needed for that many. So it adapts to filters that have to do with the query.
    #[must_use]
    pub(super) fn search(
        &self,
        query: &PreparedQuery,
        depth: &Depth,
        wanted: usize,
        candidates: usize,
        allowed: Option<&Allowed<'_>>,
    ) -> (Vec<u64>, Seen) {
        let mut nearest = Nearest::new(candidates);
        let mut seen = Seen::default();
        let mut passed = 0.0;
        let mut needed = f32::INFINITY;
        let mut all = |_| true;
        let mut some = |position| allowed.is_none_or(|allowed| allowed.has(position));
        let passes: &mut dyn FnMut(u32) -> bool = if allowed.is_some() { &mut some } else { &mut all };
        let share_of_all = depth.vectors_for(wanted as f32) / self.len().max(1) as f32;
        let expected = (share_of_all.min(1.0) * self.lists() as f32) as usize + 1;
        let mut lists = self.ordered_lists(query, expected);
        while let Some(list) = lists.next() {
            if let Some(following) = lists.following() {
                self.prefetch_list(query, following);
            }
            let (list, base) = (at_of(list) as usize, key_of(list));
            let vectors = &self.positions[self.first_vectors[list] as usize..self.first_vectors[list + 1] as usize];
            self.scan_list(query, list, base, passes, &mut nearest);
            if needed == f32::INFINITY {
                let sampled = vectors.iter().step_by(SAMPLING);
                let tried = sampled.len().max(1) as f32;
                let share = sampled.filter(|position| passes(**position)).count() as f32 / tried;
                let lacking = wanted as f32 - passed;
                passed += share * vectors.len() as f32;
                if passed >= wanted as f32 {
                    let rank = seen.vectors as f32 + lacking / share;
                    needed = depth.vectors_for(if allowed.is_some() { rank * FILTERED_DEPTH } else { rank });
                }
            }
            seen.lists += 1;
            seen.vectors += vectors.len();
            if nearest.len() >= wanted && seen.vectors as f32 >= needed {
                break;
            }
        }
        (self.reranked(query, nearest.into_best()), seen)
    }

    /// Candidates by code, compared again as bytes if there are any.
    fn reranked(&self, query: &PreparedQuery, candidates: Vec<u64>) -> Vec<u64> {
        if self.rows.is_empty() {
            let position = |candidate: u64| self.positions[at_of(candidate) as usize];
            return crate::lists::map(candidates, |candidate| packed(key_of(candidate), position(candidate)));
        }
        let mut vectors = crate::lists::map(&candidates, |candidate| at_of(*candidate));
        vectors.sort_unstable();
        let mut keys = Vec::new();
        self.rows.keys(query, &vectors, &mut keys);
        let keyed = keys.iter().zip(&vectors);
        crate::lists::map(keyed, |(key, vector)| packed(*key, self.positions[*vector as usize]))
    }
}
