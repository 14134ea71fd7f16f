//! The section table, written and read.

use crate::{
    Error, Result,
    codec::{FILE_HEADER_BYTES, FileHeader, FileKind, crc32c, u32_at, u64_at},
    defects::{Defect, is},
    ids::{DatabaseId, FileId},
    stored::{Blocks, FileBytes, block_sums, sums_bytes},
};
use alloc::vec::Vec;
use core::ops::Range;

const ALIGNMENT: usize = 64;
const ENTRY_BYTES: usize = 24;

/// What is added to the number of a section of the terms of a text for that of their forms.
pub(super) const OF_FORMS: u32 = 15;

/// The array that a section holds. The numbers stand in files: they are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum SectionKind {
    /// u64 a row: the write that made it.
    Sequences = 1,
    /// u64 a row: when it expires.
    Expiries = 2,
    /// u32 a row and one more: where its id begins.
    IdOffsets = 3,
    /// The ids.
    IdBytes = 4,
    /// u32 a row: the rows in order of their ids.
    IdOrder = 5,
    /// u64 a row and one more: where its stored document begins in the text of all.
    DocumentOffsets = 6,
    /// That text, in packed blocks.
    DocumentBytes = 7,
    /// u64: what is known of all rows together.
    Facts = 8,
    /// u64 a block and one more: where it begins.
    DocumentBlocks = 9,
    /// u32: the rows that have the vector; empty where all have.
    VectorRows = 16,
    /// f32: the vectors.
    VectorValues = 17,
    /// f32: their norms.
    VectorNorms = 18,
    /// u32: the layout of the vectors' index and what was measured of it.
    VectorIndex = 19,
    /// u64: the rows that have the vector, a bit a row; empty where all have.
    VectorPresent = 20,
    /// u32 a row: the number of terms.
    TextLengths = 32,
    /// u32 a row and one more: where its values begin; empty where each has one.
    AttributeOffsets = 48,
    /// u32: the codes of the values, row by row.
    AttributeCodes = 49,
    /// u32 a word and one more: where it begins.
    WordOffsets = 51,
    /// The words of a keyword column in order of their bytes.
    WordBytes = 52,
    /// f64: the different values of a number or date column, ascending.
    AttributeNumbers = 53,
    /// u32 a code and one more: where its rows begin; empty where each has one.
    AttributeStarts = 54,
    /// u32: the rows, code by code.
    AttributeRows = 55,
    /// u32: the cells of the places of a geo column, ascending: their codes are their places here.
    AttributeCells = 56,
    /// f64: latitude and longitude of each place, row by row.
    AttributePoints = 57,
    /// i8: vectors as bytes.
    RowBytes = 64,
    /// f32: what a step of a byte is worth, a vector.
    RowScales = 65,
    /// i32: the sum of the bytes, a vector.
    RowSums = 66,
    /// f32: the squared length, a vector.
    RowSquares = 67,
    /// Codes of 32 vectors a block.
    CodeBlocks = 72,
    /// f32: the summand of each slot of a block.
    CodeAdds = 73,
    /// f32: the factor of each slot of a block.
    CodeFactors = 74,
    /// The codes of the centroids, 32 a block.
    GuideBlocks = 75,
    /// f32: the summand of each slot of a block.
    GuideAdds = 76,
    /// f32: the factor of each slot of a block.
    GuideFactors = 77,
    /// u32 a list and one more: its first block.
    ListBlocks = 78,
    /// u32 a list and one more: its first vector.
    ListVectors = 79,
    /// i8: centroids as bytes.
    CentroidBytes = 80,
    /// f32: what a step of a byte is worth, a centroid.
    CentroidScales = 81,
    /// i32: the sum of the bytes, a centroid.
    CentroidSums = 82,
    /// f32: the squared length, a centroid.
    CentroidSquares = 83,
    /// u32: where in the column each code's vector is.
    CodePositions = 84,
    /// u32 a vector of the column: its number in the order of the lists.
    CodePlaces = 85,
    /// u32 a list and one more: its first copy.
    ListCopies = 86,
    /// u32 a copy: the number of its vector in the order of the lists.
    CopiedVectors = 87,
    /// u32: 32 neighbours a vector.
    GraphBase = 88,
    /// u32: the vectors above the base.
    GraphUpper = 89,
    /// u32 one of those and one more: its first list.
    GraphFirstLists = 90,
    /// u32: 16 neighbours a list.
    GraphLinks = 91,
    /// A vector: its code, f32 summand, f32 factor.
    BitRows = 92,
    /// f32: the centroid of those codes, rotated.
    BitCentroid = 93,
    /// u32: what is kept of the text, and the bins of lengths.
    TextHead = 96,
    /// u32: where each block of the terms' dictionary begins.
    TermBlocks = 97,
    /// The blocks of the dictionary.
    TermBytes = 98,
    /// u32 a term and one more: where its record begins.
    TermRecords = 99,
    /// The records.
    RecordBytes = 100,
    /// u32: the last row of each block of postings.
    BlockRows = 101,
    /// u32 a block and one more: where its words begin.
    BlockStarts = 102,
    /// u32: the four best cells of each block.
    BlockBest = 103,
    /// u32: the packed rows of the blocks.
    BlockWords = 104,
    /// The cells of the blocks.
    BlockCells = 105,
    /// u32: which postings of blocks have counts that their cells do not tell.
    CountPlaces = 106,
    /// u32: those counts.
    Counts = 107,
    /// u32 a block and one more: where the places of its postings begin.
    BlockPlaces = 108,
    /// The places.
    PlaceBytes = 109,
    // 112 to 124 are 97 to 109 of the forms.
}

