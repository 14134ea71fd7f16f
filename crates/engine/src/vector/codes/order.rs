//! Which lists a search scans first.

use super::CodesView;
use crate::{
    lists::map,
    vector::{
        nearest::{Nearest, at_of, keep_best, packed},
        quantize::PreparedQuery,
    },
};
use alloc::{vec, vec::Vec};

/// Lists that are guessed by their codes for each one that is expected to be scanned, and beside them.
const GUESSED_PER_LIST: usize = 2;
const GUESSED_BESIDE: usize = 16;

/// Lists that are put in order at once, where more of them are asked for than were expected.
const CHUNK: usize = 64;

/// Lists best first, by the keys of their centroids, put in order as far as they are asked for.
#[derive(Debug)]
pub(crate) struct ListOrder<'a> {
    codes: CodesView<'a>,
    query: &'a PreparedQuery,
    /// The next ones, the best last.
    next: Vec<u64>,
    /// The ones behind them, in no order.
    rest: Vec<u64>,
    /// Lists that were among the first; the others come behind them, when they are asked for.
    first: Option<Vec<u32>>,
}

impl<'a> CodesView<'a> {
    /// The lists in the order of a search that will scan about `expected` of them. The codes of the centroids say which
    /// ones to compare in earnest.
    pub(crate) fn ordered_lists(&self, query: &'a PreparedQuery, expected: usize) -> ListOrder<'a> {
        let guessed = expected * GUESSED_PER_LIST + GUESSED_BESIDE;
        let mut order = ListOrder { codes: *self, query, next: Vec::new(), rest: Vec::new(), first: None };
        if guessed * 2 > self.lists() {
            order.add_all(&[]);
            order.refill(expected);
            return order;
        }
        let mut nearest = Nearest::new(guessed);
        let blocks = 0..self.guide.adds.len() / sanderling_kernels::FAST_SCAN_VECTORS;
        self.guide.scan(query, blocks, None, (0.0, 0.0), f32::INFINITY, &mut |list, estimate| {
            nearest.offer(estimate, list as u32);
            nearest.limit()
        });
        let mut lists = map(nearest.into_best(), at_of);
        crate::order::sort(&mut lists);
        let mut keys = Vec::new();
        self.centroids.keys(query, &lists, &mut keys);
        order.next = map(keys.iter().zip(&lists), |(key, list)| packed(*key, *list));
        // The worse ones of the guessed may have better ones beside them that were not guessed.
        keep_best(&mut order.next, expected + GUESSED_BESIDE / 2);
        crate::order::sort(&mut order.next);
        order.next.reverse();
        order.first = Some(map(&order.next, |list| at_of(*list)));
        order
    }
}

impl ListOrder<'_> {
    /// The list behind the present one, if it is known.
    pub(crate) fn following(&self) -> Option<usize> {
        self.next.last().map(|list| at_of(*list) as usize)
    }

    /// Compares all lists but those that had their turn.
    fn add_all(&mut self, done: &[u32]) {
        let keys = self.codes.centroids.all_keys(self.query);
        let mut is_done = vec![false; keys.len()];
        for list in done {
            if let Some(is_done) = is_done.get_mut(*list as usize) {
                *is_done = true;
            }
        }
        for (list, key) in keys.iter().enumerate() {
            if !is_done[list] {
                self.rest.push(packed(*key, list as u32));
            }
        }
    }

    /// Puts the best of the others in order.
    fn refill(&mut self, count: usize) {
        let count = count.clamp(CHUNK, CHUNK.max(self.rest.len()));
        self.next = core::mem::take(&mut self.rest);
        if count < self.next.len() {
            crate::order::select(&mut self.next, count - 1);
            self.rest = self.next.split_off(count);
        }
        crate::order::sort(&mut self.next);
        self.next.reverse();
    }
}

impl Iterator for ListOrder<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if self.next.is_empty() {
            if let Some(first) = self.first.take() {
                self.add_all(&first);
            }
            self.refill(CHUNK);
        }
        self.next.pop()
    }
}
