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
    query::{Candidate, Highlight, Hit, Query, TextQuery, VectorLeg, VectorQuery},
    schema::FieldKind,
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

    pub(super) fn hit(&self, candidate: &Candidate, telling: &Telling<'_>) -> Result<Hit> {
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
            Some(highlight) => Some(self.highlights(highlight, location, telling)?),
            None => None,
        };
        let explanation = telling.query.explain.then(|| self.explanation(candidate, place, telling));
        Ok(Hit {
            id: segment.id(candidate.row),
            score: candidate.score,
            version: self.segment(candidate.segment).sequence(candidate.row),
            document: self.selected_document(location, telling.query.select.as_deref())?,
            text: place.and_then(|place| place.text),
            vector,
            highlights,
            explanation,
        })
    }

    /// Every field but vectors, or the selected ones.
    fn selected_document(&self, location: Location, select: Option<&[String]>) -> Result<Document> {
        let Some(select) = select else { return self.stored_document(location) };
        if select.is_empty() {
            return Ok(Document { id: Some(self.segment(location.segment).id(location.row)), fields: Vec::new() });
        }
        let is_selected = |name: &String| select.contains(name);
        let mut document = self.stored_document(location)?;
        document.fields.retain(|(name, _)| is_selected(name));
        self.add_vectors(location, &mut document, &is_selected);
        Ok(document)
    }

    fn highlights(
        &self,
        highlight: &Highlight,
        location: Location,
        telling: &Telling<'_>,
    ) -> Result<Vec<(String, Vec<String>)>> {
        let Highlight { open, close, max_length, .. } = highlight;
        let options = HighlightOptions { open, close, max_length: *max_length };
        let document = self.stored_document(location)?;
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
        let number = |value: f32| Value::Number(f64::from(value));
        let mut explanation = Value::object().with("score", number(candidate.score));
        let Some(place) = place else { return explanation };
        let fusion = &telling.query.fusion;
        let is_fused = telling.vectors.len() + usize::from(telling.matches.is_some_and(|text| text.scored)) > 1;
        let leg = |rank: u32, weight: f32| {
            let leg = Value::object().with("rank", rank);
            if !is_fused {
                return leg;
            }
            leg.with("weight", number(weight))
                .with("k", number(fusion.k))
                .with("adds", number(weight / (fusion.k + rank as f32)))
        };
        if let (Some(text), Some(matches)) = (place.text, telling.matches) {
            let terms = matches.explain(&self.schema, candidate.segment, candidate.row);
            let text = leg(text.rank, fusion.text_weight).with("score", number(text.score)).with("terms", terms);
            explanation = explanation.with("text", text);
        }
        let mut legs = Vec::new();
        for (vector, found) in telling.vectors.iter().zip(&place.vectors) {
            if let Some((rank, similarity)) = found {
                let VectorQuery { .. } = vector.query;
                let name = self.schema.fields[vector.position].name.as_str();
                let leg = leg(*rank, fusion.vector_weight).with("field", name).with("similarity", number(*similarity));
                legs.push(leg);
            }
        }
        if legs.is_empty() { explanation } else { explanation.with("vectors", Value::Array(legs)) }
    }
}
