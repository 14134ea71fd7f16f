//! Storages of JavaScript hosts.

mod js;
mod opfs;

pub use js::{JsStorage, StorageBackend, bytes_of};
pub use opfs::OpfsStorage;

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// An object of options with this one.
fn option(name: &str, value: &JsValue) -> JsValue {
    let options = Object::new();
    // A plain object of our own takes every property.
    let _ = Reflect::set(&options, &name.into(), value);
    options.into()
}
