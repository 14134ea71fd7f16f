//! The storages of browsers keep the contract, in a dedicated worker; and what befalls them only in a browser.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

// The testkit itself has files and threads.
#[path = "../../testkit/src/contract.rs"]
mod contract;
#[path = "../../testkit/src/sim/random.rs"]
#[allow(dead_code, reason = "the simulation asks more of it")]
pub mod random;
mod sim {
    pub use crate::random;
}
#[path = "storages/indexeddb.rs"]
mod indexeddb;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
