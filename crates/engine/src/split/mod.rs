//! Splits long texts into chunks that can be embedded and indexed one by one.
//!
//! ```
//! use sanderling_engine::split::{SplitKind, SplitOptions, split_text};
//!
//! let text = "# Birds\n\nSanderlings run. They never tire.\n\n# Shores\n\nSand.";
//! let chunks = split_text(text, &SplitOptions::new(SplitKind::Markdown).size(30))?;
//! let found: Vec<_> = chunks.iter().map(|chunk| (chunk.heading, chunk.text)).collect();
//! assert_eq!(found, [
//!     (Some("Birds"), "# Birds\n\nSanderlings run."),
//!     (Some("Birds"), "They never tire."),
//!     (Some("Shores"), "# Shores\n\nSand."),
//! ]);
//! assert_eq!(&text[chunks[1].start..chunks[1].end], "They never tire.");
//! # Ok::<(), sanderling_engine::Error>(())
//! ```
//!
//! The npm package has the same functions in TypeScript (`pkg/src/split.ts`), file by file, and gives the same chunks:
//! `tests/cases/split` holds both to it. Therefore every class of characters is written out here and nothing is asked
//! of the host's Unicode tables, which differ.
//!
//! # What holds of all kinds
//!
//! - A chunk is a range of the text that neither begins nor ends with white space. Chunks come in order, and all that
//!   is not white space is in some chunk.
//! - Sizes count code points; for [`SplitKind::Tokens`] they count tokens. No chunk is larger than `size`, 1000 code
//!   points or 256 tokens unless told.
//! - *White space* is the `White_Space` property of Unicode. A *line* ends at any of U+000A to 000D, U+0085, U+2028 and
//!   U+2029; CR LF is one end. A *blank line* has white space alone.
//! - A *character* here is a code point with those that belong to it: combining marks, variation selectors, skin tones
//!   and tags, and what a zero-width joiner joins ([`characters`] has the ranges). No cut goes through a character that
//!   is not larger than `size` by itself.
//! - The time is linear in the length of the text.
//!
//! # Kinds
//!
//! - **recursive.** Pieces are paragraphs (between blank lines); a paragraph that is larger than `size` is split into
//!   its lines, a line into sentences, a sentence into words, a word into characters. A chunk takes pieces as long as
//!   they fit.
//! - **sentence.** Chunks are whole sentences, as many as fit. A sentence that is larger than `size` has chunks of its
//!   own, split as in recursive.
//! - **markdown.** A section begins at each heading (`#` to `######`, or one line underlined with `==` or `--`) outside
//!   of fenced code. No chunk has text of two sections, and each has the text of its section's heading. In a section,
//!   as in recursive, but fenced code and tables are whole where they fit.
//! - **tokens.** A token is an ASCII punctuation character, an East Asian character (U+2E80 to 9FFF, AC00 to D7AF, F900
//!   to FAFF, 20000 to 3FFFF), or a run of characters that are neither these nor white space. A chunk has `size`
//!   tokens; the last one has what remains.
//!
//! A *word* begins after white space, and beside an ideograph or kana, where neither punctuation clings to what is
//! before it nor an opening bracket to what is behind. A *sentence* ends after `.` `!` `?` `…` (also `؟` `۔` `।` `॥`)
//! with the closing quotes, brackets and emphasis behind it where white space follows, after `。` `！` `？` also where
//! none follows, and at blank lines; not after an abbreviation of a short list, a single capital, or a number that
//! begins a line.
//!
//! # Overlap
//!
//! With `overlap`, a chunk begins before the end of the one before: for tokens exactly that many tokens, otherwise at
//! the first word (kind sentence: sentence) that begins at most `overlap` code points before that end and with which
//! the next piece still fits. Where there is none, chunks do not overlap; sections and sentences that are larger than
//! `size` never do.

mod breaks;
mod characters;
mod markdown;
mod options;
mod pieces;
mod tokens;

pub use options::{SplitKind, SplitOptions};

use crate::Result;
use alloc::vec::Vec;
use core::ops::Range;

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The text of the chunk: `source[start..end]`.
    pub text: &'a str,
    /// The byte of the source where it starts.
    pub start: usize,
    /// The byte of the source after its last.
    pub end: usize,
    /// Kind markdown: the text of the nearest heading above, the chunk's own included.
    pub heading: Option<&'a str>,
}

/// Splits `text` into chunks. Error `invalid` when the options are not what they must be.
pub fn split_text<'a>(text: &'a str, options: &SplitOptions) -> Result<Vec<Chunk<'a>>> {
    options.check()?;
    let codes: Vec<char> = text.chars().collect();
    let found = match options.kind {
        SplitKind::Recursive => pieces::recursive(&codes, options),
        SplitKind::Sentence => pieces::sentences(&codes, options),
        SplitKind::Markdown => markdown::sections(&codes, options),
        SplitKind::Tokens => tokens::tokens(&codes, options),
    };
    let mut offsets: Vec<usize> = text.char_indices().map(|(offset, _)| offset).collect();
    offsets.push(text.len());
    let bytes = |span: &Span| offsets[span.start]..offsets[span.end];
    Ok(found.iter().map(|(span, heading)| chunk(text, bytes(span), heading.as_ref().map(bytes))).collect())
}

fn chunk(text: &str, span: Span, heading: Option<Span>) -> Chunk<'_> {
    let Range { start, end } = span;
    Chunk { text: &text[start..end], start, end, heading: heading.map(|span| &text[span]) }
}

/// A range of code points.
type Span = Range<usize>;

/// A chunk, and the text of its heading.
type Found = (Span, Option<Span>);
