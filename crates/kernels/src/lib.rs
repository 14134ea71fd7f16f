//! Distances over slices, equal in every bit on every host.
//!
//! # The fixed lane layout
//!
//! A floating-point sum depends on the order of its additions. So that a score has the same bits natively, in wasm with
//! simd128 and without any SIMD, every sum here is defined over [`LANES`] virtual lanes: element `i` is added to lane
//! `i % LANES`, in order of `i`; at the end the upper half of the lanes is added to the lower half until one is left.
//! A product is rounded before it is added (no fused multiply-add). A backend may use registers of any width as long
//! as it keeps to that order.
//!
//! [`scalar`] spells the definition out and is the reference in tests; the functions at the root use the fastest
//! backend of the build.
#![no_std]

mod metrics;
mod portable;
pub mod scalar;

pub use metrics::{bray_curtis, canberra, chebyshev, hamming, jaccard, manhattan};
pub use portable::{dot, squared_euclidean};

/// The number of virtual lanes of a sum: four registers of simd128, two of AVX2, one of AVX-512.
pub const LANES: usize = 16;

/// Ends a wasm instance at once.
#[cfg(target_family = "wasm")]
pub fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

/// The Euclidean norm of a vector.
#[must_use]
pub fn norm(vector: &[f32]) -> f32 {
    libm::sqrtf(dot(vector, vector))
}

/// The correctly rounded square root (libm's, as `core` has none).
#[must_use]
pub fn square_root(value: f32) -> f32 {
    libm::sqrtf(value)
}
