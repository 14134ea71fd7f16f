//! The legs of a search: the best of each over all segments.

use super::{ResolvedVector, SegmentRows};
use crate::{
    collection::{
        state::CollectionState,
        text::{Effort, TextMatches},
    },
    query::{Candidate, SegmentPlan, TopK, VectorQuery, Watch},
    vector::{RECALL_APPROXIMATE_MAX, VectorHit, VectorSearch},
};
use alloc::{format, vec::Vec};

impl CollectionState {
    pub(super) fn text_leg(
        &self,
        matches: &TextMatches<'_>,
        rows: &[SegmentRows],
        (limit, watch): (usize, &dyn Watch),
        plan: &mut [SegmentPlan],
        total: &mut usize,
    ) -> Vec<Candidate> {
        let mut top = TopK::new(limit);
        for at in 0..=self.held.len() {
            if watch.is_over() {
                break;
            }
            let candidate = |row, score| Candidate { score, segment: at, row };
            let Effort { matching, scored } = matches.rank(at, &rows[at].allowed, &mut top, watch, &candidate);
            if matches.rows.is_none() {
                *total += matching;
            }
            if limit > 0 {
                plan[at].text = Some(format!("scored {scored} of {matching}"));
            }
        }
        top.into_sorted()
    }

    pub(super) fn vector_leg(
        &self,
        leg: &ResolvedVector<'_>,
        rows: &[SegmentRows],
        (limit, watch): (usize, &dyn Watch),
        plan: &mut [SegmentPlan],
    ) -> Vec<Candidate> {
        let VectorQuery { value, exact, recall, ef, oversample, .. } = leg.query;
        let recall = recall.unwrap_or(leg.field.recall as f32);
        let mut top = TopK::new(limit);
        for at in 0..=self.held.len() {
            if let Some(searched) = self.segment(at).searched_vectors(leg.position)
                && limit > 0
                && !watch.is_over()
            {
                // Nobody wants more than there are.
                let wanted = limit.min(rows[at].allowed.rows());
                let search = VectorSearch {
                    wanted,
                    is_exact: *exact || recall > RECALL_APPROXIMATE_MAX,
                    recall,
                    oversample: *oversample,
                    breadth: *ef,
                };
                let found =
                    &mut |hit: VectorHit| top.offer(Candidate { score: hit.similarity, segment: at, row: hit.row });
                let strategy = searched.search(value, search, (&rows[at].allowed).into(), watch, found);
                let mut how = format!("{}: {strategy}", searched.index.name());
                if let Some(filter) = &rows[at].filter {
                    how = format!("{how}, of {} documents that pass", filter.passing);
                }
                plan[at].vectors.push(how);
            }
        }
        top.into_sorted()
    }
}
