//! Text searches as they are defined: every document is looked at. And made documents and queries to compare with.

use super::{super::random::Random, Texts};
use sanderling_engine::{
    Document, Value,
    settings::Bm25Settings,
    text::{Analyzer, FieldAnalyzer, Language, Purpose, TermScorer, idf},
};
use std::collections::BTreeSet;

pub const FIELDS: &str = r#"{ "a": { "type": "text", "weight": 2 }, "b": { "type": "text", "language": "english" },
    "n": { "type": "number" } }"#;
const WEIGHTS: [f32; 2] = [2.0, 1.0];

pub const WORDS: [&str; 24] = [
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
pub struct Field {
    pub length: u32,
    pub tokens: Vec<(String, String, u32)>,
}

/// The fields of a document.
type Fields = [Option<Field>; 2];

pub struct Oracle {
    pub analyzers: [FieldAnalyzer; 2],
    /// Live documents in the order of their writes.
    pub documents: Vec<(u32, u32, Fields)>,
}

/// A word or a phrase of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    pub words: Vec<String>,
    pub is_phrase: bool,
    pub excluded: bool,
}

/// Words as each field spells them, whether they are a phrase, and how often the query has them.
type Wanted = (Vec<[Vec<String>; 2]>, bool, f32);

pub struct Options {
    pub all: bool,
    pub minimum: usize,
    pub prefix: bool,
    pub slop: i64,
    pub below: u32,
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
    pub fn new() -> Self {
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

    fn has(fields: &Fields, terms: &[Vec<String>; 2]) -> bool {
        (0..2).any(|at| {
            fields[at].as_ref().is_some_and(|field| terms[at].iter().any(|term| Self::count(field, term) > 0))
        })
    }

    fn has_phrase(&self, fields: &Fields, terms: &[[Vec<String>; 2]], slop: i64) -> bool {
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

    /// The words and phrases that are wanted, each once, and those that are excluded.
    fn spelled(&self, units: &[Unit], prefix: bool) -> (Vec<Wanted>, Vec<Wanted>) {
        let mut wanted: Vec<Wanted> = Vec::new();
        let mut excluded = Vec::new();
        for (at, unit) in units.iter().enumerate() {
            let is_prefix = prefix && at + 1 == units.len() && !unit.is_phrase;
            let spelled: Vec<_> =
                unit.words.iter().map(|word| [0, 1].map(|field| self.terms(field, word, is_prefix))).collect();
            // A prefix is another term than the same word without.
            let is_same = |known: &&mut Wanted| known.0 == spelled && known.1 == unit.is_phrase && !is_prefix;
            match wanted.iter_mut().find(is_same) {
                _ if unit.excluded => excluded.push((spelled, unit.is_phrase, 1.0)),
                Some(known) => known.2 += 1.0,
                None => wanted.push((spelled, unit.is_phrase, 1.0)),
            }
        }
        (wanted, excluded)
    }

    fn matches(&self, fields: &Fields, (spelled, is_phrase, _): &Wanted, slop: i64) -> bool {
        if *is_phrase { self.has_phrase(fields, spelled, slop) } else { Self::has(fields, &spelled[0]) }
    }

    fn averages(&self) -> [f32; 2] {
        [0, 1].map(|at| {
            let fields = self.documents.iter().filter_map(|(_, _, fields)| fields[at].as_ref());
            let lengths: Vec<u64> = fields.map(|field| u64::from(field.length)).collect();
            let sum: u64 = lengths.iter().sum();
            if sum == 0 { 1.0 } else { (sum as f64 / lengths.len() as f64) as f32 }
        })
    }

    /// What a word or phrase adds to a score, term by term.
    fn add_score(&self, fields: &Fields, (spelled, _, repeated): &Wanted, averages: [f32; 2], score: &mut f32) {
        let mut distinct: Vec<(&[Vec<String>; 2], f32)> = Vec::new();
        for terms in spelled {
            match distinct.iter_mut().find(|(known, _)| *known == terms) {
                Some(known) => known.1 += repeated,
                None => distinct.push((terms, *repeated)),
            }
        }
        for (terms, repeated) in distinct {
            let with = self.documents.iter().filter(|(_, _, fields)| Self::has(fields, terms)).count();
            let idf = idf(self.documents.len() as u64, with as u64);
            let scorer = TermScorer::new(Bm25Settings::default(), idf, repeated);
            let mut weighted = 0.0;
            for at in 0..2 {
                let Some(field) = &fields[at] else { continue };
                for count in terms[at].iter().map(|term| Self::count(field, term)).filter(|count| *count > 0) {
                    weighted += scorer.weighted_count(WEIGHTS[at], count, field.length, averages[at]);
                }
            }
            if weighted > 0.0 {
                *score += scorer.score(weighted);
            }
        }
    }

    /// The ids and score bits of all matches, best first.
    pub fn answer(&self, units: &[Unit], options: &Options) -> Vec<(String, u32)> {
        let (wanted, excluded) = self.spelled(units, options.prefix);
        let averages = self.averages();
        let needed = if options.all { wanted.len() } else { options.minimum.clamp(1, wanted.len().max(1)) };
        let mut found = Vec::new();
        for (order, (id, number, fields)) in self.documents.iter().enumerate() {
            let has = |unit: &&Wanted| self.matches(fields, unit, options.slop);
            let having = wanted.iter().filter(has).count();
            if having < needed && !wanted.is_empty()
                || *number >= options.below
                || excluded.iter().any(|unit| has(&unit))
            {
                continue;
            }
            let mut score = 0.0_f32;
            // The terms of a phrase count where it stands; those of a word wherever they do.
            for unit in wanted.iter().filter(|unit| !unit.1 || has(unit)) {
                self.add_score(fields, unit, averages, &mut score);
            }
            found.push((order, id.to_string(), score));
        }
        found.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        found.into_iter().map(|(_, id, score)| (id, score.to_bits())).collect()
    }
}

pub fn made_text(random: &mut Random, longest: u64) -> String {
    let words = 1 + random.below(longest);
    let word = |random: &mut Random| {
        // The first words of the list are the most frequent.
        let at = random.below(WORDS.len() as u64).min(random.below(WORDS.len() as u64));
        WORDS[at as usize]
    };
    (0..words).map(|_| word(random)).collect::<Vec<_>>().join(" ")
}

pub fn made_units(random: &mut Random) -> Vec<Unit> {
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

pub fn written(units: &[Unit]) -> String {
    let mut text = Vec::new();
    for unit in units {
        let words = unit.words.join(" ");
        let quote = if unit.is_phrase { "\\\"" } else { "" };
        text.push(format!("{}{quote}{words}{quote}", if unit.excluded { "-" } else { "" }));
    }
    text.join(" ")
}

/// The same documents in several layouts, with what the oracle knows of them.
pub fn made(random: &mut Random, count: u32, longest: u64) -> (Vec<Texts>, Oracle) {
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
