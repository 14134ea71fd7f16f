//! Schedules of writes, faults, crashes and recoveries over every kind of medium, against a model.
//!
//! `SANDERLING_SEED` runs one seed, `SANDERLING_OPERATIONS` so many calls for each profile.

use sanderling_testkit::sim::{
    defects::{Mistake, plant, wrap},
    search::{STEPS, run, search},
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

#[test]
fn posix_in_place() {
    simulate(PROFILES[7]);
}

/// The mistakes between driver and medium need no feature; all of them are in `simulation_defects.rs`.
#[test]
fn a_seed_that_fails_is_told_with_few_steps_and_fails_again() {
    for mistake in [Mistake::LogNotFlushed, Mistake::WrittenAfterManifest("segment-")] {
        plant(Some(mistake));
        let failure = search(PROFILES[0], 0.., OPERATIONS, wrap).expect_err("it is a mistake");
        let steps = failure.steps.len();
        assert!(steps < STEPS / 3, "{steps} steps are left for {mistake:?}");
        assert_eq!(run(PROFILES[0], failure.seed, &failure.steps, wrap), Err(failure.violation.clone()));
        assert!(failure.report().contains(&format!("SANDERLING_SEED={}", failure.seed)));
        plant(None);
        assert!(run(PROFILES[0], failure.seed, &failure.steps, wrap).is_ok(), "{}", failure.report());
    }
}