/// Large arrays of which a query needs little: where memory is short they stay on the medium.
const COLD: [SectionKind; 4] =
    [SectionKind::DocumentBytes, SectionKind::VectorValues, SectionKind::RowBytes, SectionKind::PlaceBytes];

impl SectionKind {
    /// The bytes of one value of a section of a vector index.
    #[must_use]
    pub(super) fn size(self) -> usize {
        match self {
            Self::RowBytes | Self::CodeBlocks | Self::GuideBlocks | Self::CentroidBytes | Self::BitRows => 1,
            _ => 4,
        }
    }
}

/// Lays sections one after the other.
#[derive(Debug)]
pub struct SectionWriter {
    bytes: Vec<u8>,
    table: Vec<u8>,
}

impl Default for SectionWriter {
    fn default() -> Self {
        Self { bytes: alloc::vec![0; FILE_HEADER_BYTES], table: Vec::new() }
    }
}

impl SectionWriter {
    /// Adds the section of a field (0 for those of the whole segment).
    pub fn add<T: bytemuck::NoUninit>(&mut self, kind: SectionKind, field: usize, values: &[T]) {
        self.add_numbered(kind as u32, field, bytemuck::cast_slice(values));
    }

    pub(super) fn add_numbered(&mut self, kind: u32, field: usize, content: &[u8]) {
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
        self.table.extend_from_slice(&kind.to_le_bytes());
        self.table.extend_from_slice(&(field as u32).to_le_bytes());
        self.table.extend_from_slice(&(self.bytes.len() as u64).to_le_bytes());
        self.table.extend_from_slice(&(content.len() as u64).to_le_bytes());
        self.bytes.extend_from_slice(content);
    }

    /// The whole file and its root checksum.
    #[must_use]
    pub fn finish(mut self, database: DatabaseId, file: FileId) -> (Vec<u8>, u32) {
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
        let extra = [self.bytes.len() as u64, (self.table.len() / ENTRY_BYTES) as u64];
        let header = FileHeader { kind: FileKind::Segment, database, file, extra };
        self.bytes[..FILE_HEADER_BYTES].copy_from_slice(&header.to_bytes());
        let root = append_tail(&mut self.bytes, &self.table);
        (self.bytes, root)
    }
}

/// Adds what stands behind the sections: the checksums of their blocks, those of the groups of these, the table, and the
/// root checksum of the latter two, which it gives.
pub fn append_tail(bytes: &mut Vec<u8>, table: &[u8]) -> u32 {
    let (sums, groups) = block_sums(bytes);
    bytes.extend_from_slice(&sums);
    let rooted = bytes.len();
    bytes.extend_from_slice(&groups);
    bytes.extend_from_slice(table);
    let root = crc32c(&bytes[rooted..]);
    bytes.extend_from_slice(&root.to_le_bytes());
    root
}

/// Where the sections of a segment file lie. The checksums of their blocks are looked at later, by whoever reads them.
pub struct SectionReader<'a> {
    name: &'a str,
    table: Vec<u8>,
    /// The checksums of the groups of those of the blocks.
    groups: Vec<u8>,
    /// Where the sections end and the checksums of their blocks begin.
    end: usize,
}

