//! How a term is spelled: characters folded, words stemmed in between.
//!
//! The stemmer of a language with accents gets the word in lower case with composed letters, and its answer is folded.
//! For English, or without a stemmer, a word is folded first.

use super::{
    unicode::{folded_to_one, push_fold},
    words::is_apostrophe,
};
use crate::limits::TERM_BYTES_MAX;
use alloc::string::String;

/// Adds the fold of a text, at most [`TERM_BYTES_MAX`] bytes in all, cut at a character. Apostrophes and quotation marks
/// within it are left out, and so is what only joins.
pub(super) fn push_folded(text: &str, out: &mut String) {
    // Most words are plain letters from beginning to end.
    let plain = text.bytes().take_while(|byte| byte.is_ascii() && !matches!(byte, b'\'' | b'"')).count();
    let (plain, rest) = text.split_at(plain.min(TERM_BYTES_MAX + 1));
    let start = out.len();
    out.push_str(plain);
    out[start..].make_ascii_lowercase();
    for character in rest.chars() {
        if out.len() > TERM_BYTES_MAX {
            break;
        }
        if character != '"' && !is_apostrophe(character) {
            push_composed(character, out);
        }
    }
    out.truncate(out.floor_char_boundary(TERM_BYTES_MAX));
}

/// Adds the fold of a character, joined to the last one where the two are one letter.
pub(super) fn push_composed(character: char, out: &mut String) {
    let composes = matches!(character, '\u{306}' | '\u{308}' | '\u{1161}'..='\u{11c2}' | '\u{314f}'..='\u{3163}')
        || matches!(character, '\u{3099}' | '\u{309a}' | '\u{ff9e}' | '\u{ff9f}' | '\u{ffc2}'..='\u{ffdc}');
    if composes && !out.is_empty() {
        let mark = folded_to_one(character);
        if let Some(letter) = out.chars().next_back().and_then(|base| composed(base, mark)) {
            out.pop();
            out.push(letter);
            return;
        }
    }
    push_fold(character, out);
}

/// Two characters that are one letter of its own: kana with the marks of voice, Hangul from its parts, `й`, `ї`, `ў`.
pub(super) fn composed(base: char, mark: char) -> Option<char> {
    let (from, with) = (u32::from(base), u32::from(mark));
    let letter = match (base, mark) {
        ('и', '\u{306}') => u32::from('й'),
        ('і', '\u{308}') => u32::from('ї'),
        ('у', '\u{306}') => u32::from('ў'),
        ('\u{1100}'..='\u{1112}', '\u{1161}'..='\u{1175}') => 0xac00 + ((from - 0x1100) * 21 + with - 0x1161) * 28,
        ('\u{ac00}'..='\u{d7a3}', '\u{11a8}'..='\u{11c2}') if (from - 0xac00) % 28 == 0 => from + with - 0x11a7,
        ('ワ'..='ヲ', '\u{3099}') => from + 8,
        ('う' | 'ウ', '\u{3099}') => from + 0x4e,
        (_, '\u{3099}' | '\u{309a}') => {
            // Hiragana and katakana stand in the same order.
            let place = if base >= '\u{30a0}' { from - 0x60 } else { from };
            let voiced = match place {
                0x304b..=0x3062 => place % 2 == 1,
                0x3064..=0x3069 => place % 2 == 0,
                0x306f..=0x307d => place % 3 == 0,
                0x309d => true,
                _ => false,
            };
            let half = mark == '\u{309a}';
            if !voiced || (half && !matches!(place, 0x306f..=0x307d)) {
                return None;
            }
            from + if half { 2 } else { 1 }
        }
        _ => return None,
    };
    char::from_u32(letter)
}

/// Adds a word as a stemmer expects it. In Turkish `I` is the capital of a letter without a dot.
pub(super) fn push_for_stemmer(word: &str, turkish: bool, out: &mut String) {
    let start = out.len();
    let mut rest = word.chars();
    while let Some(character) = rest.next() {
        match character {
            'I' if turkish => out.push('ı'),
            'İ' if turkish => out.push('i'),
            // At the end of a word the sigma has a form of its own.
            'Σ' if out.len() > start && rest.as_str().is_empty() => out.push('ς'),
            '"' => {}
            _ if is_apostrophe(character) => {}
            '\u{300}'..='\u{36f}' => {
                let base = out.chars().next_back().filter(|_| out.len() > start);
                if let Some(letter) = base.and_then(|base| accented(base, character)) {
                    out.pop();
                    out.push(letter);
                }
            }
            _ => match lower(character) {
                Some(lower) => out.push(lower),
                None => push_composed(character, out),
            },
        }
        if out.len() > TERM_BYTES_MAX {
            out.truncate(out.floor_char_boundary(TERM_BYTES_MAX));
            return;
        }
    }
}

