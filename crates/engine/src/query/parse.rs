//! The JSON spelling of a query.

use super::{Fusion, Query, TextQuery, VectorQuery};
use crate::{
    Error, Result, Value,
    document::{quoted, reader::ObjectReader},
    limits::HITS_MAX,
    settings::RRF_K_DEFAULT,
};
use alloc::{boxed::Box, format, string::String, vec::Vec};

/// Options of the contract that this version does not have yet.
const NOT_YET: [&str; 8] = ["sort", "facets", "groupBy", "highlight", "mmr", "rerank", "explain", "timeout"];

pub(super) fn query(value: &Value) -> Result<Query> {
    if let Value::Text(text) = value {
        return Ok(Query::new().text(text.as_str()));
    }
    let mut options = ObjectReader::new(value, "query")?;
    let text = options.value("text").map(text_query).transpose()?;
    let vectors = options.value("vector").map(vector_queries).transpose()?.unwrap_or_default();
    let fusion = options.value("fusion").map(fusion).transpose()?.unwrap_or_default();
    let limit = options.count("limit", HITS_MAX)?.unwrap_or(10);
    let offset = options.count("offset", HITS_MAX)?.unwrap_or(0);
    let select = options.texts("select")?;
    let min_score = options.number("minScore")?.map(|score| score as f32);
    let filter = options.value("filter").cloned();
    for later in NOT_YET {
        options.not_yet(later)?;
    }
    options.finish()?;
    Ok(Query { text, vectors, filter, fusion, limit, offset, select, min_score })
}

fn text_query(value: &Value) -> Result<TextQuery> {
    if let Value::Text(query) = value {
        return Ok(TextQuery { query: query.clone(), ..TextQuery::default() });
    }
    let mut options = ObjectReader::new(value, "text")?;
    let query = options.text("query")?.ok_or_else(|| Error::expected(&"text.query", &"a string", &"nothing"))?.into();
    let fields = options.texts("fields")?;
    let all_words = match options.text("operator")? {
        None | Some("or") => false,
        Some("and") => true,
        Some(other) => return Err(Error::expected(&"text.operator", &"\"or\" or \"and\"", &quoted(other))),
    };
    let prefix = options.boolean("prefix")?.unwrap_or(false);
    let boost = options.value("boost").map(boosts).transpose()?.unwrap_or_default();
    match options.value("fuzzy") {
        None | Some(Value::Boolean(false)) => {}
        Some(Value::Number(distance)) if *distance <= 0.0 => {}
        Some(_) => return Err(Error::not_yet(&"text.fuzzy")),
    }
    for later in ["slop", "minimumMatch"] {
        options.not_yet(later)?;
    }
    options.finish()?;
    Ok(TextQuery { query, fields, all_words, prefix, boost })
}

fn boosts(value: &Value) -> Result<Vec<(String, f32)>> {
    let Value::Object(members) = value else {
        return Err(Error::expected(&"text.boost", &"an object of numbers", &value.describe()));
    };
    let boost = |(field, factor): &(String, Value)| match factor {
        Value::Number(factor) if *factor > 0.0 && *factor <= 1e6 => Ok((field.clone(), *factor as f32)),
        other => {
            let path = format!("text.boost.{field}");
            Err(Error::expected(&path, &"a number above 0, at most 1000000", &other.describe()))
        }
    };
    members.iter().map(boost).collect()
}

fn vector_queries(value: &Value) -> Result<Vec<VectorQuery>> {
    match value {
        Value::Array(items) if items.iter().any(|item| matches!(item, Value::Object(_))) => {
            items.iter().map(vector_query).collect()
        }
        one => Ok(Vec::from([vector_query(one)?])),
    }
}

fn vector_query(value: &Value) -> Result<VectorQuery> {
    if !matches!(value, Value::Object(_)) {
        return Ok(VectorQuery { field: None, value: vector("vector", value)? });
    }
    let mut options = ObjectReader::new(value, "vector")?;
    let field = options.text("field")?.map(String::from);
    let value = match options.value("value") {
        Some(value) => vector("vector.value", value)?,
        None => return Err(Error::expected(&"vector.value", &"a vector", &"nothing")),
    };
    // Every search is exact so far: these change how an approximate one spends its time, and are checked all the same.
    options.boolean("exact")?;
    options.count("ef", HITS_MAX)?;
    for (name, from, to) in [("oversample", 1.0, 1_000.0), ("recall", 0.0, 1.0)] {
        if let Some(number) = options.number(name)?
            && !(from..=to).contains(&number)
        {
            return Err(Error::expected(
                &format_args!("vector.{name}"),
                &format_args!("a number from {} to {}", Value::Number(from), Value::Number(to)),
                &Value::Number(number),
            ));
        }
    }
    options.finish()?;
    Ok(VectorQuery { field, value })
}

/// The numbers of a vector, all finite as f32.
pub(crate) fn vector(path: &str, value: &Value) -> Result<Box<[f32]>> {
    let values: Box<[f32]> = match value {
        Value::Vector(values) => values.clone(),
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::Number(number) => Ok(*number as f32),
                other => Err(Error::expected(&path, &"a vector of numbers", &other.describe())),
            })
            .collect::<Result<_>>()?,
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
    if let Value::Text(method) = value {
        return method_of(method, Fusion::default());
    }
    let mut options = ObjectReader::new(value, "fusion")?;
    let method = options.text("method")?.unwrap_or("rrf");
    let k = options.number("k")?.map_or(RRF_K_DEFAULT, |k| k as f32);
    if !(0.0..=1e6).contains(&k) {
        return Err(Error::expected(&"fusion.k", &"a number from 0 to 1000000", &Value::Number(f64::from(k))));
    }
    let mut fusion = Fusion { k, ..Fusion::default() };
    if let Some(weights) = options.value("weights") {
        let mut weights = ObjectReader::new(weights, "fusion.weights")?;
        fusion.text_weight = weight(weights.number("text")?)?;
        fusion.vector_weight = weight(weights.number("vector")?)?;
        weights.finish()?;
    }
    if method == "rrf" {
        options.finish()?;
    }
    method_of(method, fusion)
}

fn weight(value: Option<f64>) -> Result<f32> {
    match value {
        None => Ok(1.0),
        Some(weight) if (0.0..=1e6).contains(&weight) => Ok(weight as f32),
        Some(other) => Err(Error::expected(&"fusion.weights", &"numbers from 0 to 1000000", &Value::Number(other))),
    }
}

fn method_of(method: &str, fusion: Fusion) -> Result<Fusion> {
    match method {
        "rrf" => Ok(fusion),
        "weighted" => Err(Error::not_yet(&"the fusion method \"weighted\"")),
        other => Err(Error::expected(&"fusion", &"\"rrf\" or \"weighted\"", &quoted(other))),
    }
}
