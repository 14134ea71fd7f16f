//! The live rows of some segments as the bytes of one: sealing is the merge of one growing segment, compaction that of
//! several sealed ones. Nothing is analysed again.

use super::super::documents::{PackedDocuments, Unpacked};
use super::{FACTS, SectionKind, SectionWriter, attributes::write_attribute, merge_text::MergedText, write_vectors};
use crate::{
    Schema,
    defects::{Defect, is},
    ids::{DatabaseId, FileId, RowId},
    lists::map,
    order::sorted,
    rows::RowSet,
    schema::{FieldKind, VectorField},
    segment::Segment,
    vector::{BuiltIndex, IndexBuilder, Quantizer, VectorColumn},
};
use alloc::{boxed::Box, vec, vec::Vec};

/// A segment with the rows of it that go into the merged one.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The segment.
    pub segment: Segment<'a>,
    /// The rows to keep.
    pub keep: &'a RowSet,
}

/// The row of the merged segment that stands for a row that is not kept.
pub(super) const DROPPED: u32 = u32::MAX;

/// A merge in slices: the rows, then the *parts*, which are the documents and the columns. Each step is told the same sources, oldest
/// first, so that rows stay in the order of their writes. A part depends on no other: they may be made one after the other or side
/// by side, and are written in one order.
#[derive(Debug, Default)]
pub struct Merging {
    writer: SectionWriter,
    /// For each source, where each of its rows goes; and the parts. None before the first step.
    begun: Option<(Vec<Vec<u32>>, Vec<Part>)>,
    /// How many parts are written.
    written: usize,
}

/// A part of a segment that is being made.
#[derive(Debug)]
struct Part {
    /// The column.
    field: usize,
    made: Made,
    is_done: bool,
}

/// What there is of a part.
#[derive(Debug)]
enum Made {
    Documents(MergedDocuments),
    /// A column of which there is nothing yet, or nothing any more.
    Nothing,
    Vectors(Box<MergedVectors>),
    Text(Box<MergedText>),
}

/// Does the next slice of work on a part and says whether the part is made.
#[cfg(all(feature = "parallel", not(target_family = "wasm")))]
pub type PartStep<'a> = Box<dyn FnMut() -> bool + Send + 'a>;

/// Documents that are being packed.
#[derive(Debug)]
struct MergedDocuments {
    packed: PackedDocuments,
    /// The next source, and the next row of it.
    next: (usize, u32),
    /// How many there are by now.
    pushed: usize,
}

/// Bytes of documents that one step packs.
const SLICE_BYTES: u64 = 1 << 20;

/// The vectors of a column whose index is being built.
#[derive(Debug)]
struct MergedVectors {
    dimensions: usize,
    rows: Vec<u32>,
    values: Vec<f32>,
    norms: Vec<f32>,
    index: Option<(Quantizer, IndexBuilder)>,
}

