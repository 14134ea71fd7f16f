//! The vectors of a field and their index as sections, written and read side by side.
//!
//! Beside rows, values and norms there is always a *head*: an array of u32 that begins with the number of the layout. What
//! was measured of the index follows it as the bits of f32. The other sections are those of [`CODES`] or [`GRAPH`], or the
//! bytes alone. Opening checks the lengths of sections; nothing is built.

use super::{SectionKind, SectionReader, SectionWriter};
use crate::{
    Result,
    lists::{map, try_map},
    rows::RowSet,
    schema::VectorField,
    stored::{Blocks, Stored},
    vector::{
        BitRowsView, BlocksView, ByteRowsView, CodesView, Depth, GraphRows, HnswView, Quantizer, RECALLS, Refined,
        SearchedColumn, Slack, VectorColumn, VectorIndex,
    },
};
use alloc::{boxed::Box, vec::Vec};
use core::{array, ops::Range};

/// The numbers of the layouts in a head.
const NONE: u32 = 0;
const BYTES: u32 = 1;
const LISTS: u32 = 2;
const LINKS: u32 = 3;
const LINKS_AND_BITS: u32 = 4;

/// The sections of one set of byte rows: bytes, scales, sums, squares.
const ROWS: [SectionKind; 4] =
    [SectionKind::RowBytes, SectionKind::RowScales, SectionKind::RowSums, SectionKind::RowSquares];

/// The sections of codes beside their byte rows.
const CODES: [SectionKind; 16] = [
    SectionKind::CodeBlocks,
    SectionKind::CodeAdds,
    SectionKind::CodeFactors,
    SectionKind::GuideBlocks,
    SectionKind::GuideAdds,
    SectionKind::GuideFactors,
    SectionKind::ListBlocks,
    SectionKind::ListVectors,
    SectionKind::CentroidBytes,
    SectionKind::CentroidScales,
    SectionKind::CentroidSums,
    SectionKind::CentroidSquares,
    SectionKind::CodePositions,
    SectionKind::CodePlaces,
    SectionKind::ListCopies,
    SectionKind::CopiedVectors,
];

/// The sections of a graph beside its byte rows.
const GRAPH: [SectionKind; 4] =
    [SectionKind::GraphBase, SectionKind::GraphUpper, SectionKind::GraphFirstLists, SectionKind::GraphLinks];

/// The sections of a graph over bits: there are no byte rows.
const GRAPH_OF_BITS: [SectionKind; 6] =
    [GRAPH[0], GRAPH[1], GRAPH[2], GRAPH[3], SectionKind::BitRows, SectionKind::BitCentroid];

/// Writes a column of a segment of so many rows, and its index.
pub fn write_vectors(
    writer: &mut SectionWriter,
    (field, rows): (usize, usize),
    column: VectorColumn<'_>,
    index: VectorIndex<'_>,
) {
    // Where every row has a vector, no list of them is needed.
    let are_all = column.len() == rows;
    let present = RowSet::matching(rows, &mut |row| column.position(row).is_some());
    let words: Vec<u64> = if are_all { Vec::new() } else { present.words().collect() };
    writer.add(SectionKind::VectorRows, field, if are_all { &[] } else { column.rows.all() });
    writer.add(SectionKind::VectorPresent, field, &words);
    writer.add(SectionKind::VectorValues, field, &column.values.all());
    writer.add(SectionKind::VectorNorms, field, column.norms.all());
    let head = match index {
        VectorIndex::None => Vec::from([NONE]),
        VectorIndex::Bytes(_, refined) => head(BYTES, &[], refined.iter().flat_map(|refined| refined.0)),
        VectorIndex::Codes { depths, .. } => head(LISTS, &[], depths.iter().flat_map(|depth| depth.numbers())),
        VectorIndex::Graph { graph, rows, slacks } => {
            let layout = if let GraphRows::Bits(_) = rows { LINKS_AND_BITS } else { LINKS };
            head(layout, &[graph.entry], slacks.iter().flat_map(|slack| slack.numbers()))
        }
    };
    writer.add(SectionKind::VectorIndex, field, &head);
    match index {
        VectorIndex::None => {}
        VectorIndex::Bytes(rows, _) => write_rows(writer, field, ROWS, rows),
        VectorIndex::Codes { codes, .. } => write_codes(writer, field, codes),
        VectorIndex::Graph { graph, rows, .. } => {
            let arrays = [graph.base, graph.upper, graph.first_lists, graph.links];
            GRAPH.into_iter().zip(arrays).for_each(|(kind, array)| writer.add(kind, field, array.all()));
            match rows {
                GraphRows::Bytes(rows) => write_rows(writer, field, ROWS, rows),
                GraphRows::Bits(rows) => {
                    writer.add(SectionKind::BitRows, field, rows.bytes.all());
                    writer.add(SectionKind::BitCentroid, field, rows.centroid.all());
                }
            }
        }
    }
}

