//! One search: filter once per segment, rank, choose, fetch.
//!
//! Each leg gives its best over all segments ([`legs`]); several are fused ([`places`]). What is ranked is then brought into the
//! asked order ([`order`]), made to differ ([`diverse`]) or put together into groups ([`groups`]). Matches are counted apart from that
//! ([`facets`]).

mod diverse;
mod facets;
mod groups;
mod legs;
mod order;
mod pages;
mod places;

use super::{
    hits::Telling,
    state::CollectionState,
    text::{ResolvedText, TextMatches},
};
use crate::{
    Error, Result,
    attributes::AttributeColumn,
    document::quoted,
    filter::{Filter, Prepared},
    lists::{map, try_map},
    query::{Candidate, FilterPlan, Hit, Latch, Query, SearchResult, SegmentPlan, Unwatched, VectorQuery, Watch},
    rows::RowSet,
    schema::{AttributeKind, FieldKind, VectorField},
    segment::Unpacked,
};
use alloc::{format, string::String, vec::Vec};
use core::fmt::Display;
use facets::AskedFacet;
use groups::Groups;
use order::SortKey;
use pages::Page;
pub(super) use places::{Place, Places};

/// A vector leg with its field found.
pub(super) struct ResolvedVector<'a> {
    pub position: usize,
    pub field: &'a VectorField,
    pub query: &'a VectorQuery,
}

/// A query checked against the schema.
struct Asked<'a> {
    query: &'a Query,
    page: Page,
    filter: Option<Filter>,
    text: Option<ResolvedText<'a>>,
    vectors: Vec<ResolvedVector<'a>>,
    sort: Vec<SortKey>,
    facets: Vec<AskedFacet>,
    /// The field that hits are grouped by.
    group: Option<usize>,
    /// The field by which hits differ.
    diverse: Option<usize>,
    highlighted: Vec<usize>,
}

/// The rows of a segment that the filter lets through, and those of them that match.
struct SegmentRows {
    live: usize,
    allowed: RowSet,
    matching: RowSet,
    filter: Option<FilterPlan>,
}

impl Asked<'_> {
    /// How many of its best each leg gives, where so many matches are needed, or are chosen from.
    fn depth(&self, legs: usize, has_text: bool, (needed, pool, fused): (usize, usize, usize)) -> usize {
        match (legs, !self.sort.is_empty()) {
            _ if needed == 0 => 0,
            (0, true) => 0,
            // Texts are scored quickly; and where what scores too little is left out, all scores must be known.
            (1, true) if has_text || self.query.min_score.is_some() => usize::MAX,
            // A leg alone is not fused with anything: its first hits are the answer.
            (0 | 1, false) => pool,
            // Scores may not depend on how many hits a group has, or on an order by fields.
            _ => fused,
        }
    }
}

impl SegmentRows {
    /// Of a segment that there was no time for.
    fn left_out(live: &RowSet) -> Self {
        let none = RowSet::none(live.rows());
        Self { live: live.count(), allowed: none.clone(), matching: none, filter: None }
    }
}

/// Matches in the order in which hits come, at least so many as were needed.
struct Ranking {
    ranked: Vec<Candidate>,
    /// Whether there are no more.
    is_all: bool,
    places: Places,
    total: usize,
    plan: Vec<SegmentPlan>,
}

/// What hits are taken from.
struct Chosen {
    ranking: Ranking,
    groups: Option<Groups>,
}

impl CollectionState {
    /// Answers a search.
    pub fn search(&self, query: &Query, now: u64) -> Result<SearchResult> {
        self.search_watched(query, now, &Unwatched)
    }

