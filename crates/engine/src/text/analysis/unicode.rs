//! What Unicode says of a character, in two small tables: its class, and what it folds to.
//!
//! The tables are those of Unicode 17.0.0 and of our own: terms stand in files, so neither a newer compiler nor a newer
//! crate may change them. They are made and tested, every character, in `reference.rs`.
//!
//! Each table is: the number of blocks (two bytes); for each block its first character (four bytes) and where its runs
//! start (two bytes); the runs of each block. Numbers in runs have seven bits a byte, the lower ones first.
//!
//! `classes.bin`: each run is the number of characters of class [`Class::Other`] since the run before in its block, then
//! its length less one, times eight, plus its class less one.
//!
//! `folds.bin`: each run is the number of characters since the run before in its block, times eight, plus the kind; how
//! many characters follow the first; and
//! - kind 0: the distance, the same for all, to what they fold to (as all distances, 2n or, below zero, -2n - 1);
//!   kind 1: the same for every second character
//! - kind 2: the character that all fold to; kind 3: the text that all fold to, its length in bytes and its bytes
//! - kind 4: for each character, the distance from what the one before folds to (the first: from itself)
//!
//! A look-up goes through some dozens of runs; the latest answers are remembered, and a text has few characters that
//! differ.

use alloc::string::String;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

static CLASSES: &[u8] = include_bytes!("classes.bin");
static FOLDS: &[u8] = include_bytes!("folds.bin");

/// Runs that one entry of the index stands for.
pub(super) const FOLDS_PER_BLOCK: usize = 16;
/// The same for classes.
pub(super) const CLASSES_PER_BLOCK: usize = 64;

/// What a character is to words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It parts words.
    Other = 0,
    /// A letter, not in upper case.
    Letter = 1,
    /// A letter in upper case.
    Upper = 2,
    /// A digit, or a number that folds to digits.
    Digit = 3,
    /// It belongs to the character before it; alone it is nothing.
    Mark = 4,
    /// A letter of a script without spaces: Han, kana, bopomofo, Hangul.
    EastAsian = 5,
    /// The same: Thai, Lao, Khmer, Myanmar and their kin.
    SouthEastAsian = 6,
    /// A picture that is a word of its own.
    Emoji = 7,
    /// Half of a flag.
    Regional = 8,
}

use Class::{Digit, EastAsian, Emoji, Letter, Mark, Other, Regional, SouthEastAsian, Upper};

impl Class {
    /// Whether words are made of such characters, several of them.
    pub(super) fn is_of_word(self) -> bool {
        matches!(self, Letter | Upper | Digit | Mark)
    }
}

const BY_NUMBER: [Class; 8] = [Letter, Upper, Digit, Mark, EastAsian, SouthEastAsian, Emoji, Regional];

/// What a character folds to.
#[derive(Clone, Copy)]
enum Fold {
    One(char),
    /// A text of that many bytes at that place of the table.
    Text(u16, u8),
}

/// The latest answers, by a hash of their characters: in each the character, then its class, then its fold. What they
/// say hangs on the character alone, so it does not matter which text asked, nor which of two threads wrote last.
static KNOWN: [AtomicU64; REMEMBERED] = [const { AtomicU64::new(0) }; REMEMBERED];

const REMEMBERED: usize = 512;
const CHARACTER_BITS: u32 = 21;
const CLASS_BITS: u32 = 4;
/// Set where a character folds to a text.
const IS_TEXT: u64 = 1 << 32;

/// The class of a character.
pub(super) fn class_of(character: char) -> Class {
    match character {
        'a'..='z' => Letter,
        'A'..='Z' => Upper,
        '0'..='9' => Digit,
        '\0'..='\x7f' => Other,
        // By far the most of their scripts, with no more to know.
        '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => EastAsian,
        _ => {
            let class = look_up(character) >> CHARACTER_BITS & ((1 << CLASS_BITS) - 1);
            if class == 0 { Other } else { BY_NUMBER[class as usize - 1] }
        }
    }
}

/// Adds what a character folds to.
pub(super) fn push_fold(character: char, out: &mut String) {
    match character {
        '\0'..='\x7f' => out.push(character.to_ascii_lowercase()),
        '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => out.push(character),
        _ => match fold_of(character) {
            Fold::One(other) => out.push(other),
            Fold::Text(start, length) => {
                let text = &FOLDS[start as usize..start as usize + length as usize];
                out.push_str(core::str::from_utf8(text).unwrap_or_default());
            }
        },
    }
}

