//! Every file of an open database read anew and looked at in full, while reads and writes go on.

use super::{
    check::Check,
    database::Database,
    slots::{choose, read_slots},
    snapshot::Snapshot,
};
use crate::storage::StoredObject;
use alloc::{string::String, vec::Vec};
use sanderling_engine::{Error, ErrorCode, Result, Value, export::ExportedFile, manifest::SLOTS};

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
    pub async fn verify(&self) -> Result<Verification> {
        let mut verification = Verification::default();
        let (snapshot, objects) = self.look_at_slots(&mut verification).await?;
        let mut check: Option<(usize, Result<Check>)> = None;
        for file in snapshot.head.files() {
            let record = &snapshot.head.manifest.collections[file.collection];
            if check.as_ref().is_none_or(|(collection, _)| *collection != file.collection) {
                let checked = Check::new(self.shared.id, record);
                if let Err(error) = &checked {
                    verification.problems.push(Problem::new(SLOTS[0], Some(&record.name), error));
                }
                check = Some((file.collection, checked));
            }
            verification.files += 1;
            if let Some((_, Ok(check))) = &mut check
                && let Some(problem) = look(&snapshot, &objects, &file, check, &record.name).await?
            {
                verification.problems.push(problem);
            }
            (self.shared.environment.background.pause)().await;
        }
        snapshot.end().await;
        Ok(verification)
    }

    /// The slots do not change while the manifest is held.
    async fn look_at_slots(&self, found: &mut Verification) -> Result<(Snapshot, Vec<StoredObject>)> {
        let snapshot = Snapshot::take(self).await?;
        let storage = &*self.shared.storage;
        let manifest = self.shared.manifest.lock().await;
        let objects = storage.list().await?;
        let slots = read_slots(storage, &objects).await;
        drop(manifest);
        found.files += slots.len();
        let mut problem = match choose(slots, &objects) {
            Ok(Some((_, damage))) => damage.map(|damage| Problem::new(SLOTS[0], None, &damage)),
            Ok(None) => Some(Problem::missing(SLOTS[0], None)),
            Err(error) => Some(Problem::new(SLOTS[0], None, &error)),
        };
        if let Some(problem) = &mut problem
            && !objects.iter().any(|object| object.name == problem.file)
        {
            problem.kind = "missing";
        }
        found.problems.extend(problem);
        Ok((snapshot, objects))
    }
}

async fn look(
    snapshot: &Snapshot,
    objects: &[StoredObject],
    file: &ExportedFile,
    check: &mut Check,
    collection: &str,
) -> Result<Option<Problem>> {
    let name = file.name(file.record.file);
    let Some(object) = objects.iter().find(|object| object.name == name) else {
        return Ok(Some(Problem::missing(&name, Some(collection))));
    };
    let length = usize::try_from(file.length_of(object.bytes)).unwrap_or(usize::MAX);
    let looked = match snapshot.read(file, 0, length).await {
        Ok(bytes) => check.file(file, bytes),
        Err(error) if error.code() == ErrorCode::Closed => return Err(error),
        Err(error) => Err(error),
    };
    Ok(looked.err().map(|error| Problem::new(&name, Some(collection), &error)))
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
