//! CRC-32C (Castagnoli): the same in wasm and natively, without std.
//!
//! Short inputs go byte by byte through one table. Long ones go eight bytes a step through eight tables, which are made
//! for the occasion: kept in the file they would be seven kilobytes of wasm that no compression helps.

const POLYNOMIAL: u32 = 0x82f6_3b78;

type Table = [u32; 256];

static FIRST: Table = first_table();

/// From this length on, making the other tables pays.
const LONG: usize = 32 << 10;

const fn first_table() -> Table {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

/// Table `t` advances a byte over `t` zero bytes behind it.
fn all_tables() -> [Table; 8] {
    let mut tables = [FIRST; 8];
    for table in 1..8 {
        tables[table] = tables[table - 1].map(|before| (before >> 8) ^ FIRST[(before & 255) as usize]);
    }
    tables
}

/// The checksum of bytes.
#[must_use]
pub fn crc32c(bytes: &[u8]) -> u32 {
    crc32c_continue(0, bytes)
}

/// The checksum of bytes that follow others whose checksum is `crc`.
#[must_use]
pub fn crc32c_continue(crc: u32, bytes: &[u8]) -> u32 {
    let mut crc = !crc;
    let mut rest = bytes;
    if bytes.len() >= LONG {
        let (blocks, behind) = bytes.as_chunks::<8>();
        crc = long(crc, blocks);
        rest = behind;
    }
    for byte in rest {
        crc = (crc >> 8) ^ FIRST[((crc ^ u32::from(*byte)) & 255) as usize];
    }
    !crc
}

fn long(mut crc: u32, blocks: &[[u8; 8]]) -> u32 {
    let tables = all_tables();
    for block in blocks {
        let mut rest = u64::from_le_bytes(*block) ^ u64::from(crc);
        crc = 0;
        for table in tables.iter().rev() {
            crc ^= table[(rest & 255) as usize];
            rest >>= 8;
        }
    }
    crc
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
    use alloc::{vec, vec::Vec};

    #[test]
    fn known_checksums() {
        assert_eq!(crc32c(b""), 0);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c_continue(crc32c(b"1234"), b"56789"), 0xe306_9283);
    }

    #[test]
    fn long_inputs_have_the_checksum_of_their_parts() {
        let bytes: Vec<u8> = (0..LONG as u32 + 13).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for length in [LONG - 1, LONG, LONG + 1, LONG + 13] {
            let by_parts = bytes[..length].chunks(1_000).fold(0, crc32c_continue);
            assert_eq!(crc32c(&bytes[..length]), by_parts, "{length}");
        }
        assert_ne!(crc32c(&vec![0; LONG]), crc32c(&vec![0; LONG + 1]));
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
