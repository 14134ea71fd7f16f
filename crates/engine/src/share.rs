//! Parts of counts, the same on hosts of 32 and of 64 bits.

/// `total * at / of`, rounded down: where part `at` of `total` begins, divided evenly into `of` parts. A count times a count
/// is beyond 32 bits from 65,536 of each on, so a host whose `usize` has no more would come to another result.
pub(crate) fn share(at: usize, of: usize, total: usize) -> usize {
    (at as u64 * total as u64 / of as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_products_beyond_32_bits_are_right() {
        assert_eq!(share(70_000, 140_000, 130_000), 65_000);
        assert_eq!(share(2_147_483_647, 4_294_967_295, 4_000_000_000), 1_999_999_999);
        assert_eq!(share(4_294_967_295, 4_294_967_295, 4_294_967_295), 4_294_967_295);
        assert_eq!((share(0, 7, 3_000_000_000), share(7, 7, 3_000_000_000)), (0, 3_000_000_000));
    }

    #[test]
    fn parts_follow_each_other_and_are_even() {
        let (total, of) = (1_000_003, 126_000);
        for at in 0..of {
            let length = share(at + 1, of, total) - share(at, of, total);
            assert!((7..=8).contains(&length), "{at}: {length}");
        }
    }
}
