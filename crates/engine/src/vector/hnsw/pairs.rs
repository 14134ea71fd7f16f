//! How two rows are compared, and which of many rows become neighbours.

use super::mixed;
use crate::vector::{
    nearest::{key_of, packed},
    quantize::{ByteRowsView, Space},
};
use alloc::vec::Vec;
use sanderling_kernels as kernels;

/// Vectors at least as near to a node as it is to itself that it is linked to at most: equal ones, of which these are
/// enough for a chain, and by inner product longer ones, all of which are near to each other too.
const TWINS_MAX: usize = 4;

/// Neighbours below which a node gets some from anywhere.
const NEIGHBOURS_MIN: usize = TWINS_MAX + 1;

/// Nodes from anywhere that are looked at then.
const STRANGERS: u64 = 24;

/// Rows that are compared with each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pairs<'a> {
    pub(super) rows: ByteRowsView<'a>,
    pub(super) space: Space,
}

impl Pairs<'_> {
    /// The key of two rows, the lower the nearer.
    pub(super) fn key(&self, a: u32, b: u32) -> f32 {
        let product = kernels::dot_i8_i8(self.rows.row(a as usize), self.rows.row(b as usize));
        let ((a_scale, a_squared), (b_scale, b_squared)) = (self.terms(a), self.terms(b));
        a_squared + b_squared + self.factor() * (product as f32 * (a_scale * b_scale))
    }

    /// What of a row is in a key beside its bytes: the step of the bytes and the square, which an inner product does not
    /// have.
    pub(super) fn terms(&self, at: u32) -> (f32, f32) {
        let squared = if self.space == Space::Inner { 0.0 } else { self.rows.squares[at as usize] };
        (self.rows.scales[at as usize], squared)
    }

    /// The keys of a row and many, from the products of their bytes and the terms of those, in one loop of wide registers.
    pub(super) fn keys_of(&self, at: u32, products: &[i32], scales: &[f32], squares: &[f32], keys: &mut Vec<f32>) {
        let (scale, squared) = self.terms(at);
        let factor = self.factor();
        keys.clear();
        let others = products.iter().zip(scales.iter().zip(squares));
        keys.extend(others.map(|(product, other)| squared + other.1 + factor * (*product as f32 * (scale * other.0))));
    }

    /// What the inner product counts in a key.
    fn factor(&self) -> f32 {
        if self.space == Space::Inner { -1.0 } else { -2.0 }
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

    /// Adds neighbours from anywhere to a node that has next to none, for it may be one of so many copies that all of its
    /// candidates are copies too. `anyone` gives a node for a random number.
    pub(super) fn choose_strangers(&self, node: u32, anyone: &dyn Fn(u64) -> u32, chosen: &mut Vec<u32>) {
        if chosen.len() < NEIGHBOURS_MIN {
            let mut candidates = crate::lists::map(0..STRANGERS, |stranger| {
                self.candidate(node, anyone(mixed(stranger << 32 | u64::from(node)) >> 1))
            });
            crate::order::sort(&mut candidates);
            candidates.retain(|candidate| Self::other_of(node, *candidate) != node);
            self.choose(node, &candidates, NEIGHBOURS_MIN + TWINS_MAX, chosen);
        }
    }
}
