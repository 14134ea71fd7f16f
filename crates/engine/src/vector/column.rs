//! The vectors of one field in one segment, packed: not every document has one.

use crate::{
    ids::RowId,
    stored::{Cold, Stored},
};
use alloc::borrow::Cow;

/// A view of the vectors of one field: the same for a growing segment and for the bytes of a sealed one.
#[derive(Clone, Copy, Debug)]
pub struct VectorColumn<'a> {
    /// The length of each vector.
    pub dimensions: usize,
    /// The row of each vector, ascending; empty in a file where every row has one.
    pub rows: Stored<'a, u32>,
    /// The vectors, one after the other.
    pub values: Cold<'a, f32>,
    /// The Euclidean norm of each vector.
    pub norms: Stored<'a, f32>,
}

impl<'a> VectorColumn<'a> {
    /// The number of vectors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.norms.len()
    }

    /// Whether there is no vector.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.norms.is_empty()
    }

    /// The vector of a row.
    #[must_use]
    pub fn get(&self, row: RowId) -> Option<Cow<'a, [f32]>> {
        self.position(row).map(|position| self.at(position))
    }

    /// The row of the vector at a position.
    #[must_use]
    #[inline]
    pub fn row(&self, position: usize) -> RowId {
        RowId(if self.rows.is_empty() { position as u32 } else { self.rows[position] })
    }

    /// Where the vector of a row is.
    #[must_use]
    pub fn position(&self, row: RowId) -> Option<usize> {
        // Where every row up to this one has a vector, it is at its own number.
        if row.index() < self.len() && self.row(row.index()) == row {
            return Some(row.index());
        }
        let (mut from, mut to) = (0, self.rows.len());
        while from < to {
            let middle = from.midpoint(to);
            if self.rows[middle] < row.0 { from = middle + 1 } else { to = middle }
        }
        (from < self.rows.len() && self.rows[from] == row.0).then_some(from)
    }

    /// The vector at a position of the column.
    #[must_use]
    #[inline]
    pub fn at(&self, position: usize) -> Cow<'a, [f32]> {
        self.values.part(position * self.dimensions, self.dimensions)
    }

    /// Asks for the vector at a position to be brought nearer.
    pub fn prefetch(&self, position: usize) {
        self.values.prefetch(position * self.dimensions..(position + 1) * self.dimensions);
    }
}
