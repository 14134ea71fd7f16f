//! Files of a database in a folder: which there are, and damage to them.

use std::{fs, path::Path};

/// The names that begin so, in order.
pub fn names(folder: &Path, prefix: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.filter(|name| name.starts_with(prefix)).collect();
    names.sort();
    names
}

/// Turns a bit in the middle of a file, or removes it.
pub fn damage(folder: &Path, name: &str, is_gone: bool) {
    let path = folder.join(name);
    if is_gone {
        return fs::remove_file(path).unwrap();
    }
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(path, bytes).unwrap();
}
