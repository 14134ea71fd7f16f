//! Nineteen languages beside English: Snowball stemmers, and lists of words without a meaning of their own.
//!
//! The engine has English alone. [`LANGUAGES`] is the pack that brings the others; the crate `sanderling` registers it by
//! its feature `languages`. Each language is a feature, so that a program takes those it needs.
//!
//! With the feature `module` the crate becomes a wasm file of its own that a page fetches when a schema names one of its
//! languages: see `src/module.rs`.
//!
//! ```
//! use sanderling_engine::text::{Language, LanguagePack};
//!
//! let mut word = String::from("häuser");
//! sanderling_languages::LANGUAGES.stem(Language::German, &mut word);
//! assert_eq!(word, "haus");
//! ```
#![no_std]

extern crate alloc;

#[cfg(all(feature = "module", target_family = "wasm"))]
pub mod module;
mod stop_words;

use alloc::{borrow::Cow, string::String};
use sanderling_engine::text::{Language, LanguagePack};
use snowstem::{Algorithm, Stemmer};

/// The pack of the languages that are compiled in.
pub static LANGUAGES: Languages = Languages;

/// The type of [`LANGUAGES`].
#[derive(Clone, Copy, Debug)]
pub struct Languages;

impl LanguagePack for Languages {
    fn has(&self, language: Language) -> bool {
        !stop_words(language).is_empty()
    }

    fn stem(&self, language: Language, word: &mut String) {
        stem(language, word);
    }

    fn stop_words(&self, language: Language) -> Cow<'static, str> {
        stop_words(language).into()
    }
}

// Each language by its name here, the name of its list and its feature.
macro_rules! for_each_language {
    ($apply:ident) => {
        $apply! {
            Arabic ARABIC "arabic", Czech CZECH "czech", Danish DANISH "danish", Dutch DUTCH "dutch",
            Finnish FINNISH "finnish", French FRENCH "french", German GERMAN "german", Greek GREEK "greek",
            Hungarian HUNGARIAN "hungarian", Italian ITALIAN "italian", Norwegian NORWEGIAN "norwegian",
            Polish POLISH "polish", Portuguese PORTUGUESE "portuguese", Romanian ROMANIAN "romanian",
            Russian RUSSIAN "russian", Spanish SPANISH "spanish", Swedish SWEDISH "swedish", Tamil TAMIL "tamil",
            Turkish TURKISH "turkish"
        }
    };
}
#[cfg(all(feature = "module", target_family = "wasm"))]
use for_each_language;

/// Puts the stem of a word in its place: a word in lower case with composed letters. A word of a language that is not
/// compiled in stays as it is.
pub fn stem(language: Language, word: &mut String) {
    // Algorithms are named one by one: so the linker leaves out those of other languages.
    macro_rules! stems {
        ($($language:ident $list:ident $feature:literal),+) => {
            match language {
                $(#[cfg(feature = $feature)] Language::$language => stem_with(Algorithm::$language, word),)+
                _ => {}
            }
        };
    }
    for_each_language!(stems);
}

#[inline(always)]
fn stem_with(algorithm: Algorithm, word: &mut String) {
    let stem = Stemmer::create(algorithm).stem(word);
    if stem != word.as_str() {
        let stem = stem.into_owned();
        *word = stem;
    }
}

/// The words of a language that say how the others hang together, with blanks between them; empty for a language that
/// is not compiled in.
#[must_use]
pub fn stop_words(language: Language) -> &'static str {
    macro_rules! lists {
        ($($language:ident $list:ident $feature:literal),+) => {
            match language {
                $(#[cfg(feature = $feature)] Language::$language => stop_words::$list,)+
                _ => "",
            }
        };
    }
    for_each_language!(lists)
}
