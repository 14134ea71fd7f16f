//! The JSON spelling of a query.

use super::{
    Facet, FacetKind, Fusion, FusionMethod, Fuzziness, GroupBy, Highlight, Mmr, Order, Query, Scale, Sort, TextQuery,
    VectorQuery,
    check::{is_boost, wrong_boost},
};
use crate::{
    Error, Result, Value,
    document::{quoted, reader::ObjectReader},
    limits::{
        FACET_RANGES_MAX, FACET_VALUES_MAX, HIGHLIGHT_CHARACTERS_MAX, HITS_MAX, LEG_DEPTH_MAX, OVERSAMPLE_MAX,
        QUERY_TERMS_MAX, SLOP_MAX, SORT_FIELDS_MAX, VECTOR_LEGS_MAX,
    },
    lists::try_map,
    settings::{FACET_VALUES_DEFAULT, MMR_LAMBDA_DEFAULT, RRF_K_DEFAULT},
};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt::Display;

pub(super) fn query(value: &Value) -> Result<Query> {
    if let Value::Text(text) = value {
        return Ok(Query::new().text(text.as_str()));
    }
    let mut options = ObjectReader::new(value, &"query")?;
    let mut query = Query::new();
    if let Some(text) = options.value("text") {
        query.text = Some(text_query(text)?);
    }
    if let Some(vector) = options.value("vector") {
        query.vectors = vector_queries(vector)?;
    }
    if let Some(value) = options.value("fusion") {
        query.fusion = fusion(value)?;
    }
    query.limit = options.count("limit", HITS_MAX)?.unwrap_or(query.limit);
    query.offset = options.count("offset", HITS_MAX)?.unwrap_or(0);
    query.cursor = options.text("cursor")?.map(String::from);
    query.leg_depth = options.count("legDepth", LEG_DEPTH_MAX)?.unwrap_or(query.leg_depth);
    query.select = options.texts("select")?;
    query.min_score = options.number("minScore")?.map(|score| score as f32);
    query.filter = options.value("filter").cloned();
    query.highlight = options.value("highlight").map(highlight).transpose()?;
    query.explain = options.boolean("explain")?.unwrap_or(false);
    if let Some(value) = options.value("sort") {
        query.sort = sorts(value)?;
    }
    if let Some(value) = options.value("facets") {
        query.facets = facets(value)?;
    }
    query.group_by = options.value("groupBy").map(group_by).transpose()?;
    query.mmr = options.value("mmr").map(mmr).transpose()?;
    query.timeout = options.number_within("timeout", 0.0, f64::MAX)?;
    options.finish()?;
    Ok(query)
}

fn text_query(value: &Value) -> Result<TextQuery> {
    let mut text = TextQuery::default();
    if let Value::Text(query) = value {
        text.query.clone_from(query);
        return Ok(text);
    }
    let mut options = ObjectReader::new(value, &"text")?;
    match options.text("query")? {
        Some(query) => text.query = query.into(),
        None => return Err(options.wrong("query", &"a string", &"nothing")),
    }
    text.all_words = match options.text("operator")? {
        None | Some("or") => false,
        Some("and") => true,
        Some(other) => return Err(options.wrong("operator", &"\"or\" or \"and\"", &quoted(other))),
    };
    text.prefix = options.boolean("prefix")?.unwrap_or(false);
    text.fields = options.texts("fields")?;
    if text.fields.as_ref().is_some_and(Vec::is_empty) {
        return Err(options.wrong("fields", &"at least one text field", &"none"));
    }
    if let Some(value) = options.value("boost") {
        text.boost = boosts(value)?;
    }
    text.fuzzy = match options.value("fuzzy") {
        None | Some(Value::Boolean(false)) => Fuzziness::Off,
        Some(Value::Boolean(true)) => Fuzziness::ByLength,
        Some(Value::Number(typos)) if *typos == 0.0 => Fuzziness::Off,
        Some(Value::Number(typos)) if *typos == 1.0 || *typos == 2.0 => Fuzziness::Fixed(*typos as u8),
        Some(other) => return Err(options.wrong("fuzzy", &"true, false, 0, 1 or 2", &other.describe())),
    };
    text.slop = options.count("slop", SLOP_MAX)?.unwrap_or(0) as u32;
    text.minimum_match = options.count("minimumMatch", QUERY_TERMS_MAX)?.unwrap_or(0);
    options.finish()?;
    Ok(text)
}

