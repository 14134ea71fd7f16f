//! Attributes: values that filters compare as they are.
//!
//! A column holds for each row the range of its values (none, one, or many). Strings are kept once in a dictionary and
//! named by code; numbers, dates and booleans are f64.

use crate::{
    Error, Result, Value,
    document::parse_iso,
    ids::RowId,
    lists::{map, try_map},
    numbering::{Numbering, hash},
    schema::{AttributeField, AttributeKind},
    stored::Stored,
};
use alloc::{boxed::Box, vec::Vec};
use core::ops::Range;

/// One value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AttributeValue<'a> {
    /// Of a keyword field.
    Keyword(&'a str),
    /// Of a number or date field.
    Number(f64),
    /// Of a boolean field.
    Boolean(bool),
}

/// Checks a document's value against its field. A date comes back as its milliseconds, everything else as it was;
/// `null` and an empty array are absent.
pub fn normalize(path: &str, field: &AttributeField, value: Value) -> Result<Value> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Array(items) if field.many => {
            try_map(items, |item| normalize_one(path, field.kind, item)).map(Value::Array)
        }
        Value::Vector(values) if field.many && field.kind == AttributeKind::Number => {
            Ok(Value::Array(map(&values, |value| Value::Number(f64::from(*value)))))
        }
        one => normalize_one(path, field.kind, one),
    }
}

fn normalize_one(path: &str, kind: AttributeKind, value: Value) -> Result<Value> {
    let expected = match (kind, &value) {
        (AttributeKind::Keyword, Value::Text(_))
        | (AttributeKind::Number | AttributeKind::Date, Value::Number(_))
        | (AttributeKind::Boolean, Value::Boolean(_)) => return Ok(value),
        (AttributeKind::Date, Value::Text(text)) => match parse_iso(text) {
            Some(milliseconds) => return Ok(Value::Number(milliseconds)),
            None => "an ISO 8601 date or milliseconds",
        },
        (AttributeKind::Keyword, _) => "a string",
        (AttributeKind::Number, _) => "a number",
        (AttributeKind::Date, _) => "an ISO 8601 date or milliseconds",
        (AttributeKind::Boolean, _) => "true or false",
    };
    Err(Error::expected(&path, &format_args!("{expected} ({} field)", kind.name()), &value.describe()))
}

/// A view of one attribute column: the same for a growing segment and for the bytes of a sealed one.
#[derive(Clone, Copy, Debug)]
pub struct AttributeColumn<'a> {
    /// Row `r` has the values `offsets[r]..offsets[r + 1]`.
    pub offsets: Stored<'a, u32>,
    /// The values.
    pub values: ColumnValues<'a>,
}

/// The values of a column.
#[derive(Clone, Copy, Debug)]
pub enum ColumnValues<'a> {
    /// Codes into a dictionary.
    Keywords(Stored<'a, u32>, Dictionary<'a>),
    /// Numbers or dates.
    Numbers(Stored<'a, f64>),
    /// 0 or 1.
    Booleans(Stored<'a, f64>),
}

/// The strings of a keyword column by code.
#[derive(Clone, Copy, Debug)]
pub enum Dictionary<'a> {
    /// In the order of their first use.
    Growing(&'a [Box<str>]),
    /// In order of their bytes: string `c` is `bytes[offsets[c]..offsets[c + 1]]`.
    Sealed(Stored<'a, u32>, Stored<'a, u8>),
}

impl<'a> Dictionary<'a> {
    /// The string of a code.
    #[must_use]
    pub fn get(&self, code: u32) -> &'a str {
        match self {
            Self::Growing(words) => &words[code as usize],
            Self::Sealed(offsets, bytes) => {
                bytes.text(offsets[code as usize] as usize..offsets[code as usize + 1] as usize)
            }
        }
    }
}

impl<'a> AttributeColumn<'a> {
    /// The values of a row.
    pub fn values(&self, row: RowId) -> impl Iterator<Item = AttributeValue<'a>> + use<'a> {
        let values = self.values;
        self.range(row).map(move |at| match values {
            ColumnValues::Keywords(codes, words) => AttributeValue::Keyword(words.get(codes[at])),
            ColumnValues::Numbers(numbers) => AttributeValue::Number(numbers[at]),
            ColumnValues::Booleans(numbers) => AttributeValue::Boolean(numbers[at] > 0.0),
        })
    }

    /// Where the values of a row are.
    #[must_use]
    pub fn range(&self, row: RowId) -> Range<usize> {
        let count = match self.values {
            ColumnValues::Keywords(codes, _) => codes.len(),
            ColumnValues::Numbers(numbers) | ColumnValues::Booleans(numbers) => numbers.len(),
        };
        let [from, end] = [0, 1].map(|at| (self.offsets[row.index() + at] as usize).min(count));
        from..end
    }

    /// Whether the row has a value.
    #[must_use]
    pub fn exists(&self, row: RowId) -> bool {
        self.offsets[row.index()] < self.offsets[row.index() + 1]
    }
}

/// The text of bytes that were checked when their segment was opened.
pub(crate) fn checked_text(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}

/// One attribute column of a growing segment.
#[derive(Clone, Debug)]
pub struct GrowingAttribute {
    kind: AttributeKind,
    offsets: Vec<u32>,
    codes: Vec<u32>,
    numbers: Vec<f64>,
    words: Vec<Box<str>>,
    code_of: Numbering,
}

impl GrowingAttribute {
    /// An empty column.
    #[must_use]
    pub fn new(kind: AttributeKind) -> Self {
        Self {
            kind,
            offsets: Vec::from([0]),
            codes: Vec::new(),
            numbers: Vec::new(),
            words: Vec::new(),
            code_of: Numbering::default(),
        }
    }

    /// Adds the newest row with its normalized value.
    pub fn push(&mut self, value: Option<&Value>) {
        match value {
            Some(Value::Array(items)) => items.iter().for_each(|item| self.push_one(item)),
            Some(one) => self.push_one(one),
            None => {}
        }
        self.offsets.push(self.codes.len().max(self.numbers.len()) as u32);
    }

    fn push_one(&mut self, value: &Value) {
        match (value, self.kind) {
            (Value::Text(text), AttributeKind::Keyword) => {
                let code = self.code(text);
                self.codes.push(code);
            }
            (Value::Number(number), AttributeKind::Number | AttributeKind::Date) => self.numbers.push(*number),
            (Value::Boolean(value), AttributeKind::Boolean) => self.numbers.push(f64::from(u8::from(*value))),
            // No write leaves such a value, but a log that somebody made may have it.
            _ => {}
        }
    }

    fn code(&mut self, text: &str) -> u32 {
        let (words, hash) = (&self.words, hash(text.as_bytes()));
        let is_text = &mut |code| *words[code as usize] == *text;
        if let Some(code) = self.code_of.find(hash, is_text) {
            return code;
        }
        let code = words.len() as u32;
        self.code_of.set(hash, code, is_text);
        self.words.push(text.into());
        code
    }

    /// The column to read.
    #[must_use]
    pub fn view(&self) -> AttributeColumn<'_> {
        let values = match self.kind {
            AttributeKind::Keyword => ColumnValues::Keywords((&self.codes).into(), Dictionary::Growing(&self.words)),
            AttributeKind::Number | AttributeKind::Date => ColumnValues::Numbers((&self.numbers).into()),
            AttributeKind::Boolean => ColumnValues::Booleans((&self.numbers).into()),
        };
        AttributeColumn { offsets: (&self.offsets).into(), values }
    }
}
