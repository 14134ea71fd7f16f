//! The bounds of queries that were put together in Rust: the same as those of [`parse`](super::parse), which looks at each where
//! it is read.

use super::{FacetKind, Fusion, FusionMethod, Fuzziness, Query, TextQuery, VectorQuery};
use crate::{
    Error, Result, Value,
    limits::{
        FACET_RANGES_MAX, FACET_VALUES_MAX, HIGHLIGHT_CHARACTERS_MAX, HITS_MAX, LEG_DEPTH_MAX, OVERSAMPLE_MAX,
        QUERY_TERMS_MAX, SLOP_MAX, SORT_FIELDS_MAX, VECTOR_LEGS_MAX,
    },
};
use core::fmt::Display;

/// Factors and weights.
const FACTOR_MAX: f32 = 1e6;

impl Query {
    /// Refuses what is beyond the bounds of the contract. A query that was read from JSON never is.
    pub fn check(&self) -> Result<()> {
        count("query.limit", self.limit, HITS_MAX)?;
        count("query.offset", self.offset, HITS_MAX)?;
        count("query.legDepth", self.leg_depth, LEG_DEPTH_MAX)?;
        count("sort", self.sort.len(), SORT_FIELDS_MAX)?;
        count("vector", self.vectors.len(), VECTOR_LEGS_MAX)?;
        count("groupBy.limit", self.group_by.as_ref().map_or(0, |group_by| group_by.limit), HITS_MAX)?;
        let passage = self.highlight.as_ref().map_or(0, |highlight| highlight.max_length);
        count("highlight.maxLength", passage, HIGHLIGHT_CHARACTERS_MAX)?;
        for facet in &self.facets {
            match &facet.kind {
                FacetKind::Values { limit } => count("facets", *limit, FACET_VALUES_MAX)?,
                FacetKind::Ranges(ranges) => {
                    count("facets", ranges.len(), FACET_RANGES_MAX)?;
                    let is_nan = |bound: &Value| matches!(bound, Value::Number(number) if number.is_nan());
                    if ranges.iter().flatten().any(is_nan) {
                        return Err(Error::expected(&"facets", &"bounds that are numbers", &"NaN"));
                    }
                }
                FacetKind::Bounds => {}
            }
        }
        self.text.as_ref().map_or(Ok(()), TextQuery::check)?;
        self.vectors.iter().try_for_each(VectorQuery::check)?;
        self.fusion.check()?;
        within("mmr.lambda", self.mmr.as_ref().map(|mmr| mmr.lambda), [0.0, 1.0])?;
        within("query.minScore", self.min_score, [f32::NEG_INFINITY, f32::INFINITY])?;
        match self.timeout {
            Some(timeout) if !(0.0..=f64::MAX).contains(&timeout) => {
                Err(Error::expected(&"query.timeout", &"a number from 0", &timeout))
            }
            _ => Ok(()),
        }
    }
}

impl TextQuery {
    fn check(&self) -> Result<()> {
        count("text.slop", self.slop as usize, SLOP_MAX)?;
        count("text.minimumMatch", self.minimum_match, QUERY_TERMS_MAX)?;
        if let Fuzziness::Fixed(typos) = self.fuzzy {
            count("text.fuzzy", typos.into(), 2)?;
        }
        if self.fields.as_ref().is_some_and(alloc::vec::Vec::is_empty) {
            return Err(Error::expected(&"text.fields", &"at least one text field", &"none"));
        }
        self.boost.iter().try_for_each(|(field, factor)| match is_boost(*factor) {
            true => Ok(()),
            false => Err(wrong_boost(field, factor)),
        })
    }
}

/// Whether a field may count so much. What 32 bits cannot tell from 0 is 0.
pub(super) fn is_boost(factor: f32) -> bool {
    factor > 0.0 && factor <= FACTOR_MAX
}

pub(super) fn wrong_boost(field: &str, found: &dyn Display) -> Error {
    Error::expected(&format_args!("text.boost.{field}"), &"a number above 0, at most 1000000", found)
}

impl VectorQuery {
    fn check(&self) -> Result<()> {
        if let Some(at) = self.value.iter().position(|value| !value.is_finite()) {
            let path = format_args!("vector.value[{at}]");
            return Err(Error::expected(&path, &"a finite 32-bit number", &self.value[at]));
        }
        count("vector.ef", self.ef.unwrap_or(0), HITS_MAX)?;
        within("vector.oversample", self.oversample, [1.0, OVERSAMPLE_MAX as f32])?;
        within("vector.recall", self.recall, [0.0, 1.0])
    }
}

impl Fusion {
    fn check(&self) -> Result<()> {
        within("fusion.weights.text", Some(self.text_weight), [0.0, FACTOR_MAX])?;
        within("fusion.weights.vector", Some(self.vector_weight), [0.0, FACTOR_MAX])?;
        match self.method {
            FusionMethod::ReciprocalRank { k } => within("fusion.k", Some(k), [0.0, FACTOR_MAX]),
            FusionMethod::Weighted(_) => Ok(()),
        }
    }
}

