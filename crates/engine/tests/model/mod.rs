//! What a text search answers, by definition: three fields, every live document, no index.

use sanderling_engine::{
    Schema,
    text::{Analyzer, FieldAnalyzer, PlacedTerm, Purpose, Terms},
};
use std::collections::BTreeSet;

/// A field of words with a weight, one of several English texts, one without stop words and without places.
pub const SCHEMA: &str = r#"{ "a": { "type": "text", "weight": 2.5 },
    "b": { "type": "text", "language": "english", "many": true },
    "c": { "type": "text", "language": "english", "stopWords": ["the", "of", "sea"], "positions": false } }"#;
const NAMES: [&str; 3] = ["a", "b", "c"];
const WEIGHTS: [f32; 3] = [2.5, 1.0, 1.0];
const HAS_PLACES: [bool; 3] = [true, true, false];

#[derive(Clone, Debug)]
pub struct Unit {
    pub words: Vec<String>,
    pub is_phrase: bool,
    pub excluded: bool,
}

#[derive(Clone, Debug)]
pub struct Question {
    pub units: Vec<Unit>,
    pub all: bool,
    pub minimum: usize,
    pub prefix: bool,
    pub slop: i64,
    pub boosts: [f32; 3],
    /// The searched fields.
    pub fields: Vec<usize>,
}

struct Field {
    length: u32,
    /// Terms, forms, places.
    tokens: Vec<(String, String, u32)>,
}

struct Row {
    id: u32,
    fields: [Option<Field>; 3],
}

pub struct Model {
    analyzers: [FieldAnalyzer; 3],
    /// In the order of their last writes.
    rows: Vec<Row>,
}

/// The terms of a word in each field.
type Spelled = [BTreeSet<String>; 3];

/// A word or a phrase with how often the question has it.
struct Wanted {
    /// The words as written, and whether the last may go on.
    key: (Vec<String>, bool, bool),
    /// The places of the words that are searched for, with their terms.
    words: Vec<(i64, String, Spelled)>,
    repeated: f32,
}

impl Question {
    /// As JSON.
    pub fn written(&self, rest: &str) -> String {
        let unit = |unit: &Unit| {
            let quote = if unit.is_phrase { "\\\"" } else { "" };
            format!("{}{quote}{}{quote}", if unit.excluded { "-" } else { "" }, unit.words.join(" "))
        };
        let names: Vec<String> = self.fields.iter().map(|field| format!("\"{}\"", NAMES[*field])).collect();
        format!(
            r#"{{ "text": {{ "query": "{}", "operator": "{}", "minimumMatch": {}, "prefix": {}, "slop": {},
                "boost": {{ "b": {} }}, "fields": [{}] }}, {rest} }}"#,
            self.units.iter().map(unit).collect::<Vec<_>>().join(" "),
            if self.all { "and" } else { "or" },
            self.minimum,
            self.prefix,
            self.slop,
            self.boosts[1],
            names.join(", "),
        )
    }
}

