//! Hits that differ from each other: maximal marginal relevance.

use super::pages::Page;
use crate::{
    Error, Result,
    collection::state::CollectionState,
    limits::MMR_HITS_MAX,
    lists::map,
    query::{Candidate, Query, Watch},
};
use alloc::{borrow::Cow, vec, vec::Vec};

impl CollectionState {
    /// The vector field that says how alike hits are.
    pub(super) fn diverse_field(&self, query: &Query, page: &Page) -> Result<Option<usize>> {
        let Some(mmr) = &query.mmr else { return Ok(None) };
        if !query.sort.is_empty() {
            return Err(Error::expected(&"mmr", &"an order by score", &"sort"));
        }
        let hits = page.end(query);
        if hits > MMR_HITS_MAX {
            let expected = format_args!("a limit and an offset of at most {MMR_HITS_MAX} together");
            return Err(Error::expected(&"mmr", &expected, &hits));
        }
        if page.depth > MMR_HITS_MAX {
            let expected = format_args!("a legDepth of at most {MMR_HITS_MAX}");
            return Err(Error::expected(&"mmr", &expected, &page.depth));
        }
        let of_leg = query.vectors.first().and_then(|leg| leg.field.as_deref());
        Ok(Some(self.vector_field(&"mmr.field", mmr.field.as_deref().or(of_leg))?.0))
    }

    /// The first `wanted` chosen one by one from the first `pool`, the others behind them in their order.
    pub(super) fn diverse(
        &self,
        field: usize,
        lambda: f32,
        mut ranked: Vec<Candidate>,
        (pool, wanted): (usize, usize),
        watch: &dyn Watch,
    ) -> Vec<Candidate> {
        let behind = ranked.split_off(pool.min(ranked.len()));
        let vectors = map(&ranked, |candidate| {
            let vector = self.segment(candidate.segment).vectors(field)?.get(candidate.row)?;
            let norm = sanderling_kernels::norm(&vector);
            Some((vector, norm))
        });
        let (best, worst) = (score_of(ranked.first()), score_of(ranked.last()));
        let relevance = map(&ranked, |candidate| {
            if best > worst { ((score_of(Some(candidate)) - worst) / (best - worst)) as f32 } else { 1.0 }
        });
        let mut likeness = vec![0.0_f32; ranked.len()];
        let mut is_chosen = vec![false; ranked.len()];
        let mut chosen = Vec::new();
        while chosen.len() < wanted.min(ranked.len()) && !watch.is_over() {
            let mut next: Option<(f32, usize)> = None;
            for at in 0..ranked.len() {
                let worth = lambda * relevance[at] - (1.0 - lambda) * likeness[at];
                if !is_chosen[at] && next.is_none_or(|(most, _)| worth > most) {
                    next = Some((worth, at));
                }
            }
            let Some((_, next)) = next else { break };
            is_chosen[next] = true;
            chosen.push(ranked[next]);
            for (at, likeness) in likeness.iter_mut().enumerate() {
                let alike = cosine(vectors[next].as_ref(), vectors[at].as_ref());
                *likeness = if chosen.len() == 1 { alike } else { likeness.max(alike) };
            }
        }
        let left = ranked.iter().zip(&is_chosen).filter(|(_, is_chosen)| !**is_chosen).map(|(candidate, _)| *candidate);
        chosen.extend(left);
        chosen.extend(behind);
        chosen
    }
}

/// A score as it is reported.
fn score_of(candidate: Option<&Candidate>) -> f64 {
    candidate.map_or(0.0, |candidate| f64::from(candidate.score.clamp(f32::MIN, f32::MAX)))
}

type Measured<'a> = (Cow<'a, [f32]>, f32);

/// 0 where there is no vector, or one without a direction.
fn cosine(one: Option<&Measured<'_>>, other: Option<&Measured<'_>>) -> f32 {
    let (Some((one, norm)), Some((other, other_norm))) = (one, other) else { return 0.0 };
    let cosine = sanderling_kernels::dot(one, other) / (norm * other_norm);
    if cosine.is_finite() { cosine } else { 0.0 }
}
