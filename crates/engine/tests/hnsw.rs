//! The graph index against the exact scan: recall, filters, odd columns, damage.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod made;

use made::{Numbers, clustered, uniform};
use sanderling_engine::query::Unwatched;
use sanderling_engine::stored::Stored;
use sanderling_engine::vector::{
    BASE_DEGREE, BitRows, ByteRows, FREE, GraphDamage, GraphRows, GraphSearch, Hnsw, HnswBuilder, HnswView, Metric,
    PreparedQuery, Quantizer, RECALLS, Scratch, Slack, SlackCalibration, VectorColumn, at_of,
};
use sanderling_kernels as kernels;

/// Vectors with their rows and a graph over these.
struct Index {
    dimensions: usize,
    values: Vec<f32>,
    metric: Metric,
    quantizer: Quantizer,
    rows: ByteRows,
    graph: Hnsw,
}

impl Index {
    fn without_graph(values: Vec<f32>, dimensions: usize, metric: Metric) -> Self {
        let quantizer = Quantizer::new(dimensions, metric).unwrap();
        let mut rows = ByteRows::new(dimensions);
        let mut rotated = vec![0.0; dimensions];
        for vector in values.chunks(dimensions) {
            quantizer.rotate(vector, kernels::norm(vector), &mut rotated);
            rows.push(&rotated);
        }
        let graph = Hnsw::new(quantizer.space());
        Self { dimensions, values, metric, quantizer, rows, graph }
    }

    fn built(values: Vec<f32>, dimensions: usize, metric: Metric) -> Self {
        let mut index = Self::without_graph(values, dimensions, metric);
        let mut builder = HnswBuilder::new(index.quantizer.space());
        while !builder.step(index.rows.view()) {}
        index.graph = builder.finish().unwrap();
        index.check();
        index
    }

    fn grown(values: Vec<f32>, dimensions: usize, metric: Metric) -> Self {
        let mut index = Self::without_graph(values, dimensions, metric);
        let mut scratch = Scratch::default();
        (0..index.len()).for_each(|_| index.graph.insert(index.rows.view(), &mut scratch));
        index.check();
        index
    }

    /// The slacks that are measured for walks by these rows.
    fn slacks(&self, rows: GraphRows<'_>) -> [Slack; RECALLS.len()] {
        let numbers: Vec<u32> = (0..self.len() as u32).collect();
        let norms: Vec<f32> = self.values.chunks(self.dimensions).map(kernels::norm).collect();
        let column = VectorColumn {
            dimensions: self.dimensions,
            rows: (&numbers).into(),
            values: (&self.values).into(),
            norms: (&norms).into(),
        };
        let mut calibration = SlackCalibration::default();
        while !calibration.step((&self.quantizer, column), self.graph.view(), self.rows.view(), rows) {}
        calibration.finish()
    }

    fn len(&self) -> usize {
        self.values.len() / self.dimensions
    }

    /// The graph is sound, and every node is reached from node 0.
    fn check(&self) {
        let view = self.graph.view();
        assert_eq!(view.check(self.len()), Ok(()));
        let mut is_reached = vec![false; self.len()];
        let mut reached: Vec<u32> = (0..self.len().min(1) as u32).collect();
        while let Some(node) = reached.pop() {
            if !core::mem::replace(&mut is_reached[node as usize], true) {
                let list = view.base.part(node as usize * BASE_DEGREE, BASE_DEGREE);
                reached.extend(list.iter().filter(|to| **to != FREE));
            }
        }
        assert_eq!(is_reached.iter().position(|is_reached| !is_reached), None, "a node is not reached");
    }

    fn similarity(&self, query: &[f32], at: u32) -> f32 {
        let vector = &self.values[at as usize * self.dimensions..][..self.dimensions];
        self.metric.similarity(query, kernels::norm(query), vector, kernels::norm(vector))
    }

