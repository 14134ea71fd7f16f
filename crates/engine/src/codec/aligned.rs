//! Bytes that start at a multiple of 16, so that arrays of numbers in a file can be read in place.

use alloc::{vec, vec::Vec};

/// A byte buffer aligned to 16 bytes.
#[derive(Clone, Debug, Default)]
pub struct AlignedBytes {
    blocks: Vec<u128>,
    length: usize,
}

impl AlignedBytes {
    /// A buffer of zero bytes.
    #[must_use]
    pub fn zeroed(length: usize) -> Self {
        Self { blocks: vec![0; length.div_ceil(16)], length }
    }

    /// A copy of bytes.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        let mut buffer = Self::zeroed(bytes.len());
        buffer.as_mut().copy_from_slice(bytes);
        buffer
    }
}

impl AsRef<[u8]> for AlignedBytes {
    fn as_ref(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.blocks)[..self.length]
    }
}

impl AsMut<[u8]> for AlignedBytes {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.blocks)[..self.length]
    }
}
