//! The terms of one field of one document.

use super::{Analyzer, Purpose, TokenKind};
use crate::limits::{QUERY_TERMS_MAX, SLOP_MAX, TERM_BYTES_MAX};
use alloc::{string::String, vec::Vec};

/// Positions left free between two values of a field that holds several, so that no phrase spans them, however far apart its
/// terms may stand.
pub const POSITION_GAP: u32 = (SLOP_MAX + QUERY_TERMS_MAX) as u32;

/// The terms of one field of one document, in order of their positions: one buffer for all of them.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Each term, and behind it its form where forms are kept.
    text: String,
    places: Vec<Place>,
    keeps_forms: bool,
    stem: Option<fn(&mut String)>,
    length: u32,
    /// The position of the first word of the next value.
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    term_end: u32,
    form_end: u32,
    position: u32,
}

/// A term, the word that it was made of, and its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedTerm<'a> {
    /// The term; empty where [`Terms::stem`] makes it of the form.
    pub term: &'a str,
    /// The word; the term where no forms are kept.
    pub form: &'a str,
    /// Where it stands.
    pub position: u32,
}

impl Terms {
    /// Adds a text: the next value of the field.
    pub fn add(&mut self, text: &str, analyzer: &dyn Analyzer) {
        let first = self.next;
        self.keeps_forms = analyzer.keeps_forms();
        self.stem = analyzer.stem_of_form();
        let purpose = if self.stem.is_none() { Purpose::Index } else { Purpose::Forms };
        analyzer.analyze(text, purpose, &mut |token| {
            let position = first.saturating_add(token.position);
            self.length += u32::from(token.kind.counts());
            self.next = position.saturating_add(POSITION_GAP);
            let term = bounded(token.term);
            if term.is_empty() && (self.stem.is_none() || token.form.is_empty()) {
                return;
            }
            self.text.push_str(term);
            let term_end = self.text.len() as u32;
            if self.keeps_forms {
                self.text.push_str(bounded(token.form));
            }
            let form_end = self.text.len() as u32;
            self.places.push(Place { term_end, form_end, position });
        });
    }

    /// The length of the field as BM25 counts it: the other spellings that a word is also found by do not count.
    #[must_use]
    pub fn length(&self) -> u32 {
        self.length
    }

    /// The number of terms, other spellings included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// Whether words have other forms than their terms.
    #[must_use]
    pub fn keeps_forms(&self) -> bool {
        self.keeps_forms
    }

    /// What makes a term of a form.
    #[must_use]
    pub fn stem(&self) -> Option<fn(&mut String)> {
        self.stem
    }

    /// The terms with their positions, which never go back.
    pub fn iter(&self) -> impl Iterator<Item = PlacedTerm<'_>> {
        let mut start = 0;
        self.places.iter().map(move |place| {
            let (term_end, form_end) = (place.term_end as usize, place.form_end as usize);
            let term = self.text.get(start..term_end).unwrap_or_default();
            let form = if self.keeps_forms { self.text.get(term_end..form_end).unwrap_or_default() } else { term };
            start = form_end;
            PlacedTerm { term, form, position: place.position }
        })
    }
}

/// An analyzer of a user's own may give anything.
pub(crate) fn bounded(term: &str) -> &str {
    term.get(..term.floor_char_boundary(TERM_BYTES_MAX)).unwrap_or_default()
}

impl TokenKind {
    /// Whether a token adds to the length of its field.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Word | Self::Single | Self::Pair)
    }
}
