//! Indexes against the exact scan: recall, filters, the cases that broke others.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod made;

use made::clustered;
use sanderling_engine::{
    ids::RowId,
    query::Unwatched,
    rows::RowSet,
    stored::Stored,
    vector::{
        Codes, CodesView, Depth, IvfBuilder, Metric, Quantizer, RECALLS, SearchedColumn, Strategy, VectorColumn,
        VectorHit, VectorIndex, VectorSearch,
    },
};

struct Column {
    dimensions: usize,
    rows: Vec<u32>,
    values: Vec<f32>,
    norms: Vec<f32>,
}

impl Column {
    fn of(values: Vec<f32>, dimensions: usize) -> Self {
        let norms = values.chunks(dimensions).map(sanderling_kernels::norm).collect();
        Self { dimensions, rows: (0..(values.len() / dimensions) as u32).collect(), values, norms }
    }

    fn view(&self) -> VectorColumn<'_> {
        let Self { dimensions, rows, values, norms } = self;
        VectorColumn { dimensions: *dimensions, rows: rows.into(), values: values.into(), norms: norms.into() }
    }

    fn query(&self, at: usize) -> &[f32] {
        &self.values[at * self.dimensions..][..self.dimensions]
    }
}

struct Built {
    quantizer: Quantizer,
    codes: Codes,
    depths: [Depth; RECALLS.len()],
    metric: Metric,
}

fn build(column: &Column, metric: Metric, lists: usize) -> Built {
    let quantizer = Quantizer::new(column.dimensions, metric).unwrap();
    let mut builder = IvfBuilder::new(&quantizer, lists);
    while !builder.step(&quantizer, column.view()) {}
    let (codes, depths) = builder.finish().unwrap();
    Built { quantizer, codes, depths, metric }
}

impl Built {
    fn search(
        &self,
        column: &Column,
        query: &[f32],
        search: VectorSearch,
        passing: &RowSet,
    ) -> (Vec<VectorHit>, Strategy) {
        let index = VectorIndex::Codes { codes: self.codes.view(), depths: &self.depths };
        let searched =
            SearchedColumn { column: column.view(), metric: self.metric, quantizer: Some(&self.quantizer), index };
        let mut hits = Vec::new();
        let strategy = searched.search(query, search, passing.into(), &Unwatched, &mut |hit| hits.push(hit));
        hits.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then(a.row.cmp(&b.row)));
        hits.truncate(search.wanted);
        (hits, strategy)
    }

    /// The share of the exact hits that the index finds, over `queries` vectors that are none of the column's.
    fn recall(&self, column: &Column, queries: &Column, wanted: usize, passing: &RowSet) -> f32 {
        let (mut found, mut all) = (0, 0);
        for at in 0..queries.rows.len() {
            let query = queries.query(at);
            let (exact, _) = self.search(column, query, exactly(wanted), passing);
            let (hits, _) = self.search(column, query, about(wanted), passing);
            assert_eq!(hits.len(), exact.len(), "as many hits as match");
            assert!(hits.iter().all(|hit| passing.contains(hit.row)), "hits that pass");
            found += hits.iter().filter(|hit| exact.contains(hit)).count();
            all += exact.len();
        }
        found as f32 / all as f32
    }
}

fn about(wanted: usize) -> VectorSearch {
    VectorSearch::new(wanted, 0.95)
}

fn exactly(wanted: usize) -> VectorSearch {
    VectorSearch { is_exact: true, ..about(wanted) }
}

#[test]
fn the_recall_is_what_was_asked_for() {
    for metric in [Metric::Cosine, Metric::Dot, Metric::Euclidean] {
        let column = Column::of(clustered(6_000, 96, 60, 1), 96);
        let queries = Column::of(clustered(100, 96, 60, 101), 96);
        let all = RowSet::all(6_000);
        for lists in [1, 100] {
            let built = build(&column, metric, lists);
            let recall = built.recall(&column, &queries, 10, &all);
            assert!(recall >= 0.95, "{metric:?}, {lists} lists: {recall}");
            let (_, strategy) = built.search(&column, queries.query(0), about(10), &all);
            assert!(matches!(strategy, Strategy::Codes { .. }), "{metric:?}: {strategy:?}");
        }
    }
}

