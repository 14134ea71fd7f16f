//! FastScan: one register holds one group of four dimensions for 32 vectors.

use super::load;
use crate::{FAST_SCAN_VECTORS, GROUP_BYTES};
use core::arch::aarch64::*;

/// So many table entries fit one byte.
const STEPS: usize = 4;

#[target_feature(enable = "neon")]
pub(super) fn fast_scan_blocks(table: &[u8], blocks: &[u8], out: &mut [[u16; FAST_SCAN_VECTORS]]) {
    for (out, block) in out.iter_mut().zip(blocks.chunks_exact(table.len())) {
        fast_scan(table, block, out);
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn fast_scan(table: &[u8], block: &[u8], out: &mut [u16; FAST_SCAN_VECTORS]) {
    let mut sums = [vdupq_n_u16(0); 4];
    let (entries, entries_rest) = table.as_chunks::<{ GROUP_BYTES * STEPS }>();
    let (codes, codes_rest) = block.as_chunks::<{ GROUP_BYTES * STEPS }>();
    for (entries, codes) in entries.iter().zip(codes) {
        add_steps(&mut sums, entries, codes);
    }
    if !entries_rest.is_empty() {
        add_steps(&mut sums, entries_rest, codes_rest);
    }
    for (out, sums) in out.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
        // SAFETY: the array has the 16 bytes that are written; they need no alignment.
        unsafe { vst1q_u16(out.as_mut_ptr(), sums) };
    }
}

/// Adds at most four groups to the sums of the 32 vectors.
#[inline]
#[target_feature(enable = "neon")]
fn add_steps(sums: &mut [uint16x8_t; 4], entries: &[u8], codes: &[u8]) {
    let mut lower = vdupq_n_u8(0);
    let mut upper = vdupq_n_u8(0);
    for (entries, codes) in entries.as_chunks().0.iter().zip(codes.as_chunks().0) {
        let (entries, codes) = (load(entries), load(codes));
        lower = vaddq_u8(lower, vqtbl1q_u8(entries, vandq_u8(codes, vdupq_n_u8(15))));
        upper = vaddq_u8(upper, vqtbl1q_u8(entries, vshrq_n_u8::<4>(codes)));
    }
    sums[0] = vaddw_u8(sums[0], vget_low_u8(lower));
    sums[1] = vaddw_high_u8(sums[1], lower);
    sums[2] = vaddw_u8(sums[2], vget_low_u8(upper));
    sums[3] = vaddw_high_u8(sums[3], upper);
}
