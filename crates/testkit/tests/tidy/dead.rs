//! Dead files: a Rust file that no `mod` reaches is never compiled, so it rots unseen.

use std::collections::BTreeSet;

use crate::code::{Language, blanked, is_word};
use crate::tree::{Tree, folder, join};

pub fn unreached(tree: &Tree) -> Vec<String> {
    let files: BTreeSet<&str> = tree.with_extension(&["rs"]).map(|(path, _)| path).collect();
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut waiting: Vec<String> = files.iter().filter(|path| is_root(path)).map(|&path| path.to_owned()).collect();
    while let Some(path) = waiting.pop() {
        let Some(text) = tree.text(&path) else {
            continue;
        };
        waiting.extend(modules(&path, text).into_iter().filter(|module| !reached.contains(module)));
        reached.insert(path);
    }
    let dead = files.into_iter().filter(|&path| !reached.contains(path));
    dead.map(|path| format!("{path} is reached by no mod")).collect()
}

/// The files where cargo starts: libraries, programs, and each test, example and benchmark.
fn is_root(path: &str) -> bool {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let target =
        |folder: &str| ["tests", "examples", "benches", "src/bin", "fuzz_targets"].iter().any(|f| folder.ends_with(f));
    let in_source = parent.ends_with("src") && ["lib.rs", "main.rs"].contains(&name);
    in_source || name == "build.rs" || target(parent) || (name == "main.rs" && target(folder(parent)))
}

/// Whether the modules of this file lie beside it and not in a folder of its name.
fn owns_its_folder(path: &str) -> bool {
    is_root(path) || path.ends_with("/mod.rs")
}

/// Every place where the modules that a file declares may be.
fn modules(path: &str, text: &str) -> Vec<String> {
    let base = if owns_its_folder(path) { folder(path) } else { path.trim_end_matches(".rs") };
    let code = blanked(text, Language::Rust);
    let declared = code.match_indices("mod ").filter_map(|(at, word)| {
        let rest = code[at + word.len()..].trim_start();
        let name = rest.split(|c: char| !is_word(Some(c))).next()?;
        let is_file = !is_word(code[..at].chars().next_back()) && rest[name.len()..].trim_start().starts_with(';');
        (is_file && !name.is_empty()).then_some(name)
    });
    let by_name = declared.flat_map(|name| [join(base, &format!("{name}.rs")), join(base, &format!("{name}/mod.rs"))]);
    let by_path = text.lines().filter_map(|line| line.trim().strip_prefix("#[path = \"")?.split('"').next());
    by_name.chain(by_path.map(|file| join(folder(path), file))).collect()
}

#[test]
fn a_file_without_a_mod_is_found() {
    let tree = Tree::sample(&[
        (
            "crates/a/src/lib.rs",
            "pub mod b;\n// mod dead;\nmod inline { }\n#[cfg(test)]\n#[path = \"odd.rs\"]\nmod tests;",
        ),
        ("crates/a/src/b.rs", "mod c;"),
        ("crates/a/src/b/c.rs", "mod d;"),
        ("crates/a/src/b/c/d/mod.rs", ""),
        ("crates/a/src/odd.rs", ""),
        ("crates/a/src/dead.rs", ""),
        ("crates/a/tests/suite/main.rs", "mod part;"),
        ("crates/a/tests/suite/part.rs", ""),
        ("crates/a/tests/single.rs", ""),
    ]);
    assert_eq!(unreached(&tree), ["crates/a/src/dead.rs is reached by no mod"]);
}
