//! The stored documents of a sealed segment: their JSON texts one behind the other, packed in blocks.
//!
//! A block is [`TEXT_BYTES`] of that text, the last one shorter, packed by itself, or as it is where that is no larger: that it is as
//! long as its text says so. A document may begin in one block and end in a later one. To read one, no more of a block is
//! unpacked than is needed; [`Unpacked`] keeps it, so that those behind it in the block go on from there.

use super::{
    format::{SectionKind, SectionWriter},
    sealed::SealedSegment,
};
use crate::{
    codec::lz4::{Unpacking, pack},
    ids::RowId,
    limits::DOCUMENT_BYTES_MAX,
    stored::{Cold, Stored},
};
use alloc::{borrow::Cow, vec, vec::Vec};
use core::{fmt, ops::Range};

/// The text under one block. Of larger ones more has to be unpacked for a document, smaller ones are packed less well.
const TEXT_BYTES: usize = 8 << 10;

/// Documents being packed.
pub(super) struct PackedDocuments {
    /// Where each begins in the text of all.
    offsets: Vec<u64>,
    /// Where each block begins.
    blocks: Vec<u64>,
    packed: Vec<u8>,
    /// What was not packed yet.
    text: Vec<u8>,
}

impl fmt::Debug for PackedDocuments {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} documents", self.offsets.len() - 1)
    }
}

impl PackedDocuments {
    pub(super) fn new() -> Self {
        Self { offsets: vec![0], blocks: vec![0], packed: Vec::new(), text: Vec::new() }
    }

    /// Adds a document and says how long the texts are by now.
    pub(super) fn push(&mut self, document: &str) -> u64 {
        let end = self.offsets.last().map_or(0, |last| last + document.len() as u64);
        self.offsets.push(end);
        let mut rest = document.as_bytes();
        while self.text.len() + rest.len() >= TEXT_BYTES {
            let (now, later) = rest.split_at(TEXT_BYTES - self.text.len());
            self.text.extend_from_slice(now);
            self.end_block();
            rest = later;
        }
        self.text.extend_from_slice(rest);
        end
    }

    fn end_block(&mut self) {
        let from = self.packed.len();
        pack(&self.text, &mut self.packed);
        if self.packed.len() - from >= self.text.len() {
            self.packed.truncate(from);
            self.packed.extend_from_slice(&self.text);
        }
        self.blocks.push(self.packed.len() as u64);
        self.text.clear();
    }

    pub(super) fn write(mut self, writer: &mut SectionWriter) {
        if !self.text.is_empty() {
            self.end_block();
        }
        writer.add(SectionKind::DocumentOffsets, 0, &self.offsets);
        writer.add(SectionKind::DocumentBlocks, 0, &self.blocks);
        writer.add(SectionKind::DocumentBytes, 0, &self.packed);
    }
}

/// The arrays of the documents of a segment.
#[derive(Clone, Copy)]
pub(super) struct StoredDocuments<'a> {
    pub offsets: Stored<'a, u64>,
    pub blocks: Stored<'a, u64>,
    pub bytes: Cold<'a, u8>,
}

impl<'a> StoredDocuments<'a> {
    /// How long the texts are together.
    fn length(&self) -> usize {
        self.offsets.len().checked_sub(1).map_or(0, |last| number(self.offsets.at(last)))
    }

    fn block_count(&self) -> usize {
        self.blocks.len().saturating_sub(1)
    }

    /// How long the text of a block is.
    fn length_of(&self, block: usize) -> usize {
        self.length().saturating_sub(block * TEXT_BYTES).min(TEXT_BYTES)
    }

    /// Where a document is in the text; none where that cannot be.
    fn range(&self, row: usize) -> Option<Range<usize>> {
        let [from, end] = [0, 1].map(|at| number(self.offsets.at(row + at)));
        let is_possible = end.checked_sub(from).is_some_and(|length| length <= DOCUMENT_BYTES_MAX);
        (is_possible && end <= self.length() && end.div_ceil(TEXT_BYTES) <= self.block_count()).then_some(from..end)
    }

    /// A block as it is stored; nothing where that cannot be.
    fn block(&self, block: usize) -> Cow<'a, [u8]> {
        let [from, end] = [0, 1].map(|at| number(self.blocks.at(block + at)));
        match end.checked_sub(from) {
            Some(length) if length <= TEXT_BYTES => self.bytes.part(from, length),
            _ => Cow::Borrowed(&[]),
        }
    }

    /// Whether all blocks are what they should be, to the last byte.
    pub(super) fn are_sound(&self) -> bool {
        let mut unpacked = OpenBlock::default();
        self.block_count() == self.length().div_ceil(TEXT_BYTES)
            && (0..self.block_count()).all(|block| {
                let length = self.length_of(block);
                unpacked.begin(*self, block);
                unpacked.unpack(length) && (unpacked.is_plain || unpacked.unpacking.is_all(&unpacked.packed))
            })
    }
}

fn number(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A block of which a part was unpacked.
#[derive(Default)]
struct OpenBlock<'a> {
    packed: Cow<'a, [u8]>,
    is_plain: bool,
    unpacking: Unpacking,
}

impl<'a> OpenBlock<'a> {
    fn begin(&mut self, documents: StoredDocuments<'a>, block: usize) {
        let length = documents.length_of(block);
        self.packed = documents.block(block);
        self.is_plain = self.packed.len() == length;
        self.unpacking.begin(if self.is_plain { 0 } else { length });
    }

    /// Unpacks so many bytes of it and says whether they are there.
    fn unpack(&mut self, wanted: usize) -> bool {
        self.is_plain || self.unpacking.unpack(&self.packed, wanted)
    }

    fn bytes(&self, range: Range<usize>) -> &[u8] {
        let bytes = if self.is_plain { &self.packed } else { self.unpacking.bytes() };
        bytes.get(range).unwrap_or_default()
    }
}

/// What was unpacked last, for one who reads several documents.
#[derive(Default)]
pub struct Unpacked<'a> {
    of: Option<(&'a SealedSegment, usize)>,
    block: OpenBlock<'a>,
    /// A document of several blocks.
    text: Vec<u8>,
}

impl fmt::Debug for Unpacked<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "block {:?}", self.of.map(|(_, block)| block))
    }
}

impl<'a> Unpacked<'a> {
    /// The text of a document; nothing, and blame, where there is none.
    pub(super) fn document(&mut self, segment: &'a SealedSegment, row: RowId) -> &str {
        let documents = segment.documents();
        let text = documents.range(row.index()).and_then(|range| self.text(segment, documents, range));
        text.and_then(|text| core::str::from_utf8(text).ok()).unwrap_or_else(|| {
            segment.blame_documents();
            ""
        })
    }

    fn text(
        &mut self,
        segment: &'a SealedSegment,
        documents: StoredDocuments<'a>,
        Range { start, end }: Range<usize>,
    ) -> Option<&[u8]> {
        let first = start / TEXT_BYTES;
        self.text.clear();
        for block in first..end.div_ceil(TEXT_BYTES) {
            let before = block * TEXT_BYTES;
            let part = start.saturating_sub(before)..(end - before).min(TEXT_BYTES);
            if !self.of.is_some_and(|(of, last)| core::ptr::eq(of, segment) && last == block) {
                self.block.begin(documents, block);
            }
            let is_there = self.block.unpack(part.end);
            self.of = is_there.then_some((segment, block));
            if !is_there {
                return None;
            }
            if end - start == part.len() {
                return Some(self.block.bytes(part));
            }
            self.text.extend_from_slice(self.block.bytes(part));
        }
        Some(&self.text)
    }
}
