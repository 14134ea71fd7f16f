//! Ascending numbers in few bits: blocks of 128, the difference of each to the one four before it.
//!
//! Four lanes lie side by side, as four numbers do in a register: number i is in lane i % 4. With w bits a number a lane is w
//! words, and word k of lane l is word 4k + l of the block. A number may begin in one word and end in the next.

use wide::u32x4;

/// The numbers of a block.
pub const PACKED: usize = 128;

const LANES: usize = 4;
const PER_LANE: usize = PACKED / LANES;

/// The words of a block whose numbers have that many bits.
#[must_use]
pub const fn packed_words(width: u32) -> usize {
    LANES * width as usize
}

/// Writes a block of ascending numbers, none below `before`, and returns the bits of a number. The words are appended by
/// `push`.
pub fn pack_ascending(numbers: &[u32; PACKED], before: u32, push: &mut dyn FnMut(u32)) -> u32 {
    let mut deltas = [0_u32; PACKED];
    for (at, delta) in deltas.iter_mut().enumerate() {
        *delta = numbers[at] - if at < LANES { before } else { numbers[at - LANES] };
    }
    let width = 32 - deltas.iter().fold(0, |all, delta| all | delta).leading_zeros();
    for word in 0..width as usize {
        for lane in 0..LANES {
            // The numbers that have bits in this word of the lane.
            let (from, end) = (word * 32 / width as usize, (word * 32 + 31) / width as usize);
            let mut bits = 0_u64;
            for at in from..=end.min(PER_LANE - 1) {
                let shift = (at * width as usize) as i64 - (word * 32) as i64;
                let number = u64::from(deltas[at * LANES + lane]);
                bits |= if shift < 0 { number >> -shift } else { number << shift };
            }
            push(bits as u32);
        }
    }
    width
}

/// Reads a block that [`pack_ascending`] wrote. Numbers that are too large for 32 bits start again from 0: what comes from a file
/// must be checked by who reads it.
///
/// # Panics
///
/// Unless the width is at most 32 and there are as many words as [`packed_words`] says.
pub fn unpack_ascending(words: &[u32], width: u32, before: u32, numbers: &mut [u32; PACKED]) {
    assert!(width <= 32 && words.len() == packed_words(width));
    let (rows, _) = words.as_chunks::<LANES>();
    let (out, _) = numbers.as_chunks_mut::<LANES>();
    let mut last = u32x4::splat(before);
    if width == 0 {
        out.iter_mut().for_each(|out| *out = last.to_array());
        return;
    }
    let mask = u32x4::splat(u32::MAX >> (32 - width));
    let mut bit = 0;
    for out in out {
        let (word, shift) = (bit / 32, (bit % 32) as u32);
        let mut value = u32x4::new(rows[word]) >> shift;
        if shift + width > 32 {
            value |= u32x4::new(rows[word + 1]) << (32 - shift);
        }
        last += value & mask;
        *out = last.to_array();
        bit += width as usize;
    }
}
