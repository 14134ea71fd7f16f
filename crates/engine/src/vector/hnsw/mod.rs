//! The graph index: a hierarchical navigable small world (HNSW), built over rows of bytes. A search walks by these or, where
//! a column must be small, by rows of bits that took their place.
//!
//! Every vector is a node of the base layer; one in sixteen is in layer 1 too, one in 256 in layer 2, and so on, by a hash
//! of its position, so equal input gives an equal graph. A search goes down greedily from the entry, a node of the
//! highest layer, and looks around at the base. Neighbours are chosen so that none of them is closer to another chosen
//! one than to the node: links then lead into all directions, and not only into the nearest heap.
//!
//! All comparisons of two rows are integer products and one fixed expression of floats, ties go by number: the graph has
//! the same bytes on every host. Invariants:
//!
//! - a list of neighbours has a fixed number of slots, the free ones ([`FREE`]) behind the used ones;
//! - every node is reached from node 0 by links of the base layer: each other one has a *parent* whose link to it is never
//!   dropped, and parents lead back to node 0. So a search that must go on can find everything;
//! - of vectors that are equal only a few are linked to each other, each to the next ones by number, so a thousand
//!   copies form a chain and not an island.
//!
//! A graph grows vector by vector ([`Hnsw::insert`]) or is built at once ([`HnswBuilder`]), several times faster.

mod bulk;
mod calibrate;

mod connect;
mod graph;
mod insert;
mod layer;
mod leaves;
mod leg;
mod pairs;
mod probe;
mod search;

pub use bulk::HnswBuilder;
pub use calibrate::{Slack, SlackCalibration};

pub use graph::{GraphDamage, Hnsw, HnswView};
pub use probe::GraphRows;
pub use search::{GraphSearch, Passes, Scratch, Walked};

/// Slots for neighbours at the base.
pub const BASE_DEGREE: usize = 32;

/// Slots for neighbours in each layer above.
pub const UPPER_DEGREE: usize = 16;

/// A slot without a neighbour.
pub const FREE: u32 = u32::MAX;

/// The highest layer a node can be in.
const LEVEL_MAX: usize = 8;

/// Nodes a graph can have: a search keeps a mark beside the number of a node.
const NODES_MAX: usize = 1 << 31;

/// A whole number that looks random, the same for the same `state` (splitmix64).
pub(super) fn mixed(state: u64) -> u64 {
    let mut mixed = state.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// The highest layer of the node at that position: each is reached by one in sixteen of the one below.
fn level_of(position: u32) -> usize {
    (mixed(u64::from(position)).trailing_zeros() as usize / 4).min(LEVEL_MAX)
}

/// The used slots of a list.
fn used(list: &[u32]) -> &[u32] {
    let count = list.iter().position(|neighbour| *neighbour == FREE).unwrap_or(list.len());
    &list[..count]
}

/// Writes the neighbours into a list and frees the slots behind them.
fn fill(list: &mut [u32], neighbours: &[u32]) {
    list.fill(FREE);
    list[..neighbours.len()].copy_from_slice(neighbours);
}
