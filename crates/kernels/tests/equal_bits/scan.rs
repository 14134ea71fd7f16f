//! A scan of several blocks against their estimates one by one.

use crate::values::{bytes, bytes_to};
use sanderling_kernels::{
    self as kernels, EstimateTerms, FAST_SCAN_ENTRY_MAX, FAST_SCAN_VECTORS, SCANNED_BLOCKS, Scanned, block_bytes,
    scan_blocks,
};

#[test]
fn what_is_found_is_below_the_limit_and_in_the_mask() {
    let length = block_bytes(6);
    let table = bytes_to(FAST_SCAN_ENTRY_MAX, 1, length);
    let codes = bytes(2, length * SCANNED_BLOCKS);
    let slots = SCANNED_BLOCKS * FAST_SCAN_VECTORS;
    let adds: Vec<f32> = bytes(3, slots).iter().map(|add| f32::from(*add) / 7.0).collect();
    let factors: Vec<f32> = bytes(4, slots).iter().map(|factor| f32::from(*factor) / 90.0).collect();
    let terms = EstimateTerms { step: 0.25, least: -3.0, base: 1.5 };
    let masks = std::array::from_fn(|at| [u32::MAX, 0x8000_0001, 0x5555_5555, 0][at % 4]);
    let mut estimates = vec![[0.0; FAST_SCAN_VECTORS]; SCANNED_BLOCKS];
    for (block, out) in estimates.iter_mut().enumerate() {
        let mut sums = [0; FAST_SCAN_VECTORS];
        kernels::fast_scan(&table, &codes[block * length..][..length], &mut sums);
        let of_block = [&adds, &factors].map(|of| of[block * FAST_SCAN_VECTORS..].first_chunk().expect("32 of them"));
        let _ = kernels::estimate_block(&sums, of_block, terms, 0.0, out);
    }
    let mut scanned = Scanned::default();
    let mut founds = Vec::new();
    for blocks in (0..=SCANNED_BLOCKS).rev() {
        for limit in [f32::NEG_INFINITY, 20.0, 60.0, f32::INFINITY] {
            scan_blocks(&table, &codes[..blocks * length], [&adds, &factors], terms, limit, &masks, &mut scanned);
            let expected: Vec<(usize, f32)> = (0..blocks * FAST_SCAN_VECTORS)
                .map(|slot| (slot, estimates[slot / FAST_SCAN_VECTORS][slot % FAST_SCAN_VECTORS]))
                .filter(|(slot, estimate)| {
                    masks[slot / FAST_SCAN_VECTORS] >> (slot % FAST_SCAN_VECTORS) & 1 == 1 && *estimate < limit
                })
                .collect();
            assert_eq!(scanned.iter().collect::<Vec<_>>(), expected, "{blocks} blocks below {limit}");
            founds.push(expected.len());
        }
    }
    assert!(
        founds[1] > 0 && founds[1] < founds[2] && founds[2] < founds[3],
        "limits that tell estimates apart: {founds:?}"
    );
    // Of arrays that are too short only what is there.
    scan_blocks(&table, &codes, [&adds[..40], &factors], terms, f32::INFINITY, &masks, &mut scanned);
    assert_eq!(scanned.iter().count(), FAST_SCAN_VECTORS);
}
