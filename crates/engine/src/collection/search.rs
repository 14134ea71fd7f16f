//! One search: filter once per segment, the best of each leg over all segments, fuse, fetch.

use super::{
    hits::Telling,
    state::CollectionState,
    text::{Effort, TextMatches},
};
use crate::{
    Error, Result,
    document::quoted,
    filter::rows_matching,
    ids::RowId,
    lists::{map, try_map},
    numbering::{Numbering, hash},
    query::{Candidate, Fusion, Query, Ranked, SearchResult, SegmentPlan, TextLeg, TopK, VectorQuery, reciprocal_rank},
    rows::RowSet,
    schema::{FieldKind, VectorField},
    settings::LEG_DEPTH_DEFAULT,
    vector::{RECALL_APPROXIMATE_MAX, VectorHit, VectorSearch},
};
use alloc::{format, string::String, vec, vec::Vec};

/// A vector leg with its field found.
pub(super) struct ResolvedVector<'a> {
    pub position: usize,
    pub field: &'a VectorField,
    pub query: &'a VectorQuery,
}

/// The rows of a segment that the filter lets through, and those of them that match.
struct SegmentRows {
    live: usize,
    allowed: RowSet,
    matching: RowSet,
}

/// Takes a row and its score.
type Offer<'a> = &'a mut dyn FnMut(RowId, f32);

impl CollectionState {
    /// Answers a search.
    pub fn search(&self, query: &Query, now: u64) -> Result<SearchResult> {
        let filter = self.checked_filter(query.filter.as_ref())?;
        let vectors = try_map(&query.vectors, |leg| self.resolve_vector(leg))?;
        let text = match &query.text {
            Some(text) => self.resolve_text(text)?,
            None => None,
        };
        let details = query.explain || query.highlight.is_some();
        let live = map(0..=self.held.len(), |at| self.live_rows(at, now));
        let wants_rows = !vectors.is_empty();
        let matches = text.as_ref().map(|text| self.match_text(text, &live, wants_rows, details));
        let rows = map(live.iter().enumerate(), |(at, live)| {
            let mut allowed = live.clone();
            if let Some(filter) = &filter {
                allowed.intersect(&rows_matching(filter, &self.segment(at)));
            }
            let matching = self.matching_rows(at, &allowed, matches.as_ref(), &vectors);
            SegmentRows { live: live.count(), allowed, matching }
        });
        let wanted = query.offset.saturating_add(query.limit);
        let legs = if query.limit == 0 { 0 } else { wanted.max(LEG_DEPTH_DEFAULT) };
        let scored = matches.as_ref().filter(|matches| matches.scored);
        // A leg alone is not fused with anything: its first hits are the answer.
        let is_alone = vectors.len() + usize::from(scored.is_some()) == 1;
        let depth = if is_alone && query.limit > 0 { wanted } else { legs };
        let mut plan = self.plan(filter.is_some(), matches.is_some(), &rows);
        let mut total = rows.iter().map(|rows| rows.matching.count()).sum();
        let text_leg = scored.map(|matches| self.text_leg(matches, &rows, depth, &mut plan, &mut total));
        let vector_legs = map(&vectors, |leg| self.vector_leg(leg, &rows, depth, &mut plan));
        let places = Places::new(text_leg.as_deref(), &vector_legs);
        let mut ranked = match (&text_leg, vector_legs.as_slice()) {
            (None, []) => self.oldest_first(&rows, wanted),
            (Some(only), []) | (None, [only]) => only.clone(),
            _ => places.fused(query),
        };
        if let Some(least) = query.min_score {
            ranked.retain(|candidate| candidate.score >= least);
        }
        let highlighted = self.highlighted(query.highlight.as_ref(), query.text.as_ref())?;
        let wanted = ranked.get(query.offset..wanted.min(ranked.len())).unwrap_or_default();
        let telling = Telling { query, places: &places, vectors: &vectors, matches: matches.as_ref(), highlighted };
        let hits = try_map(wanted, |candidate| self.hit(candidate, &telling))?;
        plan.retain(|segment| segment.documents > 0);
        let reasons = map(&self.damage, |damage| String::from(damage.message()));
        Ok(SearchResult { hits, total, plan, reasons })
    }

    fn resolve_vector<'a>(&'a self, query: &'a VectorQuery) -> Result<ResolvedVector<'a>> {
        let mut fields = self.schema.vector_fields();
        let found = match &query.field {
            Some(name) => fields.find(|(position, _)| self.schema.fields[*position].name == *name),
            None => fields.next().filter(|_| fields.next().is_none()),
        };
        let Some((position, field)) = found else {
            let names = self.schema.names(|kind| matches!(kind, FieldKind::Vector(_)));
            let expected = format_args!("a vector field of the schema ({names})");
            let found = query.field.as_ref().map_or(String::from("no field"), |name| quoted(name));
            return Err(Error::expected(&"vector.field", &expected, &found));
        };
        if query.value.len() != field.dimensions {
            let expected = format_args!("{} dimensions", field.dimensions);
            return Err(Error::expected(&"vector", &expected, &query.value.len()));
        }
        Ok(ResolvedVector { position, field, query })
    }

