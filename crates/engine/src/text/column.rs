//! The words of one text field in one segment.

use crate::{attributes::checked_text, ids::RowId};
use alloc::{boxed::Box, collections::BTreeMap, string::String, vec::Vec};
use core::ops::Bound;

/// The length that stands for "this document has no such field".
pub const ABSENT: u32 = u32::MAX;

/// The documents of one term: rows ascending, and how often the term stands in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Postings<'a> {
    /// The rows.
    pub rows: &'a [u32],
    /// The number of occurrences in each row.
    pub counts: &'a [u32],
}

/// A view of one text field: the same for a growing segment and for the bytes of a sealed one.
#[derive(Clone, Copy, Debug)]
pub struct TextColumn<'a> {
    /// The number of terms in each row, or [`ABSENT`].
    pub lengths: &'a [u32],
    /// The terms and their postings.
    pub terms: TextTerms<'a>,
}

/// The terms of a column in order of their bytes.
#[derive(Clone, Copy, Debug)]
pub enum TextTerms<'a> {
    /// Of a growing segment.
    Growing(&'a BTreeMap<Box<str>, PostingList>),
    /// Of a sealed segment: term `t` is `text[text_offsets[t]..text_offsets[t + 1]]`, its postings are
    /// `posting_offsets[t]..posting_offsets[t + 1]` of `rows` and `counts`.
    Sealed {
        /// Where each term begins.
        text_offsets: &'a [u32],
        /// All terms, one after the other.
        text: &'a [u8],
        /// Where each term's postings begin.
        posting_offsets: &'a [u32],
        /// The rows of all postings.
        rows: &'a [u32],
        /// The occurrences of all postings.
        counts: &'a [u32],
    },
}

impl<'a> TextColumn<'a> {
    /// The number of terms in a row, if the document has the field.
    #[must_use]
    pub fn length(&self, row: RowId) -> Option<u32> {
        Some(self.lengths[row.index()]).filter(|length| *length != ABSENT)
    }
}

impl<'a> TextTerms<'a> {
    /// The number of terms.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Growing(terms) => terms.len(),
            Self::Sealed { posting_offsets, .. } => posting_offsets.len().saturating_sub(1),
        }
    }

    /// The postings of a term.
    #[must_use]
    pub fn get(&self, term: &str) -> Option<Postings<'a>> {
        match self {
            Self::Growing(terms) => terms.get(term).map(PostingList::view),
            Self::Sealed { .. } => {
                let at = self.first_not_before(term);
                (at < self.count() && self.sealed_term(at) == term.as_bytes()).then(|| self.sealed_postings(at))
            }
        }
    }

    /// The terms that begin with `prefix`, in order.
    pub fn with_prefix(self, prefix: &str) -> impl Iterator<Item = (&'a str, Postings<'a>)> {
        let from_prefix = (Bound::Included(prefix), Bound::Unbounded);
        let growing = match self {
            Self::Growing(terms) => Some(terms.range::<str, _>(from_prefix).map(|(term, list)| (&**term, list.view()))),
            Self::Sealed { .. } => None,
        };
        let sealed_from = match self {
            Self::Growing(_) => 0..0,
            Self::Sealed { .. } => self.first_not_before(prefix)..self.count(),
        };
        let sealed = sealed_from.map(move |at| (checked_text(self.sealed_term(at)), self.sealed_postings(at)));
        let prefix = String::from(prefix);
        growing.into_iter().flatten().chain(sealed).take_while(move |(term, _)| term.starts_with(prefix.as_str()))
    }

    /// All terms in order.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Postings<'a>)> {
        self.with_prefix("")
    }

    fn first_not_before(&self, term: &str) -> usize {
        let (mut from, mut to) = (0, self.count());
        while from < to {
            let middle = from.midpoint(to);
            if self.sealed_term(middle) < term.as_bytes() { from = middle + 1 } else { to = middle }
        }
        from
    }

    fn sealed_term(&self, at: usize) -> &'a [u8] {
        match self {
            Self::Growing(_) => &[],
            Self::Sealed { text_offsets, text, .. } => &text[text_offsets[at] as usize..text_offsets[at + 1] as usize],
        }
    }

    fn sealed_postings(&self, at: usize) -> Postings<'a> {
        match self {
            Self::Growing(_) => Postings { rows: &[], counts: &[] },
            Self::Sealed { posting_offsets, rows, counts, .. } => {
                let range = posting_offsets[at] as usize..posting_offsets[at + 1] as usize;
                Postings { rows: &rows[range.clone()], counts: &counts[range] }
            }
        }
    }
}

/// The postings of one term in a growing segment.
#[derive(Clone, Debug, Default)]
pub struct PostingList {
    rows: Vec<u32>,
    counts: Vec<u32>,
}

impl PostingList {
    fn view(&self) -> Postings<'_> {
        Postings { rows: &self.rows, counts: &self.counts }
    }
}

/// One text field of a growing segment.
#[derive(Clone, Debug, Default)]
pub struct GrowingText {
    lengths: Vec<u32>,
    terms: BTreeMap<Box<str>, PostingList>,
}

impl GrowingText {
    /// Adds the newest row with the terms of its text.
    pub fn push(&mut self, terms: Option<&[String]>) {
        let row = self.lengths.len() as u32;
        self.lengths.push(terms.map_or(ABSENT, |terms| terms.len() as u32));
        for term in terms.unwrap_or_default() {
            let list = match self.terms.get_mut(term.as_str()) {
                Some(list) => list,
                None => self.terms.entry(term.as_str().into()).or_default(),
            };
            match list.counts.last_mut() {
                Some(count) if list.rows.last() == Some(&row) => *count += 1,
                _ => {
                    list.rows.push(row);
                    list.counts.push(1);
                }
            }
        }
    }

    /// The column to read.
    #[must_use]
    pub fn view(&self) -> TextColumn<'_> {
        TextColumn { lengths: &self.lengths, terms: TextTerms::Growing(&self.terms) }
    }
}
