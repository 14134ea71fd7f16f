//! Products of bytes by VNNI, and bits that differ by VPOPCNTDQ.

use super::{load_bytes, load_rest_bytes};
use crate::PLANES;
use crate::host::avx2::totals;
use crate::rows::{by_four, by_tile};
use core::arch::x86_64::*;

const BYTES: usize = 64;

#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn dot_i8(query: &[u8], row: &[i8]) -> i32 {
    let row = &row[..query.len()];
    // Two sums that do not wait for one another.
    let (pairs, rest) = query.as_chunks::<{ 2 * BYTES }>();
    let (row_pairs, row_rest) = row.as_chunks::<{ 2 * BYTES }>();
    let mut sums = [_mm512_setzero_si512(); 2];
    for (x, y) in pairs.iter().zip(row_pairs) {
        let (x, y) = (x.as_chunks().0, y.as_chunks().0);
        for (at, sum) in sums.iter_mut().enumerate() {
            *sum = _mm512_dpbusd_epi32(*sum, load_bytes(&x[at]), load_bytes(&y[at]));
        }
    }
    let mut sum = _mm512_add_epi32(sums[0], sums[1]);
    if !rest.is_empty() {
        let [last] = products(rest, [row_rest]);
        sum = _mm512_add_epi32(sum, last);
    }
    total(sum)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn total(sums: __m512i) -> i32 {
    _mm512_reduce_add_epi32(sums)
}

#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn dot_i8_four(query: &[u8], rows: [&[i8]; 4]) -> [i32; 4] {
    let sums = products(query, rows);
    totals(sums.map(|sum| halved(sum)))
}

#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn dot_i8_rows(query: &[u8], rows: &[i8], out: &mut [i32]) {
    by_four(query.len(), rows, out, |rows| dot_i8_four(query, rows), |row| dot_i8(query, row));
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn products<const ROWS: usize>(query: &[u8], rows: [&[i8]; ROWS]) -> [__m512i; ROWS] {
    let rows = rows.map(|row| &row[..query.len()]);
    let (blocks, rest) = query.as_chunks::<BYTES>();
    let mut sums = [_mm512_setzero_si512(); ROWS];
    for (at, block) in blocks.iter().enumerate() {
        let x = load_bytes(block);
        for (sum, row) in sums.iter_mut().zip(rows) {
            *sum = _mm512_dpbusd_epi32(*sum, x, load_bytes(&row.as_chunks().0[at]));
        }
    }
    if !rest.is_empty() {
        let x = load_rest_bytes(rest);
        for (sum, row) in sums.iter_mut().zip(rows) {
            *sum = _mm512_dpbusd_epi32(*sum, x, load_rest_bytes(row.as_chunks::<BYTES>().1));
        }
    }
    sums
}

#[inline]
#[target_feature(enable = "avx512f")]
fn halved(sums: __m512i) -> __m256i {
    _mm256_add_epi32(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64::<1>(sums))
}

#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn dot_i8_i8(a: &[i8], b: &[i8]) -> i32 {
    let [sum] = moved_up([b]);
    let [[product]] = tile([a], [b]);
    total(_mm512_sub_epi32(product, sum))
}

#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) fn dot_i8_tile(rows: [&[i8]; 2], dimensions: usize, out: &mut [i32]) {
    let four_by_four = |a: [&[i8]; 4], b: [&[i8]; 4], moved| exact_tile(a, b, moved);
    by_tile::<4, 4, _>(dimensions, rows, out, |b| moved_up(b), four_by_four, |a, b| dot_i8_i8(a, b));
}

#[inline]
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vnni")]
fn exact_tile(a: [&[i8]; 4], b: [&[i8]; 4], [e, f, g, h]: [__m512i; 4]) -> [[i32; 4]; 4] {
    tile(a, b).map(|[a, b, c, d]| {
        let exact = [(a, e), (b, f), (c, g), (d, h)].map(|(product, moved)| _mm512_sub_epi32(product, moved));
        totals(exact.map(|sums| halved(sums)))
    })
}

