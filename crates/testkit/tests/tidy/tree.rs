//! The files that the rules look at: what git tracks or, without git, what lies in the folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, str};

/// Folders that hold build products: not walked where git cannot say what is tracked.
const PRODUCTS: [&str; 6] = ["target", "node_modules", ".git", ".tools", "dist", "generated"];

/// File texts by their path from the root, with `/` between folders. A file that is not text has an empty one.
#[derive(Default)]
pub struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// The tree of this very project.
    pub fn of_this_project() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let paths = tracked(&root).unwrap_or_else(|| walked(&root));
        let read = |path: String| {
            let bytes = fs::read(root.join(&path)).ok()?; // tracked, but deleted just now
            Some((path, String::from_utf8(bytes).unwrap_or_default()))
        };
        Self { files: paths.into_iter().filter_map(read).collect() }
    }

    /// A tree made up for the test of a rule.
    pub fn sample(files: &[(&str, &str)]) -> Self {
        let owned = |&(path, text): &(&str, &str)| (path.to_owned(), text.to_owned());
        Self { files: files.iter().map(owned).collect() }
    }

    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub fn with_extension<'a>(&'a self, extensions: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.all().filter(move |(path, _)| extensions.contains(&extension(path)))
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether a path is a file or a folder with files.
    pub fn exists(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        path.is_empty() || self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }
}

/// What follows the last dot of a path.
pub fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The folder of a path, empty for a file in the root.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// `folder/relative` with `.` and `..` resolved.
pub fn join(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().ok()?;
    let text = str::from_utf8(&output.stdout).ok()?;
    let paths: Vec<String> = text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

fn walked(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if !path.is_dir() {
                found.push(path);
            } else if !PRODUCTS.iter().any(|name| path.ends_with(name)) {
                waiting.push(path);
            }
        }
    }
    let relative = |path: &PathBuf| Some(path.strip_prefix(root).ok()?.to_str()?.replace('\\', "/"));
    found.iter().filter_map(relative).collect()
}

#[test]
fn paths_join_like_links() {
    assert_eq!(join("docs/decisions", "../format.md"), "docs/format.md");
    assert_eq!(join("", "./README.md"), "README.md");
    assert_eq!((folder("a/b.rs"), folder("b.rs"), extension("a.test.ts")), ("a", "", "ts"));
}
