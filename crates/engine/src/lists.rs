//! Lists from lists. The standard library's adapters become hundreds of bytes of wasm at each use; these are loops.

use crate::Result;
use alloc::vec::Vec;

/// What `map` makes of each item, or its first error.
pub(crate) fn try_map<S, T>(items: impl IntoIterator<Item = S>, mut map: impl FnMut(S) -> Result<T>) -> Result<Vec<T>> {
    let mut mapped = Vec::new();
    for item in items {
        mapped.push(map(item)?);
    }
    Ok(mapped)
}

/// What `map` makes of each item.
pub(crate) fn map<S, T>(items: impl IntoIterator<Item = S>, mut map: impl FnMut(S) -> T) -> Vec<T> {
    let mut mapped = Vec::new();
    for item in items {
        mapped.push(map(item));
    }
    mapped
}