    fn best(&self, query: &[f32], at: impl Iterator<Item = u32>, wanted: usize) -> Vec<u32> {
        let mut order: Vec<(f32, u32)> = at.map(|at| (-self.similarity(query, at), at)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        order.into_iter().take(wanted).map(|(_, at)| at).collect()
    }

    fn walked(&self, query: &[f32], search: GraphSearch, passes: Option<&mut dyn FnMut(u32) -> bool>) -> Vec<u64> {
        let prepared = PreparedQuery::new(&self.quantizer, query, kernels::norm(query));
        self.graph
            .view()
            .search(GraphRows::Bytes(self.rows.view()), &prepared, search, passes, &mut Scratch::default(), &Unwatched)
            .found
    }

    /// The best found ones, by exact similarity.
    fn search(&self, query: &[f32], wanted: usize, breadth: usize) -> Vec<u32> {
        let search = GraphSearch { wanted, breadth, slack: f32::INFINITY, matching: self.len() };
        self.best(query, self.walked(query, search, None).into_iter().map(at_of), wanted)
    }

    fn search_among(&self, query: &[f32], wanted: usize, passes: &mut dyn FnMut(u32) -> bool) -> Vec<u32> {
        let matching = (0..self.len() as u32).filter(|at| passes(*at)).count();
        let search = GraphSearch { wanted, breadth: 100, slack: f32::INFINITY, matching };
        let found = self.walked(query, search, Some(passes));
        assert!(found.iter().all(|hit| passes(at_of(*hit))), "what does not pass was found");
        self.best(query, found.into_iter().map(at_of), wanted)
    }

    fn recall(&self, queries: &[f32], breadth: usize) -> f32 {
        let (mut found, mut all) = (0, 0);
        for query in queries.chunks(self.dimensions) {
            let exact = self.best(query, 0..self.len() as u32, 10);
            let hits = self.search(query, 10, breadth);
            assert_eq!(hits.len(), exact.len());
            found += hits.iter().filter(|hit| exact.contains(hit)).count();
            all += exact.len();
        }
        found as f32 / all as f32
    }
}

const METRICS: [Metric; 3] = [Metric::Cosine, Metric::Dot, Metric::Euclidean];

#[test]
fn both_ways_to_build_find_the_nearest() {
    for metric in METRICS {
        let cases = [
            ("clustered", clustered(5_000, 64, 50, 1), clustered(60, 64, 50, 2)),
            ("uniform", uniform(5_000, 24, 1), uniform(60, 24, 2)),
        ];
        for (name, values, queries) in cases {
            let dimensions = if name == "uniform" { 24 } else { 64 };
            let built = Index::built(values.clone(), dimensions, metric).recall(&queries, 100);
            let grown = Index::grown(values, dimensions, metric).recall(&queries, 100);
            assert!(built >= 0.95 && grown >= 0.95, "{metric:?}, {name}: built {built}, grown {grown}");
        }
    }
}

#[test]
fn lengths_that_differ_much_cost_no_recall() {
    let mut numbers = Numbers(5);
    let mut values = clustered(5_000, 32, 40, 3);
    values.chunks_mut(32).for_each(|vector| {
        let length = 0.05 + (numbers.uniform() + 1.0).powi(3);
        vector.iter_mut().for_each(|value| *value *= length);
    });
    for metric in METRICS {
        for index in [Index::built(values.clone(), 32, metric), Index::grown(values.clone(), 32, metric)] {
            let recall = index.recall(&clustered(60, 32, 40, 4), 120);
            assert!(recall >= 0.95, "{metric:?}: {recall}");
        }
    }
}

#[test]
fn a_filter_costs_no_recall() {
    type Filter<'a> = (&'a str, Box<dyn FnMut(u32) -> bool + 'a>);
    let index = Index::built(clustered(6_000, 48, 40, 1), 48, Metric::Cosine);
    let all = index.len() as u32;
    for one_in in [2, 5, 10, 50, 300] {
        let mut found = [0; 3];
        for query in clustered(20, 48, 40, 2).chunks(48) {
            let order = index.best(query, 0..all, all as usize);
            let mut ranks = vec![0; order.len()];
            order.iter().enumerate().for_each(|(rank, at)| ranks[*at as usize] = rank as u32);
            let filters: [Filter<'_>; 3] = [
                ("random", Box::new(|at| at.wrapping_mul(2_654_435_761) >> 8 & 0xffff < 65_536 / one_in)),
                ("near", Box::new(|at| ranks[at as usize] < all / one_in)),
                ("far", Box::new(|at| ranks[at as usize] >= all - all / one_in)),
            ];
            for ((name, mut passes), found) in filters.into_iter().zip(&mut found) {
                let exact: Vec<u32> = order.iter().copied().filter(|at| passes(*at)).take(10).collect();
                let hits = index.search_among(query, 10, &mut passes);
                assert_eq!(hits.len(), exact.len(), "{name}, one in {one_in}");
                *found += hits.iter().filter(|hit| exact.contains(hit)).count();
            }
        }
        // What is far lies in many places with others between them, half of all is walked without going far over those.
        let enough = [190, 190, if one_in == 2 { 170 } else { 190 }];
        let is_enough = found.iter().zip(enough).all(|(found, enough)| *found >= enough);
        assert!(is_enough, "one in {one_in}: {found:?} of 200");
    }
}

#[test]
fn every_match_comes_back_where_there_are_few() {
    let index = Index::built(clustered(3_000, 32, 10, 3), 32, Metric::Euclidean);
    let query = clustered(1, 32, 10, 4);
    for wanted in [1, 3, 10, 10_000] {
        let hits = index.search_among(&query, wanted, &mut |at| [7, 1_500, 2_999].contains(&at));
        assert_eq!(hits.len(), wanted.min(3), "three match");
        assert_eq!(index.search_among(&query, wanted, &mut |_| false), [0_u32; 0], "none matches");
    }
    let live = index.search_among(&query, 100, &mut |at| at % 30 == 0);
    assert_eq!(live.len(), 100, "2,900 of 3,000 are deleted");
}

#[test]
fn any_number_of_hits_can_be_asked_for() {
    for index in [Index::built(clustered(2_000, 40, 20, 4), 40, Metric::Cosine), {
        Index::grown(clustered(2_000, 40, 20, 4), 40, Metric::Cosine)
    }] {
        let query = clustered(1, 40, 20, 5);
        for wanted in [0, 1, 9, 10, 11, 99, 500, 1_999, 2_000, 10_000] {
            let hits = index.search(&query, wanted, 20);
            let exact = index.best(&query, 0..2_000, wanted);
            let found = hits.iter().filter(|hit| exact.contains(hit)).count();
            assert_eq!(hits.len(), exact.len(), "{wanted}");
            assert!(found * 10 >= exact.len() * 8, "{wanted}: {found}");
        }
    }
}

#[test]
fn a_little_more_vectors_than_the_breadth_are_found_like_fewer() {
    for count in [63, 64, 65, 66, 80] {
        let index = Index::grown(uniform(count, 16, 6), 16, Metric::Euclidean);
        let recall = index.recall(&uniform(30, 16, 7), 64);
        assert!(recall >= 0.99, "{count}: {recall}");
    }
}

#[test]
fn odd_columns_are_searched_like_any_other() {
    for dimensions in [1, 3, 7, 1_536] {
        for metric in METRICS {
            let mut values = clustered(400, dimensions, 5, 5);
            values[..dimensions].fill(0.0);
            for index in [Index::built(values.clone(), dimensions, metric), Index::grown(values, dimensions, metric)] {
                let query = clustered(1, dimensions, 5, 6);
                let exact = index.best(&query, 0..400, 10);
                let hits = index.search(&query, 10, 64);
                assert_eq!(hits.len(), 10);
                // Ties are many where the dimensions are few: what counts is the similarity.
                let similarity = |at: &u32| index.similarity(&query, *at);
                let worse = hits.iter().zip(&exact).filter(|(hit, exact)| similarity(hit) < similarity(exact)).count();
                assert!(worse <= 3, "{dimensions} dimensions, {metric:?}: {worse}");
            }
        }
    }
    for index in [Index::built(vec![0.5; 16], 16, Metric::Cosine), Index::grown(vec![0.5; 16], 16, Metric::Cosine)] {
        assert_eq!(index.search(&[0.25; 16], 10, 50), [0]);
    }
    let none = Index::built(Vec::new(), 16, Metric::Cosine);
    assert_eq!(none.search(&[0.25; 16], 10, 50), [0_u32; 0]);
    let zeros = Index::built(vec![0.0; 16 * 100], 16, Metric::Cosine);
    assert_eq!(zeros.search(&[0.25; 16], 10, 50).len(), 10);
}

#[test]
fn copies_of_one_vector_hide_nothing() {
    let copy = uniform(1, 24, 8);
    let mut values = clustered(1_000, 24, 20, 1);
    values.extend(copy.iter().cycle().take(24 * 3_000));
    values.extend(clustered(1_000, 24, 20, 2));
    for metric in METRICS {
        for index in [Index::built(values.clone(), 24, metric), Index::grown(values.clone(), 24, metric)] {
            let others = index.recall(&clustered(40, 24, 20, 3), 100);
            assert!(others >= 0.9, "{metric:?}: {others}");
            let all = index.search_among(&copy, 10_000, &mut |at| (1_000..4_000).contains(&at));
            assert_eq!(all.len(), 3_000, "{metric:?}");
            if metric != Metric::Dot {
                let hits = index.search(&copy, 50, 64);
                assert!(hits.iter().all(|hit| (1_000..4_000).contains(hit)), "{metric:?}: {hits:?}");
            }
        }
    }
}

#[test]
fn equal_vectors_give_equal_graphs() {
    let parts = |view: HnswView<'_>| {
        ([view.base, view.upper, view.first_lists, view.links].map(|array| array.all().to_vec()), view.entry)
    };
    let values = clustered(1_500, 20, 9, 6);
    for build in [Index::built, Index::grown] {
        let [first, second] = [0, 1].map(|_| build(values.clone(), 20, Metric::Dot));
        let copied = parts(first.graph.view());
        assert_eq!(copied, parts(second.graph.view()));
        let (arrays, entry) = &copied;
        let [base, upper, first_lists, links] = arrays.each_ref().map(|array| array.into());
        let reopened = HnswView { base, upper, first_lists, links, entry: *entry };
        let query = clustered(1, 20, 9, 7);
        let prepared = PreparedQuery::new(&first.quantizer, &query, kernels::norm(&query));
        let search = GraphSearch { wanted: 10, breadth: 40, slack: 0.2, matching: 1_500 };
        let walked = |view: HnswView<'_>, scratch: &mut Scratch| {
            view.search(GraphRows::Bytes(first.rows.view()), &prepared, search, None, scratch, &Unwatched)
        };
        let mut scratch = Scratch::default();
        let expected = walked(first.graph.view(), &mut scratch);
        assert!(expected.found.len() >= 10 && expected.compared >= expected.found.len());
        assert_eq!(walked(reopened, &mut scratch), expected, "a scratch that was used changes nothing");
    }
}

