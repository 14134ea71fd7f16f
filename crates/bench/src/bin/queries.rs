//! Whole searches of the crate `sanderling` as its users have them: legs, filters, facets, groups, orders, and how good the hits are.
//!
//! `queries FOLDER [ROUNDS]`: FOLDER is what `scripts/bench-queries/prepare.mjs` wrote: `documents.jsonl`, `queries.txt`, the vectors of both as
//! f32, `kinds.json` with a query a kind, `judged.tsv` with the right documents of each query. Prints a record a kind: the
//! times of all queries, each asked once before it is timed, in so many rounds. `npm run bench:queries` runs it beside the package.

use std::process::ExitCode;

#[cfg(not(target_family = "wasm"))]
fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("queries FOLDER [ROUNDS]");
        return ExitCode::FAILURE;
    };
    let rounds = std::env::args().nth(2).and_then(|rounds| rounds.parse().ok()).unwrap_or(1);
    match native::run(folder.as_ref(), rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_family = "wasm")]
fn main() -> ExitCode {
    eprintln!("in wasm the package is measured");
    ExitCode::FAILURE
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use sanderling::{
        Collection, Database, Document, DocumentId, Query, Result, Schema, Value, engine::document::json,
    };
    use sanderling_bench::record::{Value as Field, print};
    use std::{fs, path::Path, time::Instant};

    const DIMENSIONS: usize = 384;
    const BATCH: usize = 1_000;

    fn text(folder: &Path, name: &str) -> String {
        fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn floats(folder: &Path, name: &str) -> Vec<f32> {
        let bytes = fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        bytes.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number)).collect()
    }

    fn build(folder: &Path) -> Result<(Database, Collection)> {
        let db = Database::memory()?;
        let schema = Schema::from_json(text(folder, "schema.json").as_str())?;
        let collection = db.collection("documents", schema)?;
        let (documents, vectors) = (text(folder, "documents.jsonl"), floats(folder, "documents.f32"));
        let lines: Vec<&str> = documents.lines().collect();
        let start = Instant::now();
        for (batch, lines) in lines.chunks(BATCH).enumerate() {
            let mut documents = Vec::new();
            for (at, line) in lines.iter().enumerate() {
                let from = (batch * BATCH + at) * DIMENSIONS;
                let vector = vectors[from..from + DIMENSIONS].to_vec();
                documents.push(Document::from_json(*line)?.with("vector", vector));
            }
            collection.put(documents)?;
        }
        collection.compact()?;
        print(true, &[("kind", "built".into()), ("seconds", start.elapsed().as_secs_f64().into())]);
        Ok((db, collection))
    }

    /// A query of a kind for one of the texts with its vector: `"@text"` and `"@vector"` stand for them.
    fn filled(kind: &Value, text: &str, vector: &[f32]) -> Value {
        match kind {
            Value::Text(name) if name == "@text" => text.into(),
            Value::Text(name) if name == "@vector" => Value::from(vector),
            Value::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), filled(value, text, vector))).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(|item| filled(item, text, vector)).collect()),
            other => other.clone(),
        }
    }

    pub fn run(folder: &Path, rounds: usize) -> Result<()> {
        let (_db, collection) = build(folder)?;
        let (texts, vectors) = (text(folder, "queries.txt"), floats(folder, "queries.f32"));
        let Value::Object(kinds) = json::parse(&text(folder, "kinds.json"))? else { panic!("kinds are an object") };
        for (name, kind) in &kinds {
            let mut queries = Vec::new();
            for (text, vector) in texts.lines().zip(vectors.chunks(DIMENSIONS)) {
                queries.push(Query::from_json(filled(kind, text, vector))?);
            }
            let is_judged = name.starts_with("judged");
            let mut us = Vec::new();
            let mut rows: Vec<Vec<u64>> = Vec::new();
            for round in 0..=rounds {
                for query in &queries {
                    let start = Instant::now();
                    let found = collection.search(query)?;
                    if round > 0 {
                        us.push(start.elapsed().as_secs_f64() * 1e6);
                    } else if is_judged {
                        rows.push(found.hits.iter().map(|hit| row(&hit.id)).collect());
                    }
                }
            }
            let answers = if is_judged { Field::Rows(rows) } else { Field::Numbers(Vec::new()) };
            print(true, &[("kind", name.as_str().into()), ("us", Field::Numbers(us)), ("hits", answers)]);
        }
        filters(folder, &collection)
    }

    fn row(id: &DocumentId) -> u64 {
        match id {
            DocumentId::Integer(row) => *row,
            DocumentId::Text(_) => unreachable!("all ids are numbers"),
        }
    }

    /// How long it takes to find out how many documents pass each filter.
    fn filters(folder: &Path, collection: &Collection) -> Result<()> {
        let Value::Array(filters) = json::parse(&text(folder, "filters.json"))? else { panic!("filters are an array") };
        for filter in &filters {
            let count = collection.count(Some(filter))?;
            let time = sanderling_bench::time(30, || {
                std::hint::black_box(collection.count(Some(filter)).is_ok());
            });
            let name = filter.to_string().replace('"', "'");
            let fields = [
                ("kind", "filter".into()),
                ("filter", Field::Text(name)),
                ("documents", count.into()),
                ("us", (time.median / 1e3).into()),
            ];
            print(true, &fields);
        }
        Ok(())
    }
}
