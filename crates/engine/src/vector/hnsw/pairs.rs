//! How two rows are compared, and which of many rows become neighbours.

use crate::vector::{
    nearest::{key_of, packed},
    quantize::{ByteRowsView, Space},
};
use alloc::vec::Vec;
use sanderling_kernels as kernels;

/// Vectors equal to a node that it is linked to at most: enough for a chain, and the other slots lead away.
const TWINS_MAX: usize = 4;

/// Rows that are compared with each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pairs<'a> {
    pub(super) rows: ByteRowsView<'a>,
    pub(super) space: Space,
    /// What the additional dimension has; for [`Space::Inner`] only.
    pub(super) lifts: &'a [f32],
}

impl Pairs<'_> {
    /// The key of two rows, the lower the nearer.
    pub(super) fn key(&self, a: u32, b: u32) -> f32 {
        self.key_of(a, b, kernels::dot_i8_i8(self.rows.row(a as usize), self.rows.row(b as usize)))
    }

    /// The key of two rows with that product of their bytes.
    pub(super) fn key_of(&self, a: u32, b: u32, product: i32) -> f32 {
        let (a, b) = (a as usize, b as usize);
        let product = product as f32 * (self.rows.scales[a] * self.rows.scales[b]);
        match self.space {
            Space::Inner => -(product + self.lifts[a] * self.lifts[b]),
            Space::Euclidean => self.rows.squares[a] + self.rows.squares[b] - 2.0 * product,
        }
    }

    /// A candidate for a neighbour of `node`. Among equally near ones the next by number goes first: copies of one vector
    /// are then linked one to the next, and not all to the first.
    pub(super) fn candidate(&self, node: u32, other: u32) -> u64 {
        packed(self.key(node, other), other.wrapping_sub(node))
    }

    /// What [`Self::candidate`] was made of.
    pub(super) fn other_of(node: u32, candidate: u64) -> u32 {
        (candidate as u32).wrapping_add(node)
    }

    /// Appends neighbours of `node` to `chosen`, `room` at most in all, nearest first: each candidate that is nearer to the
    /// node than to all chosen before. `chosen` may have some already. The candidates are sorted.
    pub(super) fn choose(&self, node: u32, candidates: &[u64], room: usize, chosen: &mut Vec<u32>) {
        let own = self.key(node, node);
        let mut twins = 0;
        for candidate in candidates {
            if chosen.len() >= room {
                return;
            }
            let (key, other) = (key_of(*candidate), Self::other_of(node, *candidate));
            let is_chosen = if key <= own {
                twins += 1;
                twins <= TWINS_MAX && !chosen.contains(&other)
            } else {
                chosen.iter().all(|chosen| *chosen != other && self.key(other, *chosen) >= key)
            };
            if is_chosen {
                chosen.push(other);
            }
        }
    }
}
