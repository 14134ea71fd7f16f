//! Vectors: metrics, the column that holds them, the exact scan, codes and the indexes over them.

mod build;
mod bytes;
mod codes;
mod column;
mod flat;
mod growing;
mod hnsw;
mod index;
mod ivf;
mod nearest;
mod quantize;
mod refine;
mod search;
mod truth;

pub use build::{BuiltIndex, BuiltRows, IndexBuilder};
pub use codes::{BlocksView, Codes, CodesView, Seen};
pub use column::VectorColumn;
pub use flat::{VectorHit, scan};
pub use growing::GrowingVectors;
pub use hnsw::{
    BASE_DEGREE, FREE, GraphDamage, GraphRows, GraphSearch, Hnsw, HnswBuilder, HnswView, Passes, Scratch, Slack,
    SlackCalibration, UPPER_DEGREE, Walked,
};
pub(crate) use index::{INDEX_NAMES, QUANTIZATION_NAMES};
pub use index::{IndexKind, Layout, Quantization, VectorIndex, lists_for};
pub use ivf::{Depth, IvfBuilder, RECALL_APPROXIMATE_MAX, RECALLS, measured_depths};
pub use nearest::{at_of, key_of};
pub use quantize::{BitQuery, BitRows, BitRowsView, ByteRow, ByteRows, ByteRowsView, PreparedQuery, Quantizer, Space};
pub use refine::Refined;
pub use search::{SearchedColumn, Strategy, VectorSearch};

use crate::rows::RowSet;
use alloc::vec::Vec;
use core::ops::RangeInclusive;
use sanderling_kernels as kernels;

/// The rows that a search may find.
#[derive(Clone, Copy, Debug)]
pub struct Passing<'a> {
    /// The rows.
    pub rows: &'a RowSet,
    /// How many they are.
    pub count: usize,
}

impl<'a> From<&'a RowSet> for Passing<'a> {
    fn from(rows: &'a RowSet) -> Self {
        Self { rows, count: rows.count() }
    }
}

/// Which vectors of a column a search may find.
#[derive(Clone, Copy, Debug)]
struct Allowed<'a> {
    /// The column that they are of.
    column: VectorColumn<'a>,
    /// The rows that pass.
    passing: &'a RowSet,
}

impl Allowed<'_> {
    /// Whether the vector at that position of the column may be found.
    fn has(&self, position: u32) -> bool {
        self.passing.contains(self.column.row(position as usize))
    }
}

/// How two vectors are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// 1 - the cosine of the angle; a zero vector has cosine 0 with everything.
    Cosine,
    /// Minus the inner product.
    Dot,
    /// The root of the sum of squared differences.
    Euclidean,
    /// The sum of absolute differences.
    Manhattan,
    /// The largest absolute difference.
    Chebyshev,
    /// The sum of relative differences; two zeros differ by nothing.
    Canberra,
    /// The sum of differences over the sum of sums: infinite of opposites, 0 of two zero vectors.
    BrayCurtis,
    /// The number of unequal components.
    Hamming,
    /// 1 - the sum of minima over the sum of maxima.
    Jaccard,
}

const NAMES: [(&str, Metric); 9] = [
    ("cosine", Metric::Cosine),
    ("dot", Metric::Dot),
    ("euclidean", Metric::Euclidean),
    ("manhattan", Metric::Manhattan),
    ("chebyshev", Metric::Chebyshev),
    ("canberra", Metric::Canberra),
    ("braycurtis", Metric::BrayCurtis),
    ("hamming", Metric::Hamming),
    ("jaccard", Metric::Jaccard),
];

impl Metric {
    /// The metric of that name in a schema.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, metric)| metric)
    }

    /// The name in a schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.into_iter().find(|(_, metric)| *metric == self).map_or("", |(name, _)| name)
    }

    /// All names.
    #[must_use]
    pub fn names() -> [&'static str; 9] {
        NAMES.map(|(name, _)| name)
    }

    /// The similarity of two vectors of the given norms: higher is better. It is the cosine, the inner product, or
    /// 1 / (1 + distance). It is never NaN: what overflows to no number is the least there is, for every processor gives
    /// NaN another sign and so another place among the scores.
    #[must_use]
    pub fn similarity(self, a: &[f32], norm_a: f32, b: &[f32], norm_b: f32) -> f32 {
        let similarity = match self {
            Self::Cosine => cosine(a, norm_a, b, norm_b),
            Self::Dot => kernels::dot(a, b),
            _ => 1.0 / (1.0 + self.distance(a, norm_a, b, norm_b)),
        };
        number_or(similarity, f32::NEG_INFINITY)
    }

    /// The metric's own distance of two vectors of the given norms. It is never NaN: what overflows to no number is
    /// infinite.
    #[must_use]
    pub fn distance(self, a: &[f32], norm_a: f32, b: &[f32], norm_b: f32) -> f32 {
        let distance = match self {
            Self::Cosine => 1.0 - cosine(a, norm_a, b, norm_b),
            Self::Dot => -kernels::dot(a, b),
            Self::Euclidean => kernels::square_root(kernels::squared_euclidean(a, b)),
            Self::Manhattan => kernels::manhattan(a, b),
            Self::Chebyshev => kernels::chebyshev(a, b),
            Self::Canberra => kernels::canberra(a, b),
            Self::BrayCurtis => kernels::bray_curtis(a, b),
            Self::Hamming => kernels::hamming(a, b),
            Self::Jaccard => kernels::jaccard(a, b),
        };
        number_or(distance, f32::INFINITY)
    }
}

fn number_or(value: f32, other: f32) -> f32 {
    if value.is_nan() { other } else { value }
}

/// Norms whose squares and products lose nothing to overflow or underflow.
const SAFE_NORMS: RangeInclusive<f32> = 1e-12..=1e18;

/// The cosine, kept within -1 and 1, which rounding could leave by one unit in the last place.
fn cosine(a: &[f32], norm_a: f32, b: &[f32], norm_b: f32) -> f32 {
    if SAFE_NORMS.contains(&norm_a) && SAFE_NORMS.contains(&norm_b) {
        return (kernels::dot(a, b) / (norm_a * norm_b)).clamp(-1.0, 1.0);
    }
    // A norm of 0 may be that of a vector whose squares are all too small to be numbers.
    if kernels::largest_magnitude(a) == 0.0 || kernels::largest_magnitude(b) == 0.0 {
        return 0.0;
    }
    let (a, b) = (rescaled(a), rescaled(b));
    (kernels::dot(&a, &b) / (kernels::norm(&a) * kernels::norm(&b))).clamp(-1.0, 1.0)
}

/// The vector times the power of two that brings its largest component near 1. So no digit changes, and where the norm
/// was safe before the cosine is the same in every bit.
fn rescaled(vector: &[f32]) -> Vec<f32> {
    let exponent = (kernels::largest_magnitude(vector).to_bits() >> 23) as i32 - 127;
    // Beyond these, the power of two would be no normal number itself.
    let scale = f32::from_bits(((127 - exponent.clamp(-126, 126)) as u32) << 23);
    crate::lists::map(vector, |value| value * scale)
}
