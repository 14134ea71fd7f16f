//! Sealing, compaction and schema growth: new files, then the manifest, then the state, then the old files go.

use super::collection::{Collection, WriterState};
use crate::storage::Durability;
use sanderling_engine::{
    Result, Schema,
    codec::AlignedBytes,
    collection::SealedOutput,
    ids::FileId,
    manifest::{FileRecord, Manifest, SegmentRecord, segment_name, tombstones_name, wal_name},
    segment::{SealedSegment, write_tombstones},
    wal::WalHeader,
};
use std::sync::Arc;

/// What becomes of the sealed segments that are there.
enum Older {
    /// They stay, with their dead rows of now.
    Stay,
    /// The new segment takes their place, under this schema.
    Replaced(Schema),
}

impl Collection {
    /// Seals the growing segment, and merges all segments into one without dead rows.
    pub async fn compact(&self) -> Result<()> {
        let mut writer = self.writer().await?;
        let schema = Schema::clone(&self.schema());
        self.rebuild(&mut writer, schema, |collection, file| {
            Ok(collection.shared.state().compact(collection.database.shared.id, file, collection.database.shared.now()))
        })
        .await
    }

    /// Indexes every document anew under a schema with more fields.
    pub(super) async fn extend_schema(&self, schema: Schema) -> Result<()> {
        let mut writer = self.writer().await?;
        self.rebuild(&mut writer, schema.clone(), move |collection, file| {
            let database = &collection.database.shared;
            collection.shared.state().extend_schema(&schema, database.id, file, database.now())
        })
        .await
    }

    /// Seals the growing segment.
    pub(super) async fn seal(&self, writer: &mut WriterState) -> Result<()> {
        let database = &self.database.shared;
        let file = FileId(database.manifest.lock().await.allocate_file());
        let output = self.shared.state().seal(database.id, file, database.now());
        self.replace(writer, output, file, Older::Stay).await
    }

    async fn rebuild(
        &self,
        writer: &mut WriterState,
        schema: Schema,
        output: impl FnOnce(&Self, FileId) -> Result<Option<SealedOutput>>,
    ) -> Result<()> {
        let file = FileId(self.database.shared.manifest.lock().await.allocate_file());
        let output = output(self, file)?;
        self.replace(writer, output, file, Older::Replaced(schema)).await
    }

    /// Puts a new segment in the place of the growing one, and of the older ones where they are replaced.
    async fn replace(
        &self,
        writer: &mut WriterState,
        output: Option<SealedOutput>,
        file: FileId,
        older: Older,
    ) -> Result<()> {
        let database = &self.database.shared;
        let schema = match &older {
            Older::Stay => Schema::clone(&self.schema()),
            Older::Replaced(schema) => schema.clone(),
        };
        let mut manifest = database.manifest.lock().await;
        let old_record = manifest.collection(self.shared.id).cloned();
        let mut segments = match &older {
            Older::Stay => old_record.as_ref().map(|record| record.segments.clone()).unwrap_or_default(),
            Older::Replaced(_) => Vec::new(),
        };
        let new_dead = if matches!(older, Older::Stay) { self.dead_files(writer) } else { Vec::new() };
        for (at, dead) in new_dead {
            let file = FileId(manifest.allocate_file());
            let (bytes, checksum) = write_tombstones(&dead, database.id, file);
            database.storage.write(&tombstones_name(file.0), &bytes, Durability::Strict).await?;
            let record = FileRecord { file: file.0, bytes: bytes.len() as u64, checksum };
            segments[at].tombstones = Some(record);
        }
        let sealed = self.write_segment(output, file, &schema, &mut segments).await?;
        let next = self.shared.state().next();
        let wal = manifest.allocate_file();
        let header = WalHeader::new(database.id, FileId(wal), next);
        database.storage.write(&wal_name(wal), &header.to_bytes(), Durability::Strict).await?;
        let id = self.shared.id;
        let change = |manifest: &mut Manifest| {
            for record in manifest.collections.iter_mut().filter(|record| record.id == id) {
                record.schema = schema.to_json();
                record.first_in_wal = next.0;
                record.segments = segments.clone();
                record.wals = vec![wal];
            }
        };
        manifest.commit(&*database.storage, change).await?;
        self.install(writer, sealed, older, (header, wal));
        let kept = manifest.collection(id).map(super::open::files_of).unwrap_or_default();
        drop(manifest);
        let old_files = old_record.as_ref().map(super::open::files_of).unwrap_or_default();
        let gone: Vec<String> = old_files.into_iter().filter(|file| !kept.contains(file)).collect();
        database.remove_files(&gone).await;
        Ok(())
    }

    /// The dead rows that grew since they were last written, by the position of their segment.
    fn dead_files(&self, writer: &WriterState) -> Vec<(usize, sanderling_engine::rows::RowSet)> {
        let state = self.shared.state();
        let sealed = state.sealed().iter().enumerate();
        let changed = sealed.filter(|(at, entry)| writer.written_dead.get(*at) != Some(&entry.dead.count()));
        changed.map(|(at, entry)| (at, entry.dead.clone())).collect()
    }

    async fn write_segment(
        &self,
        output: Option<SealedOutput>,
        file: FileId,
        schema: &Schema,
        segments: &mut Vec<SegmentRecord>,
    ) -> Result<Option<Arc<SealedSegment>>> {
        let Some(SealedOutput { bytes, checksum }) = output else { return Ok(None) };
        let database = &self.database.shared;
        let name = segment_name(file.0);
        database.storage.write(&name, &bytes, Durability::Strict).await?;
        let resident = Box::new(AlignedBytes::copy_of(&bytes));
        let sealed = SealedSegment::open(schema, resident, &name, (database.id, file, checksum))?;
        let record = FileRecord { file: file.0, bytes: bytes.len() as u64, checksum };
        segments.push(SegmentRecord { segment: record, tombstones: None });
        Ok(Some(Arc::new(sealed)))
    }

    fn install(
        &self,
        writer: &mut WriterState,
        sealed: Option<Arc<SealedSegment>>,
        older: Older,
        wal: (WalHeader, u64),
    ) {
        let mut state = self.shared.state_to_change();
        match older {
            Older::Stay => state.install_sealed(sealed),
            Older::Replaced(schema) => state.install_compacted(sealed, schema),
        }
        writer.written_dead = state.sealed().iter().map(|entry| entry.dead.count()).collect();
        writer.wal_bytes = wal.0.to_bytes().len() as u64;
        writer.wal = Some(wal);
    }
}
