//! Estimates and tables: a register is half a block of estimates, or the sixteen entries of one group.

use super::load_floats;
use crate::estimate::{Steps, size_of, steps_of, values_of};
use crate::{EstimateTerms, FAST_SCAN_ENTRY_MAX, GROUP_BYTES, PerVector};
use core::arch::x86_64::*;

#[target_feature(enable = "avx2,avx512f,avx512bw")]
pub(super) fn estimate_block(
    sums: &PerVector<u16>,
    [adds, factors]: [&PerVector<f32>; 2],
    terms: EstimateTerms,
    limit: f32,
    out: &mut PerVector<f32>,
) -> u32 {
    let [step, least, base] = [terms.step, terms.least, terms.base].map(|term| _mm512_set1_ps(term));
    let limit = _mm512_set1_ps(limit);
    let mut masks = 0;
    let halves = sums.as_chunks::<16>().0.iter().zip(adds.as_chunks::<16>().0).zip(factors.as_chunks::<16>().0);
    for (half, (((sums, adds), factors), out)) in halves.zip(out.as_chunks_mut::<16>().0).enumerate() {
        // SAFETY: the array has the 32 bytes that are read; they need no alignment.
        let sums = unsafe { _mm256_loadu_si256(sums.as_ptr().cast()) };
        let sums = _mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(sums));
        let products = _mm512_mul_ps(load_floats(factors), _mm512_add_ps(_mm512_mul_ps(sums, step), least));
        let estimates = _mm512_add_ps(_mm512_add_ps(load_floats(adds), base), products);
        let below = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(estimates, limit);
        masks |= u32::from(below) << (16 * half);
        // SAFETY: the array has the 64 bytes that are written; they need no alignment.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), estimates) };
    }
    masks
}

#[target_feature(enable = "avx512f")]
pub(super) fn fast_scan_table(query: &[f32], table: &mut [u8]) -> (f32, f32) {
    let Steps { step, least, inverse } = steps_of(query);
    table.fill(0);
    for (group, entries) in query.chunks(4).zip(table.as_chunks_mut::<GROUP_BYTES>().0) {
        let values = values_of(group);
        // A set bit of the mask, which is a bit of the entry's number, takes the value's own sign.
        let signed = |mask, value: f32| _mm512_mask_blend_ps(mask, _mm512_set1_ps(-value), _mm512_set1_ps(value));
        let low = _mm512_add_ps(signed(0xaaaa, values[0]), signed(0xcccc, values[1]));
        let high = _mm512_add_ps(signed(0xf0f0, values[2]), signed(0xff00, values[3]));
        let above = _mm512_add_ps(_mm512_add_ps(low, high), _mm512_set1_ps(size_of(&values)));
        let steps = _mm512_add_ps(_mm512_mul_ps(above, _mm512_set1_ps(inverse)), _mm512_set1_ps(0.5));
        let entry_max = _mm512_set1_epi32(i32::from(FAST_SCAN_ENTRY_MAX));
        let steps = _mm512_min_epi32(_mm512_cvttps_epi32(steps), entry_max);
        let bytes = _mm512_cvtepi32_epi8(_mm512_max_epi32(steps, _mm512_setzero_si512()));
        // SAFETY: the array has the 16 bytes that are written; they need no alignment.
        unsafe { _mm_storeu_si128(entries.as_mut_ptr().cast(), bytes) };
    }
    (step, least)
}
