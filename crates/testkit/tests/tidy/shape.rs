//! Lengths: a file has one subject, a function fits a screen.

use crate::code::{Language, blanked, is_word};
use crate::tree::Tree;

/// The aim is 400; this is where it fails. Ratcheted down, never up.
const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 60;

const CODE: [&str; 3] = ["rs", "ts", "mjs"];

pub fn long_files(tree: &Tree) -> Vec<String> {
    tree.with_extension(&CODE)
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|&(_, lines)| lines > FILE_LINES_MAX)
        .map(|(path, lines)| format!("{path} has {lines} lines, the limit is {FILE_LINES_MAX}"))
        .collect()
}

pub fn long_functions(tree: &Tree) -> Vec<String> {
    tree.with_extension(&CODE).flat_map(|(path, text)| long_functions_of(path, text)).collect()
}

fn long_functions_of(path: &str, text: &str) -> Vec<String> {
    let language = Language::of(path);
    let code = blanked(text, language);
    let bodies = match language {
        Language::Rust => rust_bodies(&code),
        Language::TypeScript if path.contains(".test.") => Vec::new(), // a group of tests is one closure
        Language::TypeScript => script_bodies(&code),
    };
    let lines = |(start, end): (usize, usize)| code[start..end].matches('\n').count() + 1;
    let line = |start: usize| code[..start].matches('\n').count() + 1;
    bodies
        .into_iter()
        .filter(|&body| lines(body) > FUNCTION_LINES_MAX)
        .map(|body| format!("{path}:{} has {} lines, the limit is {FUNCTION_LINES_MAX}", line(body.0), lines(body)))
        .collect()
}

/// From the word `fn` of every function with a body to its closing brace.
fn rust_bodies(code: &str) -> Vec<(usize, usize)> {
    let starts_function = |&(at, _): &(usize, &str)| {
        let name = code[at + 2..].trim_start().chars().next();
        !is_word(code[..at].chars().next_back()) && code[at + 2..].starts_with([' ', '\n']) && is_word(name)
    };
    let body = |(at, _)| Some((at, block_end(code, body_start(code, at)?)));
    code.match_indices("fn").filter(starts_function).filter_map(body).collect()
}

/// The opening brace of a function's body; none where the signature ends with a semicolon.
fn body_start(code: &str, at: usize) -> Option<usize> {
    let mut depth = 0;
    for (offset, c) in code[at..].char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth == 0 => return Some(at + offset),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Every block that follows a parameter list or an arrow. An `if` looks the same: a block that long is as bad.
fn script_bodies(code: &str) -> Vec<(usize, usize)> {
    let follows_parameters = |&(at, _): &(usize, &str)| {
        let line = code[..at].rsplit('\n').next().unwrap_or_default().trim_end();
        let after = line.rsplit(')').next().unwrap_or_default().trim();
        line.ends_with("=>") || (line.contains(')') && (after.is_empty() || after.starts_with(':')))
    };
    code.match_indices('{').filter(follows_parameters).map(|(at, _)| (at, block_end(code, at))).collect()
}

/// Just past the brace that closes the one at `open`.
fn block_end(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (offset, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return open + offset + 1;
        }
    }
    code.len()
}

#[test]
fn a_long_file_is_found() {
    let long = "x\n".repeat(FILE_LINES_MAX + 1);
    assert_eq!(long_files(&Tree::sample(&[("a.rs", &long), ("b.md", &long)])).len(), 1);
    assert!(long_files(&Tree::sample(&[("a.rs", &long[2..])])).is_empty());
}

#[test]
fn a_long_function_is_found_and_its_neighbours_are_not() {
    let body = "x();\n".repeat(FUNCTION_LINES_MAX);
    let rust = format!("trait T {{ fn a(x: [u8; 2]); }}\nfn b() -> u8 {{ 1 }}\nfn c() where T: U {{\n{body}}}\n");
    assert_eq!(long_functions(&Tree::sample(&[("a.rs", &rust)])), ["a.rs:3 has 62 lines, the limit is 60"]);
    for head in ["function f(a: B): C {", "const f = (a) => {", "  m(a): Promise<void> {"] {
        let script = format!("class D {{\n{head}\n{body}}}\n}}\n");
        assert_eq!(long_functions(&Tree::sample(&[("a.ts", &script)])).len(), 1, "{head}");
    }
    let class = format!("class D {{\n{body}}}\n");
    assert!(long_functions(&Tree::sample(&[("a.ts", &class)])).is_empty());
}
