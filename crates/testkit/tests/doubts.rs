//! Calls that failed although the medium did what it was told: what is asked for afterwards is what comes to be.

use sanderling_testkit::sim::{
    search::run,
    step::{End, PROFILES, Step},
    storage::{Fault, Plan},
};

#[test]
fn settings_that_are_asked_for_again_after_others_failed_are_in_force() {
    for profile in PROFILES {
        for after in 0..6 {
            let steps = [
                Step::Create { name: 0, seal_at: 4 },
                Step::Put { name: 0, ids: vec![1, 2], base: 30, expires_in: None, if_absent: false },
                Step::Break { plan: Plan { after, for_ever: false, fault: Fault::Done }, seed: 1 },
                Step::Settings { name: 0, quota: Some(4) },
                Step::Settings { name: 0, quota: None },
                Step::Die(End { after: 0, cut_power: true, recoveries: [u8::MAX; 3], seed: 2 }),
            ];
            if let Err(what) = run(profile, 0, &steps, |storage| Box::new(storage)) {
                panic!("{}, after {after} calls: {what}", profile.name);
            }
        }
    }
}
