//! Made vectors for the tests of the indexes.

/// A small deterministic generator.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub fn uniform(&mut self) -> f32 {
        self.next() as f32 / (1_u64 << 30) as f32 - 1.0
    }
}

/// Vectors that are anywhere.
pub fn uniform(count: usize, dimensions: usize, seed: u64) -> Vec<f32> {
    let mut numbers = Numbers(seed);
    (0..count * dimensions).map(|_| numbers.uniform()).collect()
}

/// Vectors around centres. The centres are the same for every seed, the vectors are others: queries are asked with a seed of
/// their own, or they would be vectors of the column.
pub fn clustered(count: usize, dimensions: usize, centres: usize, seed: u64) -> Vec<f32> {
    let (centre, mut numbers) = (uniform(centres, dimensions, 99), Numbers(seed));
    let mut values = Vec::with_capacity(count * dimensions);
    for _ in 0..count {
        let from = numbers.next() as usize % centres * dimensions;
        values.extend(centre[from..from + dimensions].iter().map(|value| value + 0.6 * numbers.uniform()));
    }
    values
}
