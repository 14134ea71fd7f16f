//! Damage of every file at every place: it is told, with the name of the file, or it does no harm. Nothing panics, nothing
//! is removed, and no document is made up.
//!
//! `SANDERLING_EVERY` looks at each so many-th place; 1 is all of them.

use sanderling_testkit::sim::{check::Outcome, golden::Golden, objects::every};

fn expect(look: impl FnOnce(&Golden) -> Outcome) {
    if let Err(what) = look(&Golden::new()) {
        panic!("{what}");
    }
}

#[test]
fn a_file_cut_at_any_length() {
    expect(|golden| golden.cut(every(13)));
}

#[test]
fn any_bit_turned() {
    expect(|golden| golden.turned(every(13)));
}

#[test]
fn any_sector_of_zeros_or_ones() {
    expect(Golden::filled);
}

#[test]
fn a_file_that_is_gone_or_longer_or_another_one() {
    expect(Golden::replaced);
}

#[test]
fn what_was_changed_together_with_its_checksum() {
    expect(|golden| golden.forged(every(13)));
}

#[test]
fn a_merge_of_what_is_damaged() {
    expect(|golden| golden.merged(every(13)));
}
