//! How deep a search must go to find what it should, measured on vectors of the segment itself.
//!
//! A part of the vectors are taken as queries. For each true neighbour of each, by the vectors themselves, three numbers are
//! noted: how many codes lie in the lists up to its own, how much worse its estimate is than the last of as many best
//! estimates as are wanted, and how many vectors are better by their bytes. The depth for a recall is then the quantile of
//! these numbers; what may be missed is shared between the three. So a search finds what it should also where codes or
//! bytes tell little: it looks at more.

use crate::vector::{
    VectorColumn,
    codes::{CodesView, Doubt},
    nearest::{at_of, keep_best, key_of, packed},
    quantize::{PreparedQuery, Quantizer},
};
use alloc::{vec, vec::Vec};
use sanderling_kernels::{self as kernels, FAST_SCAN_VECTORS};

/// The recalls that depths are known for; a search for another one goes as deep as the next higher.
pub const RECALLS: [f32; 6] = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995];

/// The highest recall that an approximate search is asked for; above it the search is exact.
pub const RECALL_APPROXIMATE_MAX: f32 = RECALLS[RECALLS.len() - 1];

/// The numbers of neighbours that depths are measured for.
const WANTED: [usize; 3] = [10, 100, 1_000];

/// Vectors that are taken as queries.
pub(super) const QUERIES: usize = 256;

/// The part of the misses that lists may cause, that estimates may, and that bytes may.
const MISSES_BY_LISTS: f32 = 0.9;
const MISSES_BY_ESTIMATES: f32 = 0.06;
const MISSES_BY_BYTES: f32 = 0.04;

/// How far a query is moved: a part of the distance of its vector from the centroid of the list or, if that is less, from one
/// of its near neighbours: far enough to be none of the vectors, and not out of the data. A list may have clusters in it that
/// are small for their distance from its centroid.
const MOVED: f32 = 0.6;

/// The neighbour whose distance tells how far to move a query, and those with the best estimates that it is looked for among.
const NEIGHBOUR: usize = 10;
const LOOKED_AT: usize = 128;

/// Real queries miss about twice as much as these: the part of the misses that these may have.
const MISSES_ALLOWED: f32 = 0.5;

/// Vectors to see and candidates to take, for each of [`WANTED`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Depth {
    /// Vectors in the lists that are scanned.
    pub vectors: [f32; 3],
    /// Candidates by code that are compared again.
    pub candidates: [f32; 3],
    /// How much worse than the last of these another estimate may be for its vector to be compared again: a part of the
    /// distance of the query from the vector's centroid times the size of the code's factor, which errors grow with.
    pub slacks: [f32; 3],
    /// Candidates by their bytes that are compared in full.
    pub refined: [f32; 3],
}

impl Depth {
    /// The numbers that it is made of.
    pub(crate) const NUMBERS: usize = 4 * WANTED.len();

