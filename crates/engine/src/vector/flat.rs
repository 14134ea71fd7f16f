//! The exact scan: every allowed vector is compared in full precision.

use super::{Metric, VectorColumn};
use crate::{ids::RowId, query::Watch, rows::RowSet};
use sanderling_kernels as kernels;

/// A row with its similarity to the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VectorHit {
    /// The row.
    pub row: RowId,
    /// Higher is better; what it is depends on the metric.
    pub similarity: f32,
}

/// Vectors that are fetched at once: they may lie anywhere, and waiting for them one by one takes longer than comparing.
const FETCHED: usize = 8;

/// Vectors after which it is asked whether there is time for more.
const LOOK_EACH: usize = 512;

/// One row in so many must pass for rows to be read as if all did.
const DENSE: usize = 2;

/// Compares the query with every vector whose row is allowed and hands each hit to `found`.
pub fn scan(
    column: VectorColumn<'_>,
    metric: Metric,
    query: &[f32],
    allowed: &RowSet,
    watch: &dyn Watch,
    found: &mut dyn FnMut(VectorHit),
) {
    let mut seen = 0;
    let mut is_over = || {
        seen += 1;
        seen % LOOK_EACH == 0 && watch.is_over()
    };
    let norm = kernels::norm(query);
    let mut compare = |fetched: &[(RowId, usize)]| {
        for (row, position) in fetched {
            let similarity = metric.similarity(query, norm, &column.at(*position), column.norms[*position]);
            found(VectorHit { row: *row, similarity });
        }
    };
    // Rows that are read one after the other are fetched by the processor itself, which is faster where nobody helps.
    if allowed.count() * DENSE >= allowed.rows() {
        for row in allowed.iter() {
            if let Some(position) = column.position(row) {
                compare(&[(row, position)]);
                if is_over() {
                    return;
                }
            }
        }
        return;
    }
    let mut fetched = [(RowId(0), 0); 2 * FETCHED];
    let mut count = 0;
    for row in allowed.iter() {
        if let Some(position) = column.position(row) {
            column.prefetch(position);
            fetched[count] = (row, position);
            count += 1;
            if count == fetched.len() {
                compare(&fetched[..FETCHED]);
                fetched.copy_within(FETCHED.., 0);
                count = FETCHED;
            }
            if is_over() {
                break;
            }
        }
    }
    compare(&fetched[..count]);
}
