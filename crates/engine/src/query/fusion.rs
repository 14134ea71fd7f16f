//! Reciprocal rank fusion: each leg gives weight / (k + rank), ranks start at 1.

use crate::settings::RRF_K_DEFAULT;

/// How the legs of a hybrid search are put together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fusion {
    /// The larger, the less the first ranks stand out.
    pub k: f32,
    /// The weight of the text leg.
    pub text_weight: f32,
    /// The weight of each vector leg.
    pub vector_weight: f32,
}

impl Default for Fusion {
    fn default() -> Self {
        Self { k: RRF_K_DEFAULT, text_weight: 1.0, vector_weight: 1.0 }
    }
}

/// A rank within one leg with that leg's weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// From 1.
    pub rank: u32,
    /// The leg's weight.
    pub weight: f32,
}

/// The fused score of a document from its ranks, in the order of the legs.
#[must_use]
pub fn reciprocal_rank(k: f32, ranks: impl Iterator<Item = Ranked>) -> f32 {
    ranks.fold(0.0, |score, leg| score + leg.weight / (k + leg.rank as f32))
}
