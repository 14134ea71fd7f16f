//! Looks for a seed that fails, and makes its schedule short.

use super::{
    check::Outcome,
    run::{Run, Wrap},
    step::{End, Profile, Step, schedule},
};
use std::{
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Steps of a schedule.
pub const STEPS: usize = 80;

/// A schedule that ends in a violation.
#[derive(Debug)]
pub struct Failure {
    /// The profile.
    pub profile: Profile,
    /// The seed of the whole schedule.
    pub seed: u64,
    /// The steps that are enough.
    pub steps: Vec<Step>,
    /// What is violated.
    pub violation: String,
}

impl Failure {
    /// What a person needs to see it again.
    #[must_use]
    pub fn report(&self) -> String {
        let mut report =
            format!("{} with SANDERLING_SEED={} violates:\n{}\nsteps:\n", self.profile.name, self.seed, self.violation);
        for step in &self.steps {
            let _ = writeln!(report, "    {step:?}");
        }
        report
    }
}

fn end_of(steps: &[Step], seed: u64) -> End {
    let ends = steps.iter().rev().find_map(|step| match step {
        Step::Die(end) => Some(*end),
        _ => None,
    });
    ends.unwrap_or(End { after: 0, cut_power: true, recoveries: [u8::MAX; 3], seed })
}

/// Runs a schedule and gives the number of calls. Where the process dies by itself, the steps behind it find it anew.
pub fn run(profile: Profile, seed: u64, steps: &[Step], wrap: Wrap) -> Outcome<u64> {
    let all = || {
        let mut run = Run::new(profile, seed, wrap)?;
        for (at, step) in steps.iter().enumerate() {
            run.step(step).map_err(|what| format!("step {at}, {step:?}: {what}"))?;
            if run.is_dead() {
                run.recover(end_of(&steps[..=at], seed))
                    .map_err(|what| format!("died in step {at}, {step:?}: {what}"))?;
            }
        }
        let cut_power = !seed.is_multiple_of(4);
        run.restart(cut_power, [u8::MAX; 3], seed).map_err(|what| format!("at the end: {what}"))?;
        Ok(run.operations)
    };
    catch_unwind(AssertUnwindSafe(all)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("a panic: {}", text.unwrap_or("without words")))
    })
}

/// Runs the whole schedule of a seed.
pub fn find(profile: Profile, seed: u64, wrap: Wrap) -> Outcome<u64> {
    run(profile, seed, &schedule(profile, seed, STEPS), wrap)
}

/// Leaves out steps as long as what is left still fails.
fn shrunk(profile: Profile, seed: u64, wrap: Wrap, mut steps: Vec<Step>) -> Vec<Step> {
    let mut size = steps.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(steps.len()));
            if run(profile, seed, &fewer, wrap).is_err() {
                steps = fewer;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    steps
}

/// Runs the schedules of seeds until so many calls were made; gives the number of calls.
pub fn search(
    profile: Profile,
    seeds: impl Iterator<Item = u64>,
    operations: u64,
    wrap: Wrap,
) -> Result<u64, Box<Failure>> {
    let mut done = 0;
    for seed in seeds {
        let steps = schedule(profile, seed, STEPS);
        match run(profile, seed, &steps, wrap) {
            Ok(count) => done += count,
            Err(_) => {
                let steps = shrunk(profile, seed, wrap, steps);
                let violation = run(profile, seed, &steps, wrap).err().unwrap_or_default();
                return Err(Box::new(Failure { profile, seed, steps, violation }));
            }
        }
        if done >= operations {
            break;
        }
    }
    Ok(done)
}
