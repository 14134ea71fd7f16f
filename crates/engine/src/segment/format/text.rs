//! The terms of a text field as sections, written and read side by side.
//!
//! The *head* is an array of u32: whether places are kept (0 or 1), whether there are forms (0 or 1), then the 16 bins of
//! lengths. Then come the arrays of the terms and, where there are any, the same arrays of the forms under numbers of
//! their own. Reading checks all that a search relies on; nothing is built.

use super::{SectionKind, SectionReader, SectionWriter, sections::OF_FORMS};
use crate::{
    Result,
    lists::try_map,
    text::{
        ABSENT, FieldStatistics, TermSet, TextColumn,
        index::{Kept, PostingsView},
        statistics_of,
    },
};
use alloc::vec::Vec;
use core::ops::Range;

/// The sections of a set of terms, each with the bytes of one value.
const ARRAYS: [(SectionKind, usize); 13] = [
    (SectionKind::TermBlocks, 4),
    (SectionKind::TermBytes, 1),
    (SectionKind::TermRecords, 4),
    (SectionKind::RecordBytes, 1),
    (SectionKind::BlockRows, 4),
    (SectionKind::BlockStarts, 4),
    (SectionKind::BlockBest, 4),
    (SectionKind::BlockWords, 4),
    (SectionKind::BlockCells, 1),
    (SectionKind::CountPlaces, 4),
    (SectionKind::Counts, 4),
    (SectionKind::BlockPlaces, 4),
    (SectionKind::PlaceBytes, 1),
];

/// Writes a column: its terms and, where it keeps them, its forms.
pub fn write_text(
    writer: &mut SectionWriter,
    field: usize,
    lengths: &[u32],
    terms: PostingsView<'_>,
    forms: Option<PostingsView<'_>>,
) {
    writer.add(SectionKind::TextLengths, field, lengths);
    let mut head = Vec::from([u32::from(terms.kept == Kept::Places), u32::from(forms.is_some())]);
    head.extend_from_slice(terms.bins);
    writer.add(SectionKind::TextHead, field, &head);
    write_set(writer, field, 0, terms);
    if let Some(forms) = forms {
        write_set(writer, field, OF_FORMS, forms);
    }
}

fn write_set(writer: &mut SectionWriter, field: usize, numbers: u32, terms: PostingsView<'_>) {
    let arrays: [&[u8]; ARRAYS.len()] = [
        bytemuck::cast_slice(terms.dictionary_blocks),
        terms.dictionary_bytes,
        bytemuck::cast_slice(terms.offsets),
        terms.records,
        bytemuck::cast_slice(terms.block_last),
        bytemuck::cast_slice(terms.block_starts),
        bytemuck::cast_slice(terms.block_best),
        bytemuck::cast_slice(terms.words),
        terms.cells,
        bytemuck::cast_slice(terms.exception_places),
        bytemuck::cast_slice(terms.exception_counts),
        bytemuck::cast_slice(terms.block_positions),
        terms.positions,
    ];
    for ((kind, _), array) in ARRAYS.into_iter().zip(arrays) {
        writer.add_numbered(kind as u32 + numbers, field, array);
    }
}

/// Where the terms of a text field lie in a file that passed every check.
pub struct StoredText {
    lengths: Range<usize>,
    statistics: FieldStatistics,
    bins: [u32; 16],
    has_positions: bool,
    terms: Vec<Range<usize>>,
    forms: Option<Vec<Range<usize>>>,
}

impl StoredText {
    /// Finds the sections of a field in a segment of so many rows, and checks them.
    pub fn open(sections: &SectionReader<'_>, content: &[u8], field: usize, rows: usize) -> Result<Self> {
        let damaged = |problem: &str| sections.damaged(&format_args!("the segment has {problem}"));
        let lengths = sections.range::<u32>(SectionKind::TextLengths, field)?;
        if lengths.len() / 4 != rows {
            return Err(damaged("text lengths for another number of rows"));
        }
        let head = sections.range::<u32>(SectionKind::TextHead, field)?;
        let head = words_at(content, &head);
        let Some(([places @ 0..=1, forms @ 0..=1], bins)) = head.split_first_chunk() else {
            return Err(damaged("text of an unknown kind"));
        };
        let bins = <[u32; 16]>::try_from(bins).map_err(|_| damaged("bins of another number"))?;
        let set = |numbers: u32| {
            try_map(ARRAYS, |(kind, size)| sections.range_of_numbered(kind as u32 + numbers, field, size))
        };
        let forms = if *forms == 1 { Some(set(OF_FORMS)?) } else { None };
        let statistics = statistics_of(words_at(content, &lengths));
        let stored = Self { lengths, statistics, bins, has_positions: *places == 1, terms: set(0)?, forms };
        stored.check(content).map_err(damaged)?;
        Ok(stored)
    }

    fn check(&self, content: &[u8]) -> core::result::Result<(), &'static str> {
        let column = self.column(content);
        for (set, is_of_forms) in [(Some(column.terms), false), (column.forms, true)] {
            if let Some(TermSet::Sealed(postings)) = set {
                postings.check(column.lengths, ABSENT, is_of_forms)?;
            }
        }
        Ok(())
    }

    /// The column.
    #[must_use]
    pub fn column<'a>(&'a self, content: &'a [u8]) -> TextColumn<'a> {
        let kept = if self.has_positions { Kept::Places } else { Kept::Counts };
        TextColumn {
            lengths: words_at(content, &self.lengths),
            statistics: self.statistics,
            has_positions: self.has_positions,
            terms: TermSet::Sealed(self.set(content, &self.terms, kept)),
            forms: self.forms.as_ref().map(|forms| TermSet::Sealed(self.set(content, forms, Kept::Rows))),
        }
    }

    fn set<'a>(&'a self, content: &'a [u8], ranges: &[Range<usize>], kept: Kept) -> PostingsView<'a> {
        let words = |at: usize| words_at(content, &ranges[at]);
        let bytes = |at: usize| &content[ranges[at].clone()];
        PostingsView {
            bins: &self.bins,
            kept,
            dictionary_blocks: words(0),
            dictionary_bytes: bytes(1),
            offsets: words(2),
            records: bytes(3),
            block_last: words(4),
            block_starts: words(5),
            block_best: words(6),
            words: words(7),
            cells: bytes(8),
            exception_places: words(9),
            exception_counts: words(10),
            block_positions: words(11),
            positions: bytes(12),
        }
    }
}

/// Not inlined: a view has nine of them.
#[inline(never)]
fn words_at<'a>(content: &'a [u8], range: &Range<usize>) -> &'a [u32] {
    bytemuck::cast_slice(&content[range.clone()])
}
