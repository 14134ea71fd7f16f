//! A graph built at once, in slices: the base, the layers above it, and what makes every node reachable.

use super::{
    BASE_DEGREE, Hnsw, UPPER_DEGREE,
    connect::Connecting,
    fill,
    layer::{LayerBuild, place_of},
    level_of,
    pairs::Pairs,
    used,
};
use crate::vector::quantize::{ByteRowsView, Space};
use alloc::vec::Vec;

/// A build under way.
#[derive(Debug)]
pub struct HnswBuilder {
    graph: Hnsw,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Start,
    /// The layer of that number.
    Layer(usize, LayerBuild),
    Connect(Connecting),
    Done,
}

impl HnswBuilder {
    /// Starts a build.
    #[must_use]
    pub fn new(space: Space) -> Self {
        Self { graph: Hnsw::new(space), phase: Phase::Start }
    }

    /// Does the next slice of work on the rows, the same at each call, and says whether all is done.
    pub fn step(&mut self, rows: ByteRowsView<'_>) -> bool {
        let Self { graph, phase } = self;
        match phase {
            Phase::Start => {
                *phase = Phase::Layer(0, LayerBuild::new((0..rows.len() as u32).collect(), BASE_DEGREE));
            }
            Phase::Layer(level, layer) => {
                let pairs = Pairs { rows, space: graph.space };
                if layer.step(pairs) {
                    let level = *level;
                    install(graph, level, layer);
                    let members = graph.members(level + 1);
                    *phase = if members.is_empty() {
                        Phase::Connect(Connecting::new(graph))
                    } else {
                        Phase::Layer(level + 1, LayerBuild::new(members, UPPER_DEGREE))
                    };
                }
            }
            Phase::Connect(connecting) => {
                let pairs = Pairs { rows, space: graph.space };
                if connecting.step(graph, pairs) {
                    *phase = Phase::Done;
                }
            }
            Phase::Done => return true,
        }
        false
    }

    /// The graph, once all is done.
    #[must_use]
    pub fn finish(self) -> Option<Hnsw> {
        matches!(self.phase, Phase::Done).then_some(self.graph)
    }
}

/// Takes the lists of a finished layer.
fn install(graph: &mut Hnsw, level: usize, layer: &mut LayerBuild) {
    let lists = core::mem::take(&mut layer.lists);
    if level == 0 {
        graph.base = lists;
        for node in 0..layer.members.len() as u32 {
            let level = level_of(node);
            if level > 0 {
                graph.push_upper(node, level);
            }
        }
        return;
    }
    for (node, list) in layer.members.iter().zip(lists.chunks_exact(UPPER_DEGREE)) {
        let places = graph.view().places(level, used(list));
        let place = place_of(&graph.upper, *node) as u32;
        fill(graph.list_mut(level, place), &places);
    }
    // The first node of the highest layer so far.
    graph.entry = place_of(&graph.upper, layer.members[0]) as u32;
}

impl Hnsw {
    /// The nodes of a layer above the base.
    fn members(&self, level: usize) -> Vec<u32> {
        let mut members = Vec::new();
        for (place, node) in (0..).zip(&self.upper) {
            if self.view().level(place) >= level {
                members.push(*node);
            }
        }
        members
    }
}
