//! The one quantizer: a rotation, then one bit a dimension with two factors a vector (RaBitQ), and eight bits a dimension.
//!
//! All that approximate search needs is a *key*, lower is better: minus the inner product, or the squared distance. With
//! a centroid `c`, a vector `o`, its residual `r = o - c` and the signs `s` of the residual's components, `<r, q - c>` is
//! estimated by `f * (S - <s, c>)` where `S = <s, q>` comes from the codes by FastScan and `f = |r|² / |r|₁` makes the
//! estimate right for `r` itself. Whatever does not depend on the query is folded into two numbers a vector:
//!
//! ```text
//! squared distance   |r|² + 2f<s, c>  +  |q - c|²  -  2f S
//! minus the product  f<s, c> - <r, c> -  <c, q>    -   f S
//!                    add                 base        factor
//! ```
//!
//! All sums are taken by kernels, in their fixed order, so the bits are the same on every host.

mod bits;
mod query;
mod rows;

pub use bits::{BitQuery, BitRows, BitRowsView};
pub use query::PreparedQuery;
pub use rows::{ByteRow, ByteRows, ByteRowsView};

use super::{Metric, SAFE_NORMS, rescaled};
use crate::lists::map;
use alloc::{vec, vec::Vec};
use sanderling_kernels as kernels;

/// The seed of every rotation. A part of the format: stored codes depend on it.
const ROTATION_SEED: u64 = 0x5a6e_6465_726c_696e;

/// Norms above this are not quantized: products of such vectors could overflow.
const NORM_MAX: f32 = 1e15;

/// What a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Minus the inner product. Cosine works on vectors of length 1.
    Inner,
    /// The squared Euclidean distance.
    Euclidean,
}

/// Turns vectors of one field into rotated ones, and those into codes.
#[derive(Clone, Debug)]
pub struct Quantizer {
    dimensions: usize,
    space: Space,
    is_cosine: bool,
    rotation: Vec<f32>,
}

impl Quantizer {
    /// The quantizer of a field; none for a metric that has no estimate.
    #[must_use]
    pub fn new(dimensions: usize, metric: Metric) -> Option<Self> {
        let space = match metric {
            Metric::Cosine | Metric::Dot => Space::Inner,
            Metric::Euclidean => Space::Euclidean,
            _ => return None,
        };
        let mut rotation = vec![0.0; kernels::ROTATION_ROUNDS * dimensions];
        kernels::rotation_factors(ROTATION_SEED, dimensions, &mut rotation);
        Some(Self { dimensions, space, is_cosine: metric == Metric::Cosine, rotation })
    }

    /// The number of dimensions.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// What the keys are.
    #[must_use]
    pub fn space(&self) -> Space {
        self.space
    }

    /// How vectors are compared in full.
    pub(super) fn metric(&self) -> Metric {
        match self.space {
            Space::Euclidean => Metric::Euclidean,
            Space::Inner if self.is_cosine => Metric::Cosine,
            Space::Inner => Metric::Dot,
        }
    }

    /// Whether only the directions of vectors count.
    pub(super) fn is_cosine(&self) -> bool {
        self.is_cosine
    }

    /// The bytes of the code of one vector.
    #[must_use]
    pub fn code_bytes(&self) -> usize {
        self.dimensions.div_ceil(8)
    }

    /// Whether a vector of that norm can be quantized.
    #[must_use]
    pub fn takes(&self, norm: f32) -> bool {
        norm <= NORM_MAX
    }

    /// Writes the vector as search sees it: of length 1 for cosine, rotated.
    pub fn rotate(&self, vector: &[f32], norm: f32, rotated: &mut [f32]) {
        // The norm of a very short vector is only roughly its length.
        let is_rescaled = self.is_cosine && !SAFE_NORMS.contains(&norm);
        let copy = if is_rescaled { rescaled(vector) } else { Vec::new() };
        let (vector, norm) = if is_rescaled { (&copy[..], kernels::norm(&copy)) } else { (vector, norm) };
        let scale = if self.is_cosine && norm > 0.0 { 1.0 / norm } else { 1.0 };
        for (rotated, value) in rotated.iter_mut().zip(vector) {
            *rotated = value * scale;
        }
        kernels::rotate(rotated, &self.rotation);
    }

    /// A vector as search sees it, not rotated: of length 1 for cosine.
    #[must_use]
    pub(in crate::vector) fn seen(&self, vector: &[f32]) -> Vec<f32> {
        let norm = kernels::norm(vector);
        let is_rescaled = self.is_cosine && !SAFE_NORMS.contains(&norm);
        let copy = if is_rescaled { rescaled(vector) } else { vector.to_vec() };
        let norm = if is_rescaled { kernels::norm(&copy) } else { norm };
        let scale = if self.is_cosine && norm > 0.0 { 1.0 / norm } else { 1.0 };
        map(copy, |value| value * scale)
    }

    /// The key of a vector of the given norm, without an error.
    #[must_use]
    pub(in crate::vector) fn exact_key(&self, query: &[f32], vector: &[f32], norm: f32) -> f32 {
        match self.space {
            Space::Euclidean => kernels::squared_euclidean(query, vector),
            Space::Inner if self.is_cosine && norm > 0.0 => -kernels::dot(query, vector) / norm,
            Space::Inner => -kernels::dot(query, vector),
        }
    }

    /// Writes the code of a rotated vector against a rotated centroid and returns `add` and `factor`.
    pub fn encode(&self, rotated: &[f32], centroid: &[f32], code: &mut [u8]) -> (f32, f32) {
        let mut residual = map(rotated.iter().zip(centroid), |(value, center)| value - center);
        kernels::sign_bits(&residual, code);
        let absolute = kernels::sum_of_magnitudes(&residual);
        let squared = kernels::dot(&residual, &residual);
        let product = kernels::dot(&residual, centroid);
        for value in &mut residual {
            *value = if *value > 0.0 { 1.0 } else { -1.0 };
        }
        let signs = kernels::dot(&residual, centroid);
        let scale = if absolute > 0.0 { squared / absolute } else { 0.0 };
        match self.space {
            Space::Inner => (scale * signs - product, -scale),
            Space::Euclidean => (squared + 2.0 * scale * signs, -2.0 * scale),
        }
    }
}
