//! The hits of a search as they are told: document, legs, highlights, explanation.

use super::{
    search::{Place, Places, ResolvedVector},
    state::{CollectionState, Location},
    text::TextMatches,
};
use crate::{
    Document, Error, Result, Value,
    document::quoted,
    lists::{map, try_map},
    query::{Candidate, FusionMethod, Highlight, Hit, LegShare, Query, TextQuery, VectorLeg},
    schema::FieldKind,
    segment::Unpacked,
    text::HighlightOptions,
};
use alloc::{string::String, vec::Vec};

/// What hits are told from.
pub(super) struct Telling<'a> {
    pub query: &'a Query,
    pub places: &'a Places,
    pub vectors: &'a [ResolvedVector<'a>],
    pub matches: Option<&'a TextMatches<'a>>,
    /// The fields that are highlighted.
    pub highlighted: Vec<usize>,
}

impl CollectionState {
    /// The fields that a query highlights, in the order in which it names them.
    pub(super) fn highlighted(&self, highlight: Option<&Highlight>, text: Option<&TextQuery>) -> Result<Vec<usize>> {
        let Some(highlight) = highlight else { return Ok(Vec::new()) };
        let Some(names) = highlight.fields.as_ref().or(text.and_then(|text| text.fields.as_ref())) else {
            return Ok(map(self.schema.text_fields(), |(position, _)| position));
        };
        try_map(names, |name| {
            let position = self.schema.position(name);
            position.filter(|at| matches!(self.schema.fields[*at].kind, FieldKind::Text(_))).ok_or_else(|| {
                let names = self.schema.names(|kind| matches!(kind, FieldKind::Text(_)));
                let expected = format_args!("a text field of the schema ({names})");
                Error::expected(&"highlight.fields", &expected, &quoted(name))
            })
        })
    }

    pub(super) fn hit<'a>(
        &'a self,
        candidate: &Candidate,
        telling: &Telling<'_>,
        unpacked: &mut Unpacked<'a>,
    ) -> Result<Hit> {
        let location = Location { segment: candidate.segment, row: candidate.row };
        let segment = self.segment(candidate.segment);
        let place = telling.places.get(candidate);
        let vector = place.and_then(Place::best_vector).map(|(leg, rank, similarity)| {
            let ResolvedVector { position, field, query } = &telling.vectors[leg];
            let distance = segment.vectors(*position).and_then(|column| {
                let vector = column.get(candidate.row)?;
                let norms = (sanderling_kernels::norm(&query.value), sanderling_kernels::norm(&vector));
                Some(field.metric.distance(&query.value, norms.0, &vector, norms.1))
            });
            VectorLeg { rank, distance: distance.unwrap_or_default(), similarity }
        });
        let highlights = match &telling.query.highlight {
            Some(highlight) => Some(self.highlights(highlight, location, telling, unpacked)?),
            None => None,
        };
        let explanation = telling.query.explain.then(|| self.explanation(candidate, place, telling));
        Ok(Hit {
            id: segment.id(candidate.row),
            score: candidate.score,
            version: self.segment(candidate.segment).sequence(candidate.row),
            document: self.selected_document(location, telling.query.select.as_deref(), unpacked)?,
            text: place.and_then(|place| place.text),
            vector,
            highlights,
            explanation,
        })
    }

    /// Every field but vectors, or the selected ones.
    fn selected_document<'a>(
        &'a self,
        location: Location,
        select: Option<&[String]>,
        unpacked: &mut Unpacked<'a>,
    ) -> Result<Document> {
        let Some(select) = select else { return self.stored_document(location, unpacked) };
        if select.is_empty() {
            return Ok(Document { id: Some(self.segment(location.segment).id(location.row)), fields: Vec::new() });
        }
        let is_selected = |name: &String| select.contains(name);
        let mut document = self.stored_document(location, unpacked)?;
        document.fields.retain(|(name, _)| is_selected(name));
        self.add_vectors(location, &mut document, &is_selected);
        Ok(document)
    }

    fn highlights<'a>(
        &'a self,
        highlight: &Highlight,
        location: Location,
        telling: &Telling<'_>,
        unpacked: &mut Unpacked<'a>,
    ) -> Result<Vec<(String, Vec<String>)>> {
        let Highlight { open, close, max_length, .. } = highlight;
        let options = HighlightOptions { open, close, max_length: *max_length };
        let document = self.stored_document(location, unpacked)?;
        let mut highlights = Vec::new();
        for position in &telling.highlighted {
            let name = &self.schema.fields[*position].name;
            if let (Some(matches), Some(analyzer), Some(value)) =
                (telling.matches, self.analyzers.get(*position), document.get(name))
            {
                let passages = matches.marks.highlights(*position, analyzer, value, &options);
                if !passages.is_empty() {
                    highlights.push((name.clone(), passages));
                }
            }
        }
        Ok(highlights)
    }

    /// The score of a hit taken apart: where legs are fused what each gives, and the terms of the text.
    fn explanation(&self, candidate: &Candidate, place: Option<&Place>, telling: &Telling<'_>) -> Value {
        // As it is reported: one without a bound is the largest or least there is.
        let number = |value: f32| Value::Number(f64::from(value.clamp(f32::MIN, f32::MAX)));
        let mut explanation = Value::object().with("score", number(candidate.score));
        let Some(place) = place else { return explanation };
        let Places { text_share, vector_shares, .. } = telling.places;
        let is_fused = telling.places.is_fused();
        // What a leg adds for a rank and a score, or for a document that is not in its list.
        let leg = |share: &LegShare, found: Option<(u32, f32)>| {
            let leg = found.map_or(Value::object(), |(rank, _)| Value::object().with("rank", rank));
            if !is_fused {
                return leg;
            }
            let leg = leg.with("weight", number(share.weight));
            let leg = match (share.method, found) {
                (FusionMethod::ReciprocalRank { k }, _) => leg.with("k", number(k)),
                (_, Some((_, score))) => match share.normalized(score) {
                    Some(normalized) => leg.with("normalized", number(normalized)),
                    None => leg,
                },
                _ => leg,
            };
            leg.with("adds", number(found.map_or(share.absent(), |(rank, score)| share.present(rank, score))))
        };
        if let (Some(matches), Some(share)) = (telling.matches, text_share) {
            let found = place.text.map(|text| (text.rank, text.score));
            if found.is_some() || share.absent() != 0.0 {
                let mut text = leg(share, found);
                if let Some((_, score)) = found {
                    let terms = matches.explain(&self.schema, candidate.segment, candidate.row);
                    text = text.with("score", number(score)).with("terms", terms);
                }
                explanation = explanation.with("text", text);
            }
        }
        let mut legs = Vec::new();
        for ((vector, share), found) in telling.vectors.iter().zip(vector_shares).zip(&place.vectors) {
            if found.is_some() || share.absent() != 0.0 {
                let name = self.schema.fields[vector.position].name.as_str();
                let mut leg = leg(share, *found).with("field", name);
                if let Some((_, similarity)) = found {
                    leg = leg.with("similarity", number(*similarity));
                }
                legs.push(leg);
            }
        }
        if legs.is_empty() { explanation } else { explanation.with("vectors", Value::Array(legs)) }
    }
}
