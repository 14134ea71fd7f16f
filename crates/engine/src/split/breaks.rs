//! Where a text may be cut, and how well.
//!
//! One pass gives each code point the level of the break before it. White space has none: a break stands before what
//! follows it.

use super::characters::{
    JOINER, clings, closes, ends_line, ends_sentence, ends_sentence_at_once, extends, is_capital, is_ideographic,
    is_white, may_close, opens,
};
use alloc::vec::Vec;

/// No break: white space, or the inside of a character.
pub(super) const NONE: u8 = 0;
/// A character begins.
pub(super) const CHARACTER: u8 = 1;
/// A word begins.
pub(super) const WORD: u8 = 2;
/// A sentence begins within a line.
pub(super) const SENTENCE: u8 = 3;
/// A line begins within a sentence.
pub(super) const LINE: u8 = 4;
/// A line begins, and a sentence with it.
pub(super) const SENTENCE_LINE: u8 = 5;
/// A line begins after a blank one, or the text begins.
pub(super) const PARAGRAPH: u8 = 6;

/// Words that end with a full stop in the middle of a sentence.
const ABBREVIATIONS: [&str; 41] = [
    "Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Sr", "Jr", "Rev", "Hon", "Gen", "Col", "Capt", "Lt", "Sgt", "vs", "cf",
    "al", "e.g", "E.g", "i.e", "I.e", "etc", "ca", "approx", "No", "Nos", "Fig", "Figs", "Eq", "Vol", "Ch", "Sec", "p",
    "pp", "ed", "Nr", "Abb", "bzw", "z.B", "d.h",
];
const ABBREVIATION_CODES_MAX: usize = 6;
const LIST_NUMBER_DIGITS_MAX: usize = 9;

/// Whether the end of a sentence was seen, and nothing since that is not a part of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    No,
    /// It is one if white space follows.
    IfWhite,
    Yes,
}

/// What is known of the text before a code point.
struct Before {
    /// White space is right before it, or nothing.
    white: bool,
    line_ends: usize,
    /// Where the line has its first code point that is not white space.
    line_first: usize,
    ending: Ending,
    /// The full stop that alone is the end of the sentence.
    stop: Option<usize>,
}

/// The level of the break before each code point.
pub(super) fn levels(codes: &[char]) -> Vec<u8> {
    let mut before = Before { white: true, line_ends: 2, line_first: 0, ending: Ending::No, stop: None };
    let mut levels = Vec::with_capacity(codes.len());
    for (at, &c) in codes.iter().enumerate() {
        if is_white(c) {
            before.white = true;
            before.line_ends += usize::from(ends_line(c) && !(c == '\n' && at > 0 && codes[at - 1] == '\r'));
            levels.push(NONE);
            continue;
        }
        levels.push(if before.white { after_white(codes, at, &mut before) } else { within(codes, at, before.ending) });
        before.take(at, c);
    }
    levels
}

/// The level of a break after white space. The sentence before is over or not.
fn after_white(codes: &[char], at: usize, before: &mut Before) -> u8 {
    let ended = match before.ending {
        Ending::No => false,
        Ending::IfWhite => !before.stop.is_some_and(|stop| is_shortening(codes, stop, before.line_first)),
        Ending::Yes => true,
    };
    let level = match before.line_ends {
        0 if ended => SENTENCE,
        0 => WORD,
        1 if ended => SENTENCE_LINE,
        1 => LINE,
        _ => PARAGRAPH,
    };
    if before.line_ends > 0 {
        before.line_first = at;
    }
    before.line_ends = 0;
    before.white = false;
    before.ending = Ending::No;
    level
}

/// The level of a break where no white space is.
fn within(codes: &[char], at: usize, ending: Ending) -> u8 {
    let (previous, c) = (codes[at - 1], codes[at]);
    if extends(c) || previous == JOINER {
        NONE
    } else if ending == Ending::Yes && !ends_sentence(c) && !ends_sentence_at_once(c) && !closes(c) {
        SENTENCE
    } else if (is_ideographic(previous) || is_ideographic(c)) && !clings(c) && !opens(previous) {
        WORD
    } else {
        CHARACTER
    }
}

impl Before {
    /// Takes note of a code point that is not white space.
    fn take(&mut self, at: usize, c: char) {
        let ending = self.ending;
        self.stop = None;
        if ends_sentence_at_once(c) {
            self.ending = Ending::Yes;
        } else if ends_sentence(c) {
            if ending == Ending::No {
                self.ending = Ending::IfWhite;
                self.stop = (c == '.').then_some(at);
            }
        } else if !(closes(c) || extends(c) || ending == Ending::IfWhite && may_close(c)) {
            self.ending = Ending::No;
        }
    }
}

/// Whether the full stop at `stop` shortens a word or marks a list item, and so ends no sentence.
fn is_shortening(codes: &[char], stop: usize, line_first: usize) -> bool {
    let mut from = stop;
    let longest = stop.saturating_sub(ABBREVIATION_CODES_MAX + 1);
    while from > longest && (codes[from - 1].is_ascii_alphabetic() || codes[from - 1] == '.') {
        from -= 1;
    }
    let is_listed = ABBREVIATIONS.iter().any(|word| word.chars().eq(codes[from..stop].iter().copied()));
    if is_listed && stands_alone(codes, from) {
        return true;
    }
    if stop > 0 && is_capital(codes[stop - 1]) && stands_alone(codes, stop - 1) {
        return true;
    }
    let digits = stop - line_first;
    (1..=LIST_NUMBER_DIGITS_MAX).contains(&digits) && codes[line_first..stop].iter().all(char::is_ascii_digit)
}

/// Whether what begins at `from` is no part of a longer word.
fn stands_alone(codes: &[char], from: usize) -> bool {
    let Some(before) = from.checked_sub(1) else { return true };
    let c = codes[before];
    is_white(c) || c.is_ascii_punctuation() || opens(c)
}
