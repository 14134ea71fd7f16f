//! Candidates for neighbours of every node of a layer, without a graph: nodes are divided into leaves of similar ones,
//! each node into several of them, and inside a leaf all are compared with all, tile by tile.
//!
//! A group that is too large for a leaf is divided among leaders, nodes of its own; a node goes to the nearest few.

use super::{mixed, pairs::Pairs};
use crate::{
    share::share,
    vector::nearest::{at_of, key_of, packed},
};
use alloc::{vec, vec::Vec};
use sanderling_kernels as kernels;

/// Candidates that are kept for each node.
pub(super) const CANDIDATES: usize = 96;

/// Nodes of a leaf at most.
const LEAF_MAX: usize = 768;

/// Nodes for each leader of a group.
const GROUP: usize = 192;

/// Leaders of a group at least: more than a node goes to.
const LEADERS_MIN: usize = SHARES + 2;

/// Leaders of a group at most.
const LEADERS_MAX: usize = 1_000;

/// Groups smaller than this are put together.
const GROUP_MIN: usize = 128;

/// Groups that a node goes to when all are divided; a group that is too large still is divided into parts. Many groups
/// with few nearest of each find better neighbours than few with many.
const SHARES: usize = 14;

/// Nearest of a leaf that become candidates.
const NEAREST: usize = 6;

/// Nodes that one step compares.
const TILE: usize = 32;

/// The nodes of a layer with the candidates of each: nodes at the base, by their place among the members.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    slots: Vec<u32>,
    counts: Vec<u8>,
}

impl Candidates {
    fn new(members: usize) -> Self {
        Self { slots: vec![0; members * CANDIDATES], counts: vec![0; members] }
    }

    pub(super) fn of(&self, member: usize) -> &[u32] {
        &self.slots[member * CANDIDATES..][..usize::from(self.counts[member])]
    }

    /// Adds one while there is room.
    pub(super) fn push(&mut self, member: usize, node: u32) {
        let count = usize::from(self.counts[member]);
        if count < CANDIDATES {
            self.slots[member * CANDIDATES + count] = node;
            self.counts[member] += 1;
        }
    }

    pub(super) fn clear(&mut self) {
        self.counts.fill(0);
    }
}

/// The division under way.
#[derive(Debug)]
pub(super) struct Carving {
    todo: Vec<Group>,
    present: Option<Work>,
    candidates: Candidates,
}

/// Some members of a layer, by place, and how often they were divided.
#[derive(Debug)]
struct Group {
    members: Vec<u32>,
    depth: usize,
}

/// A group that is compared with its leaders, or a leaf that is compared with itself.
#[derive(Debug)]
struct Work {
    group: Group,
    at: usize,
    /// The nodes of the leaders, or of the leaf, and their rows.
    others: Vec<u32>,
    bytes: Vec<i8>,
    scales: Vec<f32>,
    squares: Vec<f32>,
    /// For each member so far its leaders; empty for a leaf.
    leaders: Vec<u32>,
    is_leaf: bool,
}

impl Carving {
    pub(super) fn new(members: usize) -> Self {
        let all = Group { members: (0..members as u32).collect(), depth: 0 };
        Self { todo: vec![all], present: None, candidates: Candidates::new(members) }
    }

    /// Works on the next tile and says whether all is done.
    pub(super) fn step(&mut self, pairs: Pairs<'_>, members: &[u32]) -> bool {
        let Some(work) = &mut self.present else {
            let Some(group) = self.todo.pop() else { return true };
            if !group.members.is_empty() {
                self.present = Some(Work::new(pairs, members, group));
            }
            return false;
        };
        let end = (work.at + TILE).min(work.group.members.len());
        work.compare(pairs, members, end, &mut self.candidates);
        work.at = end;
        if end == work.group.members.len()
            && let Some(work) = self.present.take()
            && !work.is_leaf
        {
            work.divide(&mut self.todo);
        }
        false
    }

    pub(super) fn finish(self) -> Candidates {
        self.candidates
    }
}

fn shares(depth: usize) -> usize {
    if depth == 0 { SHARES } else { 1 }
}

