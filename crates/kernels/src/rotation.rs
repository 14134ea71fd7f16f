//! A random rotation without a matrix: signs, Hadamard blocks and folds.
//!
//! A rotation spreads what a vector has in few dimensions over all of them, so that one bit a dimension says equally
//! much everywhere. It is [`ROTATION_ROUNDS`] rounds of: multiply by random signs; Hadamard transforms of blocks; and,
//! where the number of dimensions is not a power of two, a fold between rounds: each dimension of the first half and its
//! partner in the second become their sum and their difference. The blocks are the powers of two that make up the
//! number of dimensions, the largest first in even rounds and last in odd ones, so that their edges lie elsewhere.
//!
//! Every step but the signs is a butterfly (x + y, x - y); the scale that keeps lengths is multiplied into the signs of a
//! round, so a butterfly is one addition and one subtraction and the bits are the same on every host.

use wide::f32x4;

/// How often signs and transform follow one another.
pub const ROTATION_ROUNDS: usize = 4;

/// The largest number of dimensions that [`rotation_factors`] and [`rotate`](crate::rotate) take.
pub const ROTATION_DIMENSIONS_MAX: usize = 1 << 16;

/// The blocks of one round, as start and length.
pub(crate) fn blocks(dimensions: usize, round: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    (0..usize::BITS).filter_map(move |i| {
        let bit = if round.is_multiple_of(2) { usize::BITS - 1 - i } else { i };
        let length = dimensions & 1 << bit;
        start += length;
        (length > 0).then_some((start - length, length))
    })
}

/// Whether a round ends with a fold. The last one does not: no round comes after it to scale its sums.
pub(crate) fn folds_after(dimensions: usize, round: usize) -> bool {
    !dimensions.is_power_of_two() && round + 1 < ROTATION_ROUNDS
}

/// The factor of a dimension in a round without its sign: the scale of its block and of the fold before.
fn scale(dimensions: usize, round: usize, dimension: usize) -> f32 {
    let block = blocks(dimensions, round).find(|(start, length)| (*start..start + length).contains(&dimension));
    let folded = round > 0 && folds_after(dimensions, round - 1) && dimension < dimensions / 2 * 2;
    let halvings = block.map_or(0, |(_, length)| length.ilog2()) + u32::from(folded);
    let whole = 1.0 / (1_u32 << (halvings / 2)) as f32;
    if halvings.is_multiple_of(2) { whole } else { whole * core::f32::consts::FRAC_1_SQRT_2 }
}

/// Makes the signs of a rotation from a seed, each times the scale that keeps the length of a vector.
///
/// # Panics
///
/// Unless `factors` has [`ROTATION_ROUNDS`] `* dimensions` values, of [`ROTATION_DIMENSIONS_MAX`] dimensions at most.
pub fn rotation_factors(seed: u64, dimensions: usize, factors: &mut [f32]) {
    assert!(dimensions <= ROTATION_DIMENSIONS_MAX && factors.len() == ROTATION_ROUNDS * dimensions);
    let mut state = seed;
    let mut bits = 0;
    for (i, factor) in factors.iter_mut().enumerate() {
        if i.is_multiple_of(64) {
            bits = splitmix(&mut state);
        }
        let scale = scale(dimensions, i / dimensions, i % dimensions);
        *factor = if bits >> (i % 64) & 1 == 0 { scale } else { -scale };
    }
}

/// The next value of the SplitMix64 generator.
fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The body of every backend's `rotate`, compiled once for each set of target features.
#[inline(always)]
pub(crate) fn rotate(vector: &mut [f32], factors: &[f32]) {
    let dimensions = vector.len();
    for round in 0..ROTATION_ROUNDS {
        for (value, factor) in vector.iter_mut().zip(&factors[round * dimensions..]) {
            *value *= factor;
        }
        for (start, length) in blocks(dimensions, round) {
            hadamard(&mut vector[start..start + length]);
        }
        if folds_after(dimensions, round) {
            let (first, rest) = vector.split_at_mut(dimensions / 2);
            butterflies(first, rest);
        }
    }
}

/// The unscaled Hadamard transform of a power of two of values, by butterflies over the distances 1, 2, 4 and so on.
#[inline(always)]
fn hadamard(block: &mut [f32]) {
    let mut distance = 1;
    if block.len() >= 16 {
        for sixteen in block.as_chunks_mut::<16>().0 {
            hadamard_of_sixteen(sixteen);
        }
        distance = 16;
    }
    // Two distances at once, as long as there are two: a value is loaded and stored half as often.
    while distance >= 4 && distance * 2 < block.len() {
        for part in block.chunks_exact_mut(distance * 4) {
            double_butterflies(part, distance);
        }
        distance *= 4;
    }
    while distance < block.len() {
        for pair in block.chunks_exact_mut(distance * 2) {
            let (first, second) = pair.split_at_mut(distance);
            butterflies(first, second);
        }
        distance *= 2;
    }
}

#[inline(always)]
fn butterflies(first: &mut [f32], second: &mut [f32]) {
    let (first, first_rest) = first.as_chunks_mut::<4>();
    let (second, second_rest) = second.split_at_mut(first.len() * 4);
    for (x, y) in first.iter_mut().zip(second.as_chunks_mut::<4>().0) {
        let (a, b) = (f32x4::new(*x), f32x4::new(*y));
        (*x, *y) = ((a + b).to_array(), (a - b).to_array());
    }
    for (x, y) in first_rest.iter_mut().zip(second_rest) {
        (*x, *y) = (*x + *y, *x - *y);
    }
}

/// The distances `distance` and twice that, over four times as many values; a multiple of four.
#[inline(always)]
fn double_butterflies(part: &mut [f32], distance: usize) {
    let (first, last) = part.split_at_mut(2 * distance);
    let (a, b) = first.split_at_mut(distance);
    let (c, d) = last.split_at_mut(distance);
    let (a, b) = (a.as_chunks_mut::<4>().0, b.as_chunks_mut::<4>().0);
    let (c, d) = (c.as_chunks_mut::<4>().0, d.as_chunks_mut::<4>().0);
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let registers = [f32x4::new(*a), f32x4::new(*b), f32x4::new(*c), f32x4::new(*d)];
        let [e, f, g, h] = hadamard_of_registers(registers);
        (*a, *b, *c, *d) = (e.to_array(), f.to_array(), g.to_array(), h.to_array());
    }
}

/// Four registers hold sixteen values. Transposed, their distances 1 and 2 lie between registers; transposed back, the
/// distances 4 and 8 do.
#[inline(always)]
fn hadamard_of_sixteen(values: &mut [f32; 16]) {
    let [a, b, c, d] = values.as_chunks_mut::<4>().0 else { return };
    let registers = [f32x4::new(*a), f32x4::new(*b), f32x4::new(*c), f32x4::new(*d)];
    let registers = hadamard_of_registers(f32x4::transpose(registers));
    let registers = hadamard_of_registers(f32x4::transpose(registers));
    let [e, f, g, h] = registers;
    (*a, *b, *c, *d) = (e.to_array(), f.to_array(), g.to_array(), h.to_array());
}

#[inline(always)]
fn hadamard_of_registers([a, b, c, d]: [f32x4; 4]) -> [f32x4; 4] {
    let (a, b, c, d) = (a + b, a - b, c + d, c - d);
    [a + c, b + d, a - c, b - d]
}
