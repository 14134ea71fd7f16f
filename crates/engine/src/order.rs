//! One sort for the whole engine. The standard library's is faster, but each use of it is a copy of several kilobytes of
//! wasm; here the comparison is passed as an object and the code exists once.

use alloc::{vec, vec::Vec};
use core::cmp::Ordering;

/// The numbers below `count` in the order that `compare` gives; equal ones stay in the order of their numbers.
pub(crate) fn sorted(count: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    let mut merged = vec![0; count];
    let mut width = 1;
    while width < count {
        for from in (0..count).step_by(2 * width) {
            let (middle, end) = ((from + width).min(count), (from + 2 * width).min(count));
            let (mut left, mut right) = (from, middle);
            for slot in &mut merged[from..end] {
                let take_left = left < middle
                    && (right == end || compare(order[left] as usize, order[right] as usize) != Ordering::Greater);
                let next = if take_left { &mut left } else { &mut right };
                *slot = order[*next];
                *next += 1;
            }
        }
        core::mem::swap(&mut order, &mut merged);
        width *= 2;
    }
    order
}

/// The values in that order.
pub(crate) fn permuted<T: Clone>(values: &[T], order: &[u32]) -> Vec<T> {
    let mut permuted = Vec::with_capacity(order.len());
    for at in order {
        permuted.push(values[*at as usize].clone());
    }
    permuted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sorts_and_keeps_equal_ones_in_place() {
        for count in [0, 1, 2, 3, 7, 8, 9, 100, 1_000] {
            let keys: Vec<u32> = (0..count as u32).map(|at| at.wrapping_mul(2_654_435_761) >> 27).collect();
            let mut expected: Vec<u32> = (0..count as u32).collect();
            expected.sort_by_key(|at| keys[*at as usize]);
            assert_eq!(sorted(count, &mut |a, b| keys[a].cmp(&keys[b])), expected, "{count}");
        }
    }
}
