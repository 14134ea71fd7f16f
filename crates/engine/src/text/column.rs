//! The words of one text field in one segment.

use crate::{attributes::checked_text, ids::RowId, order::sorted};
use alloc::{boxed::Box, string::String, vec::Vec};
use hashbrown::HashMap;

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
                matching.map(|at| (checked_text(terms.term(at)), terms.postings(at))).collect()
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

/// The terms of a growing segment, found by hash and put in order when they are listed.
#[derive(Clone, Debug, Default)]
pub struct GrowingTerms {
    number_of: HashMap<Box<str>, u32>,
    lists: Vec<PostingList>,
}

impl GrowingTerms {
    fn get(&self, term: &str) -> Option<Postings<'_>> {
        self.number_of.get(term).map(|number| self.lists[*number as usize].view())
    }

    fn with_prefix(&self, prefix: &str) -> Vec<(&str, Postings<'_>)> {
        let all = self.number_of.iter().map(|(term, number)| (&**term, *number));
        let found: Vec<(&str, u32)> = all.filter(|(term, _)| term.starts_with(prefix)).collect();
        let order = sorted(found.len(), &mut |a, b| found[a].0.cmp(found[b].0));
        let in_order = order.into_iter().map(|at| found[at as usize]);
        in_order.map(|(term, number)| (term, self.lists[number as usize].view())).collect()
    }

    fn list(&mut self, term: &str) -> &mut PostingList {
        let number = match self.number_of.get(term) {
            Some(number) => *number,
            None => {
                let number = self.lists.len() as u32;
                self.number_of.insert(term.into(), number);
                self.lists.push(PostingList::default());
                number
            }
        };
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
    pub fn push(&mut self, terms: Option<&[String]>) {
        let row = self.lengths.len() as u32;
        self.lengths.push(terms.map_or(ABSENT, |terms| terms.len() as u32));
        for term in terms.unwrap_or_default() {
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
