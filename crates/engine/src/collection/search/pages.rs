//! Which part of a ranking is shown, and what leads to the next.
//!
//! The next page begins behind the last hit of the one before wherever that hit is now. So what was written or removed meanwhile
//! ahead of it moves nothing, and neither does a deeper search that finds what one for fewer hits had missed. Where the hit
//! is gone, the page begins at the place that it had.

use super::{
    Asked, Chosen, Ranking,
    groups::{Group, Groups},
};
use crate::{
    Result,
    collection::state::CollectionState,
    ids::SequenceNumber,
    limits::MMR_HITS_MAX,
    query::{Candidate, Cursor, Query},
};
use core::ops::Range;

/// What is shown of a ranking, as the query has it.
pub(super) struct Page {
    /// How many come before.
    from: usize,
    /// How deep legs go that are fused: the same for all pages that follow one.
    pub depth: usize,
    /// The version of the last hit of the page before.
    last: Option<SequenceNumber>,
}

impl Page {
    pub fn of(query: &Query) -> Result<Self> {
        Ok(match Cursor::of(query)? {
            Some(Cursor { position, depth, last }) => {
                Self { from: position as usize, depth: depth as usize, last: Some(last) }
            }
            None => {
                let depth = query.offset.saturating_add(query.limit).max(query.leg_depth);
                Self { from: query.offset, depth, last: None }
            }
        })
    }

    /// How many hits, or groups, come until its end.
    pub fn end(&self, query: &Query) -> usize {
        self.from.saturating_add(query.limit)
    }
}

impl CollectionState {
    /// What hits are taken from, and which part of it. `chosen` gives the first so many.
    pub(super) fn page(
        &self,
        Asked { query, page, .. }: &Asked<'_>,
        chosen: &mut dyn FnMut(usize) -> Chosen,
    ) -> (Chosen, Range<usize>) {
        let wanted = if query.limit == 0 { 0 } else { page.end(query) };
        let mut first = chosen(wanted);
        let mut from = self.begin(page, &first);
        if from > page.from && query.limit > 0 {
            first = chosen(from.saturating_add(query.limit));
            from = self.begin(page, &first);
        }
        (first, from..from.saturating_add(query.limit))
    }

    /// Where the page begins.
    fn begin(&self, page: &Page, Chosen { ranking, groups }: &Chosen) -> usize {
        let Some(last) = page.last.filter(|last| last.0 > 0) else { return page.from };
        let is_last = |candidate: &Candidate| self.segment(candidate.segment).sequence(candidate.row) == last;
        let before = page.from.saturating_sub(1);
        let place = match groups {
            None => ranking.ranked.iter().position(is_last),
            Some(Groups(groups)) => {
                let begins = |group: &Group| group.members.first().is_some_and(is_last);
                // A document with several values may be the first of several groups.
                let stays = groups.get(before).is_some_and(begins).then_some(before);
                stays.or_else(|| groups.iter().position(begins))
            }
        };
        place.map_or(before, |place| place + 1)
    }

    /// The cursor behind a page, where more may follow.
    pub(super) fn cursor_behind(
        &self,
        Asked { query, page, diverse, .. }: &Asked<'_>,
        Ranking { ranked, is_all, total, .. }: &Ranking,
        groups: Option<&Groups>,
        &Range { end, .. }: &Range<usize>,
    ) -> Option<alloc::string::String> {
        let last_at = end.checked_sub(1).filter(|_| query.limit > 0)?;
        let last = match groups {
            Some(Groups(groups)) => groups.get(last_at)?.members.first(),
            None => Some(ranked.get(last_at).filter(|_| end < *total && (!is_all || end < ranked.len()))?),
        };
        // Hits that differ are chosen from so many at most.
        if diverse.is_some() && end.saturating_add(query.limit) > MMR_HITS_MAX {
            return None;
        }
        let last = last.map_or(SequenceNumber(0), |last| self.segment(last.segment).sequence(last.row));
        let cursor = Cursor { position: u32::try_from(end).ok()?, depth: u32::try_from(page.depth).ok()?, last };
        Some(cursor.to_text(query))
    }
}
