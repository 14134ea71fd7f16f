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

    /// Writes the masks of a list's blocks and returns how many of its slots pass, and how many own vectors.
    pub(crate) fn masks_of(&self, list: usize, masks: &mut Vec<u32>) -> (usize, usize) {
        let slots = self.codes.slots(list);
        let (mut passing, mut own) = (0, 0);
        masks.clear();
        for from in (0..slots.total).step_by(FAST_SCAN_VECTORS) {
            let mut mask = 0;
            if from < slots.own {
                let count = FAST_SCAN_VECTORS.min(slots.own - from);
                let first = slots.first as usize + from;
                mask = if self.is_in_order() { self.window(first, count) } else { self.look_up(first, count) };
                own += mask.count_ones() as usize;
            }
            for slot in from.max(slots.own)..slots.total.min(from + FAST_SCAN_VECTORS) {
                mask |= u32::from(self.has(slots.vector(slot) as usize)) << (slot - from);
            }
            passing += mask.count_ones() as usize;
            masks.push(mask);
        }
        (passing, own)
    }

    /// Whether one vector passes.
    fn has(&self, vector: usize) -> bool {
        if self.is_in_order() {
            self.bits[vector / WORD] >> (vector % WORD) & 1 == 1
        } else {
            self.look_up(vector, 1) == 1
        }
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
