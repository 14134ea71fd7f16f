//! The order of effects: what is written when, and what may be believed after a crash.
//!
//! The driver is asynchronous so that one text serves every host. Natively each storage call is ready at once and the
//! [blocking](crate::Database) handles run the futures on the calling thread; in a browser they wait for the host. No
//! lock on a collection's state is held across an await: the state is looked at, effects are carried out, the state is
//! changed.
//!
//! # Rules
//!
//! - The writes of a collection are carried out in the order of their calls; those that wait go to the log together.
//! - A write is appended to the log before it changes the state, and acknowledged after both.
//! - Files are written before the manifest that names them; files are removed after the manifest that drops them, and after
//!   the last snapshot that reads them.
//! - After an append that failed nothing more is appended to that log: its end is unknown. The next write starts a new
//!   one, and replay believes the new log where the two overlap.
//! - After a manifest write that failed the slot's content is unknown. The next commit goes to the same slot, above the
//!   generation that failed, and no write is acknowledged before it.

mod check;
mod collection;
mod commit;
mod database;
mod export;
mod jobs;
mod lock;
mod open;
#[cfg(all(feature = "parallel", not(target_family = "wasm")))]
mod parallel;
mod queue;
mod reclaim;
mod repair;
mod restore;
mod segments;
mod settings;
mod slots;
mod snapshot;
mod verify;
mod writing;

pub use collection::{Collection, CollectionStats, Report, SegmentStats, Task};
pub use database::{Database, DatabaseStatus, WeakDatabase};
pub use export::Export;
pub use jobs::Worker;
pub use repair::{Loss, Repaired, repair};
pub use restore::Restore;
pub use slots::destroy;
pub use verify::{Problem, Verification};

use alloc::boxed::Box;
use core::pin::Pin;
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
    /// What the host does beside the calls.
    pub background: Background,
    /// Bytes of sealed segments in memory, where the storage can read the others as they are needed.
    pub memory_budget: usize,
}

/// How a host works on segments while nobody waits for them.
#[derive(Clone, Copy, Debug)]
pub struct Background {
    /// Begins to run a worker beside everything else. Without one, whoever writes does the work when it is due.
    pub start: fn(Worker),
    /// Lets others have their turn.
    pub pause: fn() -> Pin<Box<dyn Future<Output = ()>>>,
}

impl Background {
    /// Nothing is done but by calls.
    pub const NONE: Self = Self { start: drop, pause: || Box::pin(core::future::ready(())) };
}