fn head(layout: u32, numbers: &[u32], measured: impl Iterator<Item = f32>) -> Vec<u32> {
    let mut head = Vec::from([layout]);
    head.extend_from_slice(numbers);
    head.extend(measured.map(f32::to_bits));
    head
}

fn write_codes(writer: &mut SectionWriter, field: usize, codes: CodesView<'_>) {
    let [blocks, adds, factors, guide, guide_adds, guide_factors, list_blocks, list_vectors, ..] = CODES;
    writer.add(blocks, field, codes.blocks.codes.all());
    writer.add(adds, field, codes.blocks.adds.all());
    writer.add(factors, field, codes.blocks.factors.all());
    writer.add(guide, field, codes.guide.codes.all());
    writer.add(guide_adds, field, codes.guide.adds.all());
    writer.add(guide_factors, field, codes.guide.factors.all());
    writer.add(list_blocks, field, codes.first_blocks.all());
    writer.add(list_vectors, field, codes.first_vectors.all());
    write_rows(writer, field, [CODES[8], CODES[9], CODES[10], CODES[11]], codes.centroids);
    writer.add(CODES[12], field, codes.positions.all());
    writer.add(CODES[13], field, codes.places.all());
    writer.add(CODES[14], field, codes.first_copies.all());
    writer.add(CODES[15], field, codes.copies.all());
    write_rows(writer, field, ROWS, codes.rows);
}

fn write_rows(writer: &mut SectionWriter, field: usize, kinds: [SectionKind; 4], rows: ByteRowsView<'_>) {
    let [bytes, scales, sums, squares] = kinds;
    writer.add(bytes, field, &rows.bytes.all());
    writer.add(scales, field, rows.scales.all());
    writer.add(sums, field, rows.sums.all());
    writer.add(squares, field, rows.squares.all());
}

/// Where the vectors of a field and their index lie in a file.
pub struct StoredVectors {
    field: VectorField,
    quantizer: Option<Quantizer>,
    /// Rows, values, norms.
    column: [Range<usize>; 3],
    /// The words of the set of rows that have a vector; none where all have.
    present: Range<usize>,
    /// The sections of the layout, in the order of their list, and then of the byte rows.
    ranges: Vec<Range<usize>>,
    layout: StoredLayout,
    rows: usize,
}

enum StoredLayout {
    None,
    Bytes([Refined; RECALLS.len()]),
    Codes(Box<[Depth; RECALLS.len()]>),
    Graph(u32, [Slack; RECALLS.len()]),
    GraphOfBits(u32, [Slack; RECALLS.len()]),
}

impl StoredVectors {
    /// The column alone, whatever became of its index.
    pub fn without_index(
        sections: &SectionReader<'_>,
        position: usize,
        field: &VectorField,
        rows: usize,
    ) -> Result<Self> {
        let column = [
            sections.range::<u32>(SectionKind::VectorRows, position)?,
            sections.range::<f32>(SectionKind::VectorValues, position)?,
            sections.range::<f32>(SectionKind::VectorNorms, position)?,
        ];
        let present = sections.range::<u64>(SectionKind::VectorPresent, position)?;
        let (field, quantizer, ranges) = (field.clone(), None, Vec::new());
        Ok(Self { field, quantizer, column, present, ranges, layout: StoredLayout::None, rows })
    }

