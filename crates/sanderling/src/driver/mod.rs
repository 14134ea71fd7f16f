//! The order of effects: what is written when, and what may be believed after a crash.
//!
//! The driver is asynchronous so that one text serves every host. Natively each storage call is ready at once and the
//! [blocking](crate::Database) handles run the futures on the calling thread; in a browser they wait for the host. No
//! lock on a collection's state is held across an await: the state is looked at, effects are carried out, the state is
//! changed.
//!
//! # Rules
//!
//! - The writes of a collection are carried out one at a time, in the order of their calls.
//! - A write is appended to the log before it changes the state, and acknowledged after both.
//! - Files are written before the manifest that names them; files are removed after the manifest that drops them.
//! - After an append that failed nothing more is appended to that log: its end is unknown. The next write starts a new
//!   one, and replay believes the new log where the two overlap.
//! - After a manifest write that failed the slot's content is unknown. The next commit goes to the same slot, above the
//!   generation that failed, and no write is acknowledged before it.

mod collection;
mod commit;
mod database;
mod lock;
mod open;
mod segments;

pub use collection::{Collection, CollectionStats, SegmentStats, Task};
pub use database::{Database, DatabaseStatus, WeakDatabase};

use sanderling_engine::text::AnalyzerSource;

/// What the engine may not know by itself: the time, and a random number for a new database.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    /// Milliseconds since 1970.
    pub now: fn() -> u64,
    /// Sixteen random bytes.
    pub random: fn() -> [u8; 16],
    /// Where the analyzers of text fields come from.
    pub analyzers: AnalyzerSource,
}