#[test]
fn a_graph_built_at_once_can_grow() {
    let (values, more) = (clustered(1_500, 32, 15, 1), clustered(1_000, 32, 15, 2));
    let mut index = Index::built(values.clone(), 32, Metric::Dot);
    let all = Index::without_graph([values, more].concat(), 32, Metric::Dot);
    let mut scratch = Scratch::default();
    (0..1_000).for_each(|_| index.graph.insert(all.rows.view(), &mut scratch));
    let index = Index { graph: index.graph, ..all };
    index.check();
    let recall = index.recall(&clustered(40, 32, 15, 3), 80);
    assert!(recall >= 0.95, "{recall}");
}

#[test]
fn the_measured_slack_gives_the_recall_it_is_for() {
    let index = Index::built(clustered(6_000, 48, 60, 1), 48, Metric::Cosine);
    let rows = GraphRows::Bytes(index.rows.view());
    let slacks = index.slacks(rows);
    assert!(slacks.windows(2).all(|pair| pair[0].for_wanted(10) <= pair[1].for_wanted(10)));
    let (mut found, mut compared, mut compared_in_all) = (0, 0, 0);
    for query in clustered(50, 48, 60, 2).chunks(48) {
        let prepared = PreparedQuery::new(&index.quantizer, query, kernels::norm(query));
        let walk = |slack| {
            let search = GraphSearch { wanted: 10, breadth: 400, slack, matching: index.len() };
            index.graph.view().search(rows, &prepared, search, None, &mut Scratch::default(), &Unwatched)
        };
        let walked = walk(slacks[2].for_wanted(10));
        compared += walked.compared;
        compared_in_all += walk(f32::INFINITY).compared;
        let hits = index.best(query, walked.found.into_iter().map(at_of), 10);
        let exact = index.best(query, 0..index.len() as u32, 10);
        found += hits.iter().filter(|hit| exact.contains(hit)).count();
    }
    assert!(found >= 475, "{found} of 500");
    assert!(compared < compared_in_all * 3 / 4, "{compared} of {compared_in_all}");
}

