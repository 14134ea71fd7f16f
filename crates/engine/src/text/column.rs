//! The words of one text field in one segment.

use super::Terms;
use crate::{
    attributes::checked_text,
    ids::RowId,
    lists::map,
    numbering::{Numbering, hash},
    order::{permuted, sorted},
};
use alloc::{boxed::Box, vec::Vec};

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

/// The terms of a column.
#[derive(Clone, Copy, Debug)]
pub enum TextTerms<'a> {
    /// Of a growing segment.
    Growing(&'a GrowingTerms),
    /// Of a sealed segment.
    Sealed(SealedTerms<'a>),
}

/// The terms of a sealed segment in order of their bytes: term `t` is `text[text_offsets[t]..text_offsets[t + 1]]`, its
/// postings are `posting_offsets[t]..posting_offsets[t + 1]` of `rows` and `counts`.
#[derive(Clone, Copy, Debug)]
pub struct SealedTerms<'a> {
    /// Where each term begins.
    pub text_offsets: &'a [u32],
    /// All terms, one after the other.
    pub text: &'a [u8],
    /// Where each term's postings begin.
    pub posting_offsets: &'a [u32],
    /// The rows of all postings.
    pub rows: &'a [u32],
    /// The occurrences of all postings.
    pub counts: &'a [u32],
}

impl<'a> TextColumn<'a> {
    /// The number of terms in a row, if the document has the field.
    #[must_use]
    pub fn length(&self, row: RowId) -> Option<u32> {
        Some(self.lengths[row.index()]).filter(|length| *length != ABSENT)
    }
}

impl<'a> TextTerms<'a> {
    /// The postings of a term.
    #[must_use]
    pub fn get(&self, term: &str) -> Option<Postings<'a>> {
        match self {
            Self::Growing(terms) => terms.get(term),
            Self::Sealed(terms) => {
                let at = terms.first_not_before(term);
                (at < terms.count() && terms.term(at) == term.as_bytes()).then(|| terms.postings(at))
            }
        }
    }

    /// The terms that begin with `prefix`, in order of their bytes.
    #[must_use]
    pub fn with_prefix(&self, prefix: &str) -> Vec<(&'a str, Postings<'a>)> {
        match self {
            Self::Growing(terms) => terms.with_prefix(prefix),
            Self::Sealed(terms) => {
                let from = terms.first_not_before(prefix);
                let matching = (from..terms.count()).take_while(|at| terms.term(*at).starts_with(prefix.as_bytes()));
                map(matching, |at| (checked_text(terms.term(at)), terms.postings(at)))
            }
        }
    }
}

impl<'a> SealedTerms<'a> {
    fn count(&self) -> usize {
        self.posting_offsets.len().saturating_sub(1)
    }

    fn first_not_before(&self, term: &str) -> usize {
        let (mut from, mut to) = (0, self.count());
        while from < to {
            let middle = from.midpoint(to);
            if self.term(middle) < term.as_bytes() { from = middle + 1 } else { to = middle }
        }
        from
    }

    fn term(&self, at: usize) -> &'a [u8] {
        &self.text[self.text_offsets[at] as usize..self.text_offsets[at + 1] as usize]
    }

    fn postings(&self, at: usize) -> Postings<'a> {
        let range = self.posting_offsets[at] as usize..self.posting_offsets[at + 1] as usize;
        Postings { rows: &self.rows[range.clone()], counts: &self.counts[range] }
    }
}

/// One term of a growing segment and its postings.
#[derive(Clone, Debug)]
pub struct PostingList {
    term: Box<str>,
    rows: Vec<u32>,
    counts: Vec<u32>,
}

impl PostingList {
    fn view(&self) -> Postings<'_> {
        Postings { rows: &self.rows, counts: &self.counts }
    }
}

/// The terms of a growing segment, found by hash and put in order when they are listed.
#[derive(Clone, Debug, Default)]
pub struct GrowingTerms {
    number_of: Numbering,
    lists: Vec<PostingList>,
}

impl GrowingTerms {
    fn get(&self, term: &str) -> Option<Postings<'_>> {
        let is_term = &mut |number: u32| *self.lists[number as usize].term == *term;
        self.number_of.find(hash(term.as_bytes()), is_term).map(|number| self.lists[number as usize].view())
    }

    fn with_prefix(&self, prefix: &str) -> Vec<(&str, Postings<'_>)> {
        let mut found: Vec<(&str, Postings<'_>)> = Vec::new();
        for list in self.lists.iter().filter(|list| list.term.starts_with(prefix)) {
            found.push((&list.term, list.view()));
        }
        permuted(&found, &sorted(found.len(), &mut |a, b| found[a].0.cmp(found[b].0)))
    }

    fn list(&mut self, term: &str) -> &mut PostingList {
        let (lists, hash) = (&self.lists, hash(term.as_bytes()));
        let is_term = &mut |number: u32| *lists[number as usize].term == *term;
        let number = self.number_of.find(hash, is_term).unwrap_or(lists.len() as u32);
        if number as usize == lists.len() {
            self.number_of.set(hash, number, is_term);
            self.lists.push(PostingList { term: term.into(), rows: Vec::new(), counts: Vec::new() });
        }
        &mut self.lists[number as usize]
    }
}

/// One text field of a growing segment.
#[derive(Clone, Debug, Default)]
pub struct GrowingText {
    lengths: Vec<u32>,
    terms: GrowingTerms,
}

impl GrowingText {
    /// Adds the newest row with the terms of its text.
    pub fn push(&mut self, terms: Option<&Terms>) {
        let row = self.lengths.len() as u32;
        self.lengths.push(terms.map_or(ABSENT, Terms::length));
        for (term, _) in terms.into_iter().flat_map(Terms::iter) {
            let list = self.terms.list(term);
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
