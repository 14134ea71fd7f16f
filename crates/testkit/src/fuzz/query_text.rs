//! Whatever a user types is answered, and alike wherever the documents lie.

use super::{
    collection::Collection,
    escaped::{CLOSE, OPEN, check_passage},
    input::Input,
};
use sanderling_engine::{
    Document, Query, Value,
    query::{Fuzziness, Highlight, TextQuery},
};

/// Documents of a collection where the input has none.
const DOCUMENTS: [&str; 8] = [
    "shore birds|Sanderlings are running along the waves & run",
    "mountain birds|Eagles run nowhere, don't they",
    "the sea|a wave is running to the shore, some birds of the shore",
    "utf-8 for wi-fi routers|the shore is not a bird, c++ v1.2 #tag joe@example.com",
    "東京都の海 <b>shore</b>|ภาษาไทย กี่",
    "كِتَابٌ أحمد|שָׁלוֹם צה\"ל",
    "👩\u{200d}💻 🇫🇷 👍🏽|e\u{301}cole ÉCOLE Straße ﬁnd",
    "birds birds birds|bird bird shores",
];
const DOCUMENTS_MAX: usize = 16;
const MAX_LENGTH: usize = 40;

/// The bytes before the text, as options.
struct Options {
    text: TextQuery,
    limit: usize,
    fields: Value,
    deleted: u8,
}

/// Six bytes of options, a line that is the query, and a document in each further line, its two fields with `|` between them.
///
/// # Panics
///
/// When a query is refused, an answer is not as it is promised, or depends on where documents lie.
pub fn query_text(data: &[u8]) {
    let mut input = Input::new(data);
    let mut options = Options::read(&mut input);
    let input = input.text();
    let (query, lines) = input.split_once('\n').unwrap_or((&input, ""));
    options.text.query = query.into();
    let lines: Vec<&str> = lines.lines().take(DOCUMENTS_MAX).collect();
    let lines = if lines.is_empty() { DOCUMENTS.to_vec() } else { lines };
    let layouts = layouts(&lines, &options);

    let wanted = Query {
        text: Some(options.text.clone()),
        limit: options.limit,
        highlight: Some(Highlight { open: OPEN.into(), close: CLOSE.into(), max_length: MAX_LENGTH, fields: None }),
        explain: true,
        ..Query::new()
    };
    let answer = layouts[0].search(&wanted);
    check(&answer, &options, &lines);
    let suggested = layouts[0].suggest(query);
    for layout in &layouts[1..] {
        assert_eq!(told(&layout.search(&wanted)), told(&answer), "{wanted:?} depends on where documents lie");
        assert_eq!(layout.suggest(query), suggested, "suggestions depend on where documents lie");
    }
    let exact = TextQuery { fuzzy: Fuzziness::Off, ..options.text };
    let exact = layouts[0].search(&Query { text: Some(exact), ..wanted });
    assert!(number(&exact, "total") <= number(&answer, "total"), "typos only add documents");
}

impl Options {
    fn read(input: &mut Input<'_>) -> Self {
        let language = input.language().name();
        let [switches, of_query, words, limit, deleted] = [0; 5].map(|_: u8| input.byte());
        let is_on = |byte: u8, bit: u8| byte >> bit & 1 == 1;
        let stop_words = |bit| match (is_on(switches, bit), is_on(switches, bit + 1)) {
            (false, _) => Value::Boolean(false),
            (true, false) => Value::Boolean(true),
            (true, true) => Value::Array(vec![Value::from("shore"), Value::from("birds"), Value::from("の")]),
        };
        let field = |language: &str, bit: u8| {
            let field = Value::object().with("type", "text").with("language", language);
            field.with("stopWords", stop_words(bit)).with("positions", !is_on(switches, bit + 2))
        };
        let fields = Value::object()
            .with("a", field("none", 0).with("weight", if is_on(switches, 6) { 2.5 } else { 1.0 }))
            .with("b", field(language, 3).with("many", is_on(switches, 7)));
        let fuzzy = [Fuzziness::Off, Fuzziness::ByLength, Fuzziness::Fixed(1), Fuzziness::Fixed(2)];
        let text = TextQuery {
            fuzzy: fuzzy[usize::from(of_query & 3)],
            prefix: is_on(of_query, 2),
            all_words: is_on(of_query, 3),
            slop: u32::from(of_query >> 4 & 7) * 3,
            boost: if is_on(of_query, 7) { vec![("b".into(), 3.5)] } else { Vec::new() },
            minimum_match: usize::from(words & 7),
            fields: is_on(words, 3).then(|| vec!["b".into()]),
            ..TextQuery::default()
        };
        Self { text, limit: usize::from(limit), fields, deleted }
    }
}

