//! Text search of the crate `sanderling` as its users have it: a collection in memory, documents put, one call a query.
//!
//! `text FOLDER none|english keep|drop`: FOLDER has `texts.txt`, a document a line, and a file for each kind of query; `drop`
//! leaves stop words out. Prints records as lines of JSON: `built`, then for `round` the times of every kind, asked once
//! before it is timed, for `answers KIND` what was found, for `bytes` the size of the index, for `token` how long a token of
//! 100 kB takes, and `done`. `npm run bench:text` runs it beside its rivals.

use std::process::ExitCode;

#[cfg(not(target_family = "wasm"))]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, language, stop] = &arguments[..] else {
        eprintln!("text FOLDER none|english keep|drop");
        return ExitCode::FAILURE;
    };
    match native::serve(folder.as_ref(), language, stop == "drop") {
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
        Collection, Database, Document, DocumentId, Query, Result, Schema,
        engine::query::{Fuzziness, TextQuery},
    };
    use sanderling_bench::{
        cpu_seconds,
        record::{Value, print},
    };
    use std::{fs, io::stdin, path::Path, time::Instant};

    /// Every kind of query: the file with a query a line, and how many are timed.
    const KINDS: [(&str, usize); 7] =
        [("or", 200), ("and", 200), ("phrase", 200), ("prefix", 200), ("fuzzy", 200), ("common", 50), ("judged", 0)];
    /// Documents a call of `put`.
    const BATCH: usize = 1_000;
    /// Bytes of the token that is nobody's word.
    const TOKEN: usize = 100_000;

    /// Builds, then does what each line of the input says.
    pub fn serve(folder: &Path, language: &str, drops_stop_words: bool) -> Result<()> {
        let db = Database::memory()?;
        let texts = fs::read_to_string(folder.join("texts.txt")).expect("the set was prepared");
        let schema = format!(
            r#"{{ "fields": {{ "text": {{ "type": "text", "language": "{language}", "stopWords": {drops_stop_words} }} }} }}"#
        );
        let collection = db.collection("texts", Schema::from_json(schema.as_str())?)?;
        build(&collection, &texts)?;
        for line in stdin().lines().map_while(std::io::Result::ok) {
            match line.split_once(' ') {
                Some((_, kind)) => answers(&collection, folder, kind)?,
                None if line == "token" => token(&collection)?,
                None if line == "bytes" => bytes(&db, &collection, &texts)?,
                None => round(&collection, folder)?,
            }
            record("done", []);
        }
        Ok(())
    }

    fn record<const N: usize>(kind: &str, fields: [(&str, Value); N]) {
        let mut all = vec![("kind", Value::from(kind))];
        all.extend(fields);
        print(true, &all);
    }

    fn fill(collection: &Collection, texts: &str) -> Result<()> {
        let lines: Vec<&str> = texts.lines().collect();
        for (batch, chunk) in lines.chunks(BATCH).enumerate() {
            let document = |(at, text): (usize, &&str)| Document::new((batch * BATCH + at) as u64).with("text", *text);
            collection.put(chunk.iter().enumerate().map(document))?;
        }
        Ok(())
    }

    fn sealed_bytes(collection: &Collection) -> Result<u64> {
        let stats = collection.stats()?;
        Ok(stats.segments.iter().filter(|segment| segment.state == "sealed").map(|segment| segment.bytes).sum())
    }

    /// The same documents in a collection that does not index them are what the index comes on top of.
    fn bytes(db: &Database, collection: &Collection, texts: &str) -> Result<()> {
        let plain = db.collection("plain", Schema::from_json(r#"{ "fields": { "other": { "type": "text" } } }"#)?)?;
        fill(&plain, texts)?;
        plain.compact()?;
        let bytes = sealed_bytes(collection)? - sealed_bytes(&plain)?;
        db.drop_collection("plain")?;
        record("bytes", [("bytes", (bytes as f64).into())]);
        Ok(())
    }

    /// Puts all texts; a compaction merges them into one segment.
    fn build(collection: &Collection, texts: &str) -> Result<()> {
        let (start, start_of_work) = (Instant::now(), cpu_seconds());
        fill(collection, texts)?;
        let put = start.elapsed().as_secs_f64();
        collection.compact()?;
        let (seconds, work) = (start.elapsed().as_secs_f64(), cpu_seconds() - start_of_work);
        let stats = collection.stats()?;
        let sealed = stats.segments.iter().filter(|segment| segment.state == "sealed");
        record(
            "built",
            [
                ("documents", stats.documents.into()),
                ("segments", sealed.count().into()),
                ("put_seconds", put.into()),
                ("build_seconds", seconds.into()),
                ("build_cpu_seconds", work.into()),
            ],
        );
        Ok(())
    }

    fn query(kind: &str, text: &str) -> Query {
        let limit = if kind == "judged" { 100 } else { 10 };
        let query = if kind == "phrase" { format!("\"{text}\"") } else { text.to_owned() };
        let fuzzy = if kind == "fuzzy" { Fuzziness::ByLength } else { Fuzziness::Off };
        let text =
            TextQuery { query, fuzzy, all_words: kind == "and", prefix: kind == "prefix", ..TextQuery::default() };
        Query { text: Some(text), ..Query::new() }.limit(limit).select::<String>([])
    }

    fn lines(folder: &Path, kind: &str) -> String {
        fs::read_to_string(folder.join(format!("{kind}.txt"))).unwrap_or_default()
    }

    /// Times the queries of every kind.
    fn round(collection: &Collection, folder: &Path) -> Result<()> {
        for (kind, timed) in KINDS {
            let mut us = Vec::new();
            let texts = lines(folder, kind);
            for is_timed in [false, true] {
                for text in texts.lines().take(timed) {
                    let start = Instant::now();
                    collection.search(&query(kind, text))?;
                    if is_timed {
                        us.push(start.elapsed().as_secs_f64() * 1e6);
                    }
                }
            }
            if !us.is_empty() {
                record("round", [("setting", kind.into()), ("us", Value::Numbers(us))]);
            }
        }
        Ok(())
    }

    fn answers(collection: &Collection, folder: &Path, kind: &str) -> Result<()> {
        let (mut hits, mut totals) = (Vec::new(), Vec::new());
        for text in lines(folder, kind).lines() {
            let found = collection.search(&query(kind, text))?;
            hits.push(found.hits.iter().map(|hit| row(&hit.id)).collect());
            totals.push(found.total as u64);
        }
        let totals = Value::Numbers(totals.into_iter().map(|total| total as f64).collect());
        record(&format!("answers {kind}"), [("hits", Value::Rows(hits)), ("totals", totals)]);
        Ok(())
    }

    fn row(id: &DocumentId) -> u64 {
        match id {
            DocumentId::Integer(row) => *row,
            DocumentId::Text(_) => unreachable!("all ids are numbers"),
        }
    }

    /// A token that is nobody's word, with typos looked for.
    fn token(collection: &Collection) -> Result<()> {
        let query = query("fuzzy", &"a".repeat(TOKEN));
        let start = Instant::now();
        let found = collection.search(&query)?;
        record("token", [("ms", (start.elapsed().as_secs_f64() * 1e3).into()), ("hits", found.hits.len().into())]);
        Ok(())
    }
}
