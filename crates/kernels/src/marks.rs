//! Marks of rows, a bit each: row `r` is bit `r % 64` of word `r / 64`. Filters and counts go through them for every row, so
//! these loops are here, where code is made for speed in wasm too.

use wide::u32x4;

/// The rows of a word.
const WORD: usize = 64;

/// Marks the rows whose number is one of `count` from `first` on, and takes the mark from all others.
#[inline(never)]
pub fn mark_between(numbers: &[u32], first: u32, count: u32, marks: &mut [u64]) {
    let (firsts, counts) = (u32x4::splat(first), u32x4::splat(count));
    for (mark, numbers) in marks.iter_mut().zip(numbers.chunks(WORD)) {
        let (fours, rest) = numbers.as_chunks::<4>();
        let mut word = 0;
        for (four, at) in fours.iter().zip((0..).step_by(4)) {
            word |= u64::from((u32x4::new(*four) - firsts).simd_lt(counts).to_bitmask()) << at;
        }
        for (number, at) in rest.iter().zip(4 * fours.len()..) {
            word |= u64::from(number.wrapping_sub(first) < count) << at;
        }
        *mark = word;
    }
}

/// Marks rows, and says whether all of them are below `bound`; others get no mark.
#[must_use]
#[inline(never)]
pub fn mark_rows(rows: &[u32], bound: usize, marks: &mut [u64]) -> bool {
    let mut exist = true;
    for row in rows {
        match marks.get_mut(*row as usize / WORD) {
            Some(word) if (*row as usize) < bound => *word |= 1 << (row % WORD as u32),
            _ => exist = false,
        }
    }
    exist
}

/// Which of at most 32 rows have a mark, a bit each in their order.
#[must_use]
#[inline(never)]
pub fn marks_of(rows: &[u32], marks: &[u64]) -> u32 {
    let bit = |row: u32| marks.get(row as usize / WORD).map_or(0, |word| (word >> (row % WORD as u32)) as u32 & 1);
    rows.iter().take(32).zip(0..).fold(0, |mask, (row, at)| mask | bit(*row) << at)
}

/// Marks the places of the rows that have a mark, and counts them: row `r` has place `places[r]`. What lies beyond an array is
/// left out.
#[inline(never)]
pub fn mark_places(marks: &[u64], places: &[u32], out: &mut [u64]) -> usize {
    let mut count = 0;
    for (word, places) in marks.iter().zip(places.chunks(WORD)) {
        let mut rest = *word;
        while rest != 0 {
            let place = places.get(rest.trailing_zeros() as usize);
            rest &= rest - 1;
            if let Some(place) = place
                && let Some(out) = out.get_mut(*place as usize / WORD)
            {
                *out |= 1 << (place % WORD as u32);
                count += 1;
            }
        }
    }
    count
}

/// Counts the codes of the rows that have a mark. Row `r` has the codes `offsets[r]..offsets[r + 1]`; without offsets code
/// `r`. What lies beyond an array counts nothing.
#[inline(never)]
pub fn count_codes(marks: &[u64], offsets: &[u32], codes: &[u32], counts: &mut [u32]) {
    let mut count = |code: u32| {
        if let Some(count) = counts.get_mut(code as usize) {
            *count += 1;
        }
    };
    let bits = |mut word: u64| {
        core::iter::from_fn(move || {
            let at = word.trailing_zeros() as usize;
            word &= word.wrapping_sub(1);
            (at < WORD).then_some(at)
        })
    };
    if offsets.is_empty() {
        for (word, codes) in marks.iter().zip(codes.chunks(WORD)) {
            bits(*word).filter_map(|at| codes.get(at)).for_each(|code| count(*code));
        }
        return;
    }
    for (word, first) in marks.iter().zip((0..).step_by(WORD)) {
        for row in bits(*word).map(|at| first + at) {
            if let Some([from, to]) = offsets.get(row..).and_then(|offsets| offsets.first_chunk()) {
                codes.get(*from as usize..*to as usize).unwrap_or_default().iter().for_each(|code| count(*code));
            }
        }
    }
}
