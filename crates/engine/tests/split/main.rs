//! Splitting texts: the cases that TypeScript shares, what must hold of every text, and the time it takes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod properties;
mod random;

use random::{DIGEST_START, Random, case, digest};
use sanderling_engine::{
    ErrorCode, Value,
    document::json,
    split::{SplitKind, SplitOptions, split_text},
};
use std::{fs, time::Instant};

/// In wasm the clone is all there is of the machine.
const FOLDER: &str = if cfg!(target_os = "wasi") {
    "/tests/cases/split"
} else {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/split")
};
const TEXTS_OF_A_SEED: usize = 100;
const SEEDS: u32 = 64;

fn read(name: &str) -> serde_json::Value {
    let path = format!("{FOLDER}/{name}");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn parts() -> Vec<String> {
    serde_json::from_value(read("random.json")["parts"].clone()).unwrap()
}

fn options(text: &str) -> Result<SplitOptions, sanderling_engine::Error> {
    SplitOptions::from_value(&json::parse(text).unwrap())
}

#[test]
fn the_shared_cases_hold() {
    let file = read("split.json");
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    for case in cases {
        let text = case["text"].as_str().unwrap();
        let options = options(&case["options"].to_string()).unwrap();
        let chunks = split_text(text, &options).unwrap();
        let found: Vec<_> = chunks.iter().map(|chunk| (chunk.text, chunk.heading)).collect();
        let chunks = case["chunks"].as_array().unwrap();
        let expected: Vec<_> =
            chunks.iter().map(|chunk| (chunk["text"].as_str().unwrap(), chunk["heading"].as_str())).collect();
        assert_eq!(found, expected, "{}", case["name"]);
    }
}

/// With `UPDATE_CASES=1` this writes the digests, which the test in TypeScript is held to.
#[test]
fn random_texts_have_the_chunks_that_they_have_in_typescript() {
    let parts = parts();
    let digests: Vec<u32> = (0..SEEDS)
        .map(|seed| {
            let mut random = Random(seed);
            (0..TEXTS_OF_A_SEED).fold(DIGEST_START, |hash, _| {
                let (text, options) = case(&mut random, &parts);
                digest(hash, &split_text(&text, &options).unwrap())
            })
        })
        .collect();
    if std::env::var_os("UPDATE_CASES").is_some() {
        let path = format!("{FOLDER}/random.json");
        let file = fs::read_to_string(&path).unwrap();
        let (before, _) = file.split_once("\"digests\": [").unwrap();
        let rows: Vec<_> = digests.chunks(8).map(|row| format!("    {}", list(row))).collect();
        fs::write(path, format!("{before}\"digests\": [\n{}\n  ]\n}}\n", rows.join(",\n"))).unwrap();
    }
    let expected: Vec<u32> = serde_json::from_value(read("random.json")["digests"].clone()).unwrap();
    assert_eq!(digests, expected);
}

fn list(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

#[test]
fn options_have_defaults() {
    assert_eq!(options("{}").unwrap(), SplitOptions { kind: SplitKind::Recursive, size: 1000, overlap: 0 });
    assert_eq!(options(r#"{ "kind": "tokens" }"#).unwrap(), SplitOptions::new(SplitKind::Tokens));
    assert_eq!(SplitOptions::new(SplitKind::Tokens).size, 256);
    let given = options(r#"{ "kind": "sentence", "size": 20, "overlap": 19 }"#).unwrap();
    assert_eq!(given, SplitOptions::new(SplitKind::Sentence).size(20).overlap(19));
}

#[test]
fn wrong_options_are_named_with_what_was_expected_and_found() {
    let cases = [
        (r#"{ "size": 0 }"#, "split.size: expected a whole number from 1, found 0"),
        (r#"{ "size": 1.5 }"#, "split.size: expected a whole number, found 1.5"),
        (r#"{ "size": -1 }"#, "split.size: expected a whole number, found -1"),
        (r#"{ "size": "9" }"#, "split.size: expected a number, found the string \"9\""),
        (r#"{ "size": 5, "overlap": 5 }"#, "split.overlap: expected a whole number below the size of 5, found 5"),
        (r#"{ "kind": "words" }"#, "split.kind: expected \"recursive\" or \"sentence\""),
        (r#"{ "length": 5 }"#, "split: expected options of the contract, found \"length\""),
        ("[]", "split: expected an object, found an array of 0"),
    ];
    for (given, message) in cases {
        let error = options(given).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Invalid, "{given}");
        assert!(error.message().starts_with(message), "{error}");
        assert!(error.details().iter().any(|(name, value)| name == "found" && matches!(value, Value::Text(_))));
    }
    assert_eq!(split_text("a", &SplitOptions::default().size(0)).unwrap_err().code(), ErrorCode::Invalid);
    assert_eq!(split_text("a", &SplitOptions::default().overlap(1000)).unwrap_err().code(), ErrorCode::Invalid);
}

#[test]
fn the_largest_size_has_room_for_all() {
    for kind in ["recursive", "sentence", "markdown", "tokens"] {
        let given = format!(r#"{{ "kind": "{kind}", "size": 9007199254740991, "overlap": 9007199254740990 }}"#);
        assert_eq!(split_text("One. Two.", &options(&given).unwrap()).unwrap().len(), 1);
    }
}

/// Three seconds are far more than any of these takes and far less than what grows with the square of the length.
#[test]
fn long_texts_take_linear_time() {
    let texts =
        ["\n", "x", ". ", "。", "」", "a\u{301}", "\u{301}", "# a\n", "```\n", "|-\n", "a|\n|-\n", "a ", "#", "1."];
    for text in texts {
        for kind in [SplitKind::Recursive, SplitKind::Sentence, SplitKind::Markdown, SplitKind::Tokens] {
            let options = SplitOptions::new(kind);
            // The second may make a chunk of each character.
            for (long, options) in [(1_000_000, options), (200_000, options.size(50_000).overlap(49_999))] {
                let text = text.repeat(long / text.len());
                let start = Instant::now();
                split_text(&text, &options).unwrap();
                let seconds = start.elapsed().as_secs_f64();
                assert!(seconds < 3.0, "{:?} {options:?}: {seconds} s", &text[..12]);
            }
        }
    }
}
