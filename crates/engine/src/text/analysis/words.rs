//! Where words begin and end, and what belongs together: one pass over the text, without an allocation.
//!
//! Words end where Unicode's rules (UAX #29) end them: at whatever is neither letter, digit nor mark. What those rules
//! hold together by a sign between two letters (`it's`, `3.14`, `snake_case`), and more that a searcher takes for one
//! word (`wi-fi`, `AT&T`, `joe@example.com`, `camelCase`), is one [`Compound`] of several pieces, so that it is found by
//! the whole and by its parts.

use super::unicode::{Class, class_of};

/// Pieces of one compound; a longer chain becomes several compounds.
pub(super) const PIECES_MAX: usize = 8;

/// One word of a compound.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Piece {
    /// Where it starts.
    pub start: usize,
    /// Where its letters end.
    pub end: usize,
    /// Where it ends as written: behind the `'s` that is no part of the term.
    pub written_end: usize,
    /// Whether the whole has a point before it: between the digits of `1.2`.
    pub point: bool,
}

/// Words joined by signs, or one word alone.
#[derive(Debug, Default)]
pub(super) struct Compound {
    pieces: [Piece; PIECES_MAX],
    count: usize,
    /// `#`, `@` or `.` before it.
    pub sigil: Option<char>,
    /// Whether `++` follows it.
    pub plus: bool,
}

impl Compound {
    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces[..self.count]
    }
}

/// What the scanner finds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chunk {
    /// Words of letters and digits: the scanner's compound.
    Compound,
    /// Characters of a script without spaces, from the first to the second offset.
    Run(usize, usize),
    /// An emoji or a flag.
    Emoji(usize, usize),
}

