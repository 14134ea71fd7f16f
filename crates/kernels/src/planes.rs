//! A query as planes of bits, for codes that are compared one by one.
//!
//! A value of four bits is a sum of its bits, so the inner product of a query of such values with signs is a sum of four
//! counts, each of the bits in which a code differs from one *plane*: the bits of the same weight of all values.

/// The planes of a query: its values have so many bits.
pub const PLANES: usize = 4;

/// Writes bit `j` of each value to plane `j`; a value's place in a plane is a dimension's in a code. Bits behind the last
/// value are zero, as they are in codes.
///
/// # Panics
///
/// Unless there is room for [`PLANES`] planes as long as a code.
pub fn bit_planes(values: &[u8], planes: &mut [u8]) {
    let length = values.len().div_ceil(8);
    assert!(planes.len() == length * PLANES);
    for (at, values) in values.chunks(8).enumerate() {
        for plane in 0..PLANES {
            let bits = values.iter().rev().fold(0, |bits, value| bits << 1 | (value >> plane & 1));
            planes[plane * length + at] = bits;
        }
    }
}

/// Eight bytes of a code and of all planes at a time: what a backend inlines where it can count bits.
#[inline(always)]
pub(crate) fn plane_distances(planes: &[u8], rows: &[u8], stride: usize, at: &[u32], out: &mut [u32]) {
    let length = planes.len() / PLANES;
    let (a, planes) = planes.split_at(length);
    let (b, planes) = planes.split_at(length);
    let (c, d) = planes.split_at(length);
    for (out, at) in out.iter_mut().zip(at) {
        *out = distance([a, b, c, d], &rows[*at as usize * stride..][..length]);
    }
}

/// The distance of one code from planes as long as it is.
#[inline(always)]
fn distance([a, b, c, d]: [&[u8]; PLANES], code: &[u8]) -> u32 {
    let (words, rest) = code.as_chunks::<8>();
    let planes = a.as_chunks().0.iter().zip(b.as_chunks().0).zip(c.as_chunks().0.iter().zip(d.as_chunks().0));
    let (mut low, mut high) = (0, 0);
    for (word, ((a, b), (c, d))) in words.iter().zip(planes) {
        low += different(word, a) + 2 * different(word, b);
        high += different(word, c) + 2 * different(word, d);
    }
    let last = code.len() - rest.len();
    for (at, byte) in rest.iter().enumerate() {
        low += (byte ^ a[last + at]).count_ones() + 2 * (byte ^ b[last + at]).count_ones();
        high += (byte ^ c[last + at]).count_ones() + 2 * (byte ^ d[last + at]).count_ones();
    }
    low + 4 * high
}

#[inline(always)]
fn different(a: &[u8; 8], b: &[u8; 8]) -> u32 {
    (u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b)).count_ones()
}
