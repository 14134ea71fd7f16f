//! Which part of a ranking is shown, and what leads to the next.
//!
//! The next page begins behind the last hit of the one before wherever that hit is now, or would be if it is gone. So what was
//! written or removed meanwhile moves nothing else, and neither does a deeper search that finds what one for fewer hits had missed.
//! Where that place lies deeper than was ranked, more is ranked.

use super::{Asked, Chosen, Ranking, SegmentRows, groups::Groups, order::compare_values, places::Places};
use crate::{
    Result,
    collection::state::CollectionState,
    ids::SequenceNumber,
    limits::MMR_HITS_MAX,
    query::{Candidate, Cursor, Query, Watch},
};
use core::{cmp::Ordering, ops::Range};

/// What is shown of a ranking, as the query has it.
pub(super) struct Page {
    /// How many come before.
    from: usize,
    /// How deep legs go that are fused: the same for all pages that follow one.
    pub depth: usize,
    /// The end of the page before.
    behind: Option<Cursor>,
}

impl Page {
    pub fn of(query: &Query) -> Result<Self> {
        let behind = Cursor::of(query)?;
        let (from, depth) = match &behind {
            Some(cursor) => (cursor.position as usize, cursor.depth as usize),
            None => (query.offset, query.offset.saturating_add(query.limit).max(query.leg_depth)),
        };
        Ok(Self { from, depth, behind })
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
        asked: &Asked<'_>,
        rows: &[SegmentRows],
        watch: &dyn Watch,
        chosen: &mut dyn FnMut(usize) -> Chosen,
    ) -> (Chosen, Range<usize>) {
        let limit = asked.query.limit;
        let mut wanted = if limit == 0 { 0 } else { asked.page.end(asked.query) };
        loop {
            let first = chosen(wanted);
            let from = self.begin(asked, rows, &first);
            let end = from.saturating_add(limit);
            let found = first.groups.as_ref().map_or(first.ranking.ranked.len(), |groups| groups.0.len());
            if limit == 0 || end <= wanted || found < wanted || watch.is_over() {
                return (first, from..end);
            }
            wanted = end.max(wanted.saturating_mul(2));
        }
    }

    /// Where the page begins.
    fn begin(&self, asked: &Asked<'_>, rows: &[SegmentRows], Chosen { ranking, groups }: &Chosen) -> usize {
        let Some(behind) = &asked.page.behind else { return asked.page.from };
        let Ranking { ranked, is_all, places, .. } = ranking;
        let is_last = &mut |candidate: &Candidate| self.written(candidate) == behind.last;
        let end_of = |place, split| groups.as_ref().map_or(place, |groups| groups.count_ahead(ranked, place, split));
        if let Some(at) = ranked.iter().position(is_last) {
            return end_of(at + 1, behind.values.last());
        }
        let before = asked.page.from.saturating_sub(1);
        // Hits that differ have no order that would tell where one was that is gone.
        if asked.diverse.is_some() {
            return before;
        }
        if !is_all && asked.sort.is_empty() && self.is_among(rows, behind.last) {
            return end_of(ranked.len(), None); // it lies deeper
        }
        let is_behind = &mut |candidate: &Candidate| self.is_behind(asked, candidate, places, behind);
        let begin = end_of(ranked.iter().position(is_behind).unwrap_or(ranked.len()), None);
        // Where all scores change with what is removed, others rather come once more than not at all.
        let is_relative = asked.sort.is_empty() && (asked.text.is_some() || asked.vectors.len() > 1);
        if is_relative { begin.min(before) } else { begin }
    }

    fn written(&self, candidate: &Candidate) -> SequenceNumber {
        self.segment(candidate.segment).sequence(candidate.row)
    }

    /// Whether what has that version may still be found.
    fn is_among(&self, rows: &[SegmentRows], version: SequenceNumber) -> bool {
        let mut segments = rows.iter().enumerate();
        segments.any(|(at, rows)| rows.allowed.iter().any(|row| self.segment(at).sequence(row) == version))
    }

    /// Whether a candidate is ranked behind the end of a page.
    fn is_behind(&self, asked: &Asked<'_>, candidate: &Candidate, places: &Places, end: &Cursor) -> bool {
        let ordering = if asked.sort.is_empty() {
            end.score.total_cmp(&score_of(candidate, places))
        } else {
            compare_values(&asked.sort, &self.sort_values(&asked.sort, candidate), &end.values)
        };
        ordering.then(self.written(candidate).cmp(&end.last)) == Ordering::Greater
    }

    /// The cursor behind a page, where more may follow.
    pub(super) fn cursor_behind(
        &self,
        Asked { query, page, sort, diverse, .. }: &Asked<'_>,
        Ranking { ranked, is_all, places, total, .. }: &Ranking,
        groups: Option<&Groups>,
        &Range { end, .. }: &Range<usize>,
    ) -> Option<alloc::string::String> {
        let last_at = end.checked_sub(1).filter(|_| query.limit > 0)?;
        let group = match groups {
            Some(Groups(groups)) => Some(groups.get(last_at)?),
            None => None,
        };
        let last = match group {
            Some(group) => &group.first,
            None => ranked.get(last_at).filter(|_| end < *total && (!is_all || end < ranked.len()))?,
        };
        // Hits that differ are chosen from so many at most.
        if diverse.is_some() && end.saturating_add(query.limit) > MMR_HITS_MAX {
            return None;
        }
        let mut values = self.sort_values(sort, last);
        values.extend(group.map(|group| group.value.clone()));
        let cursor = Cursor {
            position: u32::try_from(end).ok()?,
            depth: u32::try_from(page.depth).ok()?,
            last: self.written(last),
            score: score_of(last, places),
            values,
        };
        Some(cursor.to_text(query))
    }
}

/// What a candidate is ordered by where fields do not order: those that no leg ranks come behind all others.
fn score_of(candidate: &Candidate, places: &Places) -> f32 {
    if places.get(candidate).is_some() { candidate.score } else { f32::NEG_INFINITY }
}