/// Goes over a text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The two characters before `at`, where they are none of a word.
    before: [Option<char>; 2],
    /// The last compound.
    compound: Compound,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, before: [None; 2], compound: Compound::default() }
    }

    /// The next chunk of the text.
    pub(super) fn next(&mut self) -> Option<Chunk> {
        loop {
            let character = self.character(self.at)?;
            let start = self.at;
            let chunk = match class_of(character) {
                Class::Other | Class::Mark => {
                    self.before = [self.before[1], Some(character)];
                    self.at += character.len_utf8();
                    continue;
                }
                class @ (Class::EastAsian | Class::SouthEastAsian) => {
                    self.at = self.end_of(start, &|other| other == class || other == Class::Mark);
                    Chunk::Run(start, self.at)
                }
                Class::Emoji => {
                    self.at = self.end_of(start + character.len_utf8(), &|other| other == Class::Mark);
                    Chunk::Emoji(start, self.at)
                }
                Class::Regional => {
                    let half = start + character.len_utf8();
                    let other = self.character(half).filter(|other| class_of(*other) == Class::Regional);
                    self.at = half + other.map_or(0, char::len_utf8);
                    Chunk::Emoji(start, self.at)
                }
                Class::Letter | Class::Upper | Class::Digit => {
                    self.read_compound(character);
                    Chunk::Compound
                }
            };
            self.before = [Some('a'); 2]; // a word
            return Some(chunk);
        }
    }

    /// The compound that was found last.
    pub(super) fn compound(&self) -> &Compound {
        &self.compound
    }

    fn character(&self, at: usize) -> Option<char> {
        match self.text.as_bytes().get(at) {
            Some(byte) if byte.is_ascii() => Some(*byte as char),
            Some(_) => self.text[at..].chars().next(),
            None => None,
        }
    }

    fn class_at(&mut self, at: usize) -> Class {
        self.character(at).map_or(Class::Other, class_of)
    }

    fn class_behind_marks(&mut self, at: usize) -> Class {
        let at = self.end_of(at, &|class| class == Class::Mark);
        self.class_at(at)
    }

    /// Where the characters end whose classes belong.
    fn end_of(&mut self, mut at: usize, belongs: &dyn Fn(Class) -> bool) -> usize {
        while let Some(character) = self.character(at)
            && belongs(class_of(character))
        {
            at += character.len_utf8();
        }
        at
    }

    fn is_word_at(&mut self, at: usize) -> bool {
        matches!(self.class_at(at), Class::Letter | Class::Upper | Class::Digit)
    }

    fn read_compound(&mut self, first: char) {
        (self.compound.count, self.compound.plus) = (0, false);
        self.compound.sigil = self.sigil(first);
        let mut start = self.at;
        let mut point = false;
        loop {
            let (end, last) = self.piece_end(start);
            let mut piece = Piece { start, end, written_end: end, point };
            let next = self.joined(&mut piece, last);
            self.compound.pieces[self.compound.count] = piece;
            self.compound.count += 1;
            self.at = piece.written_end;
            match next {
                Some(next) if self.compound.count < PIECES_MAX => (start, point) = next,
                _ => break,
            }
        }
        if self.compound.plus {
            self.at += 2;
        }
    }

    /// A sign that makes a name of the word behind it: `#tag`, `@name`, `.net`; not in the middle of something.
    fn sigil(&mut self, first: char) -> Option<char> {
        let sigil = self.before[1].filter(|sign| matches!(sign, '#' | '@' | '.'))?;
        let inside = |sign: char| sign == 'a' || matches!(sign, '#' | '@' | '.');
        (class_of(first) != Class::Digit && !self.before[0].is_some_and(inside)).then_some(sigil)
    }

    /// The end of the letters and digits from `start`, or where a new word starts by its upper case; and the class of the
    /// last character but marks.
    fn piece_end(&mut self, start: usize) -> (usize, Class) {
        let (mut at, mut last) = (start, Class::Other);
        // The run of upper-case letters that ends here: how many, and where the last of them starts.
        let (mut uppers, mut last_upper) = (0, start);
        let mut has_lower = false;
        while let Some(character) = self.character(at) {
            let class = class_of(character);
            let next = at + character.len_utf8();
            match class {
                Class::Upper => {
                    let behind_digit =
                        last == Class::Digit && has_lower && self.class_behind_marks(next) == Class::Letter;
                    if last == Class::Letter || behind_digit {
                        break;
                    }
                    uppers += 1;
                    last_upper = at;
                }
                Class::Letter => {
                    // `HTMLParser`, but not `PDFs`.
                    if uppers > 1 && self.class_behind_marks(next) == Class::Letter {
                        return (last_upper, Class::Upper);
                    }
                    uppers = 0;
                    has_lower = true;
                }
                Class::Digit => uppers = 0,
                Class::Mark => {
                    at = next;
                    continue;
                }
                _ => break,
            }
            last = class;
            at = next;
        }
        (at, last)
    }

    /// Where the next piece of the compound starts, and whether a point stands before it in the whole. What belongs to
    /// the piece without being a piece is added to it.
    fn joined(&mut self, piece: &mut Piece, last: Class) -> Option<(usize, bool)> {
        let end = piece.end;
        let sign = self.character(end)?;
        let behind = end + sign.len_utf8();
        match sign {
            '-' | '\u{2010}' | '\u{2011}' | '.' | '@' | '&' | '\u{b7}' | '\u{5f3}' | '\u{5f4}' => {
                self.after_sign(behind, last, sign)
            }
            '_' => {
                let bytes = &self.text.as_bytes()[behind..];
                let more = bytes.iter().take(PIECES_MAX).take_while(|byte| **byte == b'_').count();
                self.after_sign(behind + more, last, sign)
            }
            ',' | '\u{66b}' | '\u{66c}' if last == Class::Digit && self.class_at(behind) == Class::Digit => {
                self.after_sign(behind, last, sign)
            }
            // Gershayim written as a quotation mark, between the letters of Hebrew.
            '"' if self.is_hebrew(behind) && self.text[..end].chars().next_back().is_some_and(is_hebrew) => {
                Some((behind, false))
            }
            _ if is_apostrophe(sign) => self.after_apostrophe(piece, behind, last, sign),
            '+' => self.after_plus(piece),
            '#' if is_one_letter(piece) && self.compound.count == 0 && !self.is_word_at(behind) => {
                piece.end = behind;
                piece.written_end = behind;
                None
            }
            _ if self.is_word_at(end) => Some((end, false)),
            _ => None,
        }
    }

    fn after_sign(&mut self, behind: usize, last: Class, sign: char) -> Option<(usize, bool)> {
        let next = self.class_at(behind);
        let between_digits = last == Class::Digit && next == Class::Digit;
        let groups = matches!(sign, ',' | '\'' | '\u{2019}' | '\u{66c}');
        let point = between_digits && !(groups && self.is_group_of_thousands(behind));
        matches!(next, Class::Letter | Class::Upper | Class::Digit).then_some((behind, point))
    }

    /// Exactly three digits.
    fn is_group_of_thousands(&mut self, at: usize) -> bool {
        let mut end = at;
        for _ in 0..3 {
            match self.character(end) {
                Some(digit) if class_of(digit) == Class::Digit => end += digit.len_utf8(),
                _ => return false,
            }
        }
        self.class_at(end) != Class::Digit
    }

    fn after_apostrophe(&mut self, piece: &mut Piece, behind: usize, last: Class, sign: char) -> Option<(usize, bool)> {
        let (end, _) = self.piece_end(behind);
        let tail = &self.text.as_bytes()[behind..end];
        let is = |ending: &str| tail.eq_ignore_ascii_case(ending.as_bytes());
        let before = self.text.as_bytes()[..piece.end].last().map(u8::to_ascii_lowercase);
        if last == Class::Digit || tail.len() > 2 || self.is_word_at(end) {
            return self.after_sign(behind, last, sign);
        }
        if is("t") && before == Some(b'n') {
            (piece.end, piece.written_end) = (end, end); // `don't` is one word
        } else if ["s", "ll", "re", "ve", "d", "m"].into_iter().any(is) {
            piece.written_end = end;
        } else {
            return self.after_sign(behind, last, sign);
        }
        None
    }

    /// `c++` and `g++` are words of their own; after a longer one the signs make a whole of it. `c++17` goes on.
    fn after_plus(&mut self, piece: &mut Piece) -> Option<(usize, bool)> {
        let end = piece.end;
        if !self.text[end..].starts_with("++") || self.character(end + 2) == Some('+') || self.compound.count > 0 {
            return None;
        }
        if end - piece.start <= 2 {
            (piece.end, piece.written_end) = (end + 2, end + 2);
            return self.is_word_at(end + 2).then_some((end + 2, false));
        }
        self.compound.plus = !self.is_word_at(end + 2);
        None
    }

    fn is_hebrew(&self, at: usize) -> bool {
        self.character(at).is_some_and(is_hebrew)
    }
}

fn is_hebrew(character: char) -> bool {
    matches!(character, '\u{5d0}'..='\u{5ea}')
}

/// As typed, as printed, and as a letter of Ukrainian or Hawaiian.
pub(super) fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '\u{2bb}' | '\u{ff07}')
}

fn is_one_letter(piece: &Piece) -> bool {
    piece.end - piece.start == 1
}
