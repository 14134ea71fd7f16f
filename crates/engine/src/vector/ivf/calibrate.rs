//! How deep a search must go to find what it should, measured on vectors of the segment itself.
//!
//! A part of the vectors are taken as queries. For each true neighbour of each (by the rows of bytes) two numbers are
//! noted: how many vectors lie in the lists up to its own, and how many vectors have a better estimate. The depth for
//! a recall is then the quantile of these numbers; what may be missed is shared between the two.

use crate::vector::{
    codes::CodesView,
    nearest::{Nearest, at_of, keep_best, key_of, packed},
    quantize::{PreparedQuery, Quantizer},
};
use alloc::{vec, vec::Vec};
use sanderling_kernels as kernels;

/// The recalls that depths are known for; a search for another one goes as deep as the next higher.
pub const RECALLS: [f32; 6] = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995];

/// The highest recall that an approximate search is asked for; above it the search is exact.
pub const RECALL_APPROXIMATE_MAX: f32 = RECALLS[RECALLS.len() - 1];

/// The numbers of neighbours that depths are measured for.
const WANTED: [usize; 3] = [10, 100, 1_000];

/// Vectors that are taken as queries.
pub(super) const QUERIES: usize = 256;

/// The part of the misses that lists may cause; the rest is the estimates'.
const MISSES_BY_LISTS: f32 = 0.9;

/// The largest noise of a component, in mean sizes of a component: its length is then half the vector's.
const NOISE: f32 = 0.87;

/// Real queries miss about twice as much as these: the part of the misses that these may have.
const MISSES_ALLOWED: f32 = 0.5;

/// Vectors to see and candidates to take, for each of [`WANTED`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Depth {
    /// Vectors in the lists that are scanned.
    pub vectors: [f32; 3],
    /// Candidates by code that are compared again.
    pub candidates: [f32; 3],
}

impl Depth {
    /// The numbers that it is made of.
    pub(crate) const NUMBERS: usize = 2 * WANTED.len();

    /// The numbers, as they stand in a file.
    pub(crate) fn numbers(&self) -> [f32; Self::NUMBERS] {
        let ([a, b, c], [d, e, f]) = (self.vectors, self.candidates);
        [a, b, c, d, e, f]
    }

    /// The depth of numbers from a file.
    pub(crate) fn of_numbers([a, b, c, d, e, f]: [f32; Self::NUMBERS]) -> Self {
        Self { vectors: [a, b, c], candidates: [d, e, f] }
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
#[derive(Debug)]
pub(super) struct Calibration {
    queries: usize,
    at: usize,
    /// For each of [`WANTED`]: vectors up to a neighbour's list.
    vectors: [Vec<u32>; 3],
    /// For each of [`WANTED`]: vectors with a better estimate than a neighbour.
    better: [Vec<u32>; 3],
}

/// The depths of codes, measured at once with so many queries.
#[must_use]
pub fn measured_depths(quantizer: &Quantizer, codes: CodesView<'_>, queries: usize) -> [Depth; RECALLS.len()] {
    let mut calibration = Calibration::new(queries);
    while !calibration.step(quantizer, codes) {}
    calibration.finish()
}

impl Calibration {
    /// Starts a measurement with that many vectors as queries.
    pub(super) fn new(queries: usize) -> Self {
        Self { queries, at: 0, vectors: Default::default(), better: Default::default() }
    }

    /// Measures one query and says whether it was the last.
    pub(super) fn step(&mut self, quantizer: &Quantizer, codes: CodesView<'_>) -> bool {
        let queries = self.queries.min(codes.len());
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
        let (reach, estimates) = scanned(query, codes);
        let mut bounds = crate::lists::map(&neighbours, |neighbour| estimates[at_of(*neighbour) as usize]);
        bounds.sort_unstable_by(f32::total_cmp);
        // For each bound, how many estimates are below it: counted per gap between bounds, then added up.
        let mut below = vec![0_u32; bounds.len() + 1];
        for estimate in &estimates {
            below[bounds.partition_point(|bound| bound <= estimate)] += 1;
        }
        let mut sum = 0;
        for count in &mut below {
            sum += *count;
            *count = sum;
        }
        for (rank, neighbour) in neighbours.iter().enumerate() {
            let vector = at_of(*neighbour) as usize;
            let better = below[bounds.partition_point(|bound| *bound < estimates[vector])];
            for (wanted, (vectors, ranks)) in WANTED.iter().zip(self.vectors.iter_mut().zip(&mut self.better)) {
                // The last ones are the hardest, and behind a filter they are all that is left.
                if rank < *wanted && (rank >= wanted / 2 || *wanted == WANTED[0]) {
                    vectors.push(reach[vector]);
                    ranks.push(better);
                }
            }
        }
    }

    /// The depth for each of [`RECALLS`].
    pub(super) fn finish(mut self) -> [Depth; RECALLS.len()] {
        let mut depths = [Depth::default(); RECALLS.len()];
        for (depth, recall) in depths.iter_mut().zip(RECALLS) {
            let misses = (1.0 - recall) * MISSES_ALLOWED;
            for at in 0..WANTED.len() {
                depth.vectors[at] = quantile(&mut self.vectors[at], 1.0 - misses * MISSES_BY_LISTS);
                depth.candidates[at] = quantile(&mut self.better[at], 1.0 - misses * (1.0 - MISSES_BY_LISTS)) + 1.0;
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

fn quantile(numbers: &mut [u32], share: f32) -> f32 {
    let Some(last) = numbers.len().checked_sub(1) else { return 0.0 };
    let at = ((numbers.len() as f32 * share) as usize).min(last);
    *numbers.select_nth_unstable(at).1 as f32
}

/// For each vector: the vectors in the lists up to its own, and its estimate.
fn scanned(query: &PreparedQuery, codes: CodesView<'_>) -> (Vec<u32>, Vec<f32>) {
    let mut reach = vec![0; codes.len()];
    let mut estimates = vec![0.0; codes.len()];
    let mut seen = 0;
    for list in codes.ordered_lists(query, codes.lists()) {
        let (list, base) = (at_of(list) as usize, key_of(list));
        let range = codes.first_vectors[list] as usize..codes.first_vectors[list + 1] as usize;
        seen += range.len() as u32;
        reach[range.clone()].fill(seen);
        let mut nearest = Nearest::new(range.len());
        codes.scan_list(query, list, base, &mut |_| true, &mut nearest);
        for candidate in nearest.into_best() {
            estimates[at_of(candidate) as usize] = key_of(candidate);
        }
    }
    (reach, estimates)
}
