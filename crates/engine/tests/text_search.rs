//! Text searches against a scorer that looks at every document, and what each kind of query must find.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

mod random;
mod texts;

use random::Random;
use sanderling_engine::{
    Document, Query, Value,
    collection::SuggestOptions,
    settings::Bm25Settings,
    text::{Analyzer, FieldAnalyzer, Language, Purpose, TermScorer, idf},
};
use std::collections::{BTreeMap, BTreeSet};
use texts::{NOW, Texts};

const FIELDS: &str = r#"{ "a": { "type": "text", "weight": 2 }, "b": { "type": "text", "language": "english" },
    "n": { "type": "number" } }"#;
const WEIGHTS: [f32; 2] = [2.0, 1.0];

const WORDS: [&str; 24] = [
    "the",
    "of",
    "run",
    "running",
    "runs",
    "shore",
    "shores",
    "bird",
    "birds",
    "birding",
    "sea",
    "wave",
    "waves",
    "waving",
    "gull",
    "tide",
    "tidal",
    "sand",
    "sanderling",
    "crab",
    "boat",
    "boats",
    "deep",
    "water",
];

/// One field of a document as the analyzer sees it: terms and forms with their positions.
struct Field {
    length: u32,
    tokens: Vec<(String, String, u32)>,
}

struct Oracle {
    analyzers: [FieldAnalyzer; 2],
    /// Live documents in the order of their writes.
    documents: Vec<(u32, u32, [Option<Field>; 2])>,
}

/// A word or a phrase of a query.
#[derive(Clone, Debug, PartialEq)]
struct Unit {
    words: Vec<String>,
    is_phrase: bool,
    excluded: bool,
}

/// Words as each field spells them, whether they are a phrase, and how often the query has them.
type Wanted = (Vec<[Vec<String>; 2]>, bool, f32);

struct Options {
    all: bool,
    minimum: usize,
    prefix: bool,
    slop: i64,
    below: u32,
}

fn english() -> FieldAnalyzer {
    let schema = sanderling_engine::Schema::from_json(FIELDS_SCHEMA).unwrap();
    let field = schema.text_fields().nth(1).unwrap().1.clone();
    assert_eq!(field.language, Language::English);
    FieldAnalyzer::new(&field, None).unwrap()
}

const FIELDS_SCHEMA: &str =
    r#"{ "fields": { "a": { "type": "text" }, "b": { "type": "text", "language": "english" } } }"#;

impl Oracle {
    fn new() -> Self {
        Self { analyzers: [FieldAnalyzer::plain(), english()], documents: Vec::new() }
    }

    fn field(&self, at: usize, text: &str) -> Field {
        let mut field = Field { length: 0, tokens: Vec::new() };
        self.analyzers[at].analyze(text, Purpose::Index, &mut |token| {
            field.length += 1;
            field.tokens.push((token.term.into(), token.form.into(), token.position));
        });
        field
    }

    /// The terms that a word stands for in a field, in order.
    fn terms(&self, at: usize, word: &str, prefix: bool) -> Vec<String> {
        let mut terms = BTreeSet::new();
        self.analyzers[at].analyze(word, Purpose::Query, &mut |token| _ = terms.insert(token.term.to_string()));
        if prefix {
            let fields = self.documents.iter().filter_map(|(_, _, fields)| fields[at].as_ref());
            for (term, form, _) in fields.flat_map(|field| &field.tokens) {
                if form.starts_with(word) {
                    terms.insert(term.clone());
                }
            }
        }
        terms.into_iter().collect()
    }

    fn count(field: &Field, term: &str) -> u32 {
        field.tokens.iter().filter(|(other, ..)| other == term).count() as u32
    }

    fn has(fields: &[Option<Field>; 2], terms: &[Vec<String>; 2]) -> bool {
        (0..2).any(|at| {
            fields[at].as_ref().is_some_and(|field| terms[at].iter().any(|term| Self::count(field, term) > 0))
        })
    }

