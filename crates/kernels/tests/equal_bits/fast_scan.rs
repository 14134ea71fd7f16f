//! FastScan: the layout of blocks, and the sums.

use crate::SHIFTS;
use crate::values::{bytes, bytes_to};
use sanderling_kernels::{
    Backend, FAST_SCAN_ENTRY_MAX, FAST_SCAN_GROUPS_MAX, FAST_SCAN_VECTORS, GROUP_BYTES, block_bytes, pack_block,
    read_block_code, scalar, write_block_code,
};

const CODE_BYTES_MAX: usize = FAST_SCAN_GROUPS_MAX / 2;

#[test]
fn sums_equal_their_scalar_twin_for_every_length_of_code() {
    for backend in Backend::available() {
        for code_bytes in 0..=CODE_BYTES_MAX {
            let length = block_bytes(code_bytes);
            let count = code_bytes % 4;
            let (table_shift, block_shift) = (code_bytes % SHIFTS, code_bytes * 5 % SHIFTS);
            let table = &bytes_to(FAST_SCAN_ENTRY_MAX, 1, length + table_shift)[table_shift..];
            let blocks = &bytes(2, length * count + block_shift)[block_shift..];
            let mut found = vec![[u16::MAX; FAST_SCAN_VECTORS]; count];
            backend.fast_scan_blocks(table, blocks, &mut found);
            for (at, found) in found.iter().enumerate() {
                let block = &blocks[at * length..][..length];
                let what = format!("{} of {code_bytes} bytes, block {at} of {count}", backend.name());
                assert_eq!(*found, scalar::fast_scan(table, block), "{what}");
                let mut alone = [u16::MAX; FAST_SCAN_VECTORS];
                backend.fast_scan(table, block, &mut alone);
                assert_eq!(alone, *found, "{what}");
            }
        }
    }
}

#[test]
fn sums_equal_their_scalar_twin_at_every_alignment() {
    for code_bytes in [1, 2, 3, 4, 5, 8, 9, 48] {
        let length = block_bytes(code_bytes);
        let (table, block) = (bytes_to(FAST_SCAN_ENTRY_MAX, 3, length + SHIFTS), bytes(4, length + SHIFTS));
        for shifts in 0..SHIFTS * SHIFTS {
            let table = &table[shifts % SHIFTS..][..length];
            let block = &block[shifts / SHIFTS..][..length];
            for backend in Backend::available() {
                let mut found = [u16::MAX; FAST_SCAN_VECTORS];
                backend.fast_scan(table, block, &mut found);
                assert_eq!(found, scalar::fast_scan(table, block), "{} of {code_bytes} bytes", backend.name());
            }
        }
    }
}

#[test]
fn the_largest_entries_do_not_overflow() {
    for code_bytes in (0..=CODE_BYTES_MAX).rev().step_by(3) {
        let table = vec![FAST_SCAN_ENTRY_MAX; block_bytes(code_bytes)];
        let expected = u16::try_from(2 * code_bytes).unwrap() * u16::from(FAST_SCAN_ENTRY_MAX);
        for code in [0, 0xff, 0xf0, 0x5a] {
            let block = vec![code; block_bytes(code_bytes)];
            for backend in Backend::available() {
                let mut found = [u16::MAX; FAST_SCAN_VECTORS];
                backend.fast_scan(&table, &block, &mut found);
                assert_eq!(found, [expected; FAST_SCAN_VECTORS], "{} of {code_bytes} bytes", backend.name());
            }
        }
    }
}

#[test]
fn a_sum_takes_one_entry_for_each_four_dimensions() {
    for code_bytes in [1, 2, 7, 48, 96] {
        let codes = bytes(5, FAST_SCAN_VECTORS * code_bytes);
        let table = bytes_to(FAST_SCAN_ENTRY_MAX, 6, block_bytes(code_bytes));
        let mut block = vec![0; block_bytes(code_bytes)];
        pack_block(&codes, code_bytes, &mut block);
        for backend in Backend::available() {
            let mut found = [0; FAST_SCAN_VECTORS];
            backend.fast_scan(&table, &block, &mut found);
            for (found, code) in found.iter().zip(codes.chunks(code_bytes)) {
                let bit = |dimension: usize| usize::from(code[dimension / 8] >> (dimension % 8) & 1);
                let nibble = |group| (0..4).map(|i| bit(4 * group + i) << i).sum::<usize>();
                let entry = |group| u16::from(table[group * GROUP_BYTES + nibble(group)]);
                assert_eq!(*found, (0..2 * code_bytes).map(entry).sum::<u16>(), "{}", backend.name());
            }
        }
    }
}

#[test]
fn codes_come_back_from_a_block() {
    for (code_bytes, count) in [(0, 0), (1, 32), (3, 31), (48, 32), (96, 17), (512, 1), (5, 0)] {
        let codes = bytes(7, code_bytes * count);
        let mut block = bytes(8, block_bytes(code_bytes));
        pack_block(&codes, code_bytes, &mut block);
        for vector in 0..FAST_SCAN_VECTORS {
            let mut code = vec![0xaa; code_bytes];
            read_block_code(&block, vector, &mut code);
            let expected = codes.get(vector * code_bytes..(vector + 1) * code_bytes).filter(|_| vector < count);
            assert_eq!(code, expected.unwrap_or(&vec![0; code_bytes]), "vector {vector} of {count}");
        }
    }
}

#[test]
fn a_code_is_written_without_touching_its_neighbours() {
    let mut block = bytes(9, block_bytes(6));
    for vector in [0, 15, 16, 31, 7, 0] {
        let before: Vec<_> = (0..FAST_SCAN_VECTORS).map(|other| code_of(&block, other)).collect();
        let code = bytes(10 + vector as u64, 6);
        write_block_code(&mut block, vector, &code);
        for (other, before) in before.iter().enumerate() {
            assert_eq!(code_of(&block, other), if other == vector { &code[..] } else { &before[..] });
        }
    }
}

fn code_of(block: &[u8], vector: usize) -> Vec<u8> {
    let mut code = vec![0; block.len() / FAST_SCAN_VECTORS];
    read_block_code(block, vector, &mut code);
    code
}

#[test]
fn the_bytes_of_a_block_are_the_ones_the_documents_describe() {
    let mut block = [0; 64];
    write_block_code(&mut block, 3, &[0x21, 0x43]);
    write_block_code(&mut block, 19, &[0x65, 0x87]);
    for (group, byte) in [(0, 0x51), (1, 0x62), (2, 0x73), (3, 0x84)] {
        let mut expected = [0; GROUP_BYTES];
        expected[3] = byte;
        assert_eq!(block[group * GROUP_BYTES..][..GROUP_BYTES], expected);
    }
}
