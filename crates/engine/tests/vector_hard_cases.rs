//! What once broke the vector part, each as the smallest case that shows it: files made to deceive, data that bytes cannot tell
//! apart, values at the ends of what a float holds.
// Minutes in wasm, where the engine is the same code: the kernels' own tests and the hosts' scenario are what is run there.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "not every test needs everything")]
mod collections;
mod made;

use collections::{Made, merges, resealed};
use made::{Numbers, clustered, uniform};
use sanderling_engine::{
    Document, DocumentId, Query, Schema, Value,
    codec::AlignedBytes,
    collection::{CollectionState, PutOptions, Write},
    ids::SequenceNumber,
    rows::RowSet,
    segment::SealedSegment,
    settings::CollectionSettings,
    text::AnalyzerSource,
    vector::Metric,
};
use sanderling_kernels::norm;
use std::sync::Arc;

/// Searches a file that someone has tampered with, unless it is refused.
fn search_tampered(metric: &str, file: &[u8], kind: u32, change: &mut dyn FnMut(&mut Vec<u8>)) {
    let (bytes, root) = resealed(file, kind, change);
    let schema = format!(
        r#"{{ "fields": {{ "number": {{ "type": "number" }}, "half": {{ "type": "number" }},
            "vector": {{ "type": "vector", "dimensions": 12, "metric": "{metric}" }} }} }}"#
    );
    let schema = Schema::from_json(schema.as_str()).unwrap();
    let aligned = AlignedBytes::copy_of(&bytes).into();
    let Ok(segment) = SealedSegment::open(&schema, aligned, "segment", (merges::DATABASE, merges::FILE, root)) else {
        return;
    };
    let mut state =
        CollectionState::new(schema, AnalyzerSource::default(), CollectionSettings::default(), SequenceNumber(100_000))
            .unwrap();
    let rows = segment.rows();
    state.add_sealed(Arc::new(segment), RowSet::none(rows));
    for query in uniform(5, 12, 3).chunks(12) {
        let query = Value::object().with("vector", Value::from(query));
        state.search(&Query::from_json(query).unwrap(), 1_000).unwrap();
    }
}

fn set_all(bytes: &mut [u8], of: f32, to: f32) {
    for value in bytes.as_chunks_mut::<4>().0 {
        if *value == of.to_le_bytes() {
            *value = to.to_le_bytes();
        }
    }
}