    fn has_phrase(&self, fields: &[Option<Field>; 2], terms: &[[Vec<String>; 2]], slop: i64) -> bool {
        (0..2).any(|at| {
            let Some(field) = &fields[at] else { return false };
            let places: Vec<Vec<u32>> = terms
                .iter()
                .map(|terms| {
                    field.tokens.iter().filter(|(term, ..)| terms[at].contains(term)).map(|token| token.2).collect()
                })
                .collect();
            // Every choice of places.
            let mut choices: Vec<Vec<u32>> = vec![Vec::new()];
            for places in &places {
                choices = choices
                    .iter()
                    .flat_map(|choice| places.iter().map(move |place| [choice.as_slice(), &[*place]].concat()))
                    .collect();
            }
            choices.iter().any(|choice| {
                let begins: Vec<i64> = choice.iter().zip(0..).map(|(place, at)| i64::from(*place) - at).collect();
                let apart = choice.iter().collect::<BTreeSet<_>>().len() == choice.len();
                apart && begins.iter().max().unwrap() - begins.iter().min().unwrap() <= slop
            })
        })
    }

    /// The ids and score bits of all matches, best first.
    fn answer(&self, units: &[Unit], options: &Options) -> Vec<(String, u32)> {
        let documents = self.documents.len() as u64;
        let average = [0, 1].map(|at| {
            let lengths: Vec<u32> =
                self.documents.iter().filter_map(|(_, _, f)| f[at].as_ref()).map(|f| f.length).collect();
            let sum: u64 = lengths.iter().map(|length| u64::from(*length)).sum();
            if sum == 0 { 1.0 } else { (sum as f64 / lengths.len() as f64) as f32 }
        });
        let last = units.last().and_then(|unit| unit.words.last());
        let spelled = |unit: &Unit| -> Vec<[Vec<String>; 2]> {
            let is_last = |at: usize| {
                let of_last = units.last().is_some_and(|other| std::ptr::eq(other, unit)) && at + 1 == unit.words.len();
                options.prefix && of_last && !unit.is_phrase && last.is_some()
            };
            unit.words.iter().enumerate().map(|(at, word)| [0, 1].map(|f| self.terms(f, word, is_last(at)))).collect()
        };
        let mut wanted: Vec<Wanted> = Vec::new();
        for unit in units.iter().filter(|unit| !unit.excluded) {
            let spelled = spelled(unit);
            // A prefix is another term than the same word without.
            let is_prefix = options.prefix && std::ptr::eq(unit, units.last().unwrap()) && !unit.is_phrase;
            match wanted.iter_mut().find(|known| known.0 == spelled && known.1 == unit.is_phrase && !is_prefix) {
                Some(known) => known.2 += 1.0,
                None => wanted.push((spelled, unit.is_phrase, 1.0)),
            }
        }
        let excluded: Vec<_> =
            units.iter().filter(|unit| unit.excluded).map(|unit| (spelled(unit), unit.is_phrase)).collect();
        let matches = |fields: &[Option<Field>; 2], spelled: &[[Vec<String>; 2]], is_phrase: bool| {
            if is_phrase { self.has_phrase(fields, spelled, options.slop) } else { Self::has(fields, &spelled[0]) }
        };
        let needed = if options.all { wanted.len() } else { options.minimum.clamp(1, wanted.len().max(1)) };
        let mut found = Vec::new();
        for (order, (id, number, fields)) in self.documents.iter().enumerate() {
            let having = wanted.iter().filter(|(spelled, is_phrase, _)| matches(fields, spelled, *is_phrase)).count();
            if having < needed && !wanted.is_empty() || *number >= options.below {
                continue;
            }
            if excluded.iter().any(|(spelled, is_phrase)| matches(fields, spelled, *is_phrase)) {
                continue;
            }
            let mut score = 0.0_f32;
            for (spelled, is_phrase, repeated) in &wanted {
                if *is_phrase && !self.has_phrase(fields, spelled, options.slop) {
                    continue;
                }
                let mut distinct: Vec<(&[Vec<String>; 2], f32)> = Vec::new();
                for terms in spelled {
                    match distinct.iter_mut().find(|(known, _)| *known == terms) {
                        Some(known) => known.1 += repeated,
                        None => distinct.push((terms, *repeated)),
                    }
                }
                for (terms, repeated) in distinct {
                    let with = self.documents.iter().filter(|(_, _, fields)| Self::has(fields, terms)).count();
                    let scorer = TermScorer::new(Bm25Settings::default(), idf(documents, with as u64), repeated);
                    let mut weighted = 0.0;
                    for at in 0..2 {
                        let Some(field) = &fields[at] else { continue };
                        for term in &terms[at] {
                            let count = Self::count(field, term);
                            if count > 0 {
                                weighted += scorer.weighted_count(WEIGHTS[at], count, field.length, average[at]);
                            }
                        }
                    }
                    if weighted > 0.0 {
                        score += scorer.score(weighted);
                    }
                }
            }
            found.push((order, id.to_string(), score));
        }
        found.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        found.into_iter().map(|(_, id, score)| (id, score.to_bits())).collect()
    }
}

