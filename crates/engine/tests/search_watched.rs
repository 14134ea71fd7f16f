//! A search whose time is over answers what it has, and says so.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

mod merges;

use sanderling_engine::{
    Document, Query, Schema, Value,
    collection::{CollectionState, PutOptions, Write},
    ids::SequenceNumber,
    query::Watch,
    settings::CollectionSettings,
    text::AnalyzerSource,
};
use std::cell::Cell;

/// Time for so many pieces of work.
struct Pieces(Cell<usize>);

impl Watch for Pieces {
    fn is_over(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left == 0
    }
}

fn collection() -> CollectionState {
    let schema = r#"{ "fields": { "t": { "type": "text" }, "n": { "type": "number" },
        "v": { "type": "vector", "dimensions": 2, "index": "flat", "quantization": "none" },
        "g": { "type": "vector", "dimensions": 16, "index": "hnsw" }, "i": { "type": "vector", "dimensions": 16, "index": "ivf" },
        "b": { "type": "vector", "dimensions": 16, "index": "flat", "quantization": "int8" } } }"#;
    let settings = CollectionSettings { seal_at: u32::MAX, ..CollectionSettings::default() };
    let schema = Schema::from_json(schema).unwrap();
    let mut state = CollectionState::new(schema, AnalyzerSource::default(), settings, SequenceNumber(1)).unwrap();
    for part in 0..3_u32 {
        let documents = (0..3_000_u32)
            .map(|at| {
                let angle = (part * 3_000 + at) as f32;
                let vector = vec![angle.cos(), angle.sin()];
                let wide: Vec<f32> = (0..16).map(|turn| (angle * (turn + 1) as f32 * 0.37).sin()).collect();
                let document =
                    Document::new(u64::from(part * 3_000 + at)).with("t", "shore and birds").with("n", at % 7);
                document.with("v", vector).with("g", wide.clone()).with("i", wide.clone()).with("b", wide)
            })
            .collect();
        let prepared = state.prepare(Write::Put(documents, PutOptions::default()), 1).unwrap();
        state.apply(prepared);
        merges::seal(&mut state, 1);
    }
    state
}

#[test]
fn what_was_found_until_then_is_answered() {
    let state = collection();
    for query in [
        r#"{ "text": "shore", "limit": 600 }"#,
        r#"{ "text": "shore", "limit": 600, "sort": [{ "field": "n" }] }"#,
        r#"{ "vector": { "value": [1, 0], "field": "v", "exact": true }, "limit": 600 }"#,
        r#"{ "text": "shore", "vector": { "value": [1, 0], "field": "v", "exact": true }, "mmr": { "field": "v" }, "limit": 20 }"#,
        r#"{ "text": "\"shore and birds\" -wave", "limit": 600 }"#,
        r#"{ "text": { "query": "shore birds", "operator": "and" }, "limit": 600 }"#,
        r#"{ "vector": { "value": WIDE, "field": "i" }, "limit": 100 }"#,
        r#"{ "vector": { "value": WIDE, "field": "g", "ef": 1000 }, "limit": 100 }"#,
        r#"{ "vector": { "value": WIDE, "field": "g", "ef": 1000 }, "limit": 100, "filter": { "n": { "$lt": 4 } } }"#,
        r#"{ "vector": { "value": WIDE, "field": "b" }, "limit": 100 }"#,
        r#"{ "limit": 600, "filter": { "n": { "$lt": 5 } } }"#,
        r#"{ "text": "shore", "groupBy": { "field": "n", "limit": 200 }, "facets": { "n": {} }, "limit": 10 }"#,
    ] {
        let wide = format!("{:?}", [0.25; 16]);
        let query = Query::from_json(query.replace("WIDE", &wide)).unwrap();
        let whole = state.search(&query, 1).unwrap();
        assert!(whole.reasons.is_empty());
        let asked = Pieces(Cell::new(usize::MAX));
        state.search_watched(&query.clone().limit(1), 1, &asked).unwrap();
        let asked = usize::MAX - asked.0.get();
        // Before each of the four segments it is asked anyway, in the filter and in the leg.
        assert!(asked >= 10, "the watch was asked {asked} times in {query:?}");
        let mut cut = 0;
        for pieces in (0..60).map(|at| at * at) {
            let watch = Pieces(Cell::new(pieces));
            let part = state.search_watched(&query, 1, &watch).unwrap();
            assert!(part.hits.len() <= whole.hits.len() && part.total <= whole.total, "{query:?}");
            if part.reasons.is_empty() {
                assert_eq!(part, whole, "{pieces} pieces of {query:?}");
            } else {
                assert!(part.reasons[0].contains("time"), "{:?}", part.reasons);
                assert_eq!(part.to_value().get("partial"), Some(&Value::Boolean(true)));
                cut += 1;
            }
        }
        assert!((1..60).contains(&cut), "{cut} of {query:?} were cut off");
        let nothing = state.search_watched(&query, 1, &Pieces(Cell::new(0))).unwrap();
        assert_eq!((nothing.hits.len(), nothing.total), (0, 0));
    }
}
