//! Making segments: sealing the growing one, merging all, indexing anew under a larger schema.

use super::{
    ingest::reindex,
    state::{CollectionState, SealedEntry},
};
use crate::{
    Error, ErrorCode, Result, Schema,
    ids::{DatabaseId, FileId},
    lists::map,
    rows::RowSet,
    segment::{
        GrowingSegment, SealedSegment, Segment,
        format::{Source, merge},
    },
    text::Analyzers,
};
use alloc::{string::ToString, sync::Arc, vec::Vec};

/// The bytes of a new segment, to be written before it is installed.
#[derive(Debug)]
pub struct SealedOutput {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Its root checksum.
    pub checksum: u32,
}

impl CollectionState {
    /// The live rows of the growing segment as a segment file; none if there is no live row.
    #[must_use]
    pub fn seal(&self, database: DatabaseId, file: FileId, now: u64) -> Option<SealedOutput> {
        self.merged(self.sealed.len().., &self.schema, database, file, now)
    }

    /// All live rows as one segment file; none if there is no live row.
    #[must_use]
    pub fn compact(&self, database: DatabaseId, file: FileId, now: u64) -> Option<SealedOutput> {
        self.merged(0.., &self.schema, database, file, now)
    }

    fn merged(
        &self,
        segments: core::ops::RangeFrom<usize>,
        schema: &Schema,
        database: DatabaseId,
        file: FileId,
        now: u64,
    ) -> Option<SealedOutput> {
        let segments = segments.start..self.sealed.len() + 1;
        let sources = map(segments, |at| Source { segment: self.segment(at), keep: self.live_rows(at, now) });
        output(schema, &sources, database, file)
    }

    /// All live documents indexed anew under a schema that has more fields, as one segment file.
    pub fn extend_schema(
        &self,
        schema: &Schema,
        database: DatabaseId,
        file: FileId,
        now: u64,
    ) -> Result<Option<SealedOutput>> {
        let analyzers = Analyzers::new(schema, self.source)?;
        let mut grown = GrowingSegment::new(schema);
        for (at, segment) in self.segments().into_iter().enumerate() {
            for row in self.live_rows(at, now).iter() {
                let id = segment.id(row);
                let document = self.whole_document(super::state::Location { segment: at, row })?;
                let indexed = reindex(schema, &analyzers, &id, document, segment.expiries()[row.index()]);
                let indexed = indexed.map_err(|error| {
                    let message = alloc::format!("the document {id} does not fit the new fields: {error}");
                    Error::new(ErrorCode::Schema, message).with("id", id.to_string())
                })?;
                grown.push(segment.sequence(row), indexed);
            }
        }
        let keep = RowSet::all(grown.rows());
        Ok(output(schema, &[Source { segment: Segment::Growing(&grown), keep }], database, file))
    }

    /// Takes the sealed form of the growing segment in its place.
    pub fn install_sealed(&mut self, segment: Option<Arc<SealedSegment>>) {
        if let Some(segment) = segment {
            let dead = RowSet::none(segment.rows());
            self.sealed.push(SealedEntry { segment, dead });
        }
        self.clear_growing();
    }

    /// Takes one segment in the place of all, under a schema that may have grown.
    pub fn install_compacted(&mut self, segment: Option<Arc<SealedSegment>>, schema: Schema) {
        self.sealed.clear();
        // They were made for this schema when its documents were indexed, so they can be made now.
        if let Ok(analyzers) = Analyzers::new(&schema, self.source) {
            self.analyzers = analyzers;
        }
        self.schema = Arc::new(schema);
        self.install_sealed(segment);
    }

    fn clear_growing(&mut self) {
        self.growing = GrowingSegment::new(&self.schema);
        self.growing_dead = RowSet::default();
    }
}

fn output(schema: &Schema, sources: &[Source<'_>], database: DatabaseId, file: FileId) -> Option<SealedOutput> {
    if sources.iter().all(|source| source.keep.count() == 0) {
        return None;
    }
    let (bytes, checksum) = merge(schema, sources, database, file);
    Some(SealedOutput { bytes, checksum })
}