fn bits_of(index: &Index) -> BitRows {
    let mut bits = BitRows::new(index.dimensions);
    while !bits.step(&index.quantizer, index.rows.view()) {}
    bits
}

/// The slacks of a graph that is walked by bits.
fn slacks_of(index: &Index, bits: &BitRows) -> [Slack; RECALLS.len()] {
    let slacks = index.slacks(GraphRows::Bits(bits.view()));
    assert!(slacks.windows(2).all(|pair| pair[0].for_wanted(10) <= pair[1].for_wanted(10)));
    slacks
}

/// The true hits that walks by bits keep with that slack, and all that they keep.
fn kept_by_bits(index: &Index, bits: &BitRows, queries: &[f32], wanted: usize, slack: f32) -> (usize, usize) {
    let (mut found, mut kept) = (0, 0);
    for query in queries.chunks(index.dimensions) {
        let prepared = PreparedQuery::new(&index.quantizer, query, kernels::norm(query));
        let search = GraphSearch { wanted, breadth: 1_600, slack, matching: index.len() };
        let rows = GraphRows::Bits(bits.view());
        let walked = index.graph.view().search(rows, &prepared, search, None, &mut Scratch::default(), &Unwatched);
        kept += walked.found.len();
        let hits = index.best(query, walked.found.into_iter().map(at_of), wanted);
        let exact = index.best(query, 0..index.len() as u32, wanted);
        found += hits.iter().filter(|hit| exact.contains(hit)).count();
    }
    (found, kept)
}

