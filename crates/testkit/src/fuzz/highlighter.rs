//! Any text and any query become passages that a page may show.

use super::{
    escaped::{CLOSE, OPEN, check_passage},
    input::{self, Input},
};
use sanderling_engine::{
    schema::StopWords,
    text::{Analyzer, HighlightOptions, Purpose, highlight, highlight_all, one_of},
};

/// Bytes: the language, the most characters, and how words match (0: those of the first line, others: by their hash). Then the
/// query up to the end of the line, then the text.
///
/// # Panics
///
/// When a passage is not escaped, not marked in pairs, too long or no part of the text.
pub fn highlighter(data: &[u8]) {
    let mut input = Input::new(data);
    let analyzer = input::analyzer(input.language(), StopWords::Off);
    let (max_length, matching) = (usize::from(input.byte()), input.byte());
    let input = input.text();
    let (query, text) = input.split_once('\n').unwrap_or((&input, &input));
    let options = HighlightOptions { open: OPEN, close: CLOSE, max_length };
    let mut terms = Vec::new();
    analyzer.analyze(query, Purpose::Query, &mut |token| terms.push(String::from(token.term)));
    terms.sort();
    let of_query = one_of(&terms);
    let by_hash = |term: &str| {
        let sum = term.bytes().fold(matching, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        if sum < matching { f32::from(sum) * 1e5 } else { 0.0 }
    };
    let weight = |term: &str| if matching == 0 { of_query(term) } else { by_hash(term) };

    let passage = highlight(text, &analyzer, &weight, &options);
    if let Some(passage) = &passage {
        check_passage(passage, text, max_length);
    }
    let mut matches = false;
    analyzer.analyze(text, Purpose::Index, &mut |token| matches |= weight(token.term) > 0.0);
    // Behind a character with more marks than that there may be no place to cut.
    let longest = text.split(|character: char| character.is_ascii()).map(str::len).max().unwrap_or_default();
    assert!(passage.is_some() || !matches || max_length <= longest.max(1), "a match without a passage in {text:?}");
    let again = highlight_all(&[text, text], &analyzer, &weight, &options);
    assert!(again.iter().all(|other| Some(other) == passage.as_ref()), "the same passage each time");
    assert_eq!(again.len(), 2 * usize::from(passage.is_some()));
}
