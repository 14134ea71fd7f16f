//! Highlights: what is marked, what is shown, and that nothing else gets into a page.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling_engine::{
    schema::{StopWords, TextField},
    text::{Analyzer, FieldAnalyzer, HighlightOptions, Language, Purpose, highlight, highlight_all, one_of},
};
use std::time::{Duration, Instant};

fn english() -> FieldAnalyzer {
    let field = TextField {
        weight: 1.0,
        language: Language::English,
        stop_words: StopWords::Off,
        positions: true,
        many: false,
    };
    FieldAnalyzer::new(&field, None).unwrap()
}

/// The terms of a query, as a search would match them.
fn terms(analyzer: &dyn Analyzer, query: &str) -> Vec<String> {
    let mut terms = Vec::new();
    analyzer.analyze(query, Purpose::Query, &mut |token| terms.push(token.term.to_owned()));
    terms.sort();
    terms
}

fn marked(analyzer: &dyn Analyzer, text: &str, query: &str, max_length: usize) -> String {
    let options = HighlightOptions { open: "[", close: "]", max_length };
    highlight(text, analyzer, &one_of(&terms(analyzer, query)), &options).unwrap_or_default()
}

#[test]
fn words_are_marked_as_they_are_written() {
    for (text, query, expected) in [
        ("Running with the runner, he runs.", "run", "[Running] with the runner, he [runs]."),
        ("Un Café à l'école", "cafe ecole", "Un [Café] à l&#39;[école]"),
        ("cafe\u{301}s & <b>bars</b>", "cafe", "[cafe\u{301}s] &amp; &lt;b&gt;bars&lt;/b&gt;"),
        ("The ﬁne print, FULL ＷＩＤＴＨ", "fine width", "The [ﬁne] print, FULL [ＷＩＤＴＨ]"),
        ("John's house", "john", "[John&#39;s] house"),
        ("a camelCase name", "camelcase", "a [camelCase] name"),
        ("a camelCase name", "case", "a camel[Case] name"),
        ("a camelCase name", "camel case", "a [camelCase] name"),
        ("use wi-fi here", "wifi", "use [wi-fi] here"),
        ("love C++ and C", "c++", "love [C++] and C"),
        ("see #tag now", "#tag", "see [#tag] now"),
        ("see #tag now", "tag", "see #[tag] now"),
        ("東京都の天気", "東京都", "[東京都]の天気"),
        ("水道の水、海水", "水", "[水]道の[水]、海[水]"),
        ("ภาษาไทย", "ภาษา", "[ภาษา]ไทย"),
        ("อยู่ที่นี่ ที่", "ที่", "อยู่[ที่]นี่ [ที่]"),
        ("ที่นี่ มี ที่", "ที", "[ที่]นี่ มี [ที่]"),
        ("👍🏽 nice", "👍", "[👍🏽] nice"),
        ("nothing here", "absent", ""),
        ("", "x", ""),
    ] {
        assert_eq!(marked(&english(), text, query, 200), expected, "{text} / {query}");
    }
    // What a typo or a prefix expanded to comes from the search as terms, or as a predicate.
    let options = HighlightOptions::default();
    let by_prefix = |term: &str| if term.starts_with("sho") { 1.0 } else { 0.0 };
    let found = highlight("On the shore, short of sea", &FieldAnalyzer::plain(), &by_prefix, &options);
    assert_eq!(found.unwrap(), "On the <mark>shore</mark>, <mark>short</mark> of sea");
}

