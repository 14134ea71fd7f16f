//! CRC-32C by the instruction of SSE 4.2, which every processor with AVX2 has.

use crate::crc::{STREAM, moved};
use core::arch::x86_64::{_mm_crc32_u8, _mm_crc32_u64};

/// The register behind `bytes`.
#[target_feature(enable = "sse4.2")]
pub(super) fn crc32c(mut register: u32, bytes: &[u8]) -> u32 {
    let mut rest = bytes;
    while let Some((streams, behind)) = rest.split_at_checked(3 * STREAM) {
        let (first, others) = streams.split_at(STREAM);
        let (second, third) = others.split_at(STREAM);
        let mut registers = [u64::from(register), 0, 0];
        for ((a, b), c) in first.as_chunks::<8>().0.iter().zip(second.as_chunks::<8>().0).zip(third.as_chunks::<8>().0)
        {
            registers[0] = _mm_crc32_u64(registers[0], u64::from_le_bytes(*a));
            registers[1] = _mm_crc32_u64(registers[1], u64::from_le_bytes(*b));
            registers[2] = _mm_crc32_u64(registers[2], u64::from_le_bytes(*c));
        }
        let [first, second, third] = registers.map(|register| register as u32);
        register = moved(moved(first) ^ second) ^ third;
        rest = behind;
    }
    let (eights, behind) = rest.as_chunks::<8>();
    let mut wide = u64::from(register);
    for eight in eights {
        wide = _mm_crc32_u64(wide, u64::from_le_bytes(*eight));
    }
    behind.iter().fold(wide as u32, |register, byte| _mm_crc32_u8(register, *byte))
}
