//! What must hold of the chunks of every text.

use crate::{
    parts,
    random::{Random, case},
};
use sanderling_engine::split::{Chunk, SplitKind, SplitOptions, split_text};

const TEXTS: usize = 5_000;

fn each_random_text(check: impl Fn(&str, &SplitOptions, &[Chunk])) {
    let parts = parts();
    let mut random = Random(0x5eed);
    for _ in 0..TEXTS {
        let (text, options) = case(&mut random, &parts);
        let chunks = split_text(&text, &options).unwrap();
        let shown = ShownWhenFailing(&text, &options, &chunks);
        check(shown.0, shown.1, shown.2);
    }
}

struct ShownWhenFailing<'a>(&'a str, &'a SplitOptions, &'a [Chunk<'a>]);

impl Drop for ShownWhenFailing<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:?} {:?} {:?}", self.0, self.1, self.2);
        }
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Rust's own table of the property, which the written list must agree with.
fn is_white(c: char) -> bool {
    c.is_whitespace()
}

fn belongs_to_the_one_before(before: char, c: char) -> bool {
    before == '\u{200d}'
        || matches!(c, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{20d0}'..='\u{20ff}' | '\u{3099}' | '\u{309a}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

#[test]
fn chunks_are_ranges_without_white_space_at_their_ends_in_order() {
    each_random_text(|text, _, chunks| {
        for chunk in chunks {
            assert_eq!(&text[chunk.start..chunk.end], chunk.text);
            assert!(!chunk.text.is_empty() && chunk.text.trim() == chunk.text);
        }
        for pair in chunks.windows(2) {
            assert!(pair[0].start < pair[1].start && pair[0].end < pair[1].end, "something new, in order");
        }
    });
}

#[test]
fn all_that_is_not_white_space_is_in_some_chunk() {
    each_random_text(|text, options, chunks| {
        let mut covered = 0;
        for chunk in chunks {
            assert!(text.get(covered..chunk.start).is_none_or(|between| between.chars().all(is_white)));
            assert!(options.overlap > 0 || chunk.start >= covered);
            covered = chunk.end;
        }
        assert!(text[covered..].chars().all(is_white));
    });
}

#[test]
fn no_chunk_is_larger_than_the_size_or_overlaps_by_more_than_it_may() {
    each_random_text(|text, options, chunks| {
        if options.kind == SplitKind::Tokens {
            return;
        }
        assert!(chunks.iter().all(|chunk| length(chunk.text) <= options.size));
        for pair in chunks.windows(2) {
            let common = text.get(pair[1].start..pair[0].end).map_or(0, length);
            assert!(common <= options.overlap);
        }
    });
}

/// Splitting by single tokens counts the tokens of any part of a text.
#[test]
fn chunks_of_tokens_have_exactly_so_many() {
    each_random_text(|text, options, chunks| {
        if options.kind != SplitKind::Tokens {
            return;
        }
        let all = split_text(text, &options.size(1).overlap(0)).unwrap();
        let place = |byte, of: fn(&Chunk) -> usize| all.iter().position(|token| of(token) == byte).unwrap();
        for (at, chunk) in chunks.iter().enumerate() {
            let first = place(chunk.start, |token| token.start);
            let end = place(chunk.end, |token| token.end) + 1;
            assert_eq!(first, at * (options.size - options.overlap));
            assert_eq!(end, all.len().min(first + options.size));
        }
    });
}

#[test]
fn no_cut_goes_through_a_character_that_fits() {
    each_random_text(|text, options, chunks| {
        for chunk in chunks.iter().filter(|chunk| chunk.start > 0) {
            let mut before = text[..chunk.start].chars().rev();
            let first = chunk.text.chars().next().unwrap();
            let previous = before.next().unwrap();
            if is_white(previous) || !belongs_to_the_one_before(previous, first) {
                continue;
            }
            // It begins within a character: one that is larger than a chunk.
            let codes: Vec<char> = text.chars().collect();
            let at = length(&text[..chunk.start]);
            let joins =
                |at: usize| at > 0 && !is_white(codes[at - 1]) && belongs_to_the_one_before(codes[at - 1], codes[at]);
            let from = (0..at).rev().find(|&at| !joins(at)).unwrap();
            let end = (at..codes.len()).find(|&at| is_white(codes[at]) || !joins(at)).unwrap_or(codes.len());
            assert!(end - from > options.size);
        }
    });
}

#[test]
fn a_text_that_fits_is_one_chunk_of_all_kinds_without_parts() {
    each_random_text(|text, options, _| {
        if matches!(options.kind, SplitKind::Recursive | SplitKind::Sentence) {
            let chunks = split_text(text, &options.size(length(text).max(1)).overlap(0)).unwrap();
            let found: Vec<_> = chunks.iter().map(|chunk| chunk.text).collect();
            assert_eq!(found, if text.trim().is_empty() { vec![] } else { vec![text.trim()] });
        }
    });
}

/// At a size for which each section is one chunk, what is found are the sections; no smaller chunk spans two of them.
#[test]
fn no_chunk_spans_two_sections() {
    each_random_text(|text, options, chunks| {
        if options.kind != SplitKind::Markdown {
            assert!(chunks.iter().all(|chunk| chunk.heading.is_none()));
            return;
        }
        let sections = split_text(text, &options.size(length(text).max(1)).overlap(0)).unwrap();
        for chunk in chunks {
            let section = sections.iter().find(|section| section.end >= chunk.end).unwrap();
            assert!(section.start <= chunk.start);
            assert_eq!(section.heading, chunk.heading);
        }
    });
}

/// If two neighbours fitted together, the first piece of the second would have been packed with the first.
#[test]
fn pieces_are_packed_as_long_as_they_fit() {
    each_random_text(|text, options, _| {
        let chunks = split_text(text, &SplitOptions::new(SplitKind::Recursive).size(options.size)).unwrap();
        for pair in chunks.windows(2) {
            assert!(length(&text[pair[0].start..pair[1].end]) > options.size);
        }
    });
}
