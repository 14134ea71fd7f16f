//! What a search of codes costs, how deep it goes, and what it finds.

use super::{Depth, FILTERED_DEPTH, RECALLS};
use crate::vector::{
    codes::{CodesView, Filter},
    quantize::PreparedQuery,
    search::{Asked, Candidates},
};

/// Codes that cost as much to scan as one vector in full, which may lie anywhere.
const CODES_PER_VECTOR: usize = 40;

/// Codes that cost as much to scan as one row of bytes, which may lie anywhere.
pub(super) const CODES_PER_ROW: usize = 8;

/// Codes that cost as much as the preparation of a query and its lists.
const CODES_PER_QUERY: usize = 4_000;

/// Codes that cost as much as the preparation of a query and the comparison of the best in full.
const CODES_PER_PREPARED: usize = 2_000;

/// Vectors that are looked up in the order of a scan in the time that one match takes to be put there.
const LOOKS_PER_MATCH: usize = 2;

/// Vectors whose bits cost as much to go through as one code to scan.
const BITS_PER_CODE: usize = 128;

impl CodesView<'_> {
    /// The candidates for a search; none where comparing all that pass in full costs less.
    pub(in crate::vector) fn candidates(
        &self,
        depths: &[Depth; RECALLS.len()],
        asked: &Asked<'_>,
    ) -> Option<Candidates> {
        let (search, wanted, all) = (asked.search, asked.search.wanted as f32, self.len());
        let depth = depth_for(depths, search.recall);
        let share = asked.matching.max(1) as f32 / all.max(1) as f32;
        let depth_behind_filter = if asked.is_filtered { FILTERED_DEPTH } else { 1.0 };
        let expected = (depth.vectors_for(wanted / share * depth_behind_filter) as usize).min(self.codes());
        let by_lists = expected + CODES_PER_QUERY;
        let is_narrow = asked.is_filtered && !self.rows.is_empty();
        let by_bytes = asked.matching * CODES_PER_ROW + all / BITS_PER_CODE + CODES_PER_PREPARED;
        let in_full = asked.matching * CODES_PER_VECTOR;
        if in_full <= by_lists && !(is_narrow && by_bytes < in_full) {
            return None;
        }
        let query = PreparedQuery::new(asked.quantizer, asked.query, asked.norm);
        let measured = (depth.candidates_for(wanted) as usize, depth.slack_for(wanted));
        let (candidates, slack) = match (search.breadth, search.oversample) {
            (Some(breadth), _) => (breadth, 0.0),
            (None, Some(_)) => (search.refined(), 0.0),
            (None, None) => measured,
        };
        // Of a vector with two codes both may be among the best.
        let least = search.wanted.max(search.oversample.map_or(0, |_| search.refined()));
        let candidates = (candidates.max(least * self.codes_per_vector()).min(self.codes()), slack);
        if is_narrow && by_bytes <= by_lists {
            return Some(self.all_by_bytes(&query, &search, &Filter::in_order(*self, asked.allowed)));
        }
        let filter = asked.is_filtered.then(|| {
            let is_cheaper = asked.matching * LOOKS_PER_MATCH <= expected;
            if is_cheaper { Filter::in_order(*self, asked.allowed) } else { Filter::looked_up(*self, asked.allowed) }
        });
        Some(self.search(&query, depth, &search, candidates, expected, filter.as_ref()))
    }
}

/// What was measured for the lowest recall that is enough.
fn depth_for(depths: &[Depth; RECALLS.len()], recall: f32) -> &Depth {
    let at = RECALLS.iter().position(|known| *known >= recall).unwrap_or(RECALLS.len() - 1);
    &depths[at]
}
