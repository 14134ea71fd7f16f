//! The words of one text field in a growing segment.

use super::{
    FieldStatistics, PlacedTerm, Terms,
    column::{ABSENT, TermList, TermSet, TextColumn, is_key, without_term, write_key},
    index::TermPostings,
};
use crate::numbering::{Numbering, hash};
use alloc::{string::String, vec::Vec};

/// The texts of a growing segment with their postings, found by hash.
#[derive(Clone, Debug, Default)]
pub struct GrowingTerms {
    number_of: Numbering,
    pub(super) texts: Texts,
    shapes: Vec<Shape>,
    lists: Vec<TermPostings>,
}

/// Texts one behind the other: those of frequent words, which come early, share few lines of the cache.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    all: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Texts {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn get(&self, number: u32) -> &str {
        let end = self.ends[number as usize] as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before as usize] as usize);
        self.all.get(start..end).unwrap_or_default()
    }

    fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len() as u32);
    }
}

/// What a text looks like: enough to pass over most of those that are not looked for without reading them.
#[derive(Clone, Copy, Debug, Default)]
struct Shape {
    /// The first bytes, the first one highest.
    head: u32,
    /// The number of its characters, without the term in the key of a form.
    length: u32,
    /// A bit for the characters in it, by their numbers modulo 64.
    letters: u64,
}

impl Shape {
    fn of(text: &str) -> Self {
        let mut shape = Self::default();
        for (at, byte) in text.bytes().take(4).enumerate() {
            shape.head |= u32::from(byte) << (24 - 8 * at);
        }
        for character in without_term(text).chars() {
            shape.length += 1;
            shape.letters |= 1 << (character as u32 % 64);
        }
        shape
    }

    /// Whether a text of that shape may be so few typos away: a typo adds or takes at most one letter, or puts one in the
    /// place of another.
    fn is_near(self, other: Self, typos: u8) -> bool {
        self.length.abs_diff(other.length) <= u32::from(typos)
            && (self.letters ^ other.letters).count_ones() <= 2 * u32::from(typos)
    }
}

impl GrowingTerms {
    /// Calls `found` with the number of each text that begins with `prefix`.
    pub(super) fn with_prefix(&self, prefix: &str, found: &mut dyn FnMut(u32)) {
        let head = Shape::of(prefix).head;
        let mask = u32::MAX.checked_shl(32 - 8 * prefix.len().min(4) as u32).unwrap_or(0);
        for (number, shape) in self.shapes.iter().enumerate() {
            if shape.head & mask == head && self.texts.get(number as u32).starts_with(prefix) {
                found(number as u32);
            }
        }
    }

    /// Calls `found` with the number of each text that may be so few typos away.
    pub(super) fn similar(&self, pattern: &str, typos: u8, found: &mut dyn FnMut(u32)) {
        let pattern = Shape::of(pattern);
        for (number, shape) in self.shapes.iter().enumerate() {
            if shape.is_near(pattern, typos) {
                found(number as u32);
            }
        }
    }

    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.number_of.find(hash(text.as_bytes()), &mut |number| self.texts.get(number) == text)
    }

    pub(super) fn list(&self, number: u32) -> TermList<'_> {
        TermList::Growing(&self.lists[number as usize])
    }

    /// The number of a text, which is a new one where it was not there.
    fn number(&mut self, text: &str) -> u32 {
        let hash = hash(text.as_bytes());
        self.number_of.find(hash, &mut |number| self.texts.get(number) == text).unwrap_or_else(|| self.add(text, hash))
    }

    /// Adds a text that is not there under a hash.
    fn add(&mut self, text: &str, hash: u32) -> u32 {
        let number = self.texts.len() as u32;
        self.number_of.set(hash, number, &mut |_| false);
        self.texts.push(text);
        self.shapes.push(Shape::of(text));
        self.lists.push(TermPostings::default());
        number
    }
}

/// The forms of a growing segment; a form that was seen before tells its term without looking it up, nor stemming it.
#[derive(Clone, Debug, Default)]
struct GrowingForms {
    forms: GrowingTerms,
    /// The number of the term of each form, and [`OWN_ROWS`] where it is not the only one.
    term_of: Vec<u32>,
    /// Of each term its only form, which has no rows but those of the term.
    only: Vec<u32>,
    key: String,
    stemmed: String,
}

/// Set where a form has rows of its own.
const OWN_ROWS: u32 = 1 << 31;
/// The only form of a term that has none yet.
const NONE: u32 = u32::MAX;
/// The same of one that has several.
const SEVERAL: u32 = u32::MAX - 1;

