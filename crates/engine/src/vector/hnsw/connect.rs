//! What makes every node reachable: a tree of parents from node 0, and a link to each node that has none yet.

use super::{
    BASE_DEGREE, FREE, Hnsw,
    pairs::Pairs,
    probe::Probe,
    search::{GraphSearch, Scratch},
    used,
};
use alloc::{vec, vec::Vec};

/// Nodes of one step.
const SLICE: usize = 512;

/// Nodes near an unreached one that may take it.
const BREADTH: usize = 64;

/// The walk over all links under way.
#[derive(Debug)]
pub(super) struct Connecting {
    /// Nodes that are reached; those before `at` were looked at.
    queue: Vec<u32>,
    at: usize,
    /// All nodes before this are reached.
    next: usize,
    scratch: Scratch,
}

impl Connecting {
    /// Starts at node 0, and forgets all parents.
    pub(super) fn new(graph: &mut Hnsw) -> Self {
        let nodes = graph.view().len();
        graph.parents = vec![FREE; nodes];
        graph.children = vec![0; nodes];
        let mut queue = Vec::with_capacity(nodes);
        if nodes > 0 {
            graph.parents[0] = 0;
            queue.push(0);
        }
        Self { queue, at: 0, next: 0, scratch: Scratch::default() }
    }

    /// Works on the next nodes and says whether all are reached.
    pub(super) fn step(&mut self, graph: &mut Hnsw, pairs: Pairs<'_>) -> bool {
        for _ in 0..SLICE {
            let Some(from) = self.queue.get(self.at).copied() else { break };
            self.at += 1;
            for slot in 0..BASE_DEGREE {
                let to = graph.base[from as usize * BASE_DEGREE + slot];
                if to == FREE {
                    break;
                }
                if graph.parents[to as usize] == FREE {
                    self.reach(graph, from, to);
                }
            }
        }
        if self.at < self.queue.len() {
            return false;
        }
        while graph.parents.get(self.next).is_some_and(|parent| *parent != FREE) {
            self.next += 1;
        }
        if self.next == graph.parents.len() {
            return true;
        }
        self.attach(graph, pairs, self.next as u32);
        false
    }

    fn reach(&mut self, graph: &mut Hnsw, parent: u32, node: u32) {
        graph.parents[node as usize] = parent;
        graph.children[parent as usize] += 1;
        self.queue.push(node);
    }

    /// Links a node from the nearest reached one that has a slot free, or one whose link is no parent's.
    fn attach(&mut self, graph: &mut Hnsw, pairs: Pairs<'_>, node: u32) {
        let mut bytes = Vec::new();
        let probe = Probe::of_row(pairs, node, &mut bytes);
        let view = graph.view();
        let start = view.descend(&probe, 0, &mut self.scratch);
        let start = if graph.parents[start as usize] == FREE { 0 } else { start };
        view.walk(&probe, 0, &[start, 0], &GraphSearch::of_breadth(BREADTH), &mut self.scratch);
        let near = crate::lists::map(self.scratch.pool.sorted(), |near| near);
        // There are more links than nodes in the tree, so one of all reached nodes has such a slot.
        for from in near.iter().chain(&self.queue) {
            if let Some(slot) = slot_for(graph, *from) {
                graph.base[slot] = node;
                let from = *from;
                self.reach(graph, from, node);
                return;
            }
        }
    }
}

/// A slot of the node that can take another link.
fn slot_for(graph: &Hnsw, from: u32) -> Option<usize> {
    let first = from as usize * BASE_DEGREE;
    let list = &graph.base[first..][..BASE_DEGREE];
    let count = used(list).len();
    if count < BASE_DEGREE {
        return Some(first + count);
    }
    (first..first + BASE_DEGREE).rev().find(|slot| graph.parents[graph.base[*slot] as usize] != from)
}
