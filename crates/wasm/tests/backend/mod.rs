//! The package's storage in IndexedDB, which scripts/parts/wasm.mjs bundles from pkg/src/indexeddb.ts.
#![allow(dead_code, reason = "each test crate uses its part")]

use js_sys::{Object, Promise, Reflect};
use sanderling_wasm::StorageBackend;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/tests/generated/indexeddb.js")]
extern "C" {
    #[wasm_bindgen(js_name = openIndexedDb)]
    fn open_indexed_db(name: &str) -> Promise;
    #[wasm_bindgen(js_name = destroyIndexedDb)]
    fn destroy_indexed_db(name: &str) -> Promise;
}

// A clock that goes on by so many milliseconds each time it is asked.
#[wasm_bindgen(inline_js = r#"
let now = Date.now();
let step = 0;
Date.now = () => (now += step);
export const clock = (milliseconds, by) => {
    step = milliseconds;
    now += by;
};
"#)]
extern "C" {
    pub fn clock(step: f64, by: f64);
}

/// After it the files of OPFS that were made before hold objects.
pub const MINUTE: f64 = 60_001.0;

pub async fn open_backend(name: &str) -> Result<StorageBackend, JsValue> {
    JsFuture::from(open_indexed_db(name)).await.map(JsCast::unchecked_into)
}

pub async fn destroy_backend(name: &str) -> Result<JsValue, JsValue> {
    JsFuture::from(destroy_indexed_db(name)).await
}

/// The place of a database in OPFS, as the package's worker asks for it.
pub async fn opfs_place(name: &str) -> Result<JsValue, JsValue> {
    let place = Object::new();
    Reflect::set(&place, &"opfs".into(), &name.into())?;
    Reflect::set(&place, &"young".into(), &open_backend(&format!("young of {name}")).await?.into())?;
    Ok(place.into())
}