    /// Answers a search with what there is when `watch` says that its time is over.
    pub fn search_watched(&self, query: &Query, now: u64, watch: &dyn Watch) -> Result<SearchResult> {
        let watch = &Latch::new(watch);
        let asked = self.asked(query)?;
        let details = query.explain || query.highlight.is_some();
        let live = map(0..=self.held.len(), |at| self.live_rows(at, now));
        let wants_rows = !asked.vectors.is_empty() || !asked.facets.is_empty() || !asked.sort.is_empty();
        let matches = asked.text.as_ref().map(|text| self.match_text(text, &live, wants_rows, details, watch));
        let matches = matches.as_ref();
        let rows = map(live.iter().enumerate(), |(at, live)| {
            if watch.is_over() {
                SegmentRows::left_out(live)
            } else {
                self.segment_rows(at, live, &asked, matches, watch)
            }
        });
        let facets = map(&asked.facets, |facet| {
            (self.schema.fields[facet.field].name.clone(), self.counted(facet, &rows, watch))
        });
        let chosen = &mut |wanted| self.chosen(&asked, &rows, matches, (wanted, watch));
        let (Chosen { ranking, groups }, page) = self.page(&asked, &rows, watch, chosen);
        let cursor = if watch.has_cut() { None } else { self.cursor_behind(&asked, &ranking, groups.as_ref(), &page) };
        let Ranking { ranked, places, total, mut plan, .. } = ranking;
        let telling =
            Telling { query, places: &places, vectors: &asked.vectors, matches, highlighted: asked.highlighted };
        let in_time =
            |chosen: &[Candidate]| chosen.iter().take_while(|_| !watch.is_over()).copied().collect::<Vec<_>>();
        let mut unpacked = Unpacked::default();
        let mut told =
            |chosen: &[Candidate]| try_map(in_time(chosen), |candidate| self.hit(&candidate, &telling, &mut unpacked));
        let (hits, groups) = match groups {
            None => (told(within(&ranked, page))?, None),
            Some(Groups(groups)) => {
                let groups = try_map(within(&groups, page), |group| {
                    Ok::<_, Error>(crate::query::Group { value: group.value.clone(), hits: told(&group.members)? })
                })?;
                (Vec::<Hit>::new(), Some(groups))
            }
        };
        plan.retain(|segment| segment.documents > 0);
        let mut reasons = map(&self.damage, |damage| String::from(damage.message()));
        if watch.has_cut() {
            reasons.push("the search was stopped before its end: its time was over".into());
        }
        // What was cut while hits were told is no whole page.
        let cursor = cursor.filter(|_| !watch.has_cut());
        Ok(SearchResult { hits, groups, cursor, facets, total, plan, reasons })
    }

    fn asked<'a>(&'a self, query: &'a Query) -> Result<Asked<'a>> {
        let page = Page::of(query)?;
        let asked = Asked {
            query,
            filter: self.checked_filter(query.filter.as_ref())?,
            text: match &query.text {
                Some(text) => self.resolve_text(text)?,
                None => None,
            },
            vectors: try_map(&query.vectors, |leg| self.resolve_vector(leg))?,
            sort: try_map(&query.sort, |sort| self.sort_key(sort))?,
            facets: try_map(&query.facets, |facet| self.asked_facet(facet))?,
            group: match &query.group_by {
                Some(group_by) => Some(self.attribute_field(&"groupBy.field", &group_by.field)?.0),
                None => None,
            },
            diverse: self.diverse_field(query, &page)?,
            highlighted: self.highlighted(query.highlight.as_ref(), query.text.as_ref())?,
            page,
        };
        Ok(asked)
    }

    fn resolve_vector<'a>(&'a self, query: &'a VectorQuery) -> Result<ResolvedVector<'a>> {
        let (position, field) = self.vector_field(&"vector.field", query.field.as_deref())?;
        if query.value.len() != field.dimensions {
            let expected = format_args!("{} dimensions", field.dimensions);
            return Err(Error::expected(&"vector", &expected, &query.value.len()));
        }
        // One that was made in Rust was not read from JSON.
        if query.value.iter().any(|value| !value.is_finite()) {
            return Err(Error::expected(&"vector", &"finite numbers", &"NaN or infinity"));
        }
        Ok(ResolvedVector { position, field, query })
    }

    /// The vector field of a name, or the only one.
    fn vector_field(&self, path: &dyn Display, name: Option<&str>) -> Result<(usize, &VectorField)> {
        let mut fields = self.schema.vector_fields();
        let found = match name {
            Some(name) => fields.find(|(position, _)| self.schema.fields[*position].name == name),
            None => fields.next().filter(|_| fields.next().is_none()),
        };
        found.ok_or_else(|| {
            let names = self.schema.names(|kind| matches!(kind, FieldKind::Vector(_)));
            let expected = format_args!("a vector field of the schema ({names})");
            Error::expected(path, &expected, &name.map_or(String::from("no field"), quoted))
        })
    }

