//! Making segments: sealing what grew, merging what was sealed, indexing anew under a larger schema.
//!
//! A [`MergeJob`] works on segments as they were when it began, in slices, while writes go on. Rows that die meanwhile are
//! found again when its segment is installed.

use super::{
    ingest::reindex,
    policy::Figures,
    state::{CollectionState, Held, HeldSegment, Location},
};
use crate::{
    Error, ErrorCode, Result, Schema,
    ids::{DatabaseId, FileId, RowId},
    lists::map,
    rows::RowSet,
    segment::{
        GrowingSegment, SealedSegment, Segment,
        format::{Merging, Source},
    },
    text::Analyzers,
};
use alloc::{string::ToString, sync::Arc, vec::Vec};
use core::ops::Range;

/// The bytes of a new segment, to be written before it is installed.
#[derive(Debug)]
pub struct SealedOutput {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// Its root checksum.
    pub checksum: u32,
}

/// Some neighbouring segments on their way into one.
pub struct MergeJob {
    schema: Arc<Schema>,
    merged: Merged,
    sources: Vec<HeldSegment>,
    /// How often the medium had failed before.
    failures: usize,
    merging: Merging,
}

fn sealed_of(sources: &[HeldSegment]) -> impl Iterator<Item = &SealedSegment> {
    sources.iter().filter_map(|source| match source {
        HeldSegment::Sealed(segment) => Some(&**segment),
        _ => None,
    })
}

/// Which rows of which segments a merge took.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The segments, counted from the oldest.
    pub segments: Range<usize>,
    /// The rows of each that were taken.
    kept: Vec<RowSet>,
}

impl MergeJob {
    /// Does the next slice of work and says whether all is done.
    pub fn step(&mut self) -> bool {
        if self.merged.is_empty() {
            return true;
        }
        let sources = self.sources.iter().zip(&self.merged.kept);
        let sources = map(sources, |(segment, keep)| Source { segment: segment.view(), keep });
        self.merging.step(&self.schema, &sources)
    }

    /// Why what was made is not to be believed: a segment it was made of turned out to be damaged, or could not be read.
    #[must_use]
    pub fn trouble(&self) -> Option<Error> {
        let sealed = || sealed_of(&self.sources);
        let unreadable = || {
            let has_failed = sealed().map(SealedSegment::failures).sum::<usize>() != self.failures;
            has_failed.then(|| Error::new(ErrorCode::Unavailable, "a segment could not be read"))
        };
        sealed().find_map(SealedSegment::damage).or_else(unreadable)
    }

    /// The new segment, once all is done; none if no row was left. And what it was made of.
    #[must_use]
    pub fn finish(self, database: DatabaseId, file: FileId) -> (Option<SealedOutput>, Merged) {
        let output = (!self.merged.is_empty()).then(|| {
            let (bytes, checksum) = self.merging.finish(database, file);
            SealedOutput { bytes, checksum }
        });
        (output, self.merged)
    }
}

impl Merged {
    fn is_empty(&self) -> bool {
        self.kept.iter().all(|kept| kept.count() == 0)
    }
}

impl CollectionState {
    /// Ends the growing segment and begins another.
    pub fn freeze(&mut self) {
        let segment = core::mem::replace(&mut self.growing, GrowingSegment::new(&self.schema));
        let dead = core::mem::take(&mut self.growing_dead);
        self.growing_since = self.next;
        if segment.rows() > 0 {
            self.held.push(Held { segment: HeldSegment::Frozen(Arc::new(segment)), dead });
        }
    }

    /// A merge of neighbouring segments, without the rows that are dead or expired now.
    #[must_use]
    pub fn merge_job(&self, segments: Range<usize>, now: u64) -> MergeJob {
        let kept = map(segments.clone(), |at| self.live_rows(at, now));
        let sources = map(&self.held[segments.clone()], |held| held.segment.clone());
        let merged = Merged { segments, kept };
        let failures = sealed_of(&sources).map(SealedSegment::failures).sum();
        MergeJob { schema: self.schema.clone(), merged, sources, failures, merging: Merging::new() }
    }

    /// The rows of a merged segment that have died since the merge began.
    #[must_use]
    pub fn dead_since(&self, merged: &Merged) -> RowSet {
        let mut dead = RowSet::none(merged.kept.iter().map(RowSet::count).sum());
        let mut row = 0;
        for (held, kept) in self.held[merged.segments.clone()].iter().zip(&merged.kept) {
            for of_source in kept.iter() {
                if held.dead.contains(of_source) {
                    dead.insert(RowId(row));
                }
                row += 1;
            }
        }
        dead
    }

    /// Takes a merged segment in the place of those it was made of. These are given back: to drop one takes a while, and
    /// searches need not wait for it.
    pub fn install(&mut self, segment: Option<Arc<SealedSegment>>, merged: &Merged) -> Vec<Held> {
        let dead = self.dead_since(merged);
        let segment = segment.map(|segment| Held { segment: HeldSegment::Sealed(segment), dead });
        self.held.splice(merged.segments.clone(), segment).collect()
    }

    /// What the policy of merging needs to know of the segments before the growing one, as far as they are sealed.
    #[must_use]
    pub fn figures(&self, now: u64) -> Vec<Figures> {
        let sealed = self.held.iter().take_while(|held| matches!(held.segment, HeldSegment::Sealed(_)));
        map(sealed.enumerate(), |(at, held)| Figures {
            rows: held.segment.view().rows() as u64,
            live: self.live_rows(at, now).count() as u64,
            bytes: held.segment.view().bytes(),
        })
    }

    /// All live documents of the held segments indexed anew under a schema that has more fields, as one segment file. Nothing
    /// may have been written since they were frozen.
    pub fn extend_schema(
        &self,
        schema: &Schema,
        database: DatabaseId,
        file: FileId,
        now: u64,
    ) -> Result<(Option<SealedOutput>, Merged)> {
        let analyzers = Analyzers::new(schema, self.source)?;
        let mut grown = GrowingSegment::new(schema);
        let kept = map(0..self.held.len(), |at| self.live_rows(at, now));
        for (at, kept) in kept.iter().enumerate() {
            let segment = self.segment(at);
            for row in kept.iter() {
                let id = segment.id(row);
                let document = self.whole_document(Location { segment: at, row })?;
                let indexed = reindex(schema, &analyzers, &id, document, segment.expiry(row));
                let indexed = indexed.map_err(|error| {
                    let message = alloc::format!("the document {id} does not fit the new fields: {error}");
                    Error::new(ErrorCode::Schema, message).with("id", id.to_string())
                })?;
                grown.push(segment.sequence(row), indexed);
            }
        }
        let merged = Merged { segments: 0..self.held.len(), kept };
        if merged.is_empty() {
            return Ok((None, merged));
        }
        let keep = &RowSet::all(grown.rows());
        let mut merging = Merging::new();
        while !merging.step(schema, &[Source { segment: Segment::Growing(&grown), keep }]) {}
        let (bytes, checksum) = merging.finish(database, file);
        Ok((Some(SealedOutput { bytes, checksum }), merged))
    }

    /// Puts a schema with more fields in force. All segments must have been made for it.
    pub fn set_schema(&mut self, schema: Schema) {
        // They were made for this schema when its documents were indexed, so they can be made now.
        if let Ok(analyzers) = Analyzers::new(&schema, self.source) {
            self.analyzers = analyzers;
        }
        self.schema = Arc::new(schema);
        self.growing = GrowingSegment::new(&self.schema);
        self.growing_dead = RowSet::default();
    }
}
