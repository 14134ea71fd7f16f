//! x86-64: the backend is chosen once, when the first kernel is called, by what processor and system can do.

mod avx2;
mod avx512;
mod crc;
mod detect;

use crate::{backend::Table, portable::PORTABLE};
use core::sync::atomic::{AtomicU8, Ordering};
use detect::Level;

const UNKNOWN: u8 = u8::MAX;

/// The level found, as its number. Threads that meet here at first find the same, so no order is needed.
static FOUND: AtomicU8 = AtomicU8::new(UNKNOWN);

#[inline]
pub(crate) fn best() -> &'static Table {
    match FOUND.load(Ordering::Relaxed) {
        0 => &PORTABLE,
        1 => &avx2::AVX2,
        2 => &avx512::AVX512,
        _ => choose(),
    }
}

#[cold]
fn choose() -> &'static Table {
    let level = detect::level();
    FOUND.store(level as u8, Ordering::Relaxed);
    table(level)
}

fn table(level: Level) -> &'static Table {
    match level {
        Level::Baseline => &PORTABLE,
        Level::Avx2 => &avx2::AVX2,
        Level::Avx512 => &avx512::AVX512,
    }
}

pub(crate) fn available() -> impl Iterator<Item = &'static Table> {
    let best = detect::level();
    [Level::Baseline, Level::Avx2, Level::Avx512].into_iter().filter(move |&level| level <= best).map(table)
}
