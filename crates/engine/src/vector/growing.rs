//! The vectors of one field in a growing segment, with an index that grows with them.
//!
//! Below [`CODES_FROM`] vectors a full comparison is fast enough. From there on there is one list of codes around the
//! mean of those first vectors; how deep to search it is measured then and whenever the number of vectors has doubled. A
//! graph is grown from the first vector on, where the schema asks for one. All of it depends on the vectors and their
//! order alone, so a log that is replayed makes the same index again.

use super::{
    ByteRows, Depth, GraphRows, Hnsw, IndexKind, IvfBuilder, Layout, Quantizer, RECALLS, Refined, Scratch,
    SearchedColumn, Slack, VectorColumn, VectorIndex, measured_depths,
};
use crate::{ids::RowId, rows::RowSet, schema::VectorField};
use alloc::{vec, vec::Vec};
use sanderling_kernels as kernels;

/// Vectors from which on there are codes.
const CODES_FROM: usize = 1_024;

/// Vectors that depths are measured with: few, because a writer waits meanwhile.
const QUERIES: usize = 32;

/// So few know the largest errors of estimates only roughly.
const MARGIN: f32 = 1.2;

/// A graph that was never measured: a walk through all that is kept.
const UNMEASURED: [Slack; RECALLS.len()] = [Slack::whole(Refined([0.0; 2])); RECALLS.len()];

/// The vectors of one field in a growing segment.
#[derive(Clone, Debug)]
pub struct GrowingVectors {
    field: VectorField,
    quantizer: Option<Quantizer>,
    rows: Vec<u32>,
    values: Vec<f32>,
    norms: Vec<f32>,
    present: RowSet,
    index: GrowingIndex,
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "one a field")]
enum GrowingIndex {
    /// None, and there will be none.
    Never,
    /// None yet.
    NotYet,
    /// One list.
    Codes { codes: super::Codes, depths: [Depth; RECALLS.len()], center: Vec<f32> },
    /// A graph.
    Graph { graph: Hnsw, rows: ByteRows, scratch: Scratch },
}

impl GrowingVectors {
    /// An empty column.
    #[must_use]
    pub fn new(field: &VectorField) -> Self {
        let quantizer = Quantizer::new(field.dimensions, field.metric);
        let index = match (&quantizer, field.index, field.quantization) {
            (None, _, _) => GrowingIndex::Never,
            (Some(quantizer), IndexKind::Hnsw, _) => GrowingIndex::Graph {
                graph: Hnsw::new(quantizer.space()),
                rows: ByteRows::new(field.dimensions),
                scratch: Scratch::default(),
            },
            (_, index, quantization)
                if Layout::of(index, quantization, field.dimensions, CODES_FROM) == Layout::None =>
            {
                GrowingIndex::Never
            }
            _ => GrowingIndex::NotYet,
        };
        let field = field.clone();
        let (rows, values, norms) = (Vec::new(), Vec::new(), Vec::new());
        Self { field, quantizer, rows, values, norms, present: RowSet::default(), index }
    }

    /// Adds the vector of the newest row.
    pub fn push(&mut self, row: RowId, vector: &[f32]) {
        let norm = kernels::norm(vector);
        self.rows.push(row.0);
        self.present.grow(row.index() + 1);
        self.present.insert(row);
        self.values.extend_from_slice(vector);
        self.norms.push(norm);
        match &self.quantizer {
            Some(quantizer) if quantizer.takes(norm) => {}
            _ => self.index = GrowingIndex::Never,
        }
        self.index_last(vector, norm);
    }

    /// About how many nanoseconds so many vectors more take, but for their own copies.
    #[must_use]
    pub fn effort(&self, vectors: usize) -> u64 {
        let Self { values, rows, field: VectorField { dimensions, .. }, .. } = self;
        let end = rows.len() + vectors;
        // Those that are there may have to move.
        let moved = if end * dimensions > values.capacity() { values.len() * 2 } else { 0 };
        let indexed = match self.index {
            GrowingIndex::Never => 0,
            GrowingIndex::Graph { .. } => vectors * 500,
            GrowingIndex::NotYet | GrowingIndex::Codes { .. } => {
                // Depths are measured at powers of two.
                let last = (end + 1).next_power_of_two() / 2;
                let measured = if last > rows.len() && last >= CODES_FROM { last * QUERIES / 2 } else { 0 };
                vectors * 6 + measured
            }
        };
        (moved + indexed * dimensions) as u64
    }

    fn index_last(&mut self, vector: &[f32], norm: f32) {
        let Some(quantizer) = &self.quantizer else { return };
        let count = self.rows.len();
        let mut rotated = vec![0.0; vector.len()];
        match &mut self.index {
            GrowingIndex::Never => {}
            GrowingIndex::NotYet if count < CODES_FROM => {}
            GrowingIndex::NotYet => self.begin_codes(),
            GrowingIndex::Codes { codes, depths, center } => {
                quantizer.rotate(vector, norm, &mut rotated);
                codes.push(quantizer, &rotated, center, count as u32 - 1);
                if count.is_power_of_two() {
                    let (rows, values, norms) = ((&self.rows).into(), (&self.values).into(), (&self.norms).into());
                    let column = VectorColumn { dimensions: vector.len(), rows, values, norms };
                    *depths = widened(measured_depths(quantizer, column, codes.view(), QUERIES));
                }
            }
            GrowingIndex::Graph { graph, rows, scratch } => {
                quantizer.rotate(vector, norm, &mut rotated);
                rows.push(&rotated);
                graph.insert(rows.view(), scratch);
            }
        }
    }

    fn begin_codes(&mut self) {
        let Some(quantizer) = &self.quantizer else { return };
        let mut builder = IvfBuilder::new(quantizer, 1).measured_with(QUERIES);
        while !builder.step(quantizer, self.view()) {}
        if let Some((codes, depths)) = builder.finish() {
            let center = codes.view().centroids.restored(0);
            self.index = GrowingIndex::Codes { codes, depths: widened(depths), center };
        }
    }

    /// The rows that have a vector, of the first `rows` of the segment.
    #[must_use]
    pub fn present(&self, rows: usize) -> RowSet {
        let mut present = self.present.clone();
        present.grow(rows);
        present
    }

    /// The column to read.
    #[must_use]
    pub fn view(&self) -> VectorColumn<'_> {
        let dimensions = self.field.dimensions;
        let (rows, values, norms) = ((&self.rows).into(), (&self.values).into(), (&self.norms).into());
        VectorColumn { dimensions, rows, values, norms }
    }

    /// The column to search.
    #[must_use]
    pub fn searched(&self) -> SearchedColumn<'_> {
        let index = match &self.index {
            GrowingIndex::Never | GrowingIndex::NotYet => VectorIndex::None,
            GrowingIndex::Codes { codes, depths, .. } => VectorIndex::Codes { codes: codes.view(), depths },
            GrowingIndex::Graph { graph, rows, .. } => {
                VectorIndex::Graph { graph: graph.view(), rows: GraphRows::Bytes(rows.view()), slacks: &UNMEASURED }
            }
        };
        let Self { field, quantizer, .. } = self;
        SearchedColumn { column: self.view(), metric: field.metric, quantizer: quantizer.as_ref(), index }
    }
}

/// Depths that were measured with few queries.
fn widened(depths: [Depth; RECALLS.len()]) -> [Depth; RECALLS.len()] {
    depths.map(|depth| Depth { slacks: depth.slacks.map(|slack| slack * MARGIN), ..depth })
}
