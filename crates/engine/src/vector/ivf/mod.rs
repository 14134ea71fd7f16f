//! The inverted file: vectors in lists around centroids; a search scans the codes of the nearest lists.

mod build;
mod calibrate;
mod cluster;
mod leg;

pub use build::IvfBuilder;
pub use calibrate::{Depth, RECALL_APPROXIMATE_MAX, RECALLS, measured_depths};
use leg::codes_per_row;

use super::{
    codes::{CodesView, Filter, Seen},
    nearest::{Within, at_of, key_of, packed},
    quantize::PreparedQuery,
    refine::ByBytes,
    search::{Candidates, Strategy},
};
use crate::query::Watch;
use alloc::vec::Vec;
use sanderling_kernels as kernels;

/// Behind a filter the last hit lies deeper than the first lists tell, by this factor.
const FILTERED_DEPTH: f32 = 1.5;

/// Where the last hit lies so many times as deep as if those that pass lay evenly, they are far from the query.
const FAR: f32 = 3.0;

/// Rows of bytes that are compared between two looks at what is kept.
const ROWS: usize = 256;

/// What a search wants of its candidates.
#[derive(Clone, Copy)]
struct Look<'a> {
    /// The hits.
    hits: usize,
    /// Where the last of them would be among all vectors, if those that pass lay evenly.
    even: f32,
    /// Candidates that are compared in full, about; exactly, where the caller asks for that many.
    full: usize,
    /// Whether all are compared in full that may be among the hits for all that their bytes say, and no others.
    is_trimmed: bool,
    /// Whether there is time for more.
    watch: &'a dyn Watch,
}

impl Look<'_> {
    /// How much deeper to go for hits that lie at that rank: the farther they are from the query, the less was measured
    /// there.
    fn farness(&self, rank: f32) -> f32 {
        let far = rank / (self.even * FAR);
        if far > 1.0 { kernels::square_root(far) } else { 1.0 }
    }
}

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
        look: Look<'_>,
        (candidates, slack): (usize, f32),
        expected: usize,
        filter: Option<&Filter<'_>>,
    ) -> Candidates {
        let wanted = look.hits;
        let mut within = Within::new(candidates);
        let mut seen = Seen::default();
        // Codes and vectors up to here, and those of the vectors that pass.
        let (mut reached, mut ranked, mut passed) = (0, 0, 0);
        let mut needed = if filter.is_some() { f32::INFINITY } else { depth.vectors_for(wanted as f32) };
        let expected = crate::share::share(expected, self.codes().max(1), self.lists()) + 1;
        let mut masks = Vec::new();
        let mut lists = self.ordered_lists(query, expected);
        while let Some(list) = lists.next().filter(|_| !look.watch.is_over()) {
            if let Some(following) = lists.following() {
                self.prefetch_list(query, following);
            }
            let (list, base) = (at_of(list) as usize, key_of(list));
            let slots = self.slots(list);
            // Once it is known how far to go, nobody asks how many pass: then it is less work to look up those that are found.
            let masked = filter.filter(|filter| needed == f32::INFINITY || filter.is_in_order());
            let own = masked.map_or(slots.own, |filter| filter.masks_of(list, &mut masks));
            let masks = masked.map(|_| &masks[..]);
            if masks.is_none_or(|masks| masks.iter().any(|mask| *mask != 0)) {
                self.scan_list(query, (list, base), slack, (filter, masks), &mut within);
                seen.lists += 1;
                seen.vectors += slots.total;
            }
            if needed == f32::INFINITY {
                // Where among these the last wanted one is, if they lie evenly.
                let part = wanted.saturating_sub(passed) as f32 / own.max(1) as f32;
                let rank = ranked as f32 + part.min(1.0) * slots.own as f32;
                let at_least = depth.vectors_for(rank * FILTERED_DEPTH * look.farness(rank));
                if passed + own >= wanted {
                    needed = at_least;
                }
                if let Some(filter) = filter
                    && self.is_shorter_by_bytes(filter, at_least - reached as f32)
                {
                    return self.all_by_bytes(query, look, filter);
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
        Candidates { found: self.reranked(query, look, within.into_kept()), strategy }
    }

    /// Whether all that pass are compared by their bytes sooner than so many codes are scanned.
    fn is_shorter_by_bytes(&self, filter: &Filter<'_>, codes: f32) -> bool {
        let codes = codes.min(self.codes() as f32);
        filter.is_in_order()
            && !self.rows.is_empty()
            && ((filter.count() * codes_per_row(self.rows.dimensions)) as f32) < codes
    }

    /// The best of all vectors that pass, by their bytes.
    fn all_by_bytes(&self, query: &PreparedQuery, look: Look<'_>, filter: &Filter<'_>) -> Candidates {
        let vectors = filter.matches();
        let mut best = self.by_bytes(look);
        let mut keys = Vec::new();
        for vectors in vectors.chunks(ROWS) {
            if look.watch.is_over() {
                break;
            }
            self.rows.keys(query, vectors, &mut keys);
            best.offer(self.rows, query, &keys, vectors);
        }
        let strategy = Strategy::Bytes { vectors: vectors.len() };
        Candidates { found: self.positions_of(best), strategy }
    }

    /// Candidates by code, compared again as bytes. Where there are no bytes they stay what they are: all of them have to be
    /// compared in full.
    fn reranked(&self, query: &PreparedQuery, look: Look<'_>, candidates: Vec<u64>) -> Vec<u64> {
        // By vector, and of a vector with two codes only the better one.
        let mut by_vector = crate::lists::map(candidates, |candidate| candidate.rotate_left(32));
        crate::order::sort(&mut by_vector);
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
        let mut best = self.by_bytes(look);
        best.offer(self.rows, query, &keys, &vectors);
        self.positions_of(best)
    }

    /// A collector of what is to be compared in full.
    fn by_bytes(&self, look: Look<'_>) -> ByBytes {
        if look.is_trimmed { ByBytes::possible(look.hits) } else { ByBytes::best(look.full) }
    }

    /// What is to be compared in full, by position in the column.
    fn positions_of(&self, best: ByBytes) -> Vec<u64> {
        crate::lists::map(best.into_kept(), |candidate| {
            packed(key_of(candidate), self.positions[at_of(candidate) as usize])
        })
    }
}
