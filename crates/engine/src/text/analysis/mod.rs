//! Terms from text: where words begin and end, what they fold to, their stems.
//!
//! Documents and queries go through the same analysis, so that they meet. It is one pass in linear time, whatever the
//! text is, and a term has at most [`TERM_BYTES_MAX`](crate::limits::TERM_BYTES_MAX) bytes.
//!
//! # What a searcher finds
//!
//! A word is found whatever its case and its accents: `École` by `ecole`, `Straße` by `strasse`, `Ødegård` by `odegard`,
//! full width by plain, Greek without tonos, Cyrillic `ё` as `е`, Hebrew without points, Arabic without vowel signs and
//! with one alef, `ي` for `ى`, `ه` for `ة`; the digits of every script by `0` to `9`. Letters that their readers never
//! leave out stay: `й`, `ї` and `ў`, kana with voice, the vowels of the scripts of India. Folding is NFKC but for the
//! doubles of Han from U+2F800 on and the letters of Arabic formulas. Accents go after the stemmer
//! of a language that is written with them, which knows them; in English and without a language they go first.
//!
//! | written | terms: pieces, *whole* | note |
//! |---|---|---|
//! | `utf-8`, `wi-fi`, `snake_case` | `utf` `8` *`utf8`* | so `utf8` and `utf 8` find it too |
//! | `camelCase`, `HTMLParser` | `camel` `case` *`camelcase`* | `PDFs`, `R2D2`, `mp3` stay whole |
//! | `R2-D2`, `AT&T`, `U.S.A.` | `r2` `d2` *`r2d2`*; `at` `t` *`att`*; `u` `s` `a` *`usa`* | |
//! | `O'Reilly`, `O’Reilly`, `l'avion` | `o` `reilly` *`oreilly`* | any apostrophe |
//! | `John's`, `we'll`, `don't` | `john`; `we`; `dont` | `'s 'll 're 've 'd 'm` are dropped |
//! | `joe@example.com`, `example.com` | `joe` `example` `com` *`joeexamplecom`* | a URL comes apart at `/`, `:` and `?` |
//! | `v1.2`, `192.168.0.1`, `2024-05-01` | `v1` `2` *`v1.2`* | between two digits the whole has a point |
//! | `1,000.5`, `1'000.5` | `1` `000` `5` *`1000.5`* | a sign that groups thousands goes |
//! | `c++`, `c#`, `f#`, `c++17` | `c++`; `c#`; `c++` `17` *`c++17`* | a plain `c` does not find them |
//! | `notepad++` | `notepad` *`notepad++`* | |
//! | `#tag`, `@name`, `.net` | `tag` *`#tag`* | at the start of a word, before a letter |
//! | `東京都`, `ไทย` | pairs: `東京` `京都` | and `都` in the index, see [`TokenKind::Tail`] |
//! | `水` alone | `水` | |
//! | `👍🏽`, `❤️`, `🇫🇷` | `👍`, `❤`, `🇫🇷` | an emoji is a word; skin colours are left out |
//! | `co­operate`, `می‌خواهم` | without the invisible character | a soft hyphen, a joiner, a mark of direction |
//!
//! # How terms are counted
//!
//! Each piece has a position of its own, a stop word leaves its position empty, and a whole stands at the position of its
//! first piece. The length of a field is the number of its pieces and pairs: other spellings ([`TokenKind::Joined`],
//! [`TokenKind::Tail`]) do not count, so that a text with many of them is no longer for BM25 than it is for its reader.
//! A query for a compound finds a document that has its whole or all of its pieces; with the default `or` any piece finds it.

mod field;
mod language;
#[cfg(test)]
mod reference;
mod spelling;
mod terms;
mod unicode;
mod words;

pub use field::{AnalyzerSource, Analyzers, CustomAnalyzer, FieldAnalyzer};
pub use language::{Language, LanguagePack};
pub(crate) use terms::bounded;
pub use terms::{POSITION_GAP, PlacedTerm, Terms};

use alloc::string::String;
use unicode::{Class, class_of};

/// Makes terms of text. The built-in one is [`FieldAnalyzer`]; a Rust user may give another for a field by its name.
///
/// The same text must give the same tokens at all times and on every host: terms stand in files, and highlights look for
/// them in the text again.
pub trait Analyzer: Send + Sync {
    /// Calls `found` for each token of the text. Positions start at 0 and never go back; ranges are of whole characters.
    fn analyze(&self, text: &str, purpose: Purpose, found: &mut dyn FnMut(Token<'_>));

    /// Whether a word has another form than its term, because terms are stems. The index then keeps the forms too, and
    /// whatever looks for words that are like others (prefixes, typos, suggestions) looks among them.
    fn keeps_forms(&self) -> bool {
        false
    }

    /// What makes a term of a form, where the form alone tells it. An index then asks for [`Purpose::Forms`], and stems
    /// each form once and not wherever it stands.
    fn stem_of_form(&self) -> Option<fn(&mut String)> {
        None
    }
}

/// What the terms of a text are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A document that is indexed or highlighted: every term that it is found by.
    Index,
    /// The same, but the terms that [`Analyzer::stem_of_form`] makes of forms are left empty. Nobody asks for it where there
    /// is no such function.
    Forms,
    /// A query.
    Query,
    /// A word that its writer has not finished: folded, neither stemmed nor left out, since its stem may be another's.
    Unfinished,
}

/// A term and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// The term as the index has it.
    pub term: &'a str,
    /// The word itself, folded; the term where they are the same.
    pub form: &'a str,
    /// Its position among the words of the text, from 0.
    pub position: u32,
    /// Where it starts in the text as written, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// How it came about.
    pub kind: TokenKind,
}

/// How a token came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A word, or a piece of a compound.
    Word,
    /// A character of a script without spaces that stands alone. In a query it means every word that begins with it.
    Single,
    /// The whole of a compound, or a word with a sign that it may be meant with: another spelling of the pieces that
    /// follow, at the position of the first. It is told before them.
    Joined,
    /// Two neighbouring characters of a script without spaces, at the position of the first.
    Pair,
    /// The last character of such a run, for documents alone: with it every character of a run begins a term, and a query
    /// for one character finds them all by prefix.
    Tail,
}

/// What a text folds to: lower case, without accents, compatible characters replaced. Words are not parted.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::new();
    text.chars().for_each(|character| spelling::push_composed(character, &mut folded));
    folded
}

/// Whether a text may be parted there without parting a character: not before a mark, nor within a flag or an emoji.
pub(super) fn ends_character(text: &str, at: usize) -> bool {
    let (Some(before), Some(after)) = (text[..at].chars().next_back(), text[at..].chars().next()) else { return true };
    let (left, right) = (class_of(before), class_of(after));
    before != '\u{200d}' && right != Class::Mark && (left, right) != (Class::Regional, Class::Regional)
}

/// Whether a text may be parted there without parting a word.
pub(super) fn is_boundary(text: &str, at: usize) -> bool {
    let is_of_word = |character: Option<char>| character.is_some_and(|character| class_of(character).is_of_word());
    let inside = is_of_word(text[..at].chars().next_back()) && is_of_word(text[at..].chars().next());
    !inside && ends_character(text, at)
}
