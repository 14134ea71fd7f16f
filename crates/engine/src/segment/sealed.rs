//! A sealed segment: bytes that never change, read in place.
//!
//! Opening one looks at its header and its table alone, however large it is; what lies in it is checked when it is touched
//! ([`crate::stored`]). Whoever has read from a segment asks for [`SealedSegment::damage`] before the answer is believed.

use super::{
    documents::{StoredDocuments, Unpacked},
    format::{FACTS, SectionKind, SectionReader, StoredAttribute, StoredText, StoredVectors},
};
use crate::{
    DocumentId, Error, Result, Schema,
    attributes::AttributeColumn,
    ids::{DatabaseId, FileId, RowId},
    lists::{map, try_map},
    rows::RowSet,
    schema::FieldKind,
    stored::{Blocks, FileBytes, Plain, Stored},
    text::TextColumn,
    vector::{SearchedColumn, VectorColumn},
};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::ops::Range;

/// Bytes of a segment.
pub type SegmentBytes = FileBytes;

/// A sealed segment.
pub struct SealedSegment {
    pub(super) name: String,
    pub(super) blocks: Blocks,
    pub(super) rows: usize,
    pub(super) first_expiry: u64,
    pub(super) sequences: Range<usize>,
    pub(super) expiries: Range<usize>,
    pub(super) id_offsets: Range<usize>,
    pub(super) id_bytes: Range<usize>,
    pub(super) id_order: Range<usize>,
    pub(super) document_offsets: Range<usize>,
    pub(super) document_blocks: Range<usize>,
    pub(super) document_bytes: Range<usize>,
    pub(super) columns: Vec<Column>,
}

pub(super) enum Column {
    Vector(Box<StoredVectors>),
    Text(Box<StoredText>),
    Attribute(Box<StoredAttribute>),
    /// Made of the documents, and not looked at.
    Unread,
}

impl SealedSegment {
    /// Opens the bytes of a segment file. `name` is the file's name in messages.
    pub fn open(
        schema: &Schema,
        bytes: SegmentBytes,
        name: &str,
        (database, file, root): (DatabaseId, FileId, u32),
    ) -> Result<Self> {
        let sections = SectionReader::open(&bytes, name, database, file, root)?;
        let blocks = sections.blocks(bytes)?;
        let facts = sections.range::<u64>(SectionKind::Facts, 0)?;
        let facts = blocks.array::<u64>(&facts);
        let rows = usize::try_from(facts.at(0)).unwrap_or(usize::MAX);
        if facts.len() != FACTS || rows > u32::MAX as usize {
            return Err(sections.damaged(&"the segment has no number of rows"));
        }
        let first_expiry = facts.at(1);
        let columns = try_map(schema.fields.iter().enumerate(), |(field, definition)| {
            column(&sections, &blocks, field, &definition.kind, rows)
        })?;
        let segment = Self::of(&sections, blocks, rows, first_expiry, columns)?;
        segment.damage().map_or(Ok(segment), Err)
    }

    /// Opens a file that is damaged, for one who reads on past damage: documents and vectors, and nothing made of them.
    pub fn open_damaged(
        schema: &Schema,
        bytes: SegmentBytes,
        name: &str,
        (database, file, root): (DatabaseId, FileId, u32),
    ) -> Result<Self> {
        let sections = SectionReader::open(&bytes, name, database, file, root)?;
        let blocks = sections.blocks(bytes)?;
        let rows = sections.range::<u64>(SectionKind::Sequences, 0)?.len() / 8;
        let columns = try_map(schema.fields.iter().enumerate(), |(field, definition)| match &definition.kind {
            FieldKind::Vector(vector) => StoredVectors::without_index(&sections, field, vector, rows)
                .map(|stored| Column::Vector(Box::new(stored))),
            _ => Ok(Column::Unread),
        })?;
        Self::of(&sections, blocks, rows, u64::MAX, columns)
    }

    fn of(
        sections: &SectionReader<'_>,
        blocks: Blocks,
        rows: usize,
        first_expiry: u64,
        columns: Vec<Column>,
    ) -> Result<Self> {
        let segment = Self {
            name: sections.name().into(),
            rows,
            first_expiry,
            sequences: sections.range::<u64>(SectionKind::Sequences, 0)?,
            expiries: sections.range::<u64>(SectionKind::Expiries, 0)?,
            id_offsets: sections.range::<u32>(SectionKind::IdOffsets, 0)?,
            id_bytes: sections.range::<u8>(SectionKind::IdBytes, 0)?,
            id_order: sections.range::<u32>(SectionKind::IdOrder, 0)?,
            document_offsets: sections.range::<u64>(SectionKind::DocumentOffsets, 0)?,
            document_blocks: sections.range::<u64>(SectionKind::DocumentBlocks, 0)?,
            document_bytes: sections.range::<u8>(SectionKind::DocumentBytes, 0)?,
            columns,
            blocks,
        };
        let lengths = [&segment.sequences, &segment.expiries].map(|range| range.len() / 8);
        let offsets = [segment.id_offsets.len() / 4, segment.document_offsets.len() / 8];
        if lengths != [rows; 2] || offsets != [rows + 1; 2] || segment.id_order.len() / 4 != rows {
            return Err(sections.damaged(&"the segment has arrays of unequal length"));
        }
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
        self.blocks.file_bytes()
    }

