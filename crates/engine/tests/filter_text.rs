//! Filters written as text: what they mean, and where what is no filter goes wrong.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling_engine::{
    Error, ErrorCode, Schema, Value,
    document::json,
    filter::Filter,
    limits::{FILTER_DEPTH_MAX, FILTER_NODES_MAX, FILTER_VALUES_MAX},
};

fn schema() -> Schema {
    let fields = r#"{ "fields": {
        "title": { "type": "text" }, "v": { "type": "vector", "dimensions": 2 },
        "author": { "type": "keyword" }, "tags": { "type": "keyword", "many": true },
        "year": { "type": "number" }, "added": { "type": "date" }, "inPrint": { "type": "boolean" },
        "a name": { "type": "number" }, "a \"b\"": { "type": "number" }, "größe-2.x": { "type": "number" },
        "not": { "type": "number" }, "in": { "type": "number" }, "geo_box": { "type": "number" }, "starts": { "type": "number" }
    } }"#;
    Schema::from_json(fields).unwrap()
}

fn read(text: &str) -> Result<Filter, Error> {
    Filter::from_value(&Value::from(text), &schema())
}

fn read_json(text: &str) -> Result<Filter, Error> {
    Filter::from_value(&json::parse(text).unwrap(), &schema())
}

/// Demands error "filter" at a position; answers the message.
fn wrong_at(text: &str, position: usize) -> String {
    let error = read(text).expect_err(text);
    assert_eq!(error.code(), ErrorCode::Filter, "{text}: {error}");
    let found = error.details().iter().find(|(name, _)| name == "position");
    assert_eq!(found, Some(&("position".into(), Value::from(position))), "{text}: {error}");
    assert!(error.message().starts_with(&format!("filter at position {position}: expected ")), "{text}: {error}");
    error.message().into()
}

