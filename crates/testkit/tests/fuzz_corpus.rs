//! The kept inputs of every fuzz target, and some that are made of them.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling_testkit::fuzz::{
    TARGETS, Target, folder,
    mutate::{INPUT_TIME_MAX, Random, mutated},
};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

fn run(target: Target, name: &str, input: &[u8]) {
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    assert!(result.is_ok(), "{} stops at {name}: {:?}", target.name, String::from_utf8_lossy(input));
    // Other tests run beside this one.
    assert!(start.elapsed() < 5 * INPUT_TIME_MAX, "{} takes {:?} for {name}", target.name, start.elapsed());
}

#[test]
fn kept_inputs_hold() {
    for target in TARGETS {
        for (name, input) in target.corpus() {
            run(target, &name, &input);
        }
    }
}

#[test]
fn changed_inputs_hold() {
    for target in TARGETS {
        let corpus = target.corpus();
        let mut random = Random(7);
        for at in 0..400 {
            run(target, &format!("change {at}"), &mutated(&corpus, &mut random));
        }
    }
}

#[test]
fn every_target_has_a_wrapper_and_kept_inputs() {
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    for Target { name, .. } in TARGETS {
        let wrapper = fs::read_to_string(folder().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(wrapper.contains(&format!("fuzz::{name}(")), "the wrapper of {name}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not in fuzz/Cargo.toml");
        let target = Target::of_name(name).unwrap();
        assert!(target.corpus().len() >= 12, "{name} has hardly any kept inputs");
        assert!(
            target.corpus().iter().all(|(_, input)| input.len() <= 4_096),
            "{name} has kept inputs that are too long"
        );
    }
    assert_eq!(fs::read_dir(folder().join("fuzz_targets")).unwrap().count(), TARGETS.len());
}
