//! Random changes to kept inputs: what there is to do where `cargo fuzz` is not. It does not see what code an input reaches, so
//! it finds less.

use super::Target;
use std::time::{Duration, Instant};

/// What one input may take.
pub const INPUT_TIME_MAX: Duration = Duration::from_secs(1);
/// Longer inputs are cut: shorter ones say more.
const BYTES_MAX: usize = 4_096;

/// What texts break at.
const PIECES: [&str; 40] = [
    " ",
    "\n",
    "|",
    "\"",
    "-",
    "-\"",
    "(",
    "'",
    "’s",
    "\u{301}",
    "\u{200d}",
    "\u{ad}",
    "\0",
    "<b>",
    "&amp;",
    "__proto__",
    "c++",
    "v1.2",
    "#",
    "@",
    "wi-fi",
    "camelCase",
    "東京",
    "水",
    "ไทย",
    "กี่",
    "كِتَابٌ",
    "שָׁלוֹם",
    "צה\"ל",
    "👩\u{200d}💻",
    "🇫🇷",
    "İ",
    "ß",
    "ﬁ",
    "\u{fdfa}",
    "\u{10ffff}",
    "running",
    "shore",
    "birds",
    "the",
];

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below that one, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next_number() % bound as u64) as usize
    }
}

/// An input made of kept ones.
#[must_use]
pub fn mutated(corpus: &[(String, Vec<u8>)], random: &mut Random) -> Vec<u8> {
    let mut input = corpus[random.below(corpus.len())].1.clone();
    for _ in 0..=random.below(6) {
        let at = random.below(input.len() + 1);
        let end = at + random.below((input.len() - at).min(32) + 1);
        match random.below(6) {
            0 if at < input.len() => input[at] = random.next_number() as u8,
            1 => drop(input.drain(at..end)),
            2 => {
                let part = input[at..end].to_vec();
                let times = 1 + random.below(20);
                drop(input.splice(at..at, part.repeat(times)));
            }
            3 => {
                let other = &corpus[random.below(corpus.len())].1;
                let from = random.below(other.len() + 1);
                drop(input.splice(at..end, other[from..].iter().copied()));
            }
            _ => drop(input.splice(at..at, PIECES[random.below(PIECES.len())].bytes())),
        }
        input.truncate(BYTES_MAX);
    }
    input
}

/// Runs a target on changed inputs until the time is over; answers how many. `before` gets each input before it is run.
pub fn mutate(target: Target, time: Duration, seed: u64, before: &mut dyn FnMut(&[u8])) -> u64 {
    let (corpus, start) = (target.corpus(), Instant::now());
    let mut random = Random(seed);
    let mut runs = 0;
    while start.elapsed() < time {
        let input = mutated(&corpus, &mut random);
        before(&input);
        let since = Instant::now();
        (target.run)(&input);
        assert!(since.elapsed() < INPUT_TIME_MAX, "{:?} for one input", since.elapsed());
        runs += 1;
    }
    runs
}
