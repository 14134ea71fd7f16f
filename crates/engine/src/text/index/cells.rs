//! What a posting can score at most, in one byte.
//!
//! A cell has a code for how often the term stands in the row (exact up to [`EXACT_MAX`]) and one for the length of the row's
//! text, in bins around the average of the segment. Cells only rule candidates out: a score that is reported is computed from
//! the true numbers. The best cells of a block are those that no other of the block beats in both codes; four are kept.

/// Counts up to this one have a code of their own.
pub const EXACT_MAX: u32 = 8;

/// The first count of each code; the last code has no end.
const COUNTS: [u32; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15, 21, 31, 51, 91, 171];

/// Bins of lengths, in 64ths of the average.
const BINS: [u64; 16] = [0, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 512, 1024];

/// The shortest length of each bin, for a segment with so many terms in so many rows that have the field.
#[must_use]
pub fn length_bins(terms: u64, rows: u64) -> [u32; 16] {
    BINS.map(|part| (terms * part / (64 * rows.max(1))).min(u64::from(u32::MAX)) as u32)
}

/// The cell of a posting.
#[must_use]
pub fn cell_of(count: u32, length: u32, bins: &[u32; 16]) -> u8 {
    let last_of = |table: &[u32; 16], number| table.partition_point(|first| *first <= number).max(1) as u8 - 1;
    last_of(&COUNTS, count) << 4 | last_of(bins, length)
}

/// The count of a cell if it tells it.
#[must_use]
pub fn exact_count(cell: u8) -> Option<u32> {
    let count = u32::from(cell >> 4) + 1;
    (count <= EXACT_MAX).then_some(count)
}

/// The largest count and the shortest length that a cell can stand for.
#[must_use]
pub fn best_of(cell: u8, bins: &[u32; 16]) -> (u32, u32) {
    let code = usize::from(cell >> 4);
    (COUNTS.get(code + 1).map_or(u32::MAX, |next| next - 1), bins[usize::from(cell & 15)])
}

/// The best cells so far: four bytes, the rarest counts first; unused ones repeat the last.
#[derive(Clone, Copy, Debug, Default)]
pub struct BestCells {
    /// For each code of a count the lowest code of a length, and one more where there is none.
    lowest: [u8; 16],
    is_any: bool,
}

impl BestCells {
    /// Takes a cell.
    pub fn add(&mut self, cell: u8) {
        if !self.is_any {
            self.lowest = [16; 16];
            self.is_any = true;
        }
        let lowest = &mut self.lowest[usize::from(cell >> 4)];
        *lowest = (*lowest).min(cell & 15);
    }

    /// Four cells, at least one of which is as good as each that was added.
    #[must_use]
    pub fn packed(&self) -> u32 {
        let (mut cells, mut used) = ([0_u8; 4], 0);
        let mut shortest = 16;
        for count in (0..16).rev() {
            if self.is_any && self.lowest[count as usize] < shortest {
                shortest = self.lowest[count as usize];
                if used == cells.len() {
                    // No room: the last one must cover this one too.
                    cells[used - 1] = cells[used - 1] & 0xf0 | shortest;
                } else {
                    cells[used] = count << 4 | shortest;
                    used += 1;
                }
            }
        }
        for slot in used..cells.len() {
            cells[slot] = cells[used.max(1) - 1];
        }
        u32::from_le_bytes(cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_worse_than_its_posting() {
        let bins = length_bins(1_000, 20);
        for count in (1..300).chain([1_000, u32::MAX]) {
            for length in (0..2_000).chain([u32::MAX - 1]) {
                let cell = cell_of(count, length, &bins);
                let (most, shortest) = best_of(cell, &bins);
                assert!(most >= count && shortest <= length, "{count} in {length}");
                assert_eq!(exact_count(cell), (count <= EXACT_MAX).then_some(count));
            }
        }
    }

    #[test]
    fn the_best_cells_cover_all_that_were_added() {
        let mut state = 1_u32;
        for size in 1..200 {
            let mut best = BestCells::default();
            let mut cells = alloc::vec::Vec::new();
            for _ in 0..size {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let cell = (state >> 24) as u8;
                best.add(cell);
                cells.push(cell);
            }
            let kept = best.packed().to_le_bytes();
            for cell in cells {
                let covers = |kept: &u8| kept >> 4 >= cell >> 4 && kept & 15 <= cell & 15;
                assert!(kept.iter().any(covers), "{cell:x} by {kept:x?}");
            }
        }
    }
}