    /// The attribute of a name whose values have an order.
    fn attribute_field(&self, path: &dyn Display, name: &str) -> Result<(usize, AttributeKind)> {
        fn kind_of(kind: &FieldKind) -> Option<AttributeKind> {
            match kind {
                FieldKind::Attribute(attribute) => Some(attribute.kind).filter(|kind| *kind != AttributeKind::Geo),
                _ => None,
            }
        }
        let found = self.schema.position(name).and_then(|at| Some((at, kind_of(&self.schema.fields[at].kind)?)));
        found.ok_or_else(|| {
            let names = self.schema.names(|kind| kind_of(kind).is_some());
            let expected = format_args!("a keyword, number, date or boolean field of the schema ({names})");
            Error::expected(path, &expected, &quoted(name))
        })
    }

    /// The column of an attribute in a segment. One that is older than the field has none.
    fn attribute(&self, at: usize, field: usize) -> Option<AttributeColumn<'_>> {
        self.segment(at).attribute(field)
    }

    fn segment_rows(
        &self,
        at: usize,
        live: &RowSet,
        asked: &Asked<'_>,
        matches: Option<&TextMatches<'_>>,
        watch: &dyn Watch,
    ) -> SegmentRows {
        let mut allowed = live.clone();
        let mut told = None;
        if let Some(filter) = &asked.filter {
            let prepared = Prepared::new(filter, &self.segment(at), watch);
            allowed.intersect(&prepared.rows(watch));
            if watch.is_over() {
                return SegmentRows::left_out(live); // conditions that were left out let nothing or all through
            }
            let (passing, estimate) = (allowed.count(), prepared.estimate());
            let how = format!("{passing} of about {estimate}, first by {}", prepared.driver(filter, &self.schema));
            told = Some(FilterPlan { how, estimate, passing });
        }
        let matching = self.matching_rows(at, &allowed, matches, &asked.vectors);
        SegmentRows { live: live.count(), allowed, matching, filter: told }
    }

    /// A document matches when it passes the filter and matches the text or has the vector of a leg.
    fn matching_rows(
        &self,
        at: usize,
        allowed: &RowSet,
        text: Option<&TextMatches<'_>>,
        vectors: &[ResolvedVector<'_>],
    ) -> RowSet {
        if text.is_none() && vectors.is_empty() {
            return allowed.clone();
        }
        let mut matching = RowSet::none(allowed.rows());
        // Where the text leg alone knows, it counts them.
        if let Some(rows) = text.and_then(|text| text.rows.as_ref()) {
            matching.unite(&rows[at]);
        }
        for leg in vectors {
            matching.unite(&self.segment(at).rows_with(leg.position));
        }
        matching.intersect(allowed);
        matching
    }

    /// The first `wanted` hits, or groups, or more.
    fn chosen(
        &self,
        asked: &Asked<'_>,
        rows: &[SegmentRows],
        matches: Option<&TextMatches<'_>>,
        (wanted, watch): (usize, &dyn Watch),
    ) -> Chosen {
        let ranking = &mut |needed| self.ranking(asked, rows, matches, (needed, watch));
        match (asked.group, &asked.query.group_by) {
            (Some(field), Some(group_by)) => {
                let (ranking, groups) = self.grouped(field, group_by.limit, (wanted, watch), ranking);
                Chosen { ranking, groups: Some(groups) }
            }
            _ => Chosen { ranking: ranking(wanted), groups: None },
        }
    }

    /// The first `needed` matches in the order of the hits, or more.
    fn ranking(
        &self,
        asked: &Asked<'_>,
        rows: &[SegmentRows],
        matches: Option<&TextMatches<'_>>,
        (needed, watch): (usize, &dyn Watch),
    ) -> Ranking {
        let Asked { query, vectors, .. } = asked;
        let scored = matches.filter(|matches| matches.scored);
        // Hits that differ are chosen from as many, however many are needed for groups.
        let chosen_from = asked.page.depth;
        let pool = if asked.diverse.is_some() { needed.max(chosen_from) } else { needed };
        let legs = vectors.len() + usize::from(scored.is_some());
        let depth = asked.depth(legs, scored.is_some(), (needed, pool, chosen_from));
        let mut plan = self.plan(matches.is_some(), rows);
        let mut total = rows.iter().map(|rows| rows.matching.count()).sum();
        let text_leg = scored.map(|matches| self.text_leg(matches, rows, (depth, watch), &mut plan, &mut total));
        let vector_legs = map(vectors, |leg| self.vector_leg(leg, rows, (depth, watch), &mut plan));
        let mut places = Places::new(&query.fusion, text_leg.as_deref(), &vector_legs);
        let mut ranked = match (text_leg, vector_legs.as_slice()) {
            (None, []) => oldest_first(rows, depth),
            (Some(only), []) => only,
            (None, [only]) => only.clone(),
            _ => places.fused(),
        };
        if !asked.sort.is_empty() && needed > 0 {
            ranked = self.sorted_matches(asked, rows, &places, needed);
        } else if legs > 0 {
            add_unranked(&mut ranked, rows, &places, needed);
        }
        let mut is_all = ranked.len() < needed;
        if let Some(least) = query.min_score {
            let found = ranked.len();
            ranked.retain(|candidate| candidate.score >= least);
            // What comes behind those that score too little scores less.
            is_all |= ranked.len() < found && asked.sort.is_empty();
        }
        if let (Some(field), Some(mmr)) = (asked.diverse, &query.mmr) {
            let wanted = if asked.group.is_some() { chosen_from } else { needed };
            ranked = self.diverse(field, mmr.lambda, ranked, (chosen_from, wanted), watch);
        }
        Ranking { ranked, is_all, places, total, plan }
    }

    /// The first of all matches that score enough, in the order of their fields.
    fn sorted_matches(
        &self,
        asked: &Asked<'_>,
        rows: &[SegmentRows],
        places: &Places,
        needed: usize,
    ) -> Vec<Candidate> {
        let mut matches = oldest_first(rows, usize::MAX);
        if let Some(least) = asked.query.min_score {
            matches.retain(|candidate| places.score(candidate) >= least);
        }
        let mut sorted = self.ordered(&asked.sort, &matches, needed);
        sorted.iter_mut().for_each(|candidate| candidate.score = places.score(candidate));
        sorted
    }

    /// What the segments do, as far as it is known before they do it.
    fn plan(&self, text: bool, rows: &[SegmentRows]) -> Vec<SegmentPlan> {
        map(rows.iter().enumerate(), |(at, rows)| SegmentPlan {
            state: self.held.get(at).map_or("growing", |held| held.segment.state()),
            documents: rows.live,
            filter: rows.filter.clone(),
            text: text.then(|| String::from("matched")),
            vectors: Vec::new(),
        })
    }
}

