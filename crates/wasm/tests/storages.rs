//! The storages of browsers keep the contract, in a dedicated worker; and what befalls them only in a browser.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

mod backend;
// The testkit itself has files and threads.
#[path = "../../testkit/src/contract.rs"]
#[allow(dead_code, reason = "nobody cuts the power of a browser here")]
mod contract;
#[path = "../../testkit/src/sim/random.rs"]
#[allow(dead_code, reason = "the simulation asks more of it")]
pub mod random;
mod sim {
    pub use crate::random;
}
#[path = "storages/indexeddb.rs"]
mod indexeddb;
#[path = "storages/opfs.rs"]
mod opfs;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
