//! Filters, facets, orders and groups against a look at every document, over random documents in random segments.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

mod merges;
mod random;

use random::Random;
use sanderling_engine::{
    Document, DocumentId, Query, Schema, Value,
    attributes::{GeoPoint, GeoRadius},
    collection::{CollectionState, DeleteTarget, PutOptions, Write},
    ids::SequenceNumber,
    settings::CollectionSettings,
    text::AnalyzerSource,
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

const NOW: u64 = 1_000;

const SCHEMA: &str = r#"{ "fields": {
    "word": { "type": "keyword" }, "tags": { "type": "keyword", "many": true },
    "number": { "type": "number" }, "numbers": { "type": "number", "many": true }, "only": { "type": "number" },
    "day": { "type": "date" }, "flag": { "type": "boolean" }, "flags": { "type": "boolean", "many": true },
    "place": { "type": "geo" }, "places": { "type": "geo", "many": true },
    "text": { "type": "text" }, "vector": { "type": "vector", "dimensions": 4 }
} }"#;

const WORDS: [&str; 7] = ["", "a", "ab", "abc", "b", "ä", "zz"];
const NUMBERS: [f64; 7] = [-0.0, 0.0, 1.0, 2.5, -7.0, 1e300, 5e-324];
const DAYS: [&str; 3] = ["2020-01-01", "2020-06-01T12:00:00Z", "1969-12-31"];
const DAY_NUMBERS: [f64; 3] = [1_577_836_800_000.0, 1_591_012_800_000.0, -86_400_000.0];

fn one_of<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize]
}

fn point(random: &mut Random) -> Value {
    let near = random.below(2) == 0;
    let mut degrees = |most: f64, around: f64| {
        let part = random.below(1 << 20) as f64 / f64::from(1 << 19) - 1.0;
        if near { around + part / 10.0 } else { part * most }
    };
    let (lat, lon) = (degrees(90.0, 52.5), degrees(180.0, 13.4));
    Value::object().with("lat", lat).with("lon", lon)
}

fn value(random: &mut Random, field: &str) -> Value {
    let one = |random: &mut Random| match field {
        "word" | "tags" => one_of(random, &WORDS).into(),
        "number" | "numbers" => one_of(random, &NUMBERS).into(),
        "only" => Value::Number(random.below(1 << 40) as f64),
        "day" => one_of(random, &DAYS).into(),
        "flag" | "flags" => (random.below(2) == 0).into(),
        _ => point(random),
    };
    if matches!(field, "tags" | "numbers" | "flags" | "places") {
        return Value::Array((0..random.below(4)).map(|_| one(random)).collect());
    }
    one(random)
}

const FIELDS: [&str; 10] = ["word", "tags", "number", "numbers", "only", "day", "flag", "flags", "place", "places"];

/// Documents as they are stored, oldest first, and the engine's collection of them.
struct Both {
    state: CollectionState,
    documents: Vec<(u64, Document)>,
}

impl Both {
    fn write(&mut self, write: Write) {
        let prepared = self.state.prepare(write, NOW).unwrap();
        self.state.apply(prepared);
    }

    fn put(&mut self, random: &mut Random, is_full: bool) {
        let id = random.below(300);
        let mut document = Value::object().with("id", id as u32);
        for field in FIELDS {
            if is_full || random.below(4) > 0 {
                document = document.with(field, value(random, field));
            } else if random.below(3) == 0 {
                document = document.with(field, Value::Null);
            }
        }
        if random.below(3) > 0 {
            document = document.with("text", ["shore", "shore bird", "sea"][random.below(3) as usize]);
        }
        if random.below(3) > 0 {
            let vector: Vec<f32> = (0..4).map(|_| random.below(5) as f32 - 2.0).collect();
            document = document.with("vector", Value::from(vector));
        }
        let document = Document::from_json(document).unwrap();
        self.write(Write::Put(vec![document], PutOptions::default()));
        let stored = self.state.get(&DocumentId::Integer(id), NOW).unwrap().unwrap();
        self.documents.retain(|(other, _)| *other != id);
        self.documents.push((id, stored));
    }

