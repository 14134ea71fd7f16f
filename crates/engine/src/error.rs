//! The one error type: a public code that says what the caller can do, a sentence for people, and details for programs.

use crate::document::Value;
use alloc::{
    boxed::Box,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

/// The result of every fallible call of the engine.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// What the caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// Fix the call: a value is not what the contract allows.
    Invalid,
    /// Fix the call: it does not fit the collection's schema.
    Schema,
    /// Fix the filter.
    Filter,
    /// Decide: the document is not in the state the call asked for.
    Conflict,
    /// Try again: the engine is behind.
    Busy,
    /// Free space.
    Quota,
    /// Stored data is damaged; the details name the file.
    Corrupt,
    /// The data or the option belongs to another version.
    Unsupported,
    /// The database cannot be reached now, for example because another process has it.
    Unavailable,
    /// The handle was closed.
    Closed,
    /// The caller gave up.
    Aborted,
    /// The time ran out.
    Timeout,
    /// A defect of the engine.
    Internal,
}

impl ErrorCode {
    /// The code as it is written in TypeScript and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Schema => "schema",
            Self::Filter => "filter",
            Self::Conflict => "conflict",
            Self::Busy => "busy",
            Self::Quota => "quota",
            Self::Corrupt => "corrupt",
            Self::Unsupported => "unsupported",
            Self::Unavailable => "unavailable",
            Self::Closed => "closed",
            Self::Aborted => "aborted",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
        }
    }

    /// The code written as `text`, if there is one.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        use ErrorCode::*;
        [
            Invalid,
            Schema,
            Filter,
            Conflict,
            Busy,
            Quota,
            Corrupt,
            Unsupported,
            Unavailable,
            Closed,
            Aborted,
            Timeout,
            Internal,
        ]
        .into_iter()
        .find(|code| code.as_str() == text)
    }
}

/// An error: code, sentence, details.
#[derive(Clone, PartialEq)]
pub struct Error(Box<Content>);

#[derive(Clone, PartialEq)]
struct Content {
    code: ErrorCode,
    message: String,
    details: Vec<(String, Value)>,
}

impl Error {
    /// An error with a code and a sentence.
    #[cold]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::of(code, message.into())
    }

    #[cold]
    #[inline(never)]
    fn of(code: ErrorCode, message: String) -> Self {
        Self(Box::new(Content { code, message, details: Vec::new() }))
    }

    /// The value at `path` is not what the contract allows. The arguments are objects so that a caller need not build
    /// texts: each place of a typed error costs wasm bytes, and there are many.
    #[must_use]
    #[cold]
    pub fn expected(path: &dyn fmt::Display, expected: &dyn fmt::Display, found: &dyn fmt::Display) -> Self {
        Self::mismatch(ErrorCode::Invalid, path, expected, found)
    }

    /// Like [`Error::expected`], with another code.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn mismatch(
        code: ErrorCode,
        path: &dyn fmt::Display,
        expected: &dyn fmt::Display,
        found: &dyn fmt::Display,
    ) -> Self {
        let details = [("path", path), ("expected", expected), ("found", found)];
        let details = details.map(|(name, value)| (String::from(name), Value::Text(value.to_string())));
        let message = format!("{path}: expected {expected}, found {found}");
        Self(Box::new(Content { code, message, details: Vec::from(details) }))
    }

    /// An option of the contract that this version does not have.
    #[must_use]
    #[cold]
    pub fn not_yet(what: &dyn fmt::Display) -> Self {
        let error = Self::of(ErrorCode::Unsupported, format!("{what} is not supported by this version"));
        error.with("option", what.to_string())
    }

    /// Stored bytes are not what they must be.
    #[must_use]
    #[cold]
    pub fn corrupt(what: &dyn fmt::Display, problem: &dyn fmt::Display) -> Self {
        Self::of(ErrorCode::Corrupt, format!("{what}: {problem}")).with("problem", problem.to_string())
    }

    /// The bytes of a stored file are not what they must be.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn damaged_file(name: &str, problem: &dyn fmt::Display) -> Self {
        Self::corrupt(&name, problem).with("file", name)
    }

    /// Adds a detail.
    #[must_use]
    #[cold]
    pub fn with(self, name: &str, value: impl Into<Value>) -> Self {
        self.with_value(name, value.into())
    }

    #[inline(never)]
    fn with_value(mut self, name: &str, value: Value) -> Self {
        self.0.details.push((name.into(), value));
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The details, by name.
    #[must_use]
    pub fn details(&self) -> &[(String, Value)] {
        &self.0.details
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.message)
    }
}

impl core::error::Error for Error {}
