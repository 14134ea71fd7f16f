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

/// The ids of the hits of a page, or of the first hit of each group.
fn ids_of(page: &SearchResult) -> Vec<DocumentId> {
    let first_of_groups = page.groups.iter().flatten().filter_map(|group| group.hits.first());
    page.hits.iter().chain(first_of_groups).map(|hit| hit.id.clone()).collect()
}

/// Who reads a page, deletes what it shows and asks for the next one meets every match.
#[test]
fn what_was_shown_may_be_deleted() {
    for json in [
        r#"{}"#,
        r#"{ "filter": { "n": { "$lt": 9 } } }"#,
        r#"{ "sort": { "field": "n", "order": "desc" } }"#,
        r#"{ "sort": [{ "field": "k" }, { "field": "n" }] }"#,
        r#"{ "sort": { "field": "k", "order": "desc" }, "minScore": 0 }"#,
        r#"{ "vector": { "value": V, "exact": true } }"#,
        r#"{ "vector": { "value": V, "exact": true }, "sort": { "field": "n" } }"#,
    ] {
        let mut pages = Pages::new("flat");
        let query = Query { limit: 50, ..query(json) };
        let total = pages.search(&query).total;
        let mut shown = ids_of(&pages.search(&query));
        let parts = pages.all(&query, &mut |pages, _| {
            pages.write(Write::Delete(DeleteTarget::Ids(core::mem::take(&mut shown))));
            // What comes next is found without a cursor too.
            shown = ids_of(&pages.search(&query));
        });
        let found: Vec<_> = parts.iter().flat_map(ids_of).collect();
        let distinct: BTreeSet<_> = found.iter().collect();
        assert_eq!((found.len(), distinct.len()), (total, total), "{json}");
    }
}

/// Where scores hang on what else there is, too.
#[test]
fn the_last_hit_may_be_deleted() {
    for json in [
        r#"{ "text": "shore" }"#,
        r#"{ "text": "shore -birds" }"#,
        r#"{ "text": "birds", "vector": { "value": V, "exact": true } }"#,
        r#"{ "text": "birds", "groupBy": { "field": "n" } }"#,
    ] {
        let mut pages = Pages::new("flat");
        let query = Query { limit: 10, ..query(json) };
        let whole = pages.search(&Query { limit: 20, ..query.clone() });
        let first = pages.search(&query);
        let last = ids_of(&first).pop().unwrap();
        pages.write(Write::Delete(DeleteTarget::Ids([last].to_vec())));
        let next = pages.search(&Query { cursor: first.cursor.clone(), ..query });
        let shown: BTreeSet<_> = [ids_of(&first), ids_of(&next)].concat().into_iter().collect();
        let missed: Vec<_> = ids_of(&whole).into_iter().filter(|id| !shown.contains(id)).collect();
        assert!(missed.len() <= usize::from(json.contains("vector")), "{json}: {missed:?}");
    }
}

/// However many come ahead between two pages, nothing is shown twice.
#[test]
fn many_new_hits_ahead_repeat_none() {
    for json in [
        r#"{ "sort": { "field": "n", "order": "desc" } }"#,
        r#"{ "vector": { "value": V, "exact": true } }"#,
        r#"{ "groupBy": { "field": "n" }, "vector": { "value": V, "exact": true } }"#,
    ] {
        for deletes in [false, true] {
            let mut pages = Pages::new("flat");
            let query = Query { limit: 4, ..query(json) };
            let whole = pages.search(&Query { limit: 12, ..query.clone() });
            let mut shown = Vec::new();
            let first = pages.search(&query);
            if deletes {
                pages.write(Write::Delete(DeleteTarget::Ids(ids_of(&first))));
            }
            // The best by far.
            let vectors = clustered(DOCUMENTS, 16, 30, 5);
            let documents = (0..60)
                .map(|at| Document::new(2_000 + at).with("n", 1_000 + at as u32).with("v", vectors[160..176].to_vec()));
            pages.write(Write::Put(documents.collect(), PutOptions::default()));
            let mut cursor = first.cursor.clone();
            shown.extend(ids_of(&first));
            for _ in 0..2 {
                let page = pages.search(&Query { cursor: cursor.take(), ..query.clone() });
                shown.extend(ids_of(&page));
                cursor = page.cursor;
            }
            if json.contains("groupBy") && deletes {
                // Groups begin with other hits now.
                continue;
            }
            assert_eq!(shown, ids_of(&whole), "{json} {deletes}");
        }
    }
}

/// A document with several values opens several groups; which of them was the last one shown is known.
#[test]
fn groups_of_one_document_go_on_where_they_ended() {
    let mut pages = Pages::new("flat");
    let with = |id: u64, values: &[&str]| {
        let values: Vec<_> = values.iter().map(|value| sanderling_engine::Value::from(*value)).collect();
        Document::new(id).with("k", values).with("n", 500_u32)
    };
    let put = |pages: &mut Pages, documents: Vec<Document>| {
        pages.write(Write::Put(documents, PutOptions::default()));
    };
    put(&mut pages, vec![with(5_000, &["a", "b", "c", "d"]), with(5_001, &["e"])]);
    let json = r#"{ "filter": { "n": { "$gte": 500 } }, "sort": { "field": "n", "order": "desc" }, "groupBy": { "field": "k" }, "limit": 1 }"#;
    let mut found = Vec::new();
    for page in pages.all(&query(json), &mut |pages, page| {
        // A group comes ahead of those that were shown.
        put(
            pages,
            vec![
                Document::new(6_000 + page as u64)
                    .with("k", vec![sanderling_engine::Value::from(format!("new{page}").as_str())])
                    .with("n", 600_u32),
            ],
        );
    }) {
        found.extend(page.groups.unwrap().into_iter().map(|group| group.value));
    }
    let expected: Vec<_> = ["a", "b", "c", "d", "e"].map(sanderling_engine::Value::from).to_vec();
    assert_eq!(found, expected);
}
