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

use crate::{ids::RowId, rows::RowSet};
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
    /// The row of each vector.
    rows: &'a [u32],
    /// The rows that pass.
    passing: &'a RowSet,
}

impl Allowed<'_> {
    /// Whether the vector at that position of the column may be found.
    fn has(&self, position: u32) -> bool {
        self.passing.contains(RowId(self.rows[position as usize]))
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
    /// The sum of relative differences.
    Canberra,
    /// The sum of differences over the sum of sums.
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
    /// 1 / (1 + distance).
    #[must_use]
    pub fn similarity(self, a: &[f32], norm_a: f32, b: &[f32], norm_b: f32) -> f32 {
        match self {
            Self::Cosine => cosine(a, norm_a, b, norm_b),
            Self::Dot => kernels::dot(a, b),
            _ => 1.0 / (1.0 + self.distance(a, norm_a, b, norm_b)),
        }
    }

    /// The metric's own distance of two vectors of the given norms.
    #[must_use]
    pub fn distance(self, a: &[f32], norm_a: f32, b: &[f32], norm_b: f32) -> f32 {
        match self {
            Self::Cosine => 1.0 - cosine(a, norm_a, b, norm_b),
            Self::Dot => -kernels::dot(a, b),
            Self::Euclidean => kernels::square_root(kernels::squared_euclidean(a, b)),
            Self::Manhattan => kernels::manhattan(a, b),
            Self::Chebyshev => kernels::chebyshev(a, b),
            Self::Canberra => kernels::canberra(a, b),
            Self::BrayCurtis => kernels::bray_curtis(a, b),
            Self::Hamming => kernels::hamming(a, b),
            Self::Jaccard => kernels::jaccard(a, b),
        }
    }
}

/// The cosine, kept within -1 and 1, which rounding could leave by one unit in the last place.
fn cosine(a: &[f32], norm_a: f32, b: &[f32], norm_b: f32) -> f32 {
    let norms = norm_a * norm_b;
    if norms > 0.0 && norms.is_finite() { (kernels::dot(a, b) / norms).clamp(-1.0, 1.0) } else { 0.0 }
}