    fn new(random: &mut Random) -> Self {
        let settings = CollectionSettings { seal_at: u32::MAX, ..CollectionSettings::default() };
        let schema = Schema::from_json(SCHEMA).unwrap();
        let state = CollectionState::new(schema, AnalyzerSource::default(), settings, SequenceNumber(1)).unwrap();
        let mut both = Self { state, documents: Vec::new() };
        let is_full = random.below(3) == 0;
        for _ in 0..random.below(4) {
            (0..random.below(150)).for_each(|_| both.put(random, is_full));
            for _ in 0..random.below(20) {
                let id = random.below(300);
                both.write(Write::Delete(DeleteTarget::Ids(vec![DocumentId::Integer(id)])));
                both.documents.retain(|(other, _)| *other != id);
            }
            match random.below(4) {
                0 => {}
                1 => merges::merge(&mut both.state, 0, NOW).map_or((), |_| ()),
                _ => merges::seal(&mut both.state, NOW).map_or((), |_| ()),
            }
        }
        assert!(both.state.sealed().all(|(segment, _)| segment.check().is_ok()));
        both
    }

    fn search(&self, query: &Value) -> Value {
        let query = Query::from_json(query.clone()).unwrap_or_else(|error| panic!("{query}: {error}"));
        self.state.search(&query, NOW).unwrap_or_else(|error| panic!("{error}")).to_value()
    }
}

/// The values of a field of a stored document.
fn values<'a>(document: &'a Document, field: &str) -> &'a [Value] {
    match document.get(field) {
        None | Some(Value::Null) => &[],
        Some(Value::Array(values)) => values,
        Some(one) => core::slice::from_ref(one),
    }
}

