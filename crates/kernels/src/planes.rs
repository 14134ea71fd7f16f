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

/// Eight bytes of each plane and of a code at a time, over all rows: what a backend inlines where it can count bits.
#[inline(always)]
pub(crate) fn plane_distances(planes: &[u8], rows: &[u8], stride: usize, at: &[u32], out: &mut [u32]) {
    let length = planes.len() / PLANES;
    for (out, at) in out.iter_mut().zip(at) {
        *out = distance(planes, &rows[*at as usize * stride..][..length]);
    }
}

/// The distance of one code.
#[inline(always)]
fn distance(planes: &[u8], code: &[u8]) -> u32 {
    let (words, rest) = code.as_chunks::<8>();
    let mut sum = 0;
    for (weight, plane) in planes.chunks_exact(code.len()).enumerate() {
        let (plane_words, plane_rest) = plane.as_chunks::<8>();
        let mut different = 0;
        for (x, y) in words.iter().zip(plane_words) {
            different += (u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y)).count_ones();
        }
        sum += (different + last(rest, plane_rest)) << weight;
    }
    sum
}

/// The bits that differ in fewer than eight bytes.
#[inline(always)]
fn last(a: &[u8], b: &[u8]) -> u32 {
    let mut different = 0;
    for (x, y) in a.iter().zip(b) {
        different += (x ^ y).count_ones();
    }
    different
}