    /// Bytes of it that stay in memory.
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        self.blocks.resident_bytes()
    }

    /// Forgets the damage that was found, for one who reads on past it.
    pub fn forget_damage(&self) {
        self.blocks.forget();
    }

    /// Whether damage was found: then what was read is not to be believed.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.blocks.damage().is_some()
    }

    /// The damage that was found.
    #[must_use]
    pub fn damage(&self) -> Option<Error> {
        let offset = self.blocks.damage()?;
        let problem = "the checksum of a block does not match, or what it says cannot be";
        Some(Error::damaged_file(&self.name, &problem).with("offset", offset as u64))
    }

    /// How often the medium failed so far while it was read.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.blocks.failures()
    }

    pub(super) fn array<T: Plain>(&self, range: &Range<usize>) -> Stored<'_, T> {
        self.blocks.array(range)
    }

    pub(super) fn sequence(&self, row: RowId) -> u64 {
        self.array::<u64>(&self.sequences).at(row.index())
    }

    pub(super) fn expiry(&self, row: RowId) -> u64 {
        self.array::<u64>(&self.expiries).at(row.index())
    }

    pub(super) fn first_expiry(&self) -> u64 {
        self.first_expiry
    }

    pub(super) fn document<'a, 'b>(&'a self, row: RowId, unpacked: &'b mut Unpacked<'a>) -> &'b str {
        unpacked.document(self, row)
    }

    pub(super) fn documents(&self) -> StoredDocuments<'_> {
        StoredDocuments {
            offsets: self.array(&self.document_offsets),
            blocks: self.array(&self.document_blocks),
            bytes: self.blocks.cold(&self.document_bytes),
        }
    }

    pub(super) fn blame_documents(&self) {
        self.documents().bytes.blame();
    }

    pub(super) fn id(&self, row: RowId) -> DocumentId {
        let offsets: Stored<'_, u32> = self.array(&self.id_offsets);
        let [from, end] = [0, 1].map(|at| offsets.at(row.index() + at) as usize);
        let bytes: Stored<'_, u8> = self.array(&self.id_bytes);
        DocumentId::from_bytes(bytes.slice(from..end)).unwrap_or_else(|| {
            bytes.blame();
            DocumentId::Integer(0)
        })
    }

    pub(super) fn find(&self, id: &DocumentId) -> Option<RowId> {
        let order: Stored<'_, u32> = self.array(&self.id_order);
        let (mut from, mut to) = (0, order.len());
        while from < to {
            let middle = from.midpoint(to);
            if self.id(RowId(order.at(middle))) < *id { from = middle + 1 } else { to = middle }
        }
        let row = (from < order.len()).then(|| RowId(order.at(from)))?;
        (row.index() < self.rows && self.id(row) == *id).then_some(row)
    }

    pub(super) fn rows_by_id(&self, after: Option<&DocumentId>) -> Vec<RowId> {
        let order = self.array::<u32>(&self.id_order).all();
        let from = after.map_or(0, |after| order.partition_point(|row| self.id(RowId(*row)) <= *after));
        map(&order[from..], |row| RowId(*row))
    }

    pub(super) fn vectors(&self, field: usize) -> Option<VectorColumn<'_>> {
        Some(self.stored_vectors(field)?.column(&self.blocks))
    }

    pub(super) fn searched_vectors(&self, field: usize) -> Option<SearchedColumn<'_>> {
        Some(self.stored_vectors(field)?.searched(&self.blocks))
    }

    pub(super) fn rows_with_vector(&self, field: usize) -> Option<RowSet> {
        Some(self.stored_vectors(field)?.present(&self.blocks))
    }

    fn stored_vectors(&self, field: usize) -> Option<&StoredVectors> {
        match self.columns.get(field)? {
            Column::Vector(stored) => Some(stored),
            _ => None,
        }
    }

    pub(super) fn text(&self, field: usize) -> Option<TextColumn<'_>> {
        match self.columns.get(field)? {
            Column::Text(stored) => Some(stored.column(&self.blocks)),
            _ => None,
        }
    }

    pub(super) fn attribute(&self, field: usize) -> Option<AttributeColumn<'_>> {
        match self.columns.get(field)? {
            Column::Attribute(stored) => Some(stored.column(&self.blocks)),
            _ => None,
        }
    }
}

/// Where the sections of a field lie; of their content only what is of one size is looked at.
fn column(sections: &SectionReader<'_>, file: &Blocks, field: usize, kind: &FieldKind, rows: usize) -> Result<Column> {
    Ok(match kind {
        FieldKind::Vector(vector) => {
            Column::Vector(Box::new(StoredVectors::open(sections, file, field, vector, rows)?))
        }
        FieldKind::Text(_) => Column::Text(Box::new(StoredText::open(sections, file, field, rows)?)),
        FieldKind::Attribute(attribute) => {
            Column::Attribute(Box::new(StoredAttribute::open(sections, field, attribute.kind, rows)?))
        }
    })
}
