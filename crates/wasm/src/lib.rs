//! JavaScript bindings: each call decodes its arguments, makes one call of the driver, encodes the answer.
//!
//! Everything crosses as JSON text, so that every key survives; vectors cross as typed arrays beside it, named by a layout
//! of triples: document, field (its position in the schema), number of floats. Errors are thrown as
//! `{ code, message, details }`.

#![cfg_attr(feature = "standalone", no_std)]

extern crate alloc;

mod calls;
mod collection;
mod copies;
mod database;
mod environment;
mod languages;
mod packing;
#[cfg(feature = "standalone")]
mod runtime;
mod storage;
mod thrown;

pub use calls::{Read, Run};
pub use copies::{repair, restore};
pub use database::{EngineDatabase, open};
pub use storage::{JsStorage, OpfsStorage, StorageBackend};
