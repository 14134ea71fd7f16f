//! Why a hit matched: the passage of its text with the most matched words, each of them marked as it is written.
//!
//! The text is analyzed again, as it was when it was indexed; so a word is marked whatever made it match: its stem, its
//! fold, a typo, a prefix, one of its parts. Marks that overlap or touch become one, which makes one mark of the pairs of
//! a script without spaces. All of it is linear in the length of the text.
//!
//! The passage is escaped for HTML, the marks are not: they are the caller's own.

use super::{
    Analyzer, Purpose, Token, TokenKind,
    analysis::{ends_character, is_boundary},
};
use crate::numbering::{Numbering, hash};
use alloc::{string::String, vec::Vec};

/// Matched words of one text that are looked at; a longer text is highlighted by its first ones.
const SPANS_MAX: usize = 1 << 16;
/// Characters that a passage may lose at either end so that no word is cut.
const SEARCHED_FOR_BOUNDARY: usize = 64;
/// What a word counts when the passage has it already, as a part of its weight.
const REPEATED: u64 = 8;

/// How highlights look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HighlightOptions<'a> {
    /// Written before each matched word.
    pub open: &'a str,
    /// Written after it.
    pub close: &'a str,
    /// The most characters of the text in one passage: marks, ellipses and what escaping adds are not counted.
    pub max_length: usize,
}

impl Default for HighlightOptions<'_> {
    fn default() -> Self {
        Self { open: "<mark>", close: "</mark>", max_length: 200 }
    }
}

/// What a term weighs: 0 if it did not match; its idf, or 1, if it did. A query for one character of a script without
/// spaces weighs that character alone, not the pairs that begin with it.
pub type TermWeight<'a> = &'a dyn Fn(&str) -> f32;

/// A matched word.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    /// Its term's place among those that matched, and the term's weight.
    term: u32,
    weight: u64,
}

/// The best passage of each text that has a matched word, in the order of the texts.
#[must_use]
pub fn highlight_all(
    texts: &[&str],
    analyzer: &dyn Analyzer,
    weight: TermWeight<'_>,
    options: &HighlightOptions<'_>,
) -> Vec<String> {
    let mut passages = Vec::new();
    for text in texts {
        passages.extend(highlight(text, analyzer, weight, options));
    }
    passages
}

/// The passage of a text with the most of the matched words, escaped and marked; none where no word matched. Where text
/// is left out stands `...`.
#[must_use]
pub fn highlight(
    text: &str,
    analyzer: &dyn Analyzer,
    weight: TermWeight<'_>,
    options: &HighlightOptions<'_>,
) -> Option<String> {
    let spans = spans_of(text, analyzer, weight);
    if spans.is_empty() || options.max_length == 0 {
        return None;
    }
    let chosen = best_passage(text, &spans, options.max_length);
    let (start, end) = with_context(text, chosen, options.max_length);
    // A passage that is shorter than one character with its marks shows nothing.
    (chosen.0 < end).then(|| written(text, start, end, &spans, options))
}

/// A weight of 1 for the terms of a list, which is in order of its bytes.
pub fn one_of(terms: &[String]) -> impl Fn(&str) -> f32 {
    |term| if terms.binary_search_by(|known| known.as_str().cmp(term)).is_ok() { 1.0 } else { 0.0 }
}

fn spans_of(text: &str, analyzer: &dyn Analyzer, weight: TermWeight<'_>) -> Vec<Span> {
    let mut spans = Vec::new();
    let (mut number_of, mut words): (Numbering, Vec<String>) = (Numbering::default(), Vec::new());
    analyzer.analyze(text, Purpose::Index, &mut |token: Token<'_>| {
        let written = text.get(token.start..token.end).unwrap_or_default();
        if spans.len() >= SPANS_MAX || written.is_empty() {
            return;
        }
        let (mut term, mut end) = (token.term, token.end);
        let mut weighs = weight(term);
        if matches!(token.kind, TokenKind::Pair | TokenKind::Single | TokenKind::Tail) && weighs <= 0.0 {
            // Found by its first character, with all of its marks or without the last ones.
            let mut unit = first_character(term);
            while weighs <= 0.0 && unit > 0 {
                term = &term[..unit];
                weighs = weight(term);
                unit = term.char_indices().next_back().map_or(0, |(at, _)| at);
            }
            end = token.start + first_character(written);
        }
        if weighs > 0.0 {
            let hash = hash(term.as_bytes());
            let next = words.len() as u32;
            let number = number_of.find(hash, &mut |at| words[at as usize] == term).unwrap_or(next);
            if number == next {
                number_of.set(hash, next, &mut |_| false);
                words.push(term.into());
            }
            // Whole numbers: sums of them can be taken back.
            let weight = (weighs.min(1e6) * 1024.0) as u64 + 1;
            spans.push(Span { start: token.start, end, term: number, weight });
        }
    });
    spans
}

/// The bytes of the first character with the marks on it.
fn first_character(text: &str) -> usize {
    let mut ends = text.char_indices().skip(1).map(|(at, _)| at);
    ends.find(|at| ends_character(text, *at)).unwrap_or(text.len())
}

