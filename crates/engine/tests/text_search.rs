//! What each kind of text search must find.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

mod random;
mod texts;

use sanderling_engine::{Query, Value, collection::SuggestOptions};
use texts::{NOW, Texts, oracle::FIELDS};

const BIRDS: &str = r#"[
    { "id": 1, "a": "shore birds", "b": "Sanderlings are running along the waves & run" },
    { "id": 2, "a": "mountain birds", "b": "Eagles run nowhere" },
    { "id": 3, "a": "the sea", "b": "a wave is running to the shore, some birds of the shore" },
    { "id": 4, "a": "utf-8 for wi-fi routers", "b": "the shore is not a bird" },
    { "id": 5, "b": "東京都の海 <b>shore</b>" }
]"#;

/// The same documents growing, sealed at once, one by one, and merged.
fn birds() -> Vec<Texts> {
    let mut layouts: Vec<Texts> = (0..4).map(|_| Texts::new(FIELDS)).collect();
    let Value::Array(documents) = sanderling_engine::document::json::parse(BIRDS).unwrap() else { panic!("an array") };
    for (at, layout) in layouts.iter_mut().enumerate() {
        for document in &documents {
            layout.put(&format!("[{document}]"));
            if at > 1 {
                layout.seal();
            }
        }
    }
    layouts[1].seal();
    layouts[3].compact();
    layouts
}

fn found(query: &str) -> Vec<String> {
    let layouts = birds();
    let expected = layouts[0].hits(query);
    for layout in &layouts {
        assert_eq!(layout.hits(query), expected, "{query}");
        assert_eq!(layout.total(query), layouts[0].total(query), "{query}");
    }
    expected.into_iter().map(|(id, _)| id).collect()
}

