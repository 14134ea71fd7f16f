//! What the processor can do and the system lets it do, without the standard library.

use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};

/// Each level has the instructions of those before it. Their numbers are what [`super::best`] stores.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Level {
    Baseline = 0,
    Avx2 = 1,
    /// AVX-512 as Intel has it from Ice Lake on and AMD from Zen 4 on. Older processors with a part of it stay at AVX2:
    /// they lack the byte instructions for which it pays, and some run slower while they use it.
    Avx512 = 2,
}

const SSE42_POPCNT_XSAVE_AND_AVX: u32 = 1 << 20 | 1 << 23 | 1 << 27 | 1 << 28; // leaf 1, ecx: and OSXSAVE
const AVX2: u32 = 1 << 5; // leaf 7, ebx
const AVX512_F_DQ_BW_VL: u32 = 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31; // leaf 7, ebx
const GFNI_VNNI_POPCNT: u32 = 1 << 8 | 1 << 11 | 1 << 14; // leaf 7, ecx: the last is VPOPCNTDQ
const YMM_STATE: u64 = 0b110; // the system saves the lower and the upper halves of ymm registers
const ZMM_STATE: u64 = 0b1110_0110; // and mask registers and all of zmm

#[allow(unused_unsafe)] // these intrinsics are unsafe up to Rust 1.93
pub(super) fn level() -> Level {
    // SAFETY: every x86-64 processor has CPUID.
    let (leaves, one) = unsafe { (__cpuid(0).eax, __cpuid(1)) };
    if leaves < 7 || one.ecx & SSE42_POPCNT_XSAVE_AND_AVX != SSE42_POPCNT_XSAVE_AND_AVX {
        return Level::Baseline;
    }
    // SAFETY: as above; and OSXSAVE says that the processor has XGETBV and that the system has switched it on.
    let (seven, state) = unsafe { (__cpuid_count(7, 0), saved_state()) };
    let has = |register: u32, bits: u32| register & bits == bits;
    if !has(seven.ebx, AVX2) || state & YMM_STATE != YMM_STATE {
        Level::Baseline
    } else if has(seven.ebx, AVX512_F_DQ_BW_VL) && has(seven.ecx, GFNI_VNNI_POPCNT) && state & ZMM_STATE == ZMM_STATE {
        Level::Avx512
    } else {
        Level::Avx2
    }
}

/// The registers that the system saves when it switches threads.
///
/// # Safety
///
/// The processor must have XGETBV, switched on by the system.
#[target_feature(enable = "xsave")]
unsafe fn saved_state() -> u64 {
    // SAFETY: the caller's promise.
    unsafe { _xgetbv(0) }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn the_level_is_what_the_standard_library_finds() {
        use std::is_x86_feature_detected as has;
        let avx512 = has!("avx512f") && has!("avx512dq") && has!("avx512bw") && has!("avx512vl");
        let bytes = has!("gfni") && has!("avx512vnni") && has!("avx512vpopcntdq");
        let expected = match (has!("avx2") && has!("popcnt") && has!("sse4.2"), avx512 && bytes) {
            (false, _) => Level::Baseline,
            (true, false) => Level::Avx2,
            (true, true) => Level::Avx512,
        };
        assert_eq!(level(), expected);
    }
}
