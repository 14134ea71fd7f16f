//! A sealed segment: bytes that never change, read in place.
//!
//! Everything that a reader relies on is checked once, when the segment is opened: checksums, that offsets ascend and
//! stay within their arrays, that rows exist, that text is UTF-8. After that no access can fail.

use super::format::{SectionKind, SectionReader, StoredText, StoredVectors};
use crate::{
    DocumentId, Result, Schema,
    attributes::{AttributeColumn, ColumnValues, Dictionary, checked_text},
    ids::{DatabaseId, FileId, RowId},
    lists::{map, try_map},
    rows::RowSet,
    schema::{AttributeKind, FieldKind},
    text::TextColumn,
    vector::{SearchedColumn, VectorColumn},
};
use alloc::{boxed::Box, vec::Vec};
use core::ops::Range;

/// Bytes of a segment: a buffer, or later a mapped file.
pub type SegmentBytes = Box<dyn AsRef<[u8]> + Send + Sync>;

/// A sealed segment.
pub struct SealedSegment {
    bytes: SegmentBytes,
    rows: usize,
    sequences: Range<usize>,
    expiries: Range<usize>,
    first_expiry: u64,
    id_offsets: Range<usize>,
    id_bytes: Range<usize>,
    id_order: Range<usize>,
    document_offsets: Range<usize>,
    document_bytes: Range<usize>,
    columns: Vec<Column>,
}

enum Column {
    Vector(Box<StoredVectors>),
    Text(Box<StoredText>),
    Keyword { offsets: Range<usize>, codes: Range<usize>, word_offsets: Range<usize>, word_bytes: Range<usize> },
    Number { offsets: Range<usize>, numbers: Range<usize>, boolean: bool },
}

impl SealedSegment {
    /// Checks and opens the bytes of a segment file. `name` is the file's name in messages.
    pub fn open(
        schema: &Schema,
        bytes: SegmentBytes,
        name: &str,
        (database, file, root): (DatabaseId, FileId, u32),
    ) -> Result<Self> {
        let content: &[u8] = (*bytes).as_ref();
        let sections = SectionReader::open(content, name, database, file, root)?;
        let check = Check { content, sections: &sections };
        let columns = schema.fields.iter().enumerate();
        let sequences = sections.range::<u64>(SectionKind::Sequences, 0)?;
        let rows = sequences.len() / 8;
        let mut segment = Self {
            rows,
            sequences,
            expiries: sections.range::<u64>(SectionKind::Expiries, 0)?,
            first_expiry: 0,
            id_offsets: sections.range::<u32>(SectionKind::IdOffsets, 0)?,
            id_bytes: sections.range::<u8>(SectionKind::IdBytes, 0)?,
            id_order: sections.range::<u32>(SectionKind::IdOrder, 0)?,
            document_offsets: sections.range::<u64>(SectionKind::DocumentOffsets, 0)?,
            document_bytes: sections.range::<u8>(SectionKind::DocumentBytes, 0)?,
            columns: try_map(columns, |(field, definition)| check.column(field, &definition.kind, rows))?,
            bytes: Box::new([0_u8; 0]),
        };
        check.rows(&segment)?;
        segment.bytes = bytes;
        segment.first_expiry = segment.expiries().iter().min().copied().unwrap_or(u64::MAX);
        Ok(segment)
    }

    /// The number of rows, dead ones included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The length of the file.
    #[must_use]
    pub fn file_bytes(&self) -> usize {
        (*self.bytes).as_ref().len()
    }

    fn array<T: bytemuck::AnyBitPattern>(&self, range: &Range<usize>) -> &[T] {
        bytemuck::cast_slice(&(*self.bytes).as_ref()[range.clone()])
    }

    pub(super) fn sequences(&self) -> &[u64] {
        self.array(&self.sequences)
    }

    pub(super) fn expiries(&self) -> &[u64] {
        self.array(&self.expiries)
    }