#[test]
fn a_walk_by_bits_keeps_what_it_needs_for_its_recall() {
    for metric in METRICS {
        // Far from the origin, as the vectors of some models are.
        let moved = |mut values: Vec<f32>| {
            values.iter_mut().for_each(|value| *value += 1.5);
            values
        };
        let index = Index::built(moved(clustered(6_000, 96, 60, 1)), 96, metric);
        let (queries, bits) = (moved(clustered(50, 96, 60, 2)), bits_of(&index));
        let slacks = slacks_of(&index, &bits);
        // By inner product a walk for a hundred needs all that it may keep, by bytes too.
        for (wanted, enough) in [(10, 250), (100, if metric == Metric::Dot { 1_600 } else { 200 })] {
            let (found, kept) = kept_by_bits(&index, &bits, &queries, wanted, slacks[2].for_wanted(wanted));
            let all = 50 * wanted;
            assert!(found * 100 >= all * 95, "{metric:?}: {found} of {all}, {kept} kept");
            assert!(kept <= 50 * enough, "{metric:?}: {kept} kept for {all}");
        }
    }
}

/// A walk comes by everything near here, but the order by estimates is far from the true one.
#[test]
fn what_is_seen_and_seems_far_is_kept_too() {
    for metric in METRICS {
        let index = Index::built(uniform(1_000, 64, 1), 64, metric);
        let bits = bits_of(&index);
        let slack = slacks_of(&index, &bits)[2].for_wanted(100);
        let (found, kept) = kept_by_bits(&index, &bits, &uniform(20, 64, 2), 100, slack);
        assert!(found >= 1_900, "{metric:?}: {found} of 2000, {kept} kept");
    }
}

