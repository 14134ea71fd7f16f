//! How deep a search must go to find what it should, measured on vectors of the segment itself.
//!
//! A part of the vectors are taken as queries. For each true neighbour of each (by the rows of bytes) two numbers are
//! noted: how many vectors lie in the lists up to its own, and how much worse its estimate is than the last of as many
//! best estimates as are wanted. The depth for a recall is then the quantile of these numbers; what may be missed is
//! shared between the two.

use crate::vector::{
    codes::CodesView,
    nearest::{at_of, keep_best, key_of, packed},
    quantize::{PreparedQuery, Quantizer},
};
use alloc::{vec, vec::Vec};
use sanderling_kernels as kernels;

/// The recalls that depths are known for; a search for another one goes as deep as the next higher.
pub const RECALLS: [f32; 6] = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995];

/// The numbers of neighbours that depths are measured for.
const WANTED: [usize; 3] = [10, 100, 1_000];

/// Vectors that are taken as queries.
const QUERIES: usize = 256;

/// The part of the misses that lists may cause; the rest is the estimates'.
const MISSES_BY_LISTS: f32 = 0.9;

/// The largest noise of a component, in mean sizes of a component: its length is then half the vector's.
const NOISE: f32 = 0.87;

/// Real queries miss about twice as much as these: the part of the misses that these may have.
const MISSES_ALLOWED: f32 = 0.5;

/// Candidates for each hit where nothing was measured, for each of [`RECALLS`].
const CANDIDATES_PER_HIT: [f32; RECALLS.len()] = [8.0, 12.0, 20.0, 35.0, 50.0, 80.0];

/// Vectors to see and candidates to take, for each of [`WANTED`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Depth {
    /// Vectors in the lists that are scanned.
    pub vectors: [f32; 3],
    /// Candidates by code that are compared again.
    pub candidates: [f32; 3],
    /// How much worse than the last of these another estimate may be for its vector to be compared again, in distances
    /// of the query from the vector's centroid: the errors of estimates grow with it.
    pub slacks: [f32; 3],
}

impl Depth {
    /// Depths for codes that were never measured, because they still grow: one list, and candidates that are enough for
    /// vectors around the origin.
    #[must_use]
    pub fn unmeasured() -> [Self; RECALLS.len()] {
        CANDIDATES_PER_HIT.map(|factor| {
            let candidates = WANTED.map(|wanted| wanted as f32 * factor);
            Self { vectors: [f32::INFINITY; WANTED.len()], candidates, slacks: [0.0; WANTED.len()] }
        })
    }

    /// Vectors to see for that many hits.
    #[must_use]
    pub fn vectors_for(&self, wanted: f32) -> f32 {
        between(&self.vectors, wanted)
    }

    /// Candidates to take for that many hits.
    #[must_use]
    pub fn candidates_for(&self, wanted: f32) -> f32 {
        between(&self.candidates, wanted)
    }

    /// The slack for that many hits.
    #[must_use]
    pub fn slack_for(&self, wanted: f32) -> f32 {
        let [few, some, many] = self.slacks;
        // It does not grow with the number of hits, so behind the last one it stays what it is.
        if wanted > WANTED[2] as f32 { many } else { between(&[few, some, many], wanted) }
    }
}

/// The line through what was measured; before the first as at the first, after the last on through the origin.
fn between(measured: &[f32; 3], wanted: f32) -> f32 {
    let [few, some, many] = WANTED.map(|wanted| wanted as f32);
    let part = |from: f32, to: f32| (wanted - from) / (to - from);
    if wanted <= few {
        measured[0]
    } else if wanted <= some {
        measured[0] + (measured[1] - measured[0]) * part(few, some)
    } else if wanted <= many {
        measured[1] + (measured[2] - measured[1]) * part(some, many)
    } else {
        measured[2] * (wanted / many)
    }
}

/// The measurement under way.
#[derive(Debug, Default)]
pub(super) struct Calibration {
    at: usize,
    /// For each of [`WANTED`]: vectors up to a neighbour's list.
    vectors: [Vec<u32>; 3],
    /// For each of [`WANTED`]: how much worse a neighbour's estimate is, as numbers in the same order.
    slacks: [Vec<u32>; 3],
}

impl Calibration {
    /// Measures one query and says whether it was the last.
    pub(super) fn step(&mut self, quantizer: &Quantizer, codes: CodesView<'_>) -> bool {
        let queries = QUERIES.min(codes.len());
        if self.at >= queries {
            return true;
        }
        // In the middle between the evenly spaced ones that the clustering was trained with.
        let own = (2 * self.at + 1) * codes.len() / (2 * queries);
        let mut rotated = codes.rows.restored(own);
        add_noise(&mut rotated, codes.rows.squares[own], self.at as u64);
        self.measure(&PreparedQuery::of_rotated(quantizer, rotated), codes, own as u32);
        self.at += 1;
        self.at == queries
    }

