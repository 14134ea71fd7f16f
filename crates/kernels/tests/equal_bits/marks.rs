//! Marks of rows against lists of booleans.

use sanderling_kernels::{count_codes, mark_between, mark_places, mark_rows, marks_of};

fn marked(marks: &[u64], row: u32) -> bool {
    marks.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
}

/// Every third and every row around the ends of words, of so many.
fn some_rows(rows: u32) -> Vec<u32> {
    (0..rows).filter(|row| row % 3 == 0 || row % 64 > 61 || row % 64 == 0).collect()
}

#[test]
fn numbers_between_bounds_have_marks() {
    for rows in [0_u32, 1, 3, 4, 63, 64, 65, 130, 200] {
        let numbers: Vec<u32> =
            (0..rows).map(|row| row.wrapping_mul(2_654_435_769) >> [0, 29][row as usize % 2]).collect();
        for (first, count) in
            [(0, 0), (0, 1), (2, 3), (7, 1), (0, u32::MAX), (1 << 31, 1 << 31), (u32::MAX - 9, 9), (5, u32::MAX)]
        {
            let mut marks = vec![u64::MAX; numbers.len().div_ceil(64)];
            mark_between(&numbers, first, count, &mut marks);
            for row in 0..64 * marks.len() as u32 {
                let expected = numbers.get(row as usize).is_some_and(|number| number.wrapping_sub(first) < count);
                assert_eq!(marked(&marks, row), expected, "{row} of {rows}, {count} from {first}");
            }
        }
    }
}

#[test]
fn rows_beyond_the_bound_get_no_mark_and_are_told() {
    let mut marks = [0; 3];
    assert!(mark_rows(&some_rows(150), 150, &mut marks));
    assert_eq!((0..192).filter(|row| marked(&marks, *row)).collect::<Vec<_>>(), some_rows(150));
    for beyond in [150, 191, 192, u32::MAX] {
        let mut marks = [0; 3];
        assert!(!mark_rows(&[1, beyond, 149], 150, &mut marks));
        assert_eq!((0..192).filter(|row| marked(&marks, *row)).collect::<Vec<_>>(), [1, 149]);
    }
}

#[test]
fn rows_are_looked_up_in_their_order() {
    let mut marks = [0; 3];
    assert!(mark_rows(&some_rows(150), 192, &mut marks));
    let asked: Vec<u32> =
        (0..40).map(|at| [at * 5 % 150, 149 - at, 191 + at, u32::MAX - at][at as usize % 4]).collect();
    for end in 0..asked.len() {
        let expected = asked[..end]
            .iter()
            .take(32)
            .zip(0..)
            .fold(0, |bits, (row, at)| bits | u32::from(marked(&marks, *row)) << at);
        assert_eq!(marks_of(&asked[..end], &marks), expected);
    }
}

#[test]
fn codes_of_marked_rows_are_counted() {
    let mut marks = [0; 3];
    assert!(mark_rows(&some_rows(150), 150, &mut marks));
    let codes: Vec<u32> = (0..150).map(|row| row * 7 % 11).collect();
    let mut counts = [0; 10];
    count_codes(&marks, &[], &codes, &mut counts);
    let with = |code: u32| some_rows(150).iter().filter(|row| codes[**row as usize] == code).count() as u32;
    assert_eq!(counts.to_vec(), (0..10).map(with).collect::<Vec<_>>());
    // Row r has as many codes as its number says modulo 3; the offsets of the last rows are missing, and one is wrong.
    let mut offsets: Vec<u32> = (0..140)
        .scan(0, |end, row| {
            *end += row % 3;
            Some(*end)
        })
        .collect();
    offsets.insert(0, 0);
    offsets[20] = 1_000;
    let mut counts = [0; 11];
    count_codes(&marks, &offsets, &codes, &mut counts);
    let mut expected = [0; 11];
    for row in some_rows(150).into_iter().map(|row| row as usize).filter(|row| row + 1 < offsets.len()) {
        for code in codes.get(offsets[row] as usize..offsets[row + 1] as usize).unwrap_or_default() {
            expected[*code as usize] += 1;
        }
    }
    assert_eq!(counts, expected);
}

#[test]
fn places_of_marked_rows_are_marked() {
    let mut marks = [0; 3];
    assert!(mark_rows(&some_rows(150), 150, &mut marks));
    // The places of the last rows are missing, and one lies beyond what there is room for.
    let mut places: Vec<u32> = (0..140).map(|row| row * 77 % 150).collect();
    places[66] = 192;
    let mut found = [0; 3];
    let count = mark_places(&marks, &places, &mut found);
    let with_place = some_rows(140).into_iter().filter(|row| *row != 66);
    let mut expected: Vec<u32> = with_place.map(|row| places[row as usize]).collect();
    assert_eq!(count, expected.len());
    expected.sort_unstable();
    expected.dedup();
    assert_eq!((0..192).filter(|row| marked(&found, *row)).collect::<Vec<_>>(), expected);
}