impl GrowingForms {
    /// Adds an occurrence of a form in the newest row; answers the number of its term.
    fn push(&mut self, placed: PlacedTerm<'_>, of: &Terms, row: u32, terms: &mut GrowingTerms) -> u32 {
        let PlacedTerm { term, form, .. } = placed;
        // Not that of the key, which is made for new forms alone: nobody looks a form up by its key.
        let hash = hash(form.as_bytes());
        let texts = &self.forms.texts;
        let known = self.forms.number_of.find(hash, &mut |number| is_key(texts.get(number), form, term));
        if let Some(number) = known {
            let of_term = self.term_of[number as usize];
            if of_term & OWN_ROWS != 0 {
                self.forms.lists[number as usize].push_row(row);
            }
            return of_term & !OWN_ROWS;
        }
        let term = match of.stem() {
            Some(stem) if term.is_empty() => {
                self.stemmed.clear();
                self.stemmed.push_str(form);
                stem(&mut self.stemmed);
                &self.stemmed
            }
            _ => term,
        };
        let of_term = terms.number(term);
        self.only.resize(terms.texts.len(), NONE);
        let number = self.forms.texts.len() as u32;
        let is_kept = write_key(form, term, &mut self.key);
        let only = &mut self.only[of_term as usize];
        let is_only = *only == NONE;
        if let Some(first) = self.term_of.get_mut(*only as usize) {
            *first |= OWN_ROWS;
            self.forms.lists[*only as usize].rows.clone_from(&terms.lists[of_term as usize].rows);
        }
        *only = if is_only && is_kept { number } else { SEVERAL };
        if is_kept {
            self.forms.add(&self.key, hash);
            self.term_of.push(if is_only { of_term } else { of_term | OWN_ROWS });
            if !is_only {
                self.forms.lists[number as usize].push_row(row);
            }
        }
        of_term
    }
}

/// The length of a text.
const LENGTH_BYTES: usize = 4;
/// An occurrence, and the row of a form.
const OCCURRENCE_BYTES: usize = 8;
const ROW_BYTES: usize = 4;
/// A text that was not there before, with its lists: about as many bytes.
const TEXT_BYTES: usize = 96;

/// One text field of a growing segment.
#[derive(Clone, Debug)]
pub struct GrowingText {
    lengths: Vec<u32>,
    statistics: FieldStatistics,
    has_positions: bool,
    terms: GrowingTerms,
    /// None until a text came whose analyzer keeps them.
    forms: Option<GrowingForms>,
}

impl GrowingText {
    /// An empty column, with the places of words or without.
    #[must_use]
    pub fn new(has_positions: bool) -> Self {
        let (lengths, statistics) = (Vec::new(), FieldStatistics::default());
        Self { lengths, statistics, has_positions, terms: GrowingTerms::default(), forms: None }
    }

    /// Adds the newest row with the terms of its text; answers what it takes in memory, by a measure that is the same on
    /// every host.
    pub fn push(&mut self, terms: Option<&Terms>) -> usize {
        let row = self.lengths.len() as u32;
        let Some(terms) = terms else {
            self.lengths.push(ABSENT);
            return LENGTH_BYTES;
        };
        let before = self.texts();
        self.lengths.push(terms.length());
        self.statistics.documents += 1;
        self.statistics.terms += u64::from(terms.length());
        if terms.keeps_forms() && self.forms.is_none() {
            self.forms = Some(GrowingForms::default());
        }
        let column = &mut self.terms;
        for placed in terms.iter() {
            let forms = self.forms.as_mut().filter(|_| terms.keeps_forms());
            let number = match forms {
                Some(forms) => forms.push(placed, terms, row, column),
                None => column.number(placed.term),
            };
            column.lists[number as usize].push(row, placed.position, self.has_positions);
        }
        let of_occurrence = if terms.keeps_forms() { OCCURRENCE_BYTES + ROW_BYTES } else { OCCURRENCE_BYTES };
        LENGTH_BYTES + terms.count() * of_occurrence + (self.texts() - before) * TEXT_BYTES
    }

    /// The number of terms and forms.
    fn texts(&self) -> usize {
        self.terms.texts.len() + self.forms.as_ref().map_or(0, |forms| forms.forms.texts.len())
    }