/// From the first to the last matched word of the best passage, in bytes.
fn best_passage(text: &str, spans: &[Span], max_length: usize) -> (usize, usize) {
    let mut counts: Vec<u32> = Vec::new();
    let mut add = |span: &Span, comes: bool| -> u64 {
        let at = span.term as usize;
        if counts.len() <= at {
            counts.resize(at + 1, 0);
        }
        let others = if comes { counts[at] } else { counts[at] - 1 };
        counts[at] = if comes { counts[at] + 1 } else { others };
        if others == 0 { span.weight } else { span.weight / REPEATED }
    };
    let (mut first, mut score) = (0, 0);
    let mut best = (0, spans[0].start, spans[0].end);
    // Characters before the start of the first span, and before the end of the last one.
    let (mut from, mut to) = (Characters::default(), Characters::default());
    for (last, span) in spans.iter().enumerate() {
        score += add(span, true);
        while first < last && to.before(text, span.end) - from.before(text, spans[first].start) > max_length {
            score -= add(&spans[first], false);
            first += 1;
        }
        if score > best.0 {
            best = (score, spans[first].start, span.end);
        }
    }
    (best.1, best.2.max(best.1))
}

/// Counts the characters before an offset that only grows.
#[derive(Default)]
struct Characters {
    at: usize,
    count: usize,
}

impl Characters {
    fn before(&mut self, text: &str, offset: usize) -> usize {
        if offset > self.at {
            self.count += text[self.at..offset].chars().count();
            self.at = offset;
        }
        self.count
    }
}

/// As much around the words as there is room for, half of it before them, without cutting words.
fn with_context(text: &str, words: (usize, usize), max_length: usize) -> (usize, usize) {
    let inside = text[words.0..words.1].chars().count();
    if inside > max_length {
        // One word that is longer than a passage.
        return (words.0, cut_back(text, words.0, forward(text, words.0, max_length).0));
    }
    let room = max_length - inside;
    let (_, free) = backward(text, words.0, room / 2);
    let (end, free) = forward(text, words.1, room - room / 2 + free);
    let (start, free) = backward(text, words.0, room / 2 + free);
    let (end, _) = if free > 0 { (end, 0) } else { forward(text, words.1, text[words.1..end].chars().count()) };
    (cut_forward(text, start, words.0), cut_back(text, words.1, end))
}

/// So many characters on; how many there were not.
fn forward(text: &str, from: usize, count: usize) -> (usize, usize) {
    let mut at = from;
    let mut left = count;
    for character in text[from..].chars().take(count) {
        at += character.len_utf8();
        left -= 1;
    }
    (at, left)
}

fn backward(text: &str, from: usize, count: usize) -> (usize, usize) {
    let mut at = from;
    let mut left = count;
    for character in text[..from].chars().rev().take(count) {
        at -= character.len_utf8();
        left -= 1;
    }
    (at, left)
}

/// The first place from `start` to `limit` where the text may be cut: between words, or else between characters.
fn cut_forward(text: &str, start: usize, limit: usize) -> usize {
    let mut places = text[start..limit].char_indices().map(|(at, _)| start + at).chain([limit]);
    let near = places.clone().take(SEARCHED_FOR_BOUNDARY).find(|at| is_boundary(text, *at));
    near.or_else(|| places.find(|at| ends_character(text, *at))).unwrap_or(limit)
}

/// The last such place from `limit` to `end`.
fn cut_back(text: &str, limit: usize, end: usize) -> usize {
    let mut places = [end].into_iter().chain(text[limit..end].char_indices().rev().map(|(at, _)| limit + at));
    let near = places.clone().take(SEARCHED_FOR_BOUNDARY).find(|at| is_boundary(text, *at) && *at > limit);
    near.or_else(|| places.find(|at| ends_character(text, *at))).unwrap_or(end)
}

fn written(text: &str, start: usize, end: usize, spans: &[Span], options: &HighlightOptions<'_>) -> String {
    let passage = &text[start..end];
    let start = end - passage.trim_start().len();
    let end = start + text[start..end].trim_end().len();
    let mut out = String::new();
    if !text[..start].trim_start().is_empty() {
        out.push_str("... ");
    }
    let mut at = start;
    let mut next = 0;
    while next < spans.len() {
        let mut mark = (spans[next].start.max(at), spans[next].end.min(end));
        next += 1;
        if mark.0 >= mark.1 {
            continue;
        }
        while let Some(span) = spans.get(next).filter(|span| span.start <= mark.1 && span.start < end) {
            mark = (mark.0.min(span.start.max(at)), mark.1.max(span.end.min(end)));
            next += 1;
        }
        push_escaped(&text[at..mark.0], &mut out);
        out.push_str(options.open);
        push_escaped(&text[mark.0..mark.1], &mut out);
        out.push_str(options.close);
        at = mark.1;
    }
    push_escaped(&text[at..end], &mut out);
    if !text[end..].trim_end().is_empty() {
        out.push_str(" ...");
    }
    out
}

fn push_escaped(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        schema::{StopWords, TextField},
        text::{FieldAnalyzer, Language},
    };
    use alloc::{collections::BTreeMap, format};

    #[test]
    fn words_with_one_hash_are_two_words() {
        let mut word_of = BTreeMap::new();
        let words = (0_u32..2_000_000).map(|number| format!("w{number}"));
        let mut pairs = words.filter_map(|word| Some((word_of.insert(hash(word.as_bytes()), word.clone())?, word)));
        let Some((one, other)) = pairs.next() else { panic!("no two words have one hash") };
        let (language, stop_words) = (Language::English, StopWords::Off);
        let field = TextField { weight: 1.0, language, stop_words, positions: true, many: false };
        let Ok(analyzer) = FieldAnalyzer::new(&field, None) else { panic!("English is always there") };
        let spans = spans_of(&format!("{one} {other} {one}"), &analyzer, &|_| 1.0);
        assert_eq!(spans.iter().map(|span| span.term).collect::<Vec<_>>(), [0, 1, 0]);
    }
}
