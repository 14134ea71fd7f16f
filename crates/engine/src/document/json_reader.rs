//! JSON text to values: RFC 8259, nothing less and nothing more, in one pass over the bytes.
//!
//! The nesting is counted, so that no text can exhaust the stack. A key that is repeated keeps its last value. An
//! escape of half a surrogate pair, which no string can hold, becomes U+FFFD.

use super::{
    number,
    value::{Members, Value, unique_members},
};
use crate::{Error, ErrorCode, Result};
use alloc::{format, string::String, vec::Vec};

/// How deep arrays and objects may be nested.
const DEPTH_MAX: usize = 128;

/// Reads a text that is one value.
pub(super) fn read(source: &str) -> Result<Value> {
    let mut reader = Reader { source, text: source.as_bytes(), at: 0, depth: 0 };
    if source.len() > u32::MAX as usize {
        return Err(reader.expected("less than 4 GiB"));
    }
    let value = reader.value()?;
    reader.peek();
    if reader.at == source.len() { Ok(value) } else { Err(reader.expected("the end of the text")) }
}

struct Reader<'a> {
    source: &'a str,
    /// The bytes of `source`.
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    #[cold]
    #[inline(never)]
    fn expected(&self, what: &str) -> Error {
        let message = format!("expected JSON: {what} at byte {}", self.at);
        Error::new(ErrorCode::Invalid, message).with("offset", self.at)
    }

    /// The byte at the position; zero, which is not in any JSON text, at the end.
    fn byte(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// Moves over white space.
    fn peek(&mut self) -> u8 {
        while let b' ' | b'\n' | b'\r' | b'\t' = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    fn value(&mut self) -> Result<Value> {
        match self.peek() {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => Ok(Value::Text(self.string()?)),
            b'-' | b'0'..=b'9' => match number::read(self.text, &mut self.at) {
                Ok(number) => Ok(Value::Number(number)),
                Err(what) => Err(self.expected(what)),
            },
            b't' => self.word("true", Value::Boolean(true)),
            b'f' => self.word("false", Value::Boolean(false)),
            b'n' => self.word("null", Value::Null),
            _ => Err(self.expected("a value")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value> {
        if !self.text[self.at..].starts_with(word.as_bytes()) {
            return Err(self.expected("a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn array(&mut self) -> Result<Value> {
        let mut items = Vec::new();
        let mut is_open = self.opened(b']')?;
        while is_open {
            items.push(self.value()?);
            is_open = self.goes_on(b']')?;
        }
        Ok(Value::Array(items))
    }

    fn object(&mut self) -> Result<Value> {
        let mut members = Members::new();
        let mut is_open = self.opened(b'}')?;
        while is_open {
            if self.peek() != b'"' {
                return Err(self.expected("a key in quotes"));
            }
            let key = self.string()?;
            if self.peek() != b':' {
                return Err(self.expected("a colon"));
            }
            self.at += 1;
            members.push((key, self.value()?));
            is_open = self.goes_on(b'}')?;
        }
        Ok(Value::Object(unique_members(members)))
    }

    /// Moves over the bracket that opens; whether something follows before the one that closes.
    fn opened(&mut self, close: u8) -> Result<bool> {
        if self.depth == DEPTH_MAX {
            return Err(self.expected("at most 128 levels of arrays and objects"));
        }
        self.depth += 1;
        self.at += 1;
        let is_open = self.peek() != close;
        if !is_open {
            self.close();
        }
        Ok(is_open)
    }

    /// After an item: whether another one follows.
    fn goes_on(&mut self, close: u8) -> Result<bool> {
        let next = self.peek();
        if next == b',' {
            self.at += 1;
            return Ok(true);
        }
        if next != close {
            return Err(self.expected(if close == b']' { "a comma or ]" } else { "a comma or }" }));
        }
        self.close();
        Ok(false)
    }

    fn close(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    fn string(&mut self) -> Result<String> {
        let mut string = String::new();
        self.at += 1;
        loop {
            let start = self.at;
            while !matches!(self.byte(), b'"' | b'\\' | 0..=0x1f) {
                self.at += 1;
            }
            string.push_str(&self.source[start..self.at]);
            match self.byte() {
                b'"' => break,
                b'\\' => string.push(self.escape()?),
                _ => return Err(self.expected("the end of a string or an escaped character")),
            }
        }
        self.at += 1;
        Ok(string)
    }

    /// The character for which the escape at the position stands.
    fn escape(&mut self) -> Result<char> {
        self.at += 1;
        let character = match self.byte() {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(self.expected("a character that can be escaped")),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode(&mut self) -> Result<char> {
        let mut code = self.unit()?;
        if matches!(code, 0xd800..0xdc00) && self.text[self.at..].starts_with(b"\\u") {
            let start = self.at;
            self.at += 1;
            let low = self.unit()?;
            if matches!(low, 0xdc00..0xe000) {
                code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            } else {
                self.at = start;
            }
        }
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// The four digits behind the `u` at the position.
    fn unit(&mut self) -> Result<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            self.at += 1;
            let Some(digit) = char::from(self.byte()).to_digit(16) else {
                return Err(self.expected("four hexadecimal digits"));
            };
            unit = unit * 16 + digit;
        }
        self.at += 1;
        Ok(unit)
    }
}
