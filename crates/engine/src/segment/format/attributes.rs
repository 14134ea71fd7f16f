//! The values of an attribute as sections, written and read side by side.
//!
//! Different values ascend and are named by code; each row has the codes of its values, ascending, and each code its rows. Arrays
//! that would say nothing are empty: offsets where each row has one value, starts where each code has one row.

use super::{SectionKind, SectionReader, SectionWriter, Source, merge::for_each_kept};
use crate::{
    Result,
    attributes::{AttributeColumn, AttributeValue, ColumnValues, Dictionary, GeoPoint, Postings, cell_of},
    ids::RowId,
    lists::map,
    order::sorted,
    schema::AttributeKind,
    stored::{Blocks, Stored},
};
use alloc::{vec, vec::Vec};
use core::{cmp::Ordering, ops::Range};

/// Writes the values of the rows that are kept.
pub(super) fn write_attribute(writer: &mut SectionWriter, sources: &[Source<'_>], field: usize, kind: AttributeKind) {
    match kind {
        AttributeKind::Geo => write_points(writer, sources, field),
        _ => write_coded(writer, sources, field, kind),
    }
}

/// What one source's column has, and which of its values are in use.
struct UsedValues<'a> {
    column: Option<AttributeColumn<'a>>,
    /// For each code its place in the list of all used values; none where it is not used.
    place_of: Vec<u32>,
}

const UNUSED: u32 = u32::MAX;

