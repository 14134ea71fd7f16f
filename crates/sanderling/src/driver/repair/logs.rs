//! The logs of a damaged collection. Each operation in them puts or deletes a whole document by its id: those behind a hole
//! mean what they meant, so every sound frame is kept, with its number. The sound frames go into new logs, one for each run
//! without a hole, and the header of a log says how many writes before it are missing.

use super::{Patient, Plan, Writes};
use crate::driver::{commit::NewFile, slots::File};
use alloc::{format, string::String, vec::Vec};
use sanderling_engine::{
    DocumentId, Error, Result, Schema,
    codec::AlignedBytes,
    collection::check_operation,
    document::json,
    ids::{DatabaseId, FileId, SequenceNumber},
    limits::BATCH_DOCUMENTS_MAX,
    manifest::{CollectionRecord, wal_name},
    settings::CollectionSettings,
    wal::{Batch, Operation, WalHeader, WalReader},
};

/// What is read of the logs, one after the other.
struct Reading<'a> {
    schema: &'a Schema,
    /// The number of the next write.
    next: u64,
    runs: Vec<Run>,
    writes: Writes,
    damages: Vec<Damage>,
}

/// Writes without a hole.
struct Run {
    first: u64,
    /// How many writes before are missing.
    lost: u64,
    batches: Vec<Batch>,
}

/// What is wrong with a log.
struct Damage {
    name: String,
    /// None where it is missing.
    error: Option<Error>,
    /// The numbers of the first and the last write that are gone with it.
    writes: Option<(u64, u64)>,
}

struct Log {
    name: String,
    file: FileId,
    /// Or what is wrong with the file: nothing where it is missing.
    bytes: Result<AlignedBytes, Option<Error>>,
}

impl Patient<'_> {
    /// Keeps the frames that are sound.
    pub(super) fn logs(
        &self,
        record: &mut CollectionRecord,
        files: &mut Vec<File>,
        schema: &Schema,
        plan: &mut Plan,
    ) -> Result<Writes> {
        let mut logs = Vec::new();
        for &file in &record.wals {
            let name = wal_name(file);
            let bytes = self.take(files, &name)?;
            logs.push(Log { name, file: FileId(file), bytes });
        }
        let mut reading = Reading::new(schema, record.first_in_wal);
        for (at, log) in logs.iter().enumerate() {
            let later = logs[at + 1..].iter().find_map(|log| Some(log.reader(self.database)?.header()));
            if !reading.log(log, self.database, later) && later.is_none() {
                // Numbers that were given to writes must not be given again, and nobody knows how many there were.
                let settings = CollectionSettings::from_value(&json::parse(&record.settings)?)?;
                reading.leave_out(u64::from(settings.seal_at) + BATCH_DOCUMENTS_MAX as u64);
            }
        }
        if reading.damages.is_empty() {
            return Ok(reading.writes);
        }
        self.write_anew(record, &reading.runs, plan)?;
        for Damage { name, error, writes } in &reading.damages {
            let loss = plan.lose_file(name, &record.name, error.as_ref());
            loss.writes = *writes;
            if let Some((first, last)) = writes {
                loss.problem.message.push_str(&format!("; the writes {first} to {last} are gone"));
            }
        }
        for log in logs.into_iter().filter(|log| log.bytes.is_ok() && !plan.aside.contains(&log.name)) {
            plan.superseded.push(log.name);
        }
        Ok(reading.writes)
    }

    /// Puts what was read into new logs.
    fn write_anew(&self, record: &mut CollectionRecord, runs: &[Run], plan: &mut Plan) -> Result<()> {
        record.wals.clear();
        for run in runs {
            let file = plan.manifest.allocate_file();
            let header = WalHeader::behind(self.database, FileId(file), SequenceNumber(run.first), run.lost);
            let mut bytes = Vec::from(header.to_bytes());
            for batch in &run.batches {
                bytes.extend_from_slice(&header.frame(batch, true)?);
            }
            plan.files.push(NewFile::new(wal_name(file), &bytes));
            record.wals.push(file);
        }
        Ok(())
    }
}

