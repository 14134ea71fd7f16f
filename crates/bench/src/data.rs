//! The data sets of the benchmarks, which lie beside the project or where `SANDERLING_DATA` says.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Vectors with queries and the true neighbours of each.
#[derive(Debug)]
pub struct VectorSet {
    /// The length of a vector.
    pub dimensions: usize,
    /// The vectors, one after the other, of length 1.
    pub base: Vec<f32>,
    /// The queries.
    pub queries: Vec<f32>,
    /// The ten nearest of each query, by inner product.
    pub truth: Vec<[u32; 10]>,
}

/// Where the data sets lie if nobody says otherwise.
#[must_use]
pub fn default_folder() -> PathBuf {
    env::var_os("SANDERLING_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from)
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// The first `limit` vectors of a set of 384 dimensions: `wordnet` and `scifact` are real, `uniform` and `clustered` made.
#[must_use]
pub fn load(name: &str, limit: usize) -> VectorSet {
    load_from(&default_folder(), name, limit)
}

/// The same, with the data sets in that folder.
#[must_use]
pub fn load_from(folder: &Path, name: &str, limit: usize) -> VectorSet {
    match name {
        "uniform" => with_truth(made(limit, 0), name, limit),
        "clustered" => with_truth(made(limit, limit / 100 + 1), name, limit),
        _ => with_truth(stored(&folder.join(name), limit), name, limit),
    }
}

impl VectorSet {
    /// The number of vectors.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.base.len() / self.dimensions
    }

    /// Writes what [`VectorSet::prepared`] reads: little-endian numbers, one after the other, that rivals can read too.
    pub fn prepare(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for (name, values) in [("base.f32", &self.base), ("queries.f32", &self.queries)] {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            write(&folder.join(name), &bytes);
        }
        let numbers = self.truth.iter().flatten().flat_map(|number| number.to_le_bytes());
        write(&folder.join("truth.u32"), &numbers.collect::<Vec<u8>>());
    }

    /// A set that was prepared in that folder.
    #[must_use]
    pub fn prepared(folder: &Path) -> Self {
        let truth = numbers(&read(&folder.join("truth.u32"))).as_chunks::<10>().0.to_vec();
        let [base, queries] = ["base.f32", "queries.f32"].map(|name| floats(&read(&folder.join(name))));
        Self { dimensions: DIMENSIONS, base, queries, truth }
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number)).collect()
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks::<4>().0.iter().map(|number| u32::from_le_bytes(*number)).collect()
}

/// Filters that were prepared beside a set: a name, and whether each row passes. `filters.txt` has a name a line,
/// `filters.bin` a byte a row for each of them; sets without filters have neither.
#[must_use]
pub fn prepared_filters(folder: &Path, rows: usize) -> Vec<(String, Vec<bool>)> {
    let Ok(names) = fs::read_to_string(folder.join("filters.txt")) else { return Vec::new() };
    let bytes = read(&folder.join("filters.bin"));
    let passing = bytes.chunks(rows).map(|bytes| bytes.iter().map(|byte| *byte == 1).collect());
    names.lines().map(str::to_owned).zip(passing).collect()
}

const DIMENSIONS: usize = 384;

/// Vectors of length 1, around so many centres, or everywhere.
fn made(count: usize, centres: usize) -> VectorSet {
    let mut state = 7_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    let centre: Vec<f32> = (0..centres * DIMENSIONS).map(|_| uniform()).collect();
    let mut values = Vec::with_capacity((count + 1_000) * DIMENSIONS);
    for at in 0..count + 1_000 {
        let from = (at * 7_919) % centres.max(1) * DIMENSIONS;
        values.extend((0..DIMENSIONS).map(|at| centre.get(from + at).map_or(0.0, |value| *value) + 0.5 * uniform()));
    }
    let queries = values.split_off(count * DIMENSIONS);
    let mut set = VectorSet { dimensions: DIMENSIONS, base: values, queries, truth: Vec::new() };
    set.base.chunks_mut(DIMENSIONS).for_each(normalise);
    set.queries.chunks_mut(DIMENSIONS).for_each(normalise);
    set
}

fn stored(folder: &Path, limit: usize) -> VectorSet {
    let [bytes, scales, halves] = ["base.i8", "scale.f32", "queries.f16"].map(|name| read(&folder.join(name)));
    let mut base = Vec::new();
    for (row, scale) in bytes.chunks(DIMENSIONS).zip(scales.as_chunks::<4>().0).take(limit) {
        let scale = f32::from_le_bytes(*scale);
        base.extend(row.iter().map(|byte| f32::from(*byte as i8) * scale));
    }
    let mut queries: Vec<f32> =
        halves.as_chunks::<2>().0.iter().map(|half| half_float(u16::from_le_bytes(*half))).collect();
    base.chunks_mut(DIMENSIONS).for_each(normalise);
    queries.chunks_mut(DIMENSIONS).for_each(normalise);
    VectorSet { dimensions: DIMENSIONS, base, queries, truth: Vec::new() }
}

fn with_truth(mut set: VectorSet, name: &str, limit: usize) -> VectorSet {
    let cache = PathBuf::from(format!("target/truth-{name}-{limit}"));
    if let Ok(bytes) = fs::read(&cache) {
        set.truth = numbers(&bytes).as_chunks::<10>().0.to_vec();
    } else {
        set.truth = truth(&set, &mut |_| true);
        let numbers = set.truth.iter().flatten().flat_map(|number| number.to_le_bytes());
        write(&cache, &numbers.collect::<Vec<u8>>());
    }
    set
}

fn normalise(vector: &mut [f32]) {
    let norm = sanderling_kernels::norm(vector);
    vector.iter_mut().for_each(|value| *value /= norm);
}

/// The true neighbours among the vectors that pass.
#[must_use]
pub fn truth(set: &VectorSet, passes: &mut dyn FnMut(usize) -> bool) -> Vec<[u32; 10]> {
    let passing: Vec<bool> = (0..set.rows()).map(passes).collect();
    let mut products = vec![0.0; passing.len()];
    let queries = set.queries.chunks(set.dimensions);
    queries
        .map(|query| {
            sanderling_kernels::dot_rows(query, &set.base, &mut products);
            nearest_ten(&products, &|at| passing[at as usize])
        })
        .collect()
}

/// The ten with the largest products among those that pass, best first; where there are fewer, the rest is `u32::MAX`.
#[must_use]
pub fn nearest_ten(products: &[f32], passes: &dyn Fn(u32) -> bool) -> [u32; 10] {
    let mut order: Vec<u32> = (0..products.len() as u32).filter(|at| passes(*at)).collect();
    let by_product = |a: &u32, b: &u32| products[*b as usize].total_cmp(&products[*a as usize]).then(a.cmp(b));
    if order.len() > 10 {
        order.select_nth_unstable_by(9, by_product);
        order.truncate(10);
    }
    order.sort_by(by_product);
    let mut ten = [u32::MAX; 10];
    ten[..order.len()].copy_from_slice(&order);
    ten
}

fn half_float(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    if exponent == 0 {
        sign * fraction * 2.0_f32.powi(-24)
    } else {
        sign * (1.0 + fraction / 1024.0) * 2.0_f32.powi(exponent - 15)
    }
}