    /// The column to read.
    #[must_use]
    pub fn view(&self) -> TextColumn<'_> {
        TextColumn {
            lengths: (&self.lengths).into(),
            statistics: self.statistics,
            has_positions: self.has_positions,
            terms: TermSet::Growing(&self.terms),
            forms: self.forms.as_ref().map(|forms| TermSet::Growing(&forms.forms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        schema::{StopWords, TextField},
        text::{Analyzer, FieldAnalyzer, Language, Purpose, Token},
    };
    use alloc::{borrow::ToOwned, collections::BTreeMap, string::ToString};

    /// Tells every term with its form, as the analyzers of languages with accents do.
    struct Eager(FieldAnalyzer);

    impl Analyzer for Eager {
        fn analyze(&self, text: &str, purpose: Purpose, found: &mut dyn FnMut(Token<'_>)) {
            self.0.analyze(text, purpose, found);
        }

        fn keeps_forms(&self) -> bool {
            true
        }
    }

    const TEXTS: [&str; 7] = [
        "bird run",
        "birds runs the running birds",
        "@birds c++ 1.2 R2-D2 wi-fis 東京都 👍",
        "run bird flies",
        "flies flying fly Birds'",
        "",
        "running, runs; skies sky skies",
    ];

    #[test]
    fn every_form_has_the_rows_of_its_word() {
        let (language, stop_words) = (Language::English, StopWords::BuiltIn);
        let field = TextField { weight: 1.0, language, stop_words, positions: true, many: false };
        let analyzer = FieldAnalyzer::new(&field, None).expect("English is built in");
        let mut expected: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (row, text) in TEXTS.into_iter().enumerate() {
            analyzer.analyze(text, Purpose::Index, &mut |token| {
                let mut key = String::new();
                assert!(write_key(token.form, token.term, &mut key));
                let rows = expected.entry(key).or_default();
                rows.push(row as u32);
                rows.dedup();
            });
        }
        let eager = Eager(analyzer.clone());
        for analyzer in [&eager as &dyn Analyzer, &analyzer] {
            let mut column = GrowingText::new(true);
            for text in TEXTS {
                let mut terms = Terms::default();
                terms.add(text, analyzer);
                _ = column.push(Some(&terms));
            }
            let view = column.view();
            let Some(TermSet::Growing(forms)) = view.forms else { panic!("English has forms") };
            let mut found = BTreeMap::new();
            let keys: Vec<&str> = (0..forms.texts.len() as u32).map(|number| forms.texts.get(number)).collect();
            for (number, key) in keys.iter().enumerate() {
                let list = view.of_form(key, forms.list(number as u32)).expect("each form has a term");
                found.insert(key.to_string(), list.rows());
            }
            assert_eq!(found, expected);
            let rows = |term: &str| view.terms.get(term).map(|list| list.rows()).unwrap_or_default();
            assert_eq!((rows("run"), rows("@birds"), rows("sky")), ([0, 1, 3, 6].to_vec(), [2].to_vec(), [6].to_vec()));
            let own = forms.lists.iter().filter(|list| !list.rows.is_empty()).count();
            let stems = keys.iter().map(|key| super::super::term_of(key)).collect::<Vec<_>>();
            let shared = stems.iter().filter(|stem| stems.iter().filter(|other| other == stem).count() > 1).count();
            assert_eq!(own, shared, "a form that is the only one of its term has none of its own");
            assert_eq!(stems.first().map(|stem| stem.to_owned()).as_deref(), Some("bird"));
        }
    }

    /// `run-s` is one `run`, found by its whole and by its first piece.
    #[test]
    fn one_place_counts_once_whether_places_are_kept_or_not() {
        let field = TextField {
            weight: 1.0,
            language: Language::English,
            stop_words: StopWords::Off,
            positions: true,
            many: false,
        };
        let analyzer = FieldAnalyzer::new(&field, None).expect("English is built in");
        for has_positions in [true, false] {
            let mut column = GrowingText::new(has_positions);
            let mut terms = Terms::default();
            terms.add("#run-s run", &analyzer);
            column.push(Some(&terms));
            let run = column.view().terms.get("run").expect("it is there");
            assert_eq!(run.count(0), 2, "places {has_positions}");
        }
    }

    #[test]
    fn what_forms_take_counts() {
        let bytes = |language| {
            let field = TextField { weight: 1.0, language, stop_words: StopWords::Off, positions: true, many: false };
            let analyzer = FieldAnalyzer::new(&field, None).expect("it is built in");
            let (mut column, mut bytes) = (GrowingText::new(true), 0);
            for text in TEXTS {
                let mut terms = Terms::default();
                terms.add(text, &analyzer);
                bytes += column.push(Some(&terms));
            }
            bytes
        };
        assert!(bytes(Language::English) > bytes(Language::None));
    }
}
