//! What the tables say, from crates that know Unicode: the bytes of [`super::unicode`] are made and tested here.
//!
//! `SANDERLING_WRITE_TABLES=1 cargo test -p sanderling-engine --lib tables` writes them anew.

extern crate std;

use super::unicode::{CLASSES_PER_BLOCK, Class, FOLDS_PER_BLOCK, class_of, push_fold};
use alloc::{string::String, vec, vec::Vec};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{EmojiStatus, GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};

/// Every character but surrogates, which are none.
fn characters() -> impl Iterator<Item = char> {
    (0..=0x10_ffff).filter_map(char::from_u32)
}

/// Scripts written without spaces, in pairs of characters: Han, kana, bopomofo, Hangul.
#[rustfmt::skip]
const EAST_ASIAN: &[(u32, u32)] = &[
    (0x1100, 0x11ff), (0x2e80, 0x2fdf), (0x3005, 0x3007), (0x3021, 0x3029), (0x3031, 0x3035), (0x3038, 0x303c),
    (0x3041, 0x318f), (0x31a0, 0x31bf), (0x31f0, 0x31ff), (0x3400, 0x4dbf), (0x4e00, 0x9fff), (0xa960, 0xa97f),
    (0xac00, 0xd7ff), (0xf900, 0xfaff), (0xff66, 0xffdc), (0x16fe0, 0x16fff), (0x17000, 0x18dff), (0x1aff0, 0x1b16f),
    (0x20000, 0x3ffff),
];

/// Thai, Lao, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, the extensions of Myanmar, Tai Viet.
#[rustfmt::skip]
const SOUTH_EAST_ASIAN: &[(u32, u32)] = &[
    (0x0e01, 0x0e4f), (0x0e80, 0x0ecf), (0x0edc, 0x0edf), (0x1000, 0x103f), (0x1050, 0x108f), (0x109a, 0x109f), (0x1780, 0x17df),
    (0x1950, 0x19cf), (0x1a20, 0x1a7f), (0xa9e0, 0xa9ef), (0xa9fa, 0xa9fe), (0xaa60, 0xaadf),
];

/// Marks that a searcher leaves out: accents, the points of Hebrew, Arabic and Syriac, and what only changes the looks.
#[rustfmt::skip]
const DROPPED_MARKS: &[(u32, u32)] = &[
    (0x300, 0x36f), (0x483, 0x489), (0x591, 0x5c7), (0x610, 0x61a), (0x64b, 0x65f), (0x670, 0x670), (0x6d6, 0x6ed),
    (0x711, 0x711), (0x730, 0x74a), (0x897, 0x89f), (0x8ca, 0x8ff), (0x1ab0, 0x1aff), (0x1dc0, 0x1dff), (0x20d0, 0x20ff), (0x2de0, 0x2dff),
    (0xa66f, 0xa67d), (0xa69e, 0xa69f), (0xfb1e, 0xfb1e), (0xfe00, 0xfe0f), (0xfe20, 0xfe2f), (0xe0100, 0xe01ef),
];

/// Letters that do not come apart in Unicode, but do for a searcher; and the letters of Arabic as Arabic writes them.
#[rustfmt::skip]
const LETTERS: &[(char, &str)] = &[
    ('ß', "ss"), ('æ', "ae"), ('œ', "oe"), ('ø', "o"), ('đ', "d"), ('ð', "d"), ('þ', "th"), ('ħ', "h"), ('ł', "l"), ('ı', "i"),
    ('ŧ', "t"), ('ŋ', "n"), ('ς', "σ"), ('ʼ', ""), ('٫', "."), ('ـ', ""), ('ٱ', "ا"), ('ى', "ي"), ('ة', "ه"),
    ('ک', "ك"), ('ی', "ي"), ('ہ', "ه"), ('ە', "ه"), ('ھ', "ه"), ('⁄', "/"),
];

/// Letters of their own in their alphabets, whatever mark they are made with.
const KEPT: &[char] = &['й', 'ї', 'ў'];

fn is_in(ranges: &[(u32, u32)], character: char) -> bool {
    ranges.iter().any(|range| (range.0..=range.1).contains(&u32::from(character)))
}

fn is_assigned(character: char) -> bool {
    !matches!(character.general_category(), GeneralCategory::Unassigned | GeneralCategory::PrivateUse)
}

fn is_mark(character: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    matches!(character.general_category(), EnclosingMark | NonspacingMark | SpacingMark)
}

/// Parts of emoji that are none alone: the colours of skins and the tags of flags.
fn is_part_of_emoji(character: char) -> bool {
    matches!(u32::from(character), 0x1f3fb..=0x1f3ff | 0xe0020..=0xe007f)
}

