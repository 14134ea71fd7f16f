//! The files in tests/fixtures: where they are, and what they are asked.

use std::path::{Path, PathBuf};

/// The version of the format.
const FOLDER: &str = "format-v0";
pub const EXPORT: &str = "export.sanderling";

/// The schema of their larger collection.
pub const SCHEMA: &str = r#"{ "fields": {
    "title": { "type": "text", "weight": 2 }, "body": { "type": "text", "language": "english" },
    "tags": { "type": "keyword", "many": true }, "year": { "type": "number" }, "added": { "type": "date" },
    "inPrint": { "type": "boolean" },
    "graph": { "type": "vector", "dimensions": 8, "index": "hnsw" },
    "lists": { "type": "vector", "dimensions": 8, "index": "ivf", "quantization": "rabitq", "metric": "euclidean" },
    "bytes": { "type": "vector", "dimensions": 16, "quantization": "int8", "metric": "dot" } } }"#;

/// Queries that touch each part of it.
pub const QUERIES: [&str; 7] = [
    r#"{ "text": "shore birds" }"#,
    r#"{ "text": "\"long shores\" -wader", "filter": { "year": { "$gte": 1990 } }, "limit": 5 }"#,
    r#"{ "text": { "query": "shroes wad", "fuzzy": true, "prefix": true } }"#,
    r#"{ "vector": { "field": "graph", "value": [1, 2, 3, 4, 5, 6, 7, 8] }, "limit": 7 }"#,
    r#"{ "vector": { "field": "lists", "value": [8, 7, 6, 5, 4, 3, 2, 1] }, "filter": { "tags": "t1" } }"#,
    r#"{ "text": "birds", "vector": { "field": "bytes", "value": [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0] } }"#,
    r#"{ "filter": { "inPrint": true, "added": { "$lt": "2001-01-01" } } }"#,
];

/// The folder of this version.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures").join(FOLDER)
}
