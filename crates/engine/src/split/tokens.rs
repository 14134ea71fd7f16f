//! Splits by tokens: what a language model counts, as far as that can be said without one.

use super::{
    Found, Span, SplitOptions,
    characters::{JOINER, extends, is_east_asian, is_white},
};
use alloc::vec::Vec;

pub(super) fn tokens(codes: &[char], options: &SplitOptions) -> Vec<Found> {
    let tokens = found(codes);
    let mut chunks: Vec<Found> = Vec::new();
    let mut first = 0;
    while first < tokens.len() {
        let end = tokens.len().min(first.saturating_add(options.size));
        chunks.push((tokens[first].start..tokens[end - 1].end, None));
        // A chunk that reaches the end leaves nothing new for another.
        if end == tokens.len() {
            break;
        }
        first = end - options.overlap;
    }
    chunks
}

/// All tokens of a text.
fn found(codes: &[char]) -> Vec<Span> {
    let mut tokens: Vec<Span> = Vec::new();
    // Whether the token before may grow by a letter.
    let mut in_run = false;
    for (at, &c) in codes.iter().enumerate() {
        if is_white(c) {
            in_run = false;
            continue;
        }
        let is_single = c.is_ascii_punctuation() || is_east_asian(c);
        match tokens.last_mut() {
            Some(token) if token.end == at && (in_run && !is_single || joins(codes, at)) => token.end = at + 1,
            _ => {
                tokens.push(at..at + 1);
                in_run = !is_single;
            }
        }
    }
    tokens
}

/// Whether the code point belongs to the one before it, whatever they are.
fn joins(codes: &[char], at: usize) -> bool {
    extends(codes[at]) || codes[at - 1] == JOINER
}
