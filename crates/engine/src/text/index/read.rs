//! Reads the postings of a field in place.

use super::{
    EXACT_MAX, Kept,
    cells::{BestCells, exact_count},
    dictionary::DictionaryView,
    varint,
};
use crate::stored::{Cold, Stored};
use alloc::{borrow::Cow, vec, vec::Vec};
use core::sync::atomic::{AtomicU32, Ordering};
use sanderling_kernels::{PACKED, packed_words, unpack_ascending};

/// The terms of a field and their postings: of a writer, or of a file that passed [`PostingsView::check`].
#[derive(Clone, Copy, Debug)]
pub struct PostingsView<'a> {
    /// The shortest length of each bin of cells.
    pub bins: &'a [u32; 16],
    /// What is kept of a posting.
    pub kept: Kept,
    /// The rows of the segment.
    pub rows: u32,
    /// Where each block of the dictionary begins.
    pub dictionary_blocks: Stored<'a, u32>,
    /// The blocks of the dictionary.
    pub dictionary_bytes: Stored<'a, u8>,
    /// A term and one more: where its record begins.
    pub offsets: Stored<'a, u32>,
    /// A record a term: the number of its postings; the number of its first block, if it has one; then of the postings behind
    /// the last block the cells, the counts above [`EXACT_MAX`], the distances of the rows, and the places.
    pub records: Stored<'a, u8>,
    /// The last row of each block.
    pub block_last: Stored<'a, u32>,
    /// A block and one more: where its words begin.
    pub block_starts: Stored<'a, u32>,
    /// The four best cells of each block.
    pub block_best: Stored<'a, u32>,
    /// The rows of all blocks, packed.
    pub words: Stored<'a, u32>,
    /// The cells of all blocks.
    pub cells: Stored<'a, u8>,
    /// Where in `cells` the postings with a count above [`EXACT_MAX`] are, ascending.
    pub exception_places: Stored<'a, u32>,
    /// Their counts.
    pub exception_counts: Stored<'a, u32>,
    /// A block and one more: where the places of its postings begin.
    pub block_positions: Stored<'a, u32>,
    /// The places of the postings of all blocks.
    pub positions: Cold<'a, u8>,
    /// Of a file: the terms that were looked at. Before the first use of one its postings are read through.
    pub known: Option<&'a KnownTerms>,
}

/// A bit a term of a file: its postings can be read.
#[derive(Debug, Default)]
pub struct KnownTerms(Vec<AtomicU32>);

impl KnownTerms {
    /// For so many terms.
    #[must_use]
    pub fn new(terms: usize) -> Self {
        let mut bits = Vec::new();
        bits.resize_with(terms.div_ceil(32), AtomicU32::default);
        Self(bits)
    }

    fn has(&self, term: usize) -> bool {
        self.0.get(term / 32).is_some_and(|bits| bits.load(Ordering::Relaxed) >> (term % 32) & 1 == 1)
    }

    fn add(&self, term: usize) {
        if let Some(bits) = self.0.get(term / 32) {
            bits.fetch_or(1 << (term % 32), Ordering::Relaxed);
        }
    }
}

/// The postings of one term, which were read through: only their places are still to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct SealedList<'a> {
    bins: &'a [u32; 16],
    kept: Kept,
    block_last: &'a [u32],
    block_starts: &'a [u32],
    block_best: &'a [u32],
    words: &'a [u32],
    cells: &'a [u8],
    exception_places: &'a [u32],
    exception_counts: &'a [u32],
    block_positions: Stored<'a, u32>,
    positions: Cold<'a, u8>,
    /// The number of postings.
    len: usize,
    first_block: usize,
    /// What is left of the record: the postings behind the last block.
    tail: &'a [u8],
}