fn made_text(random: &mut Random, longest: u64) -> String {
    let words = 1 + random.below(longest);
    let word = |random: &mut Random| {
        // The first words of the list are the most frequent.
        let at = random.below(WORDS.len() as u64).min(random.below(WORDS.len() as u64));
        WORDS[at as usize]
    };
    (0..words).map(|_| word(random)).collect::<Vec<_>>().join(" ")
}

fn made_units(random: &mut Random) -> Vec<Unit> {
    (0..1 + random.below(4))
        .map(|_| {
            let is_phrase = random.below(5) == 0;
            let words = (0..if is_phrase { 2 + random.below(2) } else { 1 })
                .map(|_| WORDS[random.below(WORDS.len() as u64) as usize].to_string())
                .collect();
            Unit { words, is_phrase, excluded: random.below(7) == 0 }
        })
        .collect()
}

fn written(units: &[Unit]) -> String {
    let mut text = Vec::new();
    for unit in units {
        let words = unit.words.join(" ");
        let quote = if unit.is_phrase { "\\\"" } else { "" };
        text.push(format!("{}{quote}{words}{quote}", if unit.excluded { "-" } else { "" }));
    }
    text.join(" ")
}

/// The same documents in several layouts, with what the oracle knows of them.
fn made(random: &mut Random, count: u32, longest: u64) -> (Vec<Texts>, Oracle) {
    let mut layouts: Vec<Texts> = (0..4).map(|_| Texts::new(FIELDS)).collect();
    let mut oracle = Oracle::new();
    let every = [u32::MAX, 1 + count / 3, 1 + count / 7, count + 1];
    for id in 0..count {
        let [a, b] = [0, 1].map(|_| (random.below(5) > 0).then(|| made_text(random, longest)));
        let mut value = Value::object().with("id", id).with("n", id % 10);
        for (name, text) in [("a", &a), ("b", &b)] {
            if let Some(text) = text {
                value = value.with(name, text.as_str());
            }
        }
        let document = Document::from_json(value).unwrap();
        for (layout, every) in layouts.iter_mut().zip(every) {
            layout.put_all(vec![document.clone()]);
            if id % every == every - 1 {
                layout.seal();
            }
        }
        let fields = [(0, a), (1, b)].map(|(at, text)| text.map(|text| oracle.field(at, &text)));
        oracle.documents.push((id, id % 10, fields));
    }
    let deleted: Vec<u32> = (0..count).filter(|_| random.below(9) == 0).collect();
    layouts[3].seal();
    layouts.iter_mut().for_each(|layout| layout.delete(&deleted));
    layouts[2].compact();
    oracle.documents.retain(|(id, ..)| !deleted.contains(id));
    (layouts, oracle)
}

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