fn class(character: char) -> Class {
    let emoji = character.emoji_status();
    if is_part_of_emoji(character) || character == '\u{2044}' {
        return if character == '\u{2044}' { Class::Other } else { Class::Mark };
    }
    match character.general_category() {
        _ if is_mark(character) => Class::Mark,
        // A space without width and the marks that order lines part words; what else is invisible does not.
        GeneralCategory::Format if !matches!(character, '\u{200b}' | '\u{600}'..='\u{605}') => Class::Mark,
        GeneralCategory::DecimalNumber => Class::Digit,
        GeneralCategory::OtherNumber
            if character.is_numeric() && fold(character).starts_with(|c: char| c.is_ascii_digit()) =>
        {
            Class::Digit
        }
        _ if matches!(character, '\u{ff9e}' | '\u{ff9f}') => Class::Mark,
        _ if matches!(u32::from(character), 0x1f1e6..=0x1f1ff) => Class::Regional,
        _ if character >= '\u{231a}' && emoji != EmojiStatus::NonEmoji && !character.is_alphanumeric() => Class::Emoji,
        _ if matches!(character, 'ʼ' | 'ʻ') => Class::Other,
        _ if !character.is_alphanumeric() => Class::Other,
        _ if is_in(EAST_ASIAN, character) => Class::EastAsian,
        _ if is_in(SOUTH_EAST_ASIAN, character) => Class::SouthEastAsian,
        GeneralCategory::TitlecaseLetter => Class::Upper,
        _ if character.is_uppercase() => Class::Upper,
        _ => Class::Letter,
    }
}

/// Left as they are, for they weigh a kilobyte and stand in no text: doubles of Han that only round trips to a Chinese
/// standard need, and the letters of Arabic formulas.
const NOT_FOLDED: &[(u32, u32)] = &[(0x1ee00, 0x1eeff), (0x2f800, 0x2fa1f)];

/// What a searcher means by a character.
fn fold(character: char) -> String {
    if is_in(NOT_FOLDED, character)
        || KEPT.contains(&character)
        || matches!(character, '\u{3041}'..='\u{30ff}' | '\u{ac00}'..='\u{d7a3}')
    {
        return character.into();
    }
    let mut text = String::from(character);
    loop {
        let mut next = String::new();
        for part in text.nfkd().flat_map(char::to_lowercase) {
            match LETTERS.iter().find(|(letter, _)| *letter == part) {
                Some((_, instead)) => next.push_str(instead),
                None if is_dropped(part) => {}
                None => next.push(digit(part)),
            }
        }
        if let Some(kept) = KEPT.iter().find(|kept| text.chars().flat_map(char::to_lowercase).eq([**kept])) {
            return (*kept).into();
        }
        if next == text {
            return next;
        }
        text = next;
    }
}

fn is_dropped(character: char) -> bool {
    character.general_category() == GeneralCategory::Format
        || is_part_of_emoji(character)
        || (is_mark(character) && is_in(DROPPED_MARKS, character))
}

/// The digits of every script as those of ASCII. They stand in tens.
fn digit(character: char) -> char {
    let is_digit = |code: u32| {
        char::from_u32(code).is_some_and(|other| other.general_category() == GeneralCategory::DecimalNumber)
    };
    let code = u32::from(character);
    if !is_digit(code) {
        return character;
    }
    let before = (1..).take_while(|less| *less <= code && is_digit(code - less)).count() as u32;
    char::from_digit(before % 10, 10).unwrap_or(character)
}

