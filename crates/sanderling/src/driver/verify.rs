//! Every file of an open database read anew and looked at in full, while reads and writes go on.

use super::{
    check::Check,
    database::Database,
    slots::{File, choose, read_slots},
    snapshot::Snapshot,
};
use crate::storage::{StorageFuture, StoredObject};
use alloc::{boxed::Box, string::String, vec::Vec};
use sanderling_engine::{
    Error, ErrorCode, Result, Value,
    codec::AlignedBytes,
    export::ExportedFile,
    manifest::{CollectionRecord, SLOTS},
};

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The name of the file.
    pub file: String,
    /// The collection that it belongs to.
    pub collection: Option<String>,
    /// `missing`, `damaged`, `unreadable` (the medium fails), or `unsupported` (of a newer format).
    pub kind: &'static str,
    /// Where in the file, if that is known.
    pub offset: Option<u64>,
    /// A sentence for people.
    pub message: String,
}

/// What a look at all files has found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verification {
    /// How many files were looked at.
    pub files: usize,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

impl Verification {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Problem {
    /// What an error says of a file.
    pub(super) fn new(file: &str, collection: Option<&str>, error: &Error) -> Self {
        let detail = |name: &str| error.details().iter().find(|(other, _)| other == name).map(|(_, value)| value);
        let kind = match error.code() {
            ErrorCode::Corrupt => "damaged",
            ErrorCode::Unsupported => "unsupported",
            _ => "unreadable",
        };
        Self {
            file: detail("file").and_then(Value::as_text).unwrap_or(file).into(),
            collection: collection.map(String::from),
            kind,
            offset: detail("offset").and_then(Value::as_number).map(|offset| offset as u64),
            message: error.message().into(),
        }
    }

    /// A file that is not there.
    pub(super) fn missing(file: &str, collection: Option<&str>) -> Self {
        let error = super::slots::damaged(file, &"the file is missing");
        Self { kind: "missing", ..Self::new(file, collection, &error) }
    }
}

impl Database {
    /// Reads every file that the manifest names anew and looks at it in full. Files that no manifest names are not problems.
    pub fn verify(&self) -> StorageFuture<'_, Verification> {
        Box::pin(async move {
            let mut found = Verification::default();
            let snapshot = Snapshot::take(self).await?;
            let objects = {
                // The slots do not change while the manifest is held.
                let _manifest = self.shared.manifest.lock().await;
                let objects = self.shared.storage.list().await?;
                found.slots(read_slots(&*self.shared.storage, &objects).await, &objects);
                objects
            };
            let mut check: Option<(usize, Result<Check>)> = None;
            for file in snapshot.head.files() {
                let record = &snapshot.head.manifest.collections[file.collection];
                if check.as_ref().is_none_or(|(collection, _)| *collection != file.collection) {
                    check = Some((file.collection, Check::new(self.shared.id, record)));
                }
                let read = match objects.iter().find(|object| object.name == file.name(file.record.file)) {
                    Some(object) => {
                        let length = usize::try_from(file.length_of(object.bytes)).unwrap_or(usize::MAX);
                        Some(snapshot.read(&file, 0, length).await)
                    }
                    None => None,
                };
                if let Some((_, check)) = &mut check {
                    found.file(&file, read, check, record)?;
                }
                (self.shared.environment.background.pause)().await;
            }
            snapshot.end().await;
            Ok(found)
        })
    }
}

impl Verification {
    fn slots(&mut self, slots: Vec<File>, objects: &[StoredObject]) {
        self.files += slots.len();
        let mut problem = match choose(slots, objects) {
            Ok(Some((_, damage))) => damage.map(|damage| Problem::new(SLOTS[0], None, &damage)),
            Ok(None) => Some(Problem::missing(SLOTS[0], None)),
            Err(error) => Some(Problem::new(SLOTS[0], None, &error)),
        };
        if let Some(problem) = &mut problem
            && !objects.iter().any(|object| object.name == problem.file)
        {
            problem.kind = "missing";
        }
        self.problems.extend(problem);
    }

    /// Looks at a file; none was read where it is missing.
    fn file(
        &mut self,
        file: &ExportedFile,
        read: Option<Result<AlignedBytes>>,
        check: &mut Result<Check>,
        record: &CollectionRecord,
    ) -> Result<()> {
        self.files += 1;
        let (name, collection) = (file.name(file.record.file), Some(record.name.as_str()));
        let Some(read) = read else {
            self.problems.push(Problem::missing(&name, collection));
            return Ok(());
        };
        let looked = match (read, check) {
            (Err(error), _) if error.code() == ErrorCode::Closed => return Err(error),
            (Err(error), _) => Err(error),
            // What the manifest says of the collection cannot be read, so neither can the file.
            (Ok(_), Err(error)) => Err(error.clone()),
            (Ok(bytes), Ok(check)) => check.file(file, bytes),
        };
        self.problems.extend(looked.err().map(|error| Problem::new(&name, collection, &error)));
        Ok(())
    }
}

impl From<&Problem> for Value {
    fn from(problem: &Problem) -> Self {
        let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
        Self::object()
            .with("file", problem.file.as_str())
            .with("collection", text(&problem.collection))
            .with("kind", problem.kind)
            .with("offset", problem.offset.map_or(Self::Null, Self::from))
            .with("message", problem.message.as_str())
    }
}

impl From<&Verification> for Value {
    fn from(found: &Verification) -> Self {
        let mut problems = Vec::new();
        found.problems.iter().for_each(|problem| problems.push(Self::from(problem)));
        Self::object().with("ok", found.is_ok()).with("files", found.files).with("problems", problems)
    }
}
