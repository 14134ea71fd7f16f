//! Values that are the same on every host, and the comparison of bits.

/// A small deterministic generator.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Values that span many magnitudes, so that the order of a sum shows in its bits.
pub fn floats(seed: u64, length: usize) -> Vec<f32> {
    let mut random = Random::new(seed);
    let value = |_| {
        let state = random.next();
        let unit = (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5;
        unit * [1e-3, 1.0, 1e3, 1e6][(state & 3) as usize]
    };
    (0..length).map(value).collect()
}

pub fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    (0..length).map(|_| (random.next() >> 32) as u8).collect()
}

/// Bytes of a query or of a table.
pub fn bytes_to(largest: u8, seed: u64, length: usize) -> Vec<u8> {
    bytes(seed, length).into_iter().map(|byte| byte % (largest + 1)).collect()
}

pub fn signed(seed: u64, length: usize) -> Vec<i8> {
    bytes(seed, length).into_iter().map(u8::cast_signed).collect()
}

/// Equal bits, or both not a number: which of many is not defined.
#[track_caller]
pub fn assert_same(found: f32, expected: f32, what: &str) {
    let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
    assert!(same, "{what}: {found:e} ({:#x}) is not {expected:e} ({:#x})", found.to_bits(), expected.to_bits());
}