    fn measure(&mut self, query: &PreparedQuery, codes: CodesView<'_>, own: u32) {
        let keys = codes.rows.all_keys(query);
        let mut neighbours = Vec::with_capacity(keys.len());
        for (vector, key) in (0..).zip(&keys) {
            if vector != own {
                neighbours.push(packed(*key, vector));
            }
        }
        keep_best(&mut neighbours, WANTED[2]);
        neighbours.sort_unstable();
        let Scanned { reach, estimates, distances, mut sorted } = Scanned::new(query, codes, own);
        if sorted.is_empty() {
            return;
        }
        for (at, wanted) in WANTED.iter().enumerate() {
            let last = (wanted * codes.codes_per_vector() - 1).min(sorted.len() - 1);
            let limit = value_of(*sorted.select_nth_unstable(last).1);
            for (rank, neighbour) in neighbours.iter().take(*wanted).enumerate() {
                // The last ones are the hardest, and behind a filter they are all that is left.
                if rank >= wanted / 2 || *wanted == WANTED[0] {
                    let vector = at_of(*neighbour) as usize;
                    let distance = distances[vector];
                    let slack = if distance > 0.0 { (estimates[vector] - limit) / distance } else { 0.0 };
                    self.vectors[at].push(reach[vector]);
                    self.slacks[at].push(ordered(slack));
                }
            }
        }
    }

    /// The depth for each of [`RECALLS`].
    pub(super) fn finish(mut self, codes: CodesView<'_>) -> [Depth; RECALLS.len()] {
        let mut depths = [Depth::default(); RECALLS.len()];
        for (depth, recall) in depths.iter_mut().zip(RECALLS) {
            let misses = (1.0 - recall) * MISSES_ALLOWED;
            for (at, wanted) in WANTED.iter().enumerate() {
                depth.vectors[at] = quantile(&mut self.vectors[at], 1.0 - misses * MISSES_BY_LISTS) as f32;
                depth.candidates[at] = (wanted * codes.codes_per_vector()) as f32;
                let slack = value_of(quantile(&mut self.slacks[at], 1.0 - misses * (1.0 - MISSES_BY_LISTS)));
                depth.slacks[at] = if slack > 0.0 { slack } else { 0.0 };
            }
        }
        depths
    }
}

/// Moves a query away from the vectors it is one of: real queries come from elsewhere. The noise is half as long as the
/// vector.
fn add_noise(vector: &mut [f32], squared: f32, seed: u64) {
    let length = kernels::square_root(squared / vector.len() as f32);
    let mut state = seed;
    for value in vector {
        // A linear congruential generator; its upper bits are good enough for noise.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let uniform = (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0;
        *value += uniform * length * NOISE;
    }
}

/// A number whose order is the order of the values.
fn ordered(value: f32) -> u32 {
    (packed(value, 0) >> 32) as u32
}

fn value_of(ordered: u32) -> f32 {
    key_of(u64::from(ordered) << 32)
}

fn quantile(numbers: &mut [u32], share: f32) -> u32 {
    let Some(last) = numbers.len().checked_sub(1) else { return ordered(0.0) };
    let at = ((numbers.len() as f32 * share) as usize).min(last);
    *numbers.select_nth_unstable(at).1
}

/// What a scan of all lists tells of each vector, by the first of the lists that have it.
struct Scanned {
    /// The codes in the lists up to that one.
    reach: Vec<u32>,
    estimates: Vec<f32>,
    /// How far the query is from the centroid.
    distances: Vec<f32>,
    /// The estimates of all codes but the query's own, as numbers in the same order.
    sorted: Vec<u32>,
}

impl Scanned {
    fn new(query: &PreparedQuery, codes: CodesView<'_>, own: u32) -> Self {
        let none = vec![0.0; codes.len()];
        let mut scanned =
            Self { reach: vec![0; codes.len()], estimates: none.clone(), distances: none, sorted: Vec::new() };
        let mut estimates = vec![0.0; codes.codes()];
        let mut seen = 0;
        for list in codes.ordered_lists(query, codes.lists()) {
            let (list, base) = (at_of(list) as usize, key_of(list));
            let slots = codes.slots(list);
            seen += slots.total as u32;
            let distance = codes.distance(query, list, base);
            codes.estimates_of(query, (list, base), &mut estimates);
            for (slot, estimate) in estimates[..slots.total].iter().enumerate() {
                let vector = slots.vector(slot);
                if vector != own {
                    scanned.sorted.push(ordered(*estimate));
                }
                let vector = vector as usize;
                if scanned.reach[vector] == 0 {
                    scanned.reach[vector] = seen;
                    scanned.estimates[vector] = *estimate;
                    scanned.distances[vector] = distance;
                }
            }
        }
        scanned
    }
}