#[test]
fn a_filter_costs_no_recall() {
    let column = Column::of(clustered(8_000, 64, 40, 2), 64);
    let queries = Column::of(clustered(50, 64, 40, 102), 64);
    let built = build(&column, Metric::Cosine, 90);
    let near_first = build_near(&column, queries.query(0));
    for one_in in [2, 10, 100, 1_000] {
        let random = RowSet::matching(8_000, &mut |row| row.0.wrapping_mul(2_654_435_761) % one_in == 0);
        let far = RowSet::matching(8_000, &mut |row| near_first[row.index()] >= 8_000 - 8_000 / one_in as usize);
        for (name, passing) in [("random", random), ("far", far)] {
            let recall = built.recall(&column, &queries, 10, &passing);
            assert!(recall >= 0.95, "{name}, one in {one_in}: {recall}");
        }
    }
}

#[test]
fn a_filter_that_few_pass_is_compared_by_bytes() {
    let column = Column::of(clustered(8_000, 64, 40, 2), 64);
    let built = build(&column, Metric::Cosine, 90);
    let query = column.query(17);
    let few = RowSet::matching(8_000, &mut |row| row.0 % 20 == 3);
    let (hits, strategy) = built.search(&column, query, about(10), &few);
    assert_eq!(strategy, Strategy::Bytes { vectors: 400 });
    assert_eq!(hits, built.search(&column, query, exactly(10), &few).0);
    // The same rows, where only every second row of the segment has a vector.
    let rows = (0..8_000).map(|row| 2 * row).collect();
    let column = Column { rows, ..column };
    for (one_in, is_few) in [(20, true), (3, false)] {
        let passing = RowSet::matching(16_000, &mut |row| row.0 / 2 % one_in == 1);
        let (hits, strategy) = built.search(&column, column.query(17), about(10), &passing);
        assert_eq!(matches!(strategy, Strategy::Bytes { .. }), is_few, "{strategy:?}");
        let (exact, _) = built.search(&column, column.query(17), exactly(10), &passing);
        let found = hits.iter().filter(|hit| exact.contains(hit)).count();
        assert!(found >= 9 && hits.len() == 10, "one in {one_in}: {found}");
    }
}

#[test]
fn codes_without_rows_of_bytes_are_searched() {
    let column = Column::of(clustered(4_000, 64, 40, 2), 64);
    let built = build(&column, Metric::Cosine, 60);
    let mut codes = built.codes.view();
    (codes.rows.bytes, codes.rows.scales) = (Stored::NONE.into(), Stored::NONE);
    (codes.rows.sums, codes.rows.squares) = (Stored::NONE, Stored::NONE);
    let index = VectorIndex::Codes { codes, depths: &built.depths };
    let (view, quantizer) = (column.view(), Some(&built.quantizer));
    let searched = SearchedColumn { column: view, metric: Metric::Cosine, quantizer, index };
    for one_in in [1, 2, 60] {
        let passing = RowSet::matching(4_000, &mut |row| row.0 % one_in == 0);
        let mut rows = Vec::new();
        let query = column.query(7);
        let strategy = searched.search(query, about(10), (&passing).into(), &Unwatched, &mut |hit| rows.push(hit.row));
        assert_eq!(strategy == Strategy::Exact, one_in == 60, "{strategy:?}");
        rows.sort_unstable();
        rows.dedup();
        let (exact, _) = built.search(&column, query, exactly(5), &passing);
        assert!(rows.len() >= 10 && exact.iter().all(|hit| rows.contains(&hit.row)), "one in {one_in}");
    }
}

/// For each row how many are nearer to the query.
fn build_near(column: &Column, query: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..column.rows.len()).collect();
    let product = |at: usize| sanderling_kernels::dot(query, column.query(at)) / column.norms[at];
    order.sort_by(|a, b| product(*b).total_cmp(&product(*a)));
    let mut ranks = vec![0; order.len()];
    order.iter().enumerate().for_each(|(rank, at)| ranks[*at] = rank);
    ranks
}

#[test]
fn every_match_comes_back_where_there_are_few() {
    let column = Column::of(clustered(3_000, 32, 10, 3), 32);
    let built = build(&column, Metric::Euclidean, 54);
    let three = RowSet::matching(3_000, &mut |row| [7, 1_500, 2_999].contains(&row.0));
    for wanted in [1, 3, 10, 10_000] {
        let (hits, _) = built.search(&column, column.query(5), about(wanted), &three);
        assert_eq!(hits.len(), wanted.min(3));
    }
    // 2,900 of 3,000 deleted.
    let live = RowSet::matching(3_000, &mut |row| row.0 % 30 == 0);
    let (hits, _) = built.search(&column, column.query(5), about(100), &live);
    assert_eq!(hits.len(), 100);
}

