//! JavaScript bindings: each method decodes its arguments, makes one call, encodes the answer.
//!
//! Documents and queries cross as JSON text, so that every key survives; vectors cross as typed arrays beside them, named
//! by a layout of triples: document, field (its position in the schema), number of floats. Status and figures become plain
//! objects by the host's own reader of JSON. Errors are thrown as `{ code, message, details }`.

#![cfg_attr(feature = "standalone", no_std)]

extern crate alloc;

mod collection;
mod database;
mod environment;
mod packing;
#[cfg(feature = "standalone")]
mod runtime;
mod storage;
mod thrown;

pub use collection::EngineCollection;
pub use database::{EngineDatabase, open};