    /// A document matches when it passes the filter and matches the text or has the vector of a leg.
    fn matching_rows(
        &self,
        at: usize,
        allowed: &RowSet,
        text: Option<&TextMatches>,
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

    fn text_leg(
        &self,
        matches: &TextMatches<'_>,
        rows: &[SegmentRows],
        limit: usize,
        plan: &mut [SegmentPlan],
        total: &mut usize,
    ) -> Vec<Candidate> {
        let mut top = TopK::new(limit);
        for at in 0..=self.held.len() {
            let candidate = |row, score| Candidate { score, segment: at, row };
            let Effort { matching, scored } = matches.rank(at, &rows[at].allowed, &mut top, &candidate);
            if matches.rows.is_none() {
                *total += matching;
            }
            if limit > 0 {
                plan[at].text = Some(format!("scored {scored} of {matching}"));
            }
        }
        top.into_sorted()
    }

    fn vector_leg(
        &self,
        leg: &ResolvedVector<'_>,
        rows: &[SegmentRows],
        limit: usize,
        plan: &mut [SegmentPlan],
    ) -> Vec<Candidate> {
        let VectorQuery { value, exact, recall, ef, oversample, .. } = leg.query;
        let recall = recall.unwrap_or(leg.field.recall as f32);
        let search = VectorSearch {
            wanted: limit,
            is_exact: *exact || recall > RECALL_APPROXIMATE_MAX,
            recall,
            oversample: *oversample,
            breadth: *ef,
        };
        self.best(limit, &mut |at, offer| {
            if let Some(searched) = self.segment(at).searched_vectors(leg.position)
                && limit > 0
            {
                let found = &mut |hit: VectorHit| offer(hit.row, hit.similarity);
                let strategy = searched.search(value, search, (&rows[at].allowed).into(), found);
                plan[at].vectors.push(format!("{}: {strategy}", searched.index.name()));
            }
        })
    }

    /// Without any leg: what passes the filter, oldest first, score 0.
    fn oldest_first(&self, rows: &[SegmentRows], limit: usize) -> Vec<Candidate> {
        self.best(limit, &mut |at, offer| rows[at].matching.iter().for_each(|row| offer(row, 0.0)))
    }

    /// The best of what `each` offers for each segment: rows with their scores.
    fn best(&self, limit: usize, each: &mut dyn FnMut(usize, Offer<'_>)) -> Vec<Candidate> {
        let mut top = TopK::new(limit);
        for at in 0..=self.held.len() {
            each(at, &mut |row, score| {
                top.offer(Candidate { score, segment: at, row });
            });
        }
        top.into_sorted()
    }

    /// What the segments do, as far as it is known before they do it.
    fn plan(&self, filter: bool, text: bool, rows: &[SegmentRows]) -> Vec<SegmentPlan> {
        map(rows.iter().enumerate(), |(at, rows)| SegmentPlan {
            state: self.held.get(at).map_or("growing", |held| held.segment.state()),
            documents: rows.live,
            filter: filter.then_some("column scan"),
            text: text.then(|| String::from("matched")),
            vectors: Vec::new(),
        })
    }
}

/// The candidates of all legs, each with its place in every leg, found by where it lies.
pub(super) struct Places {
    number_of: Numbering,
    places: Vec<Place>,
}

/// One candidate's ranks: in the text leg, and in each vector leg.
pub(super) struct Place {
    candidate: Candidate,
    pub text: Option<TextLeg>,
    pub vectors: Vec<Option<(u32, f32)>>,
}

impl Places {
    fn new(text: Option<&[Candidate]>, vectors: &[Vec<Candidate>]) -> Self {
        let mut places = Self { number_of: Numbering::default(), places: Vec::new() };
        for (candidate, rank) in text.unwrap_or_default().iter().zip(1..) {
            places.place(candidate, vectors.len()).text = Some(TextLeg { rank, score: candidate.score });
        }
        for (leg, candidates) in vectors.iter().enumerate() {
            for (candidate, rank) in candidates.iter().zip(1..) {
                places.place(candidate, vectors.len()).vectors[leg] = Some((rank, candidate.score));
            }
        }
        places
    }

    fn place(&mut self, candidate: &Candidate, legs: usize) -> &mut Place {
        let next = self.places.len() as u32;
        let number = self.number(candidate).unwrap_or(next);
        if number == next {
            self.number_of.set(hash_of(candidate), next, &mut |_| false);
            self.places.push(Place { candidate: *candidate, text: None, vectors: vec![None; legs] });
        }
        &mut self.places[number as usize]
    }

    pub fn get(&self, candidate: &Candidate) -> Option<&Place> {
        self.number(candidate).map(|number| &self.places[number as usize])
    }

    fn number(&self, candidate: &Candidate) -> Option<u32> {
        let is_same = &mut |number: u32| self.places[number as usize].candidate.place() == candidate.place();
        self.number_of.find(hash_of(candidate), is_same)
    }

    /// Reciprocal rank fusion over the legs' merged lists, in the order of the legs.
    fn fused(&self, query: &Query) -> Vec<Candidate> {
        let Fusion { k, text_weight, vector_weight } = query.fusion;
        let mut best = TopK::new(usize::MAX);
        for place in &self.places {
            let text = place.text.map(|leg| Ranked { rank: leg.rank, weight: text_weight });
            let vectors = place.vectors.iter().flatten().map(|(rank, _)| Ranked { rank: *rank, weight: vector_weight });
            let score = reciprocal_rank(k, text.into_iter().chain(vectors));
            best.offer(Candidate { score, ..place.candidate });
        }
        best.into_sorted()
    }
}

fn hash_of(candidate: &Candidate) -> u32 {
    let (segment, RowId(row)) = candidate.place();
    hash(&(u64::from(row) | (segment as u64) << 32).to_le_bytes())
}

impl Place {
    /// The vector leg that ranks the candidate highest: which, where, and its similarity.
    pub fn best_vector(&self) -> Option<(usize, u32, f32)> {
        let legs = self.vectors.iter().enumerate();
        let ranked = legs.filter_map(|(leg, place)| place.map(|(rank, similarity)| (leg, rank, similarity)));
        ranked.min_by_key(|(_, rank, _)| *rank)
    }
}