impl<'a> SectionReader<'a> {
    /// Checks the header and the root checksum.
    pub fn open(bytes: &FileBytes, name: &'a str, database: DatabaseId, file: FileId, root: u32) -> Result<Self> {
        let header = bytes.read(0..FILE_HEADER_BYTES.min(bytes.length()))?.unwrap_or_default();
        let header = FileHeader::expect(FileKind::Segment, header.as_ref(), name, database, file)?;
        let damaged = |problem: &dyn core::fmt::Display| Error::damaged_file(name, problem);
        let number = |at: usize| usize::try_from(header.extra[at]).ok();
        let parts = number(0).zip(number(1)).and_then(|(end, count)| {
            let (sums, groups) = sums_bytes(end);
            let rooted = end.checked_add(sums)?;
            let table_end = rooted.checked_add(groups)?.checked_add(count.checked_mul(ENTRY_BYTES)?)?;
            (table_end.checked_add(4)? == bytes.length() && end >= FILE_HEADER_BYTES).then_some((end, rooted, groups))
        });
        let Some((end, rooted, groups)) = parts else {
            return Err(damaged(&"the length of the file is not the one its header gives"));
        };
        let tail = bytes.read(rooted..bytes.length())?.unwrap_or_default();
        let (groups_and_table, stored) = tail.as_ref().split_at(tail.as_ref().len() - 4);
        let is_sound = u32_at(stored, 0) == Some(root) && crc32c(groups_and_table) == root;
        if !is_sound && !is(Defect::RootUnchecked) {
            return Err(damaged(&"the root checksum does not match").with("offset", rooted as u64));
        }
        let (groups, table) = groups_and_table.split_at(groups);
        Ok(Self { name, table: table.to_vec(), groups: groups.to_vec(), end })
    }

    /// The file to read from. Of one that is not whole in memory all that is not [`COLD`] is brought there.
    pub fn blocks(&self, bytes: FileBytes) -> Result<Blocks> {
        let mut blocks = Blocks::new(bytes, self.end, self.groups.clone());
        let mut cold: Vec<Range<usize>> = Vec::new();
        for entry in self.table.as_chunks::<ENTRY_BYTES>().0 {
            let kind = u32_at(entry, 0).unwrap_or_default();
            // Sections follow each other in the table as they do in the file; one that does not stays in memory.
            let range = self.range_of(entry)?;
            if COLD.iter().any(|cold| *cold as u32 == kind) && cold.last().is_none_or(|last| last.end <= range.start) {
                cold.push(range);
            }
        }
        blocks.keep_all_but(&cold)?;
        Ok(blocks)
    }

    /// Where the section of a field lies; its length is checked to be whole values of `T`.
    pub fn range<T: bytemuck::AnyBitPattern>(&self, kind: SectionKind, field: usize) -> Result<Range<usize>> {
        self.range_of_values(kind as u32, field as u32, size_of::<T>())
    }

    /// The same for a section of the forms of a text, which has the number of that of the terms and [`OF_FORMS`].
    pub(super) fn range_of_numbered(&self, kind: u32, field: usize, size: usize) -> Result<Range<usize>> {
        self.range_of_values(kind, field as u32, size)
    }

    fn range_of_values(&self, kind: u32, field: u32, size: usize) -> Result<Range<usize>> {
        let mut entries = self.table.as_chunks::<ENTRY_BYTES>().0.iter();
        let Some(entry) = entries.find(|entry| u32_at(*entry, 0) == Some(kind) && u32_at(*entry, 4) == Some(field))
        else {
            return Err(self.damaged(&format_args!("section {kind} of field {field} is missing")));
        };
        let range = self.range_of(entry)?;
        if !range.len().is_multiple_of(size) {
            return Err(self.damaged(&format_args!("section {kind} of field {field} does not hold whole values")));
        }
        Ok(range)
    }

    fn range_of(&self, entry: &[u8; ENTRY_BYTES]) -> Result<Range<usize>> {
        let number = |offset| usize::try_from(u64_at(entry, offset).unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let (from, to) = (number(8), number(8).saturating_add(number(16)));
        if from < FILE_HEADER_BYTES || !from.is_multiple_of(ALIGNMENT) || to > self.end {
            return Err(self.damaged(&"a section lies outside the file"));
        }
        Ok(from..to)
    }

    /// The name of the file.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// An error that names the file.
    #[must_use]
    pub fn damaged(&self, problem: &dyn core::fmt::Display) -> Error {
        Error::damaged_file(self.name, problem)
    }
}