fn found_by(text: &str, options: &str) -> Vec<String> {
    let mut ids = found(&format!(r#"{{ "text": {{ "query": {}{options} }} }}"#, Value::from(text)));
    ids.sort();
    ids
}

#[test]
fn phrases_stand_as_they_are_written() {
    assert_eq!(found_by(r#""shore birds""#, ""), ["1"]);
    assert_eq!(found_by(r#""birds shore""#, ""), Vec::<String>::new());
    assert_eq!(found_by(r#""birds of the shore""#, ""), ["3"]);
    assert_eq!(found_by(r#""birds shore""#, r#", "slop": 2"#), ["1", "3"], "the shore after the birds, or before them");
    assert_eq!(found_by(r#""birds shore""#, r#", "slop": 1"#), Vec::<String>::new());
    assert_eq!(found_by(r#""wave running""#, ""), ["1"], "waves & run: a phrase is one of stems");
    assert_eq!(found_by(r#""wave running""#, r#", "slop": 1"#), ["1", "3"]);
    assert_eq!(found_by(r#"“shore birds” eagles"#, ""), ["1", "2"]);
    assert_eq!(found_by(r#"birds -"shore birds""#, ""), ["2", "3", "4"]);
    assert_eq!(found_by(r#""wi-fi router""#, ""), Vec::<String>::new(), "no stems without a language");
    assert_eq!(found_by(r#""wi-fi routers""#, ""), ["4"]);
    assert_eq!(found_by(r#""東京都""#, ""), ["5"]);
    assert_eq!(found_by(r#""shore bi"#, r#", "prefix": true"#), ["1"], "a quote that is not closed");
    assert_eq!(found_by(r#""the the""#, r#", "slop": 9"#), ["3"]);
}

/// The ids of those that have a phrase, as they are put and sealed.
fn with_phrase(fields: &str, documents: &str, phrase: &str, slop: u32) -> Vec<String> {
    let mut texts = Texts::new(fields);
    texts.put(documents);
    let query = format!(r#"{{ "text": {{ "query": "\"{phrase}\"", "slop": {slop} }} }}"#);
    let mut found = texts.ids(&query);
    texts.seal();
    assert_eq!(texts.ids(&query), found, "{query}");
    found.sort();
    found
}

/// One character stands for all pairs that begin with it; the first of them that is free may be the only one of another.
#[test]
fn each_term_of_a_phrase_has_a_place_of_its_own() {
    const TITLES: &str = r#"[ { "id": 1, "t": "東京 東西" }, { "id": 2, "t": "東京 西" }, { "id": 3, "t": "a b a c" },
        { "id": 4, "t": "b b" }, { "id": 5, "t": "東西 東京 東海" } ]"#;
    let found = |phrase: &str| with_phrase(r#"{ "t": { "type": "text" } }"#, TITLES, phrase, 9);
    assert_eq!(found("東 東京"), ["1", "5"]);
    assert_eq!(found("東京 東"), ["1", "5"]);
    assert_eq!(found("東 東"), ["1", "5"]);
    assert_eq!(found("東 東 東京"), ["5"]);
    assert_eq!(found("東 東西 東京"), ["5"]);
    assert_eq!(found("東 東 東 東京"), Vec::<String>::new());
    assert_eq!(found("b a a"), ["3"]);
    assert_eq!(found("b a b"), Vec::<String>::new());
}

#[test]
fn no_phrase_spans_two_values() {
    const TITLES: &str =
        r#"[ { "id": 1, "t": ["shore birds", "of the sea"] }, { "id": 2, "t": ["w", "shore birds of the sea"] } ]"#;
    let fields = r#"{ "t": { "type": "text", "many": true } }"#;
    for slop in [100, 101, 1_000] {
        for phrase in ["birds of", "of birds shore", "sea the of birds shore", "birds the of shore sea"] {
            assert_eq!(with_phrase(fields, TITLES, phrase, slop), ["2"], "{phrase} {slop}");
        }
    }
}

#[test]
fn nothing_that_is_typed_is_an_error() {
    for text in
        ["\"", "\"\"", "-", "--", "-\"", "( \" -", "\u{1f600}", "\"\u{1f600}", "-\"a", "\0", "\"a\"\"b\"", "a\"b c\"d"]
    {
        for options in ["", r#", "fuzzy": 2"#, r#", "prefix": true, "slop": 3, "minimumMatch": 9"#] {
            found_by(text, options);
        }
    }
    let long = "ab ".repeat(40_000);
    found_by(&format!("\"{long}"), r#", "fuzzy": true, "slop": 1"#);
    found_by(&"x".repeat(100_000), r#", "fuzzy": true, "prefix": true"#);
}

#[test]
fn enough_words_match() {
    assert_eq!(found_by("shore birds waves", r#", "minimumMatch": 3"#), ["1", "3"]);
    assert_eq!(found_by("shore birds waves", r#", "minimumMatch": 2"#), ["1", "3", "4"]);
    assert_eq!(found_by("shore birds", r#", "minimumMatch": 9"#), ["1", "3", "4"], "no more than there are");
}

#[test]
fn unfinished_words_and_typos_find_stemmed_words() {
    assert_eq!(found_by("runni", r#", "prefix": true"#), ["1", "2", "3"], "running, and with it run");
    assert_eq!(found_by("sandrelings", r#", "fuzzy": true"#), ["1"]);
    assert_eq!(found_by("agles", r#", "fuzzy": true"#), ["2"], "the first letter too");
    assert_eq!(found_by("aegls", r#", "fuzzy": 2"#), ["2"]);
    assert_eq!(found_by("shre", r#", "fuzzy": true"#), Vec::<String>::new(), "below five characters nothing");
    assert_eq!(found_by("shre", r#", "fuzzy": 1"#), ["1", "3", "4", "5"]);
    assert_eq!(found_by("shre", r#", "fuzzy": 0"#), Vec::<String>::new());
    assert_eq!(found_by(r#""eagels""#, r#", "fuzzy": 2"#), Vec::<String>::new(), "a quoted word is meant so");
    assert_eq!(found_by("runnig wavse", r#", "fuzzy": true, "operator": "and""#), ["1", "3"]);
}

#[test]
fn a_word_is_above_its_typos() {
    let mut texts = Texts::new(r#"{ "a": { "type": "text", "weight": 3 }, "b": { "type": "text" } }"#);
    let long = "word ".repeat(200);
    texts.put(&format!(
        r#"[{{ "id": 1, "a": "house" }}, {{ "id": 2, "a": "house house house" }}, {{ "id": 3, "b": "{long} mouse" }},
            {{ "id": 4, "a": "mousse" }}, {{ "id": 5, "b": "mouse" }}, {{ "id": 6, "a": "horse" }}]"#
    ));
    let ids = texts.ids(r#"{ "text": { "query": "mouse", "fuzzy": 2 } }"#);
    assert_eq!(ids[..2], ["5", "3"]);
    let mut rest = ids[2..].to_vec();
    rest.sort();
    assert_eq!(rest, ["1", "2", "4", "6"], "{ids:?}");
    // Without the word the nearest correction wins, then the more frequent.
    let ids = texts.ids(r#"{ "text": { "query": "hpuse", "fuzzy": 2 } }"#);
    assert_eq!(ids[..2], ["2", "1"], "{ids:?}");
}

#[test]
fn suggestions_are_words_with_their_documents() {
    for layout in birds() {
        let suggest = |text: &str| {
            let found = layout.state.suggest(text, &SuggestOptions::default(), NOW).unwrap();
            found.into_iter().map(|found| format!("{} {}", found.text, found.documents)).collect::<Vec<_>>()
        };
        assert_eq!(suggest("sh"), ["shore 4"], "a document counts once, whatever its fields");
        assert_eq!(suggest("ru"), ["run 2", "running 2"]);
        assert_eq!(suggest("The SH"), ["The shore 4"]);
        assert_eq!(suggest("bird"), ["birds 3", "bird 1"]);
        assert_eq!(suggest("xyz"), Vec::<String>::new());
        assert_eq!(suggest(""), Vec::<String>::new());
        let one = SuggestOptions { limit: 1, fields: Some(vec!["b".into()]) };
        assert_eq!(layout.state.suggest("bird", &one, NOW).unwrap()[0].text, "bird");
        let none = SuggestOptions { fields: Some(vec!["n".into()]), ..SuggestOptions::default() };
        assert!(layout.state.suggest("bird", &none, NOW).is_err());
    }
    let mut layouts = birds();
    layouts[2].delete(&[1]);
    let options = SuggestOptions::default();
    assert_eq!(layouts[2].state.suggest("sanderl", &options, NOW).unwrap(), []);
}

fn hits(layout: &Texts, query: &str) -> Vec<Value> {
    let Some(Value::Array(hits)) = layout.search(query).get("hits").cloned() else { panic!("hits") };
    hits
}

#[test]
fn highlights_mark_what_matched() {
    for layout in birds() {
        let marked = |text: &str, options: &str, id: u32| {
            let query = format!(
                r#"{{ "text": {{ "query": "{text}"{options} }}, "highlight": {{ "open": "[", "close": "]" }} }}"#
            );
            let hits = hits(&layout, &query);
            let hit = hits.iter().find(|hit| hit.get("id") == Some(&Value::from(id))).unwrap();
            hit.get("highlights").unwrap().to_string()
        };
        let running = r#"{"b":["Sanderlings are [running] along the waves &amp; [run]"]}"#;
        assert_eq!(marked("runs", "", 1), running);
        assert_eq!(marked("runni", r#", "prefix": true"#, 1), running);
        assert_eq!(marked("runnnig", r#", "fuzzy": 2"#, 1), running);
        assert_eq!(marked("birds", "", 1), r#"{"a":["shore [birds]"]}"#);
        assert_eq!(marked("bi", r#", "prefix": true"#, 1), r#"{"a":["shore [birds]"]}"#);
        assert_eq!(marked("wifi", "", 4), r#"{"a":["utf-8 for [wi-fi] routers"]}"#);
        assert_eq!(marked("東京都", "", 5), r#"{"b":["[東京都]の海 &lt;b&gt;shore&lt;/b&gt;"]}"#);
        assert_eq!(marked("京", "", 5), r#"{"b":["東[京]都の海 &lt;b&gt;shore&lt;/b&gt;"]}"#);
        let fields = r#"{ "text": "shore", "highlight": { "fields": ["a"] }, "select": ["n"] }"#;
        let hits = hits(&layout, fields);
        assert_eq!(hits[0].get("highlights").unwrap().to_string(), r#"{"a":["<mark>shore</mark> birds"]}"#);
        assert!(hits.iter().any(|hit| hit.get("highlights").unwrap().to_string() == "{}"));
    }
    let wrong = Query::from_json(r#"{ "text": "shore", "highlight": { "fields": ["n"] } }"#).unwrap();
    assert!(birds()[0].state.search(&wrong, NOW).is_err());
}

#[test]
fn an_explanation_adds_up() {
    let number = |value: &Value, name: &str| match value.get(name) {
        Some(Value::Number(number)) => *number as f32,
        other => panic!("{name}: {other:?}"),
    };
    for layout in birds() {
        for text in ["shore birds runs", "birdz shoer -eagles", "\\\"shore birds\\\" wave", "shore run"] {
            for prefix in [false, true] {
                let query = format!(
                    r#"{{ "text": {{ "query": "{text}", "fuzzy": 2, "prefix": {prefix} }}, "explain": true }}"#
                );
                for hit in hits(&layout, &query) {
                    let explanation = hit.get("explanation").unwrap();
                    let Some(Value::Array(terms)) = explanation.get("text").unwrap().get("terms") else {
                        panic!("terms")
                    };
                    let mut sum = 0.0;
                    for term in terms {
                        sum += number(term, "score");
                        let Some(Value::Array(fields)) = term.get("fields") else { panic!("fields") };
                        let mut weighted = 0.0;
                        for field in fields {
                            let share = 1.0 - 0.75 + 0.75 * (number(field, "length") / number(field, "averageLength"));
                            weighted += number(field, "weight") * number(field, "tf") / share;
                        }
                        let is_correction = term.get("correction").is_some();
                        let repeated = if is_correction { 1.0 } else { number(term, "repeated") };
                        let score = number(term, "idf") * repeated * (2.2 * weighted / (1.2 + weighted));
                        assert!((score - number(term, "score")).abs() < 1e-5, "{query}: {term}");
                    }
                    assert_eq!(sum.to_bits(), number(&hit, "score").to_bits(), "{query}");
                }
            }
        }
    }
}

#[test]
fn fields_without_places_answer_phrases_with_all_words() {
    let mut texts = Texts::new(r#"{ "a": { "type": "text", "positions": false } }"#);
    texts
        .put(r#"[{ "id": 1, "a": "shore birds" }, { "id": 2, "a": "birds on the shore" }, { "id": 3, "a": "birds" }]"#);
    for _ in 0..2 {
        assert_eq!(texts.ids(r#"{ "text": "\"shore birds\"" }"#), ["1", "2"]);
        texts.seal();
    }
}
