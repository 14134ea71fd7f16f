//! The index of a column that is complete, built in slices.

use super::refine::RefinedCalibration;
use super::{
    BitRows, ByteRows, Codes, Depth, GraphRows, Hnsw, HnswBuilder, IndexKind, IvfBuilder, Layout, Quantization,
    Quantizer, RECALLS, Refined, Slack, SlackCalibration, VectorColumn, VectorIndex,
};
use alloc::vec;

/// Vectors that one step rotates.
const SLICE: usize = 64;

/// An index that owns its bytes.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "one at a time")]
pub enum BuiltIndex {
    /// No index.
    None,
    /// The vectors as bytes and how many to compare in full.
    Bytes(ByteRows, [Refined; RECALLS.len()]),
    /// Codes and how deep to search them.
    Codes(Codes, [Depth; RECALLS.len()]),
    /// A graph, its vectors, and how far to look.
    Graph(Hnsw, BuiltRows, [Slack; RECALLS.len()]),
}

/// The vectors of a graph.
#[derive(Clone, Debug)]
pub enum BuiltRows {
    /// The bytes that it was built of.
    Bytes(ByteRows),
    /// Bits that took their place.
    Bits(BitRows),
}

impl BuiltRows {
    /// The rows to read.
    #[must_use]
    pub fn view(&self) -> GraphRows<'_> {
        match self {
            Self::Bytes(rows) => GraphRows::Bytes(rows.view()),
            Self::Bits(rows) => GraphRows::Bits(rows.view()),
        }
    }
}

impl BuiltIndex {
    /// The index to read.
    #[must_use]
    pub fn view(&self) -> VectorIndex<'_> {
        match self {
            Self::None => VectorIndex::None,
            Self::Bytes(rows, refined) => VectorIndex::Bytes(rows.view(), refined),
            Self::Codes(codes, depths) => VectorIndex::Codes { codes: codes.view(), depths },
            Self::Graph(graph, rows, slacks) => VectorIndex::Graph { graph: graph.view(), rows: rows.view(), slacks },
        }
    }
}

/// A build under way.
#[derive(Debug)]
pub struct IndexBuilder {
    layout: Layout,
    phase: Phase,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "one at a time")]
enum Phase {
    Lists(IvfBuilder),
    Rotate(ByteRows),
    Refine(ByteRows, RefinedCalibration),
    Link(ByteRows, HnswBuilder),
    Shrink(ByteRows, Hnsw, BitRows),
    /// The bits, where searches are to walk by them.
    Measure(ByteRows, Hnsw, Option<BitRows>, SlackCalibration),
    Done(BuiltIndex),
}

impl IndexBuilder {
    /// Starts the build of what a schema asks for. A vector that the quantizer does not take leaves the column without
    /// an index.
    #[must_use]
    pub fn new(quantizer: &Quantizer, column: VectorColumn<'_>, index: IndexKind, quantization: Quantization) -> Self {
        let takes_all = column.norms.all().iter().all(|norm| quantizer.takes(*norm));
        let vectors = if takes_all { column.len() } else { 0 };
        let layout =
            if vectors == 0 { Layout::None } else { Layout::of(index, quantization, column.dimensions, vectors) };
        let phase = match layout {
            Layout::None => Phase::Done(BuiltIndex::None),
            Layout::Codes { lists, .. } => Phase::Lists(IvfBuilder::new(quantizer, lists)),
            Layout::Bytes | Layout::Graph { .. } => Phase::Rotate(ByteRows::new(column.dimensions)),
        };
        Self { layout, phase }
    }

