//! CRC-32C, the checksum of every file.

use sanderling_kernels as kernels;

const POLYNOMIAL: u32 = 0x82f6_3b78;

/// The checksum of bytes.
#[must_use]
pub fn crc32c(bytes: &[u8]) -> u32 {
    kernels::crc32c(0, bytes)
}

/// The checksum of bytes that follow others whose checksum is `crc`.
#[must_use]
pub fn crc32c_continue(crc: u32, bytes: &[u8]) -> u32 {
    kernels::crc32c(crc, bytes)
}

/// What the checksum of bytes would be, had it been begun with another one: `crc` is theirs behind bytes with the checksum
/// `before`, the answer theirs behind bytes with the checksum `instead`. The bytes themselves are not needed, because the two
/// differ by what became of the difference on its way over as many zeros.
#[must_use]
pub fn crc32c_begun_otherwise(crc: u32, before: u32, instead: u32, length: usize) -> u32 {
    let (mut over_zeros, mut power, mut left) = (1 << 31, 1 << 23, length);
    while left > 0 {
        if left & 1 == 1 {
            over_zeros = product(over_zeros, power);
        }
        power = product(power, power);
        left >>= 1;
    }
    crc ^ product(over_zeros, before ^ instead)
}

/// The product of two polynomials modulo that of the checksum; the highest bit is the lowest power.
fn product(a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    for bit in (0..32).rev() {
        if a >> bit & 1 == 1 {
            product ^= b;
        }
        b = if b & 1 == 1 { (b >> 1) ^ POLYNOMIAL } else { b >> 1 };
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn known_checksums() {
        assert_eq!(crc32c(b""), 0);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c_continue(crc32c(b"1234"), b"56789"), 0xe306_9283);
    }

    #[test]
    fn a_checksum_begun_otherwise_needs_no_bytes() {
        let bytes: Vec<u8> = (0..1_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for length in [0, 1, 2, 3, 7, 8, 255, 256, 1_000] {
            let (before, instead) = (0x1234_5678, 0xfeed_beef);
            let [old, new] = [before, instead].map(|begun| crc32c_continue(begun, &bytes[..length]));
            assert_eq!(crc32c_begun_otherwise(old, before, instead, length), new, "{length}");
        }
    }
}
