#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]
//! phases
use sanderling_bench::data;
use sanderling_engine::vector::*;
use std::time::Instant;
fn main() {
    let set = data::load("wordnet", 100_000);
    let d = set.dimensions;
    let quantizer = Quantizer::new(d, Metric::Cosine).unwrap();
    let t = |name: &str, f: &mut dyn FnMut(&[f32])| {
        let s = Instant::now();
        for q in set.queries.chunks(d) {
            f(q);
        }
        println!("{name} {:.2} us", s.elapsed().as_secs_f64() * 1e6 / 1000.0);
    };
    let mut rot = vec![0.0; d];
    t("rotate", &mut |q| quantizer.rotate(q, 1.0, &mut rot));
    t("prepare", &mut |q| {
        std::hint::black_box(PreparedQuery::new(&quantizer, q, 1.0));
    });
    let mut table = vec![0; d * 4];
    t("table", &mut |q| {
        std::hint::black_box(sanderling_kernels::fast_scan_table(q, &mut table));
    });
    let mut rows = ByteRows::new(d);
    for r in set.base.chunks(d).take(1264) {
        rows.push(r);
    }
    let p: Vec<PreparedQuery> = set.queries.chunks(d).map(|q| PreparedQuery::new(&quantizer, q, 1.0)).collect();
    let mut i = 0;
    t("all keys 1264", &mut |_| {
        std::hint::black_box(rows.view().all_keys(&p[i % 1000]));
        i += 1;
    });
    let mut pr = vec![0; 1264];
    t("dot_i8_rows 1264", &mut |_| {
        sanderling_kernels::dot_i8_rows(&p[i % 1000].bytes, rows.view().bytes, &mut pr);
        i += 1;
    });
    let blocks = vec![7u8; 1536 * 316];
    let mut sums = [[0u16; 32]; 8];
    t("fastscan 320 blocks", &mut |_| {
        for b in 0..40 {
            sanderling_kernels::fast_scan_blocks(
                &p[i % 1000].table,
                &blocks[..(b + 1).min(39) * 8 * 1536][(b.min(38)) * 8 * 1536..],
                &mut sums,
            );
            std::hint::black_box(&sums);
        }
        i += 1;
    });
    let (a, f) = ([1f32; 32], [0.5f32; 32]);
    let mut out = [0f32; 32];
    t("estimate 320 blocks", &mut |_| {
        for b in 0..320 {
            std::hint::black_box(sanderling_kernels::estimate_block(
                &sums[b % 8],
                [&a, &f],
                sanderling_kernels::EstimateTerms { step: 0.1, least: 1.0, base: 2.0 },
                0.0,
                &mut out,
            ));
        }
    });
}
