//! The walk through the graph.
//!
//! Without a filter the walk keeps the best nodes it has seen in one sorted pool and looks at the neighbours of the best
//! one not looked at yet, until there is none, or until the next one is farther than the worst hit by more than a part
//! of that hit's own distance, the *slack*. With a filter, it goes through all nodes too but collects only those that
//! pass; where few pass, it steps over those that do not, to their neighbours. What it still lacks then, it gets by a walk
//! that ends only when there are enough.

use super::{
    BASE_DEGREE, FREE, HnswView,
    probe::{GraphRows, Probe},
    used,
};
use crate::{
    query::Watch,
    share::share,
    vector::{
        nearest::{at_of, key_of, packed},
        quantize::PreparedQuery,
    },
};
use alloc::{collections::BinaryHeap, vec::Vec};
use core::cmp::Reverse;

/// What a search in a graph asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GraphSearch {
    /// The hits that are wanted; they come where so many pass.
    pub wanted: usize,
    /// The most nodes that are kept on the way: more find more and take longer.
    pub breadth: usize,
    /// How much farther than the last hit a node may be for the walk to go on there, as a part of the squared distance
    /// of that hit; infinite for all that are kept.
    pub slack: f32,
    /// How many vectors pass the filter.
    pub matching: usize,
}

impl GraphSearch {
    /// A walk through so many nodes to the end.
    pub(super) fn of_breadth(breadth: usize) -> Self {
        Self { wanted: breadth, breadth, slack: f32::INFINITY, matching: breadth }
    }
}

/// Which vectors may be found, by position.
pub type Passes<'a> = dyn FnMut(u32) -> bool + 'a;

/// What a walk found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// Packed candidates, in no order: at least as many as are wanted where so many pass.
    pub found: Vec<u64>,
    /// The rows that were compared.
    pub compared: usize,
}

/// What a walk needs while it goes; one that is passed again is not allocated again.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// How many there are to visit.
    nodes: usize,
    visited: Vec<u64>,
    pub(super) pool: Pool,
    /// Nodes to go on from, where those that are kept do not include all.
    frontier: BinaryHeap<Reverse<u64>>,
    /// The nodes that were seen last, and their keys.
    pub(super) fresh: Vec<u32>,
    keys: Vec<f32>,
    compared: usize,
}

/// The best nodes so far, sorted. The lowest bit of each says whether its neighbours were looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    nodes: Vec<u64>,
    wanted: usize,
    room: usize,
    slack: f32,
    /// Nodes at or above this have no chance.
    limit: u64,
    /// All before this were looked at.
    next: usize,
}

impl Pool {
    fn clear(&mut self, search: &GraphSearch) {
        self.nodes.clear();
        (self.wanted, self.room, self.slack) = (search.wanted, search.breadth, search.slack);
        (self.next, self.limit) = (0, u64::MAX);
    }

    fn offer(&mut self, probe: &Probe<'_>, node: u64) {
        if node >= self.limit {
            return;
        }
        if self.nodes.len() >= self.room {
            self.nodes.pop();
        }
        let place = self.nodes.partition_point(|other| *other < node);
        self.nodes.insert(place, node);
        self.next = self.next.min(place);
        if self.nodes.len() >= self.room {
            self.limit = self.limit.min(self.nodes[self.room - 1]);
        }
        if place < self.wanted
            && self.slack < f32::INFINITY
            && let Some((key, distance)) = self.worst_hit(probe, self.wanted)
        {
            self.limit = self.limit.min(packed(key + self.slack * distance, u32::MAX));
        }
    }

    /// The key and the distance of the last of so many hits.
    pub(super) fn worst_hit(&self, probe: &Probe<'_>, wanted: usize) -> Option<(f32, f32)> {
        let hit = *self.nodes.get(wanted.checked_sub(1)?)?;
        Some((key_of(hit), probe.distance(key_of(hit), number_of(hit))))
    }

