//! The clock, the random source and the languages of the host, and its way to do several things by turns.

use crate::languages::HostLanguages;
use alloc::boxed::Box;
use core::pin::Pin;
use js_sys::{Date, Function, Math, Promise, Reflect};
use sanderling::{
    Query,
    driver::{Background, Environment, Worker},
    engine::{key_tables, query::Watch, text::AnalyzerSource},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn fill(bytes: &mut [u8]) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(js_name = setTimeout)]
    fn call_later(function: &Function, milliseconds: u32);
}

/// The host's environment, with the memory that a request allows.
pub fn environment(request: &JsValue) -> Environment {
    key_tables(u128::from_le_bytes(random()) as u64);
    let analyzers = AnalyzerSource { languages: Some(&HostLanguages), custom: None };
    let budget = Reflect::get(request, &"memoryBudget".into()).ok().and_then(|budget| budget.as_f64());
    // More than there can be is as much as there can be.
    let memory_budget = budget.map_or(usize::MAX, |bytes| bytes as usize);
    Environment { now, random, analyzers, background: Background { start, pause }, memory_budget }
}

fn start(worker: Worker) {
    wasm_bindgen_futures::spawn_local(worker.run());
}

/// Comes back when the host has done what else there was to do.
fn pause() -> Pin<Box<dyn Future<Output = ()>>> {
    let later = Promise::new(&mut |resolve, _| call_later(&resolve, 0));
    Box::pin(async move {
        let _ = wasm_bindgen_futures::JsFuture::from(later).await;
    })
}

/// When a search has to stop, by the host's clock. On hosts whose clock stands still while code runs (workerd) that is never.
pub struct Deadline(Option<f64>);

impl Deadline {
    /// That of a query, from now on.
    pub fn of(query: &Query) -> Self {
        Self(query.timeout.map(|timeout| performance_now() + timeout))
    }
}

impl Watch for Deadline {
    fn is_over(&self) -> bool {
        self.0.is_some_and(|end| performance_now() >= end)
    }
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
