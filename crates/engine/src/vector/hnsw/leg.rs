//! What a search of the graph costs, how far it goes, and what it finds.

use super::{GraphSearch, HnswView, Scratch, Slack, Walked, probe::GraphRows};
use crate::lists::map;
use crate::vector::{
    ivf::RECALLS,
    nearest::{at_of, keep_best, key_of},
    quantize::{ByteRowsView, PreparedQuery},
    refine::{ByBytes, for_recall},
    search::{Asked, Candidates, REFINED_PER_HIT, Strategy, VectorSearch, refined_usually},
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

/// The most nodes that a walk keeps at all: they lie in one sorted list, where each that is new moves those behind it. Beyond
/// it, comparing all by bytes or in full takes less.
const BREADTH_MAX: usize = 4_096;

/// Where more than usual must be compared in full, so many of them count like a hit for what a walk costs.
const REFINED_PER_HIT_WALKED: usize = 4;

/// Where all that is kept is walked through, so many of it count like one.
const KEPT_PER_HIT_WALKED: usize = 2;

/// Where more than one in so many that a walk kept may be among the hits, bytes tell the nodes on its way apart too little: then
/// all bytes are compared.
const KEPT_PER_POSSIBLE: usize = 2;

/// The same where more than so many for each hit and beside them may be, if nobody measured what a walk finds then.
const POSSIBLE_PER_HIT: usize = 4;
const POSSIBLE_BESIDE: usize = 32;

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
        let (search, matching) = (asked.search, asked.matching);
        let slack = for_recall(slacks, search.recall);
        let way = Way::new(self.len(), matches!(rows, GraphRows::Bits(_)), slack, search);
        let of_a_walk = self.len() as u64 * (COMPARED_PER_HIT * way.hits as u64 + COMPARED_BESIDE);
        let is_few = (matching as u64).pow(2) <= of_a_walk;
        match rows {
            GraphRows::Bytes(rows) if is_few || way.leads_past || way.breadth > BREADTH_MAX => {
                return rows.candidates(&slacks.map(|slack| slack.refined), asked);
            }
            GraphRows::Bits(_) if way.breadth > BREADTH_MAX => return None,
            GraphRows::Bits(_) if is_few && matching <= FULL_BELOW + way.hits * BREADTH_PER_HIT => return None,
            _ => {}
        }
        let query = PreparedQuery::new(asked.quantizer, asked.query, asked.norm);
        let asked_for = GraphSearch { wanted: way.kept, breadth: way.breadth, slack: way.slack, matching };
        let mut scratch = Scratch::default();
        let Walked { mut found, compared: vectors } = if is_few {
            self.compare_all(rows, &query, asked_for, asked.positions(), &mut scratch)
        } else {
            let mut passes = |position| asked.allowed.has(position);
            let passes: Option<&mut super::Passes<'_>> = if asked.is_filtered { Some(&mut passes) } else { None };
            self.search(rows, &query, asked_for, passes, &mut scratch, asked.watch)
        };
        let strategy = if is_few { Strategy::Bits { vectors } } else { Strategy::Graph { vectors } };
        match rows {
            GraphRows::Bytes(rows) if search.oversample.is_none() => {
                let possible = possible(rows, &query, &found, search.wanted);
                let is_whole = search.breadth.is_some() || found.len() >= matching;
                let tells_little = !is_whole && way.tells_little(possible.len(), found.len());
                if tells_little && !asked.watch.is_over() {
                    return rows.candidates(&slacks.map(|slack| slack.refined), asked);
                }
                if possible.len() > way.refined {
                    found = possible;
                } else {
                    keep_best(&mut found, way.refined);
                }
            }
            // Bits tell too little about the order: what was found by them is compared in full.
            GraphRows::Bits(_) if search.oversample.is_none() => {}
            _ => keep_best(&mut found, way.refined),
        }
        Some(Candidates { found, strategy })
    }
}

/// Those of what a walk found that may be among the hits for all that their bytes say.
fn possible(rows: ByteRowsView<'_>, query: &PreparedQuery, found: &[u64], wanted: usize) -> Vec<u64> {
    let (keys, at) = (map(found, |node| key_of(*node)), map(found, |node| at_of(*node)));
    let mut possible = ByBytes::possible(wanted);
    possible.offer(rows, query, &keys, &at);
    possible.into_kept()
}

/// How far a search goes.
struct Way {
    /// The hits.
    wanted: usize,
    /// The candidates that are compared in full.
    refined: usize,
    /// The hits that a walk costs as much as.
    hits: usize,
    /// The nodes that are kept whatever the slack says.
    kept: usize,
    /// The most nodes that are kept.
    breadth: usize,
    slack: f32,
    /// Whether walks were seen to miss too much: bytes that do not tell neighbours apart make links that lead past them.
    leads_past: bool,
}

impl Way {
    fn new(nodes: usize, is_of_bits: bool, slack: &Slack, search: VectorSearch) -> Self {
        let wanted = search.wanted;
        let (per_hit, beside) = if is_of_bits {
            (BREADTH_PER_HIT_BY_BITS, BREADTH_BESIDE_BY_BITS)
        } else {
            (BREADTH_PER_HIT, BREADTH_BESIDE)
        };
        let usual = wanted.saturating_mul(per_hit).saturating_add(beside);
        let measured = slack.refined.for_wanted(wanted);
        let refined = search.refined_of(REFINED_PER_HIT, measured).max(wanted).min(nodes);
        // The slack is a part of the distance of the last hit. Where many more than usual must be kept to have the hits
        // among them, as the bytes do not tell these apart, that distance says nothing.
        let is_usual = if is_of_bits { measured <= usual } else { refined <= search.refined(0) };
        let is_usual = is_usual && search.oversample.is_none();
        let [kept, hits] = if is_usual { [wanted; 2] } else { [refined, wanted.max(refined / REFINED_PER_HIT_WALKED)] };
        // Without a measurement all that is kept is walked through.
        let hits = if slack.for_wanted(wanted) == f32::INFINITY { hits.max(usual / KEPT_PER_HIT_WALKED) } else { hits };
        let breadth = search.breadth.unwrap_or(usual.min(BREADTH_MAX)).max(refined).min(nodes);
        let leads_past = !is_of_bits && measured > refined_usually(wanted) && slack.for_wanted(wanted) == f32::INFINITY;
        let slack = if search.breadth.is_some() { f32::INFINITY } else { slack.for_wanted(wanted) };
        Self { wanted, refined, hits, kept, breadth, slack, leads_past }
    }
    /// Whether so many of those that a walk kept may be hits that it may have gone past others.
    fn tells_little(&self, possible: usize, kept: usize) -> bool {
        let is_unmeasured = self.slack == f32::INFINITY;
        possible > self.refined && possible * KEPT_PER_POSSIBLE > kept
            || is_unmeasured && possible > self.wanted * POSSIBLE_PER_HIT + POSSIBLE_BESIDE
    }
}