    /// The best node whose neighbours were not looked at.
    fn peek(&mut self) -> Option<u64> {
        while let Some(node) = self.nodes.get(self.next) {
            if *node & 1 == 0 {
                return (*node <= self.limit).then_some(*node);
            }
            self.next += 1;
        }
        None
    }

    /// The slack at which the walk would go on, if it can.
    pub(super) fn slack_to_go_on(&mut self, probe: &Probe<'_>, wanted: usize) -> Option<f32> {
        let next = key_of(self.peek()?);
        let Some((key, distance)) = self.worst_hit(probe, wanted) else { return Some(0.0) };
        Some(if next <= key { 0.0 } else { (next - key) / distance })
    }

    /// The nodes, best first.
    pub(super) fn sorted(&self) -> impl Iterator<Item = u32> {
        self.nodes.iter().map(|node| number_of(*node))
    }

    /// Forgets what came before the limit fell below it. Estimates tell little about the order, so all others are compared
    /// again.
    fn cut(&mut self) {
        let count = self.nodes.partition_point(|node| *node <= self.limit);
        self.nodes.truncate(count);
    }

    /// The nodes as packed candidates.
    fn found(&self) -> Vec<u64> {
        crate::lists::map(&self.nodes, |node| *node >> 32 << 32 | u64::from(number_of(*node)))
    }
}

/// A node with its key and room for a mark.
fn marked(key: f32, at: u32) -> u64 {
    packed(key, at << 1)
}

fn number_of(node: u64) -> u32 {
    at_of(node) >> 1
}

impl Scratch {
    fn walked(&mut self, rows: GraphRows<'_>) -> Walked {
        if let GraphRows::Bits(_) = rows {
            self.pool.cut();
        }
        Walked { found: self.pool.found(), compared: self.compared }
    }

    fn start(&mut self, nodes: usize) {
        self.nodes = nodes;
        self.visited.clear();
        self.visited.resize(nodes.div_ceil(64), 0);
        self.fresh.clear();
    }

    /// Whether this is the first visit.
    fn visit(&mut self, at: u32) -> bool {
        // A link of a file may lead anywhere.
        if at as usize >= self.nodes {
            return false;
        }
        let (word, bit) = (&mut self.visited[at as usize / 64], 1 << (at % 64));
        let is_first = *word & bit == 0;
        *word |= bit;
        is_first
    }

    fn visit_all(&mut self, nodes: &[u32]) {
        for at in nodes {
            if *at == FREE {
                return;
            }
            if self.visit(*at) {
                self.fresh.push(*at);
            }
        }
    }
}

/// Nodes after which it is asked whether there is time for more: some thousand comparisons.
const LOOK_EACH: usize = 64;

/// Whether a walk has to end at this step.
fn is_over_at(steps: &mut usize, watch: &dyn Watch) -> bool {
    *steps += 1;
    steps.is_multiple_of(LOOK_EACH) && watch.is_over()
}

