//! The terms of one field of one document.

use super::{Analyzer, Purpose, TokenKind};
use alloc::{string::String, vec::Vec};

/// Positions left free between two values of a field that holds several, so that no phrase spans them.
pub const POSITION_GAP: u32 = 100;

/// The terms of one field of one document, in order of their positions: one buffer for all of them.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    text: String,
    /// The end of each term in `text`, and its position.
    places: Vec<(u32, u32)>,
    length: u32,
    /// The position of the first word of the next value.
    next: u32,
}

impl Terms {
    /// Adds a text: the next value of the field.
    pub fn add(&mut self, text: &str, analyzer: &dyn Analyzer) {
        let first = self.next;
        analyzer.analyze(text, Purpose::Index, &mut |token| {
            let position = first.saturating_add(token.position);
            self.text.push_str(token.term);
            self.places.push((self.text.len() as u32, position));
            self.length += u32::from(token.kind.counts());
            self.next = position.saturating_add(POSITION_GAP);
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

    /// The terms with their positions, which never go back.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        let mut start = 0;
        self.places.iter().map(move |(end, position)| {
            let term = self.text.get(start..*end as usize).unwrap_or_default();
            start = *end as usize;
            (term, *position)
        })
    }
}

impl TokenKind {
    /// Whether a token adds to the length of its field.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Word | Self::Single | Self::Pair)
    }
}