impl Work {
    fn new(pairs: Pairs<'_>, members: &[u32], group: Group) -> Self {
        let size = group.members.len();
        let is_leaf = size <= LEAF_MAX;
        let count = if is_leaf { size } else { (size / GROUP).clamp(LEADERS_MIN, LEADERS_MAX) };
        let stretch = |other: usize| (share(other, count, size), share(other + 1, count, size));
        let mut others = Vec::with_capacity(count);
        let mut bytes = Vec::with_capacity(count * pairs.rows.dimensions);
        let (mut scales, mut squares) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for other in 0..count {
            // One out of each of as many stretches.
            let (from, end) = stretch(other);
            let at = from + (mixed(other as u64 ^ (size as u64) << 32) % (end - from) as u64) as usize;
            let node = members[group.members[at] as usize];
            others.push(node);
            bytes.extend_from_slice(pairs.rows.row(node as usize));
            let (scale, squared) = pairs.terms(node);
            scales.push(scale);
            squares.push(squared);
        }
        Self { group, at: 0, others, bytes, scales, squares, leaders: Vec::new(), is_leaf }
    }

    /// Compares the members up to `end` with all others and keeps the nearest of each.
    fn compare(&mut self, pairs: Pairs<'_>, members: &[u32], end: usize, candidates: &mut Candidates) {
        let dimensions = pairs.rows.dimensions;
        let tile = &self.group.members[self.at..end];
        let mut gathered = Vec::new();
        let bytes = if self.is_leaf {
            &self.bytes[self.at * dimensions..end * dimensions]
        } else {
            tile.iter()
                .for_each(|member| gathered.extend_from_slice(pairs.rows.row(members[*member as usize] as usize)));
            &gathered
        };
        let mut products = vec![0; tile.len() * self.others.len()];
        kernels::dot_i8_tile(bytes, &self.bytes, dimensions, &mut products);
        let wanted = if self.is_leaf { NEAREST + 1 } else { shares(self.group.depth) };
        let mut keys = Vec::with_capacity(self.others.len());
        let mut best = Vec::with_capacity(wanted + 1);
        for (member, products) in tile.iter().zip(products.chunks(self.others.len())) {
            let node = members[*member as usize];
            pairs.keys_of(node, products, &self.scales, &self.squares, &mut keys);
            if self.is_leaf {
                nearest(&keys, wanted, &mut |at| self.others[at].wrapping_sub(node), &mut best);
                for near in best.iter().filter(|near| at_of(**near) != 0) {
                    candidates.push(*member as usize, at_of(*near).wrapping_add(node));
                }
            } else {
                nearest(&keys, wanted, &mut |at| at as u32, &mut best);
                self.leaders.extend(best.iter().map(|leader| at_of(*leader)));
            }
        }
    }

    /// Turns the leaders of each member into groups.
    fn divide(self, todo: &mut Vec<Group>) {
        let shares = shares(self.group.depth);
        let mut groups = vec![Vec::new(); self.others.len()];
        for (member, leaders) in self.group.members.iter().zip(self.leaders.chunks(shares)) {
            for leader in leaders {
                groups[*leader as usize].push(*member);
            }
        }
        let depth = self.group.depth + 1;
        let mut small = Vec::new();
        for members in groups {
            if members.len() > self.group.members.len() / 4 * 3 {
                // Leaders cannot tell these apart; they may all be equal.
                todo.extend(members.chunks(LEAF_MAX).map(|leaf| Group { members: leaf.to_vec(), depth }));
            } else if members.len() >= GROUP_MIN {
                todo.push(Group { members, depth });
            } else {
                small.extend(members);
                if small.len() >= GROUP_MIN {
                    todo.push(Group { members: core::mem::take(&mut small), depth });
                }
            }
        }
        todo.push(Group { members: small, depth });
    }
}

/// The nearest, as packed candidates with the number that `number` gives, best first. A node itself has the number 0,
/// which goes before equal ones; whoever asks for it too gets one less of the others.
fn nearest(keys: &[f32], wanted: usize, number: &mut dyn FnMut(usize) -> u32, best: &mut Vec<u64>) {
    best.clear();
    let mut worst = f32::INFINITY;
    for (at, key) in keys.iter().enumerate() {
        if *key > worst {
            continue;
        }
        let candidate = packed(*key, number(at));
        let place = best.partition_point(|other| *other < candidate);
        if place < wanted {
            best.truncate(wanted - 1);
            best.insert(place, candidate);
            if best.len() == wanted {
                worst = key_of(best[wanted - 1]);
            }
        }
    }
}