impl Merging {
    /// A merge that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Does the next slice of work and says whether all is done.
    pub fn step(&mut self, schema: &Schema, sources: &[Source<'_>]) -> bool {
        let Some((new_rows, parts)) = &mut self.begun else {
            self.begin(schema, sources);
            return false;
        };
        let Some(part) = parts.get_mut(self.written) else { return true };
        if part.is_done || part.step(schema, sources, new_rows) {
            part.write(&mut self.writer, schema, sources);
            self.written += 1;
        }
        self.written == parts.len()
    }

    /// How many rows of all parts are made, where each has so many. Those of a column count when it is made.
    #[must_use]
    pub fn done(&self, rows: usize) -> usize {
        let of_part = |part: &Part| match &part.made {
            _ if part.is_done => rows,
            Made::Documents(documents) => documents.pushed,
            _ => 0,
        };
        self.begun.iter().flat_map(|(_, parts)| parts).map(of_part).sum()
    }

    /// Has `run` work on all parts that are not made yet, in any order or at once, and says whether there were any.
    #[cfg(all(feature = "parallel", not(target_family = "wasm")))]
    pub fn step_parts(
        &mut self,
        schema: &Schema,
        sources: &[Source<'_>],
        run: &mut dyn FnMut(Vec<PartStep<'_>>),
    ) -> bool {
        if self.begun.is_none() {
            self.begin(schema, sources);
        }
        let Some((new_rows, parts)) = &mut self.begun else { return false };
        let new_rows = &*new_rows;
        // An index of vectors takes longest, so it does not begin last.
        let mut left: Vec<&mut Part> = parts.iter_mut().filter(|part| !part.is_done).collect();
        left.sort_by_key(|part| {
            !matches!(schema.fields.get(part.field).map(|field| &field.kind), Some(FieldKind::Vector(_)))
        });
        let steps: Vec<PartStep<'_>> = left
            .into_iter()
            .map(|part| Box::new(move || part.step(schema, sources, new_rows)) as PartStep<'_>)
            .collect();
        let are_some = !steps.is_empty();
        if are_some {
            run(steps);
        }
        are_some
    }

    fn begin(&mut self, schema: &Schema, sources: &[Source<'_>]) {
        write_rows(&mut self.writer, sources);
        let documents = MergedDocuments { packed: PackedDocuments::new(), next: (0, 0), pushed: 0 };
        let mut parts = Vec::from([Part { field: 0, made: Made::Documents(documents), is_done: false }]);
        parts.extend((0..schema.fields.len()).map(|field| Part { field, made: Made::Nothing, is_done: false }));
        self.begun = Some((new_rows(sources), parts));
    }

    /// The bytes of the new segment and its root checksum, once all is done.
    #[must_use]
    pub fn finish(self, database: DatabaseId, file: FileId) -> (Vec<u8>, u32) {
        self.writer.finish(database, file)
    }
}

impl Part {
    fn step(&mut self, schema: &Schema, sources: &[Source<'_>], new_rows: &[Vec<u32>]) -> bool {
        if matches!(self.made, Made::Nothing) {
            self.made = match &schema.fields[self.field].kind {
                FieldKind::Vector(field) => {
                    Made::Vectors(Box::new(MergedVectors::new(sources, new_rows, self.field, field)))
                }
                FieldKind::Text(field) => Made::Text(Box::new(MergedText::new(sources, self.field, field.positions))),
                FieldKind::Attribute(_) => Made::Nothing,
            };
        }
        self.is_done = match &mut self.made {
            Made::Documents(documents) => documents.step(sources),
            Made::Vectors(vectors) => vectors.step(),
            Made::Text(text) => text.step(sources, new_rows, self.field),
            Made::Nothing => true,
        };
        self.is_done
    }

    /// Writes what was made, which then is gone.
    fn write(&mut self, writer: &mut SectionWriter, schema: &Schema, sources: &[Source<'_>]) {
        match core::mem::replace(&mut self.made, Made::Nothing) {
            Made::Documents(documents) => documents.packed.write(writer),
            Made::Vectors(vectors) => {
                vectors.write(writer, self.field, sources.iter().map(|source| source.keep.count()).sum());
            }
            Made::Text(text) => text.write(writer, self.field),
            Made::Nothing => {
                if let FieldKind::Attribute(attribute) = &schema.fields[self.field].kind {
                    write_attribute(writer, sources, self.field, attribute.kind);
                }
            }
        }
    }
}

pub(super) fn for_each_kept<'a>(sources: &[Source<'a>], visit: &mut dyn FnMut(Segment<'a>, RowId)) {
    for source in sources {
        source.keep.iter().for_each(|row| visit(source.segment, row));
    }
}

/// For each source, where each of its rows goes.
fn new_rows(sources: &[Source<'_>]) -> Vec<Vec<u32>> {
    let mut next = 0;
    map(sources, |source| {
        let mut rows = vec![DROPPED; source.segment.rows()];
        for row in source.keep.iter() {
            rows[row.index()] = next;
            next += 1;
        }
        rows
    })
}

fn write_rows(writer: &mut SectionWriter, sources: &[Source<'_>]) {
    let (mut sequences, mut expiries) = (Vec::new(), Vec::new());
    let (mut ids, mut id_offsets, mut id_bytes) = (Vec::new(), vec![0_u32], Vec::new());
    for_each_kept(sources, &mut |segment, row| {
        sequences.push(segment.sequence(row).0);
        let expires_at = segment.expiry(row);
        expiries.push(if is(Defect::ExpiryForgotten) { u64::MAX } else { expires_at });
        let id = segment.id(row);
        id.write_bytes(&mut id_bytes);
        id_offsets.push(id_bytes.len() as u32);
        ids.push(id);
    });
    let order = sorted(ids.len(), &mut |a, b| ids[a].cmp(&ids[b]));
    let first_expiry = expiries.iter().copied().min().unwrap_or(u64::MAX);
    let facts: [u64; FACTS] = [ids.len() as u64, first_expiry];
    writer.add(SectionKind::Facts, 0, &facts);
    writer.add(SectionKind::Sequences, 0, &sequences);
    writer.add(SectionKind::Expiries, 0, &expiries);
    writer.add(SectionKind::IdOffsets, 0, &id_offsets);
    writer.add(SectionKind::IdBytes, 0, &id_bytes);
    writer.add(SectionKind::IdOrder, 0, &order);
}

impl MergedDocuments {
    /// Packs the next documents and says whether all are packed.
    fn step(&mut self, sources: &[Source<'_>]) -> bool {
        let (mut unpacked, mut begin) = (Unpacked::default(), None);
        while let Some(source) = sources.get(self.next.0) {
            for row in (self.next.1..source.segment.rows() as u32).map(RowId).filter(|row| source.keep.contains(*row)) {
                self.pushed += 1;
                let end = self.packed.push(source.segment.document(row, &mut unpacked));
                if end - *begin.get_or_insert(end) >= SLICE_BYTES {
                    self.next.1 = row.0 + 1;
                    return false;
                }
            }
            self.next = (self.next.0 + 1, 0);
        }
        true
    }
}

impl MergedVectors {
    fn new(sources: &[Source<'_>], new_rows: &[Vec<u32>], field: usize, definition: &VectorField) -> Self {
        let (mut rows, mut values, mut norms) = (Vec::new(), Vec::new(), Vec::new());
        for (source, new_rows) in sources.iter().zip(new_rows) {
            let Some(column) = source.segment.vectors(field) else { continue };
            for position in 0..column.len() {
                let new_row = new_rows.get(column.row(position).index()).copied().unwrap_or(DROPPED);
                if new_row != DROPPED {
                    rows.push(new_row);
                    values.extend_from_slice(&column.at(position));
                    norms.push(column.norms[position]);
                }
            }
        }
        let VectorField { dimensions, metric, index, quantization, .. } = *definition;
        let mut merged = Self { dimensions, rows, values, norms, index: None };
        merged.index = Quantizer::new(dimensions, metric).map(|quantizer| {
            let builder = IndexBuilder::new(&quantizer, merged.column(), index, quantization);
            (quantizer, builder)
        });
        merged
    }

    fn column(&self) -> VectorColumn<'_> {
        let Self { dimensions, rows, values, norms, .. } = self;
        VectorColumn { dimensions: *dimensions, rows: rows.into(), values: values.into(), norms: norms.into() }
    }

    fn step(&mut self) -> bool {
        let Some((quantizer, mut builder)) = self.index.take() else { return true };
        let is_done = builder.step(&quantizer, self.column());
        self.index = Some((quantizer, builder));
        is_done
    }

    fn write(mut self, writer: &mut SectionWriter, field: usize, rows: usize) {
        let built = self.index.take().and_then(|(_, builder)| builder.finish()).unwrap_or(BuiltIndex::None);
        write_vectors(writer, (field, rows), self.column(), built.view());
    }
}