#[test]
fn any_number_of_hits_can_be_asked_for() {
    let column = Column::of(clustered(2_000, 48, 20, 4), 48);
    let built = build(&column, Metric::Cosine, 40);
    let all = RowSet::all(2_000);
    for wanted in [0, 1, 9, 10, 11, 99, 500, 1_999, 2_000, 10_000] {
        let (mut found, mut possible) = (0, 0);
        for at in (0..2_000).step_by(200) {
            let (hits, _) = built.search(&column, column.query(at), about(wanted), &all);
            assert_eq!(hits.len(), wanted.min(2_000), "{wanted}");
            let mut rows: Vec<RowId> = hits.iter().map(|hit| hit.row).collect();
            rows.sort_unstable();
            rows.dedup();
            assert_eq!(rows.len(), hits.len(), "a vector that has two codes is one hit");
            let (exact, _) = built.search(&column, column.query(at), exactly(wanted), &all);
            found += hits.iter().filter(|hit| exact.contains(hit)).count();
            possible += exact.len();
        }
        assert!(found as f32 >= 0.9 * possible as f32, "{wanted}: {found} of {possible}");
    }
}

#[test]
fn odd_columns_are_searched_like_any_other() {
    for dimensions in [1, 3, 7, 100, 1_536, 4_096] {
        let mut values = clustered(300, dimensions, 5, 5);
        values[..dimensions].fill(0.0);
        let copy = values[dimensions..2 * dimensions].to_vec();
        (2..40).for_each(|at| values[at * dimensions..][..dimensions].copy_from_slice(&copy));
        let column = Column::of(values, dimensions);
        for metric in [Metric::Cosine, Metric::Dot, Metric::Euclidean] {
            let built = build(&column, metric, 8);
            let (hits, _) = built.search(&column, column.query(100), about(20), &RowSet::all(300));
            let (exact, _) = built.search(&column, column.query(100), exactly(20), &RowSet::all(300));
            assert_eq!(hits.len(), 20);
            // Ties are many where the dimensions are few: what counts is the similarity.
            let worse = hits.iter().zip(&exact).filter(|(hit, exact)| hit.similarity < exact.similarity).count();
            assert!(worse <= 4, "{dimensions} dimensions, {metric:?}: {worse}");
        }
    }
    let one = Column::of(vec![0.5; 16], 16);
    let built = build(&one, Metric::Cosine, 3);
    assert_eq!(
        built.search(&one, one.query(0), about(10), &RowSet::all(1)).0,
        [VectorHit { row: RowId(0), similarity: 1.0 }]
    );
    let none = Column::of(Vec::new(), 16);
    let built = build(&none, Metric::Cosine, 3);
    assert_eq!(built.search(&none, one.query(0), about(10), &RowSet::all(0)).0, []);
}

#[test]
fn equal_vectors_give_equal_codes() {
    let column = Column::of(clustered(500, 40, 9, 6), 40);
    let (first, second) = (build(&column, Metric::Dot, 10), build(&column, Metric::Dot, 10));
    assert_eq!(first.codes.view().blocks.codes, second.codes.view().blocks.codes);
    assert_eq!(first.codes.view().guide.codes, second.codes.view().guide.codes);
    assert_eq!(first.codes.view().positions, second.codes.view().positions);
    assert_eq!(first.depths, second.depths);
    let mut positions = first.codes.view().positions.all().to_vec();
    positions.sort_unstable();
    assert_eq!(positions, column.rows, "every vector is in one list");
}

#[test]
fn vectors_too_long_for_codes_are_compared_in_full() {
    let column = Column::of(clustered(100, 8, 3, 7), 8);
    let built = build(&column, Metric::Dot, 4);
    let long = vec![1e30; 8];
    let (hits, strategy) = built.search(&column, &long, about(5), &RowSet::all(100));
    assert_eq!((hits.len(), strategy), (5, Strategy::Exact));
}

