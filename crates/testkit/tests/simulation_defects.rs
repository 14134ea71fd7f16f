//! The simulation sees every mistake that is planted: in the driver and the engine, and between driver and medium.
//!
//! `SANDERLING_DEFECT` plants the one of that name alone.

use sanderling::engine::defects::{Defect, plant};
use sanderling_testkit::sim::{
    defects::{self, MISTAKES, wrap},
    search::find,
    step::PROFILES,
};
use std::{env, time::Instant};

/// Schedules of each profile, at the most, in which a mistake must be seen.
const SEEDS: u64 = 4_000;

const DEFECTS: [Defect; 27] = [
    Defect::FrameUnchecked,
    Defect::ManifestUnchecked,
    Defect::FrameClaimsFlush,
    Defect::AppliedUnlogged,
    Defect::FailureAcknowledged,
    Defect::LogKeptAfterFailure,
    Defect::LogsNotSettled,
    Defect::FlushRetried,
    Defect::DoubtForgotten,
    Defect::DoubtIgnored,
    Defect::NothingAcknowledged,
    Defect::CommittedInMemory,
    Defect::InstalledUncommitted,
    Defect::OlderSlotWins,
    Defect::SlotNotFlushed,
    Defect::ShortReadBelieved,
    Defect::OverlapReplayed,
    Defect::LastLogAlone,
    Defect::TornLogExtended,
    Defect::EarlierLogsDropped,
    Defect::RemovedBeforeCommit,
    Defect::TombstonesNotWritten,
    Defect::TombstonesNotRenewed,
    Defect::NumbersRestart,
    Defect::DropNotCommitted,
    Defect::SchemaNotCommitted,
    Defect::ExpiryForgotten,
];

/// The profile and the seed that see what is planted; none if it survives.
fn caught() -> Option<(&'static str, u64)> {
    // All profiles in turn: many mistakes show on one of them alone.
    (0..SEEDS).find_map(|seed| {
        let seen = PROFILES.into_iter().find(|profile| find(*profile, seed, wrap).is_err())?;
        Some((seen.name, seed))
    })
}

#[test]
fn every_planted_mistake_is_seen() {
    std::panic::set_hook(Box::new(|_| {})); // many a mistake ends in a panic, which is caught and counts
    let chosen = env::var("SANDERLING_DEFECT").ok();
    let mut survivors = Vec::new();
    let mut look = |name: String, plant: &dyn Fn(bool)| {
        if chosen.as_ref().is_some_and(|chosen| *chosen != name) {
            return;
        }
        let started = Instant::now();
        plant(true);
        let seen = caught();
        plant(false);
        println!("{name}: {seen:?} after {:.1} s", started.elapsed().as_secs_f64());
        if seen.is_none() {
            survivors.push(name);
        }
    };
    for defect in DEFECTS {
        look(format!("{defect:?}"), &|on| plant(on.then_some(defect)));
    }
    for mistake in MISTAKES {
        look(format!("{mistake:?}"), &|on| defects::plant(on.then_some(mistake)));
    }
    let _ = std::panic::take_hook();
    let sound = PROFILES.map(|profile| find(profile, 0, wrap).err());
    assert_eq!(sound, PROFILES.map(|_| None), "nothing is planted any more");
    assert!(survivors.is_empty(), "nothing has seen {survivors:?}");
}
