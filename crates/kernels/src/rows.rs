//! How kernels walk over many rows: four rows for each load of the query, and tiles of rows against rows.

/// Feeds contiguous rows of `dimensions` values (at least one) to a kernel, four at a time while there are four.
#[inline(always)]
pub(crate) fn by_four<T, R: Copy>(
    dimensions: usize,
    rows: &[T],
    out: &mut [R],
    four: impl Fn([&[T]; 4]) -> [R; 4],
    one: impl Fn(&[T]) -> R,
) {
    let (quads, rest) = out.as_chunks_mut::<4>();
    let (quad_rows, rest_rows) = rows.split_at(quads.len() * 4 * dimensions);
    for (out, rows) in quads.iter_mut().zip(quad_rows.chunks_exact(4 * dimensions)) {
        *out = four(split(rows, dimensions));
    }
    for (out, row) in rest.iter_mut().zip(rest_rows.chunks_exact(dimensions)) {
        *out = one(row);
    }
}

/// The first `N` of contiguous rows.
#[inline(always)]
fn split<T, const N: usize>(rows: &[T], dimensions: usize) -> [&[T]; N] {
    let mut split = [rows; N];
    for (row, part) in split.iter_mut().enumerate() {
        *part = &rows[row * dimensions..][..dimensions];
    }
    split
}

/// Feeds every row of `a` with every row of `b` to a kernel of `A` times `B` rows; `out` has a line for every row of `a`.
///
/// `prepare` sees the rows of `b` once for all rows of `a`. What is left at the edges goes pair by pair.
#[inline(always)]
pub(crate) fn by_tile<const A: usize, const B: usize, P: Copy>(
    dimensions: usize,
    [a, b]: [&[i8]; 2],
    out: &mut [i32],
    prepare: impl Fn([&[i8]; B]) -> P,
    tile: impl Fn([&[i8]; A], [&[i8]; B], P) -> [[i32; B]; A],
    pair: impl Fn(&[i8], &[i8]) -> i32,
) {
    let row = |rows, at| &<[i8]>::split_at(rows, at * dimensions).1[..dimensions];
    let (a_count, b_count) = (a.len() / dimensions, b.len() / dimensions);
    let (a_tiled, b_tiled) = (a_count / A * A, b_count / B * B);
    for j in (0..b_tiled).step_by(B) {
        let b_rows = split(&b[j * dimensions..], dimensions);
        let prepared = prepare(b_rows);
        for i in (0..a_tiled).step_by(A) {
            let products = tile(split(&a[i * dimensions..], dimensions), b_rows, prepared);
            for (line, products) in out[i * b_count..].chunks_mut(b_count).zip(products) {
                line[j..j + B].copy_from_slice(&products);
            }
        }
    }
    for i in 0..a_count {
        let done = if i < a_tiled { b_tiled } else { 0 };
        for j in done..b_count {
            out[i * b_count + j] = pair(row(a, i), row(b, j));
        }
    }
}
