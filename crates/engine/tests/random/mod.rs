//! Values from a seed, for the tests that compare with another library.

use sanderling_engine::Value;

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Any finite number, each bit pattern as likely as another.
    #[allow(dead_code)] // not every test needs everything
    pub fn finite(&mut self) -> f64 {
        loop {
            let number = f64::from_bits(self.next());
            if number.is_finite() {
                return number;
            }
        }
    }

    #[allow(dead_code)]
    pub fn value(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0 => Value::Null,
            1 => Value::Boolean(self.below(2) == 0),
            2 => Value::Number(self.finite()),
            3 => Value::Number(self.below(1 << 20) as f64 / 64.0 - 1000.0),
            4 => Value::Number(self.below(1 << 54) as f64),
            5 => Value::Text(self.text()),
            6 | 7 => Value::Array((0..self.below(5)).map(|_| self.value(depth - 1)).collect()),
            _ => {
                let key = |at, random: &mut Self| format!("{at}{}", random.text());
                Value::Object((0..self.below(5)).map(|at| (key(at, self), self.value(depth - 1))).collect())
            }
        }
    }

    #[allow(dead_code)]
    fn text(&mut self) -> String {
        let chars = ['a', ' ', '"', '\\', '/', '\n', '\0', '\u{1f}', '\u{7f}', 'é', '€', '😀', '\u{2028}', '\u{fffe}'];
        (0..self.below(8)).map(|_| chars[self.below(chars.len() as u64) as usize]).collect()
    }
}
