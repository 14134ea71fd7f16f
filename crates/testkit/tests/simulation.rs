//! Schedules of writes, faults, crashes and recoveries over every kind of medium, against a model.
//!
//! `SANDERLING_SEED` runs one seed, `SANDERLING_OPERATIONS` so many calls for each profile.

use sanderling_testkit::sim::{
    search::search,
    step::{PROFILES, Profile},
};
use std::{env, time::Instant};

/// Calls for each profile, unless told otherwise.
const OPERATIONS: u64 = 20_000;

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

fn simulate(profile: Profile) {
    let started = Instant::now();
    let result = match number("SANDERLING_SEED") {
        Some(seed) => search(profile, [seed].into_iter(), 1, |storage| Box::new(storage)),
        None => {
            search(profile, 0.., number("SANDERLING_OPERATIONS").unwrap_or(OPERATIONS), |storage| Box::new(storage))
        }
    };
    match result {
        Ok(operations) => {
            let seconds = started.elapsed().as_secs_f64();
            println!("{}: {operations} operations, {:.0} a second", profile.name, operations as f64 / seconds);
        }
        Err(failure) => panic!("{}", failure.report()),
    }
}

#[test]
fn posix_strict() {
    simulate(PROFILES[0]);
}

#[test]
fn posix_relaxed() {
    simulate(PROFILES[1]);
}

#[test]
fn indexeddb_strict() {
    simulate(PROFILES[2]);
}

#[test]
fn indexeddb_relaxed() {
    simulate(PROFILES[3]);
}

#[test]
fn opfs_strict() {
    simulate(PROFILES[4]);
}

#[test]
fn opfs_relaxed() {
    simulate(PROFILES[5]);
}

#[test]
fn remote() {
    simulate(PROFILES[6]);
}