/// The lower case of a letter, itself where it is one, for the letters of the languages that have stemmers.
fn lower(character: char) -> Option<char> {
    let code = u32::from(character);
    let lower = match code {
        0..=0x7f => u32::from(character.to_ascii_lowercase()),
        0x130 => 0x69,
        0x178 => 0xff,
        0x1e9e => 0xdf,
        0xc0..=0xde if code != 0xd7 => code + 32,
        0x100..=0x137 | 0x14a..=0x177 | 0x218..=0x21b | 0x1e00..=0x1e95 | 0x1ea0..=0x1eff => code | 1,
        0x139..=0x148 | 0x179..=0x17e => code + code % 2,
        0x386 => 0x3ac,
        0x388..=0x38a => code + 37,
        0x38c => 0x3cc,
        0x38e | 0x38f => code + 63,
        0x391..=0x3a1 | 0x3a3..=0x3ab | 0x410..=0x42f => code + 32,
        0x400..=0x40f => code + 80,
        0x80..=0x24f | 0x3ac..=0x3ce | 0x430..=0x45f | 0x600..=0x6ff | 0xb80..=0xbff => code,
        _ => return None,
    };
    char::from_u32(lower)
}

/// Letters with accents in the languages that have stemmers: each mark with pairs of a letter and what the two make.
#[rustfmt::skip]
const ACCENTED: &[(char, &str)] = &[
    ('\u{300}', "aàeèiìoòuù"), ('\u{301}', "aáeéiíoóuúyýcćnńsśzźαάεέηήιίοόυύωώϊΐϋΰ"), ('\u{302}', "aâeêiîoôuû"),
    ('\u{303}', "aãnñoõ"), ('\u{306}', "aăgğийуў"), ('\u{307}', "zż"), ('\u{308}', "aäeëiïoöuüyÿеёіїιϊυϋ"),
    ('\u{30a}', "aåuů"), ('\u{30b}', "oőuű"), ('\u{30c}', "cčdďeěnňrřsštťzž"), ('\u{326}', "sștț"), ('\u{327}', "cçsştţ"),
    ('\u{328}', "aąeęiįuų"),
];

fn accented(base: char, mark: char) -> Option<char> {
    let (_, pairs) = ACCENTED.iter().find(|(known, _)| *known == mark)?;
    let mut pairs = pairs.chars();
    while let (Some(letter), Some(whole)) = (pairs.next(), pairs.next()) {
        if letter == base {
            return Some(whole);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::char::compose;

    #[test]
    fn letters_of_stemmers_are_lowered_as_unicode_says() {
        for character in
            ('\0'..='\u{17f}').chain('\u{218}'..='\u{21b}').chain('\u{386}'..='\u{45f}').chain('\u{1e00}'..='\u{1eff}')
        {
            if let Some(lower) = lower(character) {
                let expected = character.to_lowercase().next();
                assert!(Some(lower) == expected || character.is_numeric(), "{character}");
            }
        }
        let pairs = ACCENTED.iter().flat_map(|(_, pairs)| pairs.chars());
        for letter in pairs.chain("ßøæåłđıñαβωςабяґ".chars()) {
            let upper = letter.to_uppercase().next().expect("a letter");
            assert!(lower(letter).is_none_or(|lower| lower == letter), "{letter}");
            assert!(lower(upper).is_none_or(|lower| upper.to_lowercase().eq([lower])), "{upper}");
        }
    }

    #[test]
    fn letters_compose_as_unicode_says() {
        for (mark, pairs) in ACCENTED {
            let pairs: alloc::vec::Vec<char> = pairs.chars().collect();
            for pair in pairs.chunks(2) {
                assert_eq!(compose(pair[0], *mark), Some(pair[1]));
            }
        }
        let bases = ('\u{1100}'..='\u{1112}').chain('\u{3041}'..='\u{30ff}').chain(['가', '각', 'и', 'і', 'у']);
        for base in bases {
            let marks = ('\u{1161}'..='\u{1175}')
                .chain('\u{11a8}'..='\u{11c2}')
                .chain(['\u{3099}', '\u{309a}', '\u{306}', '\u{308}']);
            for mark in marks {
                let expected =
                    compose(base, mark).filter(|_| !matches!((base, mark), ('и', '\u{308}') | ('у', '\u{308}')));
                assert_eq!(composed(base, mark), expected, "{base} {mark:?}");
            }
        }
    }
}
