//! What a user typed, taken apart: words, phrases in quotes, and what is excluded. Nothing that is typed is an error.
//!
//! What stands between two blanks is one *word*: its pieces and, for a compound, its whole. A quote at the start of a word
//! opens a phrase, which goes on to the next quote or to the end. A hyphen before a word or a quote excludes.

use super::SearchedField;
use crate::{
    limits::{FUZZY_WORDS_MAX, QUERY_TERMS_MAX, QUERY_TEXT_BYTES_MAX},
    lists::map,
    text::{Purpose, Token, TokenKind, bounded},
};
use alloc::{string::String, vec, vec::Vec};

/// A query taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct TakenApart {
    /// What documents are to have.
    pub units: Vec<Unit>,
    /// What they must not have.
    pub excluded: Vec<Unit>,
}

/// A word, or the words of a phrase.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// The words, which add to the score.
    pub words: Vec<QueryWord>,
    /// The terms of a phrase with their places in it; none for a word.
    pub phrase: Vec<Slot>,
}

/// What a query has between two blanks. A document has the word when it has all of its pieces, or a whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct QueryWord {
    /// The terms: each piece, and the whole where there are several.
    pub terms: Vec<QueryTerm>,
    /// How often the query has it.
    pub repeated: f32,
}

/// One term of a query, as each searched field spells it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct QueryTerm {
    /// In each searched field (stemmers differ); empty where it is a stop word.
    pub spelling: Vec<Spelling>,
    /// Whether words that begin with it count too.
    pub prefix: bool,
    /// Whether it is one character of a script without spaces.
    pub single: bool,
    /// Whether it stands for all pieces of its word.
    pub whole: bool,
    /// Whether typos are looked for: not in phrases, in wholes, nor in pairs of characters.
    pub fuzzy: bool,
}

/// A word in a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Spelling {
    /// Its term.
    pub term: String,
    /// Itself, folded.
    pub form: String,
}

/// A term of a phrase.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slot {
    /// Its place among the words of the phrase.
    pub place: u32,
    /// The term.
    pub term: QueryTerm,
}

/// Takes a query apart for some fields; with `prefix` its last word goes on.
pub(super) fn take_apart(text: &str, fields: &[SearchedField<'_>], prefix: bool) -> TakenApart {
    let text = text.get(..text.floor_char_boundary(QUERY_TEXT_BYTES_MAX)).unwrap_or_default();
    let unfinished = prefix && fields.iter().any(|field| ends_with_word(text, field));
    let mut taken = TakenApart::default();
    let (mut rest, mut count) = (text, 0);
    while let Some((part, behind)) = next_part(rest) {
        rest = behind;
        let is_last = unfinished && rest.trim_start().is_empty();
        let unit = if part.is_phrase { phrase(part.text, fields, is_last) } else { word(part.text, fields, is_last) };
        count += unit.phrase.len() + unit.words.iter().map(|word| word.terms.len()).sum::<usize>();
        if count > QUERY_TERMS_MAX {
            break;
        }
        add(if part.excluded { &mut taken.excluded } else { &mut taken.units }, unit);
    }
    // A dictionary is walked for each: a pasted page would take seconds.
    let terms = taken.units.iter_mut().flat_map(|unit| &mut unit.words).flat_map(|word| &mut word.terms);
    terms.filter(|term| term.fuzzy).skip(FUZZY_WORDS_MAX).for_each(|term| term.fuzzy = false);
    taken
}

/// Whether the last word, a mark on its last letter included, goes on to the very end.
fn ends_with_word(text: &str, field: &SearchedField<'_>) -> bool {
    let last = text.rsplit(char::is_whitespace).next().unwrap_or_default();
    let mut end = 0;
    field.analyzer.analyze(last, Purpose::Unfinished, &mut |token| end = token.end);
    end > 0 && end == last.len()
}

/// A unit that is there already counts once more.
fn add(units: &mut Vec<Unit>, unit: Unit) {
    if unit.words.is_empty() {
        return;
    }
    let is_same = |known: &&mut Unit| {
        let words = known.words.iter().zip(&unit.words).all(|(known, word)| known.terms == word.terms);
        words && known.words.len() == unit.words.len() && known.phrase == unit.phrase
    };
    match units.iter_mut().find(is_same) {
        Some(known) => {
            for (known, word) in known.words.iter_mut().zip(&unit.words) {
                known.repeated += word.repeated;
            }
        }
        None => units.push(unit),
    }
}

struct Part<'a> {
    text: &'a str,
    is_phrase: bool,
    excluded: bool,
}

