//! How much slack a search needs to find what it should, measured on vectors of the segment itself, and how many of those
//! that it finds must be compared in full.
//!
//! A walk with less slack is the beginning of one with more, so one long walk tells for each true neighbour of a query at
//! which slack it is first seen; the slack for a recall is a quantile of these. Where the walk goes by bits, what is seen
//! must also seem near enough to be kept. Each kind of query is measured by itself, and the larger need counts.

use super::{
    HnswView,
    probe::{GraphRows, Probe},
    search::{GraphSearch, Scratch},
};
use crate::vector::{
    VectorColumn,
    ivf::RECALLS,
    quantize::{ByteRowsView, Quantizer},
    refine::{Ranks, Refined},
    search::refined_usually,
    truth::{KINDS, TrueQuery, Truth, WANTED},
};
use alloc::vec::Vec;

/// The breadth of the long walk.
const BREADTH: usize = 640;

/// The largest slack; a neighbour that the long walk did not see asks for it. Where it is needed, all that is kept is walked.
const SLACK_MAX: f32 = 1.0;

/// Estimates of real queries are worse than those of the ones here, which lie beside two of the vectors, by a part.
const MARGIN: f32 = 1.2;

/// How far a search goes, for each of [`WANTED`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slack {
    /// How far beyond the last hit to look.
    pub beyond: [f32; WANTED.len()],
    /// How many to compare in full.
    pub refined: Refined,
}

impl Slack {
    /// The numbers that it is made of.
    pub(crate) const NUMBERS: usize = WANTED.len() + Refined::NUMBERS;

    /// A walk through all that is kept.
    #[must_use]
    pub const fn whole(refined: Refined) -> Self {
        Self { beyond: [f32::INFINITY; WANTED.len()], refined }
    }

    /// The numbers, as they stand in a file.
    pub(crate) fn numbers(&self) -> [f32; Self::NUMBERS] {
        let ([a, b], [c, d]) = (self.beyond, self.refined.0);
        [a, b, c, d]
    }

    /// The slack of numbers from a file.
    pub(crate) fn of_numbers([a, b, c, d]: [f32; Self::NUMBERS]) -> Self {
        Self { beyond: [a, b], refined: Refined([c, d]) }
    }

    /// The slack for so many hits: the line through what was measured, level beyond it.
    #[must_use]
    pub fn for_wanted(&self, wanted: usize) -> f32 {
        let ([few, many], [first, last]) = (WANTED, self.beyond);
        let part = (wanted.clamp(few, many) - few) as f32 / (many - few) as f32;
        // A part of what is infinite would be no number.
        if part == 0.0 || first == f32::INFINITY { first } else { first + (last - first) * part }
    }
}

/// The measurement under way.
#[derive(Debug, Default)]
pub struct SlackCalibration {
    at: usize,
    needed: [[Vec<f32>; WANTED.len()]; KINDS],
    /// By the bytes that the graph was built of.
    by_bytes: Ranks,
    /// By the bits that searches walk by, if they do.
    by_bits: Option<Ranks>,
    nodes: usize,
    scratch: Scratch,
}

