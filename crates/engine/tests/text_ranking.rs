//! Text searches against a scorer that looks at every document, wherever the documents lie.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

mod random;
mod texts;

use random::Random;
use std::collections::BTreeMap;
use texts::oracle::{Options, WORDS, made, made_units, written};

#[test]
fn every_answer_is_that_of_scoring_every_document() {
    let mut random = Random(11);
    let mut answers = BTreeMap::new();
    for (count, longest) in [(1, 5), (30, 8), (200, 12), (500, 40), (5_000, 4)] {
        let (layouts, oracle) = made(&mut random, count, longest);
        for _ in 0..if count > 300 { 10 } else { 50 } {
            let units = made_units(&mut random);
            let options = Options {
                all: random.below(4) == 0,
                minimum: random.below(4) as usize,
                prefix: random.below(3) == 0,
                slop: random.below(3) as i64,
                below: 10 - random.below(2) as u32 * random.below(9) as u32,
            };
            let (offset, limit) = (random.below(4) as usize, 1 + random.below(20) as usize);
            let ends_open = options.prefix && units.last().is_some_and(|unit| !unit.is_phrase);
            let query = format!(
                r#"{{ "text": {{ "query": "{}", "operator": "{}", "minimumMatch": {}, "prefix": {}, "slop": {} }},
                    "filter": {{ "n": {{ "$lt": {} }} }}, "limit": {limit}, "offset": {offset} }}"#,
                written(&units),
                if options.all { "and" } else { "or" },
                options.minimum,
                ends_open,
                options.slop,
                options.below
            );
            let expected = oracle.answer(&units, &Options { prefix: ends_open, ..options });
            *answers.entry(expected.len().min(2)).or_insert(0) += 1;
            let page = &expected[offset.min(expected.len())..(offset + limit).min(expected.len())];
            for (at, layout) in layouts.iter().enumerate() {
                assert_eq!(layout.hits(&query), page, "layout {at} of {count}: {query}");
                assert_eq!(layout.total(&query), expected.len(), "layout {at} of {count}: {query}");
            }
        }
    }
    assert!(answers.values().all(|count| *count > 5), "queries that find nothing, one and many: {answers:?}");
}

#[test]
fn typos_do_not_depend_on_where_documents_lie() {
    let mut random = Random(5);
    for (count, longest) in [(40, 10), (300, 6)] {
        let (layouts, _) = made(&mut random, count, longest);
        for _ in 0..40 {
            let mut word: Vec<char> = WORDS[random.below(WORDS.len() as u64) as usize].chars().collect();
            let at = random.below(word.len() as u64) as usize;
            word[at] = 'e';
            let typed: String = word.into_iter().collect();
            let (fuzzy, prefix) = (1 + random.below(2), random.below(2) == 0);
            let text = format!(r#"{{ "query": "birds {typed}", "fuzzy": {fuzzy}, "prefix": {prefix} }}"#);
            let query = format!(r#"{{ "text": {text}, "limit": {} }}"#, 1 + random.below(30));
            for layout in &layouts {
                assert_eq!(layout.hits(&query), layouts[0].hits(&query), "{query}");
                assert_eq!(layout.total(&query), layouts[0].total(&query), "{query}");
            }
        }
    }
}

#[test]
fn a_better_row_is_found_behind_blocks_that_cannot_bring_one() {
    // Long texts but for the first ones, which set the bar, and one in the middle of a later window.
    let (long, count) = ("shore and sea and sand and waves and wind ".repeat(3), 9_000);
    let text = |id: u32| match id {
        0..3 => "shore sand waves",
        8_000 => "shore",
        _ => long.as_str(),
    };
    let documents: Vec<String> = (0..count).map(|id| format!(r#"{{ "id": {id}, "a": "{}" }}"#, text(id))).collect();
    let mut texts = texts::Texts::new(r#"{ "a": { "type": "text" } }"#);
    texts.put(&format!("[{}]", documents.join(",")));
    for _ in 0..2 {
        assert_eq!(texts.ids(r#"{ "text": "shore", "limit": 3 }"#), ["8000", "0", "1"]);
        assert_eq!(texts.ids(r#"{ "text": "shore sand", "limit": 3 }"#), ["0", "1", "2"]);
        texts.seal();
    }
}
