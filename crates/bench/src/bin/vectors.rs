//! Recall, speed, build time and memory of the vector indexes on the data sets.
//!
//! One thread, one query at a time, through the call that the engine's own search makes. `npm run bench:vectors` runs it
//! natively and in both kinds of wasm, beside its rivals.

use sanderling_bench::{
    cpu_seconds,
    data::{self, VectorSet},
    filters::{self, Filter},
    options::{Options, USAGE},
    record::{Value, print},
};
use sanderling_engine::{
    ids::RowId,
    query::{Candidate, TopK, Unwatched},
    rows::RowSet,
    schema::VectorField,
    vector::{
        BuiltIndex, ByteRowsView, CodesView, GraphRows, GrowingVectors, IndexBuilder, Metric, Passing, Quantizer,
        RECALLS, SearchedColumn, Strategy, VectorColumn, VectorIndex, VectorSearch,
    },
};
use std::{hint::black_box, io::stdin, process::ExitCode, time::Instant};

const WANTED: usize = 10;
/// Queries that are asked behind each filter.
const FILTERED_QUERIES: usize = 300;
/// Recalls that are aimed for there, if nobody says otherwise.
const FILTERED_RECALLS: [f32; 2] = [0.95, 0.99];

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(complaint) => {
            eprintln!("{complaint}\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    let set = match &options.prepared {
        Some(folder) => VectorSet::prepared(folder),
        None => {
            let folder = options.data.clone().unwrap_or_else(data::default_folder);
            data::load_from(&folder, &options.set, options.rows)
        }
    };
    if let Some(folder) = &options.prepare {
        set.prepare(folder);
    } else {
        bench(&options, &set);
    }
    ExitCode::SUCCESS
}

fn bench(options: &Options, set: &VectorSet) {
    let built = Built::new(options, set);
    built.describe();
    if options.serve {
        for line in stdin().lines().map_while(Result::ok) {
            built.obey(&line);
            built.record("done", []);
        }
        return;
    }
    (0..options.rounds).for_each(|_| built.obey("round"));
    for (is_wanted, command) in [(options.filters, "filters"), (options.bandwidth, "bandwidth")] {
        if is_wanted {
            built.obey(command);
        }
    }
}

/// An index over a set.
struct Built<'a> {
    options: &'a Options,
    set: &'a VectorSet,
    quantizer: Quantizer,
    rows: Vec<u32>,
    norms: Vec<f32>,
    index: BuiltIndex,
    /// What stands in the place of the index where vectors came one by one.
    growing: Option<GrowingVectors>,
    seconds: f64,
    /// What the processor did of it, where the system tells.
    cpu_seconds: f64,
    longest_step: f64,
}

/// The answers of a number of queries.
#[derive(Default)]
struct Answers {
    hits: usize,
    possible: usize,
    seconds: Vec<f64>,
    exact: usize,
    bytes: usize,
    vectors: usize,
    lists: usize,
    /// Vectors that were compared in full.
    full: usize,
}

impl<'a> Built<'a> {
    fn new(options: &'a Options, set: &'a VectorSet) -> Self {
        let count = set.rows();
        let quantizer = Quantizer::new(set.dimensions, Metric::Cosine).expect("the metric has codes");
        let (rows, norms): (Vec<u32>, Vec<f32>) = (0..count as u32).map(|row| (row, 1.0)).unzip();
        let column = VectorColumn {
            dimensions: set.dimensions,
            rows: (&rows).into(),
            values: (&set.base).into(),
            norms: (&norms).into(),
        };
        let (start, start_of_work) = (Instant::now(), cpu_seconds());
        let (index, quantization) = options.index;
        if options.growing {
            let growing = grown(options, set);
            let (seconds, cpu_seconds) = (start.elapsed().as_secs_f64(), cpu_seconds() - start_of_work);
            let (index, growing, longest_step) = (BuiltIndex::None, Some(growing), 0.0);
            return Self { options, set, quantizer, rows, norms, index, growing, seconds, cpu_seconds, longest_step };
        }
        let mut builder = IndexBuilder::new(&quantizer, column, index, quantization);
        let mut longest_step = 0.0_f64;
        loop {
            let step = Instant::now();
            let is_done = builder.step(&quantizer, column);
            longest_step = longest_step.max(step.elapsed().as_secs_f64());
            if is_done {
                break;
            }
        }
        let index = builder.finish().expect("the last step was done");
        let (seconds, cpu_seconds) = (start.elapsed().as_secs_f64(), cpu_seconds() - start_of_work);
        let growing = None;
        Self { options, set, quantizer, rows, norms, index, growing, seconds, cpu_seconds, longest_step }
    }