/// The next word or phrase, and what is behind it.
fn next_part(text: &str) -> Option<(Part<'_>, &str)> {
    let text = text.trim_start();
    text.chars().next()?;
    let bare = text.trim_start_matches('(');
    let after_hyphen = bare.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    let excluded = after_hyphen.is_some();
    let start = after_hyphen.unwrap_or(bare);
    if let Some(inside) = start.strip_prefix(is_quote) {
        let (text, rest) = inside.split_once(is_quote).unwrap_or((inside, ""));
        return Some((Part { text, is_phrase: true, excluded }, rest));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    Some((Part { text: &text[..end], is_phrase: false, excluded }, &text[end..]))
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\u{201c}' | '\u{201d}')
}

fn word(text: &str, fields: &[SearchedField<'_>], unfinished: bool) -> Unit {
    let terms = map(spell(text, fields, unfinished), |(_, term)| term);
    let words = if terms.is_empty() { Vec::new() } else { Vec::from([QueryWord { terms, repeated: 1.0 }]) };
    Unit { words, phrase: Vec::new() }
}

/// A phrase of one piece is a word that is meant as it is written.
fn phrase(text: &str, fields: &[SearchedField<'_>], unfinished: bool) -> Unit {
    let mut spelled = spell(text, fields, unfinished);
    spelled.iter_mut().for_each(|(_, term)| term.fuzzy = false);
    if spelled.iter().filter(|(_, term)| !term.whole).count() < 2 {
        let terms = map(spelled, |(_, term)| term);
        let words = if terms.is_empty() { Vec::new() } else { Vec::from([QueryWord { terms, repeated: 1.0 }]) };
        return Unit { words, phrase: Vec::new() };
    }
    let (mut words, mut phrase): (Vec<QueryWord>, Vec<Slot>) = (Vec::new(), Vec::new());
    for ((place, _), term) in spelled {
        if term.whole {
            continue;
        }
        match words.iter_mut().find(|word| word.terms[0] == term) {
            Some(known) => known.repeated += 1.0,
            None => words.push(QueryWord { terms: Vec::from([term.clone()]), repeated: 1.0 }),
        }
        phrase.push(Slot { place, term });
    }
    Unit { words, phrase }
}

/// The place of a term: its position, and its number among the spellings there.
type Place = (u32, u32);

/// The terms of one word of a query. Fields may disagree on what is a stop word; terms of one place belong together.
fn spell(word: &str, fields: &[SearchedField<'_>], unfinished: bool) -> Vec<(Place, QueryTerm)> {
    let mut spelled = Spelled::default();
    for (at, field) in fields.iter().enumerate() {
        let mut last = None;
        if unfinished {
            field.analyzer.analyze(word, Purpose::Unfinished, &mut |token| last = Some(token.position));
        }
        let is_last =
            |token: &Token<'_>| last.is_some_and(|last| token.position == last || token.kind == TokenKind::Joined);
        spelled.place = (0, 0);
        field.analyzer.analyze(word, Purpose::Query, &mut |token| {
            let spelling = Spelling { term: bounded(token.term).into(), form: bounded(token.form).into() };
            spelled.add(&token, is_last(&token), at, fields.len(), spelling);
        });
        spelled.place = (0, 0);
        // What its writer has not finished is looked up as it is written too; a stop word may become another word.
        if unfinished {
            field.analyzer.analyze(word, Purpose::Unfinished, &mut |token| {
                if is_last(&token) {
                    let spelling = Spelling { term: String::new(), form: bounded(token.term).into() };
                    spelled.add(&token, true, at, fields.len(), spelling);
                }
            });
        }
    }
    spelled.terms
}

/// The terms of one word so far.
#[derive(Default)]
struct Spelled {
    terms: Vec<(Place, QueryTerm)>,
    place: Place,
}

impl Spelled {
    fn add(&mut self, token: &Token<'_>, prefix: bool, field: usize, fields: usize, spelling: Spelling) {
        let whole = token.kind == TokenKind::Joined;
        let number = if whole && self.place.0 == token.position { self.place.1 + 1 } else { u32::from(whole) };
        self.place = (token.position, number);
        let mut known = 0;
        while known < self.terms.len() && self.terms[known].0 != self.place {
            known += 1;
        }
        if known == self.terms.len() {
            if known == QUERY_TERMS_MAX {
                return;
            }
            let single = token.kind == TokenKind::Single;
            let prefix = prefix || single;
            let fuzzy = token.kind == TokenKind::Word;
            let spelling = vec![Spelling::default(); fields];
            self.terms.push((self.place, QueryTerm { spelling, prefix, single, whole, fuzzy }));
        }
        let slot = &mut self.terms[known].1.spelling[field];
        if slot.term.is_empty() {
            slot.term = spelling.term;
        }
        slot.form = spelling.form;
    }
}
