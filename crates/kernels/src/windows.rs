//! Sums over a window of rows, one byte each: what the terms of a query can score at most in each row.

use wide::u8x16;

/// The rows of a window. Windows begin at multiples of it.
pub const WINDOW: usize = 4_096;

/// The rows of a chunk of a window.
pub const CHUNK: usize = 64;

/// What [`add_cells`] has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Rows whose sum was 0 before.
    pub new: usize,
    /// Chunks with a row whose sum has reached the least one, one bit each.
    pub reached: u64,
}

/// Adds to the sum of each row what the table has for its cell, but no more than a byte holds; a row stands at its number
/// modulo [`WINDOW`]. No cell that is there may have a 0: its row would be new again.
pub fn add_cells(rows: &[u32], cells: &[u8], table: &[u8; 256], least: u8, sums: &mut [u8; WINDOW], added: &mut Added) {
    for (row, cell) in rows.iter().zip(cells) {
        let at = *row as usize % WINDOW;
        let sum = sums[at].saturating_add(table[usize::from(*cell)]);
        added.new += usize::from(sums[at] == 0);
        added.reached |= u64::from(sum >= least) << (at / CHUNK);
        sums[at] = sum;
    }
}

/// Which sums of a chunk are at least so high, one bit each.
#[must_use]
pub fn reaching(sums: &[u8; CHUNK], least: u8) -> u64 {
    let least = u8x16::splat(least);
    let mut bits = 0;
    for (at, sums) in sums.as_chunks::<16>().0.iter().enumerate() {
        let sums = u8x16::new(*sums);
        bits |= u64::from(sums.max(least).simd_eq(sums).to_bitmask()) << (16 * at);
    }
    bits
}
