//! The text spelling of a filter: `year >= 1990 AND (tags CONTAINS 'birds' OR NOT EXISTS author)`.
//!
//! ```text
//! any        = all { OR all }
//! all        = part { AND part }
//! part       = NOT part | "(" any ")" | EXISTS field | geo | field comparison
//! geo        = GEO_BOX "(" field 4 × ("," value) ")" | GEO_RADIUS "(" field 3 × ("," value) ")"
//! comparison = ( "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=" | CONTAINS ) value
//!            | [ NOT ] IN "(" [ value { "," value } ] ")" | BETWEEN value AND value | STARTS WITH string
//! field      = letters, digits, "_", "-", "." | '"' anything, a quote twice '"'
//! value      = string | [ sign ] number of JSON | TRUE | FALSE
//! string     = "'" anything, a quote twice "'"
//! ```
//!
//! Keywords are read in any case. White space is that of JSON. Whatever is not ASCII may stand in a field's name like a
//! letter; where a keyword may stand, a field of its name needs the quotes. Each comparison is an operator of the JSON
//! spelling and is checked as that; `BETWEEN` is `$gte` and `$lte`. `NOT` and a pair of parentheses are a level each, as
//! `$not` and `$or` are in JSON.
//!
//! An error says at which position of the text it is: how many characters are before it.

use super::{
    Filter,
    parse::{Parser, check_depth, problem},
};
use crate::{Error, Result, Schema, Value, document::number, limits::FILTER_VALUES_MAX};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt::{self, Display};

/// What follows an operator.
#[derive(Clone, Copy, PartialEq)]
enum Operands {
    One,
    List,
    Two,
}

/// What stands between a field and its operands; where one is the beginning of another, the longer one is first.
const OPERATORS: [(&str, &str, Operands); 12] = [
    ("=", "$eq", Operands::One),
    ("<>", "$ne", Operands::One),
    ("!=", "$ne", Operands::One),
    ("<=", "$lte", Operands::One),
    ("<", "$lt", Operands::One),
    (">=", "$gte", Operands::One),
    (">", "$gt", Operands::One),
    ("CONTAINS", "$contains", Operands::One),
    ("STARTS WITH", "$startsWith", Operands::One),
    ("IN (", "$in", Operands::List),
    ("NOT IN (", "$nin", Operands::List),
    ("BETWEEN", "$gte", Operands::Two),
];
/// What stands before a place, with the names of its operands.
const PLACES: [(&str, &str, &[&str]); 2] = [
    ("GEO_BOX (", "$geoBox", &["north", "south", "east", "west"]),
    ("GEO_RADIUS (", "$geoRadius", &["lat", "lon", "meters"]),
];

pub(super) fn filter(text: &str, schema: &Schema) -> Result<Filter> {
    let mut reader = Reader { text, at: 0, checked: 0, parser: Parser { schema, nodes: 0 } };
    reader.whole().map_err(|error| error.with("position", reader.place().position()))
}

struct Reader<'a> {
    text: &'a str,
    /// Bytes that are read.
    at: usize,
    /// Where that begins which is checked; where an error is.
    checked: usize,
    parser: Parser<'a>,
}

impl<'a> Reader<'a> {
    fn whole(&mut self) -> Result<Filter> {
        let filter = self.joined(1, false)?;
        self.check_from_here();
        if self.at == self.text.len() { Ok(filter) } else { Err(self.expected("AND, OR or the end")) }
    }

    /// Parts with `AND`, or such with `OR` between them.
    fn joined(&mut self, depth: usize, by_and: bool) -> Result<Filter> {
        let mut parts = Vec::new();
        loop {
            parts.push(if by_and { self.part(depth)? } else { self.joined(depth, true)? });
            if !self.take(if by_and { "AND" } else { "OR" }) {
                break;
            }
        }
        Ok(match (parts.len(), by_and) {
            (1, _) => parts.remove(0),
            (_, true) => Filter::All(parts),
            (_, false) => Filter::Any(parts),
        })
    }

    fn part(&mut self, depth: usize) -> Result<Filter> {
        self.check_from_here();
        let place = self.place();
        check_depth(&place, depth)?;
        self.parser.count_node(&place)?;
        if self.take("NOT") {
            return Ok(Filter::Not(Box::new(self.part(depth + 1)?)));
        }
        if self.take("(") {
            let inner = self.joined(depth + 1, false)?;
            self.demand(")")?;
            return Ok(inner);
        }
        if self.take("EXISTS") {
            return Ok(Filter::Exists(self.field()?, true));
        }
        for (word, operator, names) in PLACES {
            if self.take(word) {
                return self.part_about_place(operator, names);
            }
        }
        self.comparison()
    }

    fn part_about_place(&mut self, operator: &str, names: &[&str]) -> Result<Filter> {
        let field = self.field()?;
        let mut operand = Value::object();
        for name in names {
            self.demand(",")?;
            operand = operand.with(name, self.value()?);
        }
        self.demand(")")?;
        self.test(field, operator, &operand)
    }

