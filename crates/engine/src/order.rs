//! The engine's own sorts. The standard library's are a little faster, but each use of them is a copy of several kilobytes of
//! wasm. Here numbers are sorted by few lines, and where a comparison is needed it is passed as an object and the code exists
//! once.

use alloc::{vec, vec::Vec};
use core::cmp::Ordering;

// So few are sorted by insertion.
const FEW: usize = 16;

/// Sorts numbers.
pub(crate) fn sort<T: Copy + Ord>(numbers: &mut [T]) {
    if cfg!(target_family = "wasm") {
        quicksort(numbers);
    } else {
        // Sorted numbers look the same whoever sorted them, and natively nobody counts the bytes.
        numbers.sort_unstable();
    }
}

fn quicksort<T: Copy + Ord>(numbers: &mut [T]) {
    divide(numbers, None, divisions_of(numbers.len()));
}

/// Brings the number that belongs at `place` there, no larger ones before it and no smaller ones behind it.
pub(crate) fn select<T: Copy + Ord>(numbers: &mut [T], place: usize) -> T {
    divide(numbers, Some(place), divisions_of(numbers.len()));
    numbers[place]
}

// Twice as many as numbers in any order need.
const fn divisions_of(count: usize) -> u32 {
    2 * (usize::BITS - count.leading_zeros())
}

/// Quicksort of all numbers, or of those parts alone that have `place` in them. Numbers that divide badly, by chance or on
/// purpose, are left to [`heap_sort`].
fn divide<T: Copy + Ord>(mut numbers: &mut [T], mut place: Option<usize>, mut divisions: u32) {
    while numbers.len() > FEW {
        if divisions == 0 {
            return heap_sort(numbers);
        }
        divisions -= 1;
        let pivot = middle(numbers);
        let smaller = move_first(numbers, |number| number < pivot);
        // Where none is smaller, those that equal the pivot go first, and are in their places with that.
        let first = if smaller == 0 { move_first(numbers, |number| number == pivot) } else { smaller };
        let (front, back) = numbers.split_at_mut(first);
        let is_in_front = place.is_some_and(|place| place < first);
        if smaller > 0 && place.is_none() {
            divide(front, None, divisions);
        } else if is_in_front {
            if smaller == 0 {
                return;
            }
            numbers = front;
            continue;
        }
        place = place.map(|place| place - first);
        numbers = back;
    }
    insertion_sort(numbers);
}

/// Of the first number, the one in the middle and the last the one between the others.
fn middle<T: Copy + Ord>(numbers: &[T]) -> T {
    let [a, b, c] = [numbers[0], numbers[numbers.len() / 2], numbers[numbers.len() - 1]];
    a.min(b).max(a.max(b).min(c))
}

/// Moves what `is_first` holds for before the others, and counts it. There is no branch that a processor could guess wrong.
fn move_first<T: Copy>(numbers: &mut [T], is_first: impl Fn(T) -> bool) -> usize {
    let mut count = 0;
    for at in 0..numbers.len() {
        numbers.swap(at, count);
        count += usize::from(is_first(numbers[count]));
    }
    count
}

fn insertion_sort<T: Copy + Ord>(numbers: &mut [T]) {
    for at in 1..numbers.len() {
        let number = numbers[at];
        let mut to = at;
        while to > 0 && number < numbers[to - 1] {
            numbers[to] = numbers[to - 1];
            to -= 1;
        }
        numbers[to] = number;
    }
}

fn heap_sort<T: Copy + Ord>(numbers: &mut [T]) {
    for step in (0..numbers.len() + numbers.len() / 2).rev() {
        // First a heap is made from the back, then its largest is taken to the end, again and again.
        let (mut at, end) = match step.checked_sub(numbers.len()) {
            Some(parent) => (parent, numbers.len()),
            None => {
                numbers.swap(0, step);
                (0, step)
            }
        };
        while 2 * at + 1 < end {
            let mut child = 2 * at + 1;
            child += usize::from(child + 1 < end && numbers[child] < numbers[child + 1]);
            if numbers[at] >= numbers[child] {
                break;
            }
            numbers.swap(at, child);
            at = child;
        }
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
    fn numbers_are_sorted() {
        for count in [0, 1, 2, 15, 16, 17, 18, 100, 1_000, 5_000] {
            let ascending: Vec<u64> = (0..count as u64).collect();
            let descending: Vec<u64> = ascending.iter().rev().copied().collect();
            let waves: Vec<u64> = ascending.iter().map(|at| at % 40 * at).collect();
            let shapes =
                [ascending, descending, waves, vec![7; count], scattered(count, 3), scattered(count, u64::MAX)];
            for (shape, numbers) in shapes.into_iter().enumerate() {
                let mut expected = numbers.clone();
                expected.sort_unstable();
                let mut found = numbers.clone();
                quicksort(&mut found);
                assert_eq!(found, expected, "{count} numbers of shape {shape}");
                found.clone_from(&numbers);
                heap_sort(&mut found);
                assert_eq!(found, expected, "{count} numbers of shape {shape} by a heap");
                for place in [0, count / 3, count / 2, count.saturating_sub(1)].into_iter().filter(|at| *at < count) {
                    found.clone_from(&numbers);
                    assert_eq!(select(&mut found, place), expected[place], "place {place} of {count}, shape {shape}");
                    let (before, behind) = found.split_at(place);
                    assert!(
                        before.iter().all(|number| *number <= expected[place]),
                        "{place} of {count}, shape {shape}"
                    );
                    assert!(
                        behind.iter().all(|number| *number >= expected[place]),
                        "{place} of {count}, shape {shape}"
                    );
                }
            }
        }
    }

    /// Numbers that were made to divide badly by the median of three.
    #[test]
    fn numbers_that_divide_badly_take_no_long() {
        let count = 200_000_usize;
        let mut numbers: Vec<u64> = vec![0; count];
        let half = count / 2;
        for at in 0..half {
            numbers[at] = if at % 2 == 0 { at as u64 } else { (half + at) as u64 };
            numbers[half + at] = 2 * at as u64 + 1;
        }
        let mut expected = numbers.clone();
        expected.sort_unstable();
        quicksort(&mut numbers);
        assert_eq!(numbers, expected);
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
