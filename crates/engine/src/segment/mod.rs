//! Segments: the growing one that writes go to, and the sealed ones that never change.

mod check;
mod documents;
pub mod format;
mod growing;
mod sealed;
mod tombstones;

pub use documents::Unpacked;
pub use growing::{GrowingSegment, IndexedDocument, IndexedField};
pub use sealed::{SealedSegment, SegmentBytes};
pub use tombstones::{read_tombstones, write_tombstones};

use crate::{
    DocumentId,
    attributes::AttributeColumn,
    ids::{RowId, SequenceNumber},
    rows::RowSet,
    text::TextColumn,
    vector::{SearchedColumn, VectorColumn},
};
use alloc::vec::Vec;

/// A segment to read, of either kind.
#[derive(Clone, Copy)]
pub enum Segment<'a> {
    /// In memory, taking writes.
    Growing(&'a GrowingSegment),
    /// Bytes that never change.
    Sealed(&'a SealedSegment),
}

/// Calls the method of the same name and arguments on whichever kind it is.
macro_rules! either {
    ($self:ident, $segment:ident => $call:expr) => {
        match $self {
            Segment::Growing($segment) => $call,
            Segment::Sealed($segment) => $call,
        }
    };
}

impl<'a> Segment<'a> {
    /// The number of rows, dead ones included.
    #[must_use]
    pub fn rows(&self) -> usize {
        either!(self, segment => segment.rows())
    }

    /// Bytes of its file, or of what it holds in memory.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Segment::Growing(segment) => segment.bytes(),
            Segment::Sealed(segment) => segment.file_bytes() as u64,
        }
    }

    /// The write that made a row.
    #[must_use]
    pub fn sequence(&self, row: RowId) -> SequenceNumber {
        either!(self, segment => SequenceNumber(segment.sequence(row)))
    }

    /// When a row expires, in milliseconds since 1970; `u64::MAX` for never.
    #[must_use]
    pub fn expiry(&self, row: RowId) -> u64 {
        either!(self, segment => segment.expiry(row))
    }

    /// When the first row expires.
    #[must_use]
    pub fn first_expiry(&self) -> u64 {
        either!(self, segment => segment.first_expiry())
    }

    /// The stored fields of a row as JSON text, without id and vectors.
    #[must_use]
    pub fn document<'b>(&self, row: RowId, unpacked: &'b mut Unpacked<'a>) -> &'b str {
        either!(self, segment => segment.document(row, unpacked))
    }

    /// Notes that a document is none: then what was read is not to be believed.
    pub fn blame_documents(&self) {
        if let Segment::Sealed(segment) = self {
            segment.blame_documents();
        }
    }

    /// The id of a row.
    #[must_use]
    pub fn id(&self, row: RowId) -> DocumentId {
        either!(self, segment => segment.id(row))
    }

    /// The newest row of an id, live or not.
    #[must_use]
    pub fn find(&self, id: &DocumentId) -> Option<RowId> {
        either!(self, segment => segment.find(id))
    }

    /// The rows in order of their ids, from the first id after `after`. Of one id with several rows each may be named:
    /// the caller leaves out those that are not live.
    #[must_use]
    pub fn rows_by_id(&self, after: Option<&DocumentId>) -> Vec<RowId> {
        either!(self, segment => segment.rows_by_id(after))
    }

    /// The column of a vector field.
    #[must_use]
    pub fn vectors(&self, field: usize) -> Option<VectorColumn<'a>> {
        either!(self, segment => segment.vectors(field))
    }

    /// The column of a vector field with its index.
    #[must_use]
    pub fn searched_vectors(&self, field: usize) -> Option<SearchedColumn<'a>> {
        either!(self, segment => segment.searched_vectors(field))
    }

    /// The column of a text field.
    #[must_use]
    pub fn text(&self, field: usize) -> Option<TextColumn<'a>> {
        either!(self, segment => segment.text(field))
    }

    /// The column of an attribute.
    #[must_use]
    pub fn attribute(&self, field: usize) -> Option<AttributeColumn<'a>> {
        either!(self, segment => segment.attribute(field))
    }

    /// The rows that have a value in the field.
    #[must_use]
    pub fn rows_with(&self, field: usize) -> RowSet {
        if let Some(column) = self.attribute(field) {
            return column.rows_with();
        }
        if let Some(column) = self.text(field) {
            return RowSet::matching(self.rows(), &mut |row| column.length(row).is_some());
        }
        let with_vector = match self {
            Segment::Growing(segment) => segment.rows_with_vector(field),
            Segment::Sealed(segment) => segment.rows_with_vector(field),
        };
        with_vector.unwrap_or_else(|| RowSet::none(self.rows()))
    }
}
