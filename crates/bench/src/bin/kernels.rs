//! Nanoseconds for each vector, kernel by kernel and backend by backend, with the data in the second cache.
//!
//! Prints a line for each: kernel, backend, dimensions, minimum, median. `npm run bench:kernels` runs it natively and in
//! both kinds of wasm and compares them.

use sanderling_bench::{Time, time};
use sanderling_kernels::{
    Backend, FAST_SCAN_VECTORS, PLANES, ROTATION_ROUNDS, block_bytes, largest_magnitude, quantise_i8, rotation_factors,
    sign_bits, sum_of_magnitudes,
};
use std::hint::black_box;

/// The bytes of all rows: more than the first cache has, less than the second.
const DATA_BYTES: usize = 384 << 10;
const REPETITIONS: usize = 200;
/// Rows on either side of a tile.
const TILE_ROWS: usize = 64;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for dimensions in [384, 768] {
        for backend in Backend::available() {
            let bench = Bench { backend, dimensions, wanted: &wanted };
            bench.floats();
            bench.bytes();
            bench.tiles();
            bench.scans();
            bench.planes();
            bench.rotation();
        }
    }
}

struct Bench<'a> {
    backend: Backend,
    dimensions: usize,
    /// Parts of the names of the kernels to run; all where there is none.
    wanted: &'a [String],
}

/// Bytes without order, the same on every host.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn floats(length: usize) -> Vec<f32> {
    bytes(length).into_iter().map(|byte| f32::from(byte) / 128.0 - 1.0).collect()
}

impl Bench<'_> {
    fn report(&self, kernel: &str, vectors: usize, task: impl FnMut()) {
        if !self.wanted.is_empty() && !self.wanted.iter().any(|part| kernel.contains(part)) {
            return;
        }
        let Time { minimum, median } = time(REPETITIONS, task);
        let each = |nanoseconds| nanoseconds / vectors as f64;
        let name = self.backend.name();
        println!("{kernel} {name} {} {:.2} {:.2}", self.dimensions, each(minimum), each(median));
    }

    fn floats(&self) {
        let (backend, d) = (self.backend, self.dimensions);
        let count = DATA_BYTES / 4 / d;
        let (query, rows) = (floats(d), floats(count * d));
        let mut out = vec![0.0; count];
        self.report("dot", count, || {
            for (row, out) in rows.chunks_exact(d).zip(&mut out) {
                *out = backend.dot(black_box(&query), row);
            }
        });
        self.report("dot_rows", count, || backend.dot_rows(black_box(&query), &rows, &mut out));
        self.report("squared_euclidean", count, || {
            for (row, out) in rows.chunks_exact(d).zip(&mut out) {
                *out = backend.squared_euclidean(black_box(&query), row);
            }
        });
        self.report("squared_euclidean_rows", count, || {
            backend.squared_euclidean_rows(black_box(&query), &rows, &mut out);
        });
        black_box(&out);
    }

    fn bytes(&self) {
        let (backend, d) = (self.backend, self.dimensions);
        let count = DATA_BYTES / d;
        let query: Vec<u8> = bytes(d).into_iter().map(|byte| byte >> 1).collect();
        let rows: Vec<i8> = bytes(count * d).into_iter().map(u8::cast_signed).collect();
        let mut out = vec![0; count];
        self.report("dot_i8", count, || {
            for (row, out) in rows.chunks_exact(d).zip(&mut out) {
                *out = backend.dot_i8(black_box(&query), row);
            }
        });
        // Rows that lie apart, as the neighbours of a graph do.
        let row = |at: usize| &rows[at % count * d..][..d];
        self.report("dot_i8_four", count / 4 * 4, || {
            for (i, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                *out = backend
                    .dot_i8_four(black_box(&query), [row(i * 7), row(i * 7 + 3), row(i * 7 + 1), row(i * 7 + 6)]);
            }
        });
        self.report("dot_i8_rows", count, || backend.dot_i8_rows(black_box(&query), &rows, &mut out));
        self.report("dot_i8_i8", count, || {
            for (b, out) in rows.chunks_exact(d).zip(&mut out) {
                *out = backend.dot_i8_i8(black_box(row(0)), b);
            }
        });
        black_box(&out);
    }

    fn tiles(&self) {
        let (backend, d) = (self.backend, self.dimensions);
        let rows: Vec<i8> = bytes(2 * TILE_ROWS * d).into_iter().map(u8::cast_signed).collect();
        let (a, b) = rows.split_at(TILE_ROWS * d);
        let mut out = vec![0; TILE_ROWS * TILE_ROWS];
        self.report("dot_i8_tile", out.len(), || backend.dot_i8_tile(black_box(a), b, d, black_box(&mut out)));
    }

    fn scans(&self) {
        let (backend, code_bytes) = (self.backend, self.dimensions / 8);
        let length = block_bytes(code_bytes);
        let count = DATA_BYTES / length;
        let table: Vec<u8> = bytes(length).into_iter().map(|byte| byte >> 2).collect();
        let blocks = bytes(count * length);
        let mut out = vec![[0; FAST_SCAN_VECTORS]; count];
        self.report("fast_scan", count * FAST_SCAN_VECTORS, || {
            for (block, out) in blocks.chunks_exact(length).zip(&mut out) {
                backend.fast_scan(black_box(&table), block, out);
            }
        });
        self.report("fast_scan_blocks", count * FAST_SCAN_VECTORS, || {
            backend.fast_scan_blocks(black_box(&table), &blocks, &mut out);
        });
        black_box(&out);
        let query = &table[..code_bytes];
        self.report("hamming_bits", count * FAST_SCAN_VECTORS, || {
            let mut sum = 0;
            for code in blocks.chunks_exact(code_bytes) {
                sum += backend.hamming_bits(black_box(query), code);
            }
            black_box(sum);
        });
    }

    /// Rows that lie apart, with two numbers behind each code.
    fn planes(&self) {
        let (backend, code_bytes) = (self.backend, self.dimensions / 8);
        let (stride, planes) = (code_bytes + 8, bytes(PLANES * code_bytes));
        let count = DATA_BYTES / stride;
        let rows = bytes(count * stride);
        let at: Vec<u32> = (0..count).map(|at| (at * 7 % count) as u32).collect();
        let mut out = vec![0; count];
        self.report("plane_distances", count, || {
            for (at, out) in at.chunks(24).zip(out.chunks_mut(24)) {
                backend.plane_distances(black_box(&planes), &rows, stride, at, out);
            }
        });
        black_box(&out);
    }

    fn rotation(&self) {
        let mut factors = vec![0.0; ROTATION_ROUNDS * self.dimensions];
        rotation_factors(1, self.dimensions, &mut factors);
        let mut vector = floats(self.dimensions);
        self.report("rotate", 1, || self.backend.rotate(black_box(&mut vector), &factors));
        self.encoding(&factors);
    }

    /// All that a document's vector goes through on its way to its codes.
    fn encoding(&self, factors: &[f32]) {
        let row = floats(self.dimensions);
        let (mut rotated, mut bytes) = (row.clone(), vec![0; self.dimensions]);
        let mut code = vec![0; self.dimensions.div_ceil(8)];
        self.report("encode", 1, || {
            rotated.copy_from_slice(black_box(&row));
            self.backend.rotate(&mut rotated, factors);
            black_box((self.backend.dot(&rotated, &rotated), sum_of_magnitudes(&rotated)));
            quantise_i8(&rotated, 127.0 / largest_magnitude(&rotated), &mut bytes);
            sign_bits(&rotated, &mut code);
            black_box((&bytes, &code));
        });
    }
}
