//! What a search of the graph costs, how far it goes, and what it finds.

use super::{GraphSearch, HnswView, Scratch, Slack};
use crate::vector::{
    ivf::RECALLS,
    nearest::keep_best,
    quantize::{ByteRowsView, PreparedQuery},
    search::{Asked, Candidates, Strategy},
};

/// A walk behind a filter goes by the more nodes the fewer pass: it takes as long as so many comparisons by bytes, divided
/// by the share that passes. Measured on 100,000 vectors of 384 dimensions.
const COMPARED_PER_HIT: u64 = 50;
const COMPARED_BESIDE: u64 = 1_000;

/// The most nodes that a walk keeps, for each hit and beside them; it ends before, as its slack says.
const BREADTH_PER_HIT: usize = 2;
const BREADTH_BESIDE: usize = 400;

impl HnswView<'_> {
    /// The candidates for a search.
    pub(in crate::vector) fn candidates(
        &self,
        rows: ByteRowsView<'_>,
        slacks: &[Slack; RECALLS.len()],
        asked: &Asked<'_>,
    ) -> Option<Candidates> {
        let (search, wanted, matching) = (asked.search, asked.search.wanted, asked.matching);
        let of_a_walk = self.len() as u64 * (COMPARED_PER_HIT * wanted as u64 + COMPARED_BESIDE);
        if (matching as u64).pow(2) <= of_a_walk {
            return rows.candidates(asked);
        }
        let query = PreparedQuery::new(asked.quantizer, asked.query, asked.norm);
        let refined = search.refined();
        let slack =
            if search.breadth.is_some() { f32::INFINITY } else { slack_for(slacks, search.recall).for_wanted(wanted) };
        let breadth = search.breadth.unwrap_or(wanted * BREADTH_PER_HIT + BREADTH_BESIDE).max(refined);
        let asked_for = GraphSearch { wanted, breadth, slack, matching };
        let mut passes = |position| asked.allowed.has(position);
        let passes: Option<&mut super::Passes<'_>> = if asked.is_filtered { Some(&mut passes) } else { None };
        let mut walked = self.search(rows, &query, asked_for, passes, &mut Scratch::default());
        keep_best(&mut walked.found, refined);
        Some(Candidates { found: walked.found, strategy: Strategy::Graph { vectors: walked.compared } })
    }
}

/// What was measured for the lowest recall that is enough.
fn slack_for(slacks: &[Slack; RECALLS.len()], recall: f32) -> &Slack {
    let at = RECALLS.iter().position(|known| *known >= recall).unwrap_or(RECALLS.len() - 1);
    &slacks[at]
}
