//! How a text is split.

use crate::{
    Error, Result, Value,
    document::{quoted, reader::ObjectReader},
};

const SIZE_DEFAULT: usize = 1000;
const TOKENS_DEFAULT: usize = 256;
/// The greatest whole number that JSON keeps exactly.
const COUNT_MAX: f64 = 9_007_199_254_740_991.0;

/// Where a text is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SplitKind {
    /// At blank lines, then lines, sentences, words.
    #[default]
    Recursive,
    /// Between sentences.
    Sentence,
    /// Between the sections of a Markdown text, then as recursive.
    Markdown,
    /// After so many tokens.
    Tokens,
}

/// How a text is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitOptions {
    /// Where it is cut.
    pub kind: SplitKind,
    /// How many code points (kind tokens: tokens) a chunk has at most; at least 1.
    pub size: usize,
    /// How many of them a chunk repeats at most of the one before; less than `size`.
    pub overlap: usize,
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self::new(SplitKind::default())
    }
}

impl SplitOptions {
    /// Chunks of the default size of this kind, without overlap.
    #[must_use]
    pub fn new(kind: SplitKind) -> Self {
        let size = if kind == SplitKind::Tokens { TOKENS_DEFAULT } else { SIZE_DEFAULT };
        Self { kind, size, overlap: 0 }
    }

    /// With chunks of at most `size`.
    #[must_use]
    pub fn size(self, size: usize) -> Self {
        Self { size, ..self }
    }

    /// With chunks that repeat at most `overlap` of the one before.
    #[must_use]
    pub fn overlap(self, overlap: usize) -> Self {
        Self { overlap, ..self }
    }

    /// Reads `{ kind, size, overlap }`, each of which may be absent.
    pub fn from_value(value: &Value) -> Result<Self> {
        let mut given = ObjectReader::new(value, &"split")?;
        let kind = match given.text("kind")? {
            None | Some("recursive") => SplitKind::Recursive,
            Some("sentence") => SplitKind::Sentence,
            Some("markdown") => SplitKind::Markdown,
            Some("tokens") => SplitKind::Tokens,
            Some(other) => {
                let expected = r#""recursive" or "sentence" or "markdown" or "tokens""#;
                return Err(given.wrong("kind", &expected, &quoted(other)));
            }
        };
        let mut options = Self::new(kind);
        let size = whole(&mut given, "size")?.unwrap_or(options.size as u64);
        let overlap = whole(&mut given, "overlap")?.unwrap_or(0);
        given.finish()?;
        check(size, overlap)?;
        // On a host of 32 bits a larger number means what the largest does: all there is.
        options.size = usize::try_from(size).unwrap_or(usize::MAX);
        options.overlap = usize::try_from(overlap).unwrap_or(usize::MAX).min(options.size - 1);
        Ok(options)
    }

    pub(super) fn check(&self) -> Result<()> {
        check(self.size as u64, self.overlap as u64)
    }
}

fn check(size: u64, overlap: u64) -> Result<()> {
    if size == 0 {
        return Err(Error::expected(&"split.size", &"a whole number from 1", &size));
    }
    if overlap >= size {
        let expected = &format_args!("a whole number below the size of {size}");
        return Err(Error::expected(&"split.overlap", expected, &overlap));
    }
    Ok(())
}

/// The option `name` as a whole number.
fn whole(given: &mut ObjectReader<'_>, name: &str) -> Result<Option<u64>> {
    match given.number(name)? {
        Some(number) if !(0.0..=COUNT_MAX).contains(&number) || libm::trunc(number) != number => {
            Err(given.wrong(name, &"a whole number", &Value::Number(number)))
        }
        number => Ok(number.map(|number| number as u64)),
    }
}
