//! What tests share across the workspace: the rules of the house (`tests/tidy`), the runner of the shared cases
//! (`tests/cases`), the native side of the comparison of hosts (`tests/hosts.rs`), and the simulation of storages that
//! fail ([`sim`]).

pub mod sim;
