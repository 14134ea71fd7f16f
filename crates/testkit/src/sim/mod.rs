//! Deterministic simulation of storages that fail.
//!
//! A seed decides what is called, which calls meet which fault, when the process dies and what the power cut leaves
//! ([`step`]). A [`storage`] over a [`disk`] carries that out below the driver; a [`model`] says what must be found after
//! each recovery ([`run`]), and brute force what searches must answer ([`check`]). What damage may do to files says
//! [`golden`]. A seed that fails is shrunk and can be
//! run again ([`search`]).

pub mod check;
#[allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test ends when what it expects is not there")]
pub mod copies;
pub mod defects;
pub mod disk;
pub mod golden;
pub mod model;
pub mod objects;
pub mod posix;
pub mod random;
#[allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test ends when what it expects is not there")]
pub mod repairs;
pub mod run;
pub mod search;
mod slow;
pub mod step;
pub mod storage;
mod together;
mod unusual;
pub mod world;
