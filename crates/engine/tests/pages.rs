//! Pages that follow each other by cursors are one ranking, cut into pieces.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod made;
mod merges;

use made::clustered;
use sanderling_engine::{
    Document, DocumentId, Query, Schema,
    collection::{CollectionState, DeleteTarget, PutOptions, Write},
    ids::SequenceNumber,
    query::SearchResult,
    settings::CollectionSettings,
    text::AnalyzerSource,
};
use std::collections::BTreeSet;

const DOCUMENTS: usize = 900;
const WORDS: [&str; 4] = ["shore", "shore birds", "birds", "wave"];

struct Pages {
    state: CollectionState,
    vectors: Vec<f32>,
}

impl Pages {
    fn new(index: &str) -> Self {
        let schema = format!(
            r#"{{ "fields": {{ "t": {{ "type": "text" }}, "n": {{ "type": "number" }}, "k": {{ "type": "keyword", "many": true }},
                "v": {{ "type": "vector", "dimensions": 16, "index": "{index}" }} }} }}"#
        );
        let settings = CollectionSettings { seal_at: u32::MAX, ..CollectionSettings::default() };
        let schema = Schema::from_json(schema).unwrap();
        let state = CollectionState::new(schema, AnalyzerSource::default(), settings, SequenceNumber(1)).unwrap();
        let mut pages = Self { state, vectors: clustered(DOCUMENTS, 16, 30, 5) };
        for from in (0..DOCUMENTS).step_by(400) {
            pages.put(from..DOCUMENTS.min(from + 400));
            if from < 800 {
                merges::seal(&mut pages.state, 1);
            }
        }
        pages
    }

    fn write(&mut self, write: Write) {
        let prepared = self.state.prepare(write, 1).unwrap();
        self.state.apply(prepared);
    }

    fn put(&mut self, ids: impl Iterator<Item = usize>) {
        let documents = ids.map(|id| {
            let vector = &self.vectors[id % DOCUMENTS * 16..][..16];
            let words = format!("{} {}", WORDS[id % 4], "and ".repeat(id * 7 % 5));
            let keywords: Vec<_> =
                (0..id % 3).map(|at| sanderling_engine::Value::from(format!("k{}", (id + at) % 40).as_str())).collect();
            let document =
                Document::new(id as u64).with("t", words.as_str()).with("k", keywords).with("n", (id * 31 % 17) as u32);
            if id % 9 == 0 { document } else { document.with("v", vector.to_vec()) }
        });
        let documents = documents.collect();
        self.write(Write::Put(documents, PutOptions::default()));
    }

    fn search(&self, query: &Query) -> SearchResult {
        self.state.search(query, 1).unwrap()
    }

    /// All pages from a query on; `between` may write.
    fn all(&mut self, query: &Query, between: &mut dyn FnMut(&mut Self, usize)) -> Vec<SearchResult> {
        let mut pages = vec![self.search(query)];
        while let Some(cursor) = pages.last().unwrap().cursor.clone() {
            between(self, pages.len());
            pages.push(self.search(&Query { offset: 0, ..query.clone() }.cursor(cursor)));
            assert!(pages.len() < 500, "pages without an end: {query:?}");
        }
        pages
    }
}

fn query(json: &str) -> Query {
    let vectors = clustered(DOCUMENTS, 16, 30, 5);
    Query::from_json(json.replace("V", &format!("{:?}", &vectors[160..176]))).unwrap()
}

/// What a page shows, in a form that says all.
fn shown(results: &[SearchResult]) -> Vec<String> {
    let hits = results.iter().flat_map(|result| &result.hits).map(|hit| format!("{hit:?}"));
    let groups = results.iter().flat_map(|result| result.groups.iter().flatten()).map(|group| format!("{group:?}"));
    hits.chain(groups).collect()
}

const QUERIES: [&str; 12] = [
    r#"{}"#,
    r#"{ "filter": { "n": { "$lt": 5 } } }"#,
    r#"{ "text": "shore birds" }"#,
    r#"{ "text": "shore -birds", "minScore": 0.01 }"#,
    r#"{ "vector": { "value": V, "exact": true } }"#,
    r#"{ "vector": { "value": V, "exact": true }, "sort": { "field": "n" } }"#,
    r#"{ "text": "birds", "sort": [{ "field": "n", "order": "desc" }] }"#,
    r#"{ "text": "birds", "vector": { "value": V, "exact": true } }"#,
    r#"{ "text": "birds", "vector": { "value": V, "exact": true }, "fusion": { "method": "weighted" } }"#,
    r#"{ "text": "birds", "groupBy": { "field": "k", "limit": 2 } }"#,
    r#"{ "text": "birds", "vector": { "value": V, "exact": true }, "groupBy": { "field": "n" } }"#,
    r#"{ "text": "wave", "limit": 1 }"#,
];

