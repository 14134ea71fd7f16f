//! The pure engine of Sanderling: it turns values into bytes and bytes into answers.
//!
//! No I/O, no clock, no random source, no threads and no `unsafe` live here. Time, seeds and identities are arguments;
//! what has to be written is returned as bytes, and whoever drives the engine (the `sanderling` crate) puts those bytes
//! into a storage in the right order. So one engine gives one answer in a browser tab, an edge function and natively.
//!
//! The state of one collection is [`collection::CollectionState`]. A write is prepared (everything that can fail
//! happens there), its frame is appended to the log by the driver, and then it is applied, which cannot fail; replay
//! takes the same path. See `ARCHITECTURE.md` for the map.
#![no_std]
#![cfg_attr(
    target_family = "wasm",
    allow(clippy::arc_with_non_send_sync, reason = "what is shared natively is not in wasm")
)]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(target_endian = "big")]
compile_error!("files are little-endian and read in place: big-endian hosts are not supported");

pub mod attributes;
pub mod codec;
pub mod collection;
#[doc(hidden)]
pub mod defects;
pub mod document;
pub mod error;
pub mod export;
pub mod filter;
pub mod ids;
pub mod limits;
mod lists;
pub mod manifest;
mod numbering;
mod order;
pub mod query;
pub mod rows;
pub mod schema;
pub mod segment;
pub mod settings;
mod share;
pub mod split;
pub mod stored;
pub mod text;
pub mod vector;
pub mod wal;

pub use sanderling_kernels as kernels;

pub use document::{Document, DocumentId, Value};
pub use error::{Error, ErrorCode, Result};
pub use numbering::key_tables;
pub use query::Query;
pub use schema::Schema;
