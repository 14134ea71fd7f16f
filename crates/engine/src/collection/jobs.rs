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
    defects::{Defect, is},
    ids::{DatabaseId, FileId, RowId},
    lists::map,
    rows::RowSet,
    segment::{
        GrowingSegment, SealedSegment, Unpacked,
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
    /// What is read, with the rows that are taken.
    sources: Vec<(HeldSegment, RowSet)>,
    /// How often the medium had failed before.
    failures: usize,
    merging: Merging,
}

fn sealed_of(sources: &[(HeldSegment, RowSet)]) -> impl Iterator<Item = &SealedSegment> {
    sources.iter().filter_map(|(source, _)| match source {
        HeldSegment::Sealed(segment) => Some(&**segment),
        _ => None,
    })
}

/// Documents that are indexed anew under a larger schema.
pub struct ExtendJob {
    schema: Arc<Schema>,
    analyzers: Analyzers,
    merged: Merged,
    /// The next segment, and the next row of it.
    next: (usize, u32),
    grown: GrowingSegment,
}

/// Rows that one step indexes.
const SLICE: u32 = 64;

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
        let sources = map(&self.sources, |(segment, keep)| Source { segment: segment.view(), keep });
        self.merging.step(&self.schema, &sources)
    }

    /// How much is done of how much; the second number stays the same.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        let rows = self.merged.kept.iter().map(RowSet::count).sum();
        (self.merging.done(rows), rows * (self.schema.fields.len() + 1))
    }

    /// Has `run` work on all parts of the segment that are not made yet, in any order or at once, and says whether there were any.
    /// Where there were none, [`MergeJob::step`] does what is left.
    #[cfg(all(feature = "parallel", not(target_family = "wasm")))]
    pub fn step_parts(&mut self, run: &mut dyn FnMut(Vec<crate::segment::format::PartStep<'_>>)) -> bool {
        if self.merged.is_empty() {
            return false;
        }
        let sources = map(&self.sources, |(segment, keep)| Source { segment: segment.view(), keep });
        self.merging.step_parts(&self.schema, &sources, run)
    }

    /// Why what was made is not to be believed: a segment it was made of turned out to be damaged, or could not be read.
    #[must_use]
    pub fn trouble(&self) -> Option<Error> {
        let sealed = || sealed_of(&self.sources);
        let unreadable = || {
            let has_failed = sealed().map(SealedSegment::failures).sum::<usize>() != self.failures;
            sealed().find(|segment| has_failed && segment.failures() > 0).map(SealedSegment::unreadable)
        };
        let trouble = sealed().find_map(SealedSegment::damage).or_else(unreadable);
        trouble.filter(|_| !is(Defect::TroubleNotAsked))
    }

    /// The schema of the new segment.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
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

impl ExtendJob {
    /// Indexes the next documents of a collection, in which nothing has changed, and says whether all are done.
    pub fn step(&mut self, state: &CollectionState) -> Result<bool> {
        let (at, first) = self.next;
        let Some(kept) = self.merged.kept.get(at) else { return Ok(true) };
        let segment = state.segment(at);
        let mut unpacked = Unpacked::default();
        let end = (kept.rows() as u32).min(first + SLICE);
        for row in (first..end).map(RowId).filter(|row| kept.contains(*row)) {
            let id = segment.id(row);
            let document = state.whole_document(Location { segment: at, row }, &mut unpacked)?;
            let indexed = reindex(&self.schema, &self.analyzers, &id, document, segment.expiry(row));
            let indexed = indexed.map_err(|error| {
                let message = alloc::format!("the document {id} does not fit the new fields: {error}");
                Error::new(ErrorCode::Schema, message).with("id", id.to_string())
            })?;
            self.grown.push(segment.sequence(row), indexed);
        }
        self.next = if end as usize == kept.rows() { (at + 1, 0) } else { (at, end) };
        Ok(false)
    }

    /// What makes a segment of them, once all are done.
    #[must_use]
    pub fn finish(self) -> MergeJob {
        let keep = RowSet::all(self.grown.rows());
        let sources = Vec::from([(HeldSegment::Frozen(Arc::new(self.grown)), keep)]);
        MergeJob { schema: self.schema, merged: self.merged, sources, failures: 0, merging: Merging::new() }
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
        let held = self.held[segments.clone()].iter().zip(&kept);
        let sources = map(held, |(held, kept)| (held.segment.clone(), kept.clone()));
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
        let replaced: Vec<Held> = self.held.splice(merged.segments.clone(), segment).collect();
        for held in &replaced {
            // What was damaged only after it had been read is not there any more.
            if let HeldSegment::Damaged { segment, .. } = &held.segment {
                let damage = segment.damage();
                self.damage.retain(|other| Some(other) != damage.as_ref());
            }
        }
        replaced
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

    /// The growing segment as that policy sees it, where its log has so many bytes. One without writes has nothing to give.
    #[must_use]
    pub fn growing_figures(&self, log_bytes: u64, now: u64) -> Figures {
        let live = self.live_rows(self.held.len(), now).count() as u64;
        let bytes = if self.next == self.growing_since { 0 } else { log_bytes };
        Figures { rows: self.growing.rows() as u64, live, bytes }
    }

    /// The segments of which every row was deleted or replaced, the newest first.
    #[must_use]
    pub fn without_a_row(&self) -> Vec<usize> {
        let is_dead = |held: &Held| {
            matches!(held.segment, HeldSegment::Sealed(_)) && held.dead.count() == held.segment.view().rows()
        };
        (0..self.held.len()).rev().filter(|at| is_dead(&self.held[*at])).collect()
    }

    /// Leaves out a segment without a row.
    pub fn drop_held(&mut self, at: usize) -> Held {
        self.held.remove(at)
    }

    /// All live documents of the held segments to be indexed anew under a schema that has more fields. Nothing may be written
    /// until that has taken effect.
    pub fn extend_job(&self, schema: &Schema, now: u64) -> Result<ExtendJob> {
        let analyzers = Analyzers::new(schema, self.source)?;
        let kept = map(0..self.held.len(), |at| self.live_rows(at, now));
        let merged = Merged { segments: 0..self.held.len(), kept };
        let grown = GrowingSegment::new(schema);
        Ok(ExtendJob { schema: Arc::new(schema.clone()), analyzers, merged, next: (0, 0), grown })
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
