//! The growing segment: the rows written since the last seal, in memory, searchable at once.

use super::Unpacked;
use crate::{
    DocumentId, Schema, Value,
    attributes::{AttributeColumn, GrowingAttribute},
    ids::{RowId, SequenceNumber},
    lists::map,
    numbering::Numbering,
    order::sorted,
    rows::RowSet,
    schema::FieldKind,
    text::{GrowingText, Terms, TextColumn},
    vector::{GrowingVectors, SearchedColumn, VectorColumn},
};
use alloc::{boxed::Box, string::String, vec::Vec};

/// A document ready to be added: everything that could fail about it is behind it.
#[derive(Clone, Debug)]
pub struct IndexedDocument {
    /// Its id.
    pub id: DocumentId,
    /// The stored fields as JSON text, without id and vectors.
    pub stored: String,
    /// When it expires; `u64::MAX` for never.
    pub expires_at: u64,
    /// What each field of the schema makes of it.
    pub fields: Vec<IndexedField>,
}

/// What one field of the schema makes of a document.
#[derive(Clone, Debug)]
pub enum IndexedField {
    /// The document does not have the field.
    Absent,
    /// The terms of a text field.
    Text(Terms),
    /// The normalized value of an attribute.
    Attribute(Value),
    /// The vector of a vector field.
    Vector(Box<[f32]>),
}

impl IndexedDocument {
    /// Bytes of what is stored of it: its fields and its vectors.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let vectors =
            self.fields.iter().map(|field| if let IndexedField::Vector(vector) = field { vector.len() * 4 } else { 0 });
        (self.stored.len() + vectors.sum::<usize>()) as u64
    }

    /// About how many nanoseconds it takes to push it, the indexes of its vectors apart.
    #[must_use]
    pub fn effort(&self) -> u64 {
        let of_field = |field: &IndexedField| match field {
            IndexedField::Absent => 0,
            IndexedField::Text(terms) => terms.count() as u64 * EFFORT_OF_TERM,
            IndexedField::Attribute(_) => EFFORT_OF_TERM,
            IndexedField::Vector(vector) => vector.len() as u64,
        };
        EFFORT_OF_ROW + self.fields.iter().map(of_field).sum::<u64>()
    }
}

/// Nanoseconds, about.
const EFFORT_OF_ROW: u64 = 500;
const EFFORT_OF_TERM: u64 = 150;

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "one a field")]
enum Column {
    Text(GrowingText),
    Attribute(GrowingAttribute),
    Vector(Box<GrowingVectors>),
}

/// A row's sequence number and expiry.
const ROW_BYTES: u64 = 16;
/// About what a value takes.
const ATTRIBUTE_BYTES: usize = 8;

/// The rows written since the last seal.
#[derive(Clone, Debug)]
pub struct GrowingSegment {
    ids: Vec<DocumentId>,
    row_of: Numbering,
    sequences: Vec<u64>,
    expiries: Vec<u64>,
    first_expiry: u64,
    documents: Vec<Box<str>>,
    columns: Vec<Column>,
    bytes: u64,
}

impl GrowingSegment {
    /// An empty segment of a schema.
    #[must_use]
    pub fn new(schema: &Schema) -> Self {
        let column = |kind: &FieldKind| match kind {
            FieldKind::Text(text) => Column::Text(GrowingText::new(text.positions)),
            FieldKind::Attribute(attribute) => Column::Attribute(GrowingAttribute::new(attribute.kind)),
            FieldKind::Vector(vector) => Column::Vector(Box::new(GrowingVectors::new(vector))),
        };
        Self {
            ids: Vec::new(),
            row_of: Numbering::default(),
            sequences: Vec::new(),
            expiries: Vec::new(),
            first_expiry: u64::MAX,
            documents: Vec::new(),
            bytes: 0,
            columns: map(&schema.fields, |field| column(&field.kind)),
        }
    }

