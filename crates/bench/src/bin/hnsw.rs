//! The graph index: how long it takes to build, how fast and how well it finds, and how much room it takes.
//!
//! `N` is the number of vectors, `SET` the data set, `INSERT=1` also builds vector by vector, `FILTERS=1` also searches
//! with filters, `BITS=1` compares instead the graph over bytes with the one over bits, each as the engine searches it with
//! its last look at the vectors themselves, `PASSES` is how often the queries are asked. Rates are by the time on the processor.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use sanderling_bench::data::{self, VectorSet};
use sanderling_engine::query::Unwatched;
use sanderling_engine::rows::RowSet;
use sanderling_engine::vector::{
    BitRows, ByteRows, ByteRowsView, GraphRows, GraphSearch, Hnsw, HnswBuilder, Metric, Passing, PreparedQuery,
    Quantizer, RECALLS, Scratch, SearchedColumn, Slack, SlackCalibration, VectorColumn, VectorIndex, VectorSearch,
    at_of,
};
use std::{env, fs, time::Instant};

const BREADTHS: [usize; 7] = [24, 50, 60, 80, 120, 160, 240];

fn main() {
    let number = |name: &str, default| env::var(name).map_or(default, |text| text.parse().unwrap());
    let name = env::var("SET").unwrap_or_else(|_| "wordnet".into());
    let set = data::load(&name, number("N", 100_000));
    let quantizer = Quantizer::new(set.dimensions, Metric::Cosine).unwrap();
    let mut rows = ByteRows::new(set.dimensions);
    let mut rotated = vec![0.0; set.dimensions];
    for vector in set.base.chunks(set.dimensions) {
        quantizer.rotate(vector, 1.0, &mut rotated);
        rows.push(&rotated);
    }
    let built = build(&quantizer, &rows);
    let passes = number("PASSES", 5);
    if number("BITS", 0) > 0 {
        return by_bits(&set, &quantizer, rows.view(), &built, [passes, number("FILTERS", 0)]);
    }
    report(&set, &quantizer, &rows, &built, passes);
    if number("FILTERS", 0) > 0 {
        ask_passing(&set, &quantizer, rows.view(), &built);
    }
    if number("INSERT", 0) > 0 {
        let (start, processor) = (Instant::now(), processor_seconds());
        let mut grown = Hnsw::new(quantizer.space());
        let mut scratch = Scratch::default();
        (0..rows.view().len()).for_each(|_| grown.insert(rows.view(), &mut scratch));
        let spent = processor_seconds() - processor;
        println!("grown vector by vector in {:.2?} ({spent:.2} s of the processor)", start.elapsed());
        report(&set, &quantizer, &rows, &grown, number("PASSES", 5));
    }
}

