//! The bytes of a sealed segment.
//!
//! A header, sections at multiples of 64 bytes, and a table that names them. Each section is one array, read in place.
//!
//! | part | what |
//! |---|---|
//! | header | 64 bytes ([`crate::codec::FileHeader`]); its numbers are the offset of the table and the count of its entries |
//! | sections | each at a multiple of 64 |
//! | table | 32 bytes an entry: kind u32, field u32, offset u64, length u64, CRC-32C u32, 0 u32 |
//! | end | the table's CRC-32C u32: the root checksum, which the manifest repeats |

mod merge;
mod merge_text;
mod sections;
mod text;
mod vectors;

pub use merge::{Merging, Source};
pub use sections::{SectionKind, SectionReader, SectionWriter};
pub use text::{StoredText, write_text};
pub use vectors::{StoredVectors, write_vectors};
