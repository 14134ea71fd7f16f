//! Our own benchmarks, against our own reference. The kernels have theirs in `bin/kernels.rs` (`npm run bench:kernels`); the
//! page's time from `open()` to its first hits is measured by `scripts/bench-open.mjs`. The vector indexes have
//! `bin/vectors.rs`; `npm run bench:vectors` runs it beside its rivals. So does `npm run bench:text` with `bin/text.rs`.

pub mod data;
pub mod filters;
pub mod options;
pub mod record;

use std::time::Instant;

/// Nanoseconds that one call took: the least disturbed one, and the one in the middle.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// The shortest of all repetitions.
    pub minimum: f64,
    /// As many repetitions were faster as were slower.
    pub median: f64,
}

/// Calls `task` often enough to time it, `repetitions` times over. The first calls, which fill caches and let a wasm
/// host compile, are not counted.
pub fn time(repetitions: usize, mut task: impl FnMut()) -> Time {
    let mut calls = 1_u32;
    while elapsed(calls, &mut task) < REPETITION_NANOSECONDS {
        calls *= 2;
    }
    let mut times: Vec<f64> = (0..repetitions.max(1)).map(|_| elapsed(calls, &mut task) / f64::from(calls)).collect();
    times.sort_by(f64::total_cmp);
    Time { minimum: times[0], median: times[times.len() / 2] }
}

/// Long beside the steps of a clock, short beside the time slices of a system that others use too.
const REPETITION_NANOSECONDS: f64 = 200_000.0;

/// The seconds that a processor worked for this thread so far; not a number where the system does not tell.
#[must_use]
pub fn cpu_seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e9
}

fn elapsed(calls: u32, task: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        task();
    }
    start.elapsed().as_secs_f64() * 1e9
}