impl Model {
    pub fn new() -> Self {
        let schema = Schema::from_json(format!(r#"{{ "fields": {SCHEMA} }}"#).as_str()).unwrap();
        let mut fields = schema.text_fields().map(|(_, field)| FieldAnalyzer::new(field, None).unwrap());
        let analyzers = [0; 3].map(|_| fields.next().unwrap());
        Self { analyzers, rows: Vec::new() }
    }

    pub fn has(&self, id: u32) -> bool {
        self.rows.iter().any(|row| row.id == id)
    }

    pub fn remove(&mut self, id: u32) {
        self.rows.retain(|row| row.id != id);
    }

    fn field(&self, at: usize, texts: &[String]) -> Field {
        let mut terms = Terms::default();
        texts.iter().for_each(|text| terms.add(text, &self.analyzers[at]));
        let token = |placed: PlacedTerm<'_>| {
            let mut term: String = placed.term.into();
            if let Some(stem) = terms.stem().filter(|_| term.is_empty()) {
                term.push_str(placed.form);
                stem(&mut term);
            }
            (term, placed.form.into(), placed.position)
        };
        let tokens = terms.iter().map(token).collect();
        Field { length: terms.length(), tokens }
    }

    pub fn put(&mut self, id: u32, fields: &[Option<Vec<String>>; 3]) {
        let fields = [0, 1, 2].map(|at| fields[at].as_ref().map(|texts| self.field(at, texts)));
        self.rows.push(Row { id, fields });
    }

    /// Replaces the last field of a document, which then is the newest.
    pub fn update(&mut self, id: u32, texts: &[String]) {
        let at = self.rows.iter().position(|row| row.id == id).unwrap();
        let mut row = self.rows.remove(at);
        row.fields[2] = Some(self.field(2, texts));
        self.rows.push(row);
    }

    fn spelled(&self, question: &Question, word: &str, goes_on: bool) -> Spelled {
        [0, 1, 2].map(|at| {
            let mut terms = BTreeSet::new();
            if question.fields.contains(&at) {
                self.analyzers[at].analyze(word, Purpose::Query, &mut |token| _ = terms.insert(token.term.into()));
                let tokens = self.rows.iter().filter_map(|row| row.fields[at].as_ref()).flat_map(|field| &field.tokens);
                let forms = tokens.filter(|(_, form, _)| goes_on && form.starts_with(word));
                terms.extend(forms.map(|(term, ..)| term.clone()));
            }
            terms
        })
    }

    /// Whether a word says nothing in any of the searched fields.
    fn is_stop_word(&self, question: &Question, word: &str) -> bool {
        let mut any = false;
        for at in &question.fields {
            self.analyzers[*at].analyze(word, Purpose::Query, &mut |_| any = true);
        }
        !any
    }

    fn wanted(&self, question: &Question, excluded: bool) -> Vec<Wanted> {
        let mut all: Vec<Wanted> = Vec::new();
        for (at, unit) in question.units.iter().enumerate().filter(|(_, unit)| unit.excluded == excluded) {
            let goes_on = question.prefix && at + 1 == question.units.len();
            let mut words = Vec::new();
            for (place, word) in unit.words.iter().enumerate() {
                if goes_on || !self.is_stop_word(question, word) {
                    words.push((place as i64, word.clone(), self.spelled(question, word, goes_on)));
                }
            }
            let is_phrase = words.len() > 1;
            let key = (words.iter().map(|(_, word, _)| word.clone()).collect(), is_phrase, goes_on);
            let places = |words: &[(i64, String, Spelled)]| words.iter().map(|(place, ..)| *place).collect::<Vec<_>>();
            let is_same =
                |known: &&mut Wanted| known.key == key && (!is_phrase || places(&known.words) == places(&words));
            match all.iter_mut().find(is_same) {
                _ if words.is_empty() => {}
                Some(known) => known.repeated += 1.0,
                None => all.push(Wanted { key, words, repeated: 1.0 }),
            }
        }
        all
    }

    fn count(field: &Field, term: &str) -> u32 {
        field.tokens.iter().filter(|(other, ..)| other == term).count() as u32
    }

    fn has_any(row: &Row, spelled: &Spelled) -> bool {
        let has = |(field, terms): (&Option<Field>, &BTreeSet<String>)| {
            field.as_ref().is_some_and(|field| field.tokens.iter().any(|(term, ..)| terms.contains(term)))
        };
        row.fields.iter().zip(spelled).any(has)
    }

    fn matches(&self, row: &Row, wanted: &Wanted, slop: i64) -> bool {
        if !wanted.key.1 {
            return Self::has_any(row, &wanted.words[0].2);
        }
        (0..3).any(|at| row.fields[at].as_ref().is_some_and(|field| has_phrase(field, at, wanted, slop)))
    }

    fn average(&self, at: usize) -> f32 {
        let lengths: Vec<u64> =
            self.rows.iter().filter_map(|row| row.fields[at].as_ref()).map(|field| field.length.into()).collect();
        let sum: u64 = lengths.iter().sum();
        if sum == 0 { 1.0 } else { (sum as f64 / lengths.len() as f64) as f32 }
    }

    /// How rare a term is.
    fn idf(&self, spelled: &Spelled) -> f32 {
        let (all, with) = (self.rows.len(), self.rows.iter().filter(|row| Self::has_any(row, spelled)).count());
        let (all, with) = (all as f64, with as f64);
        libm::log(1.0 + (all - with + 0.5) / (with + 0.5)) as f32
    }

    /// What one term adds to the score of a row: nothing where it is not.
    fn score(question: &Question, averages: [f32; 3], row: &Row, spelled: &Spelled, weight: f32) -> f32 {
        const K1: f32 = 1.2;
        const B: f32 = 0.75;
        let mut weighted = 0.0_f32;
        for at in 0..3 {
            let Some(field) = &row.fields[at] else { continue };
            for count in spelled[at].iter().map(|term| Self::count(field, term)).filter(|count| *count > 0) {
                let length = 1.0 - B + B * (field.length as f32 / averages[at]);
                weighted += WEIGHTS[at] * question.boosts[at] * count as f32 / length;
            }
        }
        weight * ((K1 + 1.0) * weighted / (K1 + weighted))
    }

    /// The terms of a word or phrase that score, each once, with idf and how often the question has them.
    fn weights<'w>(&self, unit: &'w Wanted) -> Vec<(&'w Spelled, f32)> {
        let mut done: Vec<(&String, &Spelled, f32)> = Vec::new();
        for (_, word, spelled) in &unit.words {
            match done.iter_mut().find(|(known, ..)| *known == word) {
                Some(known) => known.2 += unit.repeated,
                None => done.push((word, spelled, unit.repeated)),
            }
        }
        done.into_iter().map(|(_, spelled, repeated)| (spelled, self.idf(spelled) * repeated)).collect()
    }

