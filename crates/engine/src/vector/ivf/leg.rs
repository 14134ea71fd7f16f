//! What a search of codes costs, how deep it goes, and what it finds.

use super::{Depth, FILTERED_DEPTH, Look, RECALLS};
use crate::vector::{
    codes::{CodesView, Filter},
    quantize::PreparedQuery,
    search::{Asked, Candidates},
};

/// Codes that cost as much to scan as one row of bytes, which may lie anywhere: 8 for 384 dimensions.
pub(super) fn codes_per_row(dimensions: usize) -> usize {
    3 + dimensions / 77
}

/// Codes that cost as much to scan as a candidate costs until it is compared by its bytes.
const CODES_PER_CANDIDATE: usize = 20;

/// Candidates that there are for each one that is kept, where the errors of estimates let more through.
const CANDIDATES_PER_KEPT: usize = 2;

/// Candidates for each hit where codes stand alone.
const CANDIDATES_BY_CODES: usize = 12;

/// Codes that cost as much as the preparation of a query and its lists.
const CODES_PER_QUERY: usize = 4_000;

/// Codes that cost as much as the preparation of a query and the comparison of the best in full.
const CODES_PER_PREPARED: usize = 2_000;

/// Vectors that are looked up in the order of a scan in the time that one match takes to be put there.
const LOOKS_PER_MATCH: usize = 1;

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
        // Behind a filter the hits lie deeper, where more are alike; so many of those pass.
        let measured = depth.refined_for(wanted).max(depth.refined_for(wanted / share) * share);
        let look = Look {
            hits: search.wanted,
            even: wanted / share,
            full: search.refined(measured as usize),
            is_trimmed: search.oversample.is_none(),
            watch: asked.watch,
        };
        let cost = self.cost(asked, &look, expected);
        if cost.in_full <= cost.by_lists.min(cost.by_bytes) {
            return None;
        }
        let query = PreparedQuery::new(asked.quantizer, asked.query, asked.norm);
        // Of a vector with two codes both may be among the best. What a caller asks for comes on top of what was measured.
        let least = if search.oversample.is_some() { look.full } else { search.wanted };
        let least = least.saturating_mul(self.codes_per_vector()).max(search.breadth.unwrap_or(0));
        let candidates = (depth.candidates_for(wanted) as usize).max(least).min(self.codes());
        if cost.by_bytes <= cost.by_lists {
            return Some(self.all_by_bytes(&query, look, &Filter::in_order(*self, asked.allowed)));
        }
        let filter = asked.is_filtered.then(|| {
            let is_cheaper = asked.matching * LOOKS_PER_MATCH <= expected;
            if is_cheaper { Filter::in_order(*self, asked.allowed) } else { Filter::looked_up(*self, asked.allowed) }
        });
        Some(self.search(&query, depth, look, (candidates, depth.slack_for(wanted)), expected, filter.as_ref()))
    }
}

/// What the ways of a search cost, in codes to scan.
struct Cost {
    /// Of a comparison of all that pass.
    in_full: usize,
    /// Of a look at their bytes first; the largest where that is no way.
    by_bytes: usize,
    /// Of a scan of lists.
    by_lists: usize,
}

impl CodesView<'_> {
    fn cost(&self, asked: &Asked<'_>, look: &Look<'_>, expected: usize) -> Cost {
        let dimensions = asked.query.len();
        let has_rows = !self.rows.is_empty();
        // A vector that lies anywhere, and one of many that are read in a row: 53 and 28 for 384 dimensions.
        let (anywhere, in_a_row) = (5 + dimensions / 8, 4 + dimensions / 16);
        let each = if asked.is_filtered { anywhere.min(40) } else { in_a_row };
        let in_full = asked.matching * each;
        let refined = look.full.min(asked.matching) * anywhere;
        let by_bytes = if asked.is_filtered && has_rows {
            asked.matching * codes_per_row(dimensions) + self.len() / BITS_PER_CODE + CODES_PER_PREPARED + refined
        } else {
            usize::MAX
        };
        let kept = look.hits.min(asked.matching) * CANDIDATES_PER_KEPT * self.codes_per_vector();
        let reranked = if has_rows {
            kept * (CODES_PER_CANDIDATE + codes_per_row(dimensions)) + refined
        } else {
            kept * CODES_PER_CANDIDATE + (look.hits * CANDIDATES_BY_CODES).min(asked.matching) * anywhere
        };
        Cost { in_full, by_bytes, by_lists: expected + CODES_PER_QUERY + reranked }
    }
}

/// What was measured for the lowest recall that is enough.
fn depth_for(depths: &[Depth; RECALLS.len()], recall: f32) -> &Depth {
    let at = RECALLS.iter().position(|known| *known >= recall).unwrap_or(RECALLS.len() - 1);
    &depths[at]
}