    fn comparison(&mut self) -> Result<Filter> {
        let field = self.field()?;
        let start = self.checked;
        let Some(&(_, mut operator, operands)) = OPERATORS.iter().find(|(word, ..)| self.take(word)) else {
            return Err(self.expected("an operator (= <> < <= > >= IN (...) ...)"));
        };
        let mut tests = Vec::new();
        loop {
            let operand = if operands == Operands::List { self.values()? } else { self.value()? };
            self.checked = start;
            tests.push(self.test(field, operator, &operand)?);
            if operands != Operands::Two {
                return Ok(tests.remove(0));
            }
            if operator == "$lte" {
                return Ok(Filter::All(tests));
            }
            self.demand("AND")?;
            operator = "$lte";
        }
    }

    /// The values of a list that is open.
    fn values(&mut self) -> Result<Value> {
        let mut values = Vec::new();
        while !self.take(")") {
            if !values.is_empty() {
                self.demand(",")?;
            }
            values.push(self.value()?);
            if values.len() > FILTER_VALUES_MAX {
                return Err(problem(&self.place(), &format_args!("at most {FILTER_VALUES_MAX} values"), &"more"));
            }
        }
        Ok(Value::Array(values))
    }

    fn value(&mut self) -> Result<Value> {
        self.check_from_here();
        if self.byte(0) == b'\'' {
            return Ok(Value::Text(self.quoted()?));
        }
        let is_true = self.take("TRUE");
        if is_true || self.take("FALSE") {
            return Ok(Value::Boolean(is_true));
        }
        // JSON has no sign but minus.
        self.at += usize::from(self.byte(0) == b'+' && self.byte(1).is_ascii_digit());
        let is_number = matches!(self.byte(0), b'-' | b'0'..=b'9');
        number::read(self.text.as_bytes(), &mut self.at).map(Value::Number).map_err(|what| {
            self.expected(if is_number { what } else { "a string in single quotes, a number, TRUE or FALSE" })
        })
    }

    /// The place of a field in the schema.
    fn field(&mut self) -> Result<usize> {
        self.check_from_here();
        while is_of_name(self.byte(0)) {
            self.at += 1;
        }
        let name = if self.at > self.checked {
            self.text[self.checked..self.at].into()
        } else if self.byte(0) == b'"' {
            self.quoted()?
        } else {
            return Err(self.expected("a field, NOT, EXISTS or ("));
        };
        self.parser.position(&self.place(), &name)
    }

    /// What stands between the quote that is here and the next one; two quotes side by side are one character of it.
    fn quoted(&mut self) -> Result<String> {
        let quote = self.byte(0);
        let mut inner = String::new();
        loop {
            self.at += 1;
            let start = self.at;
            while self.byte(0) != quote {
                if self.at == self.text.len() {
                    self.at = self.checked;
                    return Err(self.expected("a quote at both ends"));
                }
                self.at += 1;
            }
            inner.push_str(&self.text[start..self.at]);
            self.at += 1;
            if self.byte(0) != quote {
                return Ok(inner);
            }
            inner.push(char::from(quote));
        }
    }

    fn test(&self, field: usize, operator: &str, operand: &Value) -> Result<Filter> {
        self.parser.test(&self.place(), field, operator, operand)
    }

    /// A byte that is not read yet; zero behind the end.
    fn byte(&self, behind: usize) -> u8 {
        self.text.as_bytes().get(self.at + behind).copied().unwrap_or(0)
    }

    fn check_from_here(&mut self) {
        self.skip_space();
        self.checked = self.at;
    }

    fn skip_space(&mut self) {
        while let b' ' | b'\n' | b'\r' | b'\t' = self.byte(0) {
            self.at += 1;
        }
    }

    /// Moves over signs and keywords, if they are next; the latter are read in any case.
    fn take(&mut self, words: &str) -> bool {
        let start = self.at;
        self.skip_space();
        let mut before = 0_u8;
        for expected in words.bytes().chain([b' ']) {
            let found = self.byte(0);
            let fits = if expected == b' ' {
                !(before.is_ascii_alphabetic() && is_of_name(found))
            } else {
                found.to_ascii_uppercase() == expected
            };
            if !fits {
                self.at = start;
                return false;
            }
            match expected {
                b' ' => self.skip_space(),
                _ => self.at += 1,
            }
            before = expected;
        }
        true
    }

    fn demand(&mut self, words: &str) -> Result<()> {
        if self.take(words) { Ok(()) } else { Err(self.expected(words)) }
    }

    /// Something else stands here.
    #[cold]
    #[inline(never)]
    fn expected(&mut self, what: &str) -> Error {
        self.check_from_here();
        let rest = Value::from(&self.text[self.at..]);
        let found: &dyn Display = if self.at == self.text.len() { &"the end" } else { &rest.describe() };
        problem(&self.place(), &what, found)
    }

    fn place(&self) -> Place<'a> {
        Place(&self.text[..self.checked])
    }
}

/// What is before a place of the text.
struct Place<'a>(&'a str);

impl Place<'_> {
    fn position(&self) -> usize {
        // No more than one byte of a character is none of those that go on with it.
        self.0.bytes().filter(|byte| byte & 0xc0 != 0x80).count()
    }
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter at position {}", self.position())
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | 0x80..)
}
