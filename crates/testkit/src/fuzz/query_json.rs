//! Any JSON is a query that is answered, or a typed error.

use super::{collection::Collection, input::Input};
use sanderling_engine::{Document, Error, ErrorCode, Query, Value, document::json};
use std::sync::OnceLock;

/// Names of options, and of fields.
const NAMES: [&str; 56] = [
    "text",
    "vector",
    "filter",
    "fusion",
    "limit",
    "offset",
    "select",
    "minScore",
    "highlight",
    "explain",
    "sort",
    "facets",
    "query",
    "fields",
    "operator",
    "fuzzy",
    "prefix",
    "slop",
    "minimumMatch",
    "boost",
    "value",
    "field",
    "ef",
    "exact",
    "oversample",
    "recall",
    "method",
    "k",
    "weights",
    "open",
    "close",
    "maxLength",
    "a",
    "b",
    "v",
    "n",
    "$in",
    "$not",
    "$or",
    "$gte",
    "groupBy",
    "mmr",
    "lambda",
    "timeout",
    "normalize",
    "ranges",
    "bounds",
    "order",
    "g",
    "$geoBox",
    "$geoRadius",
    "lat",
    "lon",
    "meters",
    "north",
    "south",
];
const TEXTS: [&str; 16] = [
    "shore",
    "rrf",
    "and",
    "or",
    "a",
    "b",
    "v",
    "n",
    "\"birds of\" -run",
    "n >= 1 AND b = 'x'",
    "",
    "wi-fi ünï 東京",
    "weighted",
    "zscore",
    "desc",
    "GEO_RADIUS(g, 1, 2, 3e6)",
];
const NUMBERS: [f64; 12] = [0.0, 1.0, 2.0, -1.0, 0.5, 10.0, 1e6, 1e9, -0.0, 1e-300, f64::MAX, 4_294_967_296.0];
const DEPTH_MAX: usize = 40;

/// The first byte says what the others are: JSON text, or what to build a value of.
///
/// # Panics
///
/// When an error is of a kind that no query has, or an answer is not as long as it is asked for.
pub fn query_json(data: &[u8]) {
    let mut input = Input::new(data);
    let value = if input.byte().is_multiple_of(2) {
        match json::parse(&input.text()) {
            Ok(value) => value,
            Err(error) => return check_error(&error),
        }
    } else {
        value(&mut input, 0)
    };
    let query = match Query::from_json(&value) {
        Ok(query) => query,
        Err(error) => return check_error(&error),
    };
    static COLLECTION: OnceLock<Collection> = OnceLock::new();
    match COLLECTION.get_or_init(documents).answer(&query) {
        Ok(answer) => {
            let (Some(Value::Array(hits)), Some(total)) = (answer.get("hits"), answer.get("total")) else {
                panic!("{value} is answered by {answer}")
            };
            let total = total.as_number().expect("a number");
            assert!(hits.len() <= query.limit && hits.len() as f64 <= total, "{} hits of {total}", hits.len());
            if let Some(Value::Array(groups)) = answer.get("groups") {
                assert!(hits.is_empty() && groups.len() <= query.limit, "{value} has {} groups", groups.len());
            }
            json::parse(&answer.to_string()).expect("an answer is JSON");
        }
        Err(error) => check_error(&error),
    }
}

fn check_error(error: &Error) {
    let codes = [ErrorCode::Invalid, ErrorCode::Filter, ErrorCode::Schema, ErrorCode::Unsupported];
    assert!(codes.contains(&error.code()), "{error:?}");
    assert!(error.message().len() < 4_096, "an error of {} bytes", error.message().len());
}

/// A value of options that exist, with values that they may or may not take.
fn value(input: &mut Input<'_>, depth: usize) -> Value {
    let shape = input.byte();
    let count = usize::from(shape >> 4 & 7);
    let may_nest = depth < DEPTH_MAX && !input.is_over();
    match shape % 8 {
        _ if depth == 0 => object(input, depth, count),
        0..=2 if may_nest => object(input, depth, count),
        3 if may_nest => Value::Array((0..count).map(|_| value(input, depth + 1)).collect()),
        4 => Value::Vector((0..count % 4).map(|at| at as f32 - 1.0).collect()),
        5 => Value::from(TEXTS[usize::from(shape >> 3) % TEXTS.len()]),
        6 => Value::Boolean(shape & 8 != 0),
        7 if shape & 128 != 0 => Value::Null,
        _ => Value::Number(NUMBERS[usize::from(shape >> 3) % NUMBERS.len()]),
    }
}

fn object(input: &mut Input<'_>, depth: usize, count: usize) -> Value {
    let mut object = Value::object();
    for _ in 0..=count {
        let name = NAMES[usize::from(input.byte()) % NAMES.len()];
        if object.get(name).is_none() {
            object = object.with(name, value(input, depth + 1));
        }
    }
    object
}

fn documents() -> Collection {
    let field = |kind: &str| Value::object().with("type", kind);
    let fields = Value::object()
        .with("a", field("text").with("language", "english"))
        .with("b", field("keyword").with("many", true))
        .with("n", field("number"))
        .with("g", field("geo"))
        .with("v", field("vector").with("dimensions", 2));
    let mut collection = Collection::new(&fields);
    for (at, text) in ["shore birds run", "birds of the shore", "wi-fi 東京", "run", "shore"].into_iter().enumerate()
    {
        let place = Value::object().with("lat", at as f64 * 20.0).with("lon", at as f64 * -40.0);
        let document =
            Document::new(at as u64).with("a", text).with("n", at).with("b", vec!["x", text]).with("g", place);
        let vector: &[f32] = &[at as f32, 1.0];
        collection.put(&[if at == 3 { document } else { document.with("v", vector) }]);
        if at == 2 {
            collection.seal();
        }
    }
    collection
}
