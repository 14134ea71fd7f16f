//! The layout that FastScan reads: blocks of 32 vectors with one bit a dimension. The front page of the crate
//! tells where each bit lies.

/// The number of vectors of a block.
pub const FAST_SCAN_VECTORS: usize = 32;

/// The bytes of one group of four dimensions, in a block and in a table.
pub const GROUP_BYTES: usize = 16;

/// The largest entry of a table.
pub const FAST_SCAN_ENTRY_MAX: u8 = 63;

/// The largest number of groups whose sum fits 16 bits: 4,160 dimensions.
pub const FAST_SCAN_GROUPS_MAX: usize = u16::MAX as usize / FAST_SCAN_ENTRY_MAX as usize;

/// The bytes of a block whose vectors have codes of `code_bytes` bytes.
#[must_use]
pub const fn block_bytes(code_bytes: usize) -> usize {
    code_bytes * FAST_SCAN_VECTORS
}

/// Where the nibble of a vector lies: the byte within its group, and how far it is shifted.
const fn place(vector: usize) -> (usize, usize) {
    (vector % GROUP_BYTES, vector / GROUP_BYTES * 4)
}

/// Writes the code of one vector into a block; the other vectors stay as they are.
///
/// # Panics
///
/// Unless `vector` is below 32 and the block is as long as [`block_bytes`] says.
pub fn write_block_code(block: &mut [u8], vector: usize, code: &[u8]) {
    assert!(vector < FAST_SCAN_VECTORS && block.len() == block_bytes(code.len()));
    let (at, shift) = place(vector);
    for (groups, code) in block.as_chunks_mut::<{ 2 * GROUP_BYTES }>().0.iter_mut().zip(code) {
        for (place, nibble) in [(at, code & 15), (GROUP_BYTES + at, code >> 4)] {
            groups[place] = groups[place] & !(15 << shift) | nibble << shift;
        }
    }
}

/// Reads the code of one vector back from a block.
///
/// # Panics
///
/// Unless `vector` is below 32 and the block is as long as [`block_bytes`] says.
pub fn read_block_code(block: &[u8], vector: usize, code: &mut [u8]) {
    assert!(vector < FAST_SCAN_VECTORS && block.len() == block_bytes(code.len()));
    let (at, shift) = place(vector);
    for (groups, code) in block.as_chunks::<{ 2 * GROUP_BYTES }>().0.iter().zip(code) {
        *code = groups[at] >> shift & 15 | (groups[GROUP_BYTES + at] >> shift & 15) << 4;
    }
}

/// Writes a block from the codes of at most 32 vectors, one after the other; the vectors that are missing become zero.
///
/// # Panics
///
/// Unless `codes` has whole codes of `code_bytes` bytes, 32 at most, and the block is as long as [`block_bytes`] says.
pub fn pack_block(codes: &[u8], code_bytes: usize, block: &mut [u8]) {
    assert!(block.len() == block_bytes(code_bytes) && codes.len() <= block.len());
    block.fill(0);
    if code_bytes > 0 {
        assert!(codes.len().is_multiple_of(code_bytes));
        for (vector, code) in codes.chunks_exact(code_bytes).enumerate() {
            write_block_code(block, vector, code);
        }
    }
}