    /// The numbers, as they stand in a file.
    pub(crate) fn numbers(&self) -> [f32; Self::NUMBERS] {
        let ([a, b, c], [d, e, f], [g, h, i]) = (self.vectors, self.candidates, self.slacks);
        let [j, k, l] = self.refined;
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// The depth of numbers from a file.
    pub(crate) fn of_numbers([a, b, c, d, e, f, g, h, i, j, k, l]: [f32; Self::NUMBERS]) -> Self {
        Self { vectors: [a, b, c], candidates: [d, e, f], slacks: [g, h, i], refined: [j, k, l] }
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

    /// Candidates to compare in full for that many hits.
    #[must_use]
    pub fn refined_for(&self, wanted: f32) -> f32 {
        between(&self.refined, wanted)
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

/// Vectors that are compared in full to find the true neighbours of a query: so many of those with the best estimates, and
/// one in so many of all.
const COMPARED: usize = 4 * WANTED[2];
const VECTORS_PER_COMPARED: usize = 8;

/// No slot.
const NO_SLOT: u32 = u32::MAX;

/// The measurement under way.
#[derive(Debug, Default)]
pub(super) struct Calibration {
    queries: usize,
    at: usize,
    /// For each vector the slot of its copy, and for each slot its vector; [`NO_SLOT`] where there is none.
    copy_slots: Vec<u32>,
    vectors_of_slots: Vec<u32>,
    /// For each of [`WANTED`]: vectors up to a neighbour's list.
    vectors: [Vec<u32>; 3],
    /// For each of [`WANTED`]: how much worse a neighbour's estimate is, as numbers in the same order.
    slacks: [Vec<u32>; 3],
    /// For each of [`WANTED`]: vectors that are better by their bytes.
    better: [Vec<u32>; 3],
}

/// The depths of codes, measured at once with so many queries.
#[must_use]
pub fn measured_depths(
    quantizer: &Quantizer,
    column: VectorColumn<'_>,
    codes: CodesView<'_>,
    queries: usize,
) -> [Depth; RECALLS.len()] {
    let mut calibration = Calibration::new(queries);
    while !calibration.step(quantizer, column, codes) {}
    calibration.finish(codes)
}

impl Calibration {
    /// Starts a measurement with that many vectors as queries.
    pub(super) fn new(queries: usize) -> Self {
        Self { queries, ..Self::default() }
    }

    /// Measures one query and says whether it was the last.
    pub(super) fn step(&mut self, quantizer: &Quantizer, column: VectorColumn<'_>, codes: CodesView<'_>) -> bool {
        let queries = self.queries.min(codes.len());
        if self.at >= queries {
            return true;
        }
        if self.at == 0 {
            self.number(codes);
        }
        // In the middle between the evenly spaced ones that the clustering was trained with.
        let own = crate::share::share(2 * self.at + 1, 2 * queries, codes.len());
        let query = quantizer.seen(&column.at(codes.positions[own] as usize));
        let mut rotated = vec![0.0; query.len()];
        quantizer.rotate(&query, kernels::norm(&query), &mut rotated);
        let list = codes.slot_of(own as u32).0;
        let centroid = codes.centroids.restored(list);
        let distance = kernels::square_root(kernels::squared_euclidean(&rotated, &centroid));
        let asked = AskedVector { quantizer, column, query };
        let near = asked.distance_in(&PreparedQuery::of_rotated(quantizer, rotated.clone()), codes, (list, own as u32));
        let AskedVector { mut query, .. } = asked;
        add_noise(&mut query, near.min(distance) * MOVED, self.at as u64);
        quantizer.rotate(&query, kernels::norm(&query), &mut rotated);
        let asked = AskedVector { quantizer, column, query };
        self.measure(&asked, &PreparedQuery::of_rotated(quantizer, rotated), codes, own as u32);
        self.at += 1;
        self.at == queries
    }

    /// Finds out where each vector is.
    fn number(&mut self, codes: CodesView<'_>) {
        self.copy_slots = vec![NO_SLOT; codes.len()];
        self.vectors_of_slots = vec![NO_SLOT; codes.blocks.adds.len()];
        for list in 0..codes.lists() {
            let slots = codes.slots(list);
            let first = codes.first_blocks[list] as usize * FAST_SCAN_VECTORS;
            for slot in 0..slots.total {
                let vector = slots.vector(slot);
                self.vectors_of_slots[first + slot] = vector;
                if slot >= slots.own {
                    self.copy_slots[vector as usize] = (first + slot) as u32;
                }
            }
        }
    }

    fn measure(&mut self, asked: &AskedVector<'_>, query: &PreparedQuery, codes: CodesView<'_>, own: u32) {
        let Scanned { estimates, lists } = Scanned::new(query, codes);
        let mut sorted = Vec::with_capacity(estimates.len());
        for (estimate, (slot, vector)) in estimates.iter().zip((0..).zip(&self.vectors_of_slots)) {
            if *vector != NO_SLOT && *vector != own {
                sorted.push(packed(*estimate, slot));
            }
        }
        let compared = (COMPARED + codes.len() / VECTORS_PER_COMPARED) * codes.codes_per_vector();
        keep_best(&mut sorted, compared);
        let mut vectors = crate::lists::map(&sorted, |slot| self.vectors_of_slots[at_of(*slot) as usize]);
        crate::order::sort(&mut vectors);
        vectors.dedup();
        let neighbours = asked.neighbours(codes, &vectors);
        let factors = codes.blocks.factors;
        let better = better_by_bytes(query, codes, &vectors, &neighbours);
        for (at, wanted) in WANTED.iter().enumerate().rev() {
            // From the most on, so that each finds its own among the best already.
            keep_best(&mut sorted, wanted * codes.codes_per_vector());
            let Some(limit) = sorted.iter().max().map(|last| key_of(*last)) else { return };
            for (rank, neighbour) in neighbours.iter().take(*wanted).enumerate() {
                // The last ones are the hardest, and behind a filter they are all that is left.
                if rank >= wanted / 2 || *wanted == WANTED[0] {
                    let (slot, Reached { codes, doubt }) = self.first_of(codes, &lists, at_of(*neighbour));
                    let slack = doubt.part_of(estimates[slot] - limit, factors[slot]);
                    self.vectors[at].push(codes);
                    self.slacks[at].push(ordered(slack));
                    self.better[at].push(better[rank]);
                }
            }
        }
    }

    /// The slot of a vector that a search comes to first, and what it has reached then.
    fn first_of(&self, codes: CodesView<'_>, lists: &[Reached], vector: u32) -> (usize, Reached) {
        let (list, slot) = codes.slot_of(vector);
        let copy = self.copy_slots[vector as usize] as usize;
        if copy != NO_SLOT as usize {
            let block = (copy / FAST_SCAN_VECTORS) as u32;
            let other = codes.first_blocks.all().partition_point(|first| *first <= block) - 1;
            if lists[other].codes < lists[list].codes {
                return (copy, lists[other]);
            }
        }
        (slot, lists[list])
    }

    /// The depth for each of [`RECALLS`].
    pub(super) fn finish(mut self, codes: CodesView<'_>) -> [Depth; RECALLS.len()] {
        let mut depths = [Depth::default(); RECALLS.len()];
        for (depth, recall) in depths.iter_mut().zip(RECALLS) {
            let misses = (1.0 - recall) * MISSES_ALLOWED;
            for (at, wanted) in WANTED.iter().enumerate() {
                depth.vectors[at] = quantile(&mut self.vectors[at], 1.0 - misses * MISSES_BY_LISTS) as f32;
                depth.candidates[at] = (wanted * codes.codes_per_vector()) as f32;
                let slack = value_of(quantile(&mut self.slacks[at], 1.0 - misses * MISSES_BY_ESTIMATES));
                depth.slacks[at] = if slack > 0.0 { slack } else { 0.0 };
                depth.refined[at] = quantile(&mut self.better[at], 1.0 - misses * MISSES_BY_BYTES) as f32 + 1.0;
            }
        }
        depths
    }
}

/// A query with what it is compared with in full.
struct AskedVector<'a> {
    quantizer: &'a Quantizer,
    column: VectorColumn<'a>,
    query: Vec<f32>,
}

impl AskedVector<'_> {
    /// The true neighbours among these vectors, best first.
    fn neighbours(&self, codes: CodesView<'_>, vectors: &[u32]) -> Vec<u64> {
        let Self { quantizer, column, query } = self;
        let mut neighbours = crate::lists::map(vectors, |vector| {
            let position = codes.positions[*vector as usize] as usize;
            packed(quantizer.exact_key(query, &column.at(position), column.norms[position]), *vector)
        });
        keep_best(&mut neighbours, WANTED[2]);
        crate::order::sort(&mut neighbours);
        neighbours
    }
}

impl AskedVector<'_> {
    /// How far the vector is from a near neighbour in its list; infinite where the list has too few.
    fn distance_in(&self, query: &PreparedQuery, codes: CodesView<'_>, (list, own): (usize, u32)) -> f32 {
        let slots = codes.slots(list);
        let mut best = crate::lists::map(0..slots.own, |slot| packed(0.0, slot as u32));
        if slots.own > LOOKED_AT {
            let mut estimates = vec![0.0; codes.blocks.adds.len()];
            codes.estimates_of(query, (list, 0.0), &mut estimates);
            let first = codes.first_blocks[list] as usize * FAST_SCAN_VECTORS;
            best = crate::lists::map(0..slots.own, |slot| packed(estimates[first + slot], slot as u32));
            keep_best(&mut best, LOOKED_AT);
        }
        let vectors = crate::lists::map(best, |slot| slots.vector(at_of(slot) as usize));
        let mut distances = Vec::with_capacity(vectors.len());
        for vector in vectors.into_iter().filter(|vector| *vector != own) {
            let other = self.quantizer.seen(&self.column.at(codes.positions[vector as usize] as usize));
            distances.push(packed(kernels::squared_euclidean(&self.query, &other), vector));
        }
        if distances.len() < NEIGHBOUR {
            return f32::INFINITY;
        }
        kernels::square_root(key_of(crate::order::select(&mut distances, NEIGHBOUR - 1)))
    }
}

/// For each of the neighbours how many of the vectors are better by their bytes.
fn better_by_bytes(query: &PreparedQuery, codes: CodesView<'_>, vectors: &[u32], neighbours: &[u64]) -> Vec<u32> {
    let mut keys = Vec::new();
    codes.rows.keys(query, vectors, &mut keys);
    let of_neighbours = crate::lists::map(neighbours, |neighbour| {
        let key = vectors.binary_search(&at_of(*neighbour)).map_or(f32::INFINITY, |at| keys[at]);
        ordered(key)
    });
    let mut bounds = of_neighbours.clone();
    crate::order::sort(&mut bounds);
    // For each bound how many keys are below it: counted by the gap between bounds, then added up.
    let mut below = vec![0_u32; bounds.len() + 1];
    for key in keys {
        let key = ordered(key);
        below[bounds.partition_point(|bound| *bound <= key)] += 1;
    }
    let mut sum = 0;
    for count in &mut below {
        sum += *count;
        *count = sum;
    }
    crate::lists::map(of_neighbours, |key| below[bounds.partition_point(|bound| *bound < key)])
}

/// Moves a query away from the vector that it is, about so far: real queries come from elsewhere.
fn add_noise(vector: &mut [f32], distance: f32, seed: u64) {
    // The mean square of a number between -1 and 1 is a third.
    let size = distance * kernels::square_root(3.0 / vector.len() as f32);
    let mut state = seed;
    for value in vector {
        // A linear congruential generator; its upper bits are good enough for noise.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let uniform = (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0;
        *value += uniform * size;
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
    crate::order::select(numbers, at)
}

/// What a scan of all lists tells.
struct Scanned {
    /// For each slot.
    estimates: Vec<f32>,
    /// For each list.
    lists: Vec<Reached>,
}

/// What a search has done when it has scanned a list.
#[derive(Clone, Copy, Default)]
struct Reached {
    /// The codes in the lists up to this one.
    codes: u32,
    /// How wrong the estimates of this one may be.
    doubt: Doubt,
}

impl Scanned {
    fn new(query: &PreparedQuery, codes: CodesView<'_>) -> Self {
        let mut estimates = vec![0.0; codes.blocks.adds.len()];
        let mut lists = vec![Reached::default(); codes.lists()];
        let mut seen = 0;
        for list in codes.ordered_lists(query, codes.lists()) {
            let (list, base) = (at_of(list) as usize, key_of(list));
            seen += codes.slots(list).total as u32;
            lists[list] = Reached { codes: seen, doubt: codes.doubt(query, list, base) };
            codes.estimates_of(query, (list, base), &mut estimates);
        }
        Self { estimates, lists }
    }
}