    fn column(&self) -> VectorColumn<'_> {
        let Self { set, rows, norms, .. } = self;
        VectorColumn { dimensions: set.dimensions, rows: rows.into(), values: (&set.base).into(), norms: norms.into() }
    }

    fn searched(&self) -> SearchedColumn<'_> {
        if let Some(growing) = &self.growing {
            return growing.searched();
        }
        let (quantizer, index) = (Some(&self.quantizer), self.index.view());
        SearchedColumn { column: self.column(), metric: Metric::Cosine, quantizer, index }
    }

    fn record<const N: usize>(&self, kind: &str, fields: [(&str, Value); N]) {
        let mut all = vec![("kind", Value::from(kind))];
        all.extend(fields);
        print(self.options.json, &all);
    }

    /// What was built, and what stays in memory of it.
    fn describe(&self) {
        let index = self.searched().index;
        let (lists, of_codes, byte_rows) = match index {
            VectorIndex::None => (0, 0, 0),
            VectorIndex::Bytes(rows, _) => (0, 0, bytes_of(rows)),
            VectorIndex::Codes { codes, .. } => (codes.lists(), bytes_of_codes(codes), bytes_of(codes.rows)),
            VectorIndex::Graph { graph, rows, .. } => {
                let links = [graph.base, graph.upper, graph.first_lists, graph.links];
                let links: usize = links.iter().map(|array| 4 * array.len()).sum();
                match rows {
                    GraphRows::Bytes(rows) => (0, links, bytes_of(rows)),
                    GraphRows::Bits(bits) => (0, links + bits.bytes.len() + 4 * bits.centroid.len(), 0),
                }
            }
        };
        let each = |bytes: usize| bytes as f64 / self.rows.len().max(1) as f64;
        let full_rows = 4 * (self.set.base.len() + self.norms.len() + self.rows.len());
        self.record(
            "built",
            [
                ("index", index.name().into()),
                ("rows", self.rows.len().into()),
                ("lists", lists.into()),
                ("build_seconds", self.seconds.into()),
                ("build_cpu_seconds", self.cpu_seconds.into()),
                ("longest_step_ms", (self.longest_step * 1e3).into()),
                ("code_bytes", each(of_codes).into()),
                ("byte_row_bytes", each(byte_rows).into()),
                ("full_row_bytes", each(full_rows).into()),
            ],
        );
    }

    fn obey(&self, command: &str) {
        match command.trim() {
            "round" => self.round(),
            "filters" => self.filters(),
            "bandwidth" => self.bandwidth(),
            other => eprintln!("unknown command {other}"),
        }
    }

    fn recalls(&self) -> &[f32] {
        if self.options.recalls.is_empty() { &RECALLS } else { &self.options.recalls }
    }

    /// Every query at every recall.
    fn round(&self) {
        let every = RowSet::all(self.rows.len());
        let every = Passing::from(&every);
        for recall in self.recalls() {
            let mut answers = Answers::default();
            for (query, truth) in self.set.queries.chunks(self.set.dimensions).zip(&self.set.truth) {
                self.ask(query, truth, *recall, every, &mut answers);
            }
            answers.report(self, "round", &format!("recall {recall}"), *recall, 1.0);
        }
    }

    /// Asks for the nearest and notes the time and how many of the true ones there are.
    fn ask(&self, query: &[f32], truth: &[u32; 10], recall: f32, passing: Passing<'_>, answers: &mut Answers) {
        let search = VectorSearch { is_exact: recall >= 1.0, ..VectorSearch::new(WANTED, recall) };
        let start = Instant::now();
        let mut best = TopK::new(WANTED);
        let strategy = self.searched().search(query, search, passing, &Unwatched, &mut |hit| {
            answers.full += 1;
            best.offer(Candidate { score: hit.similarity, segment: 0, row: hit.row });
        });
        let found = black_box(best.into_sorted());
        answers.seconds.push(start.elapsed().as_secs_f64());
        let is_found = |row: &&u32| found.iter().any(|hit| hit.row == RowId(**row));
        answers.hits += truth.iter().filter(is_found).count();
        answers.possible += truth.iter().filter(|row| **row != u32::MAX).count();
        match strategy {
            Strategy::Codes { vectors, lists } => {
                answers.vectors += vectors;
                answers.lists += lists;
            }
            Strategy::Bytes { vectors } => {
                answers.bytes += 1;
                answers.vectors += vectors;
            }
            Strategy::Graph { vectors } | Strategy::Bits { vectors } => answers.vectors += vectors,
            Strategy::Exact => answers.exact += 1,
        }
    }

    /// The first queries behind each filter. The sets of rows that pass are made beforehand.
    fn filters(&self) {
        let of_the_set = self.options.prepared.as_ref().map(|folder| data::prepared_filters(folder, self.rows.len()));
        let filters = filters::all(self.set, FILTERED_QUERIES, of_the_set.unwrap_or_default());
        let recalls = if self.options.recalls.is_empty() { &FILTERED_RECALLS } else { self.recalls() };
        for recall in recalls {
            for filter in &filters {
                self.filter(filter, *recall);
            }
        }
    }

    fn filter(&self, filter: &Filter, recall: f32) {
        let mut answers = Answers::default();
        let queries = self.set.queries.chunks(self.set.dimensions).zip(&filter.truth);
        for (at, (query, truth)) in queries.enumerate() {
            self.ask(query, truth, recall, filter.passing(at).into(), &mut answers);
        }
        let share = filter.passing(0).count() as f64 / self.rows.len() as f64;
        answers.report(self, "filter", &filter.name, recall, share);
    }

    /// The exact scan, and a plain read of the same vectors.
    fn bandwidth(&self) {
        let every = RowSet::all(self.rows.len());
        let gigabytes = (4 * self.set.base.len()) as f64 / 1e9;
        let (mut reads, mut answers) = (Vec::new(), Answers::default());
        for (query, truth) in self.set.queries.chunks(self.set.dimensions).zip(&self.set.truth).take(9) {
            let start = Instant::now();
            black_box(black_box(&self.set.base).iter().fold(0_u32, |sum, value| sum.wrapping_add(value.to_bits())));
            reads.push(start.elapsed().as_secs_f64());
            self.ask(query, truth, 1.0, (&every).into(), &mut answers);
        }
        let [read, scan] = [&mut reads, &mut answers.seconds].map(|seconds| gigabytes / median(seconds));
        self.record("bandwidth", [("read_gb_per_s", read.into()), ("scan_gb_per_s", scan.into())]);
    }
}

