//! How much slack a search needs to find what it should, measured on vectors of the segment itself.
//!
//! What lies in the middle between two vectors is taken as a query. A walk with less slack is the beginning of one with more,
//! so one long walk tells for each true neighbour of a query at which slack it is first seen; the slack for a recall is
//! a quantile of these. Where the walk goes by bits, what is seen must also seem near enough to be kept.

use super::{
    HnswView, mixed,
    probe::{GraphRows, Probe},
    search::{GraphSearch, Scratch},
};
use crate::vector::{
    ivf::RECALLS,
    nearest::{at_of, keep_best, packed},
    quantize::{ByteRowsView, PreparedQuery, Quantizer},
};
use alloc::vec::Vec;
use sanderling_kernels as kernels;

/// The numbers of neighbours that the slack is measured for.
const WANTED: [usize; 2] = [10, 100];

/// Vectors that are taken as queries.
const QUERIES: usize = 256;

/// The breadth of the long walk.
const BREADTH: usize = 640;

/// The slack that is enough for all; a neighbour that the long walk did not see asks for it.
const SLACK_MAX: f32 = 1.0;

/// Estimates of real queries are worse than those of the ones here, which lie beside two of the vectors, by a part.
const MARGIN: f32 = 1.2;

/// The slack for each of [`WANTED`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slack(pub [f32; WANTED.len()]);

impl Slack {
    /// A walk through all that is kept.
    pub const WHOLE: Self = Self([f32::INFINITY; WANTED.len()]);

    /// The slack for so many hits: the line through what was measured, level beyond it.
    #[must_use]
    pub fn for_wanted(&self, wanted: usize) -> f32 {
        let [few, many] = WANTED;
        let part = (wanted.clamp(few, many) - few) as f32 / (many - few) as f32;
        self.0[0] + (self.0[1] - self.0[0]) * part
    }
}

/// The measurement under way.
#[derive(Debug, Default)]
pub struct SlackCalibration {
    at: usize,
    needed: [Vec<f32>; WANTED.len()],
    scratch: Scratch,
}

impl SlackCalibration {
    /// Measures one query and says whether all is done. Searches will walk by `walked`; `rows` tell what they should find.
    pub fn step(
        &mut self,
        quantizer: &Quantizer,
        graph: HnswView<'_>,
        rows: ByteRowsView<'_>,
        walked: GraphRows<'_>,
    ) -> bool {
        let queries = QUERIES.min(rows.len());
        if self.at < queries {
            let own = crate::share::share(2 * self.at + 1, 2 * queries, rows.len());
            let query = PreparedQuery::of_rotated(quantizer, between(rows, own));
            self.measure(&query, graph, rows, walked, own as u32);
            self.at += 1;
        }
        self.at >= queries
    }

    fn measure(
        &mut self,
        query: &PreparedQuery,
        graph: HnswView<'_>,
        rows: ByteRowsView<'_>,
        walked: GraphRows<'_>,
        own: u32,
    ) {
        let keys = rows.all_keys(query);
        let mut nearest = Vec::with_capacity(keys.len());
        nearest.extend((0..).zip(&keys).filter(|(at, _)| *at != own).map(|(at, key)| packed(*key, at)));
        keep_best(&mut nearest, WANTED[1]);
        nearest.sort_unstable();
        let neighbours = crate::lists::map(&nearest, |near| at_of(*near));
        let mut missing = neighbours.clone();
        let mut seen = crate::lists::map(&missing, |_| [SLACK_MAX; WANTED.len()]);
        let probe = Probe::of_query(walked, query);
        let scratch = &mut self.scratch;
        let start = graph.descend(&probe, 0, scratch);
        graph.begin(&probe, 0, &[start], &GraphSearch::of_breadth(BREADTH.min(rows.len())), scratch);
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
            raise_to_keys(&probe, &neighbours, &mut seen, scratch);
        }
        for (at, wanted) in WANTED.into_iter().enumerate() {
            self.needed[at].extend(seen.iter().take(wanted).map(|slack| slack[at]));
        }
    }

    /// The slack for each of [`RECALLS`].
    #[must_use]
    pub fn finish(mut self) -> [Slack; RECALLS.len()] {
        let mut slacks = [Slack::default(); RECALLS.len()];
        for (at, needed) in self.needed.iter_mut().enumerate() {
            // What is at least 0 is in the order of its bits.
            let mut needed = crate::lists::map(&*needed, |slack| slack.to_bits());
            needed.sort_unstable();
            for (slack, recall) in slacks.iter_mut().zip(RECALLS) {
                let rank = (needed.len() as f32 * recall) as usize;
                slack.0[at] = needed.get(rank).or(needed.last()).map_or(0.0, |slack| f32::from_bits(*slack));
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

/// A query: a row in the middle between two, as long as the first. Real queries come from elsewhere than the vectors do.
/// Rows with noise on them turned out to be found far more easily than real queries, these about as hard.
fn between(rows: ByteRowsView<'_>, at: usize) -> Vec<f32> {
    let mut vector = rows.restored(at);
    let other = rows.restored((mixed(at as u64) % rows.len() as u64) as usize);
    for (value, other) in vector.iter_mut().zip(&other) {
        *value += other;
    }
    let norm = kernels::norm(&vector);
    let scale = if norm > 0.0 { kernels::square_root(rows.squares[at]) / norm } else { 0.0 };
    vector.iter_mut().for_each(|value| *value *= scale);
    vector
}
