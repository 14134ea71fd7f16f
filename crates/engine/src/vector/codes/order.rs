//! Which lists a search scans first.

use super::CodesView;
use crate::{
    lists::map,
    vector::{
        nearest::{Nearest, at_of, keep_best, packed},
        quantize::PreparedQuery,
    },
};
use alloc::vec::Vec;

/// Lists that are guessed by their codes for each one that is expected to be scanned, and beside them.
const GUESSED_PER_LIST: usize = 2;
const GUESSED_BESIDE: usize = 16;

/// Lists best first, by the keys of their centroids, put in order as far as they are asked for.
#[derive(Debug)]
pub(crate) struct ListOrder<'a> {
    codes: CodesView<'a>,
    query: &'a PreparedQuery,
    /// The next ones, the best last.
    next: Vec<u64>,
    /// Lists that were among the first; the others come behind them, when they are asked for.
    first: Option<Vec<u32>>,
}

impl<'a> CodesView<'a> {
    /// The lists in the order of a search that will scan about `expected` of them. The codes of the centroids say which
    /// ones to compare in earnest.
    pub(crate) fn ordered_lists(&self, query: &'a PreparedQuery, expected: usize) -> ListOrder<'a> {
        let guessed = expected * GUESSED_PER_LIST + GUESSED_BESIDE;
        let mut order = ListOrder { codes: *self, query, next: Vec::new(), first: None };
        if guessed * 2 > self.lists() {
            order.add_all(&[]);
            return order;
        }
        let mut nearest = Nearest::new(guessed);
        let blocks = 0..self.guide.adds.len() / sanderling_kernels::FAST_SCAN_VECTORS;
        self.guide.scan(query, blocks, None, 0.0, f32::INFINITY, &mut |list, estimate| {
            nearest.offer(estimate, list as u32);
            nearest.limit()
        });
        let mut lists = map(nearest.into_best(), at_of);
        lists.sort_unstable();
        let mut keys = Vec::new();
        self.centroids.keys(query, &lists, &mut keys);
        order.next = map(keys.iter().zip(&lists), |(key, list)| packed(*key, *list));
        // The worse ones of the guessed may have better ones beside them that were not guessed.
        keep_best(&mut order.next, expected + GUESSED_BESIDE / 2);
        order.next.sort_unstable_by(|a, b| b.cmp(a));
        order.first = Some(map(&order.next, |list| at_of(*list)));
        order
    }
}

impl ListOrder<'_> {
    /// The list behind the present one, if it is known.
    pub(crate) fn following(&self) -> Option<usize> {
        self.next.last().map(|list| at_of(*list) as usize)
    }

    /// Puts all lists in order but those that had their turn.
    fn add_all(&mut self, done: &[u32]) {
        let keys = self.codes.centroids.all_keys(self.query);
        self.next = map(keys.iter().enumerate(), |(list, key)| packed(*key, list as u32));
        if !done.is_empty() {
            self.next.retain(|list| !done.contains(&at_of(*list)));
        }
        self.next.sort_unstable_by(|a, b| b.cmp(a));
    }
}

impl Iterator for ListOrder<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if self.next.is_empty()
            && let Some(first) = self.first.take()
        {
            self.add_all(&first);
        }
        self.next.pop()
    }
}