/// VNNI multiplies unsigned by signed bytes, so `a` is moved up by 128; [`moved_up`] says what that adds.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn tile<const A: usize, const B: usize>(a: [&[i8]; A], b: [&[i8]; B]) -> [[__m512i; B]; A] {
    let length = a[0].len();
    let (a, b) = (a.map(|row| &row[..length]), b.map(|row| &row[..length]));
    let sign = _mm512_set1_epi8(i8::MIN);
    let mut sums = [[_mm512_setzero_si512(); B]; A];
    for at in 0..length / BYTES {
        let y = b.map(|row| load_bytes(&row.as_chunks().0[at]));
        for (sums, row) in sums.iter_mut().zip(a) {
            let x = _mm512_xor_si512(load_bytes(&row.as_chunks().0[at]), sign);
            for (sum, y) in sums.iter_mut().zip(y) {
                *sum = _mm512_dpbusd_epi32(*sum, x, y);
            }
        }
    }
    if !length.is_multiple_of(BYTES) {
        let y = b.map(|row| load_rest_bytes(row.as_chunks::<BYTES>().1));
        for (sums, row) in sums.iter_mut().zip(a) {
            let x = _mm512_xor_si512(load_rest_bytes(row.as_chunks::<BYTES>().1), sign);
            for (sum, y) in sums.iter_mut().zip(y) {
                *sum = _mm512_dpbusd_epi32(*sum, x, y);
            }
        }
    }
    sums
}

/// 128 times the values of each row, lane by lane as [`tile`] has them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn moved_up<const ROWS: usize>(rows: [&[i8]; ROWS]) -> [__m512i; ROWS] {
    rows.map(|row| {
        let (blocks, rest) = row.as_chunks::<BYTES>();
        let factor = _mm512_set1_epi8(i8::MIN);
        let mut sum = _mm512_setzero_si512();
        for block in blocks {
            sum = _mm512_dpbusd_epi32(sum, factor, load_bytes(block));
        }
        _mm512_dpbusd_epi32(sum, factor, load_rest_bytes(rest))
    })
}

#[target_feature(enable = "avx512f,avx512bw,avx512vpopcntdq")]
pub(super) fn hamming_bits(a: &[u8], b: &[u8]) -> u32 {
    let b = &b[..a.len()];
    let (blocks, rest) = a.as_chunks::<BYTES>();
    let (other, other_rest) = b.as_chunks::<BYTES>();
    let mut sums = _mm512_setzero_si512();
    for (x, y) in blocks.iter().zip(other) {
        sums = _mm512_add_epi64(sums, different(load_bytes(x), load_bytes(y)));
    }
    if !rest.is_empty() {
        sums = _mm512_add_epi64(sums, different(load_rest_bytes(rest), load_rest_bytes(other_rest)));
    }
    // Each of the eight sums fits 32 bits, so the odd lanes of 32 bits are zero.
    total(sums).cast_unsigned()
}

#[inline]
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn different(x: __m512i, y: __m512i) -> __m512i {
    _mm512_popcnt_epi64(_mm512_xor_si512(x, y))
}

/// Planes stay in registers for all rows, 64 bytes of each at a time. Four rows share the sums at the end; the last one again
/// fills a gap. What is needed more than once is no closure: those would not be inlined here.
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vpopcntdq")]
pub(super) fn plane_distances(planes: &[u8], rows: &[u8], stride: usize, at: &[u32], out: &mut [u32]) {
    let length = planes.len() / PLANES;
    out.fill(0);
    for from in (0..length).step_by(BYTES) {
        let bytes = BYTES.min(length - from);
        let planes = [
            load_at_most(&planes[from..][..bytes]),
            load_at_most(&planes[from + length..][..bytes]),
            load_at_most(&planes[from + 2 * length..][..bytes]),
            load_at_most(&planes[from + 3 * length..][..bytes]),
        ];
        let rows = &rows[from..];
        for (out, at) in out.chunks_mut(4).zip(at.chunks(4)) {
            let last = at.len() - 1;
            let sums = totals([
                plane_counts(planes, &rows[at[0] as usize * stride..][..bytes]),
                plane_counts(planes, &rows[at[last.min(1)] as usize * stride..][..bytes]),
                plane_counts(planes, &rows[at[last.min(2)] as usize * stride..][..bytes]),
                plane_counts(planes, &rows[at[last] as usize * stride..][..bytes]),
            ]);
            for (out, sum) in out.iter_mut().zip(sums) {
                *out += sum.cast_unsigned();
            }
        }
    }
}

/// What is counted from the heaviest plane on weighs twice as much as the next. Each sum fits 32 bits, so the odd lanes of
/// 32 bits are zero.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vpopcntdq")]
fn plane_counts([a, b, c, d]: [__m512i; PLANES], code: &[u8]) -> __m256i {
    let code = load_at_most(code);
    let high = _mm512_add_epi64(_mm512_slli_epi64::<1>(different(code, d)), different(code, c));
    let low = _mm512_add_epi64(_mm512_slli_epi64::<1>(different(code, b)), different(code, a));
    halved(_mm512_add_epi64(_mm512_slli_epi64::<2>(high), low))
}

/// At most 64 bytes, with zeros behind them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load_at_most(bytes: &[u8]) -> __m512i {
    match bytes.first_chunk() {
        Some(all) => load_bytes(all),
        None => load_rest_bytes(bytes),
    }
}
