//! The best rows of a segment for a text: exact scores, but only for rows that can be among the best.
//!
//! A segment is gone through in windows of [`WINDOW`] rows. Each term has a bound for a window, from the best cells of its
//! blocks. Terms whose bounds together stay below the score of the worst hit so far cannot bring a new hit by themselves:
//! only the postings of the others are gone through, adding what each can score at most. What reaches the bar is looked up
//! in the rest, and what still does is scored exactly, term by term in the order of the query. Bounds are whole numbers, a
//! little above what they stand for, so no rounding can lose a hit: the answer is that of scoring every row.

use crate::{
    ids::RowId,
    lists::map,
    query::{Candidate, TopK},
    rows::RowSet,
    text::{
        gallop,
        index::{SealedList, best_of},
    },
};
use alloc::{vec, vec::Vec};

/// Rows of a window.
const WINDOW: u32 = 4_096;
/// The sum of all bounds as a whole number.
const WHOLE: f32 = (1 << 29) as f32;
/// Postings of a block.
const BLOCK: usize = 128;

/// One term of the query in one segment.
pub(super) struct Entry<'a> {
    /// The rows that have it.
    pub rows: Vec<u32>,
    /// What it scores in each.
    pub scores: Scores<'a>,
}

/// What a term scores.
#[allow(clippy::large_enum_variant, reason = "one a term and segment")]
pub(super) enum Scores<'a> {
    /// For each row.
    Known(Vec<f32>),
    /// To be computed.
    Counted(Counted<'a>),
}

/// The postings of one term in one field of a sealed segment.
pub(super) struct Counted<'a> {
    pub list: SealedList<'a>,
    pub lengths: &'a [u32],
    pub bins: &'a [u32; 16],
    pub weight: f32,
    pub average: f32,
    pub scorer: crate::text::TermScorer,
}

impl Counted<'_> {
    fn score(&self, posting: usize, row: u32) -> f32 {
        self.of(self.list.count(posting), self.lengths[row as usize])
    }

    fn of(&self, count: u32, length: u32) -> f32 {
        self.scorer.score(self.scorer.weighted_count(self.weight, count, length, self.average))
    }
}

impl Entry<'_> {
    pub fn score(&self, posting: usize) -> f32 {
        match &self.scores {
            Scores::Known(scores) => scores[posting],
            Scores::Counted(counted) => counted.score(posting, self.rows[posting]),
        }
    }

    /// The first posting from `from` on whose row is not before that one.
    fn seek(&self, from: usize, row: u32) -> usize {
        from + gallop(&self.rows[from..], row)
    }
}

/// What was done, for the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::collection) struct Effort {
    /// Rows that match.
    pub matching: usize,
    /// Rows that were scored.
    pub scored: usize,
}

/// Offers the rows of `matching` that can be among the best.
pub(super) fn rank(
    entries: &[Entry<'_>],
    matching: &RowSet,
    top: &mut TopK,
    candidate: &dyn Fn(RowId, f32) -> Candidate,
) -> Effort {
    let mut effort = Effort { matching: matching.count(), scored: 0 };
    let postings: usize = entries.iter().map(|entry| entry.rows.len()).sum();
    if effort.matching * entries.len() * 8 <= postings || effort.matching <= top.limit() {
        let mut places = vec![0; entries.len()];
        for row in matching.iter() {
            top.offer(candidate(row, exact(entries, &mut places, row.0)));
        }
        effort.scored = effort.matching;
        return effort;
    }
    let mut ranking = Ranking::new(entries, matching);
    let end = entries.iter().filter_map(|entry| entry.rows.last()).max().map_or(0, |last| last + 1);
    for start in (0..end).step_by(WINDOW as usize) {
        ranking.window(start, top, candidate);
    }
    effort.scored = ranking.scored;
    effort
}

/// The score of a row: what each term scores, in the order of the query. `places` say where the terms have come.
fn exact(entries: &[Entry<'_>], places: &mut [usize], row: u32) -> f32 {
    let mut score = 0.0;
    for (entry, place) in entries.iter().zip(places) {
        *place = entry.seek(*place, row);
        if entry.rows.get(*place) == Some(&row) {
            score += entry.score(*place);
        }
    }
    score
}

/// A term on its way through the windows.
struct Bounded {
    /// What a cell scores at most; empty where scores are known.
    of_cell: Vec<i32>,
    /// What a block scores at most.
    of_block: Vec<i32>,
    /// Its postings in the window.
    from: usize,
    end: usize,
    /// What it scores at most in the window.
    bound: i32,
}

struct Ranking<'a> {
    entries: &'a [Entry<'a>],
    matching: &'a RowSet,
    scale: f32,
    bounded: Vec<Bounded>,
    /// The terms by their bounds in the window.
    order: Vec<usize>,
    sums: Vec<i32>,
    places: Vec<usize>,
    scored: usize,
}

