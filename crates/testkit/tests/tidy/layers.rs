//! Who may know whom: crates by their manifests, TypeScript projects by their imports.

use crate::code::{Language, blanked, has_word};
use crate::tree::{Tree, folder, join};

/// The shipped crates from the bottom up; each may use those before it.
const LAYERS: [&str; 5] =
    ["sanderling-kernels", "sanderling-engine", "sanderling-languages", "sanderling", "sanderling-wasm"];

/// `unsafe` outside the kernels, each with its reason.
const UNSAFE: [(&str, &str); 4] = [
    ("crates/languages/src/module.rs", "a wasm file of its own: exported names, static buffers, its allocator"),
    ("crates/sanderling/src/storage/mmap.rs", "maps files"),
    ("crates/testkit/src/failing_allocator.rs", "an allocator is unsafe by its trait"),
    ("tests/no_std/src/lib.rs", "an allocator is unsafe by its trait"),
];

const KERNELS: &str = "crates/kernels/";
const PROBE: &str = "tests/no_std/"; // grows its memory with an intrinsic

pub fn crate_directions(tree: &Tree) -> Vec<String> {
    let manifests = tree.all().filter(|(path, _)| path.starts_with("crates/") && path.ends_with("/Cargo.toml"));
    manifests.flat_map(|(path, text)| wrong_dependencies(path, text)).collect()
}

fn wrong_dependencies(path: &str, text: &str) -> Vec<String> {
    let name = text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).unwrap_or_default();
    let layer = |name: &str| LAYERS.iter().position(|&known| known == name);
    let is_wrong = |dependency: &str| match (layer(name), layer(dependency)) {
        (Some(own), Some(other)) => other >= own,
        (Some(_), None) => true, // testkit and bench ship nowhere
        (None, _) => false,
    };
    let dependencies = shipped_dependencies(text).into_iter().filter(|other| other.starts_with("sanderling"));
    let wrong = dependencies.filter(|other| is_wrong(other));
    let complaints = wrong.map(|other| format!("{path}: {name} must not depend on {other}"));
    let simd = shipped_dependencies(text).into_iter().any(|other| other == "wide") && name != LAYERS[0];
    complaints.chain(simd.then(|| format!("{path}: only the kernels may depend on wide"))).collect()
}

/// The names in every `dependencies` section but those of development.
fn shipped_dependencies(manifest: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            let (parent, last) = section.rsplit_once('.').unwrap_or(("", section));
            let ships = |table: &str| table.ends_with("dependencies") && !table.ends_with("dev-dependencies");
            inside = ships(last);
            names.extend(ships(parent).then_some(last));
        } else if inside && !line.starts_with('#') {
            names.extend(line.split(['=', '.', ' ']).next().filter(|name| !name.is_empty()));
        }
    }
    names
}

pub fn stray_unsafe(tree: &Tree) -> Vec<String> {
    let excepted = |path: &str| path.starts_with(KERNELS) || UNSAFE.iter().any(|&(known, _)| known == path);
    let has_unsafe = |path: &str, text: &str| {
        let code = blanked(text, Language::Rust);
        // Imports from JavaScript are declared so; wasm-bindgen makes safe functions of them.
        let code = if path.starts_with("crates/wasm/") { code.replace("unsafe extern", "") } else { code };
        has_word(&code, "unsafe")
    };
    let files = tree.with_extension(&["rs"]).filter(|(path, _)| !excepted(path));
    files.filter(|(path, text)| has_unsafe(path, text)).map(|(path, _)| format!("{path} has unsafe code")).collect()
}

pub fn stray_simd(tree: &Tree) -> Vec<String> {
    let names = ["core::arch", "std::arch", "wide::", "use wide"];
    let files = tree.with_extension(&["rs"]).filter(|(path, _)| !path.starts_with(KERNELS) && !path.starts_with(PROBE));
    let found = files.flat_map(|(path, text)| {
        let code = blanked(text, Language::Rust);
        names
            .into_iter()
            .filter(|name| names_it(&code, name))
            .map(move |name| format!("{path} names {name}"))
            .collect::<Vec<_>>()
    });
    found.collect()
}

// `std::arch` but not `std::archive`, `wide::` but not `worldwide::`.
fn names_it(code: &str, name: &str) -> bool {
    if let Some(bare) = name.strip_suffix("::") {
        return code.contains(name) && has_word(code, bare);
    }
    has_word(code, name)
}

