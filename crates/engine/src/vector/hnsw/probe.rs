//! What a walk compares nodes with: a query or a row, by bytes or by bits.

use super::pairs::Pairs;
use crate::vector::quantize::{BitQuery, BitRowsView, ByteRowsView, PreparedQuery, Space};
use alloc::vec::Vec;

/// The middle of the seven bits of a query's byte.
const MIDDLE: i32 = 64;

/// Errors of an estimate that are as much as a slack of 1: next to none is as large.
const ERRORS: f32 = 4.0;

/// The vectors that the nodes of a graph stand for, in the order of the column.
#[derive(Clone, Copy, Debug)]
pub enum GraphRows<'a> {
    /// A byte a dimension.
    Bytes(ByteRowsView<'a>),
    /// A bit a dimension.
    Bits(BitRowsView<'a>),
}

/// What nodes are compared with.
#[derive(Debug)]
pub(super) enum Probe<'a> {
    Bytes(ByteProbe<'a>),
    Bits(BitRowsView<'a>, BitQuery),
}

#[derive(Debug)]
pub(super) struct ByteProbe<'a> {
    rows: ByteRowsView<'a>,
    space: Space,
    bytes: &'a [u8],
    scale: f32,
    squared: f32,
}

impl<'a> Probe<'a> {
    pub(super) fn of_query(rows: GraphRows<'a>, query: &'a PreparedQuery) -> Self {
        let PreparedQuery { space, squared, bytes, scale, .. } = query;
        match rows {
            GraphRows::Bytes(rows) => {
                Self::Bytes(ByteProbe { rows, space: *space, bytes, scale: *scale, squared: *squared })
            }
            GraphRows::Bits(rows) => Self::Bits(rows, rows.prepare(query)),
        }
    }

    /// A row that looks for its neighbours. `bytes` are written over.
    pub(super) fn of_row(pairs: Pairs<'a>, at: u32, bytes: &'a mut Vec<u8>) -> Self {
        let Pairs { rows, space } = pairs;
        let at = at as usize;
        bytes.clear();
        // From 127 steps on either side to 63.
        bytes.extend(rows.row(at).iter().map(|byte| ((i32::from(*byte) + 128) / 2).max(1) as u8));
        Self::Bytes(ByteProbe { rows, space, bytes, scale: rows.scales[at] * 2.0, squared: rows.squares[at] })
    }

    /// What the slack is a part of, for the node with that key: its squared distance, or half of it; of bits what the
    /// estimate may be wrong by. It is not below 0, whatever rounding did.
    pub(super) fn distance(&self, key: f32, at: u32) -> f32 {
        let distance = match self {
            Self::Bytes(bytes) => bytes.distance(key, at),
            Self::Bits(rows, query) => rows.error(query, at) * ERRORS,
        };
        if distance > 0.0 { distance } else { 0.0 }
    }

    /// Writes the keys of nodes.
    pub(super) fn keys(&self, nodes: &[u32], keys: &mut Vec<f32>) {
        keys.clear();
        match self {
            Self::Bytes(bytes) => bytes.add_keys(nodes, keys),
            Self::Bits(rows, query) => rows.add_keys(query, nodes, keys),
        }
    }
}

impl ByteProbe<'_> {
    fn key(&self, at: u32, product: i32) -> f32 {
        let at = at as usize;
        // The sum may come from a file that was tampered with: then the answer is wrong, but there is one.
        let product = product.wrapping_sub(MIDDLE.wrapping_mul(self.rows.sums[at])) as f32;
        let product = product * (self.scale * self.rows.scales[at]);
        match self.space {
            Space::Inner => -product,
            Space::Euclidean => self.rows.squares[at] + self.squared - 2.0 * product,
        }
    }

    fn distance(&self, key: f32, at: u32) -> f32 {
        match self.space {
            Space::Inner => (self.squared + self.rows.squares[at as usize]) / 2.0 + key,
            Space::Euclidean => key,
        }
    }

    /// Four at a time.
    fn add_keys(&self, nodes: &[u32], keys: &mut Vec<f32>) {
        // All rows come from memory at the same time and not one after the other.
        nodes.iter().for_each(|at| self.rows.prefetch(*at));
        for nodes in nodes.chunks(4) {
            // Four cost hardly more than one: the first again fills a gap.
            let four = [0, 1, 2, 3].map(|at| *nodes.get(at).unwrap_or(&nodes[0]));
            let products = self.rows.products(self.bytes, four);
            for (at, product) in nodes.iter().zip(products) {
                keys.push(self.key(*at, product));
            }
        }
    }
}
