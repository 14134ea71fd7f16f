//! Vectors compared by their bytes, all of them or those that pass a filter: no graph, no lists.

use super::{
    ByteRowsView, PreparedQuery, Refined,
    ivf::RECALLS,
    refine::{ByBytes, for_recall},
    search::{Asked, Candidates, Strategy},
};
use alloc::vec::Vec;

/// Candidates by bytes for each hit at least: bytes tell near ones apart almost as well as the vectors do.
const CANDIDATES_PER_HIT: f32 = 2.0;

/// Bytes that are compared in the time of one vector in full.
const ROWS_PER_VECTOR: usize = 3;

/// Rows of bytes that cost as much to compare as the preparation of a query.
const ROWS_PER_QUERY: usize = 128;

/// Rows after which it is asked whether there is time for more.
const LOOK_EACH: usize = 4_096;

impl ByteRowsView<'_> {
    /// The candidates for a search; none where comparing all that pass in full costs less. The rows are in the order of
    /// the column.
    pub(super) fn candidates(&self, refined: &[Refined; RECALLS.len()], asked: &Asked<'_>) -> Option<Candidates> {
        let wanted = asked.search.wanted;
        let measured = for_recall(refined, asked.search.recall).for_wanted(wanted);
        let refined = asked.search.refined_of(CANDIDATES_PER_HIT, measured).max(wanted).min(self.len());
        if asked.matching * (ROWS_PER_VECTOR - 1) <= (refined + ROWS_PER_QUERY) * ROWS_PER_VECTOR {
            return None;
        }
        Some(self.nearest(&PreparedQuery::new(asked.quantizer, asked.query, asked.norm), refined, asked))
    }

    /// Of the vectors that pass all that may be among the `refined` nearest: so many where bytes tell vectors apart.
    fn nearest(&self, query: &PreparedQuery, refined: usize, asked: &Asked<'_>) -> Candidates {
        let is_asked_for = asked.search.oversample.is_some();
        let mut best = if is_asked_for { ByBytes::best(refined) } else { ByBytes::possible(refined) };
        let (mut keys, mut vectors) = (Vec::new(), 0);
        if asked.is_filtered {
            let positions = asked.positions();
            for positions in positions.chunks(LOOK_EACH).take_while(|_| !asked.watch.is_over()) {
                self.keys(query, positions, &mut keys);
                best.offer(*self, query, &keys, positions);
                vectors += keys.len();
            }
        } else {
            for from in (0..self.len()).step_by(LOOK_EACH).take_while(|_| !asked.watch.is_over()) {
                let end = self.len().min(from + LOOK_EACH);
                keys = self.keys_of(query, from..end);
                best.offer_from(*self, query, &keys, from);
                vectors += keys.len();
            }
        }
        Candidates { found: best.into_kept(), strategy: Strategy::Bytes { vectors } }
    }
}