/// codes/mod.rs `Slots::vector`: a slot behind the last code of a list whose summand is finite is taken for a copy.
#[test]
fn an_empty_slot_with_a_summand_is_refused_or_passed_over() {
    let mut made = Made::new(12, r#""metric": "euclidean""#);
    made.put_all(&clustered(2_100, 12, 9, 3));
    let (file, _) = made.output();
    search_tampered("euclidean", &file, 73, &mut |bytes| set_all(bytes, f32::INFINITY, -1e9));
}

/// The same of the guide: codes/order.rs takes the slot for a list that does not exist.
#[test]
fn an_empty_slot_of_the_guide_with_a_summand_is_refused_or_passed_over() {
    let mut made = Made::new(12, r#""metric": "euclidean""#);
    made.put_all(&clustered(2_100, 12, 9, 3));
    let (file, _) = made.output();
    search_tampered("euclidean", &file, 76, &mut |bytes| set_all(bytes, f32::INFINITY, -1e9));
}

/// quantize/query.rs `product` (and hnsw/search.rs `Probe::key`): a sum of bytes is not checked against its row. Only a
/// build with overflow checks panics.
#[test]
fn sums_of_any_value_are_only_wrong_answers() {
    let mut made = Made::new(12, r#""metric": "euclidean", "quantization": "int8", "index": "flat""#);
    made.put_all(&clustered(1_500, 12, 9, 3));
    let (file, _) = made.output();
    search_tampered("euclidean", &file, 66, &mut |bytes| bytes.fill(0x7f));
}

/// Vectors `noise` around a few centres: the ones of a centre are much nearer to each other than to the origin.
fn tight(count: usize, dimensions: usize, noise: f32, seed: u64) -> Vec<f32> {
    let (centres, mut numbers) = (uniform(60, dimensions, 99), Numbers(seed));
    let mut values = Vec::new();
    for _ in 0..count {
        let from = (numbers.next() >> 5) as usize % 60 * dimensions;
        values.extend(centres[from..from + dimensions].iter().map(|value| value + noise * numbers.uniform()));
    }
    values
}

fn recall(made: &Made, queries: &[f32], rest: &str) -> f64 {
    let (mut found, mut all) = (0, 0);
    for query in queries.chunks(made.dimensions) {
        let exact = made.ids(query, r#", "exact": true"#, rest);
        found += made.ids(query, "", rest).iter().filter(|id| exact.contains(id)).count();
        all += exact.len();
    }
    found as f64 / all as f64
}

/// The recall of an index over tight clusters; `options` are those of the field.
fn recall_in_tight_clusters(options: &str, rest: &str) -> f64 {
    let mut made = Made::new(384, options);
    made.put_all(&tight(3_000, 384, 0.1, 1));
    made.seal();
    recall(&made, &tight(20, 384, 0.1, 2), rest)
}

/// Bytes are of the vector and not of its residual: where they cannot tell neighbours apart, more must be compared in full.
#[test]
fn tight_clusters_keep_their_recall() {
    let found = recall_in_tight_clusters("", "");
    assert!(found >= 0.92, "{found}");
}

/// The indexes that compare bytes or bits of whole vectors.
const BYTES_AND_GRAPHS: [&str; 3] = [
    r#""index": "flat", "quantization": "int8""#,
    r#""index": "hnsw""#,
    r#""index": "hnsw", "quantization": "rabitq""#,
];

#[test]
fn tight_clusters_keep_their_recall_by_bytes_and_graphs() {
    for options in BYTES_AND_GRAPHS {
        for metric in ["cosine", "dot", "euclidean"] {
            for rest in ["", r#", "limit": 100"#] {
                let found = recall_in_tight_clusters(&format!(r#"{options}, "metric": "{metric}""#), rest);
                assert!(found >= 0.95, "{options} {metric}{rest}: {found}");
            }
        }
    }
}

/// The recall of an index over places in a town, in metres far from the origin.
fn recall_in_a_town(options: &str) -> f64 {
    let places = |count: usize, seed: u64| -> Vec<f32> {
        uniform(count, 3, seed)
            .chunks(3)
            .flat_map(|at| [4e6 + 500.0 * at[0], 5e5 + 500.0 * at[1], 4.9e6 + 500.0 * at[2]])
            .collect()
    };
    let mut made = Made::new(3, &format!(r#""metric": "euclidean"{options}"#));
    made.put_all(&places(3_000, 1));
    made.seal();
    recall(&made, &places(20, 2), "")
}

/// The same with three dimensions, the automatic choice.
#[test]
fn places_of_a_town_keep_their_recall() {
    let found = recall_in_a_town("");
    assert!(found >= 0.92, "{found}");
}

#[test]
fn places_of_a_town_keep_their_recall_by_bytes_and_graphs() {
    for options in BYTES_AND_GRAPHS {
        let found = recall_in_a_town(&format!(", {options}"));
        assert!(found >= 0.95, "{options}: {found}");
    }
}

/// Clusters of which each has more vectors than a walk compares in full by itself, and a move of all away from the origin.
#[test]
fn large_clusters_and_offsets_keep_their_recall_by_bytes_and_graphs() {
    let moved = |count: usize, seed: u64| -> Vec<f32> {
        clustered(count, 64, 12, seed).iter().map(|value| 20.0 + value * 0.5).collect()
    };
    for options in BYTES_AND_GRAPHS {
        for metric in ["cosine", "euclidean"] {
            let mut made = Made::new(64, &format!(r#"{options}, "metric": "{metric}""#));
            made.put_all(&moved(6_000, 1));
            made.seal();
            let found = recall(&made, &moved(20, 2), "");
            assert!(found >= 0.95, "{options} {metric}: {found}");
        }
    }
}

/// Enough vectors for a walk, which must keep more than it is asked for to have the hits among them.
#[test]
fn walks_in_tight_clusters_keep_their_recall() {
    for options in &BYTES_AND_GRAPHS[1..] {
        for noise in [0.1, 0.03] {
            let mut made = Made::new(48, options);
            made.put_all(&tight(12_000, 48, noise, 1));
            made.seal();
            let queries = tight(20, 48, noise, 2);
            let found = recall(&made, &queries, "");
            assert!(found >= 0.95, "{options} {noise}: {found}");
        }
    }
}

/// What a caller asks to be compared in full is: the walk goes on until it has that many.
#[test]
fn an_oversample_widens_the_walk() {
    let mut made = Made::new(24, r#""index": "hnsw""#);
    made.put_all(&clustered(20_000, 24, 40, 1));
    made.seal();
    let query = clustered(1, 24, 40, 2);
    let compared = |options: &str| -> usize {
        let plan = made.plan(&query, options).remove(0);
        plan.split(' ').find_map(|word| word.parse().ok()).unwrap_or_else(|| panic!("{plan}"))
    };
    let (usual, wide) = (compared(""), compared(r#", "oversample": 200"#));
    assert!(wide >= 2_000 && wide > usual, "{usual} {wide}");
}

/// Norms over eight powers of ten. What is measured is a mean over the data; queries that all belong to one part of it may be
/// harder (half of the hits at the default), but a higher recall reaches them.
#[test]
fn norms_of_all_sizes_keep_their_recall() {
    for metric in ["euclidean", "dot"] {
        let mut values = clustered(6_000, 32, 40, 1);
        let mut numbers = Numbers(5);
        for vector in values.chunks_mut(32) {
            let scale = 10_f32.powf(4.0 * numbers.uniform());
            vector.iter_mut().for_each(|value| *value *= scale);
        }
        let mut made = Made::new(32, &format!(r#""metric": "{metric}""#));
        made.put_all(&values);
        made.seal();
        let queries = clustered(40, 32, 40, 2);
        let (mut found, mut all) = (0, 0);
        for query in queries.chunks(32) {
            let exact = made.ids(query, r#", "exact": true"#, "");
            found += made.ids(query, r#", "recall": 0.995"#, "").iter().filter(|id| exact.contains(id)).count();
            all += exact.len();
        }
        assert!(found as f64 >= 0.97 * all as f64, "{metric}: {found} of {all}");
    }
}

/// A filter that takes the tenth farthest from the query.
#[test]
fn a_filter_far_from_the_query_keeps_its_recall() {
    let direction = uniform(1, 96, 77);
    let along = |vector: &[f32]| -> f32 { vector.iter().zip(&direction).map(|(a, b)| a * b).sum() };
    let sorted = |count: usize, seed: u64| {
        let values = clustered(count, 96, 60, seed);
        let mut rows: Vec<Vec<f32>> = values.chunks(96).map(<[f32]>::to_vec).collect();
        rows.sort_by(|a, b| along(a).total_cmp(&along(b)));
        rows.concat()
    };
    let mut made = Made::new(96, r#""metric": "euclidean""#);
    made.put_all(&sorted(8_000, 1));
    made.seal();
    let queries = &sorted(200, 2)[175 * 96..];
    let (all, behind) =
        (recall(&made, queries, ""), recall(&made, queries, r#", "filter": { "number": { "$lt": 800 } }"#));
    assert!(behind >= all - 0.03, "{all} without a filter, {behind} behind it");
}

/// API.md: sum |a-b| / sum |a+b|. Of a vector and its opposite that is infinite, not 0: the opposite is no perfect match.
#[test]
fn the_opposite_is_not_the_same() {
    let (a, b) = ([1.0, -2.0], [-1.0, 2.0]);
    let similarity = Metric::BrayCurtis.similarity(&a, norm(&a), &b, norm(&b));
    assert!(similarity < 0.5, "{similarity}");
}

/// The cosine of a vector with itself is 1, as long as it is finite and not zero.
#[test]
fn a_long_or_short_vector_has_the_direction_of_itself() {
    for length in [1e20_f32, 1e-23] {
        let vector = [length, 0.0];
        let similarity = Metric::Cosine.similarity(&vector, norm(&vector), &vector, norm(&vector));
        assert_eq!(similarity, 1.0, "{length}");
    }
}

/// What overflows to no number at all has the sign bit of the processor: below everything on x86, above everything on ARM
/// (seen with qemu-aarch64). So the order of the hits depends on the host.
#[test]
fn a_score_is_a_number() {
    let schema = r#"{ "fields": { "vector": { "type": "vector", "dimensions": 2, "metric": "dot" } } }"#;
    let schema = Schema::from_json(schema).unwrap();
    let mut state =
        CollectionState::new(schema, AnalyzerSource::default(), CollectionSettings::default(), SequenceNumber(1))
            .unwrap();
    let document = |id: &str, vector: [f32; 2]| {
        Document::from_json(Value::object().with("id", id).with("vector", Value::from(&vector[..]))).unwrap()
    };
    let documents = vec![document("finite", [1.0, 0.5]), document("overflows", [3e38, 3e38])];
    let prepared = state.prepare(Write::Put(documents, PutOptions::default()), 5).unwrap();
    state.apply(prepared);
    let query = Value::object().with("vector", Value::from(&[3e38_f32, -3e38][..]));
    let result = state.search(&Query::from_json(query).unwrap(), 5).unwrap();
    for hit in result.hits {
        assert!(!hit.score.is_nan(), "{}: {:08x}", hit.id, hit.score.to_bits());
    }
}

#[test]
fn a_segment_that_is_left_out_keeps_its_place_and_its_dead_rows() {
    let mut made = Made::new(8, "");
    made.put_all(&[0.5; 8 * 400]);
    let (bytes, root) = made.output();
    let whole = SealedSegment::open(
        made.state.schema(),
        AlignedBytes::copy_of(&bytes).into(),
        "segment",
        (merges::DATABASE, merges::FILE, root),
    );
    let mut damaged = bytes;
    // The first document of a block stands there as it is.
    let at = damaged.windows(9).position(|window| window == b"\"number\":").unwrap();
    damaged[at] ^= 1;
    let mut over = made.over(&damaged, root).unwrap();
    let dead = RowSet::matching(400, &mut |row| row.0 < 3);
    over.state.add_sealed(Arc::new(whole.unwrap()), dead);
    assert!(!over.state.is_in_doubt());
    let _ = over.state.get(&DocumentId::Integer(1), 0);
    assert!(over.state.is_in_doubt(), "its document was read");
    over.state.quarantine();
    assert!(!over.state.is_in_doubt());
    // A commit that was under way when the damage was found goes by these positions.
    assert_eq!(over.state.sealed().map(|(_, dead)| dead.count()).collect::<Vec<_>>(), [0, 3]);
    assert_eq!((over.state.held()[0].segment.state(), over.state.damage().len()), ("damaged", 1));
    assert_eq!(over.state.count(None, 0).unwrap(), 397);
}