/// What a character beyond ASCII folds to if that is one character; else itself.
pub(super) fn folded_to_one(character: char) -> char {
    match fold_of(character) {
        Fold::One(other) => other,
        Fold::Text(..) => character,
    }
}

fn fold_of(character: char) -> Fold {
    let known = look_up(character) >> (CHARACTER_BITS + CLASS_BITS);
    if known & IS_TEXT == 0 {
        Fold::One(char::from_u32(known as u32).unwrap_or(character))
    } else {
        Fold::Text(known as u16, (known >> 16) as u8)
    }
}

/// The class and the fold of a character, which is not `\0`.
fn look_up(character: char) -> u64 {
    let code = u32::from(character);
    let place = &KNOWN[(code ^ code >> 9) as usize % REMEMBERED];
    let known = place.load(Relaxed);
    if known & ((1 << CHARACTER_BITS) - 1) == u64::from(code) {
        return known;
    }
    let fold = match find_fold(code) {
        None => u64::from(code),
        Some(Fold::One(other)) => u64::from(u32::from(other)),
        Some(Fold::Text(start, length)) => IS_TEXT | u64::from(length) << 16 | u64::from(start),
    };
    let class = find_class(code).unwrap_or(Other) as u64;
    let known = u64::from(code) | class << CHARACTER_BITS | fold << (CHARACTER_BITS + CLASS_BITS);
    place.store(known, Relaxed);
    known
}

/// Reads numbers of seven bits a byte.
struct Numbers(&'static [u8]);

impl Numbers {
    fn next(&mut self) -> Option<u32> {
        let mut number = 0;
        let mut shift = 0;
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u32::from(byte & 127) << shift;
            if *byte < 128 {
                return Some(number);
            }
            shift += 7;
        }
    }
}

/// The block of a table that a character may be in: its first character, and its runs.
fn block_of(table: &'static [u8], code: u32) -> Option<(u32, Numbers)> {
    let blocks = u16::from_le_bytes([table[0], table[1]]) as usize;
    let (index, _) = table[2..2 + blocks * 6].as_chunks::<6>();
    let first = |block: &[u8; 6]| u32::from_le_bytes([block[0], block[1], block[2], block[3]]);
    let block = &index[index.partition_point(|block| first(block) <= code).checked_sub(1)?];
    Some((first(block), Numbers(&table[u16::from_le_bytes([block[4], block[5]]) as usize..])))
}

fn find_class(code: u32) -> Option<Class> {
    let (mut start, mut numbers) = block_of(CLASSES, code)?;
    for _ in 0..CLASSES_PER_BLOCK {
        start += numbers.next()?;
        let run = numbers.next()?;
        let end = start + run / 8 + 1;
        if code < end {
            return (code >= start).then_some(BY_NUMBER[run as usize % 8]);
        }
        start = end;
    }
    None
}

fn find_fold(code: u32) -> Option<Fold> {
    let (mut start, mut numbers) = block_of(FOLDS, code)?;
    for _ in 0..FOLDS_PER_BLOCK {
        let head = numbers.next()?;
        let (more, number) = (numbers.next()?, numbers.next()?);
        start += head >> 3;
        let kind = head & 7;
        let step = if kind == 1 { 2 } else { 1 };
        let last = start + more * step;
        let inside = code >= start && (code - start).is_multiple_of(step);
        let mut target = match kind {
            2 => number,
            _ => (if kind == 4 { start } else { code }).wrapping_add_signed(distance(number)),
        };
        if kind == 3 {
            if code <= last {
                return inside.then_some(Fold::Text((FOLDS.len() - numbers.0.len()) as u16, number as u8));
            }
            numbers.0 = &numbers.0[number as usize..];
        } else if kind == 4 {
            for place in start..last {
                if place >= code {
                    break;
                }
                target = target.wrapping_add_signed(distance(numbers.next()?));
            }
        }
        if code <= last {
            return char::from_u32(target).filter(|_| inside).map(Fold::One);
        }
        start = last + 1;
    }
    None
}

fn distance(number: u32) -> i32 {
    (number >> 1) as i32 ^ -((number & 1) as i32)
}
