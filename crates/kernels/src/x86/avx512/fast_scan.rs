//! FastScan: one register holds four groups of four dimensions for 32 vectors.

use super::{load_bytes, load_rest_bytes};
use crate::FAST_SCAN_VECTORS;
use core::arch::x86_64::*;

/// Bytes of a register.
const STEP: usize = 64;
/// So many table entries fit one byte.
const STEPS: usize = 4;

/// A matrix of bits for GFNI that moves the upper half of every byte to the lower and leaves zeros above.
const UPPER_NIBBLE: i64 = 0x1020_4080_0000_0000;

#[target_feature(enable = "avx2,avx512f,avx512bw,gfni")]
pub(super) fn fast_scan_blocks(table: &[u8], blocks: &[u8], out: &mut [[u16; FAST_SCAN_VECTORS]]) {
    for (out, block) in out.iter_mut().zip(blocks.chunks_exact(table.len())) {
        fast_scan(table, block, out);
    }
}

#[inline]
#[target_feature(enable = "avx2,avx512f,avx512bw,gfni")]
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
    store(out, sums.map(|sums| sums.of_vectors()));
}

/// Adds at most four registers of codes, the last of them perhaps half full, to the sums of the lower and the upper
/// sixteen vectors.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn add_steps(sums: &mut [Sums; 2], entries: &[u8], codes: &[u8]) {
    let mut bytes = [_mm512_setzero_si512(); 2];
    let (entries, entries_rest) = entries.as_chunks::<STEP>();
    let (codes, codes_rest) = codes.as_chunks::<STEP>();
    for (entries, codes) in entries.iter().zip(codes) {
        add_entries(&mut bytes, load_bytes(entries), load_bytes(codes));
    }
    if !entries_rest.is_empty() {
        add_entries(&mut bytes, load_rest_bytes(entries_rest), load_rest_bytes(codes_rest));
    }
    for (sums, bytes) in sums.iter_mut().zip(bytes) {
        sums.add(bytes);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,gfni")]
fn add_entries(bytes: &mut [__m512i; 2], entries: __m512i, codes: __m512i) {
    let low = _mm512_and_si512(codes, _mm512_set1_epi8(15));
    let high = _mm512_gf2p8affine_epi64_epi8::<0>(codes, _mm512_set1_epi64(UPPER_NIBBLE));
    bytes[0] = _mm512_add_epi8(bytes[0], _mm512_shuffle_epi8(entries, low));
    bytes[1] = _mm512_add_epi8(bytes[1], _mm512_shuffle_epi8(entries, high));
}

/// Sums of sixteen vectors in 16 bits. A pair of bytes is added as one number of 16 bits, and its odd byte once more
/// alone: at the end the odd sum, moved up, is taken away from the first, which leaves the even one.
#[derive(Clone, Copy)]
struct Sums {
    pairs: __m512i,
    odd: __m512i,
}

impl Sums {
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn zero() -> Self {
        Self { pairs: _mm512_setzero_si512(), odd: _mm512_setzero_si512() }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn add(&mut self, bytes: __m512i) {
        self.pairs = _mm512_add_epi16(self.pairs, bytes);
        self.odd = _mm512_add_epi16(self.odd, _mm512_srli_epi16::<8>(bytes));
    }

    /// Adds the four quarters, which hold the same vectors, and puts even and odd vectors into their order.
    #[inline]
    #[target_feature(enable = "avx2,avx512f,avx512bw")]
    fn of_vectors(self) -> __m256i {
        let even = _mm512_sub_epi16(self.pairs, _mm512_slli_epi16::<8>(self.odd));
        let quarters = |sums| {
            let halves = _mm256_add_epi16(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64::<1>(sums));
            _mm_add_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves))
        };
        let (even, odd) = (quarters(even), quarters(self.odd));
        _mm256_set_m128i(_mm_unpackhi_epi16(even, odd), _mm_unpacklo_epi16(even, odd))
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(out: &mut [u16; FAST_SCAN_VECTORS], [lower, upper]: [__m256i; 2]) {
    let all = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(lower), upper);
    // SAFETY: the array has the 64 bytes that are written; they need no alignment.
    unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), all) };
}
