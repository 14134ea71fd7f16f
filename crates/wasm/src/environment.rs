//! The clock, the random source and the languages of the host.

use crate::languages::HostLanguages;
use js_sys::{Date, Math};
use sanderling::{driver::Environment, engine::text::AnalyzerSource};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn fill(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

/// The host's environment.
pub fn environment() -> Environment {
    Environment { now, random, analyzers: AnalyzerSource { languages: Some(&HostLanguages), custom: None } }
}

fn now() -> u64 {
    Date::now() as u64
}

/// Sixteen bytes of `crypto.getRandomValues`, or of `Math.random` where there is no such thing: the number tells databases
/// apart and keeps no secret.
fn random() -> [u8; 16] {
    let mut random = [0; 16];
    if fill(&mut random).is_err() {
        random = random.map(|_: u8| (Math::random() * 256.0) as u8);
    }
    random
}
