//! The state of one collection, and everything that can be done with it.
//!
//! Writing: [`ingest`] checks documents and makes operations of them, [`state`] numbers them and applies them. Reading:
//! [`read`] finds documents by id, [`search`] by everything else. [`jobs`] makes segments, [`policy`]
//! says of which.

mod group;
mod hits;
mod ingest;
mod jobs;
pub mod policy;
mod quota;
mod read;
mod remains;
mod salvage;
mod search;
mod state;
mod suggest;
mod text;

pub use group::Group;
pub use ingest::{DeleteTarget, Precondition, PutOptions, Write, check_operation};
pub use jobs::{ExtendJob, MergeJob, Merged, SealedOutput};
pub use read::{ListOptions, ListPage};
pub use remains::{documents, superseded};
pub use salvage::{Salvaged, salvage};
pub use state::{CollectionState, Held, HeldSegment, Prepared, WriteReceipt};
pub use suggest::{SuggestOptions, Suggestion};
