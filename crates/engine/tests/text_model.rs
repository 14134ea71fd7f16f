//! A collection with a history against a model that does nothing clever: every live document is looked at, and BM25F is written
//! out from its definition.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

mod model;
mod random;
mod texts;

use model::{Model, Question, SCHEMA, Unit};
use random::Random;
use sanderling_engine::{
    Document, DocumentId, Value,
    collection::{PutOptions, Write},
};
use texts::{NOW, Texts, oracle::WORDS};

fn word(random: &mut Random) -> String {
    // The first words of the list are the most frequent.
    let at = random.below(WORDS.len() as u64).min(random.below(WORDS.len() as u64));
    WORDS[at as usize].into()
}

fn text(random: &mut Random, longest: u64) -> String {
    (0..1 + random.below(longest)).map(|_| word(random)).collect::<Vec<_>>().join(" ")
}

fn fields(random: &mut Random, longest: u64) -> [Option<Vec<String>>; 3] {
    let several = 1 + random.below(3);
    let texts = |count: u64, random: &mut Random| {
        (random.below(4) > 0).then(|| (0..count).map(|_| text(random, longest)).collect::<Vec<_>>())
    };
    [texts(1, random), texts(several, random), texts(1, random)]
}

fn document(id: u32, fields: &[Option<Vec<String>>; 3]) -> Document {
    let mut value = Value::object().with("id", id);
    for (name, texts) in ["a", "b", "c"].into_iter().zip(fields) {
        if let Some(texts) = texts {
            let many = || Value::Array(texts.iter().map(|text| Value::from(text.as_str())).collect());
            value = value.with(name, if name == "b" { many() } else { Value::from(texts[0].as_str()) });
        }
    }
    Document::from_json(value).unwrap()
}

/// One more write, seal or compaction.
fn step(random: &mut Random, texts: &mut Texts, model: &mut Model, ids: u64, longest: u64) {
    let id = random.below(ids) as u32;
    match random.below(40) {
        0 => texts.seal(),
        1 if random.below(3) == 0 => texts.compact(),
        2..6 => {
            texts.delete(&[id]);
            model.remove(id);
        }
        6..9 => {
            // One field is replaced; what is not there cannot be.
            let new = [None, None, Some(vec![text(random, longest)])];
            let write = Write::Update(DocumentId::Integer(id.into()), document(id, &new), PutOptions::default());
            if let Ok(prepared) = texts.state.prepare(write, NOW) {
                texts.state.apply(prepared);
                model.update(id, new[2].as_ref().unwrap());
            } else {
                assert!(!model.has(id));
            }
        }
        expires => {
            let fields = fields(random, longest);
            let expires_at = (expires == 9).then_some(NOW / 2);
            let options = PutOptions { expires_at, ..PutOptions::default() };
            let prepared = texts.state.prepare(Write::Put(vec![document(id, &fields)], options), NOW).unwrap();
            texts.state.apply(prepared);
            model.remove(id);
            if expires_at.is_none() {
                model.put(id, &fields);
            }
        }
    }
}

fn question(random: &mut Random) -> Question {
    let units: Vec<Unit> = (0..1 + random.below(4))
        .map(|_| {
            let is_phrase = random.below(4) == 0;
            let words = (0..if is_phrase { 2 + random.below(3) } else { 1 }).map(|_| word(random)).collect();
            Unit { words, is_phrase, excluded: random.below(7) == 0 }
        })
        .collect();
    let boost = [1.0, 3.5, 0.125][random.below(3) as usize];
    Question {
        prefix: random.below(3) == 0 && !units.last().unwrap().is_phrase,
        units,
        all: random.below(4) == 0,
        minimum: random.below(4) as usize,
        slop: [0, 0, 1, 3][random.below(4) as usize],
        boosts: [1.0, boost, 1.0],
        fields: [vec![0, 1, 2], vec![0, 1, 2], vec![1], vec![0, 2]][random.below(4) as usize].clone(),
    }
}

/// What a prefix can be cut to.
fn shortened(random: &mut Random, mut question: Question) -> Question {
    if question.prefix {
        let word = &mut question.units.last_mut().unwrap().words[0];
        word.truncate(1 + random.below(word.len() as u64) as usize);
    }
    question
}

