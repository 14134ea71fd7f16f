//! One search over one column: which way is cheapest, candidates, and their exact similarities.

use super::{Allowed, Metric, Passing, Quantizer, VectorColumn, VectorHit, VectorIndex, at_of, scan};
use crate::{lists::map, query::Watch};
use alloc::vec::Vec;
use core::fmt;
use sanderling_kernels as kernels;

/// Candidates that are compared in full, for each hit that is wanted, and beside them.
pub(super) const REFINED_PER_HIT: f32 = 1.25;
const REFINED_BESIDE: usize = 6;

/// Vectors after which it is asked whether there is time for more.
const LOOK_EACH: usize = 512;

/// What a search asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VectorSearch {
    /// The hits that are wanted.
    pub wanted: usize,
    /// Compare every vector in full.
    pub is_exact: bool,
    /// The recall to aim for.
    pub recall: f32,
    /// Candidates for each hit that are compared in full, instead of what was measured.
    pub oversample: Option<f32>,
    /// Candidates on the way, instead of what was measured: nodes that a graph's walk keeps, codes that are compared
    /// again.
    pub breadth: Option<usize>,
}

impl VectorSearch {
    /// A search for that many hits that finds that part of the true ones.
    #[must_use]
    pub fn new(wanted: usize, recall: f32) -> Self {
        Self { wanted, is_exact: false, recall, oversample: None, breadth: None }
    }

    /// The candidates to compare in full, of which so many are needed as far as it was measured.
    pub(super) fn refined(&self, measured: usize) -> usize {
        self.refined_of(REFINED_PER_HIT, measured)
    }

    /// The candidates to compare in full: what the caller asks for, else what was measured, and no fewer than `per_hit`.
    pub(super) fn refined_of(&self, per_hit: f32, measured: usize) -> usize {
        let factor = self.oversample.unwrap_or(per_hit);
        let refined = ((self.wanted as f32 * factor) as usize).saturating_add(REFINED_BESIDE);
        if self.oversample.is_some() { refined } else { refined.max(measured) }
    }
}

/// The candidates that are compared in full for so many hits where keys order vectors well.
pub(super) fn refined_usually(wanted: usize) -> usize {
    (wanted as f32 * REFINED_PER_HIT) as usize + REFINED_BESIDE
}

/// How a search went about it, for its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Every vector that passes the filter was compared in full.
    Exact,
    /// So many vectors that pass the filter, all of them, were compared by their bytes and the best of them in full.
    Bytes {
        /// Vectors whose bytes were compared.
        vectors: usize,
    },
    /// Codes were scanned: so many vectors in so many lists.
    Codes {
        /// Vectors whose codes were compared.
        vectors: usize,
        /// Lists they lie in.
        lists: usize,
    },
    /// So many vectors were compared by their bits.
    Bits {
        /// The vectors.
        vectors: usize,
    },
    /// A graph was walked through.
    Graph {
        /// Vectors that were compared on the way.
        vectors: usize,
    },
}

impl fmt::Display for Strategy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => formatter.write_str("exact scan"),
            Self::Codes { vectors, lists } => write!(formatter, "codes of {vectors} vectors in {lists} lists"),
            Self::Bytes { vectors } => write!(formatter, "bytes of {vectors} vectors"),
            Self::Bits { vectors } => write!(formatter, "bits of {vectors} vectors"),
            Self::Graph { vectors } => write!(formatter, "graph walk by {vectors} vectors"),
        }
    }
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

/// A search as an index sees it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub quantizer: &'a Quantizer,
    pub query: &'a [f32],
    pub norm: f32,
    pub search: VectorSearch,
    /// Which vectors may be found.
    pub allowed: Allowed<'a>,
    /// The column that positions are of.
    pub column: VectorColumn<'a>,
    /// How many those are. Where not every row has a vector, more rows pass than vectors do: then it is too high.
    pub matching: usize,
    /// Whether some may not be found.
    pub is_filtered: bool,
    /// Whether there is time for more: what a search has found until then is what it finds.
    pub watch: &'a dyn Watch,
}

impl Asked<'_> {
    /// The positions of the vectors that may be found, ascending.
    pub fn positions(&self) -> Vec<u32> {
        let mut positions = Vec::with_capacity(self.matching);
        for row in self.allowed.passing.iter() {
            positions.extend(self.column.position(row).map(|position| position as u32));
        }
        positions
    }
}

/// What an index found: candidates by key and position in the column, in no order. Each is compared in full; where keys are
/// exact enough, an index hands over [`VectorSearch::refined`] at most.
pub(super) struct Candidates {
    /// Candidates by key and position in the column, in no order.
    pub found: Vec<u64>,
    pub strategy: Strategy,
}

impl SearchedColumn<'_> {
    /// Hands the best vectors to `found`, with their exact similarities, in no order: at least as many as are wanted,
    /// where that many pass.
    pub fn search(
        &self,
        query: &[f32],
        search: VectorSearch,
        passing: Passing<'_>,
        watch: &dyn Watch,
        found: &mut dyn FnMut(VectorHit),
    ) -> Strategy {
        let Self { column, metric, .. } = *self;
        let norm = kernels::norm(query);
        let Some(Candidates { found: best, strategy }) = self.candidates(query, norm, search, passing, watch) else {
            scan(column, metric, query, passing.rows, watch, found);
            return Strategy::Exact;
        };
        let mut positions = map(&best, |candidate| at_of(*candidate));
        crate::order::sort(&mut positions);
        positions.iter().for_each(|position| column.prefetch(*position as usize));
        for (looked_at, position) in positions.into_iter().enumerate() {
            if looked_at % LOOK_EACH == LOOK_EACH - 1 && watch.is_over() {
                break;
            }
            let position = position as usize;
            let similarity = metric.similarity(query, norm, &column.at(position), column.norms[position]);
            found(VectorHit { row: column.row(position), similarity });
        }
        strategy
    }

    /// What the index finds; none where comparing in full is asked for, or costs less.
    fn candidates(
        &self,
        query: &[f32],
        norm: f32,
        search: VectorSearch,
        passing: Passing<'_>,
        watch: &dyn Watch,
    ) -> Option<Candidates> {
        let quantizer = self.quantizer.filter(|quantizer| !search.is_exact && quantizer.takes(norm))?;
        let matching = passing.count.min(self.column.len());
        if matching <= search.wanted {
            return None;
        }
        let allowed = Allowed { column: self.column, passing: passing.rows };
        let is_filtered = passing.count < passing.rows.rows();
        let column = self.column;
        let asked = Asked { quantizer, query, norm, search, allowed, column, matching, is_filtered, watch };
        match self.index {
            VectorIndex::None => None,
            VectorIndex::Bytes(rows, refined) => rows.candidates(refined, &asked),
            VectorIndex::Graph { graph, rows, slacks } => graph.candidates(rows, slacks, &asked),
            VectorIndex::Codes { codes, depths } => codes.candidates(depths, &asked),
        }
    }
}
