//! Numbers in order, by few lines: for each type there is one copy in a wasm file, made for speed.

// So few are sorted by insertion.
const FEW: usize = 16;

/// Sorts numbers.
#[inline(never)]
pub fn sort_u32(numbers: &mut [u32]) {
    quicksort(numbers);
}

/// Sorts numbers.
#[inline(never)]
pub fn sort_u64(numbers: &mut [u64]) {
    quicksort(numbers);
}

/// Brings the number that belongs at `place` there, no larger ones before it and no smaller ones behind it.
///
/// # Panics
///
/// Unless there are more numbers than that.
#[inline(never)]
pub fn select_u32(numbers: &mut [u32], place: usize) -> u32 {
    select(numbers, place)
}

/// [`select_u32`] of longer numbers.
///
/// # Panics
///
/// Unless there are more numbers than that.
#[inline(never)]
pub fn select_u64(numbers: &mut [u64], place: usize) -> u64 {
    select(numbers, place)
}

fn quicksort<T: Copy + Ord>(numbers: &mut [T]) {
    divide(numbers, None, divisions_of(numbers.len()));
}

fn select<T: Copy + Ord>(numbers: &mut [T], place: usize) -> T {
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

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec;
    use std::vec::Vec;

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
}