fn number(value: &Value, name: &str) -> f32 {
    match value.get(name) {
        Some(Value::Number(number)) => *number as f32,
        other => panic!("{name}: {other:?}"),
    }
}

fn check_explanations(result: &Value, query: &str) {
    let Some(Value::Array(hits)) = result.get("hits") else { panic!("hits") };
    for hit in hits {
        let Some(terms) = hit.get("explanation").and_then(|it| it.get("text")?.get("terms")) else { continue };
        let Value::Array(terms) = terms else { panic!("terms") };
        let sum = terms.iter().fold(0.0_f32, |sum, term| sum + number(term, "score"));
        assert_eq!(sum.to_bits(), number(hit, "score").to_bits(), "{query}: {hit}");
    }
}

#[test]
fn a_collection_with_a_history_answers_as_its_documents_alone_would() {
    let mut random = Random(0x5a11);
    let mut found = [0; 3];
    for (ids, steps, longest) in [(6, 60, 4), (60, 400, 8), (300, 1_500, 12), (1_500, 3_000, 4)] {
        let (mut texts, mut model) = (Texts::new(SCHEMA), Model::new());
        for at in 0..steps {
            step(&mut random, &mut texts, &mut model, ids, longest);
            if at % (steps / 6) != 0 {
                continue;
            }
            for _ in 0..if ids > 1_000 { 8 } else { 40 } {
                let question = question(&mut random);
                let question = shortened(&mut random, question);
                let (limit, offset) = (1 + random.below(12) as usize, random.below(3) as usize);
                let query = question.written(&format!(r#""limit": {limit}, "offset": {offset}"#));
                let expected = model.answer(&question);
                found[expected.len().min(2)] += 1;
                let page = &expected[offset.min(expected.len())..(offset + limit).min(expected.len())];
                assert_eq!(texts.hits(&query), page, "{ids} after {at}: {query}");
                assert_eq!(texts.total(&query), expected.len(), "{ids} after {at}: {query}");
                let explained = question.written(&format!(r#""limit": {limit}, "explain": true"#));
                check_explanations(&texts.search(&explained), &explained);
            }
        }
    }
    assert!(found.iter().all(|count| *count > 20), "questions that find nothing, one and many: {found:?}");
}

#[test]
fn typos_find_what_is_near_and_what_is_right_ranks_first() {
    let mut random = Random(0x7e50);
    for (ids, steps) in [(20, 40), (200, 600)] {
        let (mut texts, mut model) = (Texts::new(SCHEMA), Model::new());
        (0..steps).for_each(|_| step(&mut random, &mut texts, &mut model, ids, 5));
        for _ in 0..150 {
            let mut typed: Vec<char> = word(&mut random).chars().collect();
            let (at, length) = (random.below(typed.len() as u64) as usize, typed.len());
            match random.below(6) {
                0 if length > 1 => drop(typed.remove(at)),
                1 if at + 1 < length => typed.swap(at, at + 1),
                2 => typed.insert(at, 'x'),
                3 => typed[at] = 'x',
                4 if at + 1 < length => {
                    typed.swap(at, at + 1);
                    typed[0] = 'x';
                }
                _ => {}
            }
            let typed: String = typed.into_iter().collect();
            let query =
                format!(r#"{{ "text": {{ "query": "{typed}", "fuzzy": true }}, "limit": 1000, "explain": true }}"#);
            let (exact, near) = model.near(&typed);
            let hits = texts.hits(&query);
            let ids = |hits: &[(String, u32)]| {
                let mut ids: Vec<u32> = hits.iter().map(|(id, _)| id.parse().unwrap()).collect();
                ids.sort_unstable();
                ids
            };
            let (first, rest) = hits.split_at(exact.len().min(hits.len()));
            assert_eq!((ids(first), ids(rest)), (exact, near), "{typed}");
            assert!(
                first.last().zip(rest.first()).is_none_or(|(a, b)| f32::from_bits(a.1) > f32::from_bits(b.1)),
                "{typed}"
            );
            check_explanations(&texts.search(&query), &query);
        }
    }
}