    /// The ids and score bits of all that match, best first.
    pub fn answer(&self, question: &Question) -> Vec<(String, u32)> {
        let (wanted, excluded) = (self.wanted(question, false), self.wanted(question, true));
        let needed = if question.all { wanted.len() } else { question.minimum.clamp(1, wanted.len().max(1)) };
        let averages = [0, 1, 2].map(|at| self.average(at));
        let wanted: Vec<_> = wanted.iter().map(|unit| (unit, self.weights(unit))).collect();
        let mut found = Vec::new();
        for (order, row) in self.rows.iter().enumerate() {
            let having = wanted.iter().filter(|(unit, _)| self.matches(row, unit, question.slop));
            let is_excluded = excluded.iter().any(|unit| self.matches(row, unit, question.slop));
            if having.clone().count() < needed.min(wanted.len()) || is_excluded {
                continue;
            }
            let mut score = 0.0_f32;
            for (spelled, weight) in having.flat_map(|(_, weights)| weights) {
                score += Self::score(question, averages, row, spelled, *weight);
            }
            found.push((order, row.id.to_string(), score));
        }
        found.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        found.into_iter().map(|(_, id, score)| (id, score.to_bits())).collect()
    }

    /// The documents that have a word, and those that have another within reach of typos.
    pub fn near(&self, typed: &str) -> (Vec<u32>, Vec<u32>) {
        let reach = match typed.chars().count() {
            0..5 => 0,
            5..9 => 1,
            _ => 2,
        };
        let mut terms: Spelled = Default::default();
        let mut near: Spelled = Default::default();
        for (analyzer, terms) in self.analyzers.iter().zip(&mut terms) {
            analyzer.analyze(typed, Purpose::Query, &mut |token| _ = terms.insert(token.term.into()));
        }
        // A word that is near in one field is meant in those alone that have it.
        for (at, field) in self.rows.iter().flat_map(|row| row.fields.iter().enumerate()) {
            for (term, form, _) in field.iter().flat_map(|field| &field.tokens) {
                if !terms[at].is_empty() && typos(typed, form) <= reach {
                    near[at].insert(term.clone());
                }
            }
        }
        let (mut exact, mut corrected) = (Vec::new(), Vec::new());
        for row in &self.rows {
            if Self::has_any(row, &terms) {
                exact.push(row.id);
            } else if Self::has_any(row, &near) {
                corrected.push(row.id);
            }
        }
        exact.sort_unstable();
        corrected.sort_unstable();
        (exact, corrected)
    }
}

/// Every choice of places is tried.
fn has_phrase(field: &Field, at: usize, wanted: &Wanted, slop: i64) -> bool {
    let words: Vec<&(i64, String, Spelled)> = wanted.words.iter().filter(|(.., terms)| !terms[at].is_empty()).collect();
    let places = |terms: &BTreeSet<String>| -> Vec<i64> {
        field.tokens.iter().filter(|(term, ..)| terms.contains(term)).map(|token| token.2.into()).collect()
    };
    let mut choices: Vec<Vec<(i64, i64)>> = vec![Vec::new()];
    for (offset, _, terms) in &words {
        let places = places(&terms[at]);
        if !HAS_PLACES[at] {
            // All words, wherever they are.
            choices.truncate(usize::from(!places.is_empty()));
            continue;
        }
        choices = choices
            .iter()
            .flat_map(|choice| {
                let free = places.iter().filter(|place| choice.iter().all(|(taken, _)| taken != *place));
                free.map(|place| [choice.as_slice(), &[(*place, place - offset)]].concat()).collect::<Vec<_>>()
            })
            .filter(|choice| {
                let begins = choice.iter().map(|(_, begin)| *begin);
                begins.clone().max().unwrap() - begins.min().unwrap() <= slop
            })
            .collect();
    }
    !words.is_empty() && !choices.is_empty()
}

/// Optimal string alignment.
pub fn typos(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut least = replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(table[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    table[a.len()][b.len()]
}