fn highlight(value: &Value) -> Result<Highlight> {
    let mut highlight = Highlight::default();
    let mut options = ObjectReader::new(value, &"highlight")?;
    highlight.fields = options.texts("fields")?;
    if let Some(open) = options.text("open")? {
        highlight.open = open.into();
    }
    if let Some(close) = options.text("close")? {
        highlight.close = close.into();
    }
    highlight.max_length = options.count("maxLength", HIGHLIGHT_CHARACTERS_MAX)?.unwrap_or(highlight.max_length);
    options.finish()?;
    Ok(highlight)
}

fn boosts(value: &Value) -> Result<Vec<(String, f32)>> {
    let Value::Object(members) = value else {
        return Err(Error::expected(&"text.boost", &"an object of numbers", &value.describe()));
    };
    try_map(members, |(field, factor)| match factor {
        Value::Number(factor) if is_boost(*factor as f32) => Ok((field.clone(), *factor as f32)),
        other => Err(wrong_boost(field, &other.describe())),
    })
}

fn vector_queries(value: &Value) -> Result<Vec<VectorQuery>> {
    match value {
        Value::Array(items)
            if items.iter().any(|item| matches!(item, Value::Object(_) | Value::Array(_) | Value::Vector(_))) =>
        {
            if items.len() > VECTOR_LEGS_MAX {
                return Err(Error::expected(&"vector", &format_args!("at most {VECTOR_LEGS_MAX} legs"), &items.len()));
            }
            try_map(items, vector_query)
        }
        one => Ok(Vec::from([vector_query(one)?])),
    }
}

fn vector_query(value: &Value) -> Result<VectorQuery> {
    if !matches!(value, Value::Object(_)) {
        return Ok(VectorQuery::new(&vector("vector", value)?));
    }
    let mut options = ObjectReader::new(value, &"vector")?;
    let field = options.text("field")?;
    let Some(value) = options.value("value") else {
        return Err(options.wrong("value", &"a vector", &"nothing"));
    };
    let mut query = VectorQuery::new(&vector("vector.value", value)?);
    query.field = field.map(String::from);
    query.exact = options.boolean("exact")?.unwrap_or(false);
    query.ef = options.count("ef", HITS_MAX)?;
    query.oversample = options.number_within("oversample", 1.0, OVERSAMPLE_MAX)?.map(|factor| factor as f32);
    query.recall = options.number_within("recall", 0.0, 1.0)?.map(|recall| recall as f32);
    options.finish()?;
    Ok(query)
}

/// The numbers of a vector, all finite as f32.
pub(crate) fn vector(path: &str, value: &Value) -> Result<Box<[f32]>> {
    let values: Box<[f32]> = match value {
        Value::Vector(values) => values.clone(),
        Value::Array(items) => try_map(items, |item| match item {
            Value::Number(number) => Ok(*number as f32),
            other => Err(Error::expected(&path, &"a vector of numbers", &other.describe())),
        })?
        .into_boxed_slice(),
        other => return Err(Error::expected(&path, &"a vector", &other.describe())),
    };
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => {
            Err(Error::expected(&format_args!("{path}[{at}]"), &"a finite 32-bit number", &not_finite(values[at])))
        }
        None => Ok(values),
    }
}

fn not_finite(value: f32) -> &'static str {
    if value.is_nan() { "NaN" } else { "infinity" }
}

fn fusion(value: &Value) -> Result<Fusion> {
    let mut fusion = Fusion::default();
    let mut options = match value {
        Value::Text(method) => {
            fusion.method = method_of(method, None, None)?;
            return Ok(fusion);
        }
        _ => ObjectReader::new(value, &"fusion")?,
    };
    if let Some(weights) = options.value("weights") {
        let mut weights = ObjectReader::new(weights, &"fusion.weights")?;
        fusion.text_weight = weights.number_within("text", 0.0, 1e6)?.unwrap_or(1.0) as f32;
        fusion.vector_weight = weights.number_within("vector", 0.0, 1e6)?.unwrap_or(1.0) as f32;
        weights.finish()?;
    }
    let method = options.text("method")?.unwrap_or("rrf");
    // Each method has its own option; that of another is unknown.
    let (k, scale) = match method {
        "weighted" => (None, options.text("normalize")?),
        _ => (options.number_within("k", 0.0, 1e6)?, None),
    };
    fusion.method = method_of(method, k, scale)?;
    options.finish()?;
    Ok(fusion)
}

