//! Which vectors may be found, in the order of a scan: a mask for each block, so that blocks without a match are skipped.

use super::CodesView;
use crate::{ids::RowId, vector::Allowed};
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
        let mut filter = Self { codes, allowed, bits: vec![0; codes.len() / WORD + 2], count: 0 };
        if filter.is_whole() {
            filter.count = allowed.passing.mark_places(codes.places.all(), &mut filter.bits);
        } else {
            allowed.passing.iter().for_each(|row| filter.add(row));
        }
        filter
    }

    /// Adds the vector of a row, if it has one.
    #[inline]
    fn add(&mut self, row: RowId) {
        if let Some(position) = self.allowed.column.position(row) {
            let place = self.codes.places[position] as usize;
            if let Some(word) = self.bits.get_mut(place / WORD) {
                *word |= 1 << (place % WORD);
                self.count += 1;
            }
        }
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

    /// Writes the masks of a list's blocks and returns how many of its own vectors pass. Copies have a bit in any case: they lie
    /// anywhere, and [`Self::has`] for those that are found is less work.
    pub(crate) fn masks_of(&self, list: usize, masks: &mut Vec<u32>) -> usize {
        let slots = self.codes.slots(list);
        let mut own = 0;
        masks.clear();
        masks.resize(slots.total.div_ceil(FAST_SCAN_VECTORS), 0);
        for (from, mask) in (0..).step_by(FAST_SCAN_VECTORS).zip(masks.iter_mut()) {
            let [owned, all] = [slots.own, slots.total].map(|end| end.saturating_sub(from).min(FAST_SCAN_VECTORS));
            if owned > 0 {
                let first = slots.first as usize + from;
                *mask = if self.is_in_order() { self.window(first, owned) } else { self.look_up(first, owned) };
                own += mask.count_ones() as usize;
            }
            *mask |= first_bits(all) & !first_bits(owned);
        }
        own
    }

    /// Whether a vector of which a copy was found passes.
    pub(crate) fn has(&self, vector: u32) -> bool {
        if self.is_in_order() {
            return self.word(vector as usize / WORD) >> (vector as usize % WORD) & 1 == 1;
        }
        self.allowed.passing.contains(self.row(self.codes.positions[vector as usize]))
    }

    /// Whether each row has a vector: rows ascend, so where there are as many as the segment has, each is at its own number.
    fn is_whole(&self) -> bool {
        self.allowed.column.len() == self.allowed.passing.rows()
    }

    /// The row of a position.
    #[inline]
    fn row(&self, position: u32) -> RowId {
        if self.is_whole() { RowId(position) } else { self.allowed.column.row(position as usize) }
    }

    fn word(&self, at: usize) -> u64 {
        self.bits.get(at).copied().unwrap_or(0)
    }

    /// The bits of at most 32 vectors.
    fn window(&self, from: usize, count: usize) -> u32 {
        let (word, shift) = (from / WORD, from % WORD);
        // In two steps, because a shift by a whole word is none.
        let bits = self.word(word) >> shift | self.word(word + 1) << 1 << (WORD - 1 - shift);
        bits as u32 & first_bits(count)
    }

    fn look_up(&self, from: usize, count: usize) -> u32 {
        let mut rows = [0; FAST_SCAN_VECTORS];
        let positions = self.codes.positions.part(from, count);
        for (row, position) in rows.iter_mut().zip(positions) {
            *row = self.row(*position).0;
        }
        self.allowed.passing.has_each(&rows[..positions.len()])
    }
}

/// The lowest bits, at most 32.
fn first_bits(count: usize) -> u32 {
    ((1_u64 << count) - 1) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rows::RowSet,
        stored::Stored,
        vector::{
            Metric, Quantizer, VectorColumn,
            codes::{ByteRows, Codes},
        },
    };

    const LISTS: [u32; 6] = [5, 0, 70, 32, 1, 92];

    /// 200 vectors in lists of odd lengths, the last ones of each copied to the next.
    fn made() -> Codes {
        let quantizer = Quantizer::new(8, Metric::Cosine).expect("cosine has codes");
        let mut bytes = ByteRows::new(8);
        LISTS.iter().for_each(|_| bytes.push(&[1.0; 8]));
        let mut codes = Codes::around(&quantizer, &[1.0; 8 * LISTS.len()], bytes);
        let mut next = 0;
        for length in LISTS {
            if next > 0 {
                codes.next_list();
            }
            for vector in next..next + length {
                codes.push(&quantizer, &[0.5; 8], &[1.0; 8], (vector * 77) % 200);
            }
            next += length;
            (next.saturating_sub(7)..next).for_each(|vector| {
                codes.push_copy(&quantizer, &[0.5; 8], &[1.0; 8], 199 - vector);
            });
        }
        codes
    }

    #[test]
    fn matches_in_order_are_those_that_are_looked_up() {
        let codes = made();
        let codes = codes.view();
        let (rows, norms): (Vec<u32>, Vec<f32>) = ((0..200).collect(), vec![1.0; 200]);
        for one_in in [1, 2, 3, 50] {
            let passing = RowSet::matching(200, &mut |row| (row.0 * 31) % one_in == 0);
            let column = VectorColumn {
                dimensions: 8,
                rows: (&rows).into(),
                values: Stored::NONE.into(),
                norms: (&norms).into(),
            };
            let allowed = Allowed { column, passing: &passing };
            let (ordered, looked_up) = (Filter::in_order(codes, allowed), Filter::looked_up(codes, allowed));
            let passes = |vector: u32| passing.contains(RowId(codes.positions[vector as usize]));
            assert_eq!(ordered.matches(), (0..200).filter(|vector| passes(*vector)).collect::<Vec<_>>());
            assert_eq!(ordered.count(), passing.count());
            for list in 0..codes.lists() {
                let (mut masks, mut others) = (Vec::new(), Vec::new());
                let own = ordered.masks_of(list, &mut masks);
                assert_eq!(own, looked_up.masks_of(list, &mut others));
                let slots = codes.slots(list);
                for slot in 0..masks.len() * FAST_SCAN_VECTORS {
                    let has = |masks: &[u32]| masks[slot / FAST_SCAN_VECTORS] >> (slot % FAST_SCAN_VECTORS) & 1 == 1;
                    let expected = slot < slots.total && passes(slots.vector(slot));
                    let is_copy = (slots.own..slots.total).contains(&slot);
                    let finds =
                        |filter: &Filter<'_>, masks: &[u32]| has(masks) && (!is_copy || filter.has(slots.vector(slot)));
                    assert_eq!(finds(&ordered, &masks), expected, "{list} {slot}");
                    assert_eq!(finds(&looked_up, &others), expected, "{list} {slot}");
                    assert!(slot >= slots.total || ordered.has(slots.vector(slot)) == passes(slots.vector(slot)));
                }
            }
        }
    }
}
