//! Words within a few typos of another: optimal string alignment, where a swap of neighbours is one typo.
//!
//! The distances of all beginnings of a word to all beginnings of the pattern are a table, row by row. Entries far from the
//! diagonal are out of reach, so a row is five bits for each number of typos: which beginnings of the pattern are at most so
//! far away. In a sorted dictionary words that begin alike share the first rows; a beginning whose row has no bit rules out
//! all words that begin so, and the walk goes on at the next beginning that is not ruled out: where no more typos may be
//! made, only the letters of the pattern can go on.

use super::dictionary::{DictionaryView, common_prefix};
use crate::attributes::checked_text;
use alloc::{vec, vec::Vec};

/// The most typos that can be looked for.
const REACH_MAX: usize = 2;
/// The entries of a row that can be within reach, those around the diagonal.
const NEAR: usize = 2 * REACH_MAX + 1;
/// No character.
const NONE: u32 = u32::MAX;

/// A word to compare with, and the rows for the word that is looked at.
#[derive(Clone, Debug)]
pub struct Fuzzy {
    /// Its characters, each as the number that its bytes are; some of [`NONE`] before and behind them.
    pattern: Vec<u32>,
    length: usize,
    reach: usize,
    /// As much of the present word as there are rows for.
    word: Vec<u8>,
    /// A row for each beginning of the present word, the empty one too.
    rows: Vec<Row>,
}

/// The row of a beginning of a word with `at` characters.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    /// Where it ends.
    end: usize,
    /// Its last character.
    last: u32,
    /// Where the pattern has that character: bit `n` is for the one of number `at - 2 - REACH_MAX + n`.
    same: u8,
    /// For each number of typos which beginnings of the pattern are so near: bit `n` is for that with `at - REACH_MAX + n`
    /// characters.
    near: [u8; REACH_MAX + 1],
}

impl Fuzzy {
    /// Words at most `reach` typos away from the pattern, two at most.
    #[must_use]
    pub fn new(pattern: &str, reach: u8) -> Self {
        let mut all = vec![NONE; REACH_MAX + 1];
        let (mut rest, mut length) = (pattern.as_bytes(), 0);
        while let Some((character, behind)) = next_character(rest) {
            all.push(character);
            (rest, length) = (behind, length + 1);
        }
        all.extend([NONE; NEAR + 3]);
        let mut first = Row::default();
        for (typos, near) in first.near.iter_mut().enumerate() {
            // Letters left out.
            *near = ((1 << (typos.min(length) + 1)) - 1) << REACH_MAX;
        }
        Self { pattern: all, length, reach: usize::from(reach).min(REACH_MAX), word: Vec::new(), rows: vec![first] }
    }

    fn last(&self) -> Row {
        self.rows[self.rows.len() - 1]
    }

    /// Whether the present word is out of reach, however it goes on.
    fn is_ruled_out(&self) -> bool {
        self.last().near[self.reach] == 0
    }

    /// Goes on to another word, which ends before a byte of 0; says how many typos it is away.
    pub fn distance(&mut self, word: &[u8]) -> Option<u8> {
        let shared = common_prefix(&self.word, word);
        while self.last().end > shared {
            self.rows.pop();
        }
        let mut end = self.last().end;
        self.word.truncate(end);
        let mut is_whole = false;
        while !self.is_ruled_out() && !is_whole {
            match next_character(&word[end..]) {
                Some((character, behind)) => {
                    end = word.len() - behind.len();
                    self.add_row(character, end);
                }
                None => is_whole = true,
            }
        }
        self.word.extend_from_slice(&word[self.word.len()..end]);
        // The bit of the whole pattern.
        let (bit, near) = ((self.length + REACH_MAX + 1).wrapping_sub(self.rows.len()), self.last().near);
        let typos = (0..=self.reach).find(|typos| bit < NEAR && near[*typos] >> bit & 1 > 0);
        typos.filter(|_| is_whole).map(|typos| typos as u8)
    }

    /// Adds the row of one more character, which ends there, to one that is not ruled out.
    fn add_row(&mut self, character: u32, end: usize) {
        let (at, row) = (self.rows.len() - 1, self.last());
        let before = self.rows[at.saturating_sub(1)];
        let mut same = 0;
        for (bit, other) in self.pattern[at..at + NEAR + 2].iter().enumerate() {
            same |= u8::from(*other == character) << bit;
        }
        let swapped = same & row.same >> 2;
        // Those that are as long as the pattern at most.
        let inside = ((1_u32 << (self.length + REACH_MAX - at).min(NEAR)) - 1) as u8;
        let mut near = [0; REACH_MAX + 1];
        near[0] = row.near[0] & same >> 1;
        for typos in 1..=self.reach {
            let (kept, fewer) = (row.near[typos] & same >> 1, typos - 1);
            let (replaced, stray, left_out) = (row.near[fewer], row.near[fewer] >> 1, near[fewer] << 1);
            near[typos] = (kept | replaced | stray | left_out | before.near[fewer] & swapped) & inside;
        }
        self.rows.push(Row { end, last: character, same, near });
    }

