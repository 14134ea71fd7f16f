//! CRC-32C, the checksum of every file.

use sanderling_kernels as kernels;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_checksums() {
        assert_eq!(crc32c(b""), 0);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c_continue(crc32c(b"1234"), b"56789"), 0xe306_9283);
    }
}
