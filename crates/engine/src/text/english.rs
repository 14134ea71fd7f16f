//! English stems: the Snowball English ("Porter2") algorithm, revision 3.1, as <https://snowballstem.org> describes it.
//!
//! A word is edited at its end, in place. R1 and R2 are its tails after the first and after the second vowel and
//! consonant: most suffixes only go when they lie inside one of them. A `y` that sounds as a consonant is written `Y`
//! meanwhile. Steps ask for the longest suffix of their table, and do nothing if that one may not go.

use alloc::{string::String, vec::Vec};

/// A suffix and what takes its place.
type Rule = (&'static str, &'static str);

/// Whole words with a stem of their own.
#[rustfmt::skip]
const EXCEPTIONS: &[Rule] = &[
    ("skis", "ski"), ("skies", "sky"), ("sky", "sky"),
    ("idly", "idl"), ("gently", "gentl"), ("ugly", "ugli"), ("early", "earli"), ("only", "onli"), ("singly", "singl"),
    ("news", "news"), ("howe", "howe"), ("atlas", "atlas"), ("cosmos", "cosmos"), ("bias", "bias"), ("andes", "andes"),
];

/// Beginnings after which R1 starts at once, so that words which only share them stay apart.
const BEGINNINGS: &[&str] = &["gener", "commun", "arsen", "past", "univers", "later", "emerg", "organ", "inter"];

/// What is no participle although `eed` follows.
const BEFORE_EED: &[&str] = &["proc", "exc", "succ"];

/// What is no verb although `ing` follows.
const BEFORE_ING: &[&str] = &["inn", "out", "cann", "herr", "earr", "even"];

const POSSESSIVES: &[Rule] = &[("'s'", ""), ("'s", ""), ("'", "")];

#[rustfmt::skip]
const PLURALS: &[Rule] = &[("sses", "ss"), ("ied", "i"), ("ies", "i"), ("us", "us"), ("ss", "ss"), ("s", "")];

#[rustfmt::skip]
const VERB_FORMS: &[Rule] = &[("eedly", "ee"), ("ingly", ""), ("edly", ""), ("eed", "ee"), ("ing", ""), ("ed", "")];

/// Inside R1. Here and below a suffix stands before those it ends with.
#[rustfmt::skip]
const STEP_2: &[Rule] = &[
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("ization", "ize"),
    ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"),
    ("fulness", "ful"), ("ousness", "ous"), ("iveness", "ive"), ("ogist", "og"), ("ogi", "og"),
    ("abli", "able"), ("bli", "ble"), ("entli", "ent"), ("alli", "al"), ("ousli", "ous"), ("fulli", "ful"),
    ("lessli", "less"), ("li", ""),
];

/// Inside R1.
#[rustfmt::skip]
const STEP_3: &[Rule] = &[
    ("ational", "ate"), ("tional", "tion"), ("alize", "al"), ("icate", "ic"), ("iciti", "ic"), ("ical", "ic"),
    ("ative", ""), ("ful", ""), ("ness", ""),
];

/// Inside R2.
#[rustfmt::skip]
const STEP_4: &[Rule] = &[
    ("al", ""), ("ance", ""), ("ence", ""), ("er", ""), ("ic", ""), ("able", ""), ("ible", ""), ("ant", ""),
    ("ement", ""), ("ment", ""), ("ent", ""), ("ism", ""), ("ate", ""), ("iti", ""), ("ous", ""), ("ive", ""),
    ("ize", ""), ("ion", ""),
];

/// Puts the stem of an English word in its place. The word is in lower case.
pub fn stem(word: &mut String) {
    if let Some((_, stem)) = EXCEPTIONS.iter().find(|(exception, _)| exception == word) {
        word.clear();
        word.push_str(stem);
    } else if word.chars().nth(2).is_some() {
        let mut stemmer = Stemmer::new(core::mem::take(word).into_bytes());
        stemmer.plural();
        stemmer.verb_form();
        stemmer.final_y();
        stemmer.step_2();
        stemmer.step_3();
        stemmer.step_4();
        stemmer.step_5();
        // Only whole characters are cut off, so it is text.
        *word = String::from_utf8(stemmer.word).unwrap_or_default();
        word.make_ascii_lowercase();
    }
}

/// A word on its way to its stem.
struct Stemmer {
    word: Vec<u8>,
    /// Where R1 starts.
    r1: usize,
    /// Where R2 starts.
    r2: usize,
}

impl Stemmer {
    fn new(mut word: Vec<u8>) -> Self {
        if word[0] == b'\'' {
            word.remove(0);
        }
        let mut after_vowel = true;
        for byte in &mut word {
            if after_vowel && *byte == b'y' {
                *byte = b'Y';
            }
            after_vowel = is_vowel(*byte);
        }
        let beginning = BEGINNINGS.iter().find(|beginning| word.starts_with(beginning.as_bytes()));
        let r1 = beginning.map_or_else(|| region(&word, 0), |beginning| beginning.len());
        let r2 = region(&word, r1);
        Self { word, r1, r2 }
    }

    /// The longest suffix in a table: where it starts, and its rule.
    fn find(&self, table: &'static [Rule]) -> Option<(usize, Rule)> {
        let last = self.word.last()?;
        let ends = |suffix: &str| suffix.as_bytes().last() == Some(last) && self.word.ends_with(suffix.as_bytes());
        let rule = table.iter().find(|(suffix, _)| ends(suffix))?;
        Some((self.word.len() - rule.0.len(), *rule))
    }

    fn replace(&mut self, start: usize, with: &str) {
        self.word.truncate(start);
        self.word.extend_from_slice(with.as_bytes());
    }

    /// Whether one of these characters precedes.
    fn follows(&self, start: usize, any: &[u8]) -> bool {
        start > 0 && any.contains(&self.word[start - 1])
    }

