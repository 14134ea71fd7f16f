//! The inverted file: vectors in lists around centroids; a search scans the codes of the nearest lists.

mod build;
mod calibrate;
mod cluster;
mod leg;

pub use build::IvfBuilder;
pub use calibrate::{Depth, RECALLS};
use leg::CODES_PER_ROW;

use super::{
    codes::{CodesView, Filter, Seen},
    nearest::{Nearest, Within, at_of, key_of, packed},
    quantize::PreparedQuery,
    search::{Candidates, Strategy, refined_of},
};
use alloc::vec::Vec;
use sanderling_kernels::FAST_SCAN_VECTORS;

/// Behind a filter the last hit lies deeper than the first lists tell, by this factor.
const FILTERED_DEPTH: f32 = 1.5;

/// Rows of bytes that are compared between two looks at what is kept.
const ROWS: usize = 256;

impl CodesView<'_> {
    /// The best vectors by their bytes, in no order, as packed keys and positions in the column, and what was seen.
    ///
    /// Lists are scanned from the nearest on, until as many vectors have been reached as `depth` says are needed. Behind
    /// a filter the wanted hits lie deeper, among as many as were reached when enough had passed: the search goes on until
    /// it has reached what is needed for that many. So it adapts to filters that have to do with the query. Where it turns
    /// out that this takes longer than a look at all that pass, it does that.
    #[must_use]
    fn search(
        &self,
        query: &PreparedQuery,
        depth: &Depth,
        wanted: usize,
        (candidates, slack): (usize, f32),
        filter: Option<&Filter<'_>>,
    ) -> Candidates {
        let mut within = Within::new(candidates);
        let mut seen = Seen::default();
        let (mut reached, mut passed) = (0, 0);
        let mut needed = depth.vectors_for(wanted as f32);
        let expected = ((needed / self.len().max(1) as f32).min(1.0) * self.lists() as f32) as usize + 1;
        if filter.is_some() {
            needed = f32::INFINITY;
        }
        let mut masks = Vec::new();
        let mut lists = self.ordered_lists(query, expected);
        while let Some(list) = lists.next() {
            if let Some(following) = lists.following() {
                self.prefetch_list(query, following);
            }
            let (list, base) = (at_of(list) as usize, key_of(list));
            let vectors = (self.first_vectors[list + 1] - self.first_vectors[list]) as usize;
            let passing = filter.map_or(vectors, |filter| filter.masks_of(list, &mut masks));
            if passing > 0 {
                let slack = slack * self.distance(query, list, base);
                self.scan_list(query, (list, base), slack, filter.is_some().then_some(&masks), &mut within);
                seen.lists += 1;
                seen.vectors += vectors;
            }
            if needed == f32::INFINITY {
                // Where among these the last wanted one is, if they lie evenly.
                let part = (wanted - passed) as f32 / passing.max(1) as f32;
                let rank = reached as f32 + part.min(1.0) * vectors as f32;
                let at_least = depth.vectors_for(rank * FILTERED_DEPTH);
                if passed + passing >= wanted {
                    needed = at_least;
                }
                if let Some(filter) = filter
                    && self.is_shorter_by_bytes(filter, at_least - reached as f32)
                {
                    return self.all_by_bytes(query, refined_of(wanted), filter);
                }
            }
            passed += passing;
            reached += vectors;
            if (within.is_full() || passed >= candidates) && reached as f32 >= needed {
                break;
            }
        }
        let strategy = Strategy::Codes { vectors: seen.vectors, lists: seen.lists };
        Candidates { found: self.reranked(query, within.into_kept()), strategy }
    }

    /// Whether all that pass are compared by their bytes sooner than codes among so many vectors are scanned.
    fn is_shorter_by_bytes(&self, filter: &Filter<'_>, vectors: f32) -> bool {
        // A block is only scanned where one passes.
        let codes = vectors.min(self.len() as f32).min((filter.count() * FAST_SCAN_VECTORS) as f32);
        filter.is_in_order() && !self.rows.is_empty() && ((filter.count() * CODES_PER_ROW) as f32) < codes
    }

    /// The best of all vectors that pass, by their bytes.
    fn all_by_bytes(&self, query: &PreparedQuery, wanted: usize, filter: &Filter<'_>) -> Candidates {
        let vectors = filter.matches();
        let mut nearest = Nearest::new(wanted);
        let mut keys = Vec::new();
        for vectors in vectors.chunks(ROWS) {
            self.rows.keys(query, vectors, &mut keys);
            for (key, vector) in keys.iter().zip(vectors) {
                if *key < nearest.limit() {
                    nearest.offer(*key, *vector);
                }
            }
        }
        let found =
            crate::lists::map(nearest.into_best(), |best| packed(key_of(best), self.positions[at_of(best) as usize]));
        Candidates { found, strategy: Strategy::Bytes { vectors: vectors.len() } }
    }

    /// Candidates by code, compared again as bytes.
    fn reranked(&self, query: &PreparedQuery, candidates: Vec<u64>) -> Vec<u64> {
        let mut vectors = crate::lists::map(&candidates, |candidate| at_of(*candidate));
        vectors.sort_unstable();
        let mut keys = Vec::new();
        self.rows.keys(query, &vectors, &mut keys);
        let keyed = keys.iter().zip(&vectors);
        crate::lists::map(keyed, |(key, vector)| packed(*key, self.positions[*vector as usize]))
    }
}
