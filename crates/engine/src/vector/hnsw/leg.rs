//! What a search of the graph costs, how far it goes, and what it finds.

use super::{
    GraphSearch, HnswView, Scratch, Slack, Walked,
    probe::{GraphRows, Probe},
};
use crate::{
    lists::map,
    vector::{
        ivf::RECALLS,
        nearest::{at_of, keep_best, key_of, packed},
        quantize::{BitRowsView, PreparedQuery},
        search::{Asked, Candidates, Strategy},
    },
};
use alloc::vec::Vec;

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

/// Vectors of bits that cost as much to compare as one in full.
const BITS_PER_VECTOR: usize = 8;

/// Vectors in full that cost as much to compare as the preparation of a query.
const ROWS_PER_QUERY: usize = 50;

/// Vectors that are compared in full after those, for each hit and beside them: a guess, for their cost alone.
const REFINED_PER_HIT: usize = 5;
const REFINED_BESIDE: usize = 50;

impl HnswView<'_> {
    /// The candidates for a search; none where comparing all that pass in full costs less.
    pub(in crate::vector) fn candidates(
        &self,
        rows: GraphRows<'_>,
        slacks: &[Slack; RECALLS.len()],
        asked: &Asked<'_>,
    ) -> Option<Candidates> {
        let (search, wanted, matching) = (asked.search, asked.search.wanted, asked.matching);
        let slack =
            if search.breadth.is_some() { f32::INFINITY } else { slack_for(slacks, search.recall).for_wanted(wanted) };
        let of_a_walk = self.len() as u64 * (COMPARED_PER_HIT * wanted as u64 + COMPARED_BESIDE);
        if (matching as u64).pow(2) <= of_a_walk {
            return match rows {
                GraphRows::Bytes(rows) => rows.candidates(asked),
                GraphRows::Bits(rows) => by_bits(rows, slack, asked),
            };
        }
        let query = PreparedQuery::new(asked.quantizer, asked.query, asked.norm);
        let is_of_bits = matches!(rows, GraphRows::Bits(_));
        let refined = search.refined();
        let most = if is_of_bits {
            wanted * BREADTH_PER_HIT_BY_BITS + BREADTH_BESIDE_BY_BITS
        } else {
            wanted * BREADTH_PER_HIT + BREADTH_BESIDE
        };
        let breadth = search.breadth.unwrap_or(most).max(refined);
        let asked_for = GraphSearch { wanted, breadth, slack, matching };
        let mut passes = |position| asked.allowed.has(position);
        let passes: Option<&mut super::Passes<'_>> = if asked.is_filtered { Some(&mut passes) } else { None };
        let Walked { found, compared } = self.search(rows, &query, asked_for, passes, &mut Scratch::default());
        let refined = if is_of_bits && search.oversample.is_none() { found.len() } else { refined };
        Some(Candidates { found, refined, strategy: Strategy::Graph { vectors: compared } })
    }
}

/// Those that pass, by their bits: all that are within the slack of the last hit.
fn by_bits(rows: BitRowsView<'_>, slack: f32, asked: &Asked<'_>) -> Option<Candidates> {
    let (search, wanted, matching) = (asked.search, asked.search.wanted, asked.matching);
    let refined = search.breadth.unwrap_or(wanted * REFINED_PER_HIT + REFINED_BESIDE).max(search.refined());
    if matching <= refined + ROWS_PER_QUERY + matching / BITS_PER_VECTOR {
        return None;
    }
    let query = PreparedQuery::new(asked.quantizer, asked.query, asked.norm);
    let probe = Probe::of_query(GraphRows::Bits(rows), &query);
    let positions = asked.positions();
    let mut keys = Vec::new();
    probe.keys(&positions, &mut keys);
    let mut found = map(positions.iter().zip(&keys), |(at, key)| packed(*key, *at));
    if slack < f32::INFINITY
        && let Some(last) = wanted.checked_sub(1).filter(|last| *last < found.len())
    {
        let hit = *found.select_nth_unstable(last).1;
        let limit = packed(key_of(hit) + slack * probe.distance(key_of(hit), at_of(hit)), u32::MAX);
        found.retain(|candidate| *candidate <= limit);
    } else {
        keep_best(&mut found, refined);
    }
    let refined = if search.oversample.is_some() { search.refined() } else { found.len() };
    Some(Candidates { found, refined, strategy: Strategy::Bits { vectors: positions.len() } })
}

/// What was measured for the lowest recall that is enough.
fn slack_for(slacks: &[Slack; RECALLS.len()], recall: f32) -> &Slack {
    let at = RECALLS.iter().position(|known| *known >= recall).unwrap_or(RECALLS.len() - 1);
    &slacks[at]
}
