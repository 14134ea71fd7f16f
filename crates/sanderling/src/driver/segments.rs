//! Sealing, compaction and schema growth: new files, then the manifest, then the state, then the old files go.

use super::{
    collection::{Collection, WriterState},
    open::files_of,
};
use crate::storage::{Durability, StorageFuture};
use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};
use sanderling_engine::{
    Result, Schema,
    codec::AlignedBytes,
    collection::SealedOutput,
    ids::FileId,
    manifest::{FileRecord, SegmentRecord, segment_name, tombstones_name},
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

impl Collection {
    /// Puts a new segment in the place of the growing one, and of the older ones where they are replaced.
    pub(super) fn rebuild<'a>(&'a self, writer: &'a mut WriterState, job: Job) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            let database = &self.database.shared;
            let file = FileId(database.manifest.lock().await.allocate_file());
            let output = self.output(&job, file)?;
            let (schema, old_stay) = match job {
                Job::Seal => (Schema::clone(&self.schema()), true),
                Job::Compact => (Schema::clone(&self.schema()), false),
                Job::Extend(schema) => (schema, false),
            };
            let mut manifest = database.manifest.lock().await;
            let mut next = manifest.next();
            let Some(at) = next.collections.iter().position(|record| record.id == self.shared.id) else {
                return Ok(()); // the collection was dropped
            };
            let mut old_files = files_of(&next.collections[at]);
            let mut segments = core::mem::take(&mut next.collections[at].segments);
            if !old_stay {
                segments.clear();
            } else {
                for (at, dead) in self.dead_files(writer) {
                    let file = FileId(manifest.allocate_file());
                    let (bytes, checksum) = write_tombstones(&dead, database.id, file);
                    database.storage.write(&tombstones_name(file.0), &bytes, Durability::Strict).await?;
                    segments[at].tombstones = Some(FileRecord { file: file.0, bytes: bytes.len() as u64, checksum });
                }
            }
            let sealed = match output {
                Some(SealedOutput { bytes, checksum }) => {
                    let name = segment_name(file.0);
                    let resident = Box::new(AlignedBytes::copy_of(&bytes));
                    drop(bytes); // memory holds the segment once while it is written
                    let bytes = AsRef::<[u8]>::as_ref(&*resident);
                    if let Err(error) = database.storage.write(&name, bytes, Durability::Strict).await {
                        database.remove_files(&[name]).await; // on a full medium every byte counts
                        return Err(error);
                    }
                    let record = FileRecord { file: file.0, bytes: bytes.len() as u64, checksum };
                    segments.push(SegmentRecord { segment: record, tombstones: None });
                    Some(Arc::new(SealedSegment::open(&schema, resident, &name, (database.id, file, checksum))?))
                }
                None => None,
            };
            let first = self.shared.state().next();
            let wal = manifest.begin_log(&*database.storage, first).await?;
            next.next_file = manifest.next_file();
            let record = &mut next.collections[at];
            record.schema = schema.to_json();
            record.first_in_wal = first.0;
            record.segments = segments;
            record.wals = vec![wal.1];
            let kept = files_of(record);
            manifest.commit(&*database.storage, next).await?;
            self.install(writer, sealed, (!old_stay).then_some(schema), wal);
            drop(manifest);
            old_files.retain(|file| !kept.contains(file));
            database.remove_files(&old_files).await;
            Ok(())
        })
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
            if writer.written_dead.get(at) != Some(&entry.dead.count()) {
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
        writer.log_in_use = false;
        writer.must_seal = false;
    }
}
