//! What is fuzzed: one function a target, which takes any bytes and panics where a property does not hold.
//!
//! `cargo fuzz` only wraps them (`fuzz/fuzz_targets`). The kept inputs (`fuzz/corpus`) are replayed on stable Rust by
//! `tests/fuzz_corpus.rs`, and where there is no `cargo fuzz` the program `mutate` changes them at random ([`mod@mutate`]).
//!
//! One more target is one more file here with its line in [`TARGETS`], its wrapper in `fuzz/fuzz_targets` with an entry in
//! `fuzz/Cargo.toml`, and a folder of inputs in `fuzz/corpus`; a test demands the last three.

mod analyzer;
mod collection;
mod damage;
mod escaped;
mod export;
mod filter_text;
pub mod filters;
mod highlighter;
mod input;
mod manifest;
pub mod mutate;
mod query_json;
mod query_text;
mod segment;
mod shared;
mod wal;

pub use analyzer::analyzer;
pub use collection::Place;
pub use export::export;
pub use filter_text::filter_text;
pub use highlighter::highlighter;
pub use manifest::manifest;
pub use query_json::query_json;
pub use query_text::query_text;
pub use segment::segment;
pub use shared::Shared;
pub use wal::wal;

use std::{fs, path::PathBuf};

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of its wrapper and of the folder of its inputs.
    pub name: &'static str,
    /// Panics where a property does not hold.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 9] = [
    Target { name: "analyzer", run: analyzer },
    Target { name: "export", run: export },
    Target { name: "query_text", run: query_text },
    Target { name: "highlighter", run: highlighter },
    Target { name: "filter_text", run: filter_text },
    Target { name: "query_json", run: query_json },
    Target { name: "segment", run: segment },
    Target { name: "wal", run: wal },
    Target { name: "manifest", run: manifest },
];

impl Target {
    /// The target of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        TARGETS.into_iter().find(|target| target.name == name)
    }

    /// The kept inputs, by the names of their files.
    ///
    /// # Panics
    ///
    /// When they cannot be read.
    #[must_use]
    pub fn corpus(&self) -> Vec<(String, Vec<u8>)> {
        let folder = folder().join("corpus").join(self.name);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut inputs: Vec<(String, Vec<u8>)> = entries
            .map(|entry| entry.expect("an entry of a folder").path())
            .map(|path| (path.display().to_string(), fs::read(&path).expect("a kept input")))
            .collect();
        inputs.sort();
        inputs
    }
}

/// Where wrappers and inputs are.
#[must_use]
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}
