//! Filters to search behind, with the true neighbours among the vectors that pass.

use crate::data::{VectorSet, nearest_ten};
use sanderling_engine::{ids::RowId, rows::RowSet};

/// The shares of the vectors that pass the made filters.
const SHARES: [f64; 5] = [0.5, 0.1, 0.01, 0.001, 0.0001];

/// A filter, with an answer for each query.
#[derive(Debug)]
pub struct Filter {
    /// What passes.
    pub name: String,
    /// The rows that pass: the same for all queries, or those of each query.
    passing: Vec<RowSet>,
    /// The ten nearest of each query.
    pub truth: Vec<[u32; 10]>,
}

impl Filter {
    fn new(name: String) -> Self {
        Self { name, passing: Vec::new(), truth: Vec::new() }
    }

    /// Adds a query's own rows, with the query's product with each row.
    fn add<'a>(&mut self, products: &[f32], rows: impl Iterator<Item = &'a u32>) {
        let mut passing = RowSet::none(products.len());
        rows.for_each(|row| passing.insert(RowId(*row)));
        self.truth.push(nearest_ten(products, &|row| passing.contains(RowId(row))));
        self.passing.push(passing);
    }

    /// The rows that pass for a query.
    #[must_use]
    pub fn passing(&self, query: usize) -> &RowSet {
        &self.passing[if self.passing.len() == 1 { 0 } else { query }]
    }
}

/// All filters for the first `queries` queries: everything, those of the set, random ones, and ones that have to do with
/// the query. Behind `near` every second one of the nearest vectors passes; behind `region` the neighbourhood of a vector
/// that has nothing to do with the query.
#[must_use]
pub fn all(set: &VectorSet, queries: usize, of_the_set: Vec<(String, Vec<bool>)>) -> Vec<Filter> {
    let rows = set.rows();
    let mut shared = vec![with_rows("none".to_owned(), RowSet::all(rows))];
    for (name, passing) in of_the_set {
        shared.push(with_rows(name, RowSet::matching(rows, &mut |row| passing[row.index()])));
    }
    shared.extend(SHARES.map(|share| with_rows(named("random", share), random(rows, share))));
    let mut near: Vec<Filter> = SHARES.map(|share| Filter::new(named("near", share))).into();
    let mut region: Vec<Filter> = SHARES.map(|share| Filter::new(named("region", share))).into();
    let mut products = vec![0.0; rows];
    for (at, query) in set.queries.chunks(set.dimensions).take(queries).enumerate() {
        sanderling_kernels::dot_rows(query, &set.base, &mut products);
        for filter in &mut shared {
            let passing = &filter.passing[0];
            filter.truth.push(nearest_ten(&products, &|row| passing.contains(RowId(row))));
        }
        let order = best_first(&products);
        for (share, near) in SHARES.iter().zip(&mut near) {
            near.add(&products, order.iter().step_by(2).take(passing_of(rows, *share)));
        }
        // The same one where a `usize` is small.
        let centre = (scrambled(at as u64) % rows as u64) as usize * set.dimensions;
        let mut to_centre = vec![0.0; rows];
        sanderling_kernels::dot_rows(&set.base[centre..][..set.dimensions], &set.base, &mut to_centre);
        let order = best_first(&to_centre);
        for (share, region) in SHARES.iter().zip(&mut region) {
            region.add(&products, order.iter().take(passing_of(rows, *share)));
        }
    }
    shared.into_iter().chain(near).chain(region).collect()
}

fn best_first(products: &[f32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..products.len() as u32).collect();
    order.sort_by(|a, b| products[*b as usize].total_cmp(&products[*a as usize]).then(a.cmp(b)));
    order
}

fn named(kind: &str, share: f64) -> String {
    format!("{kind} {} %", share * 100.0)
}

fn with_rows(name: String, rows: RowSet) -> Filter {
    Filter { passing: vec![rows], ..Filter::new(name) }
}

/// The number of rows for a share: at least the ten that are asked for.
fn passing_of(rows: usize, share: f64) -> usize {
    ((rows as f64 * share) as usize).max(10).min(rows)
}

/// So many rows without order.
fn random(rows: usize, share: f64) -> RowSet {
    let mut order: Vec<(u64, u32)> = (0..rows as u32).map(|row| (scrambled(u64::from(row)), row)).collect();
    order.sort_unstable();
    let mut passing = RowSet::none(rows);
    order.iter().take(passing_of(rows, share)).for_each(|(_, row)| passing.insert(RowId(*row)));
    passing
}

/// The finaliser of splitmix64.
fn scrambled(number: u64) -> u64 {
    let mixed = (number ^ number >> 30).wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}
