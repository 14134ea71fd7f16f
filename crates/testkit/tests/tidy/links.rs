//! Links between documents.

use crate::tree::{Tree, folder, join};

pub fn broken(tree: &Tree) -> Vec<String> {
    let links = tree.with_extension(&["md"]).flat_map(|(path, text)| targets(text).map(move |target| (path, target)));
    let is_broken = |&(path, target): &(&str, &str)| !leads_somewhere(tree, path, target);
    links.filter(is_broken).map(|(path, target)| format!("{path}: the link {target} leads nowhere")).collect()
}

/// What stands in `](...)`, outside fenced code.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("\n```").step_by(2);
    prose.flat_map(|part| part.split("](").skip(1)).filter_map(|rest| rest.split([')', ' ']).next())
}

fn leads_somewhere(tree: &Tree, path: &str, target: &str) -> bool {
    let file = target.split('#').next().unwrap_or_default();
    target.contains("://") || target.starts_with("mailto:") || file.is_empty() || tree.exists(&join(folder(path), file))
}

#[test]
fn a_broken_link_is_found() {
    let text = "[a](b.md#part) [c](../d/) [e](https://example.org) [f](#g) [h](gone.md)\n```\n[i](code.md)\n```\n";
    let tree = Tree::sample(&[("docs/a.md", text), ("docs/b.md", ""), ("d/x.rs", "")]);
    assert_eq!(broken(&tree), ["docs/a.md: the link gone.md leads nowhere"]);
}
