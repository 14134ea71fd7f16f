//! Arrays of a file, read in place and checked block by block when they are first touched.
//!
//! Opening a file must not take longer the larger it is, so nothing but its table is read then. Every later access goes
//! through [`Stored`], which looks whether the checksum of the blocks it touches was seen to be right, and finds out if not;
//! the checksums themselves are looked at like that too ([`block_sums`]).
//! Where memory is short a file is *paged*: what every query needs stays in memory, and large arrays of which one needs
//! little ([`Cold`]) are read as they are needed. Damage is noted in [`Blocks`], and the reader gets zeros: whoever asked looks there when the answer is complete, and throws
//! it away. So no reader has an error path of its own, and none can panic or go on for ever because of what a file says: an
//! index beyond the end of an array is damage too.

mod blocks;
mod cold;
mod sums;
#[cfg(test)]
mod tests;

pub use blocks::{Blocks, FileBytes, MaybeShared, Pages, Unit};
pub use cold::Cold;
pub use sums::{UNCOVERED, block_sums, sums_bytes};

use alloc::vec::Vec;
use core::{
    fmt,
    ops::{Index, Range},
};

/// The bytes under one checksum.
pub const BLOCK_BYTES: usize = 4_096;

/// A number that files have arrays of.
pub trait Plain: bytemuck::Pod + 'static {
    /// What a reader gets where there is nothing.
    fn zero() -> &'static Self;
}

macro_rules! plain {
    ($($number:ty)*) => { $(impl Plain for $number { fn zero() -> &'static Self { &(0 as $number) } })* };
}
plain!(u8 i8 u32 i32 u64 f32 f64);

/// Zeros that stand for an unsound part.
static ZEROS: [u64; 2_048] = [0; 2_048];

/// An array to read: of a file, or in memory.
pub struct Stored<'a, T> {
    values: &'a [T],
    file: Option<&'a Blocks>,
}

impl<T> Clone for Stored<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Stored<'_, T> {}

impl<T> fmt::Debug for Stored<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} values", self.values.len())
    }
}

impl<'a, T> From<&'a [T]> for Stored<'a, T> {
    fn from(values: &'a [T]) -> Self {
        Self { values, file: None }
    }
}

impl<'a, T> From<&'a Vec<T>> for Stored<'a, T> {
    fn from(values: &'a Vec<T>) -> Self {
        Self { values, file: None }
    }
}

impl<T: PartialEq> PartialEq for Stored<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl<T> Stored<'_, T> {
    /// An array without a value.
    pub const NONE: Self = Self { values: &[], file: None };

    /// The number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Asks for values to be brought nearer: not yet looked at, and nothing where there are none.
    pub fn prefetch(&self, range: Range<usize>)
    where
        T: Copy,
    {
        if let Some(values) = self.values.get(range) {
            sanderling_kernels::prefetch(values);
        }
    }

    /// Notes that what the array says cannot be.
    #[cold]
    pub fn blame(&self) {
        if let Some(file) = self.file {
            file.blame(self.values);
        }
    }
}

impl<'a, T: Plain> Stored<'a, T> {
    /// The values of a range; of one that ends beyond the array none.
    #[must_use]
    #[inline]
    pub fn slice(&self, range: Range<usize>) -> &'a [T] {
        match self.values.get(range.clone()) {
            Some(values) if self.file.is_none_or(|file| file.touch(values)) => values,
            _ => self.unsound(range.len()),
        }
    }

    /// `length` values from one on.
    #[must_use]
    #[inline]
    pub fn part(&self, from: usize, length: usize) -> &'a [T] {
        self.slice(from..from.saturating_add(length))
    }

    /// All values.
    #[must_use]
    pub fn all(&self) -> &'a [T] {
        match self.file {
            Some(file) if !file.touch(self.values) => self.unsound(self.values.len()),
            _ => self.values,
        }
    }

    /// Whether a range of values is there and sound.
    #[must_use]
    pub fn is_sound(&self, range: Range<usize>) -> bool {
        self.values.get(range).is_some_and(|values| self.file.is_none_or(|file| file.touch(values)))
    }

    /// The values as they are, for one that has touched those that it reads.
    #[must_use]
    pub fn raw(&self) -> &'a [T] {
        self.values
    }

    /// A value; 0 beyond the end.
    #[must_use]
    #[inline]
    pub fn at(&self, at: usize) -> T {
        self[at]
    }

    /// As many zeros, if there are so many.
    #[cold]
    #[inline(never)]
    fn unsound(&self, length: usize) -> &'a [T] {
        if self.file.is_some_and(|file| file.damage().is_none()) {
            self.blame();
        }
        bytemuck::cast_slice::<u64, T>(&ZEROS).get(..length).unwrap_or_default()
    }
}

impl<'a> Stored<'a, u8> {
    /// The text at a range; of one that is none nothing.
    #[must_use]
    pub fn text(&self, range: Range<usize>) -> &'a str {
        core::str::from_utf8(self.slice(range)).unwrap_or_else(|_| {
            self.blame();
            ""
        })
    }
}

impl<T: Plain> Index<usize> for Stored<'_, T> {
    type Output = T;

    #[inline]
    fn index(&self, at: usize) -> &T {
        match self.values.get(at) {
            Some(value) if self.file.is_none_or(|file| file.touch(core::slice::from_ref(value))) => value,
            _ => {
                let _ = self.unsound(0);
                T::zero()
            }
        }
    }
}
