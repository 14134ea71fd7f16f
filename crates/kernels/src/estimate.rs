//! Before and after a scan of codes: the table of a query, and estimates from the sums of its entries.
//!
//! The bodies here are compiled once for each set of target features; they are written so that compilers vectorise them,
//! and every operation on a float stands alone, so the bits are the same everywhere.

use crate::{FAST_SCAN_ENTRY_MAX, FAST_SCAN_VECTORS, GROUP_BYTES};

/// What turns the sum of one vector into its estimate, for one query and one list of vectors.
#[derive(Clone, Copy, Debug)]
pub struct EstimateTerms {
    /// What a step of the sum is worth.
    pub step: f32,
    /// What a sum of 0 is worth.
    pub least: f32,
    /// What every vector of the list has in common.
    pub base: f32,
}

/// What belongs to the vectors of a block beside their codes.
pub type PerVector<T> = [T; FAST_SCAN_VECTORS];

#[inline(always)]
pub(crate) fn estimate_block(
    sums: &PerVector<u16>,
    [adds, factors]: [&PerVector<f32>; 2],
    terms: EstimateTerms,
    limit: f32,
    out: &mut PerVector<f32>,
) -> u32 {
    let EstimateTerms { step, least, base } = terms;
    for at in 0..FAST_SCAN_VECTORS {
        out[at] = adds[at] + base + factors[at] * (f32::from(sums[at]) * step + least);
    }
    // Most blocks have none: one bit for the whole block is cheaper than a mask.
    let mut any = 0;
    for estimate in out.iter() {
        any |= u32::from(*estimate < limit);
    }
    if any == 0 {
        return 0;
    }
    out.iter().enumerate().fold(0, |mask, (at, estimate)| mask | u32::from(*estimate < limit) << at)
}

#[inline(always)]
pub(crate) fn fast_scan_table(query: &[f32], table: &mut [u8]) -> (f32, f32) {
    let Steps { step, least, inverse } = steps_of(query);
    table.fill(0);
    for (group, entries) in query.chunks(4).zip(table.as_chunks_mut::<GROUP_BYTES>().0) {
        let values = values_of(group);
        let size = size_of(&values);
        let [a, b, c, d] = values;
        let low = [-a - b, a - b, b - a, a + b];
        let high = [-c - d, c - d, d - c, c + d];
        for (at, entry) in entries.iter_mut().enumerate() {
            let steps = ((low[at % 4] + high[at / 4] + size) * inverse + 0.5) as i32;
            *entry = steps.clamp(0, i32::from(FAST_SCAN_ENTRY_MAX)) as u8;
        }
    }
    (step, least)
}

/// How the values of a query become entries: what a step is worth, the sum of the groups' leasts, steps for a unit.
pub(crate) struct Steps {
    pub step: f32,
    pub least: f32,
    pub inverse: f32,
}

#[inline(always)]
pub(crate) fn steps_of(query: &[f32]) -> Steps {
    let (mut widest, mut least) = (0.0, 0.0);
    for group in query.chunks(4) {
        let size = size_of(&values_of(group));
        widest = if size > widest { size } else { widest };
        least -= size;
    }
    let step = 2.0 * widest / f32::from(FAST_SCAN_ENTRY_MAX);
    let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
    Steps { step, least, inverse }
}

/// The values of a group; zeros behind the last dimension.
#[inline(always)]
pub(crate) fn values_of(group: &[f32]) -> [f32; 4] {
    match group {
        [a, b, c, d] => [*a, *b, *c, *d],
        short => core::array::from_fn(|at| short.get(at).copied().unwrap_or_default()),
    }
}

#[inline(always)]
pub(crate) fn size_of([a, b, c, d]: &[f32; 4]) -> f32 {
    a.abs() + b.abs() + (c.abs() + d.abs())
}
