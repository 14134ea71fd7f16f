//! One search over one column: which way is cheapest, candidates, and their exact similarities.

use super::{
    Allowed, CodesView, Depth, Metric, Passing, PreparedQuery, Quantizer, RECALLS, VectorColumn, VectorHit, at_of,
    nearest::keep_best, scan,
};
use crate::{ids::RowId, lists::map};
use sanderling_kernels as kernels;

/// Codes that cost as much to scan as one vector in full.
const CODES_PER_VECTOR: usize = 30;

/// Codes that cost as much as the preparation of a query and its lists.
const CODES_PER_QUERY: usize = 4_000;

/// Candidates that are compared in full, for each hit that is wanted, and beside them.
const REFINED_PER_HIT: f32 = 1.25;
const REFINED_BESIDE: usize = 6;

/// What stands beside the column of a field.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant, reason = "a view that lives as long as one search")]
pub enum VectorIndex<'a> {
    /// Nothing: every search compares in full.
    None,
    /// Codes in one list or many, with what was measured of them.
    Codes {
        /// The codes.
        codes: CodesView<'a>,
        /// How deep to search for each of [`RECALLS`].
        depths: &'a [Depth; RECALLS.len()],
    },
}

/// What a search asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VectorSearch {
    /// The hits that are wanted.
    pub wanted: usize,
    /// Compare every vector in full.
    pub is_exact: bool,
    /// The recall to aim for.
    pub recall: f32,
    /// Candidates for each hit, instead of what was measured.
    pub oversample: Option<f32>,
}

/// How a search went about it, for its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Every vector that passes the filter was compared in full.
    Exact,
    /// Codes were scanned: so many vectors in so many lists.
    Codes {
        /// Vectors whose codes were compared.
        vectors: usize,
        /// Lists they lie in.
        lists: usize,
    },
}

/// A column with what is needed to search it.
#[derive(Clone, Copy, Debug)]
pub struct SearchedColumn<'a> {
    /// The vectors.
    pub column: VectorColumn<'a>,
    /// How they are compared.
    pub metric: Metric,
    /// The field's quantizer, if the metric has one.
    pub quantizer: Option<&'a Quantizer>,
    /// The index beside the column.
    pub index: VectorIndex<'a>,
}

impl SearchedColumn<'_> {
    /// Hands the best vectors to `found`, with their exact similarities, in no order: at least as many as are wanted,
    /// where that many pass.
    pub fn search(
        &self,
        query: &[f32],
        search: VectorSearch,
        passing: Passing<'_>,
        found: &mut dyn FnMut(VectorHit),
    ) -> Strategy {
        let Self { column, metric, .. } = *self;
        let norm = kernels::norm(query);
        let all = column.rows.len();
        // Where not every row has a vector, more rows pass than vectors do: then a scan is thought of as dearer than it is.
        let matching = passing.count.min(all);
        let is_filtered = passing.count < passing.rows.rows();
        let usable = self.quantizer.filter(|quantizer| !search.is_exact && quantizer.takes(norm));
        let (Some(quantizer), VectorIndex::Codes { codes, depths }) = (usable, self.index) else {
            scan(column, metric, query, passing.rows, found);
            return Strategy::Exact;
        };
        let depth = depth_for(depths, search.recall);
        let share = matching.max(1) as f32 / all.max(1) as f32;
        let expected = (depth.vectors_for(search.wanted as f32 / share) as usize).min(all);
        if matching <= search.wanted || matching * CODES_PER_VECTOR <= expected + CODES_PER_QUERY {
            scan(column, metric, query, passing.rows, found);
            return Strategy::Exact;
        }
        let prepared = PreparedQuery::new(quantizer, query, norm);
        let measured = depth.candidates_for(search.wanted as f32);
        let candidates = search.oversample.map_or(measured, |factor| factor * search.wanted as f32) as usize;
        let allowed = Allowed { rows: column.rows, passing: passing.rows };
        let filter = is_filtered.then_some(&allowed);
        let candidates = candidates.max(search.wanted + REFINED_BESIDE);
        let (mut best, seen) = codes.search(&prepared, depth, search.wanted, candidates, filter);
        keep_best(&mut best, (search.wanted as f32 * REFINED_PER_HIT) as usize + REFINED_BESIDE);
        let mut positions = map(&best, |candidate| at_of(*candidate));
        positions.sort_unstable();
        positions.iter().for_each(|position| kernels::prefetch(column.at(*position as usize)));
        for position in positions {
            let position = position as usize;
            let similarity = metric.similarity(query, norm, column.at(position), column.norms[position]);
            found(VectorHit { row: RowId(column.rows[position]), similarity });
        }
        Strategy::Codes { vectors: seen.vectors, lists: seen.lists }
    }
}

/// What was measured for the lowest recall that is enough.
fn depth_for(depths: &[Depth; RECALLS.len()], recall: f32) -> &Depth {
    let at = RECALLS.iter().position(|known| *known >= recall).unwrap_or(RECALLS.len() - 1);
    &depths[at]
}

/// The number of lists for that many vectors.
#[must_use]
pub fn lists_for(vectors: usize) -> usize {
    if vectors < FLAT_BELOW { 1 } else { kernels::square_root(vectors as f32) as usize * LISTS_PER_ROOT }
}

/// Vectors below which one list is scanned as fast as the right ones of many are found.
const FLAT_BELOW: usize = 10_000;

/// Lists for the square root of the number of vectors.
const LISTS_PER_ROOT: usize = 3;
