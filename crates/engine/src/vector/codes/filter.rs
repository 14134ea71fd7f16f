//! Which vectors may be found, in the order of a scan: a mask for each block, so that blocks without a match are skipped.

use super::CodesView;
use crate::vector::Allowed;
use alloc::{vec, vec::Vec};
use sanderling_kernels::FAST_SCAN_VECTORS;

/// Bits of a word.
const WORD: usize = 64;

/// A filter as a scan needs it.
#[derive(Debug)]
pub(crate) struct Filter<'a> {
    codes: CodesView<'a>,
    allowed: Allowed<'a>,
    /// A bit for each vector in scan order, with an empty word behind the last; none where each vector is looked up when
    /// its turn comes.
    bits: Vec<u64>,
    /// How many those are.
    count: usize,
}

impl<'a> Filter<'a> {
    /// A filter that looks up every vector it is asked for: where more vectors pass than are asked for, that is less work
    /// than to find the place of each that passes.
    pub(crate) fn looked_up(codes: CodesView<'a>, allowed: Allowed<'a>) -> Self {
        Self { codes, allowed, bits: Vec::new(), count: 0 }
    }

    /// A filter whose matches are put into scan order beforehand.
    pub(crate) fn in_order(codes: CodesView<'a>, allowed: Allowed<'a>) -> Self {
        let mut bits = vec![0; codes.len() / WORD + 2];
        let mut count = 0;
        allowed.each(&mut |position| {
            let place = codes.places[position] as usize;
            bits[place / WORD] |= 1 << (place % WORD);
            count += 1;
        });
        Self { codes, allowed, bits, count }
    }

    /// Whether the matches are known.
    pub(crate) fn is_in_order(&self) -> bool {
        !self.bits.is_empty()
    }

    /// How many vectors pass; 0 unless they are known.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The vectors that pass, ascending; none unless they are known.
    pub(crate) fn matches(&self) -> Vec<u32> {
        let mut matches = Vec::new();
        for (first, word) in (0..).step_by(WORD).zip(&self.bits) {
            let mut rest = *word;
            while rest != 0 {
                matches.push(first + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
        matches
    }

    /// Writes the masks of a list's blocks and returns how many of its vectors pass.
    pub(crate) fn masks_of(&self, list: usize, masks: &mut Vec<u32>) -> usize {
        let end = self.codes.first_vectors[list + 1] as usize;
        let mut passing = 0;
        masks.clear();
        for from in (self.codes.first_vectors[list] as usize..end).step_by(FAST_SCAN_VECTORS) {
            let count = FAST_SCAN_VECTORS.min(end - from);
            let mask = if self.is_in_order() { self.window(from, count) } else { self.look_up(from, count) };
            passing += mask.count_ones() as usize;
            masks.push(mask);
        }
        passing
    }

    /// The bits of at most 32 vectors.
    fn window(&self, from: usize, count: usize) -> u32 {
        let (word, shift) = (from / WORD, from % WORD);
        // In two steps, because a shift by a whole word is none.
        let bits = self.bits[word] >> shift | self.bits[word + 1] << 1 << (WORD - 1 - shift);
        bits as u32 & (u32::MAX >> (FAST_SCAN_VECTORS - count))
    }

    fn look_up(&self, from: usize, count: usize) -> u32 {
        let (rows, words) = (self.allowed.rows, self.allowed.passing.words());
        // Rows ascend: where there are as many as the segment has, each is at its own number.
        let is_whole = rows.len() == self.allowed.passing.rows();
        let mut mask = 0;
        for (slot, position) in self.codes.positions[from..from + count].iter().enumerate() {
            let row = if is_whole { *position } else { rows[*position as usize] } as usize;
            mask |= ((words[row / WORD] >> (row % WORD)) as u32 & 1) << slot;
        }
        mask
    }
}
