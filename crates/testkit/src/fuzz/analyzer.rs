//! Any text in any language becomes terms that can be trusted.

use super::input::{self, Input};
use sanderling_engine::{
    limits::TERM_BYTES_MAX,
    schema::StopWords,
    text::{Analyzer, FieldAnalyzer, POSITION_GAP, Purpose, Terms, Token, TokenKind, fold},
};

/// A token that outlives the analysis.
#[derive(Clone, Debug, PartialEq)]
struct Owned {
    term: String,
    form: String,
    position: u32,
    range: (usize, usize),
    kind: TokenKind,
}

/// The first byte is the language, the second chooses the stop words; the rest is the text.
///
/// # Panics
///
/// When a token is not as every reader of tokens expects it.
pub fn analyzer(data: &[u8]) {
    let mut input = Input::new(data);
    let (language, choice) = (input.language(), input.byte());
    let text = input.text();
    let all = input::analyzer(language, StopWords::Off);
    let stop_words = match choice % 4 {
        0 => StopWords::Off,
        1 => StopWords::BuiltIn,
        // Some of the words, or all of them.
        2 => StopWords::List(text.split_whitespace().step_by(2).map(String::from).collect()),
        _ => StopWords::List(text.split_whitespace().map(String::from).collect()),
    };
    let some = input::analyzer(language, stop_words);

    let [indexed, queried, unfinished] =
        [Purpose::Index, Purpose::Query, Purpose::Unfinished].map(|purpose| tokens_of(&some, &text, purpose));
    let without_tails: Vec<&Owned> = indexed.iter().filter(|token| token.kind != TokenKind::Tail).collect();
    assert!(queried.iter().eq(without_tails), "a query and a document of one text meet in every term");
    assert!(unfinished.len() >= queried.len(), "what is not finished has no stop words");
    assert!(unfinished.iter().all(|token| token.term == token.form), "what is not finished has no stem");

    let mut kept = indexed.iter().peekable();
    for token in &tokens_of(&all, &text, Purpose::Index) {
        kept.next_if(|other| *other == token);
    }
    assert_eq!(kept.next(), None, "stop words take tokens away and change nothing else");
    check_terms(&some, &text, &indexed);
    let folded = fold(&text);
    assert!(folded.len() <= 64 + text.len() * 16, "a fold is not much longer than its text");
}

/// The tokens of a text, each checked by itself.
fn tokens_of(analyzer: &FieldAnalyzer, text: &str, purpose: Purpose) -> Vec<Owned> {
    let mut tokens: Vec<Owned> = Vec::new();
    let mut last = 0;
    analyzer.analyze(text, purpose, &mut |token: Token<'_>| {
        let Token { term, form, position, start, end, kind } = token;
        assert!(start < end && text.get(start..end).is_some(), "{start}..{end} is no part of the text");
        assert!(position >= last, "positions never go back");
        assert!(!term.is_empty() && !form.is_empty(), "an empty term at {start}");
        assert!(term.len() <= TERM_BYTES_MAX && form.len() <= TERM_BYTES_MAX, "a term of {} bytes", term.len());
        assert!(!term.contains('\0') && !form.contains('\0'), "a term may not have the mark between forms and terms");
        last = position;
        tokens.push(Owned { term: term.into(), form: form.into(), position, range: (start, end), kind });
    });
    let characters = text.chars().count();
    assert!(tokens.len() <= 3 * characters, "{} tokens of {characters} characters", tokens.len());
    assert!(tokens.last().is_none_or(|token| (token.position as usize) < characters), "more positions than characters");
    let mut again = tokens.iter();
    analyzer.analyze(text, purpose, &mut |token| {
        let known = again.next().expect("as many tokens as before");
        assert!(token.term == known.term && token.position == known.position && token.kind == known.kind);
    });
    assert_eq!(again.next(), None);
    tokens
}

/// What the index keeps of the text, as one of two values of a field.
fn check_terms(analyzer: &FieldAnalyzer, text: &str, tokens: &[Owned]) {
    let mut terms = Terms::default();
    terms.add(text, analyzer);
    terms.add(text, analyzer);
    let of_one = terms.iter().count() / 2;
    assert_eq!(of_one, tokens.len());
    let gap = tokens.last().map_or(0, |token| token.position + POSITION_GAP);
    for (at, placed) in terms.iter().enumerate() {
        let token = &tokens[at % of_one];
        let mut term = String::from(placed.term);
        if let (true, Some(stem)) = (term.is_empty(), terms.stem()) {
            term.push_str(placed.form); // the index makes the term of it
            stem(&mut term);
        }
        assert_eq!(term, token.term);
        assert_eq!(placed.position, token.position + if at < of_one { 0 } else { gap });
    }
    let spellings = |token: &&Owned| matches!(token.kind, TokenKind::Joined | TokenKind::Tail);
    assert_eq!(terms.length() as usize, 2 * (of_one - tokens.iter().filter(spellings).count()));
}
