//! What is stored: documents with a title of six words, a group and a vector.

use sanderling::{Collection, Database, Document, Schema, Value};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

pub const DIMENSIONS: usize = 384;
pub const GROUPS: usize = 1_000;
pub const SCHEMA: &str = r#"{ "fields": { "title": { "type": "text" }, "group": { "type": "number" },
    "vector": { "type": "vector", "dimensions": 384 } } }"#;
const BATCH: usize = 1_000;

/// Vectors in clusters, and words of which some are frequent.
pub struct Maker(pub u64);

impl Maker {
    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }

    pub fn vector(&mut self) -> Vec<f32> {
        let cluster = (self.next() * 1_000.0) as u64;
        let mut center = Self(cluster.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        (0..DIMENSIONS).map(|_| center.next() - 0.5 + (self.next() - 0.5) * 0.8).collect()
    }

    pub fn word(&mut self) -> String {
        format!("w{}", 5_000_f32.powf(self.next()) as u32)
    }

    fn words(&mut self, count: usize) -> String {
        (0..count).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    pub fn document(&mut self, id: usize) -> Document {
        let value = Value::object().with("id", id as u64).with("title", self.words(6)).with("group", id % GROUPS);
        Document::from_json(value.with("vector", Value::from(self.vector().as_slice()))).expect("a document")
    }

    /// One with a longer text, in a field that is not in every schema.
    pub fn long_document(&mut self, id: usize) -> Document {
        self.document(id).with("body", self.words(60))
    }
}

/// An empty database.
pub fn database(folder: &Path, name: &str, is_durable: bool) -> Database {
    let folder = folder.join(name);
    let _ = fs::remove_dir_all(&folder);
    let opened = if is_durable { Database::open(folder) } else { Database::open_relaxed(folder) };
    opened.expect("a database")
}

pub fn collection(database: &Database, schema: &str) -> Collection {
    database.collection("documents", Schema::from_json(schema).expect("a schema")).expect("a collection")
}

/// Puts documents and says how long that took without the time to make them.
pub fn put_all(collection: &Collection, rows: usize, make: &mut dyn FnMut(usize) -> Document) -> Duration {
    let mut elapsed = Duration::ZERO;
    for from in (0..rows).step_by(BATCH) {
        let batch: Vec<Document> = (from..(from + BATCH).min(rows)).map(&mut *make).collect();
        let started = Instant::now();
        collection.put(batch).expect("a batch");
        elapsed += started.elapsed();
    }
    elapsed
}

/// The time in the middle, in milliseconds.
pub fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    milliseconds(times[times.len() / 2])
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
