//! The simulation sees every mistake that is planted: in the driver and the engine, and between driver and medium.
//!
//! `SANDERLING_DEFECT` plants the one of that name alone.

use sanderling::{
    engine::defects::{Defect, plant},
    storage::FileStorage,
};
use sanderling_testkit::sim::{
    check::Outcome,
    copies,
    defects::{self, MISTAKES, wrap},
    golden::Golden,
    repairs,
    search::find,
    step::PROFILES,
};
use std::{env, panic::catch_unwind, time::Instant};

/// Schedules of each profile, at the most, in which a mistake must be seen.
const SEEDS: u64 = 4_000;

const DEFECTS: [Defect; 38] = [
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
    Defect::FailureNotAsked,
    Defect::TroubleNotAsked,
    Defect::DestroyNotFlushed,
    Defect::SlotsDestroyedFirst,
    Defect::SettingsUncommitted,
    Defect::SettingsNotCommitted,
    Defect::SettingsBeforeWrites,
    Defect::GivenUpForgotten,
    Defect::GivenUpAwaited,
    Defect::DeathsNotSettled,
    Defect::PoolNotFlushed,
];

/// Those that restores and repairs must show.
const IN_COPIES: [Defect; 5] = [
    Defect::ArrivedNotFlushed,
    Defect::ArrivedUnderFreeNumbers,
    Defect::ArrivedRemovedInDoubt,
    Defect::RepairedBeforeCommit,
    Defect::RepairedWithoutCopies,
];

/// Those that damage to files must show.
const IN_FILES: [Defect; 6] = [
    Defect::BlockUnchecked,
    Defect::GroupUnchecked,
    Defect::RootUnchecked,
    Defect::TombstonesUnchecked,
    Defect::DamageNotAsked,
    Defect::WholenessNotAsked,
];

/// What damage to files shows of what is planted: all of it is looked at, in steps.
fn seen_in_files(golden: &Golden) -> Option<String> {
    let looks: [&dyn Fn() -> Outcome; 4] =
        [&|| golden.forged(17), &|| golden.merged(17), &|| golden.turned(3), &|| golden.filled()];
    looks.into_iter().find_map(|look| look().err())
}

/// What restores and repairs show that fail, or die, in any call.
fn seen_in_copies() -> Option<String> {
    let looks: [fn(); 3] = [copies::fail_at_each_call, copies::die_in_each_call, repairs::fail_at_each_call];
    looks.into_iter().enumerate().find_map(|(at, look)| catch_unwind(look).err().map(|_| format!("look {at}")))
}

/// What two who open one folder show.
fn seen_in_locks() -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let first = FileStorage::open(folder.path()).expect("nobody has it");
    let second = FileStorage::open(folder.path());
    drop(first);
    second.is_ok().then(|| "two have the same folder".into())
}

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
    let mut look = |name: String, plant: &dyn Fn(bool), caught: &dyn Fn() -> Option<String>| {
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
    let golden = Golden::new();
    let in_schedules = &|| caught().map(|(profile, seed)| format!("{profile}, seed {seed}"));
    for defect in DEFECTS {
        look(format!("{defect:?}"), &|on| plant(on.then_some(defect)), in_schedules);
    }
    for mistake in MISTAKES {
        look(format!("{mistake:?}"), &|on| defects::plant(on.then_some(mistake)), in_schedules);
    }
    for defect in IN_FILES {
        look(format!("{defect:?}"), &|on| plant(on.then_some(defect)), &|| seen_in_files(&golden));
    }
    for defect in IN_COPIES {
        look(format!("{defect:?}"), &|on| plant(on.then_some(defect)), &seen_in_copies);
    }
    look("LockIgnored".into(), &|on| plant(on.then_some(Defect::LockIgnored)), &seen_in_locks);
    let _ = std::panic::take_hook();
    let sound = PROFILES.map(|profile| find(profile, 0, wrap).err());
    assert_eq!(sound, PROFILES.map(|_| None), "nothing is planted any more");
    assert_eq!(
        seen_in_files(&golden).or_else(seen_in_copies).or_else(seen_in_locks),
        None,
        "nothing is planted any more"
    );
    assert!(survivors.is_empty(), "nothing has seen {survivors:?}");
}
