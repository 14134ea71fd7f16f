//! Backend without instructions of its own: floats over `wide` (simd128 in wasm, SSE2 on a default x86-64 build, NEON on
//! arm64, plain code elsewhere), integers by the definition, which a compiler may vectorise as it likes.
//!
//! Four registers of four lanes are the sixteen virtual lanes; the rest of a slice is added lane by lane, as the
//! definition says.

use crate::backend::Table;
use crate::rows::{by_four, by_tile};
use crate::{EstimateTerms, FAST_SCAN_VECTORS, LANES, PerVector, estimate, planes, rotation, scalar, scalar::reduce};
use wide::f32x4;

pub(crate) static PORTABLE: Table = Table {
    name: "portable",
    dot,
    squared_euclidean,
    dot_rows,
    squared_euclidean_rows,
    dot_i8: scalar::dot_i8,
    dot_i8_four,
    dot_i8_rows,
    dot_i8_i8: scalar::dot_i8_i8,
    dot_i8_tile,
    fast_scan_blocks,
    hamming_bits,
    crc32c: crate::crc::by_tables,
    plane_distances: planes::plane_distances,
    rotate,
    estimate_block,
    fast_scan_table,
};

pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    sums(a, [b], |x, y| x * y, |x, y| x * y)[0]
}

pub(crate) fn squared_euclidean(a: &[f32], b: &[f32]) -> f32 {
    let wide_term = |x, y| {
        let difference: f32x4 = x - y;
        difference * difference
    };
    let term = |x, y| {
        let difference: f32 = x - y;
        difference * difference
    };
    sums(a, [b], wide_term, term)[0]
}

pub(crate) fn dot_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
    by_four(
        query.len(),
        rows,
        out,
        |[a, b, c, d]| {
            let [a, b] = sums(query, [a, b], |x, y| x * y, |x, y| x * y);
            let [c, d] = sums(query, [c, d], |x, y| x * y, |x, y| x * y);
            [a, b, c, d]
        },
        |row| dot(query, row),
    );
}

pub(crate) fn squared_euclidean_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
    for (out, row) in out.iter_mut().zip(rows.chunks_exact(query.len())) {
        *out = squared_euclidean(query, row);
    }
}

/// The sums of a term over a query and rows of the same length.
#[inline(always)]
fn sums<const ROWS: usize>(
    query: &[f32],
    rows: [&[f32]; ROWS],
    wide_term: impl Fn(f32x4, f32x4) -> f32x4,
    term: impl Fn(f32, f32) -> f32,
) -> [f32; ROWS] {
    let rows = rows.map(|row| &row[..query.len()]);
    let (blocks, rest) = query.as_chunks::<LANES>();
    let row_blocks = rows.map(|row| &row.as_chunks::<LANES>().0[..blocks.len()]);
    let mut registers = [[f32x4::ZERO; LANES / 4]; ROWS];
    for (at, block) in blocks.iter().enumerate() {
        for (registers, row) in registers.iter_mut().zip(row_blocks) {
            for (lane, register) in registers.iter_mut().enumerate() {
                *register += wide_term(quad(block, lane), quad(&row[at], lane));
            }
        }
    }
    let mut sums = [0.0; ROWS];
    for row in 0..ROWS {
        let mut lanes = [0.0_f32; LANES];
        for (lane, register) in lanes.as_chunks_mut::<4>().0.iter_mut().zip(registers[row]) {
            *lane = register.to_array();
        }
        for (lane, (x, y)) in lanes.iter_mut().zip(rest.iter().zip(rows[row].as_chunks::<LANES>().1)) {
            *lane += term(*x, *y);
        }
        sums[row] = reduce(&lanes);
    }
    sums
}

/// Four values, copied as a whole: put together one by one, they would be loaded one by one in wasm.
#[inline(always)]
fn quad(block: &[f32; LANES], lane: usize) -> f32x4 {
    f32x4::new(block.as_chunks().0[lane])
}

fn dot_i8_four(query: &[u8], rows: [&[i8]; 4]) -> [i32; 4] {
    rows.map(|row| scalar::dot_i8(query, row))
}

fn dot_i8_rows(query: &[u8], rows: &[i8], out: &mut [i32]) {
    by_four(query.len(), rows, out, |rows| dot_i8_four(query, rows), |row| scalar::dot_i8(query, row));
}

fn dot_i8_tile(rows: [&[i8]; 2], dimensions: usize, out: &mut [i32]) {
    let pair = scalar::dot_i8_i8;
    by_tile::<1, 1, ()>(dimensions, rows, out, |_| (), |[a], [b], ()| [[pair(a, b)]], pair);
}

fn fast_scan_blocks(table: &[u8], blocks: &[u8], out: &mut [[u16; FAST_SCAN_VECTORS]]) {
    for (out, block) in out.iter_mut().zip(blocks.chunks_exact(table.len())) {
        *out = scalar::fast_scan(table, block);
    }
}

/// Eight bytes at a time; other backends finish their slices so.
#[inline]
pub(crate) fn hamming_bits(a: &[u8], b: &[u8]) -> u32 {
    let (a_words, a_rest) = a.as_chunks();
    let (b_words, b_rest) = b.as_chunks();
    let different = |(x, y): (&[u8; 8], &[u8; 8])| (u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y)).count_ones();
    a_words.iter().zip(b_words).map(different).sum::<u32>() + scalar::hamming_bits(a_rest, b_rest)
}

pub(crate) fn rotate(vector: &mut [f32], factors: &[f32]) {
    rotation::rotate(vector, factors);
}

pub(crate) fn estimate_block(
    sums: &PerVector<u16>,
    adds_and_factors: [&PerVector<f32>; 2],
    terms: EstimateTerms,
    limit: f32,
    out: &mut PerVector<f32>,
) -> u32 {
    estimate::estimate_block(sums, adds_and_factors, terms, limit, out)
}

pub(crate) fn fast_scan_table(query: &[f32], table: &mut [u8]) -> (f32, f32) {
    estimate::fast_scan_table(query, table)
}
