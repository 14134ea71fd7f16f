//! The vectors of one field in one segment, packed: not every document has one.

use crate::ids::RowId;

/// A view of the vectors of one field: the same for a growing segment and for the bytes of a sealed one.
#[derive(Clone, Copy, Debug)]
pub struct VectorColumn<'a> {
    /// The length of each vector.
    pub dimensions: usize,
    /// The row of each vector, ascending.
    pub rows: &'a [u32],
    /// The vectors, one after the other.
    pub values: &'a [f32],
    /// The Euclidean norm of each vector.
    pub norms: &'a [f32],
}

impl<'a> VectorColumn<'a> {
    /// The vector of a row.
    #[must_use]
    pub fn get(&self, row: RowId) -> Option<&'a [f32]> {
        self.position(row).map(|position| self.at(position))
    }

    /// Where the vector of a row is.
    #[must_use]
    pub fn position(&self, row: RowId) -> Option<usize> {
        // Where every row up to this one has a vector, it is at its own number.
        if self.rows.get(row.index()) == Some(&row.0) {
            return Some(row.index());
        }
        self.rows.binary_search(&row.0).ok()
    }

    /// The vector at a position of the column.
    #[must_use]
    pub fn at(&self, position: usize) -> &'a [f32] {
        &self.values[position * self.dimensions..][..self.dimensions]
    }
}
