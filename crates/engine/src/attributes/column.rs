//! A column of values to read: the same for a growing segment and for the bytes of a sealed one.

use super::{AttributeValue, GeoPoint};
use crate::{ids::RowId, rows::RowSet, stored::Stored};
use alloc::boxed::Box;
use core::ops::Range;

/// A view of one column.
#[derive(Clone, Copy, Debug)]
pub struct AttributeColumn<'a> {
    /// The number of rows.
    pub rows: usize,
    /// Row `r` has the values `offsets[r]..offsets[r + 1]`; without offsets each row has one.
    pub offsets: Stored<'a, u32>,
    /// The values.
    pub values: ColumnValues<'a>,
    /// The rows of each code, in a sealed segment.
    pub postings: Option<Postings<'a>>,
}

/// The values of a column. Those of a row are different, and their codes ascend.
#[derive(Clone, Copy, Debug)]
pub enum ColumnValues<'a> {
    /// Codes into a dictionary.
    Coded(Stored<'a, u32>, Dictionary<'a>),
    /// Places: latitude and longitude of each.
    Points(Stored<'a, f64>),
}

/// The values of a column by code.
#[derive(Clone, Copy, Debug)]
pub enum Dictionary<'a> {
    /// Strings in the order of their first use.
    GrowingWords(&'a [Box<str>]),
    /// Strings in order of their bytes: string `c` is `bytes[offsets[c]..offsets[c + 1]]`.
    Words(Stored<'a, u32>, Stored<'a, u8>),
    /// Numbers; of a sealed segment ascending, else in the order of their first use.
    Numbers(Stored<'a, f64>),
    /// 0 is false, 1 is true.
    Booleans,
}

/// The rows of each code, or of each cell of the globe.
#[derive(Clone, Copy, Debug)]
pub struct Postings<'a> {
    /// Code `c` has the rows `starts[c]..starts[c + 1]`; without starts each has one.
    pub starts: Stored<'a, u32>,
    /// The rows, code by code; those of a code ascend.
    pub rows: Stored<'a, u32>,
    /// Of places the cells, ascending; else nothing.
    pub cells: Stored<'a, u32>,
}

impl<'a> Dictionary<'a> {
    /// How many different values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::GrowingWords(words) => words.len(),
            Self::Words(offsets, _) => offsets.len().saturating_sub(1),
            Self::Numbers(numbers) => numbers.len(),
            Self::Booleans => 2,
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a code.
    #[must_use]
    pub fn get(&self, code: u32) -> AttributeValue<'a> {
        let code = code as usize;
        match self {
            Self::GrowingWords(words) => AttributeValue::Keyword(words.get(code).map_or("", |word| word)),
            Self::Words(offsets, bytes) => {
                AttributeValue::Keyword(bytes.text(offsets[code] as usize..offsets[code + 1] as usize))
            }
            Self::Numbers(numbers) => AttributeValue::Number(numbers[code]),
            Self::Booleans => AttributeValue::Boolean(code == 1),
        }
    }

    /// How many of the first values `is_before` holds for, where values ascend.
    pub fn partition(&self, is_before: &mut dyn FnMut(AttributeValue<'a>) -> bool) -> u32 {
        let (mut from, mut to) = (0, self.len() as u32);
        while from < to {
            let middle = from.midpoint(to);
            if is_before(self.get(middle)) { from = middle + 1 } else { to = middle }
        }
        from
    }
}

impl<'a> Postings<'a> {
    /// Where the rows of some codes lie.
    #[must_use]
    pub fn range(&self, codes: Range<u32>) -> Range<usize> {
        if self.starts.is_empty() {
            return codes.start as usize..codes.end as usize;
        }
        self.starts[codes.start as usize] as usize..self.starts[codes.end as usize] as usize
    }

    /// The rows of some codes.
    #[must_use]
    pub fn rows_of(&self, codes: Range<u32>) -> &'a [u32] {
        self.rows.slice(self.range(codes))
    }

    /// How many rows a code has.
    #[must_use]
    pub fn count(&self, codes: Range<u32>) -> usize {
        self.range(codes).len()
    }
}

impl<'a> AttributeColumn<'a> {
    /// Where the values of a row are.
    #[must_use]
    #[inline]
    pub fn range(&self, row: RowId) -> Range<usize> {
        if self.offsets.is_empty() {
            return row.index()..row.index() + 1;
        }
        let count = self.count();
        let [from, end] = [0, 1].map(|at| (self.offsets[row.index() + at] as usize).min(count));
        from..end.max(from)
    }

    /// The number of values.
    #[must_use]
    pub fn count(&self) -> usize {
        match self.values {
            ColumnValues::Coded(codes, _) => codes.len(),
            ColumnValues::Points(points) => points.len() / 2,
        }
    }

    /// Codes and dictionary, where there are any.
    #[must_use]
    pub fn coded(&self) -> Option<(Stored<'a, u32>, Dictionary<'a>)> {
        match self.values {
            ColumnValues::Coded(codes, dictionary) => Some((codes, dictionary)),
            ColumnValues::Points(_) => None,
        }
    }

    /// The values of a row.
    pub fn values(&self, row: RowId) -> impl Iterator<Item = AttributeValue<'a>> + use<'a> {
        let values = self.values;
        self.range(row).map(move |at| match values {
            ColumnValues::Coded(codes, dictionary) => dictionary.get(codes[at]),
            ColumnValues::Points(points) => AttributeValue::Geo(point(points, at)),
        })
    }

    /// The places of a row.
    pub fn points(&self, row: RowId) -> impl Iterator<Item = GeoPoint> + use<'a> {
        let points = if let ColumnValues::Points(points) = self.values { points } else { Stored::NONE };
        self.range(row).map(move |at| point(points, at))
    }

    /// The rows that have a value.
    #[must_use]
    pub fn rows_with(&self) -> RowSet {
        if self.offsets.is_empty() {
            return RowSet::all(self.rows);
        }
        let offsets = self.offsets.all();
        RowSet::of_bits(self.rows, &mut |row| offsets.get(row) < offsets.get(row + 1))
    }

    /// Whether no row has two values.
    #[must_use]
    pub fn is_one_at_most(&self) -> bool {
        self.is_one_each() || self.offsets.all().windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) <= 1)
    }

    /// Whether each row has one value, and the codes stand in the order of the rows.
    #[must_use]
    pub fn is_one_each(&self) -> bool {
        self.offsets.is_empty()
    }
}

fn point(points: Stored<'_, f64>, at: usize) -> GeoPoint {
    GeoPoint { lat: points[2 * at], lon: points[2 * at + 1] }
}
