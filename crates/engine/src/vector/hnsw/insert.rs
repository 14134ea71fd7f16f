//! One vector more.

use super::{
    BASE_DEGREE, FREE, Hnsw, HnswView, UPPER_DEGREE, fill, level_of,
    pairs::Pairs,
    probe::Probe,
    search::{GraphSearch, Scratch},
    used,
};
use crate::vector::quantize::ByteRowsView;
use alloc::vec::Vec;

/// Nodes that the walk keeps from which neighbours are chosen.
const BREADTH: usize = 128;

/// Neighbours that a new node chooses; the other slots are for those that choose it.
const CHOSEN: usize = 16;

/// Nodes that one can be the parent of, so that there is room for other links.
const CHILDREN_MAX: u8 = BASE_DEGREE as u8 / 2;

impl Hnsw {
    /// Adds the next vector: the row whose number is that of the nodes so far.
    ///
    /// # Panics
    ///
    /// Unless the rows have that row, and are those that the other nodes were added from.
    pub fn insert(&mut self, rows: ByteRowsView<'_>, scratch: &mut Scratch) {
        let at = self.parents.len() as u32;
        let level = level_of(at);
        let pairs = Pairs { rows, space: self.space };
        let place = self.upper.len() as u32;
        self.grow(at, level);
        if at > 0 {
            self.link_all(pairs, at, level, place, scratch);
        }
        if level > 0 && (self.entry == FREE || level > self.view().level(self.entry)) {
            self.entry = place;
        }
    }

    fn grow(&mut self, at: u32, level: usize) {
        self.base.resize(self.base.len() + BASE_DEGREE, FREE);
        self.parents.push(at);
        self.children.push(0);
        if level > 0 {
            self.push_upper(at, level);
        }
    }

    /// Links the last node in each of its layers. It is not the entry yet, so no walk comes by it.
    fn link_all(&mut self, pairs: Pairs<'_>, at: u32, level: usize, place: u32, scratch: &mut Scratch) {
        let mut bytes = Vec::new();
        let probe = Probe::of_row(pairs, at, &mut bytes);
        let top = if self.entry == FREE { 0 } else { self.view().level(self.entry) };
        let level = level.min(top);
        let mut start = self.view().descend(&probe, level, scratch);
        for level in (0..=level).rev() {
            let view = self.view();
            let starts = [start, 0];
            view.walk(
                &probe,
                level,
                &starts[..if level == 0 { 2 } else { 1 }],
                &GraphSearch::of_breadth(BREADTH),
                scratch,
            );
            let nodes = crate::lists::map(scratch.pool.sorted(), |near| view.node(level, near));
            start = scratch.pool.sorted().next().map_or(0, |near| if level == 1 { view.node(1, near) } else { near });
            let mut candidates = crate::lists::map(nodes, |near| pairs.candidate(at, near));
            crate::order::sort(&mut candidates);
            let mut chosen = Vec::with_capacity(CHOSEN);
            pairs.choose(at, &candidates, CHOSEN, &mut chosen);
            if level == 0 {
                pairs.choose_strangers(at, &|random| (random % u64::from(at)) as u32, &mut chosen);
                self.adopt(at, &mut chosen);
            }
            let places = self.view().places(level, &chosen);
            fill(self.list_mut(level, if level == 0 { at } else { place }), &places);
            for near in places {
                self.link_back(pairs, level, near, at, place);
            }
        }
    }

    /// Finds a parent for a new node: the nearest with room, or else the node before, which has no child yet.
    fn adopt(&mut self, at: u32, chosen: &mut Vec<u32>) {
        let has_room = |near: &&u32| self.children[**near as usize] < CHILDREN_MAX;
        let parent = chosen.iter().find(has_room).map_or(at - 1, |near| *near);
        if !chosen.contains(&parent) {
            chosen.truncate(CHOSEN - 1);
            chosen.push(parent);
        }
        self.parents[at as usize] = parent;
        self.children[parent as usize] += 1;
    }

    /// Links a node, or a place in `upper`, to the new node. Where no slot is free, neighbours are chosen anew.
    fn link_back(&mut self, pairs: Pairs<'_>, level: usize, from: u32, at: u32, place: u32) {
        let degree = if level == 0 { BASE_DEGREE } else { UPPER_DEGREE };
        let added = if level == 0 { at } else { place };
        let list = self.list_mut(level, from);
        let count = used(list).len();
        if count < degree {
            list[count] = added;
            return;
        }
        let view = self.view();
        let node = view.node(level, from);
        let mut others = crate::lists::map(view.neighbours(level, from), |near| view.node(level, *near));
        others.push(at);
        let mut candidates = crate::lists::map(&others, |other| pairs.candidate(node, *other));
        crate::order::sort(&mut candidates);
        let mut chosen = Vec::with_capacity(degree);
        if level == 0 {
            chosen.extend(others.iter().filter(|other| self.parents[**other as usize] == node));
        }
        pairs.choose(node, &candidates, degree, &mut chosen);
        let places = view.places(level, &chosen);
        fill(self.list_mut(level, from), &places);
    }
}

impl HnswView<'_> {
    /// The numbers of nodes in a layer.
    pub(super) fn places(&self, level: usize, nodes: &[u32]) -> Vec<u32> {
        crate::lists::map(nodes, |node| {
            if level == 0 { *node } else { self.upper.all().partition_point(|other| other < node) as u32 }
        })
    }
}