#[test]
fn damaged_codes_are_refused() {
    let column = Column::of(clustered(400, 24, 4, 9), 24);
    let built = build(&column, Metric::Cosine, 6);
    let whole = built.codes.view();
    let check = |view: CodesView<'_>, vectors: usize| {
        view.check_lengths(&built.quantizer, vectors).and_then(|()| view.check(vectors))
    };
    let refused = |damage: &dyn Fn(&mut CodesView<'_>)| {
        let mut view = whole;
        damage(&mut view);
        assert!(check(view, 400).is_err());
    };
    assert_eq!(check(whole, 400), Ok(()));
    assert!(check(whole, 399).is_err());
    refused(&|view| view.blocks.codes = view.blocks.codes.all()[1..].into());
    refused(&|view| view.blocks.adds = view.blocks.adds.all()[32..].into());
    refused(&|view| view.blocks.factors = Stored::NONE);
    refused(&|view| view.first_blocks = view.first_blocks.all()[1..].into());
    refused(&|view| view.guide.codes = Stored::NONE);
    refused(&|view| view.guide = view.blocks);
    refused(&|view| view.first_blocks = Stored::NONE);
    refused(&|view| view.first_vectors = (&[0, 9, 3, 7, 0, 0, 400][..]).into());
    refused(&|view| view.positions = (&[400; 400][..]).into());
    refused(&|view| view.positions = (&[7; 400][..]).into());
    refused(&|view| view.places = (&[0; 400][..]).into());
    assert_eq!(whole.copies.len(), 200);
    refused(&|view| view.copies = (&[400; 200][..]).into());
    refused(&|view| view.copies = view.copies.all()[1..].into());
    refused(&|view| view.first_copies = view.first_copies.all()[1..].into());
    refused(&|view| view.first_copies = (&[0, 9, 3, 7, 0, 0, 400][..]).into());
    refused(&|view| view.first_copies = Stored::NONE);
    refused(&|view| view.places = (&[400; 400][..]).into());
    refused(&|view| view.places = view.places.all()[1..].into());
    refused(&|view| view.rows.bytes = view.rows.bytes.here().unwrap().part(0, 24).into());
    refused(&|view| view.rows.sums = Stored::NONE);
    refused(&|view| view.centroids = view.rows);
}

/// Vectors of all lengths that a component can have, and the cosine in f64.
#[test]
fn cosines_are_right_at_every_length() {
    let lengths = [1e-44_f32, 1e-38, 1e-30, 1e-23, 1e-20, 1e-13, 1e-11, 1.0, 1e10, 1e17, 1e19, 1e20, 3e38];
    let values = made::uniform(12, 24, 5);
    for length_a in lengths {
        for length_b in lengths {
            let scaled = |at: usize, length: f32| -> Vec<f32> {
                values[at * 24..][..24].iter().map(|value| value * length).collect()
            };
            for at in 0..6 {
                let (a, b) = (scaled(at, length_a), scaled(at + 6, length_b));
                let dot =
                    |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum() };
                let expected = dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
                let norms = (sanderling_kernels::norm(&a), sanderling_kernels::norm(&b));
                let found = Metric::Cosine.similarity(&a, norms.0, &b, norms.1);
                assert!((f64::from(found) - expected).abs() < 1e-6, "{length_a} {length_b}: {found} {expected}");
                assert_eq!(Metric::Cosine.distance(&a, norms.0, &b, norms.1), 1.0 - found);
            }
        }
    }
    assert_eq!(Metric::Cosine.similarity(&[0.0, 0.0], 0.0, &[1e-30, 0.0], 0.0), 0.0, "a zero vector");
}

#[test]
fn a_short_vector_is_quantized_by_its_direction() {
    let quantizer = Quantizer::new(24, Metric::Cosine).unwrap();
    let vector = made::uniform(1, 24, 5);
    let rotated = |power: i32| {
        let vector: Vec<f32> = vector.iter().map(|value| value * 2_f32.powi(power)).collect();
        let mut rotated = vec![0.0; 24];
        quantizer.rotate(&vector, sanderling_kernels::norm(&vector), &mut rotated);
        rotated
    };
    let expected = rotated(0);
    for power in [-20, -50, -70, -90, -100] {
        for (found, expected) in rotated(power).iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-6, "{power}");
        }
    }
    let mut zero = vec![1.0; 24];
    quantizer.rotate(&[0.0; 24], 0.0, &mut zero);
    assert_eq!(zero, [0.0; 24]);
}

#[test]
fn no_metric_gives_what_is_no_number() {
    let names = Metric::names();
    let vectors = [[3e38, 3e38], [3e38, -3e38], [-3e38, 3e38], [0.0, 0.0], [1.0, -1.0], [-1.0, 1.0], [1e-45, 0.0]];
    for metric in names.map(|name| Metric::from_name(name).unwrap()) {
        for (a, b) in vectors.iter().flat_map(|a| vectors.iter().map(move |b| (a, b))) {
            let norms = (sanderling_kernels::norm(a), sanderling_kernels::norm(b));
            assert!(!metric.similarity(a, norms.0, b, norms.1).is_nan(), "{metric:?} {a:?} {b:?}");
            assert!(!metric.distance(a, norms.0, b, norms.1).is_nan(), "{metric:?} {a:?} {b:?}");
        }
    }
}