impl<'a> PostingsView<'a> {
    /// The terms.
    #[must_use]
    pub fn dictionary(&self) -> DictionaryView<'a> {
        let count = self.offsets.len().saturating_sub(1);
        DictionaryView { blocks: self.dictionary_blocks, bytes: self.dictionary_bytes, count }
    }

    /// The postings of the term of that number.
    #[must_use]
    pub fn list(&self, term: usize) -> SealedList<'a> {
        match self.known {
            Some(known) if !known.has(term) => self.first_use(term, known),
            _ => {
                let range = self.offsets.raw().get(term..term + 2).map(|pair| pair[0] as usize..pair[1] as usize);
                self.list_of(range.and_then(|range| self.records.raw().get(range)).unwrap_or_default())
            }
        }
    }

    fn list_of(&self, record: &'a [u8]) -> SealedList<'a> {
        let mut at = 0;
        let len = varint::next(record, &mut at) as usize;
        let first_block = if len >= PACKED { varint::next(record, &mut at) as usize } else { 0 };
        self.list_at(len, first_block, &record[at..])
    }

    fn list_at(&self, len: usize, first_block: usize, tail: &'a [u8]) -> SealedList<'a> {
        SealedList {
            bins: self.bins,
            kept: self.kept,
            block_last: self.block_last.raw(),
            block_starts: self.block_starts.raw(),
            block_best: self.block_best.raw(),
            words: self.words.raw(),
            cells: self.cells.raw(),
            exception_places: self.exception_places.raw(),
            exception_counts: self.exception_counts.raw(),
            block_positions: self.block_positions,
            positions: self.positions,
            len,
            first_block,
            tail,
        }
    }

    fn record(&self, term: usize) -> &'a [u8] {
        match *self.offsets.part(term, 2) {
            [from, end] => self.records.slice(from as usize..end as usize),
            _ => &[],
        }
    }

    /// A list of a file that was not read so far: without a posting if it is damaged.
    #[cold]
    #[inline(never)]
    fn first_use(&self, term: usize, known: &KnownTerms) -> SealedList<'a> {
        let list = self.list_of(self.record(term));
        if self.is_sound(&list) && list.read_through(self.rows, &mut Vec::new()).is_some() {
            known.add(term);
            return list;
        }
        self.records.blame();
        self.list_at(0, 0, &[])
    }

    /// Whether the arrays are there and sound where a list reads them, its places left out.
    fn is_sound(&self, list: &SealedList<'_>) -> bool {
        let blocks = list.first_block..list.first_block.saturating_add(list.blocks());
        let words = [blocks.start, blocks.end].map(|block| self.block_starts[block] as usize);
        let has_cells = self.kept != Kept::Rows;
        blocks.is_empty()
            || self.block_last.is_sound(blocks.clone())
                && self.block_starts.is_sound(blocks.start..blocks.end + 1)
                && self.words.is_sound(words[0]..words[1])
                && (!has_cells
                    || self.block_best.is_sound(blocks.clone())
                        && self.cells.is_sound(blocks.start * PACKED..blocks.end * PACKED)
                        && self.exception_places.is_sound(0..self.exception_places.len())
                        && self.exception_counts.is_sound(0..self.exception_places.len()))
    }

    /// Checks what comes from a file, for that many rows with these lengths: a reader relies on all of it. A term may have
    /// no postings only where `empty` says so.
    pub fn check(&self, lengths: &[u32], absent: u32, empty: bool) -> Result<(), &'static str> {
        self.dictionary().check()?;
        let terms = self.offsets.len().checked_sub(1).ok_or("postings without offsets")?;
        let blocks = self.block_last.len();
        let ascends = |offsets: Stored<'_, u32>, count: usize, end: usize| {
            let offsets = offsets.all();
            offsets.len() == count + 1
                && offsets[0] == 0
                && offsets.is_sorted()
                && offsets.last().is_some_and(|last| *last as usize == end)
        };
        let with_cells = if self.kept == Kept::Rows { 0 } else { blocks };
        let whole = ascends(self.offsets, terms, self.records.len())
            && ascends(self.block_starts, blocks, self.words.len())
            && if self.kept == Kept::Places {
                ascends(self.block_positions, blocks, self.positions.len())
            } else {
                self.block_positions.len() + self.positions.len() == 0
            }
            && self.block_best.len() == with_cells
            && self.cells.len() == with_cells * PACKED
            && self.exception_places.len() == self.exception_counts.len()
            && self.exception_places.all().is_sorted_by(|a, b| a < b)
            && self.bins.is_sorted();
        if !whole {
            return Err("postings whose arrays do not fit each other");
        }
        let mut next_block = 0;
        for term in 0..terms {
            next_block = self.check_term(term, next_block, lengths, absent, empty)?;
        }
        if next_block == blocks { Ok(()) } else { Err("blocks of postings without a term") }
    }

    fn check_term(
        &self,
        term: usize,
        next_block: usize,
        lengths: &[u32],
        absent: u32,
        empty: bool,
    ) -> Result<usize, &'static str> {
        const BAD: &str = "postings that cannot be read";
        let record = self.record(term);
        let mut at = 0;
        let len = varint::checked(record, &mut at).ok_or(BAD)? as usize;
        let blocks = len / PACKED;
        if blocks > 0 && varint::checked(record, &mut at).ok_or(BAD)? as usize != next_block {
            return Err(BAD);
        }
        if len == 0 && !empty {
            return Err(BAD);
        }
        let list = self.list_at(len, next_block, &record[at..]);
        let mut rows = Vec::new();
        if !self.is_sound(&list) {
            return Err(BAD);
        }
        list.read_through(self.rows, &mut rows).ok_or(BAD)?;
        if rows.iter().any(|row| lengths.get(*row as usize).is_none_or(|length| *length == absent)) {
            return Err("postings of rows that do not have the text");
        }
        list.check_places().ok_or(BAD)?;
        Ok(next_block + blocks)
    }
}

