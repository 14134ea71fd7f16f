//! The engine's own sorts. The standard library's are a little faster, but each use of them is a copy of several kilobytes of
//! wasm. Here numbers are sorted by the few lines of the kernels, and where a comparison is needed it is passed as an object and
//! the code exists once.

use alloc::{vec, vec::Vec};
use core::cmp::Ordering;
use sanderling_kernels as kernels;

/// Sorts numbers.
pub(crate) fn sort<T: Number>(numbers: &mut [T]) {
    if cfg!(target_family = "wasm") {
        T::sort(numbers);
    } else {
        // Sorted numbers look the same whoever sorted them, and natively nobody counts the bytes.
        numbers.sort_unstable();
    }
}

/// Brings the number that belongs at `place` there, no larger ones before it and no smaller ones behind it.
pub(crate) fn select<T: Number>(numbers: &mut [T], place: usize) -> T {
    T::select(numbers, place)
}

/// Numbers that the kernels sort.
pub(crate) trait Number: Copy + Ord {
    /// Sorts them.
    fn sort(numbers: &mut [Self]);

    /// Brings one to its place.
    fn select(numbers: &mut [Self], place: usize) -> Self;
}

impl Number for u32 {
    fn sort(numbers: &mut [Self]) {
        kernels::sort_u32(numbers);
    }

    fn select(numbers: &mut [Self], place: usize) -> Self {
        kernels::select_u32(numbers, place)
    }
}

impl Number for u64 {
    fn sort(numbers: &mut [Self]) {
        kernels::sort_u64(numbers);
    }

    fn select(numbers: &mut [Self], place: usize) -> Self {
        kernels::select_u64(numbers, place)
    }
}

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

/// The first `limit` of the numbers below `count` in the order that `compare` gives, which tells all of them apart.
pub(crate) fn first_of(count: usize, limit: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<u32> {
    if limit >= count {
        return sorted(count, compare);
    }
    // A heap of the first so far, the last of them on top.
    let mut heap: Vec<u32> = Vec::new();
    for number in 0..count {
        if heap.len() < limit {
            heap.push(number as u32);
            let mut at = heap.len() - 1;
            while at > 0 && compare(heap[at] as usize, heap[(at - 1) / 2] as usize) == Ordering::Greater {
                heap.swap(at, (at - 1) / 2);
                at = (at - 1) / 2;
            }
        } else if limit > 0 && compare(number, heap[0] as usize) == Ordering::Less {
            heap[0] = number as u32;
            let mut at = 0;
            while 2 * at + 1 < heap.len() {
                let mut child = 2 * at + 1;
                let is_right =
                    child + 1 < heap.len() && compare(heap[child] as usize, heap[child + 1] as usize) == Ordering::Less;
                child += usize::from(is_right);
                if compare(heap[at] as usize, heap[child] as usize) != Ordering::Less {
                    break;
                }
                heap.swap(at, child);
                at = child;
            }
        }
    }
    let order = sorted(heap.len(), &mut |a, b| compare(heap[a] as usize, heap[b] as usize));
    permuted(&heap, &order)
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

    fn scattered(count: usize, values: u64) -> Vec<u64> {
        (0..count as u64).map(|at| at.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) % values).collect()
    }

    #[test]
    fn the_first_are_those_of_a_full_sort() {
        for count in [0, 1, 5, 100, 1_000] {
            let keys = scattered(count, 50);
            let compare = &mut |a: usize, b: usize| (keys[a], a).cmp(&(keys[b], b));
            let all = sorted(count, compare);
            for limit in [0, 1, 2, 7, 99, 1_000, usize::MAX] {
                assert_eq!(first_of(count, limit, compare), all[..limit.min(count)], "{limit} of {count}");
            }
        }
    }

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
