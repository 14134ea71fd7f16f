//! Sums of a window against their definition.

use sanderling_kernels::{Added, CHUNK, WINDOW, add_cells, reaching};

#[test]
fn sums_and_masks_are_those_of_plain_loops() {
    let mut state = 1_u32;
    let mut next = |end: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(state) * u64::from(end)) >> 32) as u32
    };
    let table: [u8; 256] = std::array::from_fn(|_| 1 + next(150) as u8);
    let (mut sums, mut expected) = ([0; WINDOW], [0_u32; WINDOW]);
    let mut added = Added::default();
    for every in [1, 3, 70, 4_000] {
        let rows: Vec<u32> = (5 * WINDOW as u32..6 * WINDOW as u32).filter(|_| next(every) == 0).collect();
        let cells: Vec<u8> = rows.iter().map(|_| next(256) as u8).collect();
        add_cells(&rows, &cells, &table, 255, &mut sums, &mut added);
        for (row, cell) in rows.iter().zip(&cells) {
            let sum = &mut expected[*row as usize % WINDOW];
            *sum = (*sum + u32::from(table[usize::from(*cell)])).min(255);
        }
    }
    assert!(sums.iter().zip(expected).all(|(sum, expected)| u32::from(*sum) == expected));
    assert_eq!(added.new, expected.iter().filter(|sum| **sum > 0).count());
    let high = |chunk: &[u32]| chunk.contains(&255);
    let reached = expected.chunks(CHUNK).enumerate().fold(0, |bits, (at, chunk)| bits | u64::from(high(chunk)) << at);
    assert_eq!(added.reached, reached);
    let mut added = Added::default();
    add_cells(&[130, 4_095, 4_096], &[0, 1, 0], &[3; 256], 3, &mut [0; WINDOW], &mut added);
    assert_eq!(added, Added { new: 3, reached: 1 << 63 | 1 << 2 | 1 });
    for (chunk, sums) in sums.as_chunks::<CHUNK>().0.iter().enumerate() {
        for least in [0, 1, 2, 127, 128, 200, 255, chunk as u8] {
            let bits = (0..CHUNK).fold(0, |bits, at| bits | u64::from(sums[at] >= least) << at);
            assert_eq!(reaching(sums, least), bits);
        }
    }
}
