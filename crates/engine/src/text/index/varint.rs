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
