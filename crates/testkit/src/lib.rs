//! What tests share across the workspace: what every storage must do ([`contract`]), the bodies of the fuzz targets ([`fuzz`]), the simulation of storages that fail
//! ([`sim`]), the rules of the house (`tests/tidy`), the runner of the shared cases (`tests/cases`) and the native side of the
//! comparison of hosts (`tests/hosts.rs`).

pub mod contract;
pub mod fuzz;
pub mod sim;
