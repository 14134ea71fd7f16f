//! What is merged when, and what a collection's files come to by it.

use super::*;

fn whole(live: u64) -> Figures {
    Figures { rows: live, live, bytes: live * 100 }
}

#[test]
fn four_alike_neighbours_are_merged_the_small_ones_first() {
    assert_eq!(to_merge(&[whole(100); 3]), None);
    assert_eq!(to_merge(&[whole(100); 4]), Some(0..4));
    let mixed = [[whole(5_000); 4], [whole(100); 4]].concat();
    assert_eq!(to_merge(&mixed), Some(4..8));
    let apart = [whole(100), whole(100), whole(9_000), whole(100), whole(100)];
    assert_eq!(to_merge(&apart), None);
    let between = [whole(100), whole(100), whole(3), whole(100), whole(100)];
    assert_eq!(to_merge(&between), Some(0..5));
}

#[test]
fn a_segment_with_many_dead_rows_is_written_again() {
    let holey = Figures { rows: 100, live: 60, bytes: 10_000 };
    assert_eq!(to_merge(&[whole(10_000), holey]), Some(1..2));
    let fine = Figures { rows: 100, live: 70, bytes: 10_000 };
    assert_eq!(to_merge(&[whole(10_000), fine]), None);
    let empty = Figures { rows: 100, live: 0, bytes: 10_000 };
    assert_eq!(to_merge(&[whole(10_000), empty]), Some(1..2));
}

#[test]
fn segments_stay_few_and_rows_are_seldom_written_again() {
    let (mut segments, mut written) = (Vec::new(), 0);
    for _ in 0..1_024 {
        segments.push(whole(32_768 / 1_024));
        while let Some(run) = to_merge(&segments) {
            let rows: u64 = segments[run.clone()].iter().map(|segment| segment.live).sum();
            written += rows;
            segments.splice(run, [whole(rows)]);
        }
        assert!(segments.len() < 20, "{} segments", segments.len());
    }
    assert!(written <= 6 * 32_768, "{written} rows written again for 32,768");
}

#[test]
fn what_is_too_large_to_merge_is_left() {
    let large = Figures { rows: 1 << 20, live: 1 << 20, bytes: 900 << 20 };
    assert_eq!(to_merge(&[large; 6]), None);
}

/// Segments as a collection has them: each row is the number of a document, dead or not.
#[derive(Default)]
struct Model {
    segments: Vec<Vec<(u64, bool)>>,
    growing: Vec<(u64, bool)>,
    /// Rows that were written: by their writers, and again.
    put: u64,
    written: u64,
}

/// What a row takes in a segment and in a log.
const ROW: u64 = 142;
const LOGGED: u64 = 102;
const SEAL_AT: u32 = 50;

impl Model {
    fn figures(&self) -> Vec<Figures> {
        let of = |rows: &[(u64, bool)], row: u64| {
            let live = rows.iter().filter(|(_, is_dead)| !is_dead).count() as u64;
            Figures { rows: rows.len() as u64, live, bytes: rows.len() as u64 * row }
        };
        let sealed = self.segments.iter().map(|rows| of(rows, ROW));
        sealed.chain([of(&self.growing, LOGGED)]).collect()
    }

    fn kill(&mut self, document: u64) {
        let rows = self.segments.iter_mut().flatten().chain(&mut self.growing);
        rows.filter(|(of, _)| *of == document).for_each(|(_, is_dead)| *is_dead = true);
    }

    fn put(&mut self, document: u64) {
        self.kill(document);
        self.growing.push((document, false));
        self.put += 1;
        if self.growing.len() >= SEAL_AT as usize {
            let full = core::mem::take(&mut self.growing);
            self.segments.push(full);
            let figures = self.figures();
            if let Some(run) = to_merge(&figures[..self.segments.len()]) {
                self.merge(run);
            }
        }
    }

    fn merge(&mut self, run: Range<usize>) {
        if run.end > self.segments.len() {
            let full = core::mem::take(&mut self.growing);
            self.segments.push(full);
        }
        let merged: Vec<_> = self.segments[run.clone()].concat().into_iter().filter(|(_, is_dead)| !is_dead).collect();
        self.written += merged.len() as u64;
        self.segments.splice(run, (!merged.is_empty()).then_some(merged));
    }

    /// Closes, and says how many rows that wrote.
    fn close(&mut self) -> u64 {
        let before = self.written;
        while let Some(run) = to_reclaim(&self.figures(), SEAL_AT) {
            self.merge(run);
        }
        self.written - before
    }
}

#[test]
fn what_is_closed_takes_at_most_two_and_a_half_times_what_is_alive() {
    let mut random = 7_u64;
    let mut below = |end: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % end
    };
    for round in 0..60 {
        let (mut model, mut next) = (Model::default(), 0);
        let (replaced, deleted, sessions) = (below(100), below(100), 1 + below(12));
        for _ in 0..sessions {
            for _ in 0..below(1_500) {
                let document = if next > 10 && below(100) < replaced { below(next) } else { next };
                next += u64::from(document == next);
                model.put(document);
            }
            (0..next).filter(|_| below(100) < deleted).for_each(|document| model.kill(document));
            let dead = model.figures().iter().map(|segment| segment.rows - segment.live).sum::<u64>();
            let written = model.close();
            assert!(written <= 3 * dead + 4 * u64::from(SEAL_AT), "{round}: {written} rows written for {dead} dead");
            let live: u64 = model.figures().iter().map(|segment| segment.live).sum();
            let bytes: u64 = model.figures().iter().map(|segment| segment.bytes).sum();
            assert!(bytes * 2 <= live * 5 * 100, "{round}: {bytes} bytes for {live} rows of 100");
            let few = 12 + live / u64::from(SEAL_AT) / 2;
            assert!(model.segments.len() as u64 <= few, "{round}: {} segments", model.segments.len());
        }
        assert!(model.written <= 6 * model.put, "{round}: {} rows for {} put", model.written, model.put);
    }
}

#[test]
fn a_collection_that_is_mostly_alive_is_left_as_it_is() {
    let holey = Figures { rows: 100, live: 10, bytes: 10_000 };
    assert_eq!(to_reclaim(&[whole(1_000), holey, whole(100)], 50), None);
    assert_eq!(to_reclaim(&[whole(100), holey, whole(60)], 50), Some(1..2));
    assert_eq!(to_reclaim(&[whole(100), holey, whole(30)], 50), Some(1..3));
    assert_eq!(to_reclaim(&[], 50), None);
    assert_eq!(to_reclaim(&[Figures { rows: 0, live: 0, bytes: 0 }; 2], 50), None);
}

#[test]
fn what_gives_most_for_what_it_costs_is_written_anew_first() {
    let holey = |live| Figures { rows: 1_000, live, bytes: 100_000 };
    assert_eq!(to_reclaim(&[holey(500), holey(100), holey(400)], 50), Some(1..2));
    assert_eq!(to_reclaim(&[holey(300), holey(500), whole(100)], 50), Some(0..1));
}
