//! What storage costs: `storage open --rows 100000 --folder F` measures how long a database takes from opening to the first
//! hits, `storage append` and `storage together` what a durable write costs beside a bare one, `storage compact` how fast
//! segments are made and how often a row is written again.

#[cfg(target_family = "wasm")]
fn main() {}

#[cfg(not(target_family = "wasm"))]
fn main() {
    native::main();
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use sanderling::{Database, Document, Query, Schema, Value};
    use sanderling_bench::record::{Value as Field, print};
    use std::{
        env,
        fs::{self, File},
        io::Write,
        path::{Path, PathBuf},
        time::{Duration, Instant},
    };

    const DIMENSIONS: usize = 384;
    const SCHEMA: &str = r#"{ "fields": { "title": { "type": "text" },
        "vector": { "type": "vector", "dimensions": 384 } } }"#;
    const BATCH: usize = 1_000;

    struct Options {
        task: String,
        rows: usize,
        rounds: usize,
        folder: PathBuf,
    }

    pub fn main() {
        let mut arguments = env::args().skip(1);
        let task = arguments.next().unwrap_or_default();
        let mut options = Options { task, rows: 10_000, rounds: 9, folder: env::temp_dir().join("sanderling-storage") };
        while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
            match name.as_str() {
                "--rows" => options.rows = value.parse().expect("a number of rows"),
                "--rounds" => options.rounds = value.parse().expect("a number of rounds"),
                "--folder" => options.folder = value.into(),
                _ => panic!("{name} is not understood"),
            }
        }
        match options.task.as_str() {
            "open" | "replay" => open(&options),
            "append" => append(&options),
            other => panic!("open or append, not {other:?}"),
        }
    }

    /// Vectors in clusters, and words of which some are frequent.
    struct Maker(u64);

    impl Maker {
        fn next(&mut self) -> f32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 40) as f32 / (1_u64 << 24) as f32
        }

        fn vector(&mut self, cluster: u64) -> Vec<f32> {
            let mut center = Self(cluster.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
            (0..DIMENSIONS).map(|_| center.next() - 0.5 + (self.next() - 0.5) * 0.8).collect()
        }

        fn document(&mut self, id: usize) -> Document {
            let words: Vec<String> = (0..6).map(|_| format!("w{}", 5_000_f32.powf(self.next()) as u32)).collect();
            let cluster = (self.next() * 1_000.0) as u64;
            let vector = self.vector(cluster);
            let value = Value::object().with("id", id as u64).with("title", words.join(" "));
            Document::from_json(value.with("vector", Value::from(vector.as_slice()))).expect("a document")
        }
    }

    fn fill(folder: &Path, rows: usize, is_compacted: bool) {
        let started = Instant::now();
        let database = Database::open_relaxed(folder).expect("a database");
        let collection = database.collection("documents", Schema::from_json(SCHEMA).expect("a schema")).expect("one");
        let mut maker = Maker(7);
        for from in (0..rows).step_by(BATCH) {
            collection.put((from..(from + BATCH).min(rows)).map(|id| maker.document(id))).expect("a batch");
        }
        let put = started.elapsed();
        if is_compacted {
            collection.compact().expect("compacted");
        }
        let filled = started.elapsed();
        let stats = collection.stats().expect("figures");
        database.close().expect("closed");
        let fields = [
            ("rows", Field::from(rows)),
            ("put s", put.as_secs_f64().into()),
            ("compact s", (filled - put).as_secs_f64().into()),
            ("disk MB", (stats.disk_bytes as f64 / 1e6).into()),
        ];
        print(false, &fields);
    }

    fn median(mut times: Vec<Duration>) -> f64 {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1e3
    }

    fn open(options: &Options) {
        let folder = options.folder.join(format!("{}-{}", options.task, options.rows));
        if !folder.exists() {
            fill(&folder, options.rows, options.task == "open");
        }
        let mut maker = Maker(11);
        let (mut opened, mut first, mut second) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..options.rounds {
            let query = Query::new().vector(&maker.vector(round as u64)).limit(10);
            let started = Instant::now();
            let database = Database::open_relaxed(&folder).expect("a database");
            let collection = database.existing_collection("documents").expect("a collection");
            opened.push(started.elapsed());
            let found = collection.search(&query).expect("an answer");
            first.push(started.elapsed());
            assert!(found.hits.len() == 10 && found.reasons.is_empty());
            let again = Instant::now();
            collection.search(&query).expect("an answer");
            second.push(again.elapsed());
            database.close().expect("closed");
        }
        let fields = [
            ("rows", Field::from(options.rows)),
            ("open ms", median(opened).into()),
            ("to first hits ms", median(first).into()),
            ("the same again ms", median(second).into()),
        ];
        print(false, &fields);
    }

    /// One document a call, durable, beside the same bytes written and flushed.
    fn append(options: &Options) {
        let folder = options.folder.join("append");
        let _ = fs::remove_dir_all(&folder);
        let database = Database::open(folder.join("database")).expect("a database");
        let collection = database.collection("documents", Schema::from_json(SCHEMA).expect("a schema")).expect("one");
        let mut maker = Maker(3);
        let mut bare = File::create(folder.join("bare")).expect("a file");
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for id in 0..options.rows {
            let document = maker.document(id);
            let before = collection.stats().expect("figures").wal_bytes;
            let started = Instant::now();
            collection.put([document]).expect("a put");
            ours.push(started.elapsed());
            let bytes = vec![id as u8; (collection.stats().expect("figures").wal_bytes - before) as usize];
            let started = Instant::now();
            bare.write_all(&bytes).expect("written");
            bare.sync_data().expect("flushed");
            theirs.push(started.elapsed());
        }
        let (ours, theirs) = (median(ours), median(theirs));
        let fields =
            [("put ms", Field::from(ours)), ("write and flush ms", theirs.into()), ("ratio", (ours / theirs).into())];
        print(false, &fields);
    }
}
