//! What a search of codes costs, how deep it goes, and what it finds.

use super::{Depth, RECALLS};
use crate::vector::{
    codes::CodesView,
    quantize::PreparedQuery,
    search::{Asked, Candidates, Strategy},
};

/// Codes that cost as much to scan as one vector in full.
const CODES_PER_VECTOR: usize = 30;

/// Codes that cost as much as the preparation of a query and its lists.
const CODES_PER_QUERY: usize = 4_000;

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
        let expected = (depth.vectors_for(wanted / share) as usize).min(all);
        if asked.matching * CODES_PER_VECTOR <= expected + CODES_PER_QUERY {
            return None;
        }
        let prepared = PreparedQuery::new(asked.quantizer, asked.query, asked.norm);
        let candidates = search.breadth.unwrap_or(depth.candidates_for(wanted) as usize);
        let candidates = candidates.max(search.refined()).min(all);
        let filter = asked.is_filtered.then_some(&asked.allowed);
        let (found, seen) = self.search(&prepared, depth, search.wanted, candidates, filter);
        // Codes alone tell too little about the order: all candidates are compared in full.
        let refined = if self.rows.is_empty() && search.oversample.is_none() { candidates } else { search.refined() };
        Some(Candidates { found, refined, strategy: Strategy::Codes { vectors: seen.vectors, lists: seen.lists } })
    }
}

/// What was measured for the lowest recall that is enough.
fn depth_for(depths: &[Depth; RECALLS.len()], recall: f32) -> &Depth {
    let at = RECALLS.iter().position(|known| *known >= recall).unwrap_or(RECALLS.len() - 1);
    &depths[at]
}
