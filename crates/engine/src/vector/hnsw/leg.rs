//! What a search of the graph costs, how far it goes, and what it finds.

use super::{GraphSearch, HnswView, Scratch, Slack, Walked, probe::GraphRows};
use crate::vector::{
    ivf::RECALLS,
    nearest::keep_best,
    quantize::PreparedQuery,
    search::{Asked, Candidates, Strategy},
};

/// A walk behind a filter goes by the more nodes the fewer pass: it takes as long as so many comparisons by bytes, divided
/// by the share that passes. Measured on 100,000 vectors of 384 dimensions.
const COMPARED_PER_HIT: u64 = 50;
const COMPARED_BESIDE: u64 = 1_000;

/// The most nodes that a walk keeps, for each hit and beside them; it ends before, as its slack says.
const BREADTH_PER_HIT: usize = 2;
const BREADTH_BESIDE: usize = 400;

/// The same where it walks by bits, among which the true hits lie deeper.
const BREADTH_PER_HIT_BY_BITS: usize = 8;
const BREADTH_BESIDE_BY_BITS: usize = 800;

/// Where few pass and rows are bits: those below which all are compared in full.
const FULL_BELOW: usize = 200;

impl HnswView<'_> {
    /// The candidates for a search; none where comparing all that pass in full costs less.
    pub(in crate::vector) fn candidates(
        &self,
        rows: GraphRows<'_>,
        slacks: &[Slack; RECALLS.len()],
        asked: &Asked<'_>,
    ) -> Option<Candidates> {
        let (search, wanted, matching) = (asked.search, asked.search.wanted, asked.matching);
        let of_a_walk = self.len() as u64 * (COMPARED_PER_HIT * wanted as u64 + COMPARED_BESIDE);
        let is_few = (matching as u64).pow(2) <= of_a_walk;
        let (is_of_bits, [per_hit, beside]) = match rows {
            GraphRows::Bytes(rows) if is_few => return rows.candidates(asked),
            GraphRows::Bits(_) if is_few && matching <= FULL_BELOW + wanted * BREADTH_PER_HIT => return None,
            GraphRows::Bytes(_) => (false, [BREADTH_PER_HIT, BREADTH_BESIDE]),
            GraphRows::Bits(_) => (true, [BREADTH_PER_HIT_BY_BITS, BREADTH_BESIDE_BY_BITS]),
        };
        let query = PreparedQuery::new(asked.quantizer, asked.query, asked.norm);
        let refined = search.refined(0);
        let slack =
            if search.breadth.is_some() { f32::INFINITY } else { slack_for(slacks, search.recall).for_wanted(wanted) };
        let breadth = search.breadth.unwrap_or(wanted * per_hit + beside).max(refined);
        let asked_for = GraphSearch { wanted, breadth, slack, matching };
        let mut scratch = Scratch::default();
        let Walked { mut found, compared: vectors } = if is_few {
            self.compare_all(rows, &query, asked_for, asked.positions(), &mut scratch)
        } else {
            let mut passes = |position| asked.allowed.has(position);
            let passes: Option<&mut super::Passes<'_>> = if asked.is_filtered { Some(&mut passes) } else { None };
            self.search(rows, &query, asked_for, passes, &mut scratch)
        };
        let strategy = if is_few { Strategy::Bits { vectors } } else { Strategy::Graph { vectors } };
        // Bits tell too little about the order: what was found by them is compared in full.
        if !is_of_bits || search.oversample.is_some() {
            keep_best(&mut found, refined);
        }
        Some(Candidates { found, strategy })
    }
}

/// What was measured for the lowest recall that is enough.
fn slack_for(slacks: &[Slack; RECALLS.len()], recall: f32) -> &Slack {
    let at = RECALLS.iter().position(|known| *known >= recall).unwrap_or(RECALLS.len() - 1);
    &slacks[at]
}