    pub(super) fn first_expiry(&self) -> u64 {
        self.first_expiry
    }

    pub(super) fn document(&self, row: RowId) -> &str {
        let offsets: &[u64] = self.array(&self.document_offsets);
        let bytes: &[u8] = self.array(&self.document_bytes);
        checked_text(&bytes[offsets[row.index()] as usize..offsets[row.index() + 1] as usize])
    }

    pub(super) fn id(&self, row: RowId) -> DocumentId {
        DocumentId::from_bytes(self.id_slice(row)).unwrap_or(DocumentId::Integer(0))
    }

    fn id_slice(&self, row: RowId) -> &[u8] {
        let offsets: &[u32] = self.array(&self.id_offsets);
        let bytes: &[u8] = self.array(&self.id_bytes);
        &bytes[offsets[row.index()] as usize..offsets[row.index() + 1] as usize]
    }

    pub(super) fn find(&self, id: &DocumentId) -> Option<RowId> {
        let order: &[u32] = self.array(&self.id_order);
        order.binary_search_by(|row| self.id(RowId(*row)).cmp(id)).ok().map(|at| RowId(order[at]))
    }

    pub(super) fn rows_by_id(&self, after: Option<&DocumentId>) -> Vec<RowId> {
        let order: &[u32] = self.array(&self.id_order);
        let from = after.map_or(0, |after| order.partition_point(|row| self.id(RowId(*row)) <= *after));
        map(&order[from..], |row| RowId(*row))
    }

    pub(super) fn vectors(&self, field: usize) -> Option<VectorColumn<'_>> {
        Some(self.stored_vectors(field)?.column((*self.bytes).as_ref()))
    }

    pub(super) fn searched_vectors(&self, field: usize) -> Option<SearchedColumn<'_>> {
        Some(self.stored_vectors(field)?.searched((*self.bytes).as_ref()))
    }

    pub(super) fn rows_with_vector(&self, field: usize) -> Option<&RowSet> {
        Some(self.stored_vectors(field)?.present())
    }

    fn stored_vectors(&self, field: usize) -> Option<&StoredVectors> {
        match self.columns.get(field)? {
            Column::Vector(stored) => Some(stored),
            _ => None,
        }
    }

    pub(super) fn text(&self, field: usize) -> Option<TextColumn<'_>> {
        match self.columns.get(field)? {
            Column::Text(stored) => Some(stored.column((*self.bytes).as_ref())),
            _ => None,
        }
    }

    pub(super) fn attribute(&self, field: usize) -> Option<AttributeColumn<'_>> {
        match self.columns.get(field)? {
            Column::Keyword { offsets, codes, word_offsets, word_bytes } => {
                let words = Dictionary::Sealed(self.array(word_offsets), self.array(word_bytes));
                Some(AttributeColumn {
                    offsets: self.array(offsets),
                    values: ColumnValues::Keywords(self.array(codes), words),
                })
            }
            Column::Number { offsets, numbers, boolean } => {
                let numbers = self.array(numbers);
                let values = if *boolean { ColumnValues::Booleans(numbers) } else { ColumnValues::Numbers(numbers) };
                Some(AttributeColumn { offsets: self.array(offsets), values })
            }
            _ => None,
        }
    }
}

/// Checks the structure of a segment whose checksums are right: a file may still be made to deceive.
struct Check<'a> {
    content: &'a [u8],
    sections: &'a SectionReader<'a>,
}