pub fn typescript_directions(tree: &Tree) -> Vec<String> {
    let files = tree.with_extension(&["ts"]).filter_map(|(path, text)| Some((project(path)?, path, text)));
    let imports = files.flat_map(|(own, path, text)| imported(text).map(move |target| (own, path, target)));
    let is_wrong = |&(own, path, target): &(&str, &str, &str)| {
        let resolved = if target.starts_with('.') {
            join(folder(path), target)
        } else {
            return false;
        };
        project(&resolved).is_some_and(|other| other != own && other != "pkg")
    };
    imports.filter(is_wrong).map(|(own, path, target)| format!("{path}: {own} must not import {target}")).collect()
}

/// The shipped project of a path. Tests may look at more than one.
fn project(path: &str) -> Option<&'static str> {
    ["pkg", "web", "worker"].into_iter().find(|name| path.starts_with(&format!("{name}/src/")))
}

/// What stands in quotes after `from`, `import` or `import(`.
fn imported(text: &str) -> impl Iterator<Item = &str> {
    let pieces = text.split(['"', '\'']);
    pieces.clone().zip(pieces.skip(1)).filter_map(|(before, quoted)| {
        let before = before.trim_end().trim_end_matches('(');
        (before.ends_with("from") || before.ends_with("import")).then_some(quoted)
    })
}

#[test]
fn a_crate_that_points_up_is_found() {
    let manifest = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    let engine = manifest(
        "sanderling-engine",
        "[dependencies]\nsanderling-kernels.workspace = true\nsanderling = \"1\"\nwide = \"1\"\n",
    );
    let kernels = manifest(
        "sanderling-kernels",
        "[dependencies]\nwide = \"1\"\n[dev-dependencies]\nsanderling-testkit.workspace = true\n",
    );
    let wasm = manifest(
        "sanderling-wasm",
        "[target.'cfg(x)'.dependencies]\nsanderling-testkit = \"1\"\n[dependencies.sanderling]\npath = \"x\"\n",
    );
    let tree = Tree::sample(&[
        ("crates/engine/Cargo.toml", &engine),
        ("crates/kernels/Cargo.toml", &kernels),
        ("crates/wasm/Cargo.toml", &wasm),
    ]);
    assert_eq!(
        crate_directions(&tree),
        [
            "crates/engine/Cargo.toml: sanderling-engine must not depend on sanderling",
            "crates/engine/Cargo.toml: only the kernels may depend on wide",
            "crates/wasm/Cargo.toml: sanderling-wasm must not depend on sanderling-testkit",
        ]
    );
}

#[test]
fn stray_unsafe_and_simd_are_found() {
    let tree = Tree::sample(&[
        ("crates/kernels/src/lib.rs", "unsafe { core::arch::x() }"),
        ("crates/engine/src/lib.rs", "#![forbid(unsafe_code)] // unsafe\nuse wide::f32x8;"),
        ("crates/wasm/src/lib.rs", "unsafe extern \"C\" {}"),
        ("crates/wasm/src/bad.rs", "fn a() { unsafe { std::arch::x() } }"),
        ("crates/wasm/src/trap.rs", "fn a() -> ! { core::arch::wasm32::unreachable() }"),
    ]);
    assert_eq!(stray_unsafe(&tree), ["crates/wasm/src/bad.rs has unsafe code"]);
    let expected = [
        "crates/engine/src/lib.rs names wide::",
        "crates/engine/src/lib.rs names use wide",
        "crates/wasm/src/bad.rs names std::arch",
        "crates/wasm/src/trap.rs names core::arch",
    ];
    assert_eq!(stray_simd(&tree), expected);
}

#[test]
fn an_import_against_the_direction_is_found() {
    let tree = Tree::sample(&[
        ("pkg/src/a.ts", "import { b } from \"../../web/src/b.js\";"),
        ("web/src/b.ts", "import type { c } from '../../pkg/src/c.js'; await import(\"../../worker/src/d.js\");"),
        ("worker/src/d.ts", "import \"./e.js\"; export * from \"../../pkg/src/c.js\"; const from = \"x\";"),
    ]);
    assert_eq!(
        typescript_directions(&tree),
        [
            "pkg/src/a.ts: pkg must not import ../../web/src/b.js",
            "web/src/b.ts: web must not import ../../worker/src/d.js",
        ]
    );
}
