#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]
//! Recall and speed of the vector indexes on the data sets.
use sanderling_bench::data;
use sanderling_engine::vector::*;
use std::time::Instant;

fn main() {
    let n: usize = std::env::var("N").map_or(100_000, |n| n.parse().unwrap());
    let set_name = std::env::var("SET").unwrap_or("wordnet".into());
    let set = data::load(&set_name, n);
    let d = set.dimensions;
    let n = set.base.len() / d;
    let quantizer = Quantizer::new(d, Metric::Cosine).unwrap();
    let rows: Vec<u32> = (0..n as u32).collect();
    let norms = vec![1.0; n];
    let column = VectorColumn { dimensions: d, rows: &rows, values: &set.base, norms: &norms };
    let lists: usize = std::env::var("L").map_or((4.0 * (n as f64).sqrt()) as usize, |n| n.parse().unwrap());
    let start = Instant::now();
    let mut builder = IvfBuilder::new(&quantizer, lists);
    let mut worst = 0.0_f64;
    loop {
        let t = Instant::now();
        let done = builder.step(&quantizer, column);
        worst = worst.max(t.elapsed().as_secs_f64());
        if done {
            break;
        }
    }
    println!("{set_name} {n} lists {lists}: built in {:?}, longest step {:.2} ms", start.elapsed(), worst * 1e3);
    let (codes, depths) = builder.finish().unwrap();
    let codes = codes.view();
    for (recall, depth) in RECALLS.iter().zip(&depths) {
        println!("  depth for {recall}: {depth:?}");
    }
    let only: Option<f32> = std::env::var("ONLY").ok().map(|x| x.parse().unwrap());
    for (recall, depth) in RECALLS.iter().zip(&depths) {
        if only.is_some_and(|only| only != *recall) {
            continue;
        }
        let mut hits = 0;
        let mut times = vec![];
        let mut total_seen = 0;
        for pass in 0..std::env::var("PASSES").map_or(3, |n| n.parse().unwrap()) {
            for (query, truth) in set.queries.chunks(d).zip(&set.truth) {
                let t = Instant::now();
                let prepared = PreparedQuery::new(&quantizer, query, 1.0);
                let c = depth.candidates_for(10.0) as usize;
                let (mut found, seen) = codes.search(&prepared, depth, 10, c, None);
                if found.len() > 20 {
                    found.select_nth_unstable(19);
                    found.truncate(20);
                }
                for c in &found {
                    sanderling_kernels::prefetch(column.at(at_of(*c) as usize));
                }
                let mut exact: Vec<(f32, u32)> = found
                    .iter()
                    .map(|c| (-sanderling_kernels::dot(query, column.at(at_of(*c) as usize)), at_of(*c)))
                    .collect();
                exact.sort_by(|a, b| a.0.total_cmp(&b.0));
                exact.truncate(10);
                times.push(t.elapsed().as_secs_f64() * 1e6);
                total_seen += seen.vectors;
                if pass == 0 {
                    hits += exact.iter().filter(|e| truth.contains(&e.1)).count();
                }
            }
        }
        times.sort_by(f64::total_cmp);
        let queries = set.truth.len();
        println!(
            "target {recall}: recall {:.4} p50 {:.1} us, {:.0} qps, seen {}, C {}",
            hits as f64 / (queries * 10) as f64,
            times[times.len() / 2],
            1e6 / (times.iter().sum::<f64>() / times.len() as f64),
            total_seen / times.len(),
            depth.candidates[0]
        );
    }
}
