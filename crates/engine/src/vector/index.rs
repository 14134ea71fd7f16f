//! What stands beside the column of a field, and which index a column gets. The choice depends on the schema and on the
//! number of vectors alone: never on the host, the clock or a budget, or answers would differ.

use super::{ByteRowsView, CodesView, Depth, GraphRows, HnswView, RECALLS, Refined, Slack};
use sanderling_kernels as kernels;

/// The index of a field, as its schema asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexKind {
    /// What the number of vectors makes best.
    Auto,
    /// One list that is scanned whole.
    Flat,
    /// A graph of neighbours.
    Hnsw,
    /// Many lists, of which the nearest are scanned.
    Ivf,
}

/// What an index keeps of each vector beside the vector itself, as the schema asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantization {
    /// A bit a dimension, and a byte a dimension.
    Auto,
    /// Nothing.
    None,
    /// A byte a dimension.
    Int8,
    /// A bit a dimension.
    Rabitq,
}

/// The words of a schema, the default first.
pub(crate) const INDEX_NAMES: [&str; 4] = ["auto", "flat", "hnsw", "ivf"];
/// The words of a schema, the default first.
pub(crate) const QUANTIZATION_NAMES: [&str; 4] = ["auto", "none", "int8", "rabitq"];

impl IndexKind {
    /// The kinds in the order of their names.
    const ALL: [Self; 4] = [Self::Auto, Self::Flat, Self::Hnsw, Self::Ivf];

    /// The kind of that name in a schema.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(Self::ALL[INDEX_NAMES.iter().position(|known| *known == name)?])
    }

    /// The name in a schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        INDEX_NAMES[self as usize]
    }
}

impl Quantization {
    /// The kinds in the order of their names.
    const ALL: [Self; 4] = [Self::Auto, Self::None, Self::Int8, Self::Rabitq];

    /// The kind of that name in a schema.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(Self::ALL[QUANTIZATION_NAMES.iter().position(|known| *known == name)?])
    }

    /// The name in a schema.
    #[must_use]
    pub fn name(self) -> &'static str {
        QUANTIZATION_NAMES[self as usize]
    }
}

/// How the index of one column is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// There is none.
    None,
    /// A byte a dimension.
    Bytes,
    /// Codes in so many lists, with bytes or alone.
    Codes {
        /// The lists.
        lists: usize,
        /// Whether the codes have bytes beside them.
        has_rows: bool,
    },
    /// A graph.
    Graph {
        /// Whether it has bytes; bits otherwise.
        has_rows: bool,
    },
}

/// Vectors below which one list is scanned as fast as the right ones of many are found.
const FLAT_BELOW: usize = 2_000;

/// Vectors below which all bytes are compared where bytes alone are asked for.
const BYTES_BELOW: usize = 10_000;

/// Dimensions below which a vector in full is read as fast as anything else about it.
pub(super) const DIMENSIONS_MIN: usize = 16;

/// Lists for the square root of the number of vectors.
const LISTS_PER_ROOT: usize = 3;

/// The number of lists for that many vectors.
#[must_use]
pub fn lists_for(vectors: usize) -> usize {
    if vectors < FLAT_BELOW { 1 } else { many_lists(vectors) }
}

fn many_lists(vectors: usize) -> usize {
    (kernels::square_root(vectors as f32) as usize * LISTS_PER_ROOT).clamp(1, vectors.max(1))
}

impl Layout {
    /// The layout for that many vectors. Where bits or bytes are asked for that the index cannot do without or cannot
    /// use, the index decides: a graph always has bytes or bits, many lists always have codes.
    #[must_use]
    pub fn of(index: IndexKind, quantization: Quantization, dimensions: usize, vectors: usize) -> Self {
        let has_rows = quantization != Quantization::Rabitq;
        let lists = match index {
            IndexKind::Hnsw => return Self::Graph { has_rows },
            IndexKind::Ivf => return Self::Codes { lists: many_lists(vectors), has_rows },
            IndexKind::Flat => 1,
            IndexKind::Auto => lists_for(vectors),
        };
        match quantization {
            _ if dimensions < DIMENSIONS_MIN && quantization == Quantization::Auto => Self::None,
            Quantization::None => Self::None,
            Quantization::Int8 if lists == 1 || vectors < BYTES_BELOW => Self::Bytes,
            _ => Self::Codes { lists, has_rows },
        }
    }
}

impl Layout {
    /// Whether bits stand alone.
    pub(super) fn is_without_rows(self) -> bool {
        matches!(self, Self::Codes { has_rows: false, .. } | Self::Graph { has_rows: false })
    }
}

/// What stands beside the column of a field.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant, reason = "a view that lives as long as one search")]
pub enum VectorIndex<'a> {
    /// Nothing: every search compares in full.
    None,
    /// The vectors as bytes, in the order of the column, and how many to compare in full for each of [`RECALLS`].
    Bytes(ByteRowsView<'a>, &'a [Refined; RECALLS.len()]),
    /// Codes in one list or many, with what was measured of them.
    Codes {
        /// The codes.
        codes: CodesView<'a>,
        /// How deep to search for each of [`RECALLS`].
        depths: &'a [Depth; RECALLS.len()],
    },
    /// A graph over the vectors as bytes or as bits, with what was measured of it.
    Graph {
        /// The graph.
        graph: HnswView<'a>,
        /// The vectors, in the order of the column.
        rows: GraphRows<'a>,
        /// How far beyond the last hit to look for each of [`RECALLS`].
        slacks: &'a [Slack; RECALLS.len()],
    },
}

impl VectorIndex<'_> {
    /// Its name in plans: of a schema's words, and `bytes` or `none`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bytes(..) => "bytes",
            Self::Codes { codes, .. } if codes.lists() == 1 => "flat",
            Self::Codes { .. } => "ivf",
            Self::Graph { .. } => "hnsw",
        }
    }
}