    /// Finds the sections of a field in a segment of so many rows, and checks that their lengths fit.
    pub fn open(
        sections: &SectionReader<'_>,
        file: &Blocks,
        position: usize,
        field: &VectorField,
        rows: usize,
    ) -> Result<Self> {
        let column = Self::without_index(sections, position, field, rows)?;
        let head = sections.range::<u32>(SectionKind::VectorIndex, position)?;
        let damaged = |problem: &str| sections.damaged(&format_args!("the segment has {problem}"));
        let (layout, kinds) =
            layout_of(file.array(&head).all()).ok_or_else(|| damaged("a vector index of an unknown kind"))?;
        let find = |kind: &SectionKind| match kind.size() {
            1 => sections.range::<u8>(*kind, position),
            _ => sections.range::<u32>(*kind, position),
        };
        let mut ranges = try_map(kinds, find)?;
        if !matches!(layout, StoredLayout::None | StoredLayout::GraphOfBits(..)) {
            ranges.append(&mut try_map(&ROWS, find)?);
        }
        let quantizer = Quantizer::new(field.dimensions, field.metric);
        let stored = Self { quantizer, ranges, layout, ..column };
        stored.check_column(file).and_then(|()| stored.check_index(file)).map_err(damaged)?;
        Ok(stored)
    }

    fn check_column(&self, file: &Blocks) -> core::result::Result<(), &'static str> {
        let VectorColumn { dimensions, rows, values, norms } = self.column(file);
        if Some(values.len()) != norms.len().checked_mul(dimensions) {
            return Err("vectors of another length than the schema's");
        }
        let [listed, words] = if norms.len() == self.rows { [0; 2] } else { [norms.len(), self.rows.div_ceil(64)] };
        if [rows.len(), self.present.len() / 8] != [listed, words] {
            return Err("vectors of another number than their rows");
        }
        Ok(())
    }

    fn check_index(&self, file: &Blocks) -> core::result::Result<(), &'static str> {
        let Some(quantizer) = &self.quantizer else {
            return match self.layout {
                StoredLayout::None => Ok(()),
                _ => Err("an index over a metric that has none"),
            };
        };
        let vectors = self.column[2].len() / size_of::<f32>();
        let fits = |rows: ByteRowsView<'_>| rows.fits(quantizer.dimensions(), vectors);
        match self.index(file) {
            VectorIndex::None => Ok(()),
            VectorIndex::Bytes(rows, _) if fits(rows) => Ok(()),
            VectorIndex::Codes { codes, .. } => codes.check_lengths(quantizer, vectors),
            VectorIndex::Graph { graph, rows, .. }
                if match rows {
                    GraphRows::Bytes(rows) => fits(rows),
                    GraphRows::Bits(rows) => rows.fits(quantizer.dimensions(), vectors),
                } =>
            {
                graph.check_lengths(vectors).map_err(|_| "a graph of another size than its vectors")
            }
            _ => Err("bytes or bits of other vectors"),
        }
    }

    /// Checks what a search relies on and no checksum tells.
    pub fn check(&self, file: &Blocks) -> core::result::Result<(), &'static str> {
        let column = self.column(file);
        let rows = column.rows.all();
        if !rows.is_sorted_by(|a, b| a < b) || rows.last().is_some_and(|last| *last as usize >= self.rows) {
            return Err("rows that do not ascend");
        }
        let present = RowSet::matching(self.rows, &mut |row| column.position(row).is_some());
        if self.present(file) != present {
            return Err("another set of rows than the list of them");
        }
        match self.index(file) {
            VectorIndex::Codes { codes, .. } => codes.check(column.len()),
            VectorIndex::Graph { graph, .. } => {
                graph.check(column.len()).map_err(|_| "a graph whose links lead astray")
            }
            _ => Ok(()),
        }
    }

    /// The column.
    #[must_use]
    pub fn column<'a>(&self, file: &'a Blocks) -> VectorColumn<'a> {
        let [rows, values, norms] = &self.column;
        VectorColumn {
            dimensions: self.field.dimensions,
            rows: file.array(rows),
            values: file.cold(values),
            norms: file.array(norms),
        }
    }

    /// The rows that have a vector.
    #[must_use]
    pub fn present(&self, file: &Blocks) -> RowSet {
        let words: Stored<'_, u64> = file.array(&self.present);
        if words.is_empty() { RowSet::all(self.rows) } else { RowSet::from_words(words.all().to_vec(), self.rows) }
    }

    /// The column with its index.
    #[must_use]
    pub fn searched<'a>(&'a self, file: &'a Blocks) -> SearchedColumn<'a> {
        let (column, index) = (self.column(file), self.index(file));
        SearchedColumn { column, metric: self.field.metric, quantizer: self.quantizer.as_ref(), index }
    }

    fn index<'a>(&'a self, file: &'a Blocks) -> VectorIndex<'a> {
        let numbers = |section: usize| file.array::<u32>(&self.ranges[section]);
        match &self.layout {
            StoredLayout::None => VectorIndex::None,
            StoredLayout::Bytes(refined) => VectorIndex::Bytes(self.byte_rows(file, 0), refined),
            StoredLayout::Codes(depths) => {
                let blocks = |first: usize| BlocksView {
                    codes: file.array(&self.ranges[first]),
                    adds: file.array(&self.ranges[first + 1]),
                    factors: file.array(&self.ranges[first + 2]),
                };
                let codes = CodesView {
                    blocks: blocks(0),
                    guide: blocks(3),
                    first_blocks: numbers(6),
                    first_vectors: numbers(7),
                    centroids: self.byte_rows(file, 8),
                    positions: numbers(12),
                    places: numbers(13),
                    first_copies: numbers(14),
                    copies: numbers(15),
                    rows: self.byte_rows(file, CODES.len()),
                };
                VectorIndex::Codes { codes, depths }
            }
            StoredLayout::Graph(entry, slacks) | StoredLayout::GraphOfBits(entry, slacks) => {
                let graph = HnswView {
                    base: numbers(0),
                    upper: numbers(1),
                    first_lists: numbers(2),
                    links: numbers(3),
                    entry: *entry,
                };
                let rows = if let StoredLayout::Graph(..) = self.layout {
                    GraphRows::Bytes(self.byte_rows(file, GRAPH.len()))
                } else {
                    let (bytes, centroid) = (file.array(&self.ranges[4]), file.array(&self.ranges[5]));
                    GraphRows::Bits(BitRowsView { bytes, centroid })
                };
                VectorIndex::Graph { graph, rows, slacks }
            }
        }
    }

    fn byte_rows<'a>(&self, file: &'a Blocks, first: usize) -> ByteRowsView<'a> {
        ByteRowsView {
            dimensions: self.field.dimensions,
            bytes: file.cold(&self.ranges[first]),
            scales: file.array(&self.ranges[first + 1]),
            sums: file.array(&self.ranges[first + 2]),
            squares: file.array(&self.ranges[first + 3]),
        }
    }
}