/// Seconds that this process had a processor, where the system tells: other work on the machine does not count.
fn processor_seconds() -> f64 {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

fn build(quantizer: &Quantizer, rows: &ByteRows) -> Hnsw {
    let (start, processor) = (Instant::now(), processor_seconds());
    let mut builder = HnswBuilder::new(quantizer.space());
    let mut longest = 0.0_f64;
    loop {
        let step = Instant::now();
        let is_done = builder.step(rows.view());
        longest = longest.max(step.elapsed().as_secs_f64());
        if is_done {
            break;
        }
    }
    println!(
        "{} vectors built at once in {:.2?} ({:.2} s of the processor), longest step {:.2} ms",
        rows.view().len(),
        start.elapsed(),
        processor_seconds() - processor,
        longest * 1e3
    );
    builder.finish().unwrap()
}

fn report(set: &VectorSet, quantizer: &Quantizer, rows: &ByteRows, graph: &Hnsw, passes: usize) {
    let (view, rows) = (graph.view(), rows.view());
    view.check(rows.len()).unwrap();
    let graph_bytes = 4 * (view.base.len() + view.upper.len() + view.first_lists.len() + view.links.len());
    let row_bytes = rows.bytes.len() + 12 * rows.len();
    let degree = view.base.all().iter().filter(|to| **to != u32::MAX).count() as f64 / rows.len() as f64;
    let each = |bytes: usize| bytes as f64 / rows.len() as f64;
    println!("bytes a vector: graph {:.0}, rows {:.0}; mean degree {degree:.1}", each(graph_bytes), each(row_bytes));
    for breadth in BREADTHS {
        ask(set, quantizer, rows, graph, (breadth, f32::INFINITY), passes);
    }
    let start = processor_seconds();
    let slacks = measured(set, quantizer, graph, rows, GraphRows::Bytes(rows));
    println!("slack measured in {:.2} s", processor_seconds() - start);
    for (recall, slack) in RECALLS.iter().zip(slacks) {
        print!(
            "for {recall} slack {:.3}, {:.3} for 100, refined {:?}; ",
            slack.beyond[0], slack.beyond[1], slack.refined.0
        );
        ask(set, quantizer, rows, graph, (400, slack.for_wanted(10)), passes);
    }
}

/// Asks all queries several times.
fn ask(
    set: &VectorSet,
    quantizer: &Quantizer,
    rows: ByteRowsView<'_>,
    graph: &Hnsw,
    (breadth, slack): (usize, f32),
    passes: usize,
) {
    let (mut hits, mut compared) = (0, 0);
    let mut rates = Vec::new();
    let mut scratch = Scratch::default();
    for pass in 0..passes {
        let start = processor_seconds();
        for (query, truth) in set.queries.chunks(set.dimensions).zip(&set.truth) {
            let prepared = PreparedQuery::new(quantizer, query, 1.0);
            let search = GraphSearch { wanted: 10, breadth, slack, matching: rows.len() };
            let walked = graph.view().search(GraphRows::Bytes(rows), &prepared, search, None, &mut scratch, &Unwatched);
            let found = refined(set, query, walked.found);
            if pass == 0 {
                hits += found.iter().filter(|at| truth.contains(at)).count();
                compared += walked.compared;
            }
        }
        rates.push(set.truth.len() as f64 / (processor_seconds() - start));
    }
    rates.sort_by(f64::total_cmp);
    println!(
        "breadth {breadth:3}: recall {:.4}, {:6.0} queries a second (best {:.0}), {} rows compared",
        hits as f64 / (10 * set.truth.len()) as f64,
        rates[passes / 2],
        rates[passes - 1],
        compared / set.truth.len()
    );
}

/// Asks behind a filter: its name, the vectors that pass, the true neighbours of each query among them.
type Ask<'a> = dyn FnMut(&str, &[bool], &[[u32; 10]]) + 'a;

/// Filters that pass a share of the vectors: any ones, or those nearest to one of them, as a topic would.
fn filters(set: &VectorSet, ask: &mut Ask<'_>) {
    let mut products = vec![0.0; set.rows()];
    sanderling_kernels::dot_rows(&set.base[..set.dimensions], &set.base, &mut products);
    let mut order: Vec<usize> = (0..set.rows()).collect();
    order.sort_by(|a, b| products[*b].total_cmp(&products[*a]));
    for share in [1.0, 0.5, 0.3, 0.1, 0.03] {
        let matching = (set.rows() as f64 * share) as usize;
        let (mut any, mut topic) = (vec![false; set.rows()], vec![false; set.rows()]);
        for (rank, at) in order.iter().enumerate().take(matching) {
            // The order by product with one vector says nothing about its number, which is mixed once more.
            any[rank.wrapping_mul(48_271) % set.rows()] = true;
            topic[*at] = true;
        }
        for (name, passing) in [("any", any), ("topic", topic)] {
            let truth = data::truth(set, &mut |at| passing[at]);
            ask(&format!("{name} {share}"), &passing, &truth);
        }
    }
}

/// Walks by bytes behind a filter.
fn ask_passing(set: &VectorSet, quantizer: &Quantizer, rows: ByteRowsView<'_>, graph: &Hnsw) {
    filters(set, &mut |name, passing, truth| {
        let matching = passing.iter().filter(|passes| **passes).count();
        let (mut hits, mut compared, mut scratch) = (0, 0, Scratch::default());
        let start = processor_seconds();
        for (query, truth) in set.queries.chunks(set.dimensions).zip(truth) {
            let prepared = PreparedQuery::new(quantizer, query, 1.0);
            let search = GraphSearch { wanted: 10, breadth: 400, slack: 0.15, matching };
            let mut passes = |at: u32| passing[at as usize];
            let rows = GraphRows::Bytes(rows);
            let walked = graph.view().search(rows, &prepared, search, Some(&mut passes), &mut scratch, &Unwatched);
            let found = refined(set, query, walked.found);
            hits += found.iter().filter(|at| truth.contains(at)).count();
            compared += walked.compared;
        }
        let queries = set.truth.len() as f64;
        println!(
            "{name}: recall {:.4}, {:.0} queries a second, {:.0} rows compared",
            hits as f64 / (10.0 * queries),
            queries / (processor_seconds() - start),
            compared as f64 / queries
        );
    });
}

/// The ten best in full precision, out of 1.5 times as many and eight.
fn refined(set: &VectorSet, query: &[f32], mut found: Vec<u64>) -> Vec<u32> {
    const REFINED: usize = 23;
    if found.len() > REFINED {
        found.select_nth_unstable(REFINED - 1);
        found.truncate(REFINED);
    }
    let product = |at: u32| sanderling_kernels::dot(query, &set.base[at as usize * set.dimensions..][..set.dimensions]);
    let mut exact: Vec<(f32, u32)> = found.iter().map(|hit| (-product(at_of(*hit)), at_of(*hit))).collect();
    exact.sort_by(|a, b| a.0.total_cmp(&b.0));
    exact.truncate(10);
    exact.into_iter().map(|(_, at)| at).collect()
}

/// Whole searches of the graph over bytes and of the one over bits, in turn.
fn by_bits(
    set: &VectorSet,
    quantizer: &Quantizer,
    rows: ByteRowsView<'_>,
    graph: &Hnsw,
    [passes, filtered]: [usize; 2],
) {
    let start = processor_seconds();
    let mut bits = BitRows::new(set.dimensions);
    while !bits.step(quantizer, rows) {}
    println!("bits made in {:.2} s", processor_seconds() - start);
    let view = graph.view();
    let each = |bytes: usize| bytes as f64 / rows.len() as f64;
    let of_graph = each(4 * (view.base.len() + view.upper.len() + view.first_lists.len() + view.links.len()));
    let of_rows = [each(rows.bytes.len()) + 12.0, each(bits.view().bytes.len())];
    let ways = [GraphRows::Bytes(rows), GraphRows::Bits(bits.view())];
    for ((name, of_rows), way) in ["bytes", "bits"].into_iter().zip(of_rows).zip(ways) {
        println!("{name}: {:.1} bytes a vector, {of_graph:.1} of them the graph's", of_graph + of_rows);
        let start = processor_seconds();
        let slacks = measured(set, quantizer, graph, rows, way);
        println!("{name}: slack measured in {:.2} s", processor_seconds() - start);
        let index = VectorIndex::Graph { graph: view, rows: way, slacks: &slacks };
        let all = vec![true; set.rows()];
        for (recall, slack) in RECALLS.into_iter().zip(&slacks) {
            print!(
                "{name} for {recall}: slack {:.3}, {:.3} for 100, refined {:?}; ",
                slack.beyond[0], slack.beyond[1], slack.refined.0
            );
            ask_whole(set, quantizer, index, VectorSearch::new(10, recall), passes, &all, &set.truth);
        }
        if filtered > 0 {
            filters(set, &mut |filter, passing, truth| {
                print!("{name} for 0.95, {filter}: ");
                ask_whole(set, quantizer, index, VectorSearch::new(10, 0.95), passes, passing, truth);
            });
        }
    }
}

fn measured(
    set: &VectorSet,
    quantizer: &Quantizer,
    graph: &Hnsw,
    rows: ByteRowsView<'_>,
    walked: GraphRows<'_>,
) -> [Slack; RECALLS.len()] {
    let mut calibration = SlackCalibration::default();
    let numbers: Vec<u32> = (0..set.rows() as u32).collect();
    let norms = vec![1.0; set.rows()];
    let column = VectorColumn {
        dimensions: set.dimensions,
        rows: (&numbers).into(),
        values: (&set.base).into(),
        norms: (&norms).into(),
    };
    while !calibration.step((quantizer, column), graph.view(), rows, walked) {}
    calibration.finish()
}

/// Asks all queries through the engine's own search.
fn ask_whole(
    set: &VectorSet,
    quantizer: &Quantizer,
    index: VectorIndex<'_>,
    search: VectorSearch,
    passes: usize,
    passing: &[bool],
    truth: &[[u32; 10]],
) {
    let numbers: Vec<u32> = (0..set.rows() as u32).collect();
    let norms = vec![1.0; set.rows()];
    let column = VectorColumn {
        dimensions: set.dimensions,
        rows: (&numbers).into(),
        values: (&set.base).into(),
        norms: (&norms).into(),
    };
    let searched = SearchedColumn { column, metric: Metric::Cosine, quantizer: Some(quantizer), index };
    let rows = RowSet::matching(set.rows(), &mut |row| passing[row.index()]);
    let passing = Passing::from(&rows);
    let (mut hits, mut compared, mut rates) = (0, 0, Vec::new());
    for pass in 0..passes {
        let start = processor_seconds();
        for (query, truth) in set.queries.chunks(set.dimensions).zip(truth) {
            let mut found = Vec::new();
            searched.search(query, search, passing, &Unwatched, &mut |hit| found.push((hit.similarity, hit.row.0)));
            compared += found.len();
            found.sort_by(|a, b| b.0.total_cmp(&a.0));
            if pass == 0 {
                hits += found.iter().take(10).filter(|hit| truth.contains(&hit.1)).count();
            }
        }
        rates.push(set.truth.len() as f64 / (processor_seconds() - start));
    }
    rates.sort_by(f64::total_cmp);
    println!(
        "recall {:.4}, {:6.0} queries a second (best {:.0}), {} compared in full",
        hits as f64 / (10 * set.truth.len()) as f64,
        rates[passes / 2],
        rates[passes - 1],
        compared / set.truth.len() / passes
    );
}
