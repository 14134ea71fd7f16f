//! Numbers in as many bytes as they need: seven bits a byte, the lowest first, the highest bit set in all but the last.

use alloc::vec::Vec;

/// Appends a number.
pub fn push(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads a number and goes on behind it; 0 at the end, and what does not fit is cut. Bytes of a file are checked by
/// [`checked`] before they are read like this.
pub fn next(bytes: &[u8], at: &mut usize) -> u32 {
    let (mut number, mut shift) = (0_u32, 0);
    while let Some(byte) = bytes.get(*at) {
        *at += 1;
        number |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
        if *byte < 0x80 {
            break;
        }
        shift += 7;
    }
    number
}

/// Where the first `count` numbers end.
pub fn end_of(bytes: &[u8], mut count: usize) -> usize {
    let mut at = 0;
    // Each number has one byte without the highest bit. Eight bytes end at most eight of them.
    let (chunks, _) = bytes.as_chunks::<8>();
    for chunk in chunks {
        if count < 8 {
            break;
        }
        let ends = !u64::from_le_bytes(*chunk) >> 7 & 0x0101_0101_0101_0101;
        count -= (ends.wrapping_mul(0x0101_0101_0101_0101) >> 56) as usize;
        at += 8;
    }
    while count > 0 && at < bytes.len() {
        count -= usize::from(bytes[at] < 0x80);
        at += 1;
    }
    at
}

/// Reads a number that must be whole, as short as can be, and fit 32 bits.
pub fn checked(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let from = *at;
    let number = next(bytes, at);
    let mut again = Vec::new();
    push(&mut again, number);
    (bytes.get(from..*at) == Some(again.as_slice())).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_those_of_reading() {
        let numbers = (0..60).map(|at: u32| [5, 300, 1 << 20, 0, u32::MAX][(at * at / 7) as usize % 5]);
        let (mut bytes, mut ends) = (Vec::new(), alloc::vec![0]);
        numbers.for_each(|number| {
            push(&mut bytes, number);
            ends.push(bytes.len());
        });
        for from in 0..ends.len() {
            for count in 0..ends.len() - from {
                assert_eq!(ends[from] + end_of(&bytes[ends[from]..], count), ends[from + count], "{count} from {from}");
            }
        }
        assert_eq!(end_of(&bytes, 61), bytes.len());
    }

    #[test]
    fn numbers_come_back_and_damaged_ones_do_not() {
        for number in (0..70_000).chain([1 << 21, 1 << 28, u32::MAX]) {
            let mut bytes = Vec::new();
            push(&mut bytes, number);
            let (mut at, mut again) = (0, 0);
            assert_eq!((next(&bytes, &mut at), at), (number, bytes.len()));
            assert_eq!(checked(&bytes, &mut again), Some(number));
            assert_eq!(checked(&bytes[..bytes.len() - 1], &mut 0), None, "{number} cut");
        }
        assert_eq!(checked(&[0x80, 0], &mut 0), None, "longer than needed");
        assert_eq!(checked(&[0xff; 9], &mut 0), None);
        assert_eq!(checked(&[0xff, 0xff, 0xff, 0xff, 0x7f], &mut 0), None, "more than 32 bits");
    }
}