fn document(id: usize, line: &str, many: bool) -> Document {
    let (a, b) = line.split_once('|').unwrap_or((line, line));
    let b = if many { Value::Array(b.split('|').map(Value::from).collect()) } else { Value::from(b) };
    let value = Value::object().with("id", id as u32).with("a", a);
    // Some have one field alone.
    Document::from_json(if id % 5 == 4 { value } else { value.with("b", b) }).expect("a document")
}

/// The same documents growing, sealed, in two segments, merged, and each in a segment of its own with rows that are dead.
fn layouts(lines: &[&str], options: &Options) -> Vec<Collection> {
    let many = options.fields.get("b").and_then(|b| b.get("many")) == Some(&Value::Boolean(true));
    let documents: Vec<Document> = lines.iter().enumerate().map(|(id, line)| document(id, line, many)).collect();
    let deleted: Vec<u64> = (0..documents.len().min(8) as u64).filter(|id| options.deleted >> id & 1 == 1).collect();
    let mut layouts: Vec<Collection> = (0..5).map(|_| Collection::new(&options.fields)).collect();
    let parts = [documents.len(), documents.len(), documents.len().div_ceil(2), documents.len().div_ceil(2), 3];
    for (at, layout) in layouts.iter_mut().enumerate() {
        if at == 4 {
            // What was there before an update.
            let older = document(0, "wave birds sanderling|shore waves utf-8", many);
            layout.put(&[older]);
            layout.seal();
        }
        for part in documents.chunks(parts[at].max(1)) {
            layout.put(part);
            if at > 0 {
                layout.seal();
            }
        }
        layout.delete(&deleted);
    }
    layouts[3].compact();
    layouts
}

/// All of an answer that must not depend on where documents lie.
fn told(answer: &Value) -> String {
    let hits = hits(answer).iter().map(|hit| {
        ["id", "score", "highlights", "explanation"]
            .map(|name| hit.get(name).map(ToString::to_string))
            .map(Option::unwrap_or_default)
    });
    format!("{} {:?}", number(answer, "total"), hits.collect::<Vec<_>>())
}

fn hits(answer: &Value) -> &[Value] {
    let Some(Value::Array(hits)) = answer.get("hits") else { panic!("no hits in {answer}") };
    hits
}

fn number(value: &Value, name: &str) -> f64 {
    match value.get(name) {
        Some(Value::Number(number)) => *number,
        other => panic!("{name} is {other:?}"),
    }
}

fn check(answer: &Value, options: &Options, lines: &[&str]) {
    let hits = hits(answer);
    let total = number(answer, "total");
    assert_eq!(hits.len() as f64, total.min(options.limit as f64), "as many hits as there are");
    let scores: Vec<f64> = hits.iter().map(|hit| number(hit, "score")).collect();
    assert!(scores.iter().all(|score| score.is_finite() && *score >= 0.0), "{scores:?}");
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    for hit in hits {
        let Some(Value::Array(terms)) = hit.get("explanation").and_then(|it| it.get("text")?.get("terms")) else {
            continue;
        };
        let sum = terms.iter().fold(0.0, |sum: f32, term| sum + number(term, "score") as f32);
        assert_eq!(sum.to_bits(), (number(hit, "score") as f32).to_bits(), "an explanation adds up: {hit}");
        let Some(Value::Object(highlights)) = hit.get("highlights") else { panic!("no highlights in {hit}") };
        let line = lines[number(hit, "id") as usize];
        assert!(!highlights.is_empty() || terms.is_empty(), "nothing is marked in what matched: {hit}");
        for passage in highlights.iter().flat_map(|(_, passages)| match passages {
            Value::Array(passages) => passages.as_slice(),
            _ => panic!("passages"),
        }) {
            let Value::Text(passage) = passage else { panic!("a passage") };
            check_passage(passage, line, MAX_LENGTH);
        }
    }
}
