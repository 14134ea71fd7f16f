//! The terms of a text field as sections, written and read side by side.
//!
//! The *head* is an array of u32: whether places are kept (0 or 1), whether there are forms (0 or 1), how many rows have the
//! text, how many terms those have together (the lower half, the upper half), then the 16 bins of lengths. Then come the
//! arrays of the terms and, where there are any, the same arrays of the forms under numbers of their own.

use super::{SectionKind, SectionReader, SectionWriter, sections::OF_FORMS};
use crate::{
    Result,
    lists::try_map,
    stored::Blocks,
    text::{
        ABSENT, FieldStatistics, TermSet, TextColumn,
        index::{Kept, KnownTerms, PostingsView},
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

/// The numbers before the bins in a head.
const BEFORE_BINS: usize = 5;

/// Writes a column: its terms and, where it keeps them, its forms.
pub fn write_text(
    writer: &mut SectionWriter,
    field: usize,
    lengths: &[u32],
    terms: PostingsView<'_>,
    forms: Option<PostingsView<'_>>,
) {
    writer.add(SectionKind::TextLengths, field, lengths);
    let FieldStatistics { documents, terms: all_terms } = statistics_of(lengths);
    let mut head = Vec::from([u32::from(terms.kept == Kept::Places), u32::from(forms.is_some())]);
    head.extend_from_slice(&[documents as u32, all_terms as u32, (all_terms >> 32) as u32]);
    head.extend_from_slice(terms.bins);
    writer.add(SectionKind::TextHead, field, &head);
    write_set(writer, field, 0, terms);
    if let Some(forms) = forms {
        write_set(writer, field, OF_FORMS, forms);
    }
}

fn write_set(writer: &mut SectionWriter, field: usize, numbers: u32, terms: PostingsView<'_>) {
    let places = terms.positions.all();
    let arrays: [&[u8]; ARRAYS.len()] = [
        bytemuck::cast_slice(terms.dictionary_blocks.raw()),
        terms.dictionary_bytes.raw(),
        bytemuck::cast_slice(terms.offsets.raw()),
        terms.records.raw(),
        bytemuck::cast_slice(terms.block_last.raw()),
        bytemuck::cast_slice(terms.block_starts.raw()),
        bytemuck::cast_slice(terms.block_best.raw()),
        bytemuck::cast_slice(terms.words.raw()),
        terms.cells.raw(),
        bytemuck::cast_slice(terms.exception_places.raw()),
        bytemuck::cast_slice(terms.exception_counts.raw()),
        bytemuck::cast_slice(terms.block_positions.raw()),
        &places,
    ];
    for ((kind, _), array) in ARRAYS.into_iter().zip(arrays) {
        writer.add_numbered(kind as u32 + numbers, field, array);
    }
}

/// Where the terms of a text field lie in a file.
pub struct StoredText {
    rows: u32,
    lengths: Range<usize>,
    statistics: FieldStatistics,
    bins: [u32; 16],
    has_positions: bool,
    terms: StoredTerms,
    forms: Option<StoredTerms>,
}

struct StoredTerms {
    ranges: Vec<Range<usize>>,
    known: KnownTerms,
}

impl StoredText {
    /// Finds the sections of a field in a segment of so many rows.
    pub fn open(sections: &SectionReader<'_>, file: &Blocks, field: usize, rows: usize) -> Result<Self> {
        let damaged = |problem: &str| sections.damaged(&format_args!("the segment has {problem}"));
        let lengths = sections.range::<u32>(SectionKind::TextLengths, field)?;
        if lengths.len() / 4 != rows {
            return Err(damaged("text lengths for another number of rows"));
        }
        let head = sections.range::<u32>(SectionKind::TextHead, field)?;
        let head = file.array::<u32>(&head).all();
        let Some(([places @ 0..=1, forms @ 0..=1, documents, low, high], bins)) =
            head.split_first_chunk::<BEFORE_BINS>()
        else {
            return Err(damaged("text of an unknown kind"));
        };
        let bins = <[u32; 16]>::try_from(bins).map_err(|_| damaged("bins of another number"))?;
        let set = |numbers: u32| -> Result<StoredTerms> {
            let ranges =
                try_map(ARRAYS, |(kind, size)| sections.range_of_numbered(kind as u32 + numbers, field, size))?;
            let known = KnownTerms::new(ranges[2].len() / 4);
            Ok(StoredTerms { ranges, known })
        };
        let forms = if *forms == 1 { Some(set(OF_FORMS)?) } else { None };
        let terms = u64::from(*low) | u64::from(*high) << 32;
        let statistics = FieldStatistics { documents: (*documents).into(), terms };
        Ok(Self { rows: rows as u32, lengths, statistics, bins, has_positions: *places == 1, terms: set(0)?, forms })
    }

    /// Checks what a reader relies on and no checksum tells.
    pub fn check(&self, file: &Blocks) -> core::result::Result<(), &'static str> {
        let column = self.column(file);
        let lengths = column.lengths.all();
        if statistics_of(lengths) != self.statistics {
            return Err("another number of terms than its texts");
        }
        for (set, is_of_forms) in [(Some(column.terms), false), (column.forms, true)] {
            if let Some(TermSet::Sealed(postings)) = set {
                postings.check(lengths, ABSENT, is_of_forms)?;
            }
        }
        Ok(())
    }

    /// The column.
    #[must_use]
    pub fn column<'a>(&'a self, file: &'a Blocks) -> TextColumn<'a> {
        let kept = if self.has_positions { Kept::Places } else { Kept::Counts };
        TextColumn {
            lengths: file.array(&self.lengths),
            statistics: self.statistics,
            has_positions: self.has_positions,
            terms: TermSet::Sealed(self.set(file, &self.terms, kept)),
            forms: self.forms.as_ref().map(|forms| TermSet::Sealed(self.set(file, forms, Kept::Rows))),
        }
    }

    fn set<'a>(&'a self, file: &'a Blocks, terms: &'a StoredTerms, kept: Kept) -> PostingsView<'a> {
        let words = |at: usize| file.array::<u32>(&terms.ranges[at]);
        let bytes = |at: usize| file.array::<u8>(&terms.ranges[at]);
        PostingsView {
            bins: &self.bins,
            kept,
            rows: self.rows,
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
            positions: file.cold(&terms.ranges[12]),
            known: Some(&terms.known),
        }
    }
}