    /// Steps 0 and 1a.
    fn plural(&mut self) {
        if let Some((start, _)) = self.find(POSSESSIVES) {
            self.word.truncate(start);
        }
        let Some((start, (suffix, with))) = self.find(PLURALS) else { return };
        match suffix {
            "ied" | "ies" if last_character(&self.word[..start]) == 0 => self.replace(start, "ie"),
            // The vowel just before the `s` does not count.
            "s" if !has_vowel(&self.word[..start.saturating_sub(1)]) => {}
            _ => self.replace(start, with),
        }
    }

    /// Step 1b.
    fn verb_form(&mut self) {
        let Some((start, (suffix, with))) = self.find(VERB_FORMS) else { return };
        let before = &self.word[..start];
        let is_one_of = |words: &[&str]| words.iter().any(|word| word.as_bytes() == before);
        if !with.is_empty() {
            if start >= self.r1 && !is_one_of(BEFORE_EED) {
                self.replace(start, with);
            }
            return;
        }
        if suffix == "ing" {
            if let [consonant @ .., b'y'] = before
                && !consonant.is_empty()
                && last_character(consonant) == 0
                && !is_vowel(consonant[0])
            {
                self.replace(start - 1, "ie");
                return;
            }
            if is_one_of(BEFORE_ING) {
                return;
            }
        }
        if has_vowel(before) {
            self.word.truncate(start);
            self.mend_verb();
        }
    }

    /// Gives the rest of a verb the end of its infinitive.
    fn mend_verb(&mut self) {
        match *self.word {
            [.., b'a', b't'] | [.., b'b', b'l'] | [.., b'i', b'z'] => self.word.push(b'e'),
            [.., one, two] if one == two && b"bdfgmnprt".contains(&one) && !self.is_like_add() => {
                self.word.pop();
            }
            _ if self.r1 >= self.word.len() && ends_in_short_syllable(&self.word) => self.word.push(b'e'),
            _ => {}
        }
    }

    /// Whether the double at the end stays: `add`, `egg`, `off`.
    fn is_like_add(&self) -> bool {
        matches!(*self.word, [b'a' | b'e' | b'o', _, _])
    }

    /// Step 1c.
    fn final_y(&mut self) {
        if let [rest @ .., b'y' | b'Y'] = &*self.word {
            let (start, last) = (rest.len(), last_character(rest));
            if last > 0 && !is_vowel(rest[last]) {
                self.replace(start, "i");
            }
        }
    }

    fn step_2(&mut self) {
        if let Some((start, (suffix, with))) = self.find(STEP_2)
            && start >= self.r1
            && (suffix != "ogi" || self.follows(start, b"l"))
            && (suffix != "li" || self.follows(start, b"cdeghkmnrt"))
        {
            self.replace(start, with);
        }
    }

    fn step_3(&mut self) {
        if let Some((start, (suffix, with))) = self.find(STEP_3)
            && start >= if suffix == "ative" { self.r2 } else { self.r1 }
        {
            self.replace(start, with);
        }
    }

    fn step_4(&mut self) {
        if let Some((start, (suffix, _))) = self.find(STEP_4)
            && start >= self.r2
            && (suffix != "ion" || self.follows(start, b"st"))
        {
            self.word.truncate(start);
        }
    }

    fn step_5(&mut self) {
        let gone = match &*self.word {
            [rest @ .., b'e'] => rest.len() >= self.r2 || (rest.len() >= self.r1 && !ends_in_short_syllable(rest)),
            [rest @ .., b'l'] => rest.len() >= self.r2 && rest.ends_with(b"l"),
            _ => false,
        };
        if gone {
            self.word.pop();
        }
    }
}

fn is_vowel(byte: u8) -> bool {
    matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

fn has_vowel(word: &[u8]) -> bool {
    word.iter().any(|byte| is_vowel(*byte))
}

/// Where the last character starts.
fn last_character(word: &[u8]) -> usize {
    word.iter().rposition(|byte| !is_continuation(*byte)).unwrap_or(0)
}

/// Whether a byte is a later one of a character.
fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

/// The end of the first consonant after the first vowel from `start`; else the end of the word.
fn region(word: &[u8], start: usize) -> usize {
    let mut rest = word[start..].iter().skip_while(|byte| !is_vowel(**byte)).skip_while(|byte| is_vowel(**byte));
    rest.next();
    word.len() - rest.skip_while(|byte| is_continuation(**byte)).count()
}

/// Whether a word ends in a vowel alone between consonants, as one that has lost its `e` does.
fn ends_in_short_syllable(word: &[u8]) -> bool {
    let last = last_character(word);
    if word.ends_with(b"past") {
        return true;
    }
    match word[..last] {
        [vowel] => is_vowel(vowel) && !is_vowel(word[last]),
        [.., before, vowel] => {
            !is_vowel(before) && is_vowel(vowel) && !is_vowel(word[last]) && !matches!(word[last], b'w' | b'x' | b'Y')
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of the analysis do not start or end in an apostrophe: these do.
    #[test]
    fn apostrophes_stem_as_in_snowball() {
        let other = snowstem::Stemmer::create(snowstem::Algorithm::English);
        let letters = ["'", "s", "y", "e", "é"];
        for number in 0..5_usize.pow(6) {
            let word: String = (0..6).map(|place| letters[number / 5_usize.pow(place) % 5]).collect();
            for length in (0..=word.len()).filter(|length| word.is_char_boundary(*length)) {
                let mut stemmed = String::from(&word[..length]);
                stem(&mut stemmed);
                assert_eq!(stemmed, other.stem(&word[..length]), "the stem of {}", &word[..length]);
            }
        }
    }
}