impl HnswView<'_> {
    /// The vectors nearest to a query. What `passes` refuses is not found.
    #[must_use]
    pub fn search(
        &self,
        rows: GraphRows<'_>,
        query: &PreparedQuery,
        search: GraphSearch,
        passes: Option<&mut Passes<'_>>,
        scratch: &mut Scratch,
        watch: &dyn Watch,
    ) -> Walked {
        scratch.compared = 0;
        let wanted = search.wanted.min(search.matching).min(self.len());
        if wanted == 0 {
            return Walked::default();
        }
        let probe = Probe::of_query(rows, query);
        let start = self.descend(&probe, 0, scratch);
        let search = GraphSearch { wanted, breadth: search.breadth.max(wanted).min(self.len()), ..search };
        match passes {
            None => {
                self.begin(&probe, 0, &[start], &search, scratch);
                let mut steps = 0;
                while !is_over_at(&mut steps, watch) && self.advance(&probe, 0, scratch) {}
            }
            Some(passes) => self.walk_passing(&probe, start, search, passes, (scratch, watch)),
        }
        scratch.walked(rows)
    }

    /// The same without a walk: all of these positions are compared.
    pub(super) fn compare_all(
        &self,
        rows: GraphRows<'_>,
        query: &PreparedQuery,
        search: GraphSearch,
        positions: Vec<u32>,
        scratch: &mut Scratch,
    ) -> Walked {
        scratch.compared = 0;
        scratch.pool.clear(&search);
        scratch.fresh = positions;
        self.offer_fresh(&Probe::of_query(rows, query), 0, scratch);
        scratch.walked(rows)
    }

    /// Goes greedily from the entry down to the layer below which it would be lower than `level`; returns the number in
    /// the layer `level`.
    pub(super) fn descend(&self, probe: &Probe<'_>, level: usize, scratch: &mut Scratch) -> u32 {
        if self.entry == FREE {
            return 0;
        }
        let mut at = self.entry;
        let top = self.level(at);
        let Scratch { fresh, keys, compared, .. } = scratch;
        probe.keys(&[self.upper[at as usize]], keys);
        let mut best = keys[0];
        for level in (level + 1..=top).rev() {
            loop {
                let neighbours = self.neighbours(level, at);
                fresh.clear();
                fresh.extend(neighbours.iter().map(|neighbour| self.upper[*neighbour as usize]));
                probe.keys(fresh, keys);
                *compared += keys.len();
                let before = at;
                for (neighbour, key) in neighbours.iter().zip(&*keys) {
                    if *key < best {
                        (best, at) = (*key, *neighbour);
                    }
                }
                if at == before {
                    break;
                }
            }
        }
        if level == 0 { self.upper[at as usize] } else { at }
    }

    /// Fills the pool with the nearest nodes of a layer that the walk comes by.
    pub(super) fn walk(
        &self,
        probe: &Probe<'_>,
        level: usize,
        starts: &[u32],
        search: &GraphSearch,
        scratch: &mut Scratch,
    ) {
        self.begin(probe, level, starts, search, scratch);
        while self.advance(probe, level, scratch) {}
    }

    /// Begins a walk.
    pub(super) fn begin(
        &self,
        probe: &Probe<'_>,
        level: usize,
        starts: &[u32],
        search: &GraphSearch,
        scratch: &mut Scratch,
    ) {
        scratch.start(if level == 0 { self.len() } else { self.upper.len() });
        scratch.pool.clear(search);
        scratch.visit_all(starts);
        self.offer_fresh(probe, level, scratch);
    }

    /// Looks at the neighbours of one node more; says no at the end of the walk.
    pub(super) fn advance(&self, probe: &Probe<'_>, level: usize, scratch: &mut Scratch) -> bool {
        let Some(node) = scratch.pool.peek() else { return false };
        scratch.pool.nodes[scratch.pool.next] |= 1;
        // The one behind it is likely to be the next: its list comes from memory meanwhile.
        if let Some(behind) = scratch.pool.nodes.get(scratch.pool.next + 1) {
            self.prefetch(level, number_of(*behind));
        }
        scratch.fresh.clear();
        scratch.visit_all(self.list(level, number_of(node)));
        self.offer_fresh(probe, level, scratch);
        true
    }

    fn offer_fresh(&self, probe: &Probe<'_>, level: usize, scratch: &mut Scratch) {
        self.compare(probe, level, scratch);
        for (at, key) in scratch.fresh.iter().zip(&scratch.keys) {
            scratch.pool.offer(probe, marked(*key, *at));
        }
    }

    /// Writes the keys of the fresh nodes.
    fn compare(&self, probe: &Probe<'_>, level: usize, scratch: &mut Scratch) {
        scratch.compared += scratch.fresh.len();
        if level == 0 {
            probe.keys(&scratch.fresh, &mut scratch.keys);
        } else {
            let nodes = crate::lists::map(&scratch.fresh, |at| self.node(level, *at));
            probe.keys(&nodes, &mut scratch.keys);
        }
    }
}

