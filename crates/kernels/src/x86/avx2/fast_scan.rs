//! FastScan: one register holds two groups of four dimensions for 32 vectors.

use super::{load_bytes, store_words};
use crate::FAST_SCAN_VECTORS;
use core::arch::x86_64::*;

/// Bytes of a register.
const STEP: usize = 32;
/// So many table entries fit one byte.
const STEPS: usize = 4;

#[target_feature(enable = "avx2")]
pub(super) fn fast_scan_blocks(table: &[u8], blocks: &[u8], out: &mut [[u16; FAST_SCAN_VECTORS]]) {
    for (out, block) in out.iter_mut().zip(blocks.chunks_exact(table.len())) {
        fast_scan(table, block, out);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn fast_scan(table: &[u8], block: &[u8], out: &mut [u16; FAST_SCAN_VECTORS]) {
    let mut sums = [Sums::zero(), Sums::zero()];
    let (entries, entries_rest) = table.as_chunks::<{ STEP * STEPS }>();
    let (codes, codes_rest) = block.as_chunks::<{ STEP * STEPS }>();
    for (entries, codes) in entries.iter().zip(codes) {
        add_steps(&mut sums, entries, codes);
    }
    if !entries_rest.is_empty() {
        add_steps(&mut sums, entries_rest, codes_rest);
    }
    let [lower, upper] = sums;
    let (first, last) = out.split_at_mut(FAST_SCAN_VECTORS / 2);
    for (out, sums) in [first, last].into_iter().zip([lower, upper]) {
        if let Ok(out) = out.try_into() {
            store_words(out, sums.of_vectors());
        }
    }
}

/// Adds at most four registers of codes to the sums of the lower and the upper sixteen vectors.
#[inline]
#[target_feature(enable = "avx2")]
fn add_steps(sums: &mut [Sums; 2], entries: &[u8], codes: &[u8]) {
    let nibble = _mm256_set1_epi8(15);
    let mut lower = _mm256_setzero_si256();
    let mut upper = _mm256_setzero_si256();
    for (entries, codes) in entries.as_chunks::<STEP>().0.iter().zip(codes.as_chunks::<STEP>().0) {
        let (entries, codes) = (load_bytes(entries), load_bytes(codes));
        let low = _mm256_and_si256(codes, nibble);
        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(codes), nibble);
        lower = _mm256_add_epi8(lower, _mm256_shuffle_epi8(entries, low));
        upper = _mm256_add_epi8(upper, _mm256_shuffle_epi8(entries, high));
    }
    sums[0].add(lower);
    sums[1].add(upper);
}

/// Sums of sixteen vectors in 16 bits. A pair of bytes is added as one number of 16 bits, and its odd byte once more
/// alone: at the end the odd sum, moved up, is taken away from the first, which leaves the even one.
#[derive(Clone, Copy)]
struct Sums {
    pairs: __m256i,
    odd: __m256i,
}

impl Sums {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn zero() -> Self {
        Self { pairs: _mm256_setzero_si256(), odd: _mm256_setzero_si256() }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add(&mut self, bytes: __m256i) {
        self.pairs = _mm256_add_epi16(self.pairs, bytes);
        self.odd = _mm256_add_epi16(self.odd, _mm256_srli_epi16::<8>(bytes));
    }

    /// Adds the two halves, which hold the same vectors, and puts even and odd vectors into their order.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn of_vectors(self) -> __m256i {
        let even = _mm256_sub_epi16(self.pairs, _mm256_slli_epi16::<8>(self.odd));
        let halves = |sums| _mm_add_epi16(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
        let (even, odd) = (halves(even), halves(self.odd));
        _mm256_set_m128i(_mm_unpackhi_epi16(even, odd), _mm_unpacklo_epi16(even, odd))
    }
}
