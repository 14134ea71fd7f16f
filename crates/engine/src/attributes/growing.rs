//! A column of a growing segment.

use super::{AttributeColumn, ColumnValues, Dictionary, GeoPoint, number_of};
use crate::{
    Value,
    numbering::{Numbering, hash},
    order::sort,
    schema::AttributeKind,
};
use alloc::{boxed::Box, vec::Vec};

/// One attribute column of a growing segment.
#[derive(Clone, Debug)]
pub struct GrowingAttribute {
    kind: AttributeKind,
    offsets: Vec<u32>,
    codes: Vec<u32>,
    words: Vec<Box<str>>,
    numbers: Vec<f64>,
    points: Vec<f64>,
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
            words: Vec::new(),
            numbers: Vec::new(),
            points: Vec::new(),
            code_of: Numbering::default(),
        }
    }

    /// Adds the newest row with its normalized value.
    pub fn push(&mut self, value: Option<&Value>) {
        let from = self.codes.len();
        match value {
            Some(Value::Array(items)) => items.iter().for_each(|item| self.push_one(item)),
            Some(one) => self.push_one(one),
            None => {}
        }
        // A value that a row has twice is one value.
        sort(&mut self.codes[from..]);
        let mut kept = from;
        for at in from..self.codes.len() {
            if at == from || self.codes[at] != self.codes[kept - 1] {
                self.codes[kept] = self.codes[at];
                kept += 1;
            }
        }
        self.codes.truncate(kept);
        self.offsets.push(self.codes.len().max(self.points.len() / 2) as u32);
    }

    fn push_one(&mut self, value: &Value) {
        match (value, self.kind) {
            (Value::Text(text), AttributeKind::Keyword) => {
                let code = self.code_of_word(text);
                self.codes.push(code);
            }
            (Value::Number(number), AttributeKind::Number | AttributeKind::Date) => {
                let code = self.code_of_number(number_of(*number));
                self.codes.push(code);
            }
            (Value::Boolean(value), AttributeKind::Boolean) => self.codes.push((*value).into()),
            (place, AttributeKind::Geo) => {
                if let Ok(GeoPoint { lat, lon }) = GeoPoint::from_value(&"", place) {
                    self.points.extend_from_slice(&[lat, lon]);
                }
            }
            // No write leaves such a value, but a log that somebody made may have it.
            _ => {}
        }
    }

    fn code_of_word(&mut self, text: &str) -> u32 {
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

    fn code_of_number(&mut self, number: f64) -> u32 {
        let (numbers, hash) = (&self.numbers, hash(&number.to_le_bytes()));
        let is_number = &mut |code| numbers[code as usize].to_bits() == number.to_bits();
        if let Some(code) = self.code_of.find(hash, is_number) {
            return code;
        }
        let code = numbers.len() as u32;
        self.code_of.set(hash, code, is_number);
        self.numbers.push(number);
        code
    }

    /// The column to read.
    #[must_use]
    pub fn view(&self) -> AttributeColumn<'_> {
        let dictionary = match self.kind {
            AttributeKind::Keyword => Dictionary::GrowingWords(&self.words),
            AttributeKind::Number | AttributeKind::Date => Dictionary::Numbers((&self.numbers).into()),
            AttributeKind::Boolean => Dictionary::Booleans,
            AttributeKind::Geo => {
                return self.column(ColumnValues::Points((&self.points).into()));
            }
        };
        self.column(ColumnValues::Coded((&self.codes).into(), dictionary))
    }

    fn column<'a>(&'a self, values: ColumnValues<'a>) -> AttributeColumn<'a> {
        AttributeColumn { rows: self.offsets.len() - 1, offsets: (&self.offsets).into(), values, postings: None }
    }
}