fn method_of(method: &str, k: Option<f64>, scale: Option<&str>) -> Result<FusionMethod> {
    match method {
        "rrf" => Ok(FusionMethod::ReciprocalRank { k: k.map_or(RRF_K_DEFAULT, |k| k as f32) }),
        "weighted" => match scale {
            None | Some("minmax") => Ok(FusionMethod::Weighted(Scale::MinMax)),
            Some("zscore") => Ok(FusionMethod::Weighted(Scale::ZScore)),
            Some(other) => Err(Error::expected(&"fusion.normalize", &"\"minmax\" or \"zscore\"", &quoted(other))),
        },
        other => Err(Error::expected(&"fusion", &"\"rrf\" or \"weighted\"", &quoted(other))),
    }
}

fn sorts(value: &Value) -> Result<Vec<Sort>> {
    match value {
        Value::Array(items) if items.len() <= SORT_FIELDS_MAX => try_map(items, sort),
        Value::Array(items) => {
            Err(Error::expected(&"sort", &format_args!("at most {SORT_FIELDS_MAX} fields"), &items.len()))
        }
        one => Ok(Vec::from([sort(one)?])),
    }
}

fn sort(value: &Value) -> Result<Sort> {
    let mut options = ObjectReader::new(value, &"sort")?;
    let Some(field) = options.text("field")? else { return Err(options.wrong("field", &"a field", &"nothing")) };
    let order = match options.text("order")? {
        None | Some("asc") => Order::Ascending,
        Some("desc") => Order::Descending,
        Some(other) => return Err(options.wrong("order", &"\"asc\" or \"desc\"", &quoted(other))),
    };
    options.finish()?;
    Ok(Sort { field: field.into(), order })
}

fn facets(value: &Value) -> Result<Vec<Facet>> {
    let Value::Object(members) = value else {
        return Err(Error::expected(&"facets", &"an object", &value.describe()));
    };
    try_map(members, |(field, value)| {
        let path = format_args!("facets.{field}");
        let mut options = ObjectReader::new(value, &path)?;
        let kind = if let Some(ranges) = options.value("ranges") {
            FacetKind::Ranges(facet_ranges(&path, ranges)?)
        } else if options.boolean("bounds")? == Some(true) {
            FacetKind::Bounds
        } else {
            FacetKind::Values { limit: options.count("limit", FACET_VALUES_MAX)?.unwrap_or(FACET_VALUES_DEFAULT) }
        };
        options.finish()?;
        Ok(Facet { field: field.clone(), kind })
    })
}

fn facet_ranges(path: &dyn Display, value: &Value) -> Result<Vec<[Value; 2]>> {
    let expected = format_args!("an array of at most {FACET_RANGES_MAX} pairs");
    let Value::Array(items) = value else { return Err(Error::expected(path, &expected, &value.describe())) };
    if items.len() > FACET_RANGES_MAX {
        return Err(Error::expected(path, &expected, &items.len()));
    }
    try_map(items, |item| match item {
        Value::Array(bounds) => match bounds.as_slice() {
            [from, to] => Ok([from.clone(), to.clone()]),
            _ => Err(Error::expected(path, &"pairs", &format_args!("{} bounds", bounds.len()))),
        },
        // Two numbers cross from JavaScript as a vector where they stand in a typed array.
        Value::Vector(bounds) if bounds.len() == 2 => Ok([0, 1].map(|at| Value::Number(f64::from(bounds[at])))),
        other => Err(Error::expected(path, &"pairs", &other.describe())),
    })
}

fn group_by(value: &Value) -> Result<GroupBy> {
    let mut options = ObjectReader::new(value, &"groupBy")?;
    let Some(field) = options.text("field")? else { return Err(options.wrong("field", &"a field", &"nothing")) };
    let limit = options.count("limit", HITS_MAX)?.unwrap_or(1);
    options.finish()?;
    Ok(GroupBy { field: field.into(), limit })
}

fn mmr(value: &Value) -> Result<Mmr> {
    let mut options = ObjectReader::new(value, &"mmr")?;
    let lambda = options.number_within("lambda", 0.0, 1.0)?.unwrap_or(MMR_LAMBDA_DEFAULT);
    let field = options.text("field")?.map(String::from);
    options.finish()?;
    Ok(Mmr { lambda: lambda as f32, field })
}