#[test]
fn the_best_passage_is_shown_and_no_word_is_cut() {
    let filler = "alpha beta gamma delta ".repeat(20);
    let text = format!("{filler}shore {filler}the shore birds rest {filler}shore shore");
    let passage = marked(&english(), &text, "shore birds", 40);
    assert_eq!(passage, "... delta the [shore] [birds] rest alpha ...");
    // Whatever weighs more: rare words lead.
    let weight = |term: &str| {
        if term == "birds" {
            5.0
        } else if term == "shore" {
            1.0
        } else {
            0.0
        }
    };
    let options = HighlightOptions { max_length: 12, ..HighlightOptions::default() };
    let plain = FieldAnalyzer::plain();
    let passage = highlight(&text, &plain, &weight, &options).unwrap();
    assert_eq!(passage, "... <mark>shore</mark> <mark>birds</mark> ...");
    assert_eq!(marked(&plain, &"東京".repeat(50), "京東", 4).replace(['[', ']'], "").chars().count(), 4 + 8);
    assert_eq!(marked(&plain, &"a".repeat(300), &"a".repeat(300), 10), format!("[{}] ...", "a".repeat(10)));
    assert_eq!(marked(&plain, "start of a text", "start", 9), "[start] of ...");
    assert_eq!(marked(&plain, "the very end", "end", 9), "... very [end]");
}

#[test]
fn each_text_of_a_field_has_its_own_passage() {
    let plain = FieldAnalyzer::plain();
    let found =
        highlight_all(&["red", "a blue bird", "blue"], &plain, &one_of(&["blue".into()]), &HighlightOptions::default());
    assert_eq!(found, ["a <mark>blue</mark> bird", "<mark>blue</mark>"]);
}

/// Numbers that look random, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % limit
    }
}

const PIECES: &[&str] = &[
    "shore",
    "Shores",
    "bird",
    "wi-fi",
    "wifi",
    "東京",
    "水",
    "<b>",
    "&amp;",
    "\"",
    "'",
    " ",
    " ",
    " ",
    "\n",
    "é",
    "e\u{301}",
    "👩\u{200d}💻",
    "🇫🇷",
    "กี่",
    "camelCase",
    "#tag",
    "c++",
    "x\u{301}\u{302}",
    "longerthananypassage",
    ".",
    "\u{301}",
];

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

#[test]
fn without_its_marks_a_passage_is_a_part_of_the_text() {
    let (open, close) = ("\u{1}", "\u{2}");
    let mut random = Random(0x51a7);
    for round in 0..40_000 {
        let text: String = (0..random.below(40)).map(|_| PIECES[random.below(PIECES.len())]).collect();
        let query: String =
            (0..1 + random.below(3)).map(|_| format!("{} ", PIECES[random.below(PIECES.len())])).collect();
        let analyzer = if round % 2 == 0 { english() } else { FieldAnalyzer::plain() };
        let max_length = 1 + random.below(60);
        let options = HighlightOptions { open, close, max_length };
        let weights = terms(&analyzer, &query);
        let Some(passage) = highlight(&text, &analyzer, &one_of(&weights), &options) else { continue };
        let context = || format!("{text:?} {query:?} {max_length} {passage:?}");
        assert!(!passage.contains(['<', '>', '"', '\'']), "{}", context());
        assert_eq!(passage.matches(open).count(), passage.matches(close).count(), "{}", context());
        assert!(passage.contains(open) && !passage.contains("\u{1}\u{2}"), "{}", context());
        let bare = unescaped(&passage.replace(open, "").replace(close, ""));
        let bare = bare.strip_prefix("... ").filter(|_| !text.trim_start().starts_with(bare.as_str())).unwrap_or(&bare);
        let bare = bare.strip_suffix(" ...").filter(|_| !text.trim_end().ends_with(bare)).unwrap_or(bare);
        assert!(text.contains(bare), "{}", context());
        assert!(bare.chars().count() <= max_length, "{}", context());
    }
}

#[test]
fn the_time_is_linear() {
    let everywhere = |_: &str| 1.0;
    let options = HighlightOptions::default();
    for text in [
        "a ".repeat(1 << 19),
        "東".repeat(1 << 18),
        "a".repeat(1 << 20),
        "\u{301}".repeat(1 << 19),
        "a\u{301}-".repeat(1 << 18),
    ] {
        let start = Instant::now();
        let _ = highlight(&text, &english(), &everywhere, &options);
        assert!(start.elapsed() < Duration::from_secs(3), "{:?} {:?}", &text[..2], start.elapsed());
    }
}
