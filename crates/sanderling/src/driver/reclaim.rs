//! Room on the medium that the dead take. Merges take effect as writes go on; where none follow, what is left of them is written
//! anew when the database is closed, piece by piece, each with a commit of its own: whoever ends the process in between
//! loses nothing but the rest of this work.

use super::{
    collection::{Collection, UNREPORTED, WriterState},
    commit::{ManifestState, NewFile},
    jobs::Made,
    segments::Job,
};
use crate::storage::StorageFuture;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::ops::Range;
use sanderling_engine::{
    Result,
    collection::policy,
    manifest::{CollectionRecord, SegmentRecord},
};

/// What a commit puts in the place of segments.
#[derive(Default)]
pub(super) struct Replacing {
    pub files: Vec<NewFile>,
    pub old_files: Vec<String>,
    /// For each segment that the manifest names from then on, how many dead rows its file has.
    pub written_dead: Vec<usize>,
}

impl Replacing {
    /// A segment without a live row is named no more.
    pub(super) fn remove(&mut self, record: &mut CollectionRecord, at: usize) {
        self.old_files.extend(record.segments.remove(at).files());
        self.written_dead.remove(at);
    }
}

impl Collection {
    /// Names a merged segment in the place of those it was made of.
    pub(super) fn name_merged(
        &self,
        (manifest, record): (&mut ManifestState, &mut CollectionRecord),
        made: &Made,
        replacing: &mut Replacing,
    ) {
        let (dead, segments) = (self.shared.state().dead_since(&made.merged), made.merged.segments.clone());
        let old: Vec<_> = record.segments.splice(segments.clone(), made.record()).collect();
        replacing.old_files.extend(old.iter().flat_map(SegmentRecord::files));
        replacing.written_dead.splice(segments.clone(), made.record().map(|_| dead.count()));
        if made.record().is_some() && dead.count() > 0 {
            self.name_dead(manifest, record, segments.start, &dead, (&mut replacing.files, &mut Vec::new()));
        }
    }

    /// Leaves as few of the dead as the policy asks for.
    pub(super) fn reclaim<'a>(&'a self, writer: &'a mut WriterState) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            self.shared.state().check_whole()?;
            if writer.must_seal || writer.wal.is_none() {
                return Ok(()); // what the logs hold is unknown: a death may not outlive the write it came from
            }
            self.end_jobs(writer).await;
            loop {
                if self.database.shared.manifest.lock().await.collection(self.shared.id).is_none() {
                    return Ok(()); // the collection was dropped: nothing would ever change
                }
                let (range, sealed) = {
                    let (state, now) = (self.shared.state(), self.database.shared.now());
                    let mut figures = state.figures(now);
                    let sealed = figures.len();
                    if sealed < state.held().len() {
                        return Ok(()); // one could not be sealed: its log has it
                    }
                    figures.push(state.growing_figures(writer.wal_bytes, now));
                    (policy::to_reclaim(&figures, state.settings().seal_at), sealed)
                };
                match range {
                    None => return Ok(()),
                    Some(range) if range.end > sealed => self.rebuild(writer, Job::From(range.start)).await?,
                    Some(range) => self.write_anew(writer, range).await?,
                }
            }
        })
    }

    /// Neighbouring segments become one without dead rows.
    async fn write_anew(&self, writer: &mut WriterState, segments: Range<usize>) -> Result<()> {
        let made = self.merge_of(segments, UNREPORTED).await?;
        let new = made.record();
        let named = self.name_anew(writer, made).await;
        if named.is_err() {
            self.discard(new).await;
        }
        named
    }

    async fn name_anew(&self, writer: &mut WriterState, made: Made) -> Result<()> {
        let database = &self.database.shared;
        let mut manifest = database.manifest.lock().await;
        // Rows that died since their file was written are gone with this commit: the deletions must be there as surely.
        self.settle_log(writer, &manifest).await?;
        self.shared.state().check_whole()?;
        let mut next = manifest.next();
        let Some(record) = next.collections.iter_mut().find(|record| record.id == self.shared.id) else {
            return Ok(()); // the collection was dropped
        };
        let mut replacing = Replacing { written_dead: writer.written_dead.clone(), ..Replacing::default() };
        self.name_merged((&mut manifest, record), &made, &mut replacing);
        manifest.commit(&*database.storage, replacing.files, next).await?;
        drop(manifest);
        writer.written_dead = replacing.written_dead;
        let _replaced = made.install(&mut self.shared.state_to_change());
        database.remove_files(&replacing.old_files).await;
        Ok(())
    }
}
