//! The exact scan: every allowed vector is compared in full precision.

use super::{Metric, VectorColumn};
use crate::{ids::RowId, rows::RowSet};
use sanderling_kernels as kernels;

/// A row with its similarity to the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VectorHit {
    /// The row.
    pub row: RowId,
    /// Higher is better; what it is depends on the metric.
    pub similarity: f32,
}

/// Compares the query with every vector whose row is allowed and hands each hit to `found`.
pub fn scan(
    column: VectorColumn<'_>,
    metric: Metric,
    query: &[f32],
    allowed: &RowSet,
    found: &mut dyn FnMut(VectorHit),
) {
    let query_norm = kernels::norm(query);
    for row in allowed.iter() {
        if let Some(position) = column.position(row) {
            let similarity = metric.similarity(query, query_norm, column.at(position), column.norms[position]);
            found(VectorHit { row, similarity });
        }
    }
}
