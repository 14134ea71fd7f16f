//! Words and paths that must not be in the tree. Some are written in two halves here, or this file would be found.

use crate::code::{Language, blanked};
use crate::tree::{Tree, extension};

/// Unfinished work, wherever it is written.
const ANYWHERE: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("@ts-", "ignore"), concat!("@ts-", "nocheck")];
const IN_RUST: [&str; 4] = ["todo!", "unimplemented!", "dbg!", "#[ignore"];
const IN_SCRIPTS: [&str; 5] = [".only(", ".skip(", ".todo(", "skip: true", "as any"];

const MACHINE: [&str; 5] =
    [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/tm", "p/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];
const REGISTRIES: [&str; 3] =
    [concat!("registry.", "npmjs"), concat!("static.", "crates.io"), concat!("index.", "crates.io")];

const PRODUCT_FOLDERS: [&str; 5] = ["target/", "node_modules/", ".tools/", "dist/", "generated/"];
const PRODUCT_EXTENSIONS: [&str; 4] = ["wasm", "tgz", "tsbuildinfo", "rlib"];

pub fn forbidden(tree: &Tree) -> Vec<String> {
    let files = tree.with_extension(&["rs", "ts", "mjs"]);
    files.flat_map(|(path, text)| found(path, &words_of(path, text))).collect()
}

fn words_of(path: &str, text: &str) -> Vec<&'static str> {
    let language = Language::of(path);
    let code = blanked(text, language);
    let in_code: &[&str] = if language == Language::Rust { &IN_RUST } else { &IN_SCRIPTS };
    let in_code = in_code.iter().filter(|&word| code.contains(word));
    ANYWHERE.iter().filter(|&word| text.contains(word)).chain(in_code).copied().collect()
}

/// Paths of one machine, and addresses of registries: a clone must work with whatever registry is set up.
pub fn machine_paths(tree: &Tree) -> Vec<String> {
    let words = MACHINE.iter().chain(&REGISTRIES);
    tree.all()
        .flat_map(|(path, text)| {
            found(path, &words.clone().filter(|&word| text.contains(word)).copied().collect::<Vec<_>>())
        })
        .collect()
}

fn found(path: &str, words: &[&str]) -> Vec<String> {
    words.iter().map(|word| format!("{path} says {word}")).collect()
}

pub fn generated(tree: &Tree) -> Vec<String> {
    let is_product = |path: &str| {
        let in_folder = |folder: &&str| path.starts_with(*folder) || path.contains(&format!("/{folder}"));
        PRODUCT_FOLDERS.iter().any(in_folder) || PRODUCT_EXTENSIONS.contains(&extension(path))
    };
    tree.all()
        .map(|(path, _)| path)
        .filter(|path| is_product(path))
        .map(|path| format!("{path} is generated"))
        .collect()
}

#[test]
fn forbidden_words_are_found_in_code_and_not_in_strings() {
    let note = format!("// {} later", ANYWHERE[0]);
    let bad = Tree::sample(&[
        ("a.rs", "#[test]\n#[ignore]\nfn a() { todo!() }"),
        ("b.ts", "test.only(x as any)"),
        ("c.mjs", &note),
    ]);
    assert_eq!(forbidden(&bad).len(), 5, "{:?}", forbidden(&bad));
    let good = Tree::sample(&[("a.rs", "v.iter().skip(1); // as any"), ("b.ts", "f('.only(')")]);
    assert!(forbidden(&good).is_empty());
}

#[test]
fn a_path_of_a_machine_is_found() {
    let text = format!("see {}me/notes", MACHINE[0]);
    assert_eq!(machine_paths(&Tree::sample(&[("a.md", &text), ("b.md", "see ./notes")])).len(), 1);
}

#[test]
fn a_generated_file_is_found() {
    let tree = Tree::sample(&[("pkg/dist/node.js", ""), ("a.wasm", ""), ("src/targets.rs", ""), ("target/x", "")]);
    assert_eq!(generated(&tree).len(), 3);
}