impl Answers {
    fn report(mut self, built: &Built<'_>, kind: &str, setting: &str, target: f32, share: f64) {
        let asked = self.seconds.len().max(1) as f64;
        let mean = self.seconds.iter().sum::<f64>() / asked;
        built.record(
            kind,
            [
                ("setting", setting.into()),
                ("target", (f64::from(target * 1e3).round() / 1e3).into()),
                ("share", share.into()),
                ("recall", (self.hits as f64 / self.possible.max(1) as f64).into()),
                ("us", Value::Numbers(self.seconds.iter().map(|seconds| seconds * 1e6).collect())),
                ("mean_us", (mean * 1e6).into()),
                ("p50_us", (median(&mut self.seconds) * 1e6).into()),
                ("vectors", (self.vectors as f64 / asked).into()),
                ("lists", (self.lists as f64 / asked).into()),
                ("exact", (self.exact as f64 / asked).into()),
                ("bytes", (self.bytes as f64 / asked).into()),
                ("full", (self.full as f64 / asked).into()),
            ],
        );
    }
}

/// The set as a growing segment holds it.
fn grown(options: &Options, set: &VectorSet) -> GrowingVectors {
    let (index, quantization) = options.index;
    let (dimensions, metric) = (set.dimensions, Metric::Cosine);
    let mut growing = GrowingVectors::new(&VectorField { dimensions, metric, index, recall: 0.95, quantization });
    for (row, vector) in (0..).zip(set.base.chunks(dimensions)) {
        growing.push(RowId(row), vector);
    }
    growing
}

fn bytes_of(rows: ByteRowsView<'_>) -> usize {
    rows.bytes.len() + 12 * rows.len()
}

fn bytes_of_codes(codes: CodesView<'_>) -> usize {
    let blocks = [codes.blocks, codes.guide];
    let of_blocks: usize = blocks.iter().map(|blocks| blocks.codes.len() + 8 * blocks.adds.len()).sum();
    let of_vectors = 8 * codes.positions.len() + 4 * codes.copies.len();
    of_blocks + of_vectors + 12 * codes.lists() + bytes_of(codes.centroids)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
