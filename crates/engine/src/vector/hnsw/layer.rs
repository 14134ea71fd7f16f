//! One layer built at once: candidates from leaves, neighbours chosen from them, links back, and a last choice among
//! those that a node has chosen and those that have chosen it.

use super::{
    FREE, fill,
    leaves::{Candidates, Carving},
    pairs::Pairs,
    used,
};
use alloc::vec::Vec;

/// Nodes of one step.
const SLICE: usize = 32;

/// Nodes of one step that only notes links back.
const LINK_SLICE: usize = 1_024;

/// Neighbours that a node chooses at first; the other slots are for those that choose it.
const CHOSEN: usize = 16;

/// A layer under way.
#[derive(Debug)]
pub(super) struct LayerBuild {
    /// The nodes of the layer, ascending.
    pub(super) members: Vec<u32>,
    /// Neighbours of each, by node.
    pub(super) lists: Vec<u32>,
    degree: usize,
    phase: Phase,
    at: usize,
}

#[derive(Debug)]
enum Phase {
    Carve(Carving),
    Choose(Candidates),
    LinkBack(Candidates),
    Settle(Candidates),
}

impl LayerBuild {
    pub(super) fn new(members: Vec<u32>, degree: usize) -> Self {
        let carving = Carving::new(members.len());
        Self { lists: Vec::with_capacity(members.len() * degree), members, degree, phase: Phase::Carve(carving), at: 0 }
    }

    /// Works on the next slice and says whether all is done.
    pub(super) fn step(&mut self, pairs: Pairs<'_>) -> bool {
        let is_linking = matches!(self.phase, Phase::LinkBack(_));
        let slice = self.at..(self.at + if is_linking { LINK_SLICE } else { SLICE }).min(self.members.len());
        let is_last = slice.end == self.members.len();
        match &mut self.phase {
            Phase::Carve(carving) => {
                if carving.step(pairs, &self.members) {
                    let carving = core::mem::replace(carving, Carving::new(0));
                    self.phase = Phase::Choose(carving.finish());
                }
                return false;
            }
            Phase::Choose(candidates) => {
                for member in slice.clone() {
                    let node = self.members[member];
                    let mut chosen = Vec::with_capacity(self.degree);
                    choose(pairs, node, candidates.of(member), CHOSEN, &mut chosen);
                    let anyone = |random: u64| self.members[(random % self.members.len() as u64) as usize];
                    pairs.choose_strangers(node, &anyone, &mut chosen);
                    self.lists.resize((member + 1) * self.degree, FREE);
                    fill(&mut self.lists[member * self.degree..], &chosen);
                }
                if is_last {
                    candidates.clear();
                    self.phase = Phase::LinkBack(core::mem::take(candidates));
                }
            }
            Phase::LinkBack(back) => {
                for member in slice.clone() {
                    for node in used(&self.lists[member * self.degree..][..self.degree]) {
                        back.push(place_of(&self.members, *node), self.members[member]);
                    }
                }
                if is_last {
                    self.phase = Phase::Settle(core::mem::take(back));
                }
            }
            Phase::Settle(back) => {
                for member in slice.clone() {
                    let list = &mut self.lists[member * self.degree..][..self.degree];
                    settle(pairs, self.members[member], list, back.of(member));
                }
                self.at = slice.end;
                return is_last;
            }
        }
        self.at = if is_last { 0 } else { slice.end };
        false
    }
}

/// The place of a node among the members: for the base, its own number.
pub(super) fn place_of(members: &[u32], node: u32) -> usize {
    if members.get(node as usize) == Some(&node) {
        node as usize
    } else {
        members.partition_point(|other| *other < node)
    }
}

fn choose(pairs: Pairs<'_>, node: u32, others: &[u32], room: usize, chosen: &mut Vec<u32>) {
    let mut candidates = crate::lists::map(others, |other| pairs.candidate(node, *other));
    crate::order::sort(&mut candidates);
    candidates.dedup();
    pairs.choose(node, &candidates, room, chosen);
}

/// Adds those that have chosen a node to those it has chosen; if they are too many, chooses among them.
fn settle(pairs: Pairs<'_>, node: u32, list: &mut [u32], back: &[u32]) {
    let mut others = used(list).to_vec();
    let own = others.len();
    for other in back {
        if !others[..own].contains(other) {
            others.push(*other);
        }
    }
    if others.len() > list.len() {
        let mut chosen = Vec::with_capacity(list.len());
        choose(pairs, node, &others, list.len(), &mut chosen);
        fill(list, &chosen);
    } else {
        fill(list, &others);
    }
}
