//! Storages of JavaScript hosts.

mod js;
mod opfs;

pub use js::{JsStorage, StorageBackend};
pub use opfs::OpfsStorage;
