//! The calls that JavaScript makes, by name.

#![allow(missing_docs)] // the macro adds items of its own

use wasm_bindgen::prelude::wasm_bindgen;

/// What is answered at once. The texts that each takes stand behind it.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Read {
    /// The names of all collections.
    Collections = "collections",
    /// What is in force.
    Status = "status",
    /// The schema of a collection.
    Schema = "schema",
    /// A document, or null: id.
    Get = "get",
    /// The version of a document, null where there is none: id.
    Version = "version",
    /// How many documents there are: filter, if any.
    Count = "count",
    /// A page of documents: options.
    List = "list",
    /// Found documents: query.
    Search = "search",
    /// Completions: text and options.
    Suggest = "suggest",
}

/// What takes its time. The texts that each takes stand behind it.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Run {
    /// Opens or makes a collection and answers its number: name, schema and settings, if any.
    Collection = "collection",
    /// Removes a collection: name.
    Drop = "drop",
    /// Ends the database and gives up its storage.
    Close = "close",
    /// Puts a batch: documents, options, if any.
    Put = "put",
    /// Replaces top-level fields of one document: id, patch.
    Update = "update",
    /// Deletes by id, ids or filter, and answers how many there were: target.
    Delete = "delete",
    /// Makes every write so far durable.
    Flush = "flush",
    /// Merges all segments into one without dead rows: a function, if any, that is told how far it has come and answers whether to
    /// stop.
    Compact = "compact",
    /// Changes settings, and answers those in force: settings.
    Settings = "settings",
    /// The figures of a collection.
    Stats = "stats",
    /// Begins a snapshot of the database as a stream, and answers its number and length.
    Export = "export",
    /// The bytes of that stream: its number, offset, length. They are a `Uint8Array`.
    ExportPiece = "exportPiece",
    /// Lets the files of that stream go: its number.
    EndExport = "endExport",
    /// Looks at every file in full.
    Verify = "verify",
}