impl Log {
    fn reader(&self, database: DatabaseId) -> Option<WalReader<'_>> {
        let bytes = self.bytes.as_ref().ok()?.as_ref();
        let opened = WalReader::open(bytes, &self.name, database, self.file).ok();
        opened.or_else(|| WalReader::guess(bytes, &self.name, database, self.file))
    }

    /// What is wrong with the file or its header.
    fn check(&self, database: DatabaseId) -> Result<(), Option<Error>> {
        let bytes = self.bytes.as_ref().map_err(Clone::clone)?;
        WalReader::open(bytes.as_ref(), &self.name, database, self.file).map(drop).map_err(Some)
    }
}

impl<'a> Reading<'a> {
    fn new(schema: &'a Schema, next: u64) -> Self {
        let runs = Vec::from([Run { first: next, lost: 0, batches: Vec::new() }]);
        Self { schema, next, runs, writes: Vec::new(), damages: Vec::new() }
    }

    /// Reads a log as far as the first write of the one behind it, and says whether it could be read.
    fn log(&mut self, log: &Log, database: DatabaseId, later: Option<WalHeader>) -> bool {
        if let Err(error) = log.check(database) {
            self.damages.push(Damage { name: log.name.clone(), error, writes: None });
        }
        let Some(mut reader) = log.reader(database) else { return false };
        let first = reader.header().first().0;
        if self.next.saturating_add(reader.header().lost()) < first {
            self.lose_up_to(first, &log.name);
        }
        self.leave_out(first.saturating_sub(self.next));
        loop {
            match reader.next_batch() {
                Ok(Some(batch)) => {
                    if later.is_none_or(|later| batch.first < later.first()) {
                        self.batch(batch, &log.name);
                    }
                }
                Ok(None) => return true,
                Err(error) => {
                    self.damage(&log.name, error);
                    if !reader.skip_damage() {
                        return true;
                    }
                }
            }
        }
    }

    fn batch(&mut self, mut batch: Batch, name: &str) {
        for operation in &batch.operations {
            if let Err(error) = check_operation(self.schema, operation, name) {
                return self.damage(name, error); // the numbers are missed when the next batch comes
            }
        }
        let known = self.next.saturating_sub(batch.first.0);
        if known >= batch.operations.len() as u64 {
            return; // the segments have it
        }
        batch.operations.drain(..known as usize);
        batch.first = batch.first.plus(known);
        if batch.first.0 > self.next {
            self.lose_up_to(batch.first.0, name);
            self.leave_out(batch.first.0 - self.next);
        }
        for operation in &batch.operations {
            let (id, is_put) = match operation {
                Operation::Put { id, .. } => (id, true),
                Operation::Delete { id } => (id, false),
            };
            self.writes.extend(DocumentId::from_bytes(id).map(|id| (id, is_put)));
        }
        self.next += batch.operations.len() as u64;
        if let Some(run) = self.runs.last_mut() {
            run.batches.push(batch);
        }
    }

    fn damage(&mut self, name: &str, error: Error) {
        // Of several places in one log the first is told.
        if self.damages.iter().all(|damage| damage.name != name) {
            self.damages.push(Damage { name: name.into(), error: Some(error), writes: None });
        }
    }

    /// The writes before this one are gone, with what was damaged last.
    fn lose_up_to(&mut self, next: u64, name: &str) {
        if self.damages.is_empty() {
            let error = Error::damaged_file(name, &"writes before it are missing");
            self.damages.push(Damage { name: name.into(), error: Some(error), writes: None });
        }
        if let Some(damage) = self.damages.last_mut() {
            let first = damage.writes.map_or(self.next, |(first, _)| first);
            damage.writes = Some((first, next - 1));
        }
    }

    /// Goes on so many numbers further.
    fn leave_out(&mut self, count: u64) {
        if count == 0 {
            return;
        }
        self.next = self.next.saturating_add(count);
        match self.runs.last_mut() {
            // Nothing came since the last hole.
            Some(run) if run.batches.is_empty() => (run.first, run.lost) = (self.next, run.lost + count),
            _ => self.runs.push(Run { first: self.next, lost: count, batches: Vec::new() }),
        }
    }
}