    /// Adds a document as the newest row. An older row of the same id stays until the caller marks it dead.
    pub fn push(&mut self, sequence: SequenceNumber, document: IndexedDocument) -> RowId {
        let row = RowId(self.ids.len() as u32);
        self.bytes += document.stored.len() as u64 + ROW_BYTES;
        for (column, field) in self.columns.iter_mut().zip(&document.fields) {
            self.bytes += match (column, field) {
                (Column::Text(text), IndexedField::Text(terms)) => text.push(Some(terms)),
                (Column::Text(text), _) => text.push(None),
                (Column::Attribute(attribute), field) => {
                    let value = if let IndexedField::Attribute(value) = field { Some(value) } else { None };
                    attribute.push(value);
                    ATTRIBUTE_BYTES
                }
                (Column::Vector(vectors), IndexedField::Vector(vector)) => {
                    vectors.push(row, vector);
                    vector.len() * 4
                }
                (Column::Vector(_), _) => 0,
            } as u64;
        }
        self.row_of.set(document.id.hash(), row.0, &mut |row| self.ids[row as usize] == document.id);
        self.ids.push(document.id);
        self.sequences.push(sequence.0);
        self.expiries.push(document.expires_at);
        self.first_expiry = self.first_expiry.min(document.expires_at);
        self.documents.push(document.stored.into_boxed_str());
        row
    }

    /// About how many nanoseconds the indexes of vectors take for so many documents more.
    #[must_use]
    pub fn index_effort(&self, documents: usize) -> u64 {
        let of_column = |column: &Column| match column {
            Column::Vector(vectors) => vectors.effort(documents),
            _ => 0,
        };
        self.columns.iter().map(of_column).sum()
    }

    /// Bytes of documents, vectors, texts with their postings, and values.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of rows, dead ones included.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn sequence(&self, row: RowId) -> u64 {
        self.sequences[row.index()]
    }

    pub(super) fn expiry(&self, row: RowId) -> u64 {
        self.expiries[row.index()]
    }

    pub(super) fn first_expiry(&self) -> u64 {
        self.first_expiry
    }

    pub(super) fn rows_with_vector(&self, field: usize) -> Option<RowSet> {
        match self.columns.get(field)? {
            Column::Vector(vectors) => Some(vectors.present(self.rows())),
            _ => None,
        }
    }

    pub(super) fn document<'a, 'b>(&'a self, row: RowId, _: &'b mut Unpacked<'a>) -> &'b str {
        &self.documents[row.index()]
    }

    pub(super) fn id(&self, row: RowId) -> DocumentId {
        self.ids[row.index()].clone()
    }

    pub(super) fn find(&self, id: &DocumentId) -> Option<RowId> {
        self.row_of.find(id.hash(), &mut |row| self.ids[row as usize] == *id).map(RowId)
    }

    pub(super) fn rows_by_id(&self, after: Option<&DocumentId>) -> Vec<RowId> {
        let behind = |row: &u32| after.is_none_or(|after| self.ids[*row as usize] > *after);
        let rows: Vec<u32> = self.row_of.positions().filter(behind).collect();
        let id = |at: usize| &self.ids[rows[at] as usize];
        let order = sorted(rows.len(), &mut |a, b| id(a).cmp(id(b)));
        map(order, |at| RowId(rows[at as usize]))
    }

    pub(super) fn vectors(&self, field: usize) -> Option<VectorColumn<'_>> {
        match self.columns.get(field)? {
            Column::Vector(vectors) => Some(vectors.view()),
            _ => None,
        }
    }

    pub(super) fn searched_vectors(&self, field: usize) -> Option<SearchedColumn<'_>> {
        match self.columns.get(field)? {
            Column::Vector(vectors) => Some(vectors.searched()),
            _ => None,
        }
    }

    pub(super) fn text(&self, field: usize) -> Option<TextColumn<'_>> {
        match self.columns.get(field)? {
            Column::Text(text) => Some(text.view()),
            _ => None,
        }
    }

    pub(super) fn attribute(&self, field: usize) -> Option<AttributeColumn<'_>> {
        match self.columns.get(field)? {
            Column::Attribute(attribute) => Some(attribute.view()),
            _ => None,
        }
    }
}