fn push_number(mut number: u32, out: &mut Vec<u8>) {
    while number >= 128 {
        out.push(number as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}

fn zigzag(difference: i64) -> u32 {
    ((difference << 1) ^ (difference >> 63)) as u32
}

/// Runs of a class: how far behind the last one a run starts, and its length with its class.
fn class_table() -> Vec<u8> {
    let mut runs: Vec<(u32, u32, Class)> = Vec::new();
    for character in characters().filter(|character| is_assigned(*character)) {
        let (code, class) = (u32::from(character), class(character));
        // Whatever is not assigned yet may belong to the run around it.
        if let Some((_, end, last)) = runs.last_mut()
            && *last == class
            && (*end..code).all(|between| char::from_u32(between).is_none_or(|between| !is_assigned(between)))
        {
            *end = code;
        }
        match runs.last_mut() {
            Some((_, end, last)) if *end == code && *last == class => *end += 1,
            _ if class == Class::Other => {}
            _ => runs.push((code, code + 1, class)),
        }
    }
    let run = |(start, end, class): (u32, u32, Class)| {
        let mut body = Vec::new();
        push_number((end - start - 1) * 8 + class as u32 - 1, &mut body);
        Run { first: start, last: end - 1, kind: 0, body }
    };
    in_blocks(&runs.into_iter().map(run).collect::<Vec<_>>(), CLASSES_PER_BLOCK, 0)
}

/// One run of a table; the kinds are described at [`super::unicode`].
struct Run {
    first: u32,
    last: u32,
    kind: u32,
    body: Vec<u8>,
}

/// The longest run from the character `at` in the list of those that fold.
fn run_at(folded: &[(u32, String)], at: usize) -> (Run, usize) {
    let (first, target) = &folded[at];
    let mut body = Vec::new();
    let run = |kind, count: usize, step: u32, body| Run {
        first: *first,
        last: first + (count as u32 - 1) * step,
        kind,
        body,
    };
    if single(target).is_none() {
        let count = length(folded, at, 1, &|_, text| text == target);
        push_number(count as u32 - 1, &mut body);
        body.push(target.len() as u8);
        body.extend(target.bytes());
        return (run(3, count, 1, body), count);
    }
    let (kind, step, count, number) = regular(folded, at);
    let irregular = (at..folded.len())
        .take_while(|next| folded[*next].0 == first + (next - at) as u32 && single(&folded[*next].1).is_some())
        .take_while(|next| regular(folded, *next).2 < 4)
        .count();
    if irregular < 3 || irregular <= count {
        push_number(count as u32 - 1, &mut body);
        push_number(number, &mut body);
        return (run(kind, count, step, body), count);
    }
    let count = irregular.min(64);
    push_number(count as u32 - 1, &mut body);
    let mut before = i64::from(*first);
    for (_, text) in &folded[at..at + count] {
        let target = i64::from(single(text).expect("one character"));
        push_number(zigzag(target - before), &mut body);
        before = target;
    }
    (run(4, count, 1, body), count)
}

fn single(text: &str) -> Option<u32> {
    text.chars().next().filter(|_| text.chars().count() == 1).map(u32::from)
}

/// How many characters from `at`, `step` apart, do so.
fn length(folded: &[(u32, String)], at: usize, step: u32, fits: &dyn Fn(u32, &str) -> bool) -> usize {
    let rows = folded[at..].iter().enumerate();
    let first = folded[at].0;
    rows.take_while(|(place, (code, text))| *code == first + *place as u32 * step && fits(*code, text)).count()
}

/// The longest run with one number for all: its kind, step, length and number.
fn regular(folded: &[(u32, String)], at: usize) -> (u32, u32, usize, u32) {
    let Some(target) = single(&folded[at].1) else { return (3, 1, usize::MAX, 0) };
    let distance = i64::from(target) - i64::from(folded[at].0);
    let shifted = |code: u32, text: &str| single(text).is_some_and(|to| i64::from(to) - i64::from(code) == distance);
    let same = |_: u32, text: &str| single(text) == Some(target);
    let (one, two) = (length(folded, at, 1, &shifted), length(folded, at, 2, &shifted));
    match length(folded, at, 1, &same) {
        equal if equal >= one.max(two) => (2, 1, equal, target),
        _ if two > one => (1, 2, two, zigzag(distance)),
        _ => (0, 1, one, zigzag(distance)),
    }
}

/// The characters that fold to something else.
fn fold_table() -> Vec<u8> {
    let mut folded: Vec<(u32, String)> = Vec::new();
    for character in characters().filter(|character| class(*character) != Class::Other) {
        let folded_character = fold(character);
        if !folded_character.chars().eq([character]) {
            folded.push((character.into(), folded_character));
        }
    }
    let mut runs = Vec::new();
    let mut at = 0;
    while at < folded.len() {
        let (run, count) = run_at(&folded, at);
        runs.push(run);
        at += count;
    }
    in_blocks(&runs, FOLDS_PER_BLOCK, 3)
}

/// Runs in blocks: an index of where each block starts, then the runs.
fn in_blocks(runs: &[Run], per_block: usize, kind_bits: u32) -> Vec<u8> {
    let blocks = runs.chunks(per_block);
    let mut bytes = vec![0; 2 + blocks.len() * 6];
    bytes[..2].copy_from_slice(&(blocks.len() as u16).to_le_bytes());
    for (number, block) in blocks.enumerate() {
        let at = 2 + number * 6;
        let start = bytes.len() as u16;
        bytes[at..at + 4].copy_from_slice(&block[0].first.to_le_bytes());
        bytes[at + 4..at + 6].copy_from_slice(&start.to_le_bytes());
        let mut behind = block[0].first;
        for run in block {
            push_number((run.first - behind) << kind_bits | run.kind, &mut bytes);
            bytes.extend(&run.body);
            behind = run.last + 1;
        }
    }
    bytes
}

fn check(name: &str, stored: &[u8], made: &[u8]) {
    if std::env::var_os("SANDERLING_WRITE_TABLES").is_some() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/text/analysis");
        std::fs::write(folder.join(name), made).expect("the table can be written");
    } else {
        assert!(stored == made, "{name} is not what Unicode says");
    }
}

#[test]
fn tables_are_made_from_unicode() {
    assert_eq!(unicode_normalization::UNICODE_VERSION, (17, 0, 0));
    assert_eq!(unicode_properties::UNICODE_VERSION, (17, 0, 0));
    check("classes.bin", include_bytes!("classes.bin"), &class_table());
    check("folds.bin", include_bytes!("folds.bin"), &fold_table());
}

#[test]
fn every_character_has_its_class_and_its_fold() {
    for character in characters() {
        if is_assigned(character) {
            assert_eq!(class_of(character), class(character), "{character:?}");
        }
        if class(character) != Class::Other {
            let mut folded = String::new();
            push_fold(character, &mut folded);
            assert_eq!(folded, fold(character), "{character:?}");
        }
    }
}