/// The share of vectors that must pass for a walk through all of them to be the shorter one.
const MANY_PASS: f32 = 0.6;

/// Vectors that pass, from all over the column, at which a walk through those that pass begins.
const SEEDS: usize = 64;

/// Vectors that pass that are enough as the neighbours of one.
const ENOUGH: usize = BASE_DEGREE / 2;

/// Positions that are asked for each of them at most.
const TRIES: usize = 8;

impl HnswView<'_> {
    fn walk_passing(
        &self,
        probe: &Probe<'_>,
        start: u32,
        search: GraphSearch,
        passes: &mut Passes<'_>,
        (scratch, watch): (&mut Scratch, &dyn Watch),
    ) {
        let GraphSearch { wanted, matching, .. } = search;
        let share = matching as f32 / self.len() as f32;
        scratch.start(self.len());
        scratch.visit_all(&[start]);
        if share >= MANY_PASS {
            self.walk_collecting(probe, &search, false, passes, (scratch, watch));
        } else {
            self.seed(passes, scratch);
            self.walk_collecting(probe, &search, true, passes, (scratch, watch));
        }
        if scratch.pool.nodes.len() < wanted {
            // Links lead from node 0 to every other.
            scratch.start(self.len());
            scratch.visit_all(&[start]);
            scratch.visit_all(&[0]);
            self.walk_collecting(probe, &GraphSearch { breadth: wanted, ..search }, false, passes, (scratch, watch));
        }
    }

    /// Adds vectors that pass, from all over the column.
    fn seed(&self, passes: &mut Passes<'_>, scratch: &mut Scratch) {
        for seed in 0..SEEDS {
            let from = share(seed, SEEDS, self.len());
            let end = share(seed + 1, SEEDS, self.len());
            if let Some(at) = (from..end).take(TRIES).find(|at| passes(*at as u32)) {
                scratch.visit_all(&[at as u32]);
            }
        }
    }

    /// Fills the pool with vectors that pass. The walk ends when the next node is beyond the limit.
    fn walk_collecting(
        &self,
        probe: &Probe<'_>,
        search: &GraphSearch,
        steps_over: bool,
        passes: &mut Passes<'_>,
        (scratch, watch): (&mut Scratch, &dyn Watch),
    ) {
        scratch.pool.clear(search);
        scratch.frontier.clear();
        let mut steps = 0;
        while !is_over_at(&mut steps, watch) {
            self.compare(probe, 0, scratch);
            for (at, key) in scratch.fresh.iter().zip(&scratch.keys) {
                let node = marked(*key, *at);
                if node < scratch.pool.limit {
                    scratch.frontier.push(Reverse(node));
                    if passes(*at) {
                        scratch.pool.offer(probe, node);
                    }
                }
            }
            scratch.fresh.clear();
            let Some(Reverse(node)) = scratch.frontier.pop() else { return };
            if node > scratch.pool.limit {
                return;
            }
            let neighbours = self.neighbours(0, number_of(node));
            if steps_over {
                self.visit_passing(neighbours, passes, scratch);
            } else {
                scratch.visit_all(neighbours);
            }
        }
    }

    /// Visits the neighbours that pass, and goes over those that do not to what lies behind, until there are enough. Those
    /// gone over count as visited: what lies behind them was seen.
    fn visit_passing(&self, neighbours: &[u32], passes: &mut Passes<'_>, scratch: &mut Scratch) {
        let mut steps: Vec<u32> = Vec::new();
        let mut list = neighbours;
        let mut at = 0;
        loop {
            for near in used(list) {
                if passes(*near) {
                    scratch.visit_all(&[*near]);
                } else {
                    steps.push(*near);
                }
            }
            loop {
                if scratch.fresh.len() >= ENOUGH || at >= steps.len() {
                    return;
                }
                at += 1;
                if scratch.visit(steps[at - 1]) {
                    break;
                }
            }
            list = self.list(0, steps[at - 1]);
        }
    }
}
