//! How long it takes to load documents in bulk, and to close a database after half of them were deleted.

use crate::{
    Options,
    made::{GROUPS, Maker, SCHEMA, collection, database},
};
use sanderling::{Document, Value};
use sanderling_bench::{
    cpu_seconds,
    record::{Value as Field, print},
};
use std::time::{Duration, Instant};

pub fn run(options: &Options) {
    let rows = options.rows.unwrap_or(100_000);
    for batch in [1_000, 10_000] {
        let database = database(&options.folder, "load", false);
        let documents = collection(&database, SCHEMA);
        let mut maker = Maker(31);
        let (mut elapsed, mut making, cpu) = (Duration::ZERO, 0.0, cpu_seconds());
        for from in (0..rows).step_by(batch) {
            let cpu = cpu_seconds();
            let made: Vec<Document> = (from..(from + batch).min(rows)).map(|id| maker.document(id)).collect();
            making += cpu_seconds() - cpu;
            let started = Instant::now();
            documents.put(made).expect("a batch");
            elapsed += started.elapsed();
        }
        let cpu = cpu_seconds() - cpu - making;
        let half = Value::object().with("group", Value::object().with("$lt", GROUPS / 2));
        documents.delete_matching(half).expect("deleted");
        let before = documents.stats().expect("figures").disk_bytes;
        let (started, closing) = (Instant::now(), cpu_seconds());
        database.close().expect("closed");
        let (closed, closing) = (started.elapsed(), cpu_seconds() - closing);
        let fields = [
            ("rows", Field::from(rows)),
            ("in batches of", batch.into()),
            ("loaded s", elapsed.as_secs_f64().into()),
            ("processor s", cpu.into()),
            ("MB before close()", (before as f64 / 1e6).into()),
            ("half deleted, closed s", closed.as_secs_f64().into()),
            ("processor s", closing.into()),
        ];
        print(false, &fields);
    }
}