    /// Writes the least text behind those that begin as the present word does as far as it is ruled out, and not ruled out
    /// itself; says whether there is one.
    fn next_near(&self, text: &mut Vec<u8>) -> bool {
        for at in (1..self.rows.len()).rev() {
            // The beginning without its last letter, and the least letter that may follow instead.
            let (above, row) = (self.rows[at - 1], self.rows[at]);
            let fewer = self.reach.checked_sub(1);
            let before = self.rows[at.saturating_sub(2)];
            if fewer.is_some_and(|fewer| above.near[fewer] > 0) {
                text.clear();
                text.extend_from_slice(&self.word[..row.end]);
                // One more typo: any letter. Those of a character's bytes that are one more stand behind all with these.
                text[row.end - 1] += 1;
                return true;
            }
            let swapped = fewer.map_or(0, |fewer| before.near[fewer] & above.same >> 2);
            let mut next = NONE;
            for bit in 0..NEAR {
                for (letters, letter) in [(above.near[self.reach], at + bit), (swapped, at + bit - 1)] {
                    let letter = self.pattern[letter];
                    if letters >> bit & 1 > 0 && letter > row.last {
                        next = next.min(letter);
                    }
                }
            }
            if next != NONE {
                text.clear();
                text.extend_from_slice(&self.word[..above.end]);
                text.extend(next.to_be_bytes().into_iter().filter(|byte| *byte > 0));
                return true;
            }
        }
        false
    }
}

/// The first character as the number that its bytes are, which is in order too, and what is behind it; none at the end.
fn next_character(text: &[u8]) -> Option<(u32, &[u8])> {
    let first = text.first().filter(|first| **first > 0)?;
    let length = if *first < 0x80 { 1 } else { first.leading_ones() as usize };
    let (character, rest) = text.split_at_checked(length)?;
    Some((character.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)), rest))
}

impl DictionaryView<'_> {
    /// Calls `found` with the number, the text and the distance of each term that is within reach of the pattern, as far as
    /// it goes to a byte of 0.
    pub fn similar(&self, pattern: &str, reach: u8, found: &mut dyn FnMut(usize, &str, u8)) {
        let (mut fuzzy, mut text) = (Fuzzy::new(pattern, reach), Vec::new());
        let mut terms = self.walk();
        while let Some((number, term)) = terms.next() {
            if let Some(distance) = fuzzy.distance(term) {
                found(number, checked_text(term), distance);
            }
            if fuzzy.is_ruled_out() {
                if !fuzzy.next_near(&mut text) {
                    return;
                }
                terms.seek(&text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::index::DictionaryWriter;
    use alloc::{string::String, vec, vec::Vec};

    /// The definition: the whole table.
    fn by_definition(a: &str, b: &str) -> usize {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let mut best = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    best = best.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        best = best.min(table[i - 2][j - 2] + 1);
                    }
                    best
                };
            }
        }
        table[a.len()][b.len()]
    }

    /// Words over few letters, so that many are near each other.
    fn words(count: usize, seed: u32) -> Vec<String> {
        let mut state = seed;
        let mut next = |end: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % end
        };
        let letters = ['a', 'b', 'c', 'é', '東'];
        let mut words: Vec<String> =
            (0..count).map(|_| (0..1 + next(9)).map(|_| letters[next(5) as usize]).collect()).collect();
        words.sort();
        words.dedup();
        words
    }

    #[test]
    fn a_dictionary_gives_what_a_comparison_of_all_words_gives() {
        let terms = words(4_000, 1);
        let mut writer = DictionaryWriter::default();
        terms.iter().for_each(|term| writer.push(term.as_bytes()));
        for pattern in words(60, 2).iter().map(String::as_str).chain(["", "b", "cab東", "abcabcabcabcabc"]) {
            for reach in 0..=2 {
                let mut found = Vec::new();
                writer.view().similar(pattern, reach, &mut |number, _, distance| found.push((number, distance)));
                let mut expected = Vec::new();
                for (number, term) in terms.iter().enumerate() {
                    let distance = by_definition(term, pattern);
                    if distance <= usize::from(reach) {
                        expected.push((number, distance as u8));
                    }
                }
                assert_eq!(found, expected, "{pattern} {reach}");
            }
        }
    }

    #[test]
    fn swaps_drops_and_doubles_are_one_typo() {
        for (word, pattern, distance) in [
            ("shore", "shroe", 1),
            ("shore", "shre", 1),
            ("shore", "shhore", 1),
            ("shore", "chore", 1),
            ("ab", "ba", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(by_definition(word, pattern), distance);
            let found = Fuzzy::new(pattern, 2).distance(word.as_bytes());
            assert_eq!(found, Some(distance as u8).filter(|distance| *distance <= 2));
        }
    }
}
