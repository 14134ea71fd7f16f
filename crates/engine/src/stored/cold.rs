//! Arrays that are large and of which a query needs little: they may stay on the medium.

use super::{Blocks, Plain, Stored};
use alloc::{borrow::Cow, string::String, vec, vec::Vec};
use core::{fmt, ops::Range};

/// An array that need not be in memory.
pub enum Cold<'a, T> {
    /// It is.
    Here(Stored<'a, T>),
    /// So many values from an offset of a file on.
    Paged {
        /// The file.
        file: &'a Blocks,
        /// Where its first value is.
        from: usize,
        /// How many there are.
        length: usize,
    },
}

impl<T> Clone for Cold<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Cold<'_, T> {}

impl<T> fmt::Debug for Cold<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} values", self.len())
    }
}

impl<'a, T, S: Into<Stored<'a, T>>> From<S> for Cold<'a, T> {
    fn from(values: S) -> Self {
        Self::Here(values.into())
    }
}

impl<T> Cold<'_, T> {
    /// The number of values.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Self::Here(values) => values.len(),
            Self::Paged { length, .. } => *length,
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a, T: Plain> Cold<'a, T> {
    /// The array, if it is in memory.
    #[must_use]
    #[inline]
    pub fn here(&self) -> Option<Stored<'a, T>> {
        match self {
            Self::Here(values) => Some(*values),
            Self::Paged { .. } => None,
        }
    }

    /// `count` values from one on; of a range that ends beyond the array none.
    #[must_use]
    #[inline]
    pub fn part(&self, from: usize, count: usize) -> Cow<'a, [T]> {
        match self {
            Self::Here(values) => Cow::Borrowed(values.part(from, count)),
            Self::Paged { .. } => Cow::Owned(self.read(from, count)),
        }
    }

    #[inline(never)]
    fn read(&self, from: usize, count: usize) -> Vec<T> {
        let Self::Paged { file, from: begin, length } = *self else { return Vec::new() };
        if from.checked_add(count).is_none_or(|end| end > length) {
            file.note_beyond(begin);
            return Vec::new();
        }
        let mut values = vec![*T::zero(); count];
        file.read(begin + from * size_of::<T>(), bytemuck::cast_slice_mut(&mut values));
        values
    }

    /// All values.
    #[must_use]
    pub fn all(&self) -> Cow<'a, [T]> {
        match self {
            Self::Here(values) => Cow::Borrowed(values.all()),
            Self::Paged { length, .. } => Cow::Owned(self.read(0, *length)),
        }
    }

    /// Notes that what the array says cannot be.
    #[cold]
    pub fn blame(&self) {
        match self {
            Self::Here(values) => values.blame(),
            Self::Paged { file, from, .. } => file.note_beyond(*from),
        }
    }

    /// Asks for values to be brought nearer, if they are in memory.
    #[inline]
    pub fn prefetch(&self, range: Range<usize>) {
        if let Self::Here(values) = self {
            values.prefetch(range);
        }
    }
}

impl<'a> Cold<'a, u8> {
    /// The text at a range; of one that is none nothing.
    #[must_use]
    pub fn text(&self, range: Range<usize>) -> Cow<'a, str> {
        match self {
            Self::Here(values) => Cow::Borrowed(values.text(range)),
            Self::Paged { .. } => {
                if range.end < range.start {
                    self.blame();
                }
                let bytes = self.read(range.start, range.end.saturating_sub(range.start));
                Cow::Owned(String::from_utf8(bytes).unwrap_or_else(|_| {
                    self.blame();
                    String::new()
                }))
            }
        }
    }
}