/// Without any leg: what passes the filter, oldest first, score 0.
fn oldest_first(rows: &[SegmentRows], limit: usize) -> Vec<Candidate> {
    let mut oldest = Vec::new();
    for (segment, rows) in rows.iter().enumerate() {
        for row in rows.matching.iter().take(limit - oldest.len()) {
            oldest.push(Candidate { score: 0.0, segment, row });
        }
    }
    oldest
}

/// Adds matches that no leg has ranked, until there are `needed`: those that words which exclude let through, and those that lie
/// deeper than legs go which are fused. They score nothing, and come behind all others.
fn add_unranked(ranked: &mut Vec<Candidate>, rows: &[SegmentRows], places: &Places, needed: usize) {
    let score = ranked.last().map_or(0.0, |last| last.score.min(0.0));
    for (segment, rows) in rows.iter().enumerate() {
        for row in rows.matching.iter() {
            if ranked.len() >= needed {
                return;
            }
            let candidate = Candidate { score, segment, row };
            if places.get(&candidate).is_none() {
                ranked.push(candidate);
            }
        }
    }
}

/// A part of a list, as far as the list goes.
fn within<T>(list: &[T], range: core::ops::Range<usize>) -> &[T] {
    list.get(range.start..range.end.min(list.len())).unwrap_or_default()
}
