//! From opening to the first hits: of a database that was compacted, and of one whose documents are all in the log.

use crate::{
    Options,
    made::{Maker, SCHEMA, collection, median, put_all},
};
use sanderling::{Database, Query};
use sanderling_bench::record::{Value as Field, print};
use std::{path::Path, time::Instant};

fn fill(folder: &Path, rows: usize, is_compacted: bool) {
    let database = Database::open_relaxed(folder).expect("a database");
    let collection = collection(&database, SCHEMA);
    let mut maker = Maker(7);
    let put = put_all(&collection, rows, &mut |id| maker.document(id));
    let started = Instant::now();
    if is_compacted {
        collection.compact().expect("compacted");
    }
    let compacted = started.elapsed();
    let stats = collection.stats().expect("figures");
    database.close().expect("closed");
    let fields = [
        ("rows", Field::from(rows)),
        ("put s", put.as_secs_f64().into()),
        ("compact s", compacted.as_secs_f64().into()),
        ("disk MB", (stats.disk_bytes as f64 / 1e6).into()),
    ];
    print(false, &fields);
}

pub fn run(options: &Options) {
    let rows = options.rows.unwrap_or(10_000);
    let folder = options.folder.join(format!("{}-{rows}", options.task));
    if !folder.exists() {
        fill(&folder, rows, options.task == "open");
    }
    let mut maker = Maker(11);
    let (mut opened, mut first, mut second) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let query = Query::new().vector(&maker.vector()).limit(10);
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
        ("rows", Field::from(rows)),
        ("open ms", median(opened).into()),
        ("to first hits ms", median(first).into()),
        ("the same again ms", median(second).into()),
    ];
    print(false, &fields);
}