#[test]
fn pages_together_are_the_answer_to_one_search() {
    let mut pages = Pages::new("flat");
    for json in QUERIES {
        for (limit, offset) in [(7, 0), (100, 3), (1_000, 0)] {
            let all = Query { leg_depth: 2_000, offset, limit: 2_000, ..query(json) };
            let whole = pages.search(&all);
            assert_eq!(whole.cursor, None);
            let parts = pages.all(&Query { limit, ..all.clone() }, &mut |_, _| {});
            assert!(shown(&parts) == shown(&[whole]), "{json} by {limit}");
            assert!(parts.iter().all(|part| part.total == parts[0].total));
        }
    }
}

/// Beyond the depth of the first page come the others, each once.
#[test]
fn fused_pages_hold_every_match_once() {
    for index in ["flat", "ivf", "hnsw"] {
        let mut pages = Pages::new(index);
        for json in [
            r#"{ "text": "birds", "vector": V, "legDepth": 20 }"#,
            r#"{ "text": "birds", "vector": V }"#,
            r#"{ "text": "birds", "vector": V, "fusion": { "method": "weighted", "normalize": "zscore" } }"#,
            r#"{ "vector": V }"#,
            r#"{ "vector": V, "sort": { "field": "n" } }"#,
        ] {
            let parts = pages.all(&Query { limit: 13, ..query(json) }, &mut |_, _| {});
            let ids: Vec<_> = parts.iter().flat_map(|part| &part.hits).map(|hit| hit.id.clone()).collect();
            let distinct: BTreeSet<_> = ids.iter().collect();
            assert_eq!((distinct.len(), ids.len()), (parts[0].total, parts[0].total), "{index} {json}");
        }
    }
}

#[test]
fn hits_that_differ_end_where_no_more_are_chosen() {
    let mut pages = Pages::new("flat");
    let json = r#"{ "vector": { "value": V, "exact": true }, "mmr": { "lambda": 0.4 }, "limit": 60 }"#;
    let parts = pages.all(&query(json), &mut |_, _| {});
    let ids: BTreeSet<_> = parts.iter().flat_map(|part| &part.hits).map(|hit| hit.id.clone()).collect();
    assert_eq!((parts.len(), ids.len()), (14, 800)); // all that have a vector
    // The first 200 are those that were chosen from for the first page.
    let whole = pages.search(&Query { limit: 180, ..query(json) });
    assert!(shown(&parts[..3]) == shown(&[whole]));
    let error = pages.state.search(&Query { leg_depth: 1_001, ..query(json) }, 1).unwrap_err();
    assert!(error.message().contains("legDepth"), "{error:?}");
}

#[test]
fn what_is_written_meanwhile_moves_no_other_hit() {
    for json in [
        r#"{ "filter": { "n": { "$lt": 9 } } }"#,
        r#"{ "sort": { "field": "n", "order": "desc" } }"#,
        r#"{ "vector": { "value": V, "exact": true } }"#,
        r#"{ "vector": { "value": V, "exact": true }, "sort": { "field": "n" } }"#,
    ] {
        let mut pages = Pages::new("flat");
        let query = Query { limit: 50, ..query(json) };
        let before: Vec<_> = pages.all(&query, &mut |_, _| {}).iter().flat_map(|page| page.hits.clone()).collect();
        let untouched = |id: &DocumentId| !matches!(id, DocumentId::Integer(id) if id % 5 == 0 || *id >= 900);
        let parts = pages.all(&query, &mut |pages, page| {
            // Some are removed, wherever they are, and others come.
            let ids = (0..60).map(|at| DocumentId::Integer((page * 60 + at) as u64 * 5 % 900));
            pages.write(Write::Delete(DeleteTarget::Ids(ids.collect())));
            pages.put((0..40).map(|at| 900 + page * 40 + at));
            if page % 4 == 0 {
                merges::seal(&mut pages.state, 1);
            }
        });
        let after: Vec<_> = parts.iter().flat_map(|page| page.hits.clone()).collect();
        let distinct: BTreeSet<_> = after.iter().map(|hit| hit.id.clone()).collect();
        let of = |hits: &[sanderling_engine::query::Hit]| -> Vec<DocumentId> {
            hits.iter().map(|hit| hit.id.clone()).filter(untouched).collect()
        };
        assert!(of(&after) == of(&before), "{json}");
        assert_eq!(distinct.len(), after.len(), "{json}");
    }
}