/// How far the places of a list were read, so that those of later postings are found from there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passed {
    /// The postings that are passed; none at first.
    pub postings: usize,
    /// Where the places of the next one begin.
    pub at: usize,
}

/// The parts of the postings behind the last block.
struct Tail<'a> {
    cells: &'a [u8],
    counts: &'a [u8],
    /// The distances of the rows and, behind them, the places.
    rows: &'a [u8],
}

impl<'a> SealedList<'a> {
    /// The number of postings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no posting.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of whole blocks.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.len / PACKED
    }

    fn in_tail(&self) -> usize {
        self.len % PACKED
    }

    /// The postings behind the last block that have a cell.
    fn cells_in_tail(&self) -> usize {
        if self.kept == Kept::Rows { 0 } else { self.in_tail() }
    }

    fn tail(&self) -> Tail<'a> {
        let (cells, rest) = self.tail.split_at(self.cells_in_tail());
        let mut at = 0;
        for cell in cells {
            if exact_count(*cell).is_none() {
                varint::next(rest, &mut at);
            }
        }
        let (counts, rows) = rest.split_at(at);
        Tail { cells, counts, rows }
    }

    /// Writes all rows.
    pub fn rows(&self, rows: &mut Vec<u32>) {
        rows.clear();
        rows.reserve(self.len);
        for block in 0..=self.blocks() {
            self.append_rows(block, rows);
        }
    }

    /// Appends the rows of a block, or of the postings behind the last one.
    pub fn append_rows(&self, block: usize, rows: &mut Vec<u32>) {
        let mut before = if block == 0 { 0 } else { self.block_last(block - 1) };
        if block < self.blocks() {
            let (words, width) = self.packed(block);
            rows.resize(rows.len() + PACKED, 0);
            if let Some(out) = rows.last_chunk_mut() {
                unpack_ascending(words, width, before, out);
            }
            return;
        }
        let (bytes, mut at) = (self.tail().rows, 0);
        for _ in 0..self.in_tail() {
            before = before.wrapping_add(varint::next(bytes, &mut at));
            rows.push(before);
        }
    }

    /// The first block from `from` on whose last row is not before that one; behind the last one the number of blocks.
    #[must_use]
    pub fn block_of(&self, from: usize, row: u32) -> usize {
        let (mut from, mut step) = (from, 1);
        while from + step <= self.blocks() && self.block_last(from + step - 1) < row {
            from += step;
            step *= 2;
        }
        let mut to = (from + step - 1).min(self.blocks());
        while from < to {
            let middle = from.midpoint(to);
            if self.block_last(middle) < row { from = middle + 1 } else { to = middle }
        }
        from
    }

    fn packed(&self, block: usize) -> (&'a [u32], u32) {
        let block = self.first_block + block;
        let range = self.block_starts[block] as usize..self.block_starts[block + 1] as usize;
        let width = (range.len() / packed_words(1)) as u32;
        (&self.words[range], width)
    }

    /// The last row of a block.
    #[must_use]
    pub fn block_last(&self, block: usize) -> u32 {
        self.block_last[self.first_block + block]
    }

    /// The best cells of a block, or of the postings behind the last one.
    #[must_use]
    pub fn best(&self, block: usize) -> u32 {
        if block < self.blocks() {
            return self.block_best[self.first_block + block];
        }
        let mut best = BestCells::default();
        self.tail[..self.in_tail()].iter().for_each(|cell| best.add(*cell));
        best.packed()
    }

    /// The cells of a block, or of the postings behind the last one.
    #[must_use]
    pub fn cells(&self, block: usize) -> &'a [u8] {
        if block < self.blocks() {
            &self.cells[(self.first_block + block) * PACKED..][..PACKED]
        } else {
            &self.tail[..self.in_tail()]
        }
    }

    /// The cells of all blocks, and of the postings behind the last one.
    #[must_use]
    pub fn all_cells(&self) -> (&'a [u8], &'a [u8]) {
        let blocks = &self.cells[self.first_block * PACKED..][..self.blocks() * PACKED];
        (blocks, &self.tail[..self.in_tail()])
    }

    /// The shortest length of each bin.
    #[must_use]
    pub fn bins(&self) -> &'a [u32; 16] {
        self.bins
    }

    /// How often the term stands in the row of the posting.
    #[must_use]
    pub fn count(&self, posting: usize) -> u32 {
        if self.kept == Kept::Rows {
            return 1;
        }
        let (block, at) = (posting / PACKED, posting % PACKED);
        if let Some(count) = exact_count(self.cells(block)[at]) {
            return count;
        }
        if block < self.blocks() {
            let place = ((self.first_block + block) * PACKED + at) as u32;
            let found = self.exception_places.binary_search(&place);
            return found.map_or(EXACT_MAX + 1, |found| self.exception_counts[found]);
        }
        let Tail { cells, counts, .. } = self.tail();
        let mut place = 0;
        for cell in &cells[..at] {
            if exact_count(*cell).is_none() {
                varint::next(counts, &mut place);
            }
        }
        varint::next(counts, &mut place)
    }

    /// How often the term stands in the rows of the postings with these cells, from that posting on.
    fn counts(&self, from: usize, cells: &[u8]) -> usize {
        let mut counts = 0;
        for (chunk, cells) in cells.chunks(8).enumerate() {
            // The counts of eight cells at once, where they tell all of them.
            let codes = cells.try_into().map_or(u64::MAX, u64::from_le_bytes);
            if codes & 0x8080_8080_8080_8080 == 0 {
                let each = (codes >> 4 & 0x0f0f_0f0f_0f0f_0f0f) + 0x0101_0101_0101_0101;
                counts += (each.wrapping_mul(0x0101_0101_0101_0101) >> 56) as usize;
                continue;
            }
            for (posting, cell) in (from + 8 * chunk..).zip(cells) {
                counts += exact_count(*cell).unwrap_or_else(|| self.count(posting)) as usize;
            }
        }
        counts
    }

    /// Appends the places of the words of a posting, each moved on by `shift`.
    pub fn places(&self, posting: usize, passed: &mut Passed, shift: u32, out: &mut Vec<u32>) {
        let block = posting / PACKED;
        let is_whole = block < self.blocks();
        if passed.postings <= block * PACKED || passed.postings > posting {
            let at = if is_whole {
                0
            } else {
                let rows = self.tail().rows;
                self.tail.len() - rows.len() + varint::end_of(rows, self.in_tail())
            };
            *passed = Passed { postings: block * PACKED, at };
        }
        let bytes = if is_whole { self.places_of(block) } else { Cow::Borrowed(self.tail) };
        let between = self.counts(passed.postings, &self.cells(block)[passed.postings % PACKED..posting % PACKED]);
        let mut at = passed.at + varint::end_of(bytes.get(passed.at..).unwrap_or_default(), between);
        let mut place = shift;
        for _ in 0..self.count(posting) {
            place = place.saturating_add(varint::next(&bytes, &mut at));
            out.push(place);
        }
        *passed = Passed { postings: posting + 1, at };
    }

    /// The places of the postings of a block.
    fn places_of(&self, block: usize) -> Cow<'a, [u8]> {
        let block = self.first_block + block;
        let [from, end] = [0, 1].map(|at| self.block_positions[block + at] as usize);
        self.positions.part(from, end.saturating_sub(from))
    }

    /// Reads all rows and counts, so that it is known that they can be: rows ascend and exist, arrays are long enough.
    fn read_through(&self, end: u32, rows: &mut Vec<u32>) -> Option<()> {
        if self.len > end as usize || self.tail.len() < self.cells_in_tail() {
            return None;
        }
        for block in self.first_block..self.first_block + self.blocks() {
            let words = self.block_starts[block + 1].checked_sub(self.block_starts[block])?;
            if !words.is_multiple_of(4) || words > 128 {
                return None;
            }
        }
        self.rows(rows);
        let whole = rows.len() == self.len && rows.is_sorted_by(|a, b| a < b);
        if !whole || rows.last().is_some_and(|last| *last >= end) {
            return None;
        }
        for (block, rows) in (0..self.blocks()).zip(rows.chunks(PACKED)) {
            if rows.last() != Some(&self.block_last(block)) {
                return None;
            }
            self.block_counts(block)?;
        }
        self.tail_counts().map(|_| ())
    }

    /// Whether the places of all postings can be read.
    fn check_places(&self) -> Option<()> {
        let (counts, mut at) = self.tail_counts()?;
        let rest = &self.tail[self.cells_in_tail()..];
        if self.kept == Kept::Places {
            check_positions(rest, &mut at, &counts)?;
            for block in 0..self.blocks() {
                let (bytes, mut at) = (self.places_of(block), 0);
                check_positions(&bytes, &mut at, &self.block_counts(block)?)?;
                if at != bytes.len() {
                    return None;
                }
            }
        }
        (at == rest.len()).then_some(())
    }

    /// The counts of the postings behind the last block, and where behind their cells the places begin.
    fn tail_counts(&self) -> Option<(Vec<u32>, usize)> {
        let (cells, rest) = self.tail.split_at_checked(self.cells_in_tail())?;
        let (mut at, mut counts) = (0, vec![]);
        for cell in cells {
            let count = match exact_count(*cell) {
                Some(count) => count,
                None => varint::checked(rest, &mut at).filter(|count| *count > EXACT_MAX)?,
            };
            counts.push(count);
        }
        for _ in 0..self.in_tail() {
            varint::checked(rest, &mut at)?;
        }
        Some((counts, at))
    }

    /// The counts of the postings of a block.
    fn block_counts(&self, block: usize) -> Option<Vec<u32>> {
        let mut counts = vec![];
        if self.kept == Kept::Rows {
            return Some(counts);
        }
        let first = ((self.first_block + block) * PACKED) as u32;
        for (place, cell) in (first..).zip(self.cells(block)) {
            counts.push(match exact_count(*cell) {
                Some(count) => count,
                None => {
                    let found = self.exception_places.binary_search(&place).ok()?;
                    self.exception_counts.get(found).copied().filter(|count| *count > EXACT_MAX)?
                }
            });
        }
        Some(counts)
    }
}

/// Whether there are so many places for each posting, ascending within it.
fn check_positions(bytes: &[u8], at: &mut usize, counts: &[u32]) -> Option<()> {
    for count in counts {
        let mut place = 0_u32;
        for occurrence in 0..*count {
            let step = varint::checked(bytes, at)?;
            place = place.checked_add(step).filter(|_| occurrence == 0 || step > 0)?;
        }
    }
    Some(())
}
