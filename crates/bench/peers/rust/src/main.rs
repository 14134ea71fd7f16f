//! Rivals in Rust: builds one of them over a prepared set, then measures a round for each line of the input.
//!
//! `peers NAME FOLDER CACHE`: FOLDER has base.f32, queries.f32 and truth.u32, CACHE is for what a rival writes. Prints
//! records as lines of JSON: `built`, and for each line of the input a `round` for every setting and `done`.

use hnsw_rs::prelude::{DistDot, Hnsw};
use iqdb_flat::{FlatConfig, FlatIndex};
use iqdb_hnsw::{HnswConfig, HnswIndex};
use iqdb_index::{Index, IndexCore};
use iqdb_types::{DistanceMetric, SearchParams, VectorId};
use std::{collections::HashMap, env, error::Error, fs, io::stdin, path::Path, sync::Arc, time::Instant};
use vecstore::{HNSWSearchParams, Metadata, Query, VecStore};

const DIMENSIONS: usize = 384;
const WANTED: usize = 10;
const DEGREE: usize = 16;
const BUILD_DEPTH: usize = 200;
const LAYERS: usize = 16;
const DEPTHS: [usize; 6] = [32, 48, 64, 96, 160, 256];

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A built index: answers a query at a depth.
type Peer = Box<dyn Fn(&[f32], usize) -> Outcome<Vec<usize>>>;

fn hnsw_rs(vectors: &[&[f32]]) -> Outcome<Peer> {
    let index = Hnsw::<f32, DistDot>::new(DEGREE, vectors.len(), LAYERS, BUILD_DEPTH, DistDot {});
    for (at, vector) in vectors.iter().enumerate() {
        index.insert((vector, at));
    }
    Ok(Box::new(move |query, depth| Ok(index.search(query, WANTED, depth).iter().map(|found| found.d_id).collect())))
}

fn filled<I: IndexCore>(mut index: I, vectors: &[&[f32]]) -> Outcome<I> {
    for (at, vector) in vectors.iter().enumerate() {
        index.insert(VectorId::from(at as u64), Arc::from(*vector), None)?;
    }
    Ok(index)
}

fn numbered(id: &VectorId) -> usize {
    match id {
        VectorId::U64(number) => *number as usize,
        _ => usize::MAX,
    }
}

fn iqdb_flat(vectors: &[&[f32]]) -> Outcome<Peer> {
    let index = filled(FlatIndex::new(DIMENSIONS, DistanceMetric::DotProduct, FlatConfig)?, vectors)?;
    Ok(Box::new(move |query, _| {
        let hits = index.search(query, &SearchParams::new(WANTED, DistanceMetric::DotProduct))?;
        Ok(hits.iter().map(|hit| numbered(&hit.id)).collect())
    }))
}

fn iqdb_hnsw(vectors: &[&[f32]]) -> Outcome<Peer> {
    let config = HnswConfig::default().with_m(DEGREE).with_ef_construction(BUILD_DEPTH);
    let index = filled(HnswIndex::new(DIMENSIONS, DistanceMetric::DotProduct, config)?, vectors)?;
    Ok(Box::new(move |query, depth| {
        // The depth in the parameters is not looked at; this call is meant for benchmarks.
        let params = SearchParams::new(WANTED, DistanceMetric::DotProduct);
        Ok(index.search_with_ef(query, &params, depth)?.iter().map(|hit| numbered(&hit.id)).collect())
    }))
}

fn vecstore(vectors: &[&[f32]], folder: &Path) -> Outcome<Peer> {
    // It would load what an earlier run left.
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let mut store = VecStore::builder(folder).hnsw_m(DEGREE).hnsw_ef_construction(BUILD_DEPTH).build()?;
    for (at, vector) in vectors.iter().enumerate() {
        store.upsert(at.to_string(), vector.to_vec(), Metadata { fields: HashMap::new() })?;
    }
    Ok(Box::new(move |query, depth| {
        let query = Query::new(query.to_vec()).with_limit(WANTED);
        let found = store.query_with_params(query, HNSWSearchParams { ef_search: depth })?;
        Ok(found.iter().filter_map(|one| one.id.parse().ok()).collect())
    }))
}

fn floats(path: &Path) -> Outcome<Vec<f32>> {
    let bytes = fs::read(path)?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number)).collect())
}

fn numbers(path: &Path) -> Outcome<Vec<u32>> {
    let bytes = fs::read(path)?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|number| u32::from_le_bytes(*number)).collect())
}

/// The seconds that a processor worked for this program so far.
fn cpu_seconds() -> f64 {
    let told = fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or(0.0, |nanoseconds| nanoseconds / 1e9)
}

fn measure(peer: &Peer, name: &str, queries: &[f32], truth: &[u32]) -> Outcome<()> {
    let depths: &[usize] = if name == "iqdb-flat" { &[0] } else { &DEPTHS };
    for depth in depths {
        let (mut us, mut hits) = (Vec::new(), 0);
        for (query, truth) in queries.chunks(DIMENSIONS).zip(truth.chunks(WANTED)) {
            let start = Instant::now();
            let found = peer(query, *depth)?;
            us.push(start.elapsed().as_secs_f64() * 1e6);
            hits += truth.iter().filter(|row| found.contains(&(**row as usize))).count();
        }
        let recall = hits as f64 / truth.len() as f64;
        let setting = if *depth == 0 { "default".to_owned() } else { format!("ef {depth}") };
        println!(r#"{{"kind":"round","setting":"{setting}","recall":{recall},"us":{us:.2?}}}"#);
    }
    Ok(())
}

fn main() -> Outcome<()> {
    let [_, name, folder, cache] = &env::args().collect::<Vec<_>>()[..] else {
        return Err("peers NAME FOLDER CACHE".into());
    };
    let folder = Path::new(folder);
    let (base, queries) = (floats(&folder.join("base.f32"))?, floats(&folder.join("queries.f32"))?);
    let truth = numbers(&folder.join("truth.u32"))?;
    let vectors: Vec<&[f32]> = base.chunks(DIMENSIONS).collect();
    let (start, work) = (Instant::now(), cpu_seconds());
    let peer = match name.as_str() {
        "hnsw_rs" => hnsw_rs(&vectors)?,
        "iqdb-flat" => iqdb_flat(&vectors)?,
        "iqdb-hnsw" => iqdb_hnsw(&vectors)?,
        "vecstore" => vecstore(&vectors, &Path::new(cache).join("vecstore"))?,
        _ => return Err(format!("{name} is unknown").into()),
    };
    let (seconds, work) = (start.elapsed().as_secs_f64(), cpu_seconds() - work);
    let rows = vectors.len();
    let version = if name == "hnsw_rs" { "0.3.5" } else { "1.0.0" };
    println!(
        r#"{{"kind":"built","index":"{name}","version":"{version}","rows":{rows},"build_seconds":{seconds},"build_cpu_seconds":{work}}}"#
    );
    for line in stdin().lines() {
        line?;
        measure(&peer, name, &queries, &truth)?;
        println!(r#"{{"kind":"done"}}"#);
    }
    Ok(())
}
