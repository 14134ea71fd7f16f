//! Words from characters: runs of letters and digits in lower case, stemmed where the field names a language.

use super::{english, lowercase::push_lowercase};
use crate::{
    limits::TERM_BYTES_MAX,
    schema::{StopWords, TextField},
};
use alloc::{string::String, vec::Vec};

/// The language of a text field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Words as they are.
    None,
    /// English, with the Snowball stemmer.
    English,
}

impl Language {
    /// The language of that name in a schema.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "none" => Some(Self::None),
            "english" => Some(Self::English),
            _ => None,
        }
    }

    /// The name in a schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::English => "english",
        }
    }

    fn stem(self, word: &mut String) {
        match self {
            Self::None => {}
            Self::English => english::stem(word),
        }
    }
}

/// Calls `found` for each word of the text as it is written. An apostrophe between letters belongs to the word.
pub fn for_each_word<'a>(text: &'a str, mut found: impl FnMut(&'a str)) {
    let mut start = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let joins = matches!(character, '\'' | '\u{2019}')
            && start.is_some()
            && characters.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if character.is_alphanumeric() || joins {
            start.get_or_insert(at);
        } else if let Some(from) = start.take() {
            found(text.get(from..at).unwrap_or_default());
        }
    }
    if let Some(from) = start {
        found(text.get(from..).unwrap_or_default());
    }
}

/// The terms of a text under the rules of its field, in order.
#[must_use]
pub fn analyze(text: &str, field: &TextField) -> Vec<String> {
    let mut terms = Vec::new();
    for_each_word(text, |word| {
        let mut term = lowercase(word);
        let stopped = matches!(&field.stop_words, StopWords::List(words) if words.contains(&term));
        if !stopped {
            field.language.stem(&mut term);
            term.truncate(term.floor_char_boundary(TERM_BYTES_MAX));
            terms.push(term);
        }
    });
    terms
}

/// A word in lower case, every apostrophe as `'`.
fn lowercase(word: &str) -> String {
    let mut lower = String::with_capacity(word.len());
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{2019}' => lower.push('\''),
            // At the end of a word the sigma has a form of its own.
            'Σ' if !lower.is_empty() && characters.as_str().is_empty() => lower.push('ς'),
            other => push_lowercase(other, &mut lower),
        }
    }
    lower
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn words(text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        for_each_word(text, |word| words.push(word));
        words
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(
            words("Shore-birds, 2 of 'em: O'Reilly's 東京"),
            vec!["Shore", "birds", "2", "of", "em", "O'Reilly's", "東京"]
        );
        assert_eq!(words("'' ' - "), Vec::<&str>::new());
    }

    #[test]
    fn lower_case_is_the_one_of_unicode() {
        for word in ["Straße", "ΟΔΟΣ", "Σ", "ΣΑΣ", "İstanbul", "ǅ", "ÀÉ", "Ⅷ", "x86"] {
            assert_eq!(lowercase(word), word.to_lowercase(), "{word}");
        }
        assert_eq!(lowercase("O\u{2019}Neil"), "o'neil");
    }

    #[test]
    fn english_words_meet_in_their_stem() {
        let field = TextField {
            weight: 1.0,
            language: Language::English,
            stop_words: StopWords::List(vec!["the".into()]),
            positions: true,
            many: false,
        };
        assert_eq!(analyze("The Running runs", &field), vec!["run", "run"]);
    }
}
