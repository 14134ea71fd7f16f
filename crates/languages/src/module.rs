//! The pack as a wasm file with plain functions over its memory: `cargo rustc -p sanderling-languages --crate-type cdylib
//! --no-default-features --features module,german --profile wasm --target wasm32-unknown-unknown`.
//!
//! Whoever calls writes a word or a name to [`buffer`] and reads the answer there. A language is spoken of by its place
//! in [`Language::ALL`], which [`language`] gives for its name.

extern crate std;

use alloc::{string::String, vec::Vec};
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
use sanderling_engine::{limits::TERM_BYTES_MAX, text::Language};

/// Bytes of the buffer: a word may grow a little by its stemmer.
const BUFFER_BYTES: usize = 2 * TERM_BYTES_MAX;

// Atomic, because the host writes to it behind the back of this code.
static BUFFER: [AtomicU8; BUFFER_BYTES] = [const { AtomicU8::new(0) }; BUFFER_BYTES];

/// Where words are handed over.
#[unsafe(no_mangle)]
pub extern "C" fn buffer() -> *const u8 {
    BUFFER.as_ptr().cast()
}

/// The number of the language whose name, of that length, is in the buffer; -1 if it is not compiled in.
#[unsafe(no_mangle)]
pub extern "C" fn language(length: usize) -> i32 {
    let name = text(length);
    let known = Language::ALL.iter().position(|language| language.name() == name);
    known.filter(|at| !crate::stop_words(Language::ALL[*at]).is_empty()).map_or(-1, |at| at as i32)
}

/// Stems the word of that length in the buffer there; the length of its stem.
#[unsafe(no_mangle)]
pub extern "C" fn stem(language: usize, length: usize) -> usize {
    let mut word = text(length);
    if let Some(language) = Language::ALL.get(language) {
        crate::stem(*language, &mut word);
    }
    for (slot, byte) in BUFFER.iter().zip(word.bytes()) {
        slot.store(byte, Relaxed);
    }
    word.len().min(BUFFER_BYTES)
}

/// Where the stop words of a language stand, with blanks between them.
#[unsafe(no_mangle)]
pub extern "C" fn stop_words(language: usize) -> *const u8 {
    list(language).as_ptr()
}

/// How many bytes they are.
#[unsafe(no_mangle)]
pub extern "C" fn stop_words_length(language: usize) -> usize {
    list(language).len()
}

fn list(language: usize) -> &'static str {
    Language::ALL.get(language).map_or("", |language| crate::stop_words(*language))
}

fn text(length: usize) -> String {
    let bytes: Vec<u8> = BUFFER.iter().take(length).map(|byte| byte.load(Relaxed)).collect();
    String::from_utf8(bytes).unwrap_or_default()
}