impl SlackCalibration {
    /// Measures one query and says whether all is done. Searches will walk by `walked`; the vectors of the column tell what
    /// they should find, and `rows` where to look for it.
    pub fn step(
        &mut self,
        (quantizer, column): (&Quantizer, VectorColumn<'_>),
        graph: HnswView<'_>,
        rows: ByteRowsView<'_>,
        walked: GraphRows<'_>,
    ) -> bool {
        let truth = Truth { quantizer, column, rows };
        if self.at < truth.queries() {
            let query = truth.query(self.at);
            self.nodes = rows.len();
            self.by_bytes.add(&query, &query.keys);
            if let GraphRows::Bits(bits) = walked {
                let mut keys = Vec::new();
                let all = crate::lists::map(0..rows.len() as u32, |at| at);
                bits.add_keys(&bits.prepare(&query.prepared), &all, &mut keys);
                self.by_bits.get_or_insert_default().add(&query, &keys);
            }
            self.measure(&query, graph, walked);
            self.at += 1;
        }
        self.at >= truth.queries()
    }

    fn measure(&mut self, query: &TrueQuery, graph: HnswView<'_>, walked: GraphRows<'_>) {
        let neighbours = &query.neighbours;
        let mut missing = neighbours.clone();
        let mut seen = crate::lists::map(&missing, |_| [SLACK_MAX; WANTED.len()]);
        let probe = Probe::of_query(walked, &query.prepared);
        let scratch = &mut self.scratch;
        let start = graph.descend(&probe, 0, scratch);
        graph.begin(&probe, 0, &[start], &GraphSearch::of_breadth(BREADTH.min(graph.len())), scratch);
        let mut slack = [0.0_f32; WANTED.len()];
        loop {
            for fresh in &scratch.fresh {
                if let Some(rank) = missing.iter().position(|near| near == fresh) {
                    seen[rank] = slack;
                    missing[rank] = u32::MAX;
                }
            }
            for (slack, wanted) in slack.iter_mut().zip(WANTED) {
                let more = scratch.pool.slack_to_go_on(&probe, wanted).map_or(SLACK_MAX, |more| more.min(SLACK_MAX));
                *slack = if more > *slack { more } else { *slack };
            }
            if !graph.advance(&probe, 0, scratch) {
                break;
            }
        }
        if let GraphRows::Bits(_) = walked {
            raise_to_keys(&probe, neighbours, &mut seen, scratch);
        }
        for (at, wanted) in WANTED.into_iter().enumerate() {
            self.needed[query.kind][at].extend(seen.iter().take(wanted).map(|slack| slack[at]));
        }
    }

    /// The slack for each of [`RECALLS`].
    #[must_use]
    pub fn finish(self) -> [Slack; RECALLS.len()] {
        let by_bytes = self.by_bytes.finish();
        let by_bits = self.by_bits.map(Ranks::finish);
        let mut slacks = by_bits.unwrap_or(by_bytes).map(|refined| Slack { beyond: [0.0; WANTED.len()], refined });
        for (at, needed) in self.needed.iter().flat_map(|needed| needed.iter().enumerate()) {
            // What is at least 0 is in the order of its bits.
            let mut needed = crate::lists::map(needed, |slack| slack.to_bits());
            crate::order::sort(&mut needed);
            for (slack, recall) in slacks.iter_mut().zip(RECALLS) {
                let rank = (needed.len() as f32 * recall) as usize;
                let needed = needed.get(rank).or(needed.last()).map_or(0.0, |slack| f32::from_bits(*slack));
                // Keys by bytes that tell nothing may all be at distance 0, of which any part is 0.
                let needed = if needed >= SLACK_MAX { f32::INFINITY } else { needed };
                slack.beyond[at] = slack.beyond[at].max(needed);
            }
        }
        // Where bytes do not tell neighbours apart, links made of them may lead past these however long the walk is.
        for (slack, by_bytes) in slacks.iter_mut().zip(by_bytes).filter(|_| by_bits.is_some()) {
            for (at, wanted) in WANTED.into_iter().enumerate() {
                if slack.beyond[at] == f32::INFINITY && by_bytes.0[at] as usize > refined_usually(wanted) {
                    slack.refined.0[at] = self.nodes as f32;
                }
            }
        }
        slacks
    }
}

/// By bits, a neighbour that is seen is found only if its own key is within the slack too, and it may be beyond.
fn raise_to_keys(probe: &Probe<'_>, neighbours: &[u32], seen: &mut [[f32; WANTED.len()]], scratch: &Scratch) {
    let mut keys = Vec::new();
    probe.keys(neighbours, &mut keys);
    for (at, wanted) in WANTED.into_iter().enumerate() {
        let Some((key, distance)) = scratch.pool.worst_hit(probe, wanted) else { continue };
        for (seen, own) in seen.iter_mut().zip(&keys) {
            let needed = if *own <= key { 0.0 } else { (own - key) / distance * MARGIN };
            seen[at] = seen[at].max(needed.min(SLACK_MAX));
        }
    }
}