fn write_coded(writer: &mut SectionWriter, sources: &[Source<'_>], field: usize, kind: AttributeKind) {
    let mut values: Vec<AttributeValue<'_>> = Vec::new();
    let used = map(sources, |source| {
        let column = source.segment.attribute(field);
        let mut place_of = Vec::new();
        if let Some((column, (codes, dictionary))) = column.and_then(|column| Some((column, column.coded()?))) {
            place_of.resize(dictionary.len(), UNUSED);
            for row in source.keep.iter() {
                for code in codes.slice(column.range(row)) {
                    if let Some(place) = place_of.get_mut(*code as usize)
                        && *place == UNUSED
                    {
                        *place = values.len() as u32;
                        values.push(dictionary.get(*code));
                    }
                }
            }
        }
        UsedValues { column, place_of }
    });
    // Equal values of different sources become one code.
    let order = sorted(values.len(), &mut |a, b| values[a].order(values[b]));
    let (mut code_of, mut different) = (vec![0_u32; values.len()], Vec::new());
    for at in order {
        let value = values[at as usize];
        if different.last().is_none_or(|last: &AttributeValue<'_>| last.order(value) != Ordering::Equal) {
            different.push(value);
        }
        code_of[at as usize] = different.len() as u32 - 1;
    }
    if kind == AttributeKind::Boolean {
        // Both have their codes whether they are used or not.
        let bits = map(&different, |value| u32::from(*value == AttributeValue::Boolean(true)));
        code_of.iter_mut().for_each(|code| *code = bits[*code as usize]);
    }
    let (mut codes, mut offsets) = (Vec::new(), vec![0_u32]);
    for (source, used) in sources.iter().zip(&used) {
        for row in source.keep.iter() {
            let from = codes.len();
            if let Some((column, (theirs, _))) = used.column.and_then(|column| Some((column, column.coded()?))) {
                let placed =
                    theirs.slice(column.range(row)).iter().filter_map(|code| used.place_of.get(*code as usize));
                codes.extend(placed.map(|place| code_of[*place as usize]));
                crate::order::sort(&mut codes[from..]);
            }
            offsets.push(codes.len() as u32);
        }
    }
    write_dictionary(writer, field, kind, &different);
    let count = if kind == AttributeKind::Boolean { 2 } else { different.len() };
    write_rows(writer, field, &offsets, &codes, count);
    writer.add(SectionKind::AttributeCodes, field, &codes);
}

fn write_dictionary(writer: &mut SectionWriter, field: usize, kind: AttributeKind, values: &[AttributeValue<'_>]) {
    match kind {
        AttributeKind::Keyword => {
            let (mut offsets, mut bytes) = (vec![0_u32], Vec::new());
            for value in values {
                if let AttributeValue::Keyword(word) = value {
                    bytes.extend_from_slice(word.as_bytes());
                }
                offsets.push(bytes.len() as u32);
            }
            writer.add(SectionKind::WordOffsets, field, &offsets);
            writer.add(SectionKind::WordBytes, field, &bytes);
        }
        AttributeKind::Number | AttributeKind::Date => {
            let numbers = map(values, |value| if let AttributeValue::Number(number) = value { *number } else { 0.0 });
            writer.add(SectionKind::AttributeNumbers, field, &numbers);
        }
        AttributeKind::Boolean | AttributeKind::Geo => {}
    }
}

/// The rows of each code, by counting; and the offsets of the rows.
fn write_rows(writer: &mut SectionWriter, field: usize, offsets: &[u32], codes: &[u32], count: usize) {
    let mut starts = vec![0_u32; count + 1];
    codes.iter().for_each(|code| starts[*code as usize + 1] += 1);
    for at in 0..count {
        starts[at + 1] += starts[at];
    }
    let (mut next, mut rows) = (starts.clone(), vec![0_u32; codes.len()]);
    for row in 0..offsets.len() - 1 {
        for code in &codes[offsets[row] as usize..offsets[row + 1] as usize] {
            let place = &mut next[*code as usize];
            rows[*place as usize] = row as u32;
            *place += 1;
        }
    }
    let counts = |array: &[u32]| array.iter().zip(0..).all(|(number, at)| *number == at);
    let unless_counts = |array| if counts(array) { &[] } else { array };
    writer.add(SectionKind::AttributeOffsets, field, unless_counts(offsets));
    writer.add(SectionKind::AttributeStarts, field, unless_counts(&starts));
    writer.add(SectionKind::AttributeRows, field, &rows);
}

fn write_points(writer: &mut SectionWriter, sources: &[Source<'_>], field: usize) {
    let (mut points, mut offsets) = (Vec::new(), vec![0_u32]);
    for_each_kept(sources, &mut |segment, row: RowId| {
        if let Some(column) = segment.attribute(field) {
            column.points(row).for_each(|GeoPoint { lat, lon }| points.extend_from_slice(&[lat, lon]));
        }
        offsets.push(points.len() as u32 / 2);
    });
    let cells = map(points.as_chunks::<2>().0, |[lat, lon]| cell_of(GeoPoint { lat: *lat, lon: *lon }));
    let mut different: Vec<u32> = Vec::new();
    let mut codes = vec![0_u32; cells.len()];
    for at in sorted(cells.len(), &mut |a, b| cells[a].cmp(&cells[b])) {
        let cell = cells[at as usize];
        if different.last() != Some(&cell) {
            different.push(cell);
        }
        codes[at as usize] = different.len() as u32 - 1;
    }
    write_rows(writer, field, &offsets, &codes, different.len());
    writer.add(SectionKind::AttributeCells, field, &different);
    writer.add(SectionKind::AttributePoints, field, &points);
}

/// Where the values of an attribute lie in a file.
pub struct StoredAttribute {
    kind: AttributeKind,
    rows: usize,
    offsets: Range<usize>,
    starts: Range<usize>,
    row_lists: Range<usize>,
    /// Codes, or places.
    values: Range<usize>,
    /// Numbers, offsets of words, or cells.
    dictionary: Range<usize>,
    word_bytes: Range<usize>,
}

impl StoredAttribute {
    /// Finds the sections of a field in a segment of so many rows; of their content only what is of one size is looked at.
    pub fn open(sections: &SectionReader<'_>, field: usize, kind: AttributeKind, rows: usize) -> Result<Self> {
        let (dictionary, word_bytes) = match kind {
            AttributeKind::Keyword => {
                let bytes = sections.range::<u8>(SectionKind::WordBytes, field)?;
                (sections.range::<u32>(SectionKind::WordOffsets, field)?, bytes)
            }
            AttributeKind::Number | AttributeKind::Date => {
                (sections.range::<f64>(SectionKind::AttributeNumbers, field)?, 0..0)
            }
            AttributeKind::Geo => (sections.range::<u32>(SectionKind::AttributeCells, field)?, 0..0),
            AttributeKind::Boolean => (0..0, 0..0),
        };
        let values = match kind {
            AttributeKind::Geo => sections.range::<f64>(SectionKind::AttributePoints, field)?,
            _ => sections.range::<u32>(SectionKind::AttributeCodes, field)?,
        };
        let stored = Self {
            kind,
            rows,
            offsets: sections.range::<u32>(SectionKind::AttributeOffsets, field)?,
            starts: sections.range::<u32>(SectionKind::AttributeStarts, field)?,
            row_lists: sections.range::<u32>(SectionKind::AttributeRows, field)?,
            values,
            dictionary,
            word_bytes,
        };
        let fits = |array: &Range<usize>, count: usize, without: usize| match array.len() / 4 {
            0 => count == without,
            numbers => numbers == count + 1,
        };
        let values = stored.count();
        if !fits(&stored.offsets, rows, values) || !fits(&stored.starts, stored.codes(), values) {
            return Err(sections.damaged(&"the segment has values for another number of rows"));
        }
        if stored.row_lists.len() / 4 != values {
            return Err(sections.damaged(&"the segment has values without rows"));
        }
        Ok(stored)
    }

    /// The number of values.
    fn count(&self) -> usize {
        self.values.len() / if self.kind == AttributeKind::Geo { 16 } else { 4 }
    }

    /// The number of different values.
    fn codes(&self) -> usize {
        match self.kind {
            AttributeKind::Keyword => (self.dictionary.len() / 4).saturating_sub(1),
            AttributeKind::Number | AttributeKind::Date => self.dictionary.len() / 8,
            AttributeKind::Geo => self.dictionary.len() / 4,
            AttributeKind::Boolean => 2,
        }
    }

    /// The column.
    #[must_use]
    pub fn column<'a>(&self, file: &'a Blocks) -> AttributeColumn<'a> {
        let dictionary = match self.kind {
            AttributeKind::Keyword => Dictionary::Words(file.array(&self.dictionary), file.array(&self.word_bytes)),
            AttributeKind::Boolean => Dictionary::Booleans,
            _ => Dictionary::Numbers(file.array(&self.dictionary)),
        };
        let (values, cells) = match self.kind {
            AttributeKind::Geo => (ColumnValues::Points(file.array(&self.values)), file.array(&self.dictionary)),
            _ => (ColumnValues::Coded(file.array(&self.values), dictionary), Stored::NONE),
        };
        let postings = Postings { starts: file.array(&self.starts), rows: file.array(&self.row_lists), cells };
        AttributeColumn { rows: self.rows, offsets: file.array(&self.offsets), values, postings: Some(postings) }
    }

    /// Checks what a reader relies on and no checksum tells.
    pub fn check(&self, file: &Blocks) -> core::result::Result<(), &'static str> {
        let that = |holds: bool, otherwise| if holds { Ok(()) } else { Err(otherwise) };
        let column = self.column(file);
        let Some(postings) = column.postings else { return Ok(()) };
        let ascends = |array: Stored<'_, u32>| {
            let array = array.all();
            let ends = array.first().zip(array.last()).is_none_or(|ends| ends == (&0, &(self.count() as u32)));
            ends && array.is_sorted()
        };
        that(
            ascends(column.offsets) && ascends(postings.starts),
            "offsets that do not ascend to the end of their array",
        )?;
        let codes = self.codes();
        match column.values {
            ColumnValues::Points(_) => that(postings.cells.all().is_sorted_by(|a, b| a < b), "cells out of order")?,
            ColumnValues::Coded(_, Dictionary::Words(offsets, bytes)) => {
                let ends = offsets.all();
                let ascend = ends.first() == Some(&0) && ends.last() == Some(&(bytes.len() as u32)) && ends.is_sorted();
                that(ascend, "offsets that do not ascend to the end of their array")?;
                let bytes = bytes.all();
                let word = |at: usize| core::str::from_utf8(&bytes[ends[at] as usize..ends[at + 1] as usize]).ok();
                let are_ordered = (0..codes).all(|at| word(at).is_some() && (at == 0 || word(at - 1) < word(at)));
                that(are_ordered, "words out of order")?;
            }
            ColumnValues::Coded(_, Dictionary::Numbers(numbers)) => {
                let numbers = numbers.all();
                let are_ordered = numbers.is_sorted_by(|a, b| a < b) && numbers.iter().all(|number| number.is_finite());
                that(are_ordered, "numbers out of order")?;
            }
            ColumnValues::Coded(..) => {}
        }
        self.check_rows(&column, postings)
    }

    /// That each row is in the lists of its codes, and nothing else is.
    fn check_rows(
        &self,
        column: &AttributeColumn<'_>,
        postings: Postings<'_>,
    ) -> core::result::Result<(), &'static str> {
        let codes = self.codes();
        let mut next = map(0..codes, |code| postings.range(code as u32..code as u32 + 1));
        let rows = postings.rows.all();
        for row in (0..self.rows as u32).map(RowId) {
            let range = column.range(row);
            let theirs = match column.values {
                ColumnValues::Coded(stored, _) => stored.slice(range).to_vec(),
                ColumnValues::Points(_) => {
                    let code = |point| postings.cells.all().partition_point(|cell| *cell < cell_of(point)) as u32;
                    map(column.points(row), code)
                }
            };
            let is_new = self.kind == AttributeKind::Geo || theirs.is_sorted_by(|a, b| a < b);
            let is_listed = theirs.iter().all(|code| {
                let at = next.get_mut(*code as usize).and_then(Iterator::next);
                at.and_then(|at| rows.get(at)) == Some(&row.0)
            });
            if !is_new || !is_listed {
                return Err("values that are not in the lists of their rows");
            }
        }
        if next.iter().all(Range::is_empty) { Ok(()) } else { Err("lists of rows without the value") }
    }
}