/// The layout that a head tells, and its sections beside the byte rows; none if it tells none.
fn layout_of(head: &[u32]) -> Option<(StoredLayout, &'static [SectionKind])> {
    let (number, rest) = head.split_first()?;
    match *number {
        NONE if rest.is_empty() => Some((StoredLayout::None, &[])),
        BYTES => {
            let measured = measured(rest, RECALLS.len() * Refined::NUMBERS)?;
            let refined = |recall: usize| Refined(array::from_fn(|at| measured[recall * Refined::NUMBERS + at]));
            Some((StoredLayout::Bytes(array::from_fn(refined)), &[]))
        }
        LISTS => {
            let measured = measured(rest, RECALLS.len() * Depth::NUMBERS)?;
            let depth = |recall: usize| array::from_fn(|at| measured[recall * Depth::NUMBERS + at]);
            let depths = array::from_fn(|recall| Depth::of_numbers(depth(recall)));
            Some((StoredLayout::Codes(Box::new(depths)), &CODES))
        }
        LINKS | LINKS_AND_BITS => {
            let (entry, rest) = rest.split_first()?;
            let measured = measured(rest, RECALLS.len() * Slack::NUMBERS)?;
            let numbers = |recall: usize| array::from_fn(|at| measured[recall * Slack::NUMBERS + at]);
            let slacks = array::from_fn(|recall| Slack::of_numbers(numbers(recall)));
            Some(if *number == LINKS {
                (StoredLayout::Graph(*entry, slacks), &GRAPH)
            } else {
                (StoredLayout::GraphOfBits(*entry, slacks), &GRAPH_OF_BITS)
            })
        }
        _ => None,
    }
}

/// So many numbers that were measured; none unless each is one of at least 0.
fn measured(bits: &[u32], count: usize) -> Option<Vec<f32>> {
    let numbers = map(bits, |bits| f32::from_bits(*bits));
    (numbers.len() == count && numbers.iter().all(|number| *number >= 0.0)).then_some(numbers)
}
