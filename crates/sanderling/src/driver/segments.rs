//! Sealing, compaction and schema growth: new files, then the manifest, then the state, then the old files go.

use super::{
    collection::{Collection, WriterState},
    commit::{ManifestState, NewFile},
    open::files_of,
};
use crate::storage::StorageFuture;
use alloc::{boxed::Box, string::String, sync::Arc, vec, vec::Vec};
use sanderling_engine::{
    Result, Schema,
    collection::SealedOutput,
    defects::{Defect, is},
    ids::FileId,
    manifest::{FileRecord, Manifest, SegmentRecord, segment_name, tombstones_name},
    segment::{SealedSegment, write_tombstones},
    wal::WalHeader,
};

/// Why segments are made anew.
pub(super) enum Job {
    /// The growing segment is full: the sealed ones stay, with their dead rows of now.
    Seal,
    /// One segment without dead rows takes the place of all.
    Compact,
    /// The same, under a schema with more fields.
    Extend(Schema),
}

/// What a job comes to.
struct Rebuilt {
    files: Vec<NewFile>,
    next: Manifest,
    old_files: Vec<String>,
    sealed: Option<Arc<SealedSegment>>,
    /// The schema in force from now on, where the new segment takes the place of all.
    replaced_under: Option<Schema>,
    wal: (WalHeader, u64),
}

impl Collection {
    /// Puts a new segment in the place of the growing one, and of the older ones where they are replaced.
    pub(super) fn rebuild<'a>(&'a self, writer: &'a mut WriterState, job: Job) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            let database = &self.database.shared;
            let file = FileId(database.manifest.lock().await.allocate_file());
            let output = self.output(&job, file)?;
            let mut manifest = database.manifest.lock().await;
            let Some(rebuilt) = self.plan(&mut manifest, writer, job, file, output)? else {
                return Ok(()); // the collection was dropped
            };
            if is(Defect::RemovedBeforeCommit) {
                database.remove_files(&rebuilt.old_files).await;
            }
            let committed = manifest.commit(&*database.storage, rebuilt.files, rebuilt.next).await;
            if !is(Defect::InstalledUncommitted) {
                committed?;
            }
            self.install(writer, rebuilt.sealed, rebuilt.replaced_under, rebuilt.wal);
            drop(manifest);
            database.remove_files(&rebuilt.old_files).await;
            Ok(())
        })
    }

    fn plan(
        &self,
        manifest: &mut ManifestState,
        writer: &WriterState,
        job: Job,
        file: FileId,
        output: Option<SealedOutput>,
    ) -> Result<Option<Rebuilt>> {
        let database = self.database.shared.id;
        let (schema, old_stay) = match job {
            Job::Seal => (Schema::clone(&self.schema()), true),
            Job::Compact => (Schema::clone(&self.schema()), false),
            Job::Extend(schema) => (schema, false),
        };
        let mut next = manifest.next();
        let Some(record) = next.collections.iter_mut().find(|record| record.id == self.shared.id) else {
            return Ok(None);
        };
        let mut old_files = files_of(record);
        let mut files = Vec::new();
        if !old_stay {
            record.segments.clear();
        } else {
            for (at, dead) in self.dead_files(writer) {
                let file = manifest.allocate_file();
                let (bytes, checksum) = write_tombstones(&dead, database, FileId(file));
                files.push(NewFile::new(tombstones_name(file), &bytes));
                record.segments[at].tombstones = Some(FileRecord { file, bytes: bytes.len() as u64, checksum });
            }
        }
        let mut sealed = None;
        if let Some(SealedOutput { bytes, checksum }) = output {
            let name = segment_name(file.0);
            let segment = FileRecord { file: file.0, bytes: bytes.len() as u64, checksum };
            let new = NewFile::new(name.clone(), &bytes);
            drop(bytes); // memory holds the segment once while it is written
            let resident = Box::new(new.bytes.clone());
            sealed = Some(Arc::new(SealedSegment::open(&schema, resident, &name, (database, file, checksum))?));
            record.segments.push(SegmentRecord { segment, tombstones: None });
            files.push(new);
        }
        let first = self.shared.state().next();
        let wal = manifest.begin_log(first, &mut files);
        if !is(Defect::SchemaNotCommitted) {
            record.schema = schema.to_json();
        }
        record.first_in_wal = if is(Defect::NumbersRestart) { 1 } else { first.0 };
        record.wals = vec![wal.1];
        let kept = files_of(record);
        old_files.retain(|file| !kept.contains(file));
        let replaced_under = (!old_stay).then_some(schema);
        Ok(Some(Rebuilt { files, next, old_files, sealed, replaced_under, wal }))
    }

    fn output(&self, job: &Job, file: FileId) -> Result<Option<SealedOutput>> {
        let (state, database) = (self.shared.state(), &self.database.shared);
        match job {
            Job::Seal => Ok(state.seal(database.id, file, database.now())),
            Job::Compact => Ok(state.compact(database.id, file, database.now())),
            Job::Extend(schema) => state.extend_schema(schema, database.id, file, database.now()),
        }
    }

    /// The dead rows that grew since they were last written, by the position of their segment.
    fn dead_files(&self, writer: &WriterState) -> Vec<(usize, sanderling_engine::rows::RowSet)> {
        let state = self.shared.state();
        let mut changed = Vec::new();
        for (at, entry) in state.sealed().iter().enumerate() {
            let written = writer.written_dead.get(at).copied().unwrap_or_default();
            let skipped = is(Defect::TombstonesNotWritten) || (is(Defect::TombstonesNotRenewed) && written > 0);
            if written != entry.dead.count() && !skipped {
                changed.push((at, entry.dead.clone()));
            }
        }
        changed
    }

    fn install(
        &self,
        writer: &mut WriterState,
        sealed: Option<Arc<SealedSegment>>,
        replaced_under: Option<Schema>,
        wal: (WalHeader, u64),
    ) {
        let mut state = self.shared.state_to_change();
        match replaced_under {
            None => state.install_sealed(sealed),
            Some(schema) => state.install_compacted(sealed, schema),
        }
        writer.written_dead = state.sealed().iter().map(|entry| entry.dead.count()).collect();
        writer.wal_bytes = wal.0.to_bytes().len() as u64;
        writer.wal = Some(wal);
        (writer.log_in_use, writer.log_flushed) = (false, true);
        writer.must_seal = false;
    }
}
