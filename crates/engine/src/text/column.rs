//! The words of one text field in one segment.
//!
//! A column has the *terms*, which are what is scored, and, where terms are stems, the *forms*: the words as they were
//! written, folded. Both are sets of texts with postings. A form stands under a key that also tells its term, because
//! in a language with accents one fold may have two stems. Forms have rows but no positions, so that a form is gone when
//! its last document is gone, wherever documents lie; the terms of prefixes and typos depend on that.

use super::{
    FieldStatistics,
    growing::GrowingTerms,
    index::{Fuzzy, Passed, PostingsView, SealedList, TermPostings},
};
use crate::{attributes::checked_text, ids::RowId, limits::TERM_BYTES_MAX, lists::map, order::sorted, stored::Stored};
use alloc::{string::String, vec::Vec};

/// The length that stands for "this document has no such field".
pub const ABSENT: u32 = u32::MAX;

/// Between a form and its term in the key of a form. No analyzer gives it: it is no letter.
const KEY_MARK: char = '\0';

/// A view of one text field: the same for a growing segment and for the bytes of a sealed one.
#[derive(Clone, Copy, Debug)]
pub struct TextColumn<'a> {
    /// The number of terms in each row, or [`ABSENT`].
    pub lengths: Stored<'a, u32>,
    /// The rows that have the field, dead ones included, and their terms together.
    pub statistics: FieldStatistics,
    /// Whether the places of terms are kept.
    pub has_positions: bool,
    /// The terms.
    pub terms: TermSet<'a>,
    /// The forms, where the terms are not the words themselves.
    pub forms: Option<TermSet<'a>>,
}

