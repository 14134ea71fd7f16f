//! Writes the terms of a field with their postings, term by term in the order of their bytes.

use super::{
    EXACT_MAX, Kept, PostingsView,
    cells::{BestCells, cell_of},
    dictionary::DictionaryWriter,
    varint,
};
use alloc::vec::Vec;
use sanderling_kernels::{PACKED, pack_ascending};

/// The postings of a field under construction.
#[derive(Clone, Debug)]
pub struct PostingsWriter {
    bins: [u32; 16],
    kept: Kept,
    dictionary: DictionaryWriter,
    offsets: Vec<u32>,
    records: Vec<u8>,
    block_last: Vec<u32>,
    block_starts: Vec<u32>,
    block_best: Vec<u32>,
    words: Vec<u32>,
    cells: Vec<u8>,
    exception_places: Vec<u32>,
    exception_counts: Vec<u32>,
    block_positions: Vec<u32>,
    positions: Vec<u8>,
}

/// The postings of one term: rows ascending, how often it stands in each, and where, one row after the other.
#[derive(Clone, Debug, Default)]
pub struct TermPostings {
    /// The rows.
    pub rows: Vec<u32>,
    /// Occurrences in each.
    pub counts: Vec<u32>,
    /// The places of all occurrences, ascending within a row; not to be read where the field keeps none.
    pub positions: Vec<u32>,
}

impl TermPostings {
    /// Adds an occurrence in the newest row, at a place that is not before the others; the same place counts once. Where
    /// places are not kept, the last alone stays, to compare with.
    pub fn push(&mut self, row: u32, position: u32, keeps_positions: bool) {
        match self.counts.last_mut() {
            Some(count) if self.rows.last() == Some(&row) => {
                if self.positions.last() == Some(&position) {
                    return;
                }
                *count += 1;
            }
            _ => {
                self.rows.push(row);
                self.counts.push(1);
            }
        }
        if !keeps_positions {
            self.positions.clear();
        }
        self.positions.push(position);
    }

    /// Adds the newest row of a text whose occurrences do not matter: nothing else is kept of it.
    pub fn push_row(&mut self, row: u32) {
        if self.rows.last() != Some(&row) {
            self.rows.push(row);
        }
    }

    /// No postings.
    pub const NONE: Self = Self { rows: Vec::new(), counts: Vec::new(), positions: Vec::new() };

    /// Leaves nothing.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.counts.clear();
        self.positions.clear();
    }
}

impl PostingsWriter {
    /// A writer for rows whose lengths fall into these bins.
    #[must_use]
    pub fn new(bins: [u32; 16], kept: Kept) -> Self {
        let block_positions = if kept == Kept::Places { Vec::from([0]) } else { Vec::new() };
        Self {
            bins,
            kept,
            dictionary: DictionaryWriter::default(),
            offsets: Vec::from([0]),
            records: Vec::new(),
            block_last: Vec::new(),
            block_starts: Vec::from([0]),
            block_best: Vec::new(),
            words: Vec::new(),
            cells: Vec::new(),
            exception_places: Vec::new(),
            exception_counts: Vec::new(),
            block_positions,
            positions: Vec::new(),
        }
    }

    /// Adds the next term. `lengths` has the length of every row.
    pub fn push(&mut self, term: &[u8], postings: &TermPostings, lengths: &[u32]) {
        self.dictionary.push(term);
        let df = postings.rows.len();
        varint::push(&mut self.records, df as u32);
        if df >= PACKED {
            varint::push(&mut self.records, self.block_last.len() as u32);
        }
        let cell = |at: usize| cell_of(postings.counts[at], lengths[postings.rows[at] as usize], &self.bins);
        let cells = crate::lists::map(0..if self.kept == Kept::Rows { 0 } else { df }, cell);
        let (mut before, mut position) = (0, 0);
        let (blocks, tail) = postings.rows.as_chunks::<PACKED>();
        for (block, rows) in blocks.iter().enumerate() {
            let range = block * PACKED..(block + 1) * PACKED;
            self.write_rows(rows, before);
            before = rows[PACKED - 1];
            if self.kept != Kept::Rows {
                self.write_cells(&cells[range.clone()], &postings.counts[range.clone()]);
            }
            if self.kept == Kept::Places {
                position = push_positions(&mut self.positions, postings, range, position);
                self.block_positions.push(self.positions.len() as u32);
            }
        }
        let range = df - tail.len()..df;
        if self.kept != Kept::Rows {
            self.records.extend_from_slice(&cells[range.clone()]);
            for count in postings.counts[range.clone()].iter().filter(|count| **count > EXACT_MAX) {
                varint::push(&mut self.records, *count);
            }
        }
        for row in tail {
            varint::push(&mut self.records, row - before);
            before = *row;
        }
        if self.kept == Kept::Places {
            push_positions(&mut self.records, postings, range, position);
        }
        self.offsets.push(self.records.len() as u32);
    }

    fn write_rows(&mut self, rows: &[u32; PACKED], before: u32) {
        let words = &mut self.words;
        pack_ascending(rows, before, &mut |word| words.push(word));
        self.block_starts.push(self.words.len() as u32);
        self.block_last.push(rows[PACKED - 1]);
    }

    fn write_cells(&mut self, cells: &[u8], counts: &[u32]) {
        let place = self.cells.len() as u32;
        for (at, count) in (place..).zip(counts).filter(|(_, count)| **count > EXACT_MAX) {
            self.exception_places.push(at);
            self.exception_counts.push(*count);
        }
        let mut best = BestCells::default();
        cells.iter().for_each(|cell| best.add(*cell));
        self.block_best.push(best.packed());
        self.cells.extend_from_slice(cells);
    }

    /// What was written.
    #[must_use]
    pub fn view(&self) -> PostingsView<'_> {
        let dictionary = self.dictionary.view();
        PostingsView {
            bins: &self.bins,
            kept: self.kept,
            rows: u32::MAX,
            dictionary_blocks: dictionary.blocks,
            dictionary_bytes: dictionary.bytes,
            offsets: (&self.offsets).into(),
            records: (&self.records).into(),
            block_last: (&self.block_last).into(),
            block_starts: (&self.block_starts).into(),
            block_best: (&self.block_best).into(),
            words: (&self.words).into(),
            cells: (&self.cells).into(),
            exception_places: (&self.exception_places).into(),
            exception_counts: (&self.exception_counts).into(),
            block_positions: (&self.block_positions).into(),
            positions: (&self.positions).into(),
            known: None,
        }
    }
}

/// Appends the places of the postings in `range`, of which the first has its own at `from`; returns where the next begin.
fn push_positions(
    bytes: &mut Vec<u8>,
    postings: &TermPostings,
    range: core::ops::Range<usize>,
    mut from: usize,
) -> usize {
    for count in &postings.counts[range] {
        let mut before = 0;
        for position in &postings.positions[from..from + *count as usize] {
            varint::push(bytes, position - before);
            before = *position;
        }
        from += *count as usize;
    }
    from
}
