//! What tests share across the workspace: the bodies of the fuzz targets ([`fuzz`]), the rules of the house (`tests/tidy`),
//! the runner of the shared cases (`tests/cases`) and the native side of the comparison of hosts (`tests/hosts.rs`). Faulty
//! storages stand beside the driver's tests, in `crates/sanderling/tests`, until a second crate needs them.

pub mod fuzz;
