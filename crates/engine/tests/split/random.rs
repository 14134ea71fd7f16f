//! Random texts from a seed; `tests/cases/split/random.mjs` makes the same ones.

use sanderling_engine::split::{Chunk, SplitKind, SplitOptions};

/// Mulberry32.
pub struct Random(pub u32);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x6d2b_79f5);
        let mut mixed = (self.0 ^ (self.0 >> 15)).wrapping_mul(self.0 | 1);
        mixed ^= mixed.wrapping_add((mixed ^ (mixed >> 7)).wrapping_mul(mixed | 61));
        (mixed ^ (mixed >> 14)) as usize % bound
    }
}

const KINDS: [SplitKind; 4] = [SplitKind::Recursive, SplitKind::Sentence, SplitKind::Markdown, SplitKind::Tokens];

/// A text of these parts and options for it.
pub fn case(random: &mut Random, parts: &[String]) -> (String, SplitOptions) {
    let count = random.below(80);
    // Few parts in many places are what makes structure.
    let first = random.below(parts.len());
    let range = 1 + random.below(parts.len());
    let text = (0..count).map(|_| parts[(first + random.below(range)) % parts.len()].as_str()).collect();
    let range = if random.below(2) == 0 { 12 } else { 80 };
    let size = 1 + random.below(range);
    let kind = KINDS[random.below(KINDS.len())];
    (text, SplitOptions::new(kind).size(size).overlap(random.below(size)))
}

pub const DIGEST_START: u32 = 0x811c_9dc5;

/// FNV-1a over the code points of chunks and headings.
pub fn digest(mut hash: u32, chunks: &[Chunk]) -> u32 {
    let mut take = |code: u32| hash = (hash ^ code).wrapping_mul(0x0100_0193);
    for chunk in chunks {
        chunk.text.chars().for_each(|c| take(c.into()));
        take(0x11_0000);
        chunk.heading.unwrap_or("\u{10ffff}").chars().for_each(|c| take(c.into()));
        take(0x11_0001);
    }
    hash
}
