//! Languages that the host has loaded, each a wasm file beside the engine's (`crates/languages/src/module.rs`): their words
//! go through the host, which copies them from one memory to the other.

use alloc::{borrow::Cow, string::String};
use sanderling::engine::{
    limits::TERM_BYTES_MAX,
    text::{Language, LanguagePack},
};
use wasm_bindgen::prelude::wasm_bindgen;

// The build puts pkg/src/languages.ts in the place of this name; whoever bundles otherwise, with wasm-pack for one, defines it
// in the global scope. It is not looked at before a schema names a language beside English.
#[wasm_bindgen]
extern "C" {
    /// The stop words of a language that is there, with blanks between them. From then on it is spoken of by the number.
    #[wasm_bindgen(js_namespace = sanderlingLanguages, js_name = stopWords)]
    fn stop_words(name: &str, number: u32) -> Option<String>;

    /// Puts the stem of a word of that length in its place; the length of the stem.
    #[wasm_bindgen(js_namespace = sanderlingLanguages)]
    fn stem(number: u32, word: &mut [u8], length: u32) -> u32;
}

/// The host's languages.
#[derive(Debug)]
pub struct HostLanguages;

impl LanguagePack for HostLanguages {
    fn has(&self, language: Language) -> bool {
        stop_words(language.name(), language as u32).is_some()
    }

    fn stem(&self, language: Language, word: &mut String) {
        let mut bytes = core::mem::take(word).into_bytes();
        let length = bytes.len() as u32;
        // A word may grow a little by its stemmer.
        bytes.resize(2 * TERM_BYTES_MAX, 0);
        let length = stem(language as u32, &mut bytes, length);
        bytes.truncate(length as usize);
        *word = String::from_utf8(bytes).unwrap_or_default();
    }

    fn stop_words(&self, language: Language) -> Cow<'static, str> {
        stop_words(language.name(), language as u32).unwrap_or_default().into()
    }
}