impl Check<'_> {
    fn column(&self, field: usize, kind: &FieldKind, rows: usize) -> Result<Column> {
        let sections = self.sections;
        match kind {
            FieldKind::Vector(vector) => {
                let stored = StoredVectors::open(sections, self.content, field, vector, rows)?;
                Ok(Column::Vector(Box::new(stored)))
            }
            FieldKind::Text(_) => {
                let stored = StoredText::open(sections, self.content, field, rows)?;
                Ok(Column::Text(Box::new(stored)))
            }
            FieldKind::Attribute(attribute) => {
                let offsets = sections.range::<u32>(SectionKind::AttributeOffsets, field)?;
                if attribute.kind != AttributeKind::Keyword {
                    let numbers = sections.range::<f64>(SectionKind::AttributeNumbers, field)?;
                    self.offsets(self.array(&offsets), rows, numbers.len() / 8)?;
                    return Ok(Column::Number { offsets, numbers, boolean: attribute.kind == AttributeKind::Boolean });
                }
                let codes = sections.range::<u32>(SectionKind::AttributeCodes, field)?;
                let word_offsets = sections.range::<u32>(SectionKind::WordOffsets, field)?;
                let word_bytes = sections.range::<u8>(SectionKind::WordBytes, field)?;
                self.offsets(self.array(&offsets), rows, codes.len() / 4)?;
                let words = (word_offsets.len() / 4).saturating_sub(1);
                self.texts(self.array(&word_offsets), words, &word_bytes)?;
                let codes_exist = self.array::<u32>(&codes).iter().all(|code| (*code as usize) < words);
                self.that(codes_exist, "a code without a word")?;
                Ok(Column::Keyword { offsets, codes, word_offsets, word_bytes })
            }
        }
    }

    fn rows(&self, segment: &SealedSegment) -> Result<()> {
        let rows = segment.rows;
        self.that(
            segment.expiries.len() / 8 == rows && segment.id_order.len() / 4 == rows,
            "arrays of unequal length",
        )?;
        self.offsets(self.array(&segment.id_offsets), rows, segment.id_bytes.len())?;
        let (offsets, bytes): (&[u32], &[u8]) = (self.array(&segment.id_offsets), self.array(&segment.id_bytes));
        let ids_are_whole =
            offsets.windows(2).all(|pair| DocumentId::from_bytes(&bytes[pair[0] as usize..pair[1] as usize]).is_some());
        self.that(ids_are_whole, "an id that is none")?;
        let order: &[u32] = self.array(&segment.id_order);
        self.that(order.iter().all(|row| (*row as usize) < rows), "an id of a row that does not exist")?;
        let offsets: &[u64] = self.array(&segment.document_offsets);
        let documents: &[u8] = self.array(&segment.document_bytes);
        let ascend = offsets.len() == rows + 1
            && offsets.is_sorted()
            && offsets.first() == Some(&0)
            && offsets.last() == Some(&(documents.len() as u64));
        self.that(ascend, "documents that overlap or end outside")?;
        let text =
            offsets.windows(2).all(|pair| core::str::from_utf8(&documents[pair[0] as usize..pair[1] as usize]).is_ok());
        self.that(text, "a document that is not UTF-8")
    }

    fn array<T: bytemuck::AnyBitPattern>(&self, range: &Range<usize>) -> &[T] {
        bytemuck::cast_slice(&self.content[range.clone()])
    }

    fn offsets(&self, offsets: &[u32], count: usize, end: usize) -> Result<()> {
        let ascend = offsets.len() == count + 1
            && offsets.first() == Some(&0)
            && offsets.is_sorted()
            && offsets.last().is_some_and(|last| *last as usize == end);
        self.that(ascend, "offsets that do not ascend to the end of their array")
    }

    fn texts(&self, offsets: &[u32], count: usize, bytes: &Range<usize>) -> Result<()> {
        self.offsets(offsets, count, bytes.len())?;
        let bytes: &[u8] = self.array(bytes);
        let text =
            offsets.windows(2).all(|pair| core::str::from_utf8(&bytes[pair[0] as usize..pair[1] as usize]).is_ok());
        self.that(text, "a word that is not UTF-8")
    }

    fn that(&self, holds: bool, otherwise: &str) -> Result<()> {
        if holds { Ok(()) } else { Err(self.sections.damaged(&format_args!("the segment has {otherwise}"))) }
    }
}
