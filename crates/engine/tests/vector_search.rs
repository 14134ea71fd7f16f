//! Vector search through a collection: every index a schema can ask for, wherever the documents lie, and the cases that
//! broke others.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod collections;
mod made;

use collections::{Made, distinct};
use made::{clustered, uniform};

const INDEXES: [&str; 4] = ["auto", "flat", "ivf", "hnsw"];
const QUANTIZATIONS: [&str; 4] = ["auto", "none", "int8", "rabitq"];

/// The share of the exact scan's hits that a search finds.
fn recall(made: &Made, queries: &[f32], rest: &str) -> f64 {
    let (mut found, mut all) = (0, 0);
    for query in queries.chunks(made.dimensions) {
        let exact = made.ids(query, r#", "exact": true"#, rest);
        let hits = made.ids(query, "", rest);
        assert_eq!(hits.len(), exact.len(), "as many hits as match");
        found += hits.iter().filter(|id| exact.contains(id)).count();
        all += exact.len();
    }
    found as f64 / all as f64
}

#[test]
fn every_index_reaches_its_recall_wherever_documents_lie() {
    for (at, index) in INDEXES.into_iter().enumerate() {
        for quantization in QUANTIZATIONS {
            let metric = ["cosine", "dot", "euclidean"][at % 3];
            let options = format!(r#""metric": "{metric}", "index": "{index}", "quantization": "{quantization}""#);
            let mut made = Made::new(40, &options);
            made.put_all(&clustered(2_200, 40, 30, 1));
            let queries = clustered(25, 40, 30, 2);
            let growing = recall(&made, &queries, "");
            made.seal();
            let sealed = recall(&made, &queries, "");
            made.put_all(&clustered(300, 40, 30, 3));
            let both = recall(&made, &queries, r#", "filter": { "half": 1 }"#);
            assert!(growing >= 0.95 && sealed >= 0.95 && both >= 0.95, "{options}: {growing} {sealed} {both}");
        }
    }
}

#[test]
fn the_plan_says_what_was_chosen() {
    let first_plan = |made: &Made, options: &str| made.plan(&uniform(1, 24, 9), options).remove(0);
    let expected = [
        ("auto", "auto", "ivf: codes of "),
        ("flat", "auto", "flat: codes of 3000 vectors in 1 lists"),
        ("flat", "none", "none: exact scan"),
        ("flat", "int8", "bytes: bytes of 3000 vectors"),
        ("ivf", "rabitq", "ivf: codes of "),
        ("hnsw", "auto", "hnsw: graph walk by "),
        ("hnsw", "rabitq", "hnsw: graph walk by "),
    ];
    for (index, quantization, plan) in expected {
        let mut made = Made::new(24, &format!(r#""index": "{index}", "quantization": "{quantization}""#));
        made.put_all(&uniform(3_000, 24, 4));
        made.seal();
        let said = first_plan(&made, "");
        assert!(said.starts_with(plan), "{index} {quantization}: {said}");
        assert!(first_plan(&made, r#", "exact": true"#).ends_with(": exact scan"));
        assert!(first_plan(&made, r#", "recall": 1"#).ends_with(": exact scan"));
    }
    let mut made = Made::new(24, r#""metric": "manhattan", "index": "hnsw""#);
    made.put_all(&uniform(3_000, 24, 4));
    made.seal();
    assert_eq!(first_plan(&made, ""), "none: exact scan", "a metric without an estimate is compared in full");
}

#[test]
fn few_matches_in_a_graph_over_bits_are_compared_by_these() {
    let mut made = Made::new(40, r#""index": "hnsw", "quantization": "rabitq", "metric": "euclidean""#);
    made.put_all(&clustered(3_000, 40, 30, 1));
    made.seal();
    made.delete((0..3_000).filter(|id| id % 3 != 0));
    let queries = clustered(25, 40, 30, 2);
    let plan = made.plan(&queries[..40], "").remove(0);
    assert_eq!(plan, "hnsw: bits of 1000 vectors");
    let found = recall(&made, &queries, "");
    assert!(found >= 0.95, "{found}");
    for options in [r#", "ef": 150"#, r#", "oversample": 8"#] {
        assert_eq!(made.ids(&queries[..40], options, r#", "limit": 20"#).len(), 20, "{options}");
    }
    assert_eq!(made.ids(&queries[..40], "", r#", "limit": 999"#).len(), 999, "almost all that match");
    let few = made.ids(&queries[..40], "", r#", "filter": { "number": { "$lt": 600 } }"#);
    assert_eq!(few, made.ids(&queries[..40], r#", "exact": true"#, r#", "filter": { "number": { "$lt": 600 } }"#));
}

#[test]
fn a_graph_over_bits_takes_a_seventh_of_the_room() {
    let bytes = |quantization: &str| -> usize {
        let mut made = Made::new(384, &format!(r#""index": "hnsw", "quantization": "{quantization}""#));
        made.put_all(&uniform(800, 384, 3));
        let file = made.seal();
        // All beside the vectors themselves and the offsets, which are the same for both.
        collections::sections(&file).iter().filter(|section| section.kind >= 64).map(|section| section.length).sum()
    };
    let (bits, all) = (bytes("rabitq"), bytes("int8"));
    assert_eq!(all - bits, 800 * (384 + 12 - 56) - 4 * 384);
    assert!(bits <= 800 * 200, "{bits}");
}

#[test]
fn a_higher_recall_looks_further() {
    let mut made = Made::new(48, "");
    made.put_all(&clustered(4_000, 48, 40, 5));
    made.seal();
    let query = clustered(1, 48, 40, 6);
    let seen = |options: &str| -> usize {
        let plan = made.plan(&query, options).remove(0);
        plan.split(' ').find_map(|word| word.parse().ok()).unwrap()
    };
    assert!(seen(r#", "recall": 0.8"#) < seen(r#", "recall": 0.995"#));
    let mut graph = Made::new(48, r#""index": "hnsw""#);
    graph.put_all(&clustered(4_000, 48, 40, 5));
    graph.seal();
    let seen = |options: &str| -> usize {
        let plan = graph.plan(&query, options).remove(0);
        plan.split(' ').find_map(|word| word.parse().ok()).unwrap()
    };
    assert!(seen(r#", "ef": 20"#) < seen(r#", "ef": 400"#));
}

#[test]
fn recall_does_not_collapse_just_above_ef() {
    for index in INDEXES {
        for count in [1, 2, 10, 50, 51, 52, 64, 100, 101] {
            let mut made = Made::new(16, &format!(r#""index": "{index}""#));
            made.put_all(&uniform(count, 16, 7));
            for sealed in [false, true] {
                if sealed {
                    made.seal();
                }
                let found = recall(&made, &uniform(10, 16, 8), "");
                assert!(found >= 0.99, "{index}, {count} vectors: {found}");
                let ids = made.ids(&uniform(1, 16, 8), r#", "ef": 50"#, r#", "limit": 10000"#);
                assert_eq!(distinct(&ids), count, "{index}: every vector is a hit");
            }
        }
    }
}

#[test]
fn one_id_of_three_is_overwritten_twenty_times() {
    for index in INDEXES {
        let mut made = Made::new(8, &format!(r#""index": "{index}""#));
        made.put_all(&uniform(3, 8, 10));
        for round in 0..20 {
            made.put(1, &uniform(1, 8, 20 + round));
            if round % 7 == 6 {
                made.seal();
            }
            let ids = made.ids(&uniform(1, 8, 11), "", "");
            assert_eq!((ids.len(), distinct(&ids)), (3, 3), "{index}, round {round}");
        }
        let newest = uniform(1, 8, 39);
        assert_eq!(made.ids(&newest, "", r#", "limit": 1"#), ["1"], "the newest vector counts");
        made.compact();
        assert_eq!(made.ids(&newest, "", r#", "limit": 1"#), ["1"]);
        assert_eq!(distinct(&made.ids(&newest, "", "")), 3);
    }
}

#[test]
fn what_is_left_of_many_deleted_is_found() {
    for index in INDEXES {
        let mut made = Made::new(16, &format!(r#""index": "{index}""#));
        let vectors = clustered(3_000, 16, 20, 12);
        made.put_all(&vectors);
        made.seal();
        made.delete((0..3_000).filter(|id| id % 30 != 7));
        let query = &vectors[16 * 7..16 * 8];
        for compacted in [false, true] {
            if compacted {
                made.compact();
            }
            let ids = made.ids(query, "", r#", "limit": 1000"#);
            assert_eq!((ids.len(), distinct(&ids)), (100, 100), "{index}");
            assert!(ids.iter().all(|id| id.parse::<u32>().unwrap() % 30 == 7), "only live documents");
            assert_eq!(
                made.ids(query, "", r#", "limit": 5"#),
                made.ids(query, r#", "exact": true"#, r#", "limit": 5"#)
            );
            assert_eq!(ids[0], "7");
        }
    }
}

#[test]
fn a_few_deleted_of_a_few_hide_nobody_else() {
    for index in INDEXES {
        for count in [20, 50, 75, 100, 150, 300, 700] {
            let mut made = Made::new(16, &format!(r#""index": "{index}""#));
            made.put_all(&uniform(count, 16, 26));
            made.seal();
            made.delete([1, 8, 13].into_iter());
            let found = recall(&made, &uniform(20, 16, 27), r#", "limit": 25"#);
            assert!(found >= 0.97, "{index}, {count} vectors: {found}");
        }
    }
}

#[test]
fn three_matches_of_a_filter_are_found_among_thousands() {
    for index in INDEXES {
        let mut made = Made::new(16, &format!(r#""index": "{index}""#));
        made.put_all(&clustered(3_000, 16, 20, 13));
        for sealed in [false, true] {
            if sealed {
                made.seal();
            }
            let mut ids = made.ids(&uniform(1, 16, 14), "", r#", "filter": { "number": { "$in": [17, 1500, 2999] } }"#);
            ids.sort();
            assert_eq!(ids, ["1500", "17", "2999"], "{index}");
        }
    }
}

#[test]
fn scores_have_the_direction_of_the_metric() {
    for index in INDEXES {
        for (metric, first) in [("dot", "2"), ("cosine", "0"), ("euclidean", "1")] {
            let mut made = Made::new(2, &format!(r#""index": "{index}", "metric": "{metric}""#));
            made.put_all(&[1.0, 0.0, 2.0, 0.5, 9.0, 9.0, -1.0, 0.0]);
            for sealed in [false, true] {
                if sealed {
                    made.seal();
                }
                let ids = made.ids(&[2.0, 0.0], "", "");
                assert_eq!((ids[0].as_str(), ids[3].as_str(), ids.len()), (first, last(metric), 4), "{index} {metric}");
            }
        }
    }
}

fn last(metric: &str) -> &'static str {
    if metric == "euclidean" { "2" } else { "3" }
}

#[test]
fn zero_vectors_and_copies_are_hits_like_others() {
    for index in INDEXES {
        for metric in ["cosine", "dot", "euclidean"] {
            let mut made = Made::new(12, &format!(r#""index": "{index}", "metric": "{metric}""#));
            let one = uniform(1, 12, 15);
            let mut vectors = [vec![0.0; 12 * 700], one.repeat(700)].concat();
            vectors.extend(uniform(200, 12, 16));
            made.put_all(&vectors);
            for sealed in [false, true] {
                if sealed {
                    made.seal();
                }
                let ids = made.ids(&one, "", r#", "limit": 700"#);
                let copies = (700..1_400).map(|id| id.to_string());
                let expected = if metric == "dot" {
                    made.ids(&one, r#", "exact": true"#, r#", "limit": 700"#)
                } else {
                    copies.collect()
                };
                assert_eq!(ids, expected, "{index} {metric}: copies in the order of their writes");
                assert_eq!(distinct(&made.ids(&[0.0; 12], "", r#", "limit": 2000"#)), 1_600);
                assert_eq!(made.ids(&[0.0; 12], "", "").len(), 10);
            }
        }
    }
}

#[test]
fn any_number_of_hits_can_be_wanted() {
    for index in INDEXES {
        let mut made = Made::new(10, &format!(r#""index": "{index}""#));
        made.put_all(&clustered(2_500, 10, 15, 17));
        for sealed in [false, true] {
            if sealed {
                made.seal();
            }
            for (limit, hits) in [(0, 0), (1, 1), (2_499, 2_499), (2_500, 2_500), (10_000, 2_500)] {
                let ids = made.ids(&uniform(1, 10, 18), "", &format!(r#", "limit": {limit}"#));
                assert_eq!((ids.len(), distinct(&ids)), (hits, hits), "{index}, limit {limit}");
            }
            let first: Vec<String> = made.ids(&uniform(1, 10, 18), "", r#", "limit": 30"#);
            let paged = made.ids(&uniform(1, 10, 18), "", r#", "limit": 10, "offset": 20"#);
            assert_eq!(paged.len(), 10);
            let agree = paged.iter().filter(|id| first[20..].contains(id)).count();
            assert!(agree >= 9, "{index}: pages go on where the last one ended");
        }
    }
}

#[test]
fn any_number_of_dimensions_works() {
    for index in INDEXES {
        for (dimensions, count) in [(1, 600), (3, 600), (7, 600), (1_536, 120), (4_096, 60)] {
            let mut made = Made::new(dimensions, &format!(r#""index": "{index}", "metric": "euclidean""#));
            made.put_all(&uniform(count, dimensions, 19));
            made.seal();
            let found = recall(&made, &uniform(4, dimensions, 21), "");
            assert!(found >= 0.95, "{index}, {dimensions} dimensions: {found}");
        }
    }
}

#[test]
fn vectors_beyond_all_estimates_are_kept_and_found() {
    for index in INDEXES {
        let mut made = Made::new(4, &format!(r#""index": "{index}", "metric": "dot""#));
        made.put_all(&uniform(1_100, 4, 22));
        made.put(5_000, &[3e38, 3e38, 3e38, 3e38]);
        made.put_all(&uniform(10, 4, 23));
        for sealed in [false, true] {
            if sealed {
                made.seal();
            }
            assert_eq!(made.ids(&[1.0, 1.0, 1.0, 1.0], "", r#", "limit": 1"#), ["5000"], "{index}");
            assert_eq!(made.ids(&[1e-30, 0.0, 0.0, 0.0], "", "").len(), 10);
        }
    }
}

#[test]
fn documents_without_the_vector_are_no_hits() {
    for index in INDEXES {
        let mut made = Made::new(6, &format!(r#""index": "{index}""#));
        for id in 0..2_400 {
            if id % 4 == 0 {
                made.put(id, &uniform(1, 6, u64::from(id)));
            } else {
                made.put_without(id);
            }
        }
        for sealed in [false, true] {
            if sealed {
                made.seal();
            }
            let ids = made.ids(&uniform(1, 6, 1), "", r#", "limit": 5000"#);
            assert_eq!(distinct(&ids), 600, "{index}");
            assert!(ids.iter().all(|id| id.parse::<u32>().unwrap() % 4 == 0));
            assert_eq!(made.ids(&uniform(1, 6, 8), "", r#", "limit": 1"#), ["8"]);
            assert_eq!(made.count(r#"{ "vector": { "$exists": false } }"#), 1_800);
        }
    }
}

#[test]
fn equal_writes_make_equal_files() {
    for index in INDEXES {
        let file = || {
            let mut made = Made::new(20, &format!(r#""index": "{index}""#));
            made.put_all(&clustered(2_100, 20, 15, 24));
            made.seal()
        };
        assert!(file() == file(), "{index}");
    }
}

#[test]
fn an_index_that_was_tampered_with_is_refused() {
    let pairs =
        [("hnsw", "auto"), ("hnsw", "rabitq"), ("ivf", "auto"), ("flat", "int8"), ("ivf", "rabitq"), ("flat", "auto")];
    for (at, (index, quantization)) in pairs.into_iter().enumerate() {
        let metric = ["cosine", "euclidean", "dot"][at % 3];
        let options = format!(r#""index": "{index}", "quantization": "{quantization}", "metric": "{metric}""#);
        let mut made = Made::new(20, &options);
        // So many that there are more lists than the guide of a search takes without choosing.
        made.put_all(&clustered(600, 20, 5, 25));
        let whole = made.output();
        assert!(made.opens(&whole.0, whole.1));
        let mut refused = 0;
        for section in collections::sections(&whole.0) {
            // Of the index alone: rows and norms have tests of their own.
            if !(section.kind == 19 || section.kind >= 64) || section.length == 0 {
                continue;
            }
            let (cut, root) = collections::resealed(&whole.0, section.kind, &mut |bytes| {
                bytes.truncate(bytes.len().saturating_sub(4));
            });
            assert!(!made.opens(&cut, root), "{index}: section {} cut", section.kind);
            // Large numbers of either sign, none at all, zeros, and some word a little off or of the other sign.
            for change in [0xfe, 0x7f, 0xff, 0] {
                let filled = collections::resealed(&whole.0, section.kind, &mut |bytes| bytes.fill(change));
                let is_searched = search_all(&made, &filled);
                refused += usize::from(!is_searched);
                // Numbers of any value are only wrong answers, never wrong accesses.
                assert!(!is_searched || change != 0xfe || is_content(section.kind), "section {} filled", section.kind);
            }
            for word in (0..8).map(|part| part * (section.length / 4) / 8) {
                for by in [1, 0x8000_0000] {
                    let changed = collections::resealed(&whole.0, section.kind, &mut |bytes| {
                        let (words, _) = bytes.as_chunks_mut::<4>();
                        words[word] = u32::from_le_bytes(words[word]).wrapping_sub(by).to_le_bytes();
                    });
                    search_all(&made, &changed);
                }
            }
        }
        assert!(refused > 0, "{index}");
    }
}

/// Searches a file in all ways, unless it is refused, and says whether a look at all of it finds nothing wrong.
fn search_all(made: &Made, (bytes, root): &(Vec<u8>, u32)) -> bool {
    let Some(over) = made.over(bytes, *root) else { return false };
    let is_sound = made.opens(bytes, *root);
    for query in clustered(2, made.dimensions, 5, 26).chunks(made.dimensions) {
        for limit in [1, 10, 599] {
            for filter in ["", r#", "filter": { "half": 1 }"#, r#", "filter": { "number": { "$lt": 30 } }"#] {
                let found = over.ids(query, "", &format!(r#", "limit": {limit}{filter}"#));
                assert!(!is_sound || distinct(&found) == found.len(), "no document twice");
            }
        }
    }
    assert!(!is_sound || over.is_sound() && !over.state.is_in_doubt(), "what is sound is not doubted");
    is_sound
}

/// Sections whose values are numbers to compute with and lead nowhere.
fn is_content(kind: u32) -> bool {
    matches!(kind, 64..=67 | 72..=77 | 80..=83 | 92..=93)
}

#[test]
fn the_plan_says_what_drove_a_filter() {
    let plan = |filter: &str| {
        let schema = r#"{ "fields": { "n": { "type": "number" }, "k": { "type": "keyword" }, "p": { "type": "geo" },
            "v": { "type": "vector", "dimensions": 2 } } }"#;
        let (schema, settings) = (sanderling_engine::Schema::from_json(schema).unwrap(), Default::default());
        let first = sanderling_engine::ids::SequenceNumber(1);
        let mut state =
            sanderling_engine::collection::CollectionState::new(schema, Default::default(), settings, first).unwrap();
        let documents = (0..400_u32).map(|at| {
            let document = sanderling_engine::Document::new(u64::from(at))
                .with("n", at)
                .with("k", if at % 4 == 0 { "a" } else { "b" });
            document.with("v", vec![1.0, at as f32])
        });
        let write = sanderling_engine::collection::Write::Put(documents.collect(), Default::default());
        let prepared = state.prepare(write, 1).unwrap();
        state.apply(prepared);
        collections::merges::seal(&mut state, 1);
        let query = format!(r#"{{ "vector": [1, 0], "filter": {filter} }}"#);
        state.search(&sanderling_engine::Query::from_json(query).unwrap(), 1).unwrap().plan.remove(0)
    };
    for (filter, estimate, passing, driver) in [
        (r#"{ "n": { "$lt": 10 }, "k": "a" }"#, 10, 3, "n $lt (postings)"),
        (r#"{ "n": { "$gte": 10 }, "k": "a" }"#, 100, 97, "k $eq (postings)"),
        (r#"{ "$or": [{ "n": 1 }, { "n": { "$in": [2, 3] } }] }"#, 3, 3, "any of 2 conditions"),
        (r#"{ "$not": { "n": { "$gt": 5 } } }"#, 400, 6, "not n $gt (postings)"),
        (r#"{ "k": { "$exists": false } }"#, 0, 0, "k $exists (rows with a value)"),
        (r#"{ "k": { "$startsWith": "b" } }"#, 300, 300, "k $startsWith (postings)"),
    ] {
        let plan = plan(filter);
        let found = plan.filter.unwrap();
        assert_eq!((found.estimate, found.passing), (estimate, passing), "{filter}");
        assert_eq!(found.how, format!("{passing} of about {estimate}, first by {driver}"));
        let ending = format!(", of {passing} documents that pass");
        assert!(plan.vectors[0].ends_with(&ending), "{}", plan.vectors[0]);
    }
}
