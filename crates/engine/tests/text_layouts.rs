//! Answers of text searches that depended on where documents lie, or on how a text was written.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

mod random;
mod texts;

use sanderling_engine::limits::FUZZY_WORDS_MAX;
use texts::{Texts, oracle::FIELDS};

/// The documents growing and sealed, without those of the ids, and merged after that.
fn layouts(fields: &str, documents: &str, deleted: &[u32]) -> [Texts; 3] {
    let mut layouts = [0; 3].map(|_| Texts::new(fields));
    for (at, layout) in layouts.iter_mut().enumerate() {
        layout.put(documents);
        if at > 0 {
            layout.seal();
        }
        layout.delete(deleted);
    }
    layouts[2].compact();
    layouts
}

#[test]
fn a_word_that_only_dead_documents_have_in_a_field_corrects_nothing_there() {
    let documents = r#"[{ "id": 1, "b": "waving" }, { "id": 2, "a": "waving" }, { "id": 3, "b": "waves" }]"#;
    for layout in layouts(FIELDS, documents, &[1]) {
        // Only `waving` is one typo away; nobody wrote it in the field of stems.
        assert_eq!(layout.ids(r#"{ "text": { "query": "wavng", "fuzzy": 1 } }"#), ["2"]);
    }
}

#[test]
fn a_word_that_ends_with_a_mark_goes_on() {
    let documents = r#"[{ "id": 1, "a": "cafeteria" }, { "id": 2, "a": "हिन्दी भाषा" }, { "id": 3, "a": "c++17" }]"#;
    for layout in layouts(FIELDS, documents, &[]) {
        let found = |text: &str| layout.ids(&format!(r#"{{ "text": {{ "query": "{text}", "prefix": true }} }}"#));
        assert_eq!(found("cafe\u{301}"), found("caf\u{e9}"), "the same text, composed or not");
        assert_eq!(found("cafe\u{301}"), ["1"]);
        assert_eq!(found("हिन्"), ["2"], "half of a pair of consonants");
        assert_eq!(found("c++"), ["3"]);
        for finished in ["cafe\u{301} ", "\\\"cafe\u{301}\\\"", "caf.", "cafe\u{301}!"] {
            assert_eq!(found(finished), Vec::<String>::new(), "{finished}");
        }
    }
}

#[test]
fn weights_that_are_nearly_nothing_rank_as_they_do() {
    // Each alone is allowed, their product is no f32 above 0.
    for (weight, boost) in [("0.1", "1"), ("1e-46", "1"), ("1e-30", "1e-30"), ("1e-35", "1"), ("1e6", "1e6")] {
        let fields = format!(r#"{{ "a": {{ "type": "text", "weight": {weight} }}, "b": {{ "type": "text" }} }}"#);
        let documents: Vec<String> =
            (1..60).map(|id| format!(r#"{{ "id": {id}, "a": "shore {}" }}"#, "birds ".repeat(id % 7 + 1))).collect();
        for layout in layouts(&fields, &format!("[{}]", documents.join(",")), &[3]) {
            let query =
                format!(r#"{{ "text": {{ "query": "shore birds", "boost": {{ "a": {boost} }} }}, "limit": 3 }}"#);
            let hits = layout.hits(&query);
            let scores: Vec<f32> = hits.iter().map(|(_, score)| f32::from_bits(*score)).collect();
            assert!(scores.iter().all(|score| *score > 0.0 && score.is_finite()), "{scores:?}");
            let all = layout.hits(&query.replace("\"limit\": 3", "\"limit\": 100"));
            assert_eq!(hits, all[..3], "{weight} * {boost}");
        }
    }
}

#[test]
fn typos_are_looked_for_in_the_first_words_of_a_page() {
    for layout in layouts(FIELDS, r#"[{ "id": 1, "a": "sanderling" }]"#, &[]) {
        let behind = |words: usize| {
            let page: String = (0..words).map(|at| format!("word{at} ")).collect();
            layout.ids(&format!(r#"{{ "text": {{ "query": "{page} sanderlnig", "fuzzy": true }} }}"#))
        };
        assert_eq!(behind(FUZZY_WORDS_MAX - 1), ["1"]);
        assert_eq!(behind(FUZZY_WORDS_MAX), Vec::<String>::new());
    }
}