#[test]
fn text_means_what_its_json_means() {
    for (text, json) in [
        ("year = 1990", r#"{ "year": 1990 }"#),
        (" \t\r\n year=1990\r\n", r#"{ "year": 1990 }"#),
        ("year <> 1990", r#"{ "year": { "$ne": 1990 } }"#),
        ("year!=1990", r#"{ "year": { "$ne": 1990 } }"#),
        ("year > 1990", r#"{ "year": { "$gt": 1990 } }"#),
        ("year>=1990", r#"{ "year": { "$gte": 1990 } }"#),
        ("year < 1990", r#"{ "year": { "$lt": 1990 } }"#),
        ("year<=1990", r#"{ "year": { "$lte": 1990 } }"#),
        ("year = -1.5e3", r#"{ "year": -1500 }"#),
        ("year = +1.5E-3", r#"{ "year": 0.0015 }"#),
        ("year BETWEEN -1 AND +2", r#"{ "year": { "$gte": -1, "$lte": 2 } }"#),
        ("tags contains 'birds'", r#"{ "tags": { "$contains": "birds" } }"#),
        ("author IN ('a','b')", r#"{ "author": { "$in": ["a", "b"] } }"#),
        ("author in()", r#"{ "author": { "$in": [] } }"#),
        ("author Not In ('a' , 'b' )", r#"{ "author": { "$nin": ["a", "b"] } }"#),
        ("author STARTS  WITH 'sh'", r#"{ "author": { "$startsWith": "sh" } }"#),
        ("EXISTS title", r#"{ "title": { "$exists": true } }"#),
        ("NOT EXISTS v", r#"{ "$not": { "v": { "$exists": true } } }"#),
        ("inPrint = TRUE", r#"{ "inPrint": true }"#),
        ("inPrint <> false", r#"{ "inPrint": { "$ne": false } }"#),
        ("added >= '2020-01-01'", r#"{ "added": { "$gte": "2020-01-01" } }"#),
        ("author = 'it''s'", r#"{ "author": "it's" }"#),
        ("author = ''''", r#"{ "author": "'" }"#),
        ("author = ''", r#"{ "author": "" }"#),
        ("author = 'AND \"x\" 😀'", r#"{ "author": "AND \"x\" 😀" }"#),
        ("year = '1990'", r#"{ "year": "1990" }"#),
        ("\"a name\" = 1", r#"{ "a name": 1 }"#),
        ("\"a \"\"b\"\"\" = 1", r#"{ "a \"b\"": 1 }"#),
        ("größe-2.x = 1", r#"{ "größe-2.x": 1 }"#),
        ("\"not\" = 1", r#"{ "not": 1 }"#),
        ("in IN (1)", r#"{ "in": { "$in": [1] } }"#),
        ("geo_box = 1 AND starts = 1", r#"{ "geo_box": 1, "starts": 1 }"#),
    ] {
        assert_eq!(read(text).unwrap(), read_json(json).unwrap(), "{text}");
    }
}

#[test]
fn not_binds_before_and_and_that_before_or() {
    for (text, json) in [
        (
            "year = 1 AND year = 2 OR year = 3",
            r#"{ "$or": [{ "$and": [{ "year": 1 }, { "year": 2 }] }, { "year": 3 }] }"#,
        ),
        (
            "year = 1 OR year = 2 AND year = 3",
            r#"{ "$or": [{ "year": 1 }, { "$and": [{ "year": 2 }, { "year": 3 }] }] }"#,
        ),
        ("(year = 1 OR year = 2) AND year = 3", r#"{ "$or": [{ "year": 1 }, { "year": 2 }], "year": 3 }"#),
        ("NOT year = 1 AND year = 2", r#"{ "$not": { "year": 1 }, "year": 2 }"#),
        ("NOT(year = 1 AND year = 2)", r#"{ "$not": { "$and": [{ "year": 1 }, { "year": 2 }] } }"#),
        ("not NOT year = 1", r#"{ "$not": { "$not": { "year": 1 } } }"#),
        ("((year = 1))", r#"{ "year": 1 }"#),
        ("year BETWEEN 1 AND 2 AND year = 3", r#"{ "$and": [{ "year": { "$gte": 1, "$lte": 2 } }, { "year": 3 }] }"#),
        (
            "year >= 1990 AND (tags CONTAINS 'birds' OR author IN ('a', 'b')) AND NOT inPrint = false",
            r#"{ "year": { "$gte": 1990 }, "$or": [{ "tags": "birds" }, { "author": { "$in": ["a", "b"] } }],
                 "$not": { "inPrint": false } }"#,
        ),
    ] {
        assert_eq!(read(text).unwrap(), read_json(json).unwrap(), "{text}");
    }
}

#[test]
fn what_is_no_filter_is_refused_at_its_position() {
    for (text, position, word) in [
        ("", 0, "the end"),
        ("   ", 3, "the end"),
        ("year", 4, "the end"),
        ("year = ", 7, "the end"),
        ("year 1990", 5, "1990"),
        ("year == 1990", 6, "="),
        ("year = 1990 1991", 12, "1991"),
        ("year = 1990)", 11, ")"),
        ("(year = 1990", 12, "the end"),
        ("()", 1, ")"),
        ("year = 1990 AND", 15, "the end"),
        ("AND year = 1990", 0, "AND"),
        ("year = 1 OR OR year = 2", 12, "OR"),
        ("year = 1990 && year = 2", 12, "&&"),
        ("NOT", 3, "the end"),
        ("year NOT 3", 5, "NOT 3"),
        ("NOT = 3", 4, "="),
        ("EXISTS", 6, "the end"),
        ("EXISTS (year)", 7, "(year)"),
        ("year IN 3", 5, "IN 3"),
        ("year IN (1, 2", 13, "the end"),
        ("year IN (1 2)", 11, "2"),
        ("year IN (1,)", 11, ")"),
        ("year IN (1, year)", 12, "year"),
        ("year BETWEEN 1, 2", 14, "AND"),
        ("year BETWEEN 1 AND", 18, "the end"),
        ("author STARTS 'a'", 7, "STARTS"),
        ("author STARTS WITH 3", 0, "a string"),
        ("author = \"ann\"", 9, "single quotes"),
        ("author = 'ann", 9, "at both ends"),
        ("author = 'ann''", 9, "at both ends"),
        ("\"year = 3", 0, "at both ends"),
        ("year = null", 7, "null"),
        ("year = 012", 8, "zero"),
        ("year = 1.", 9, "digit"),
        ("year = .5", 7, ".5"),
        ("year = 1e", 9, "digit"),
        ("year = -", 8, "digit"),
        ("year = +-1", 7, "+-1"),
        ("year = 1e999", 7, "1.8e308"),
        ("year = 0x10", 8, "x10"),
        ("3 = year", 0, "\"3\""),
        ("yeär = 3", 0, "yeär"),
        ("author = 'ä😀' AND nowhere = 3", 18, "nowhere"),
        ("title = 'x'", 0, "$exists"),
        ("year = 1 AND v > 3", 13, "$exists"),
        ("GEO_BOX(year, 1, 2, 3)", 21, ","),
        ("GEO_BOX(nowhere, 1, 2, 3, 4)", 8, "nowhere"),
        ("GEO_RADIUS(year, 1, 2, 3", 24, "the end"),
    ] {
        let message = wrong_at(text, position);
        assert!(message.contains(word), "{text}: {message}");
    }
}

#[test]
fn an_area_of_a_field_without_places_is_the_same_error_in_both_spellings() {
    for (text, json) in [
        ("geo_box(year, 1, 2, 3, 4)", r#"{ "year": { "$geoBox": { "north": 1, "south": 2, "east": 3, "west": 4 } } }"#),
        ("GEO_RADIUS ( year , 1 , 2 , 3 )", r#"{ "year": { "$geoRadius": { "lat": 1, "lon": 2, "meters": 3 } } }"#),
    ] {
        let (error, expected) = (read(text).unwrap_err(), read_json(json).unwrap_err());
        assert_eq!(error.code(), ErrorCode::Filter);
        let told = |error: &Error| error.message().split_once(": ").unwrap().1.to_owned();
        assert_eq!(told(&error), told(&expected), "{text}");
    }
}

#[test]
fn limits_are_those_of_the_json_spelling() {
    let nested =
        |word: &str, times: usize, close: &str| format!("{}year = 1{}", word.repeat(times), close.repeat(times));
    let deepest = FILTER_DEPTH_MAX - 1;
    assert!(read(&nested("NOT ", deepest, "")).is_ok());
    assert!(wrong_at(&nested("NOT ", deepest + 1, ""), 4 * (deepest + 1)).contains("32 levels"));
    assert_eq!(read(&nested("(", deepest, ")")).unwrap(), read("year = 1").unwrap());
    assert!(wrong_at(&nested("(", 1_000_000, ")"), deepest + 1).contains("32 levels"));

    let list = |values: usize| format!("year IN ({})", vec!["1"; values].join(","));
    assert!(read(&list(FILTER_VALUES_MAX)).is_ok());
    assert!(wrong_at(&list(FILTER_VALUES_MAX + 1), 9 + 2 * FILTER_VALUES_MAX).contains("65536 values"));

    let chain = |conditions: usize| vec!["year=1"; conditions].join(" OR ");
    assert!(read(&chain(FILTER_NODES_MAX)).is_ok());
    assert!(wrong_at(&chain(FILTER_NODES_MAX + 1), 10 * FILTER_NODES_MAX).contains("8192 conditions"));
}