fn count(path: &str, found: usize, most: usize) -> Result<()> {
    if found <= most {
        return Ok(());
    }
    Err(Error::expected(&path, &format_args!("a whole number from 0 to {most}"), &found))
}

/// What is no number is in no range.
fn within(path: &str, found: Option<f32>, [from, to]: [f32; 2]) -> Result<()> {
    match found {
        Some(found) if !(from..=to).contains(&found) => {
            let expected =
                format_args!("a number from {} to {}", Value::from(f64::from(from)), Value::from(f64::from(to)));
            Err(Error::expected(&path, &expected, &found))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ErrorCode,
        query::{GroupBy, Highlight, Mmr, Order, Scale},
    };
    use alloc::{string::String, vec, vec::Vec};

    #[test]
    fn builders_have_the_bounds_of_json() {
        let vector =
            |change: &dyn Fn(VectorQuery) -> VectorQuery| Query::new().vector_query(change(VectorQuery::new(&[1.0])));
        let text = |text: TextQuery| Query { text: Some(text), ..Query::new() };
        let fusion = |fusion: Fusion| Query::new().fusion(fusion);
        let sorted = (0..17).fold(Query::new(), |query, _| query.sort("n", Order::Ascending));
        let wrong: Vec<(&str, Query)> = vec![
            ("limit", Query::new().limit(HITS_MAX + 1)),
            ("offset", Query::new().offset(HITS_MAX + 1)),
            ("legDepth", Query::new().leg_depth(LEG_DEPTH_MAX + 1)),
            ("sort", sorted),
            ("vector", (0..65).fold(Query::new(), |query, _| query.vector(&[1.0]))),
            (
                "groupBy.limit",
                Query { group_by: Some(GroupBy { field: "n".into(), limit: HITS_MAX + 1 }), ..Query::new() },
            ),
            ("maxLength", Query::new().highlight(Highlight { max_length: 100_001, ..Highlight::default() })),
            ("facets", Query::new().facet("n", FACET_VALUES_MAX + 1)),
            ("facets", Query::new().facet_ranges("n", vec![[0.0, 1.0]; 1_001])),
            ("facets", Query::new().facet_ranges("n", [[f64::NAN, 1.0]])),
            ("facets", Query::new().facet_ranges("n", [[0.0, f64::NAN]])),
            ("slop", text(TextQuery { slop: 1_001, ..TextQuery::default() })),
            ("minimumMatch", text(TextQuery { minimum_match: 1_025, ..TextQuery::default() })),
            ("fuzzy", text(TextQuery { fuzzy: Fuzziness::Fixed(3), ..TextQuery::default() })),
            ("fields", text(TextQuery { fields: Some(Vec::new()), ..TextQuery::default() })),
            ("boost", text(TextQuery { boost: vec![("t".into(), 0.0)], ..TextQuery::default() })),
            ("boost", text(TextQuery { boost: vec![("t".into(), f32::NAN)], ..TextQuery::default() })),
            ("vector.value[0]", Query::new().vector(&[f32::NAN])),
            ("ef", vector(&|leg| leg.ef(HITS_MAX + 1))),
            ("oversample", vector(&|leg| leg.oversample(0.5))),
            ("recall", vector(&|leg| leg.recall(f32::NAN))),
            ("fusion.k", fusion(Fusion { method: FusionMethod::ReciprocalRank { k: -1.0 }, ..Fusion::default() })),
            ("weights.text", fusion(Fusion { text_weight: f32::INFINITY, ..Fusion::default() })),
            ("weights.vector", fusion(Fusion { vector_weight: -1.0, ..Fusion::default() })),
            ("mmr", Query { mmr: Some(Mmr { lambda: 1.5, field: None }), ..Query::new() }),
            ("minScore", Query::new().min_score(f32::NAN)),
            ("timeout", Query::new().timeout(f64::NAN)),
            ("timeout", Query::new().timeout(-1.0)),
        ];
        for (path, query) in wrong {
            let error = query.check().map_err(|error| (error.code(), String::from(error.message())));
            assert!(
                matches!(&error, Err((ErrorCode::Invalid, message)) if message.contains(path)),
                "{path}: {error:?}"
            );
        }
        // The least numbers have one meaning wherever a query comes from, and so have those that are too little for 32 bits.
        for (factor, is_right) in
            [(1e-40, true), (1e-50, false), (0.0, false), (1e6, true), (1.1e6, false), (1e39, false)]
        {
            let json =
                Query::from_json(alloc::format!(r#"{{ "text": {{ "query": "a", "boost": {{ "t": {factor} }} }} }}"#));
            let built = text(TextQuery { boost: vec![("t".into(), factor as f32)], ..TextQuery::default() }).check();
            assert_eq!((json.is_ok(), built.is_ok()), (is_right, is_right), "{factor}");
        }
        let method = FusionMethod::Weighted(Scale::ZScore);
        let right =
            vector(&|leg| leg.recall(0.9).oversample(2.0).ef(10)).text("a").mmr(0.5).min_score(f32::NEG_INFINITY);
        assert_eq!(right.timeout(5.0).fusion(Fusion { method, ..Fusion::default() }).check(), Ok(()));
    }
}
