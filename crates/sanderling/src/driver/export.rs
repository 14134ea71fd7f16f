//! A database as one stream of bytes, made while writes go on.

use super::{database::Database, snapshot::Snapshot};
use crate::storage::StorageFuture;
use alloc::{boxed::Box, vec::Vec};
use sanderling_engine::{
    Result,
    export::{ExportLayout, Part, Root},
};

/// A snapshot of a database as a stream of bytes, the same each time it is read. Files that it needs stay until it is ended or
/// dropped.
pub struct Export {
    snapshot: Snapshot,
    layout: ExportLayout,
    root: Root,
    /// The block that was read last.
    block: Option<(u64, Vec<u8>)>,
}

impl Database {
    /// A snapshot of the whole database: all writes that were acknowledged before, and no half of a batch. Writes go on. A
    /// database of which a part is damaged is error "corrupt": its copy would be damaged for ever.
    pub async fn export(&self) -> Result<Export> {
        let snapshot = Snapshot::take(self).await?;
        self.shared.check_whole()?;
        let layout = ExportLayout::new(self.shared.id, snapshot.generation, &snapshot.head)?;
        let root = layout.root();
        Ok(Export { snapshot, layout, root, block: None })
    }
}

impl Export {
    /// The length of the stream.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.layout.bytes()
    }

    /// The bytes from an offset on, at most `length` of them and fewer only at the end.
    pub fn read(&mut self, offset: u64, length: usize) -> StorageFuture<'_, Vec<u8>> {
        Box::pin(async move {
            let mut read = Vec::new();
            while read.len() < length
                && let Some(place) = self.layout.place(offset.saturating_add(read.len() as u64))
            {
                let from = (offset + read.len() as u64 - place.offset) as usize;
                let piece = match place.part {
                    Part::Header => self.layout.header(),
                    Part::Block(number) => self.block(number).await?,
                    Part::End => &self.end_piece().await?,
                };
                let to = piece.len().min(from + length - read.len());
                read.extend_from_slice(&piece[from..to]);
            }
            Ok(read)
        })
    }

    /// Lets the files go that nothing but this needed.
    pub async fn end(self) {
        self.snapshot.end().await;
    }

    async fn block(&mut self, number: u64) -> Result<&[u8]> {
        if self.block.as_ref().is_none_or(|(other, _)| *other != number) {
            self.block = None;
            let (head, ranges) = self.layout.content(number);
            let mut content = Vec::from(head);
            for (file, range) in ranges {
                let bytes = self.snapshot.read(&file, range.start, (range.end - range.start) as usize).await?;
                content.extend_from_slice(bytes.as_ref());
            }
            self.block = Some((number, self.layout.block(number, &content, &mut self.root)));
        }
        Ok(self.block.as_ref().map_or(&[], |(_, block)| block))
    }

    /// The end has a checksum over all blocks. Those that nobody has read yet are read for it.
    async fn end_piece(&mut self) -> Result<[u8; 24]> {
        while self.root.blocks() < self.layout.blocks() {
            self.block(self.root.blocks()).await?;
        }
        Ok(self.layout.end(&self.root))
    }
}
