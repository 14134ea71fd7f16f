//! CRC-32C (Castagnoli), the checksum of every file.
//!
//! A processor with an instruction for it takes three bytes streams at once, because each step waits for the one before;
//! their checksums are joined by a table that moves one over the bytes behind it. Any other host goes eight bytes a step
//! through eight tables. These are made at the first use: kept in a wasm file they would be seven kilobytes that no
//! compression helps.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

const POLYNOMIAL: u32 = 0x82f6_3b78;

type Table = [u32; 256];

/// What a byte at the end adds to a checksum.
static FIRST: Table = first_table();

/// Table `t` moves a byte over `t` zero bytes behind it.
static TABLES: [[AtomicU32; 256]; 8] = [const { [const { AtomicU32::new(0) }; 256] }; 8];

/// Whether [`TABLES`] were made. Threads that meet there write the same.
static ARE_MADE: AtomicBool = AtomicBool::new(false);

/// From this length on the tables are used.
const LONG: usize = 64;

const fn first_table() -> Table {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = over_zeros(byte as u32, 1);
        byte += 1;
    }
    table
}

/// A register of the checksum behind so many zero bytes more.
const fn over_zeros(mut register: u32, bytes: usize) -> u32 {
    let mut bit = 0;
    while bit < 8 * bytes {
        register = if register & 1 == 1 { (register >> 1) ^ POLYNOMIAL } else { register >> 1 };
        bit += 1;
    }
    register
}

/// One byte after the other: the definition.
pub(crate) fn byte_by_byte(register: u32, bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(register, |register, byte| (register >> 8) ^ FIRST[((register ^ u32::from(*byte)) & 255) as usize])
}

/// The register behind `bytes`.
pub(crate) fn by_tables(mut register: u32, bytes: &[u8]) -> u32 {
    if bytes.len() < LONG {
        return byte_by_byte(register, bytes);
    }
    if !ARE_MADE.load(Ordering::Acquire) {
        make_tables();
    }
    let (eights, rest) = bytes.as_chunks::<8>();
    for eight in eights {
        let word = u64::from_le_bytes(*eight) ^ u64::from(register);
        let look = |at: usize| TABLES[7 - at][(word >> (8 * at) & 255) as usize].load(Ordering::Relaxed);
        register = look(0) ^ look(1) ^ look(2) ^ look(3) ^ look(4) ^ look(5) ^ look(6) ^ look(7);
    }
    byte_by_byte(register, rest)
}

#[cold]
fn make_tables() {
    for byte in 0..256 {
        let mut register = FIRST[byte];
        for table in &TABLES {
            table[byte].store(register, Ordering::Relaxed);
            register = (register >> 8) ^ FIRST[(register & 255) as usize];
        }
    }
    ARE_MADE.store(true, Ordering::Release);
}

/// The bytes of one of three streams: three of them are a page but for 16 bytes.
#[cfg(any(target_arch = "x86_64", test))]
pub(crate) const STREAM: usize = 1_360;

/// What each byte of a register becomes behind [`STREAM`] zero bytes.
#[cfg(any(target_arch = "x86_64", test))]
static OVER_A_STREAM: [Table; 4] = over_a_stream();

#[cfg(any(target_arch = "x86_64", test))]
const fn over_a_stream() -> [Table; 4] {
    // The register is linear in its bits.
    let mut bits = [0; 32];
    let mut bit = 0;
    while bit < 32 {
        bits[bit] = over_zeros(1 << bit, STREAM);
        bit += 1;
    }
    let mut tables = [[0; 256]; 4];
    let mut at = 0;
    while at < 4 * 256 {
        let (table, byte) = (at / 256, at % 256);
        let mut bit = 0;
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                tables[table][byte] ^= bits[8 * table + bit];
            }
            bit += 1;
        }
        at += 1;
    }
    tables
}

/// A register moved over a stream.
#[cfg(any(target_arch = "x86_64", test))]
pub(crate) fn moved(register: u32) -> u32 {
    let [a, b, c, d] = register.to_le_bytes().map(usize::from);
    OVER_A_STREAM[0][a] ^ OVER_A_STREAM[1][b] ^ OVER_A_STREAM[2][c] ^ OVER_A_STREAM[3][d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_moves_over_zeros() {
        for register in [0, 1, 0x8000_0000, 0xdead_beef] {
            assert_eq!(moved(register), byte_by_byte(register, &[0; STREAM]), "{register:x}");
        }
    }
}
