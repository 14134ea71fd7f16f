//! The bytes of a fuzzer as options and text.

use sanderling_engine::{
    schema::{StopWords, TextField},
    text::{FieldAnalyzer, Language},
};
use std::borrow::Cow;

/// Reads options from the front; what is left is text. Where nothing is left options are 0.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub fn language(&mut self) -> Language {
        Language::ALL[usize::from(self.byte()) % Language::ALL.len()]
    }

    /// Whatever is left.
    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    /// Whatever is left, with replacement characters for what is no UTF-8.
    pub fn text(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.0)
    }
}

/// The analyzer of a text field.
pub fn analyzer(language: Language, stop_words: StopWords) -> FieldAnalyzer {
    let field = TextField { weight: 1.0, language, stop_words, positions: true, many: false };
    FieldAnalyzer::new(&field, Some(&sanderling_languages::LANGUAGES)).expect("all languages are compiled in")
}
