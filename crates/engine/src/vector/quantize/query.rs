//! A query made ready for codes and for rows of bytes.

use super::{Quantizer, Space};
use alloc::{vec, vec::Vec};
use sanderling_kernels as kernels;

/// The middle of the seven bits of a query's byte.
const MIDDLE: i32 = 64;

/// So many mean errors of a key by bytes are allowed for: next to none is larger.
const ERRORS: f32 = 3.5;

/// The largest distance from the middle.
const REACH: f32 = 63.0;

/// A rotated query with its FastScan table and its bytes.
#[derive(Clone, Debug)]
pub struct PreparedQuery {
    /// What the keys are.
    pub space: Space,
    /// The query as search sees it.
    pub rotated: Vec<f32>,
    /// Its squared length.
    pub squared: f32,
    /// The table that codes choose from.
    pub table: Vec<u8>,
    /// What a step of a sum of entries is worth.
    pub step: f32,
    /// What a sum of 0 is worth.
    pub least: f32,
    /// The query in seven bits a dimension, from 1 to 127.
    pub bytes: Vec<u8>,
    /// What a step of a byte is worth.
    pub scale: f32,
}

impl PreparedQuery {
    /// Prepares a query of the given norm.
    #[must_use]
    pub fn new(quantizer: &Quantizer, query: &[f32], norm: f32) -> Self {
        let mut rotated = vec![0.0; query.len()];
        quantizer.rotate(query, norm, &mut rotated);
        Self::of_rotated(quantizer, rotated)
    }

    /// Prepares a vector that is rotated already.
    #[must_use]
    pub fn of_rotated(quantizer: &Quantizer, rotated: Vec<f32>) -> Self {
        let mut table = vec![0; quantizer.code_bytes() * kernels::FAST_SCAN_VECTORS];
        let (step, least) = kernels::fast_scan_table(&rotated, &mut table);
        let scale = kernels::largest_magnitude(&rotated) / REACH;
        let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
        let mut bytes = vec![0; rotated.len()];
        kernels::quantise_u7(&rotated, -(MIDDLE as f32) * scale, inverse, &mut bytes);
        // Without a length every factor is zero; the bytes still stand for zeros.
        if scale == 0.0 {
            bytes.fill(MIDDLE as u8);
        }
        let squared = kernels::dot(&rotated, &rotated);
        Self { space: quantizer.space(), rotated, squared, table, step, least, bytes, scale }
    }

    /// The inner product with a row, from the product of their bytes and the sum and the scale of the row.
    #[must_use]
    pub fn product(&self, product: i32, sum: i32, scale: f32) -> f32 {
        // The sum may come from a file that was tampered with: then the answer is wrong, but there is one.
        product.wrapping_sub(MIDDLE.wrapping_mul(sum)) as f32 * (self.scale * scale)
    }
    /// What the key of a row of that scale and that squared length may be wrong by, squared. Each component of query and row was
    /// rounded to a whole number of its steps, which is as good as adding noise of a twelfth of a squared step.
    #[must_use]
    pub fn squared_margin(&self, scale: f32, squared: f32) -> f32 {
        let of_product = (self.scale * self.scale * squared + scale * scale * self.squared) * (ERRORS * ERRORS / 12.0);
        match self.space {
            Space::Inner => of_product,
            Space::Euclidean => 4.0 * of_product,
        }
    }
}
