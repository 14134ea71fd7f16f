//! The rules of the house that a compiler does not check, each with a sample that breaks it.
//!
//! A rule is a function from the tracked files to complaints; the test of the real tree demands none. A rule that a
//! file must be excepted from names that file in a constant beside the rule, with the reason.

mod code;
mod dead;
mod layers;
mod links;
mod shape;
mod tree;
mod words;

use tree::Tree;

fn demand_none(rule: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{rule}:\n  {}", complaints.join("\n  "));
}

macro_rules! rules {
    ($($name:ident: $check:path;)*) => {$(
        #[test]
        fn $name() {
            demand_none(stringify!($name), &$check(&Tree::of_this_project()));
        }
    )*};
}

rules! {
    crates_depend_on_lower_layers_only: layers::crate_directions;
    unsafe_stays_in_kernels: layers::stray_unsafe;
    simd_stays_in_kernels: layers::stray_simd;
    typescript_imports_point_one_way: layers::typescript_directions;
    files_are_short: shape::long_files;
    functions_fit_a_screen: shape::long_functions;
    every_rust_file_is_reached_by_a_mod: dead::unreached;
    no_unfinished_or_silenced_code: words::forbidden;
    nothing_of_this_machine_is_written_down: words::machine_paths;
    nothing_generated_is_tracked: words::generated;
    links_between_documents_lead_somewhere: links::broken;
}

#[test]
fn the_tree_is_not_empty() {
    let tree = Tree::of_this_project();
    assert!(tree.text("Cargo.toml").is_some(), "Cargo.toml is not among the files read");
    assert!(tree.with_extension(&["rs"]).count() > 5, "hardly any Rust file was read");
}