/// Texts, each with its postings.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant, reason = "a view is a list of slices")]
pub enum TermSet<'a> {
    /// Of a growing segment.
    Growing(&'a GrowingTerms),
    /// Of a sealed segment.
    Sealed(PostingsView<'a>),
}

/// The postings of one term.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant, reason = "a view is a list of slices")]
pub enum TermList<'a> {
    /// Of a growing segment.
    Growing(&'a TermPostings),
    /// Of a sealed segment.
    Sealed(SealedList<'a>),
}

/// Takes a word of a column and its postings.
pub type FoundWord<'a, 'f> = &'f mut dyn FnMut(Word<'_>, TermList<'a>);

/// A word that was looked up in a column.
#[derive(Clone, Copy, Debug)]
pub struct Word<'w> {
    /// The word, folded.
    pub text: &'w str,
    /// Its term.
    pub term: &'w str,
    /// How many typos it is away from what was looked up.
    pub typos: u8,
}

impl<'a> TextColumn<'a> {
    /// The number of terms in a row, if the document has the field.
    #[must_use]
    pub fn length(&self, row: RowId) -> Option<u32> {
        Some(self.lengths[row.index()]).filter(|length| *length != ABSENT)
    }

    /// The words that begin with `prefix`. A form has its own postings, not those of its term.
    pub fn with_prefix(&self, prefix: &str, found: FoundWord<'a, '_>) {
        let words = self.forms.unwrap_or(self.terms);
        words.with_prefix(prefix, &mut |key, list| self.word(key, 0, list, found));
    }

    /// The words at most `reach` typos away.
    pub fn similar(&self, pattern: &str, reach: u8, found: FoundWord<'a, '_>) {
        let words = self.forms.unwrap_or(self.terms);
        words.similar(pattern, reach, &mut |key, typos, list| {
            self.word(key, typos, list, found);
        });
    }

    fn word(&self, key: &str, typos: u8, list: TermList<'a>, found: FoundWord<'a, '_>) {
        if self.forms.is_none() {
            return found(Word { text: key, term: key, typos }, list);
        }
        if let Some(list) = self.of_form(key, list) {
            found(Word { text: without_term(key), term: &term_of(key), typos }, list);
        }
    }

    /// The postings of a form of that key: those of its term where it has none of its own, which is so in files where
    /// they are the same.
    #[must_use]
    pub fn of_form(&self, key: &str, list: TermList<'a>) -> Option<TermList<'a>> {
        if list.is_empty() { self.terms.get(&term_of(key)) } else { Some(list) }
    }
}

/// The key of a form: itself, a mark, how many bytes it shares with its term, and the rest of the term. None where that
/// would be too long for a dictionary.
pub(super) fn write_key(form: &str, term: &str, key: &mut String) -> bool {
    let mut shared = form.bytes().zip(term.bytes()).take_while(|(a, b)| a == b).count().min(127);
    while !form.is_char_boundary(shared) || !term.is_char_boundary(shared) {
        shared -= 1;
    }
    key.clear();
    key.push_str(form);
    key.push(KEY_MARK);
    key.push(shared as u8 as char);
    key.push_str(&term[shared..]);
    key.len() <= TERM_BYTES_MAX && !form.contains(KEY_MARK) && !form.is_empty()
}

/// Whether a key is that of a form and its term, which is empty where the form alone tells it.
pub(super) fn is_key(key: &str, form: &str, term: &str) -> bool {
    let (key, form, term) = (key.as_bytes(), form.as_bytes(), term.as_bytes());
    let Some([mark, shared, rest @ ..]) = key.strip_prefix(form) else { return false };
    let shared = usize::from(*shared);
    let is_of_term =
        || term.len() == shared + rest.len() && form.get(..shared) == term.get(..shared) && term[shared..] == *rest;
    *mark == KEY_MARK as u8 && (term.is_empty() || is_of_term())
}

/// The term of a key.
pub fn term_of(key: &str) -> String {
    let (text, rest) = key.split_once(KEY_MARK).unwrap_or_default();
    let shared = rest.chars().next().map_or(0, |shared| shared as usize);
    let mut term = String::from(text.get(..shared).unwrap_or_default());
    term.push_str(rest.get(1..).unwrap_or_default());
    term
}

/// A form is compared without its term.
pub(super) fn without_term(key: &str) -> &str {
    key.split(KEY_MARK).next().unwrap_or_default()
}

impl<'a> TermSet<'a> {
    /// The postings of a term.
    #[must_use]
    pub fn get(&self, term: &str) -> Option<TermList<'a>> {
        match self {
            Self::Growing(terms) => terms.find(term).map(|number| terms.list(number)),
            Self::Sealed(terms) => terms.dictionary().find(term).map(|number| TermList::Sealed(terms.list(number))),
        }
    }

    /// The texts that begin with `prefix`, in no order that means anything.
    fn with_prefix(&self, prefix: &str, found: &mut dyn FnMut(&str, TermList<'a>)) {
        match self {
            Self::Growing(terms) => {
                terms.with_prefix(prefix, &mut |number| found(terms.texts.get(number), terms.list(number)));
            }
            Self::Sealed(terms) => {
                let mut walk = terms.dictionary().walk();
                walk.seek(prefix.as_bytes());
                while let Some((number, term)) = walk.next().filter(|(_, term)| term.starts_with(prefix.as_bytes())) {
                    found(checked_text(term), TermList::Sealed(terms.list(number)));
                }
            }
        }
    }

    fn similar(&self, pattern: &str, reach: u8, found: &mut dyn FnMut(&str, u8, TermList<'a>)) {
        match self {
            Self::Growing(terms) => {
                let mut fuzzy = Fuzzy::new(pattern, reach);
                terms.similar(pattern, reach, &mut |number| {
                    let term = terms.texts.get(number);
                    if let Some(typos) = fuzzy.distance(term.as_bytes()) {
                        found(term, typos, terms.list(number));
                    }
                });
            }
            Self::Sealed(terms) => {
                terms.dictionary().similar(pattern, reach, &mut |number, term, typos| {
                    found(term, typos, TermList::Sealed(terms.list(number)));
                });
            }
        }
    }

    /// The order of the texts by their bytes, where they are not in that order.
    #[must_use]
    pub fn order(&self) -> Vec<u32> {
        match self {
            Self::Growing(terms) => {
                sorted(terms.texts.len(), &mut |a, b| terms.texts.get(a as u32).cmp(terms.texts.get(b as u32)))
            }
            Self::Sealed(_) => Vec::new(),
        }
    }

    /// The texts behind one, or all, in their order.
    #[must_use]
    pub fn behind(&self, last: Option<&[u8]>, order: &'a [u32]) -> OrderedTerms<'a> {
        let mut terms = OrderedTerms { set: *self, order, walk: None, next: 0, text: Vec::new() };
        match self {
            Self::Growing(growing) => {
                let is_before = |number: &u32| last.is_some_and(|last| growing.texts.get(*number).as_bytes() <= last);
                terms.next = order.partition_point(is_before);
                terms.advance();
            }
            Self::Sealed(view) => {
                let mut walk = view.dictionary().walk();
                last.into_iter().for_each(|last| walk.seek(last));
                terms.walk = Some(walk);
                terms.advance();
                if terms.text() == last {
                    terms.advance();
                }
            }
        }
        terms
    }
}

/// A walk over the texts of a set in order of their bytes.
pub struct OrderedTerms<'a> {
    set: TermSet<'a>,
    order: &'a [u32],
    walk: Option<super::index::Terms<'a>>,
    /// The place behind the present text; 0 behind the last one.
    next: usize,
    text: Vec<u8>,
}

impl<'a> OrderedTerms<'a> {
    /// The present text.
    #[must_use]
    pub fn text(&self) -> Option<&[u8]> {
        (self.next > 0).then_some(&self.text)
    }

    /// Its postings.
    #[must_use]
    pub fn list(&self) -> TermList<'a> {
        match self.set {
            TermSet::Growing(terms) => terms.list(self.order[self.next - 1]),
            TermSet::Sealed(terms) => TermList::Sealed(terms.list(self.next - 1)),
        }
    }

    /// Goes on to the next.
    pub fn advance(&mut self) {
        self.text.clear();
        match (&mut self.walk, self.set) {
            (Some(walk), _) => match walk.next() {
                Some((number, text)) => {
                    self.text.extend_from_slice(text);
                    self.next = number + 1;
                }
                None => self.next = 0,
            },
            (None, TermSet::Growing(terms)) if self.next < self.order.len() => {
                self.text.extend_from_slice(terms.texts.get(self.order[self.next]).as_bytes());
                self.next += 1;
            }
            _ => self.next = 0,
        }
    }
}

impl TermList<'_> {
    /// The number of postings.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Growing(list) => list.rows.len(),
            Self::Sealed(list) => list.len(),
        }
    }

    /// Whether there is no posting.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows, ascending.
    #[must_use]
    pub fn rows(&self) -> Vec<u32> {
        match self {
            Self::Growing(list) => list.rows.clone(),
            Self::Sealed(list) => {
                let mut rows = Vec::new();
                list.rows(&mut rows);
                rows
            }
        }
    }

    /// How often the term stands in the row of the posting.
    #[must_use]
    pub fn count(&self, posting: usize) -> u32 {
        match self {
            // Of a form nobody asks how often it stands there.
            Self::Growing(list) => list.counts.get(posting).copied().unwrap_or(1),
            Self::Sealed(list) => list.count(posting),
        }
    }

    /// Appends the places of a posting, each moved on by `shift`. Only for fields that keep them.
    pub fn places(&self, posting: usize, passed: &mut Passed, shift: u32, out: &mut Vec<u32>) {
        match self {
            Self::Growing(list) => {
                if passed.postings > posting {
                    *passed = Passed::default();
                }
                let start = passed.at + list.counts[passed.postings..posting].iter().sum::<u32>() as usize;
                *passed = Passed { postings: posting + 1, at: start + list.counts[posting] as usize };
                out.extend(list.positions[start..passed.at].iter().map(|place| place.saturating_add(shift)));
            }
            Self::Sealed(list) => list.places(posting, passed, shift, out),
        }
    }
}

/// How many rows have a text, and its terms together.
#[must_use]
pub fn statistics_of(lengths: &[u32]) -> FieldStatistics {
    let mut statistics = FieldStatistics::default();
    for length in lengths.iter().filter(|length| **length != ABSENT) {
        statistics.documents += 1;
        statistics.terms += u64::from(*length);
    }
    statistics
}

/// Appends the postings of a list whose rows stay, under their new numbers.
pub fn append_kept(list: TermList<'_>, has_positions: bool, new_rows: &[u32], dropped: u32, out: &mut TermPostings) {
    let rows = map(list.rows(), |row| new_rows[row as usize]);
    let mut passed = Passed::default();
    for (posting, row) in rows.iter().enumerate().filter(|(_, row)| **row != dropped) {
        out.rows.push(*row);
        out.counts.push(list.count(posting));
        if has_positions {
            list.places(posting, &mut passed, 0, &mut out.positions);
        }
    }
}
