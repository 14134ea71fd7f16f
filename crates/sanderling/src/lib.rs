//! Hybrid retrieval in one crash-safe database: vectors, BM25 and filters, with the same answer, bit for bit, natively,
//! in a browser tab, in an edge function, in Node and in Deno.
//!
//! ```
//! use sanderling::{Database, Document, Query, Schema};
//!
//! let db = Database::memory()?; // Database::open("data/library")? keeps it in a folder
//! let books = db.collection("books", Schema::from_json(r#"{ "fields": {
//!     "title": { "type": "text" },
//!     "year": { "type": "number" },
//!     "vector": { "type": "vector", "dimensions": 2 }
//! } }"#)?)?;
//! books.put([
//!     Document::new("b1").with("title", "Shore birds").with("year", 1999).with("vector", vec![1.0_f32, 0.0]),
//!     Document::from_json(r#"{ "id": "b2", "title": "Birds of the sea", "year": 2010, "vector": [0, 1] }"#)?,
//! ])?;
//! let query = Query::new().text("birds").vector(&[0.0, 1.0]).filter(r#"{ "year": { "$gte": 2000 } }"#)?;
//! assert_eq!(books.search(&query)?.hits[0].id, "b2".into());
//! # Ok::<(), sanderling::Error>(())
//! ```
//!
//! Calls block until they are done; a write that returned is in the log. The engine underneath is `sanderling-engine`,
//! which is pure; this crate is the only place that orders effects. Bindings for other hosts drive the same
//! [`driver`] over their own [`storage`].

#![cfg_attr(not(any(feature = "std", not(target_family = "wasm"))), no_std)]
// One handle type serves hosts with threads and wasm, where nothing can be sent.
#![cfg_attr(target_family = "wasm", allow(clippy::arc_with_non_send_sync))]

extern crate alloc;

#[cfg(feature = "std")]
mod blocking;
pub mod driver;
mod guarded;
pub mod storage;

#[cfg(feature = "std")]
pub use blocking::{Collection, Database, Export, OpenOptions, Restore, RestoreOptions};
#[cfg(all(feature = "std", not(target_family = "wasm")))]
pub use blocking::{destroy, repair, restore};
pub use sanderling_engine as engine;
pub use sanderling_engine::{
    Document, DocumentId, Error, ErrorCode, Query, Result, Schema, Value,
    collection::{
        DeleteTarget, ListOptions, ListPage, Precondition, PutOptions, SuggestOptions, Suggestion, WriteReceipt,
    },
    query::{Hit, SearchResult, VectorQuery},
    settings::{AskedSettings, Bm25Settings, CollectionSettings, Quota},
    split::{Chunk, SplitKind, SplitOptions, split_text},
};
