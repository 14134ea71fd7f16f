//! The bytes of a sealed segment.
//!
//! A header, sections at multiples of 64 bytes, the checksums of the blocks they lie in, and a table that names them. Each
//! section is one array, read in place; a block is checked when it is first touched, and so is a group of checksums
//! ([`crate::stored`]).
//!
//! | part | what |
//! |---|---|
//! | header | 64 bytes ([`crate::codec::FileHeader`]); its numbers are where the checksums begin and how many sections there are |
//! | sections | each at a multiple of 64; the last one is filled up to one |
//! | checksums | u32 a block of 4,096 bytes from the beginning of the file: CRC-32C of its bytes without the header, begun with the number of the block |
//! | groups | u32 for each 1,024 of those: CRC-32C of their bytes, begun with the number of the group |
//! | table | 24 bytes an entry: kind u32, field u32, offset u64, length u64 |
//! | end | u32: the root checksum, that of groups and table, which the manifest repeats |

/// What section 8 tells of all rows: how many there are, and when the first expires.
pub(super) const FACTS: usize = 2;

mod attributes;
mod merge;
mod merge_text;
mod sections;
mod text;
mod vectors;

pub use attributes::StoredAttribute;
#[cfg(all(feature = "parallel", not(target_family = "wasm")))]
pub use merge::PartStep;
pub use merge::{Merging, Source};
pub use sections::{SectionKind, SectionReader, SectionWriter, append_tail};
pub use text::{StoredText, write_text};
pub use vectors::{StoredVectors, write_vectors};
