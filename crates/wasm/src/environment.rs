//! The clock and the random source of the host.

use js_sys::{Date, Function, Reflect, Uint8Array};
use sanderling::driver::Environment;
use wasm_bindgen::{JsCast, JsValue};

/// The host's environment.
pub fn environment() -> Environment {
    Environment { now, random }
}

fn now() -> u64 {
    Date::now() as u64
}

/// Sixteen bytes of `crypto.getRandomValues`, or of `Math.random` where there is no such thing: the number tells databases
/// apart and keeps no secret.
fn random() -> [u8; 16] {
    let bytes = Uint8Array::new_with_length(16);
    let mut random = [0; 16];
    if fill(&bytes).is_none() {
        (0..16).for_each(|at| bytes.set_index(at, (js_sys::Math::random() * 256.0) as u8));
    }
    bytes.copy_to(&mut random);
    random
}

fn fill(bytes: &Uint8Array) -> Option<()> {
    let crypto = Reflect::get(&js_sys::global(), &"crypto".into()).ok()?;
    let function: Function = Reflect::get(&crypto, &"getRandomValues".into()).ok()?.dyn_into().ok()?;
    function.call1(&crypto, &JsValue::from(bytes.clone())).ok().map(drop)
}
