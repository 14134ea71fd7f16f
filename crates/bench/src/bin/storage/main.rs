//! What storage costs, a task a run:
//!
//! - `storage open --rows 100000 --folder F`: how long a database takes from opening to the first hits; `storage replay` the
//!   same where all documents are in the log;
//! - `storage append`: what a durable write costs beside a bare one of the same bytes;
//! - `storage together`: what 64 at once cost beside 64 one by one;
//! - `storage compact`: how fast segments are sealed and merged, how much is written for what is stored, and what stays on disk;
//! - `storage load`: how long a load in bulk takes, and to close after half was deleted;
//! - `storage documents --only F`: what the documents of a file, one a line, take and cost;
//! - `storage latency`: how long searches take beside each kind of long work.

#[cfg(not(target_family = "wasm"))]
mod append;
#[cfg(not(target_family = "wasm"))]
mod compact;
#[cfg(not(target_family = "wasm"))]
mod documents;
#[cfg(not(target_family = "wasm"))]
mod latency;
#[cfg(not(target_family = "wasm"))]
mod load;
#[cfg(not(target_family = "wasm"))]
mod made;
#[cfg(not(target_family = "wasm"))]
mod media;
#[cfg(not(target_family = "wasm"))]
mod open;
#[cfg(not(target_family = "wasm"))]
mod together;

#[cfg(target_family = "wasm")]
fn main() {}

#[cfg(not(target_family = "wasm"))]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let folder = std::env::temp_dir().join("sanderling-storage");
    let mut options = Options { task, rows: None, rounds: 9, only: String::new(), folder };
    while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
        match name.as_str() {
            "--rows" => options.rows = Some(value.parse().expect("a number of rows")),
            "--rounds" => options.rounds = value.parse().expect("a number of rounds"),
            "--only" => options.only = value,
            "--folder" => options.folder = value.into(),
            _ => panic!("{name} is not understood"),
        }
    }
    match options.task.as_str() {
        "open" | "replay" => open::run(&options),
        "append" => append::run(&options),
        "compact" => compact::run(&options),
        "documents" => documents::run(&options),
        "load" => load::run(&options),
        "together" => together::run(&options),
        "latency" => latency::run(&options),
        other => panic!("open, replay, append, together, compact, load, documents or latency, not {other:?}"),
    }
}

/// What is asked for.
#[cfg(not(target_family = "wasm"))]
struct Options {
    task: String,
    rows: Option<usize>,
    rounds: usize,
    /// The one kind of work to look at.
    only: String,
    folder: std::path::PathBuf,
}
