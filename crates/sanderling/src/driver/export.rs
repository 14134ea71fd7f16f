//! A database as one stream of bytes, made while writes go on.

use super::{database::Database, snapshot::Snapshot};
use crate::storage::StorageFuture;
use alloc::{boxed::Box, vec::Vec};
use sanderling_engine::{
    Error, Result,
    export::{ExportLayout, Part, Place, Root},
    manifest::wal_name,
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
        let mut logs =
            snapshot.head.manifest.collections.iter().flat_map(|record| &record.wals).zip(&snapshot.head.logs);
        if let Some((log, _)) = logs.find(|(_, end)| **end == u64::MAX) {
            let problem = "it could not be read to its end when the database was opened";
            return Err(Error::damaged_file(&wal_name(*log), &problem));
        }
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
                if let Some(number) = self.missing_block(place.part) {
                    let (head, ranges) = self.layout.content(number);
                    let mut content = Vec::from(head);
                    for (file, range) in ranges {
                        let bytes = self.snapshot.read(&file, range.start, (range.end - range.start) as usize).await?;
                        content.extend_from_slice(bytes.as_ref());
                    }
                    self.block = Some((number, self.layout.block(number, &content, &mut self.root)));
                } else {
                    self.copy(place, offset, length, &mut read);
                }
            }
            Ok(read)
        })
    }

    /// The block that has to be read before this part of the stream is there. The end has a checksum over all blocks: those
    /// that nobody has read yet are read for it.
    fn missing_block(&self, part: Part) -> Option<u64> {
        match part {
            Part::Header => None,
            Part::Block(number) => Some(number).filter(|number| self.block.as_ref().is_none_or(|(at, _)| at != number)),
            Part::End => Some(self.root.blocks()).filter(|next| *next < self.layout.blocks()),
        }
    }

    fn copy(&self, place: Place, offset: u64, length: usize, read: &mut Vec<u8>) {
        let end = self.layout.end(&self.root);
        let piece = match (place.part, &self.block) {
            (Part::Header, _) => self.layout.header(),
            (Part::Block(_), Some((_, block))) => block,
            _ => &end,
        };
        let from = (offset + read.len() as u64 - place.offset) as usize;
        let to = piece.len().min(from + length - read.len());
        read.extend_from_slice(&piece[from..to]);
    }

    /// Lets the files go that nothing but this needed.
    pub async fn end(self) {
        self.snapshot.end().await;
    }
}