    /// Does the next slice of work on the column, the same at each call, and says whether all is done.
    pub fn step(&mut self, quantizer: &Quantizer, column: VectorColumn<'_>) -> bool {
        // A phase that ends hands over what it made.
        let phase = core::mem::replace(&mut self.phase, Phase::Done(BuiltIndex::None));
        self.phase = match phase {
            Phase::Lists(mut builder) => {
                if builder.step(quantizer, column) {
                    Phase::Done(self.of_lists(builder))
                } else {
                    Phase::Lists(builder)
                }
            }
            Phase::Rotate(mut rows) => {
                let is_done = rotate_slice(quantizer, column, &mut rows);
                match (is_done, self.layout) {
                    (false, _) => Phase::Rotate(rows),
                    (true, Layout::Graph { .. }) => Phase::Link(rows, HnswBuilder::new(quantizer.space())),
                    (true, _) => Phase::Refine(rows, RefinedCalibration::default()),
                }
            }
            Phase::Refine(rows, mut calibration) => {
                if calibration.step(quantizer, column, rows.view()) {
                    Phase::Done(BuiltIndex::Bytes(rows, calibration.finish()))
                } else {
                    Phase::Refine(rows, calibration)
                }
            }
            Phase::Link(rows, mut builder) => {
                if builder.step(rows.view()) {
                    let graph = builder.finish().unwrap_or_else(|| Hnsw::new(quantizer.space()));
                    if self.layout.is_without_rows() {
                        Phase::Shrink(rows, graph, BitRows::new(column.dimensions))
                    } else {
                        Phase::Measure(rows, graph, None, SlackCalibration::default())
                    }
                } else {
                    Phase::Link(rows, builder)
                }
            }
            Phase::Shrink(rows, graph, mut bits) => {
                if bits.step(quantizer, rows.view()) {
                    Phase::Measure(rows, graph, Some(bits), SlackCalibration::default())
                } else {
                    Phase::Shrink(rows, graph, bits)
                }
            }
            Phase::Measure(rows, graph, bits, calibration) => {
                measure((quantizer, column), rows, graph, bits, calibration)
            }
            done @ Phase::Done(_) => done,
        };
        matches!(self.phase, Phase::Done(_))
    }

    fn of_lists(&self, builder: IvfBuilder) -> BuiltIndex {
        let Some((mut codes, depths)) = builder.finish() else { return BuiltIndex::None };
        if self.layout.is_without_rows() {
            codes.forget_rows();
        }
        BuiltIndex::Codes(codes, depths)
    }

    /// What was built, once all is done.
    #[must_use]
    pub fn finish(self) -> Option<BuiltIndex> {
        match self.phase {
            Phase::Done(built) => Some(built),
            _ => None,
        }
    }

    /// Builds to the end at once.
    #[must_use]
    pub fn run(mut self, quantizer: &Quantizer, column: VectorColumn<'_>) -> BuiltIndex {
        while !self.step(quantizer, column) {}
        self.finish().unwrap_or(BuiltIndex::None)
    }
}

/// Measures one query more.
fn measure(
    (quantizer, column): (&Quantizer, VectorColumn<'_>),
    rows: ByteRows,
    graph: Hnsw,
    bits: Option<BitRows>,
    mut calibration: SlackCalibration,
) -> Phase {
    let walked = bits.as_ref().map_or(GraphRows::Bytes(rows.view()), |bits| GraphRows::Bits(bits.view()));
    if calibration.step((quantizer, column), graph.view(), rows.view(), walked) {
        let rows = bits.map_or(BuiltRows::Bytes(rows), BuiltRows::Bits);
        Phase::Done(BuiltIndex::Graph(graph, rows, calibration.finish()))
    } else {
        Phase::Measure(rows, graph, bits, calibration)
    }
}

/// Adds the next vectors as bytes and says whether those were the last.
pub(super) fn rotate_slice(quantizer: &Quantizer, column: VectorColumn<'_>, rotated: &mut ByteRows) -> bool {
    let from = rotated.view().len();
    let end = (from + SLICE).min(column.len());
    let mut vector = vec![0.0; quantizer.dimensions()];
    for position in from..end {
        quantizer.rotate(&column.at(position), column.norms[position], &mut vector);
        rotated.push(&vector);
    }
    end == column.len()
}
