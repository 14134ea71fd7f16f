//! Words within a few typos of another: optimal string alignment, where a swap of neighbours is one typo.
//!
//! The distances of all beginnings of a word to all beginnings of the pattern are a table, row by row. In a sorted dictionary
//! words that begin alike share the first rows; a beginning whose row has no entry within reach rules out all words that begin
//! so, and the walk goes on at the next beginning that is not ruled out: where no more typos may be made, only the letters of
//! the pattern can go on. Entries far from the diagonal are out of reach and are not computed.

use super::dictionary::DictionaryView;
use alloc::vec::Vec;

/// A word to compare with, and the rows for the word that is looked at.
#[derive(Clone, Debug)]
pub struct Fuzzy {
    pattern: Vec<char>,
    reach: u8,
    /// The characters of the present word, each with the byte behind it.
    word: Vec<(char, usize)>,
    /// A row for each beginning of the present word, the empty one too.
    rows: Vec<u8>,
    /// The number of characters from which on the present word is out of reach.
    dead: usize,
}

impl Fuzzy {
    /// Words at most `reach` typos away from the pattern.
    #[must_use]
    pub fn new(pattern: &str, reach: u8) -> Self {
        let pattern: Vec<char> = pattern.chars().collect();
        let rows = crate::lists::map(0..=pattern.len(), |at| at.min(255) as u8);
        Self { pattern, reach, word: Vec::new(), rows, dead: usize::MAX }
    }

    fn width(&self) -> usize {
        self.pattern.len() + 1
    }

    /// Goes on to another word; says how many typos it is away.
    pub fn distance(&mut self, word: &str) -> Option<u8> {
        let kept = self.word.iter().zip(word.chars()).take_while(|(known, character)| known.0 == *character).count();
        if kept >= self.dead {
            return None;
        }
        self.word.truncate(kept);
        self.rows.truncate((kept + 1) * self.width());
        self.dead = usize::MAX;
        let from = self.word.last().map_or(0, |(_, end)| *end);
        let rest = word.get(from..).unwrap_or_default();
        for (at, character) in rest.char_indices() {
            self.word.push((character, from + at + character.len_utf8()));
            if !self.add_row() {
                self.dead = self.word.len();
                return None;
            }
        }
        let last = self.rows[self.rows.len() - 1];
        (last <= self.reach).then_some(last)
    }

    /// Adds the row of the last character and says whether an entry is within reach.
    fn add_row(&mut self) -> bool {
        let (width, at, reach) = (self.width(), self.word.len(), usize::from(self.reach));
        let far = self.reach + 1;
        let start = self.rows.len();
        self.rows.resize(start + width, far);
        let (before, row) = self.rows.split_at_mut(start);
        let above = &before[start - width..];
        let character = self.word[at - 1].0;
        let mut is_near = false;
        if at <= reach {
            row[0] = at as u8;
            is_near = true;
        }
        for column in at.saturating_sub(reach).max(1)..width.min(at + reach + 1) {
            let same = self.pattern[column - 1] == character;
            let mut best = above[column - 1] + u8::from(!same);
            best = best.min(row[column - 1] + 1).min(above[column] + 1);
            let is_swap = at > 1
                && column > 1
                && self.pattern[column - 2] == character
                && self.pattern[column - 1] == self.word[at - 2].0;
            if is_swap {
                best = best.min(before[start - 2 * width + column - 2] + 1);
            }
            row[column] = best.min(far);
            is_near |= best <= self.reach;
        }
        is_near
    }

    /// The least text behind those that begin as the present word does as far as it is ruled out, and not ruled out itself;
    /// none where there is none behind it. `word` is the present word.
    fn next_near(&self, word: &[u8]) -> Option<Vec<u8>> {
        let width = self.width();
        for at in (0..self.dead).rev() {
            // The beginning without its last letter, and the least letter above that may follow instead.
            let (last, end) = self.word[at];
            let above = &self.rows[at * width..][..width];
            let mut next: Option<char> = None;
            if above.iter().any(|distance| *distance < self.reach) {
                // One more typo: any letter. Those of a character's bytes that are one more stand behind all with these.
                let mut text = word[..end].to_vec();
                *text.last_mut()? += 1;
                return Some(text);
            }
            for (column, letter) in self.pattern.iter().enumerate() {
                let is_same = above[column] <= self.reach;
                let is_swap = at > 0
                    && self.pattern.get(column + 1) == Some(&self.word[at - 1].0)
                    && self.rows[(at - 1) * width + column] < self.reach;
                if (is_same || is_swap) && *letter > last && next.is_none_or(|next| *letter < next) {
                    next = Some(*letter);
                }
            }
            if let Some(next) = next {
                let mut text = word[..end - last.len_utf8()].to_vec();
                text.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes());
                return Some(text);
            }
        }
        None
    }
}

impl DictionaryView<'_> {
    /// Calls `found` with the number, the text and the distance of each term that is within reach of the pattern, as far as
    /// `part`, a beginning of it, is compared.
    pub fn similar(
        &self,
        pattern: &str,
        reach: u8,
        part: &dyn Fn(&str) -> &str,
        found: &mut dyn FnMut(usize, &str, u8),
    ) {
        let mut fuzzy = Fuzzy::new(pattern, reach);
        let mut terms = self.walk();
        while let Some((number, term)) = terms.next() {
            let whole = core::str::from_utf8(term).unwrap_or_default();
            if let Some(distance) = fuzzy.distance(part(whole)) {
                found(number, whole, distance);
            }
            if fuzzy.dead < usize::MAX {
                let Some(next) = fuzzy.next_near(term) else { return };
                terms.seek(&next);
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
                writer
                    .view()
                    .similar(pattern, reach, &|term| term, &mut |number, _, distance| found.push((number, distance)));
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
            assert_eq!(Fuzzy::new(pattern, 3).distance(word), Some(distance as u8));
        }
    }
}
