//! One script of sixty steps, and a fault at each of its calls: once and for ever, of every kind; a full medium at each size;
//! a death at each call, with several kinds of damage.
//!
//! `SANDERLING_EVERY` looks at each so many-th point; 1 is all of them.

use sanderling_testkit::sim::{
    objects::{FAULTS, every},
    run::Run,
    search::run,
    step::{End, PROFILES, Profile, Step},
    storage::Plan,
};
/// What a power cut may leave is looked at so many times for each call.
const DAMAGES: u64 = 8;

fn put(ids: &[u8], base: u32) -> Step {
    Step::Put { name: 0, ids: ids.to_vec(), base, expires_in: None, if_absent: false }
}

/// Put, update, delete, seal, compact, a schema that grows, a collection that is dropped, reopening.
fn script() -> Vec<Step> {
    let mut steps = vec![Step::Create { name: 0, seal_at: 6 }, Step::Create { name: 1, seal_at: 3 }];
    for round in 0..8_u32 {
        let id = round as u8;
        steps.push(put(&[id, id + 1, id + 2], round * 37));
        steps.push(Step::Update { name: 0, id: id + 1, n: round + 50 });
        steps.push(Step::Put { name: 1, ids: vec![id], base: round, expires_in: Some(20), if_absent: true });
        steps.push(Step::Delete { name: 0, ids: vec![id, id + 3] });
        steps.push(Step::Search { name: 0, probe: round * 1_234_567 });
        steps.push(Step::Wait { milliseconds: 5 });
        steps.push(match round {
            1 | 5 => Step::Compact { name: 0 },
            2 => Step::Extend { name: 0 },
            3 => Step::Reopen,
            4 => Step::DeleteBelow { name: 0, n: 40 },
            6 => Step::Drop { name: 1 },
            _ => Step::Flush { name: 0 },
        });
    }
    steps.extend([Step::Create { name: 1, seal_at: 2 }, Step::Reopen]);
    steps
}

/// The calls of the storage that the script makes where nothing fails.
fn calls(profile: Profile) -> u64 {
    let mut run = Run::new(profile, 0, |storage| Box::new(storage)).expect("an empty medium is well");
    let before = run.storage().calls();
    for step in script() {
        run.step(&step).unwrap_or_else(|what| panic!("{step:?}: {what}"));
    }
    run.storage().calls() - before
}

fn expect(profile: Profile, first: Step, seed: u64) {
    let mut steps = script();
    // The collections are there before the first fault only where that is late enough.
    steps.insert(0, first.clone());
    if let Err(what) = run(profile, seed, &steps, |storage| Box::new(storage)) {
        panic!("{}, {first:?}, seed {seed}: {what}", profile.name);
    }
}

#[test]
fn the_script_has_enough_steps_and_calls() {
    assert!(script().len() >= 60, "{} steps", script().len());
    assert!(calls(PROFILES[0]) > 100, "{} calls", calls(PROFILES[0]));
}

#[test]
fn each_call_fails_once_and_for_ever() {
    for profile in PROFILES {
        for after in (0..calls(profile)).step_by(every(13)) {
            for fault in FAULTS {
                for for_ever in [false, true] {
                    let plan = Plan { after, for_ever, fault };
                    expect(profile, Step::Break { plan, seed: after }, after);
                }
            }
        }
    }
}

#[test]
fn the_medium_is_full_at_each_size() {
    for profile in PROFILES {
        for room in (0..6_000).step_by(every(13) * 8) {
            expect(profile, Step::Fill { room }, room);
        }
    }
}

#[test]
fn the_process_dies_in_each_call() {
    for profile in PROFILES {
        for after in (1..=calls(profile)).step_by(every(13)) {
            for damage in 0..DAMAGES {
                let recoveries = if damage % 2 == 0 { [u8::MAX; 3] } else { [1, 3, 5].map(|call| call + damage as u8) };
                let end = End { after, cut_power: damage < 6, recoveries, seed: after * DAMAGES + damage };
                expect(profile, Step::Die(end), end.seed);
            }
        }
    }
}
