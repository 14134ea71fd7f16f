//! What a case expects against what it got.

use crate::support::bits;
use sanderling::{Error, Value};

/// A comparison, or what was wrong.
pub type Outcome = Result<(), String>;

/// How far a score may be from the value that was computed by other means, relative where it is above 1.
const TOLERANCE: f64 = 1e-5;
/// The numbers of a search's hit whose bits are compared, by the object that holds them.
pub const NUMBERS: [(&str, &[&str]); 3] =
    [("", &["score"]), ("text", &["score"]), ("vector", &["distance", "similarity"])];
/// A value in which equal means equal: members by name, vectors as arrays.
pub fn plain(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::Vector(numbers) => Value::Array(numbers.iter().map(|number| f64::from(*number).into()).collect()),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(members)
        }
        other => other.clone(),
    }
}

pub fn compare(what: &str, expected: &Value, found: &Value) -> Outcome {
    if expected == found { Ok(()) } else { Err(format!("{what}: expected {expected}, found {found}")) }
}

pub fn compare_error(expected: &Value, error: &Error) -> Outcome {
    compare("code", expected.get("code").expect("an error has a code"), &error.code().as_str().into())?;
    let Some(Value::Array(words)) = expected.get("words") else { return Ok(()) };
    let is_missing = |word: &&Value| !word.as_text().is_some_and(|word| error.message().contains(word));
    words.iter().find(is_missing).map_or(Ok(()), |word| Err(format!("no {word} in the message: {}", error.message())))
}

pub fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    match value.get(name) {
        Some(Value::Array(items)) => items,
        _ => panic!("no array {name} in {value}"),
    }
}

fn ids(hits: &[Value]) -> Value {
    Value::Array(hits.iter().map(|hit| hit.get("id").expect("a hit has an id").clone()).collect())
}

pub fn compare_search(expected: &Value, found: &Value) -> Outcome {
    let hits = items(found, "hits");
    compare("total", expected.get("total").ok_or("no total is expected")?, found.get("total").expect("a total"))?;
    if let Some(facets) = expected.get("facets") {
        compare("facets", &plain(facets), &plain(found.get("facets").ok_or("no facets")?))?;
    }
    if let Some(groups) = expected.get("groups") {
        let group = |group: &Value| {
            Value::object()
                .with("value", group.get("value").expect("a value").clone())
                .with("ids", ids(items(group, "hits")))
        };
        compare("groups", groups, &Value::Array(items(found, "groups").iter().map(group).collect()))?;
        return compare("hits beside groups", &Value::Array(Vec::new()), &Value::Array(hits.to_vec()));
    }
    // `ids` is short for hits of a search without legs.
    if let Some(expected) = expected.get("ids") {
        compare("ids", expected, &ids(hits))?;
        let has_leg = |hit: &&Value| {
            hit.get("score") != Some(&0.into()) || hit.get("text").is_some() || hit.get("vector").is_some()
        };
        return hits.iter().find(has_leg).map_or(Ok(()), |hit| Err(format!("a leg has found {hit}")));
    }
    let wanted = items(expected, "hits");
    compare("ids", &ids(wanted), &ids(hits))?;
    for (expected, found) in wanted.iter().zip(hits) {
        compare_hit(expected, found)
            .map_err(|problem| format!("hit {}: {problem}", found.get("id").expect("an id")))?;
    }
    Ok(())
}

fn compare_hit(expected: &Value, found: &Value) -> Outcome {
    if let Some(highlights) = expected.get("highlights") {
        compare("highlights", &plain(highlights), &plain(found.get("highlights").expect("highlights")))?;
    }
    if let Some(document) = expected.get("document") {
        compare("document", &plain(document), &plain(found.get("document").expect("a document")))?;
    }
    for (holder, numbers) in NUMBERS {
        let (expected, found) = match holder {
            "" => (expected, found),
            leg => match (expected.get(leg), found.get(leg)) {
                (None, None) => continue,
                (Some(expected), Some(found)) => (expected, found),
                (expected, found) => return Err(format!("{leg}: expected {expected:?}, found {found:?}")),
            },
        };
        if !holder.is_empty() {
            compare(
                &format!("{holder}.rank"),
                expected.get("rank").ok_or("no rank")?,
                found.get("rank").ok_or("no rank")?,
            )?;
        }
        for name in numbers {
            compare_number(&format!("{holder} {name}"), name, expected, found)?;
        }
    }
    Ok(())
}

/// The bits, and the number itself where it was computed by other means.
fn compare_number(what: &str, name: &str, expected: &Value, found: &Value) -> Outcome {
    let number = found.get(name).ok_or(format!("{what} is missing"))?;
    if let (Some(computed), Some(number)) = (expected.get(name).and_then(Value::as_number), number.as_number())
        && (computed - number).abs() > TOLERANCE * computed.abs().max(1.0)
    {
        return Err(format!("{what}: computed {computed}, found {number}"));
    }
    let wanted =
        expected.get(&format!("{name}Bits")).ok_or(format!("{what}: no bits; write them with UPDATE_CASES=1"))?;
    compare(&format!("{what} bits"), wanted, &bits(number).into())
}