/// The order of two values of one type.
fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => Some(one.as_bytes().cmp(other.as_bytes())),
        (Value::Number(one), Value::Number(other)) => one.partial_cmp(other),
        (Value::Boolean(one), Value::Boolean(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

fn degrees(value: &Value, name: &str) -> f64 {
    let Some(Value::Number(number)) = value.get(name) else { panic!("{name} of {value}") };
    *number
}

fn place(value: &Value) -> GeoPoint {
    GeoPoint { lat: degrees(value, "lat"), lon: degrees(value, "lon") }
}

fn operand(field: &str, value: &Value) -> Value {
    match (field, value) {
        ("day", Value::Text(text)) => {
            DAYS.iter().position(|day| day == text).map_or(Value::Null, |at| Value::Number(DAY_NUMBERS[at]))
        }
        _ => value.clone(),
    }
}

fn passes(document: &Document, field: &str, operator: &str, wanted: &Value) -> bool {
    let have = values(document, field);
    let compared = |have: &Value, wanted: &Value| order(have, &operand(field, wanted));
    let is = |have: &Value, wanted: &Value| compared(have, wanted) == Some(Ordering::Equal);
    let list = || if let Value::Array(items) = wanted { items.as_slice() } else { &[] };
    have.iter().any(|have| match operator {
        "$eq" | "$contains" => is(have, wanted),
        "$ne" => !is(have, wanted),
        "$in" => list().iter().any(|wanted| is(have, wanted)),
        "$nin" => !list().iter().any(|wanted| is(have, wanted)),
        "$gt" => compared(have, wanted) == Some(Ordering::Greater),
        "$gte" => matches!(compared(have, wanted), Some(Ordering::Greater | Ordering::Equal)),
        "$lt" => compared(have, wanted) == Some(Ordering::Less),
        "$lte" => matches!(compared(have, wanted), Some(Ordering::Less | Ordering::Equal)),
        "$startsWith" => {
            let (Value::Text(have), Value::Text(prefix)) = (have, wanted) else { return false };
            have.starts_with(prefix.as_str())
        }
        "$geoBox" => {
            let point = place(have);
            let [north, south, east, west] = ["north", "south", "east", "west"].map(|name| degrees(wanted, name));
            let is_between =
                if west <= east { (west..=east).contains(&point.lon) } else { point.lon >= west || point.lon <= east };
            is_between && (south..=north).contains(&point.lat)
        }
        "$geoRadius" => {
            let GeoRadius { center, meters } = GeoRadius { center: place(wanted), meters: degrees(wanted, "meters") };
            center.distance(place(have)) <= meters
        }
        other => panic!("{other}"),
    })
}

fn holds(document: &Document, filter: &Value) -> bool {
    let Value::Object(members) = filter else { panic!("{filter}") };
    let list = |value: &Value| if let Value::Array(items) = value { items.clone() } else { panic!("{value}") };
    members.iter().all(|(key, value)| match key.as_str() {
        "$and" => list(value).iter().all(|part| holds(document, part)),
        "$or" => list(value).iter().any(|part| holds(document, part)),
        "$not" => !holds(document, value),
        field => {
            let Value::Object(operators) = value else { return passes(document, field, "$eq", value) };
            operators.iter().all(|(operator, operand)| match (operator.as_str(), operand) {
                ("$exists", Value::Boolean(exists)) => values(document, field).is_empty() != *exists,
                _ => passes(document, field, operator, operand),
            })
        }
    })
}

fn filter(random: &mut Random, depth: u64) -> Value {
    if depth > 0 && random.below(2) == 0 {
        let parts = |random: &mut Random| (0..random.below(4)).map(|_| filter(random, depth - 1)).collect();
        return match random.below(3) {
            0 => Value::object().with("$and", Value::Array(parts(random))),
            1 => Value::object().with("$or", Value::Array(parts(random))),
            _ => Value::object().with("$not", filter(random, depth - 1)),
        };
    }
    let field = one_of(random, &FIELDS);
    let (operator, operand) = if random.below(6) == 0 {
        ("$exists", Value::Boolean(random.below(2) == 0))
    } else if field.starts_with("place") {
        if random.below(2) == 0 {
            let meters = [0.0, 1_000.0, 10_000.0, 5e6, 1e8][random.below(5) as usize];
            ("$geoRadius", point(random).with("meters", meters))
        } else {
            let [a, b] = [0, 1].map(|_| place(&point(random)));
            let area = Value::object().with("north", a.lat.max(b.lat)).with("south", a.lat.min(b.lat));
            ("$geoBox", area.with("east", a.lon).with("west", b.lon))
        }
    } else {
        let single = field.trim_end_matches('s');
        let mut one = |random: &mut Random| {
            let field = if random.below(10) == 0 {
                "flag"
            } else if single == "tag" {
                "word"
            } else {
                single
            };
            value(random, field)
        };
        let several = |random: &mut Random, one: &mut dyn FnMut(&mut Random) -> Value| {
            Value::Array((0..random.below(6)).map(|_| one(random)).collect())
        };
        match random.below(10) {
            0 => ("$in", several(random, &mut one)),
            1 => ("$nin", several(random, &mut one)),
            2 => ("$startsWith", one_of(random, &WORDS).into()),
            at => (["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$contains"][at as usize - 3], one(random)),
        }
    };
    Value::object().with(field, Value::object().with(operator, operand))
}

fn ids(hits: &Value) -> Vec<u64> {
    let Value::Array(hits) = hits else { panic!("{hits}") };
    let id = |hit: &Value| if let Some(Value::Number(id)) = hit.get("id") { *id as u64 } else { panic!("{hit}") };
    hits.iter().map(id).collect()
}

#[test]
fn filters_let_through_what_a_look_at_every_document_does() {
    let mut found = 0;
    for seed in 0..150 {
        let mut random = Random(seed);
        let both = Both::new(&mut random);
        for _ in 0..60 {
            let filter = filter(&mut random, 3);
            let query = Value::object().with("filter", filter.clone()).with("limit", 1_000);
            let expected: Vec<u64> =
                both.documents.iter().filter(|(_, document)| holds(document, &filter)).map(|(id, _)| *id).collect();
            found += expected.len();
            assert_eq!(ids(both.search(&query).get("hits").unwrap()), expected, "seed {seed}: {filter}");
        }
    }
    assert!(found > 100_000, "{found} documents found");
}

/// The canonical key of a value: of the two zeros there is one.
fn key(value: &Value) -> String {
    match value {
        Value::Number(number) => Value::Number(number + 0.0).to_string(),
        other => other.to_string(),
    }
}

/// How many of the documents have each value, the most frequent first.
fn counted(documents: &[&Document], field: &str, limit: usize) -> Value {
    let mut counts: BTreeMap<String, (Value, usize)> = BTreeMap::new();
    for document in documents {
        let different: BTreeMap<String, &Value> =
            values(document, field).iter().map(|value| (key(value), value)).collect();
        for (key, value) in different {
            counts.entry(key).or_insert((value.clone(), 0)).1 += 1;
        }
    }
    let mut counts: Vec<(Value, usize)> = counts.into_values().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(order(&a.0, &b.0).unwrap()));
    counts.truncate(limit);
    let told = |(value, count): (Value, usize)| {
        let value = if let Value::Number(number) = value { Value::Number(number + 0.0) } else { value };
        Value::object().with("value", value).with("count", count)
    };
    Value::Array(counts.into_iter().map(told).collect())
}

fn counted_ranges(documents: &[&Document], field: &str, ranges: &[[Option<f64>; 2]]) -> Value {
    let bound = |bound: Option<f64>| bound.map_or(Value::Null, Value::Number);
    let count = |[from, to]: &[Option<f64>; 2]| {
        let is_within = |value: &Value| {
            let Value::Number(number) = value else { return false };
            from.is_none_or(|from| from <= *number) && to.is_none_or(|to| *number < to)
        };
        documents.iter().filter(|document| values(document, field).iter().any(is_within)).count()
    };
    Value::Array(
        ranges
            .iter()
            .map(|range| {
                Value::object().with("from", bound(range[0])).with("to", bound(range[1])).with("count", count(range))
            })
            .collect(),
    )
}

/// A query of some legs, and all that matches it in the order of the scores.
fn legs(random: &mut Random, both: &Both) -> (Value, Vec<u64>) {
    let mut query = Value::object();
    if random.below(2) == 0 {
        query = query.with("text", one_of(random, &["shore", "sea bird", "shore -bird", "-shore"]));
    }
    if random.below(2) == 0 {
        let value: Vec<f32> = (0..4).map(|_| random.below(5) as f32 - 2.0).collect();
        query = query.with("vector", Value::object().with("value", Value::from(value)).with("exact", true));
    }
    if random.below(2) == 0 {
        query = query.with("filter", filter(random, 2));
    }
    let all = both.search(&query.clone().with("limit", 100_000));
    let ranked = ids(all.get("hits").unwrap());
    assert_eq!(all.get("total"), Some(&Value::from(ranked.len())), "{query}");
    (query, ranked)
}

#[test]
fn facets_count_all_matches() {
    for seed in 0..100 {
        let mut random = Random(1_000 + seed);
        let both = Both::new(&mut random);
        let stored: HashMap<u64, &Document> = both.documents.iter().map(|(id, document)| (*id, document)).collect();
        for _ in 0..12 {
            let (query, ranked) = legs(&mut random, &both);
            let documents: Vec<&Document> = ranked.iter().map(|id| stored[id]).collect();
            let mut facets = Value::object();
            let mut expected = Value::object();
            for field in ["word", "tags", "number", "numbers", "only", "day", "flag", "flags"] {
                let limit = [0, 1, 3, 1_000][random.below(4) as usize];
                facets = facets.with(field, Value::object().with("limit", limit));
                expected = expected.with(field, counted(&documents, field, limit));
            }
            let query = query.with("limit", random.below(3) as u32);
            let found = both.search(&query.clone().with("facets", facets));
            assert_eq!(found.get("facets"), Some(&expected), "seed {seed}: {query}");
            let field = one_of(&mut random, &["number", "numbers", "day", "only"]);
            let bound = |random: &mut Random| match random.below(4) {
                0 => None,
                _ if field == "day" => Some(one_of(random, &DAY_NUMBERS)),
                _ => Some(one_of(random, &NUMBERS) + 0.0),
            };
            let ranges: Vec<[Option<f64>; 2]> =
                (0..random.below(4)).map(|_| [bound(&mut random), bound(&mut random)]).collect();
            let json = |bound: Option<f64>| bound.map_or(Value::Null, Value::Number);
            let asked = Value::Array(ranges.iter().map(|range| Value::Array(range.map(json).to_vec())).collect());
            let facets = Value::object().with(field, Value::object().with("ranges", asked));
            let found = both.search(&query.clone().with("facets", facets));
            let expected = Value::object().with(field, counted_ranges(&documents, field, &ranges));
            assert_eq!(found.get("facets"), Some(&expected), "seed {seed}: {query}");
            let facets = Value::object().with(field, Value::object().with("bounds", true));
            let found = both.search(&query.clone().with("facets", facets));
            let with: Vec<&&Document> = documents.iter().filter(|one| !values(one, field).is_empty()).collect();
            let number = |value: &Value| if let Value::Number(number) = value { *number + 0.0 } else { panic!() };
            let mut numbers: Vec<f64> = with.iter().flat_map(|one| values(one, field)).map(number).collect();
            numbers.sort_by(f64::total_cmp);
            let mut bounds = Value::object().with("count", with.len());
            if let (Some(least), Some(most)) = (numbers.first(), numbers.last()) {
                bounds = bounds.with("min", *least).with("max", *most);
            }
            assert_eq!(found.get("facets").unwrap().get(field), Some(&bounds), "seed {seed}: {query}");
        }
    }
}

/// Of several values the one that comes first.
fn first<'a>(document: &'a Document, field: &str, is_descending: bool) -> Option<&'a Value> {
    let by = |a: &&Value, b: &&Value| order(a, b).unwrap();
    if is_descending { values(document, field).iter().max_by(by) } else { values(document, field).iter().min_by(by) }
}

