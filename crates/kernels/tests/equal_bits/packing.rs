//! Packed blocks of ascending numbers against their definition: number i is the sum of the distances at i, i - 4, i - 8 and so
//! on, and a distance is so many bits of its lane.

use sanderling_kernels::{PACKED, pack_ascending, packed_words, unpack_ascending};

/// A block by the definition, bit by bit.
fn by_definition(words: &[u32], width: u32, before: u32) -> [u32; PACKED] {
    let mut numbers = [0; PACKED];
    for at in 0..PACKED {
        let (lane, place) = (at % 4, at / 4);
        let mut distance = 0;
        for bit in 0..width as usize {
            let of_lane = place * width as usize + bit;
            distance |= (words[of_lane / 32 * 4 + lane] >> (of_lane % 32) & 1) << bit;
        }
        numbers[at] = distance.wrapping_add(if at < 4 { before } else { numbers[at - 4] });
    }
    numbers
}

fn round_trip(numbers: [u32; PACKED], before: u32) -> u32 {
    let mut words = Vec::new();
    let width = pack_ascending(&numbers, before, &mut |word| words.push(word));
    assert_eq!(words.len(), packed_words(width));
    let mut read = [0; PACKED];
    unpack_ascending(&words, width, before, &mut read);
    assert_eq!(read, numbers);
    assert_eq!(by_definition(&words, width, before), numbers);
    width
}

#[test]
fn blocks_come_back_at_every_width() {
    for bits in 0..=32 {
        let mut state = 7_u32;
        let mut last = 5_u64;
        let numbers = std::array::from_fn(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let step = if bits == 0 { 0 } else { u64::from(state >> (32 - bits)) / 128 };
            last = (last + step).min(u64::from(u32::MAX));
            last as u32
        });
        round_trip(numbers, 5);
    }
    assert_eq!(round_trip([9; PACKED], 9), 0);
    assert_eq!(round_trip([u32::MAX; PACKED], 0), 32);
    let mut far = [0; PACKED];
    far[PACKED - 1] = u32::MAX;
    assert_eq!(round_trip(far, 0), 32);
    assert_eq!(round_trip(std::array::from_fn(|at| at as u32), 0), 3);
}

#[test]
fn any_words_are_read_as_the_definition_says() {
    let mut state = 1_u64;
    for width in 0..=32 {
        let words: Vec<u32> = (0..packed_words(width))
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 32) as u32
            })
            .collect();
        let mut read = [0; PACKED];
        unpack_ascending(&words, width, 77, &mut read);
        assert_eq!(read, by_definition(&words, width, 77), "{width}");
    }
}
