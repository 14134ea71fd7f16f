//! What stands beside the column of a field, and which index a column gets.

use super::{CodesView, Depth, RECALLS};
use sanderling_kernels as kernels;

/// What stands beside the column of a field.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant, reason = "a view that lives as long as one search")]
pub enum VectorIndex<'a> {
    /// Nothing: every search compares in full.
    None,
    /// Codes in one list or many, with what was measured of them.
    Codes {
        /// The codes.
        codes: CodesView<'a>,
        /// How deep to search for each of [`RECALLS`].
        depths: &'a [Depth; RECALLS.len()],
    },
}

/// Vectors below which one list is scanned as fast as the right ones of many are found.
const FLAT_BELOW: usize = 2_000;

/// Lists for the square root of the number of vectors.
const LISTS_PER_ROOT: usize = 3;

/// The number of lists for that many vectors.
#[must_use]
pub fn lists_for(vectors: usize) -> usize {
    if vectors < FLAT_BELOW { 1 } else { kernels::square_root(vectors as f32) as usize * LISTS_PER_ROOT }
}
