//! The inverted file: vectors in lists around centroids; a search scans the codes of the nearest lists.

mod build;
mod calibrate;
mod cluster;
mod leg;

pub use build::IvfBuilder;
pub use calibrate::{Depth, RECALL_APPROXIMATE_MAX, RECALLS, measured_depths};
use leg::CODES_PER_ROW;

use super::{
    codes::{CodesView, Filter, Seen},
    nearest::{Nearest, Within, at_of, keep_best, key_of, packed},
    quantize::PreparedQuery,
    search::{Candidates, Strategy, VectorSearch},
};
use alloc::vec::Vec;

/// Behind a filter the last hit lies deeper than the first lists tell, by this factor.
const FILTERED_DEPTH: f32 = 1.5;

/// So many mean errors of a key by bytes are allowed for: two keys with one each are hardly ever farther off.
const ERRORS: f32 = 5.0;

/// Rows of bytes that are compared between two looks at what is kept.
const ROWS: usize = 256;

impl CodesView<'_> {
    /// The best vectors by their bytes, in no order, as packed keys and positions in the column, and what was seen.
    ///
    /// Lists are scanned from the nearest on, until as many vectors have been reached as `depth` says are needed. Behind
    /// a filter the wanted hits lie deeper, among as many as were reached when enough had passed: the search goes on until
    /// it has reached what is needed for that many. So it adapts to filters that have to do with the query. Where it turns
    /// out that this takes longer than a look at all that pass, it does that. About `expected` codes will be scanned.
    #[must_use]
    fn search(
        &self,
        query: &PreparedQuery,
        depth: &Depth,
        search: &VectorSearch,
        (candidates, slack): (usize, f32),
        expected: usize,
        filter: Option<&Filter<'_>>,
    ) -> Candidates {
        let wanted = search.wanted;
        let mut within = Within::new(candidates);
        let mut seen = Seen::default();
        // Codes and vectors up to here, and those of the vectors that pass.
        let (mut reached, mut ranked, mut passed) = (0, 0, 0);
        let mut needed = depth.vectors_for(wanted as f32);
        let expected = crate::share::share(expected, self.codes().max(1), self.lists()) + 1;
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
            let slots = self.slots(list);
            let own = filter.map_or(slots.own, |filter| filter.masks_of(list, &mut masks));
            if filter.is_none() || masks.iter().any(|mask| *mask != 0) {
                let slack = slack * self.distance(query, list, base);
                self.scan_list(query, (list, base), slack, filter.map(|filter| (filter, &masks[..])), &mut within);
                seen.lists += 1;
                seen.vectors += slots.total;
            }
            if needed == f32::INFINITY {
                // Where among these the last wanted one is, if they lie evenly.
                let part = wanted.saturating_sub(passed) as f32 / own.max(1) as f32;
                let rank = ranked as f32 + part.min(1.0) * slots.own as f32;
                let at_least = depth.vectors_for(rank * FILTERED_DEPTH);
                if passed + own >= wanted {
                    needed = at_least;
                }
                if let Some(filter) = filter
                    && self.is_shorter_by_bytes(filter, at_least - reached as f32)
                {
                    return self.all_by_bytes(query, search, filter);
                }
            }
            reached += slots.total;
            ranked += slots.own;
            passed += own;
            if passed >= wanted && reached as f32 >= needed {
                break;
            }
        }
        let strategy = Strategy::Codes { vectors: seen.vectors, lists: seen.lists };
        Candidates { found: self.reranked(query, search, within.into_kept()), strategy }
    }

    /// Whether all that pass are compared by their bytes sooner than so many codes are scanned.
    fn is_shorter_by_bytes(&self, filter: &Filter<'_>, codes: f32) -> bool {
        let codes = codes.min(self.codes() as f32);
        filter.is_in_order() && !self.rows.is_empty() && ((filter.count() * CODES_PER_ROW) as f32) < codes
    }

    /// The best of all vectors that pass, by their bytes.
    fn all_by_bytes(&self, query: &PreparedQuery, search: &VectorSearch, filter: &Filter<'_>) -> Candidates {
        let vectors = filter.matches();
        let mut nearest = Nearest::new(search.refined());
        let mut keys = Vec::new();
        for vectors in vectors.chunks(ROWS) {
            self.rows.keys(query, vectors, &mut keys);
            for (key, vector) in keys.iter().zip(vectors) {
                if *key < nearest.limit() {
                    nearest.offer(*key, *vector);
                }
            }
        }
        let strategy = Strategy::Bytes { vectors: vectors.len() };
        Candidates { found: self.refined(query, search, nearest.into_best()), strategy }
    }

    /// Candidates by code, compared again as bytes. Where there are no bytes they stay what they are: all of them have to be
    /// compared in full.
    fn reranked(&self, query: &PreparedQuery, search: &VectorSearch, candidates: Vec<u64>) -> Vec<u64> {
        // By vector, and of a vector with two codes only the better one.
        let mut by_vector = crate::lists::map(candidates, |candidate| candidate.rotate_left(32));
        by_vector.sort_unstable();
        by_vector.dedup_by(|next, kept| *next >> 32 == *kept >> 32);
        let vectors = crate::lists::map(&by_vector, |candidate| (*candidate >> 32) as u32);
        if self.rows.is_empty() {
            let candidates = by_vector.iter().zip(&vectors);
            return crate::lists::map(candidates, |(candidate, vector)| {
                packed(key_of(candidate.rotate_left(32)), self.positions[*vector as usize])
            });
        }
        let mut keys = Vec::new();
        self.rows.keys(query, &vectors, &mut keys);
        self.refined(query, search, crate::lists::map(keys.iter().zip(&vectors), |(key, vector)| packed(*key, *vector)))
    }

    /// Of candidates by bytes those that may be among the best, with their positions in the column. Bytes are so exact that
    /// few beside the best may be; each that is left out here need not be fetched in full.
    fn refined(&self, query: &PreparedQuery, search: &VectorSearch, mut candidates: Vec<u64>) -> Vec<u64> {
        keep_best(&mut candidates, search.refined());
        if search.oversample.is_none() && search.wanted > 0 && search.wanted < candidates.len() {
            let last = key_of(*candidates.select_nth_unstable(search.wanted - 1).1);
            candidates.retain(|candidate| {
                let error = self.rows.error(query, at_of(*candidate) as usize);
                key_of(*candidate) <= last + error * ERRORS
            });
        }
        crate::lists::map(candidates, |candidate| packed(key_of(candidate), self.positions[at_of(candidate) as usize]))
    }
}