type Stored<'a> = HashMap<u64, (usize, &'a Document)>;

const ORDERED: [&str; 8] = ["word", "tags", "number", "numbers", "only", "day", "flag", "flags"];

/// An order by some fields, and the matches in it.
fn sorted(random: &mut Random, stored: &Stored<'_>, ranked: &mut [u64]) -> Value {
    let keys: Vec<(&str, bool)> =
        (0..=random.below(3)).map(|_| (one_of(random, &ORDERED), random.below(2) == 0)).collect();
    ranked.sort_by(|a, b| {
        let (a, b) = (stored[a], stored[b]);
        for (field, is_descending) in &keys {
            let [x, y] = [a.1, b.1].map(|one| first(one, field, *is_descending));
            let ordering = match (x, y) {
                (Some(x), Some(y)) if *is_descending => order(y, x).unwrap(),
                (Some(x), Some(y)) => order(x, y).unwrap(),
                (x, y) => y.is_some().cmp(&x.is_some()),
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        a.0.cmp(&b.0)
    });
    let sort = keys.iter().map(|(field, is_descending)| {
        let key = Value::object().with("field", *field);
        if *is_descending { key.with("order", "desc") } else { key }
    });
    Value::Array(sort.collect())
}

/// All matches by the values of a field. New groups of one document come in the order of their values, wherever it lies.
fn grouped(stored: &Stored<'_>, ranked: &[u64], field: &str) -> Vec<(Value, Vec<u64>)> {
    let mut groups: Vec<(Value, Vec<u64>)> = Vec::new();
    for id in ranked {
        let mut values = values(stored[id].1, field).to_vec();
        for value in &mut values {
            if let Value::Number(number) = value {
                *number += 0.0;
            }
        }
        values.sort_by(|a, b| order(a, b).unwrap());
        if values.is_empty() {
            values.push(Value::Null);
        }
        for value in values {
            match groups.iter_mut().find(|(other, _)| *other == value) {
                Some((_, members)) if members.last() == Some(id) => {}
                Some((_, members)) => members.push(*id),
                None => groups.push((value, vec![*id])),
            }
        }
    }
    groups
}

#[test]
fn matches_are_ordered_by_their_fields_and_grouped() {
    for seed in 0..100 {
        let mut random = Random(2_000 + seed);
        let both = Both::new(&mut random);
        let stored: Stored<'_> =
            both.documents.iter().enumerate().map(|(age, (id, document))| (*id, (age, document))).collect();
        for _ in 0..20 {
            let (mut query, mut ranked) = legs(&mut random, &both);
            // Where two legs are fused, how deep they go is part of the answer, unless it is put into another order.
            let is_fused =
                query.get("text").is_some_and(|text| *text != Value::from("-shore")) && query.get("vector").is_some();
            if random.below(3) > 0 {
                query = query.with("sort", sorted(&mut random, &stored, &mut ranked));
            } else if is_fused {
                continue;
            }
            let (limit, offset) = (random.below(20) as usize, [0, 0, 1, 7][random.below(4) as usize]);
            query = query.with("limit", limit).with("offset", offset);
            let page: Vec<u64> = ranked.iter().copied().skip(offset).take(limit).collect();
            let found = both.search(&query);
            assert_eq!(ids(found.get("hits").unwrap()), page, "seed {seed}: {query}");
            assert_eq!(found.get("total"), Some(&Value::from(ranked.len())));
            let (field, most) = (one_of(&mut random, &ORDERED), 1 + random.below(3) as usize);
            let group_by = Value::object().with("field", field).with("limit", most);
            let found = both.search(&query.clone().with("groupBy", group_by));
            assert_eq!(found.get("hits"), Some(&Value::Array(Vec::new())));
            let Some(Value::Array(found)) = found.get("groups") else { panic!("groups") };
            let group = |group: &Value| (group.get("value").unwrap().clone(), ids(group.get("hits").unwrap()));
            let found: Vec<(Value, Vec<u64>)> = found.iter().map(group).collect();
            let expected = grouped(&stored, &ranked, field).into_iter().skip(offset).take(limit);
            let expected: Vec<(Value, Vec<u64>)> =
                expected.map(|(value, members)| (value, members.into_iter().take(most).collect())).collect();
            assert_eq!(found, expected, "seed {seed}: {query} by {field}");
        }
    }
}
