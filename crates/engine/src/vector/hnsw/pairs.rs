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
    fn key_of(&self, a: u32, b: u32, product: i32) -> f32 {
        let ((a_scale, a_beside), (b_scale, b_beside)) = (self.terms(a), self.terms(b));
        let product = product as f32 * (a_scale * b_scale);
        match self.space {
            Space::Inner => -(product + a_beside * b_beside),
            Space::Euclidean => a_beside + b_beside - 2.0 * product,
        }
    }

    /// What of a row is in a key beside its bytes: the step of the bytes, and the additional dimension or the square.
    pub(super) fn terms(&self, at: u32) -> (f32, f32) {
        let at = at as usize;
        let beside = if self.space == Space::Inner { self.lifts[at] } else { self.rows.squares[at] };
        (self.rows.scales[at], beside)
    }

    /// The keys of a row and many, from the products of their bytes and the terms of those, in one loop of wide registers.
    pub(super) fn keys_of(&self, at: u32, products: &[i32], scales: &[f32], beside: &[f32], keys: &mut Vec<f32>) {
        let (own_scale, own_beside) = self.terms(at);
        keys.clear();
        let others = products.iter().zip(scales.iter().zip(beside));
        match self.space {
            Space::Inner => keys.extend(others.map(|(product, (scale, beside))| {
                -(*product as f32 * (own_scale * scale) + own_beside * beside)
            })),
            Space::Euclidean => keys.extend(others.map(|(product, (scale, beside))| {
                own_beside + beside - 2.0 * (*product as f32 * (own_scale * scale))
            })),
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