impl<'a> Ranking<'a> {
    fn new(entries: &'a [Entry<'a>], matching: &'a RowSet) -> Self {
        // Bounds are computed as the scores are, so each is at least the score; the slack is for the sum of them.
        let slack = 1.0 + (entries.len() + 8) as f32 * 1e-6;
        let tables = map(entries, |entry| match &entry.scores {
            Scores::Known(_) => Vec::new(),
            Scores::Counted(counted) => map(0..=u8::MAX, |cell| {
                let (count, length) = best_of(cell, counted.bins);
                counted.of(count, length) * slack
            }),
        });
        let blocks = map(entries.iter().zip(&tables), |(entry, table)| {
            map(0..entry.rows.len().div_ceil(BLOCK), |block| match &entry.scores {
                Scores::Known(scores) => {
                    let end = ((block + 1) * BLOCK).min(scores.len());
                    scores[block * BLOCK..end].iter().fold(0.0, |most: f32, score| most.max(*score)) * slack
                }
                Scores::Counted(counted) => {
                    let best = counted.list.best(block).to_le_bytes();
                    best.iter().fold(0.0, |most: f32, cell| most.max(table[usize::from(*cell)]))
                }
            })
        });
        let most = |bounds: &Vec<f32>| bounds.iter().fold(0.0, |most: f32, bound| most.max(*bound));
        let scale = WHOLE / blocks.iter().map(most).sum::<f32>().max(f32::MIN_POSITIVE);
        let whole = |bounds: &Vec<f32>| map(bounds, |bound| above(*bound, scale));
        let bounded = map(tables.iter().zip(&blocks), |(table, blocks)| Bounded {
            of_cell: whole(table),
            of_block: whole(blocks),
            from: 0,
            end: 0,
            bound: 0,
        });
        let order = (0..entries.len()).collect();
        let places = vec![0; entries.len()];
        Self { entries, matching, scale, bounded, order, sums: vec![0; WINDOW as usize], places, scored: 0 }
    }

    /// The least sum of bounds that can still be a hit.
    fn bar(&self, top: &TopK) -> i32 {
        // Below 0 everything counts; a little less than the bar as a number, which is as good.
        top.threshold().map_or(i32::MIN, |bar| ((bar * self.scale) as i32).saturating_sub(1))
    }

    fn window(&mut self, start: u32, top: &mut TopK, candidate: &dyn Fn(RowId, f32) -> Candidate) {
        for (entry, bounded) in self.entries.iter().zip(&mut self.bounded) {
            bounded.from = bounded.end;
            bounded.end = entry.seek(bounded.from, start.saturating_add(WINDOW));
            let blocks = bounded.from / BLOCK..bounded.end.div_ceil(BLOCK);
            bounded.bound = if bounded.from == bounded.end {
                0
            } else {
                bounded.of_block[blocks].iter().fold(0, |most, bound| most.max(*bound))
            };
        }
        // An insertion sort: the order of the window before is nearly this one.
        for at in 1..self.order.len() {
            let mut at = at;
            while at > 0 && self.bounded[self.order[at - 1]].bound > self.bounded[self.order[at]].bound {
                self.order.swap(at - 1, at);
                at -= 1;
            }
        }
        let bar = self.bar(top);
        let (mut probed, mut rest) = (0, 0_i32);
        while probed < self.order.len() && rest.saturating_add(self.bounded[self.order[probed]].bound) < bar {
            rest += self.bounded[self.order[probed]].bound;
            probed += 1;
        }
        if probed == self.order.len() {
            return;
        }
        for at in probed..self.order.len() {
            self.add_bounds(self.order[at], start);
        }
        for (place, bounded) in self.places.iter_mut().zip(&self.bounded) {
            *place = bounded.from;
        }
        self.offer_window(start, probed, rest, top, candidate);
    }

    /// Adds what each posting of a term in the window can score.
    fn add_bounds(&mut self, term: usize, start: u32) {
        let (entry, bounded) = (&self.entries[term], &self.bounded[term]);
        let (from, end) = (bounded.from, bounded.end);
        match &entry.scores {
            Scores::Known(scores) => {
                let slack = 1.0 + (self.entries.len() + 8) as f32 * 1e-6;
                for (row, score) in entry.rows[from..end].iter().zip(&scores[from..end]) {
                    self.sums[(row - start) as usize] += above(*score * slack, self.scale);
                }
            }
            Scores::Counted(counted) => {
                let (blocks, tail) = counted.list.all_cells();
                let whole = blocks.len();
                let parts =
                    [(from.min(whole)..end.min(whole), blocks, 0), (from.max(whole)..end.max(whole), tail, whole)];
                for (range, cells, first) in parts {
                    let cells = &cells[range.start - first..range.end - first];
                    for (row, cell) in entry.rows[range].iter().zip(cells) {
                        self.sums[(row - start) as usize] += bounded.of_cell[usize::from(*cell)];
                    }
                }
            }
        }
    }

    /// Goes through the sums of the window and leaves them at 0.
    fn offer_window(
        &mut self,
        start: u32,
        probed: usize,
        rest: i32,
        top: &mut TopK,
        candidate: &dyn Fn(RowId, f32) -> Candidate,
    ) {
        let mut bar = self.bar(top);
        for chunk in (0..WINDOW as usize).step_by(32) {
            let least = bar.saturating_sub(rest).max(1);
            let is_any = self.sums[chunk..chunk + 32].iter().fold(0, |any, sum| any | i32::from(*sum >= least));
            if is_any != 0 {
                for at in chunk..chunk + 32 {
                    let row = RowId(start + at as u32);
                    let sum = self.sums[at];
                    if sum >= bar.saturating_sub(rest).max(1)
                        && self.matching.contains(row)
                        && self.reaches(bar, sum, probed, rest, row.0)
                    {
                        self.scored += 1;
                        top.offer(candidate(row, exact(self.entries, &mut self.places, row.0)));
                        bar = self.bar(top);
                    }
                }
            }
        }
        self.sums.fill(0);
    }

    /// Whether a row still reaches the bar when the terms that were not added are looked up, the best first.
    fn reaches(&mut self, bar: i32, mut sum: i32, probed: usize, mut rest: i32, row: u32) -> bool {
        for at in (0..probed).rev() {
            if sum.saturating_add(rest) < bar {
                return false;
            }
            let term = self.order[at];
            let (entry, bounded) = (&self.entries[term], &self.bounded[term]);
            rest -= bounded.bound;
            let place = entry.seek(self.places[term], row);
            self.places[term] = place;
            if entry.rows.get(place) == Some(&row) {
                sum += match &entry.scores {
                    Scores::Known(_) => bounded.of_block[place / BLOCK],
                    Scores::Counted(counted) => {
                        bounded.of_cell[usize::from(counted.list.cells(place / BLOCK)[place % BLOCK])]
                    }
                };
            }
        }
        sum >= bar
    }
}

fn above(bound: f32, scale: f32) -> i32 {
    // A cell that no posting has may be far above those that some have.
    ((bound * scale) as i32).saturating_add(1)
}