/// The estimate is right on average, and as wrong as it says: else slacks would be measured in the wrong unit.
#[test]
fn the_error_of_an_estimate_is_known() {
    for metric in METRICS {
        let index = Index::without_graph(clustered(1_000, 200, 20, 1), 200, metric);
        let bits = bits_of(&index);
        let all: Vec<u32> = (0..1_000).collect();
        let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
        for query in clustered(10, 200, 20, 2).chunks(200) {
            let prepared = PreparedQuery::new(&index.quantizer, query, kernels::norm(query));
            let truth = index.rows.view().all_keys(&prepared);
            let prepared = bits.view().prepare(&prepared);
            let mut keys = Vec::new();
            bits.view().add_keys(&prepared, &all, &mut keys);
            for ((at, key), truth) in all.iter().zip(keys).zip(truth) {
                let error = (key - truth) / bits.view().error(&prepared, *at);
                sum += error;
                squares += error * error;
                count += 1.0;
            }
        }
        let (mean, deviation) = (sum / count, kernels::square_root(squares / count));
        assert!(mean.abs() < 0.05 && (0.5..0.7).contains(&deviation), "{metric:?}: {mean} {deviation}");
    }
}

#[test]
fn bits_are_the_same_on_every_host() {
    // Recorded once on x86-64.
    let mut digest = 0_u32;
    for (dimensions, metric) in [(3, Metric::Dot), (40, Metric::Cosine), (131, Metric::Euclidean)] {
        let index = Index::without_graph(clustered(300, dimensions, 20, 1), dimensions, metric);
        let bits = bits_of(&index);
        let query = clustered(1, dimensions, 20, 2);
        let query = bits.view().prepare(&PreparedQuery::new(&index.quantizer, &query, kernels::norm(&query)));
        let mut keys = Vec::new();
        bits.view().add_keys(&query, &(0..300).collect::<Vec<u32>>(), &mut keys);
        let mix = |digest: u32, bits: u32| digest.rotate_left(5) ^ bits;
        digest = bits.view().bytes.all().iter().fold(digest, |digest, byte| mix(digest, u32::from(*byte)));
        digest = keys.iter().fold(digest, |digest, key| mix(digest, key.to_bits()));
    }
    assert_eq!(digest, GOLDEN_BITS, "{digest:#x}");
}

const GOLDEN_BITS: u32 = 0x7d5a_8a55;

#[test]
fn damage_is_found_before_a_search() {
    let index = Index::built(clustered(800, 16, 9, 6), 16, Metric::Cosine);
    let view = index.graph.view();
    let check = |view: HnswView<'_>| view.check_lengths(800).and_then(|()| view.check(800));
    assert!(view.upper.len() > 10 && check(view).is_ok());
    assert_eq!(view.check_lengths(799), Err(GraphDamage::Size));
    let changed = |array: Stored<'_, u32>, at: usize, value: u32| {
        let mut copy = array.all().to_vec();
        copy[at] = value;
        copy
    };
    let base = changed(view.base, 40, 800);
    assert_eq!(check(HnswView { base: (&base).into(), ..view }), Err(GraphDamage::Base));
    let base = changed(view.base, 64, FREE);
    assert_eq!(
        check(HnswView { base: (&base).into(), ..view }),
        Err(GraphDamage::Base),
        "a free slot before a used one"
    );
    for value in [800, FREE, view.upper[4]] {
        let upper = changed(view.upper, 3, value);
        assert_eq!(check(HnswView { upper: (&upper).into(), ..view }), Err(GraphDamage::Upper));
    }
    let last = view.first_lists.len() - 1;
    for (at, value) in [(0, 1), (3, view.first_lists[2]), (last, view.first_lists[last] + 1), (last, u32::MAX)] {
        let first_lists = changed(view.first_lists, at, value);
        assert_eq!(check(HnswView { first_lists: (&first_lists).into(), ..view }), Err(GraphDamage::Lists));
    }
    assert_eq!(check(HnswView { first_lists: Stored::NONE, ..view }), Err(GraphDamage::Lists));
    let links = changed(view.links, 0, view.upper.len() as u32);
    assert_eq!(check(HnswView { links: (&links).into(), ..view }), Err(GraphDamage::Links));
    for entry in [FREE, view.upper.len() as u32] {
        assert_eq!(check(HnswView { entry, ..view }), Err(GraphDamage::Entry));
    }
    let is_low = |at: &usize| view.first_lists[at + 1] - view.first_lists[*at] == 1;
    let low = (0..view.upper.len()).find(is_low).unwrap() as u32;
    assert_eq!(check(HnswView { entry: low, ..view }), Err(GraphDamage::Entry));
}
