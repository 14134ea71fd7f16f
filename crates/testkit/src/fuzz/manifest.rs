//! Any bytes in the manifest's slots are a database that opens or a typed error, and damage never takes documents away unseen.

use super::{damage::damage, input::Input, shared::Shared};
use pollster::block_on;
use sanderling::{
    CollectionSettings, Document, Error, ErrorCode, Result, Schema,
    driver::{Background, Database, Environment},
    storage::{Durability, Storage},
};
use sanderling_engine::{
    codec::{FileHeader, FileKind, crc32c},
    ids::{DatabaseId, FileId},
    manifest::{CommittedManifest, SLOTS},
    text::AnalyzerSource,
};
use std::sync::OnceLock;

const DATABASE: DatabaseId = DatabaseId([5; 16]);
const DOCUMENTS: usize = 9;

/// The name and the bytes of an object.
type File = (String, Vec<u8>);

/// The first byte says what the others are: a slot; a record, which gets a header and a checksum; damage to the slots of a
/// database.
///
/// # Panics
///
/// When a property does not hold.
pub fn manifest(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = input.byte();
    let slot = SLOTS[usize::from(kind >> 2 & 1)];
    match kind % 3 {
        0 => check_slot(slot, input.rest().to_vec(), kind & 128 != 0),
        1 => {
            let generation = u64::from(input.byte());
            let record = input.rest();
            let extra = [generation, record.len() as u64];
            let header = FileHeader { kind: FileKind::Manifest, database: DATABASE, file: FileId(0), extra };
            let bytes = [&header.to_bytes(), record, &crc32c(record).to_le_bytes()].concat();
            check_slot(SLOTS[usize::from(generation as u8 % 2)], bytes, kind & 128 != 0);
        }
        _ => check_damaged(kind, &mut input),
    }
}

fn environment() -> Environment {
    Environment {
        now: || 1_000,
        random: || DATABASE.0,
        analyzers: AnalyzerSource::default(),
        background: Background::NONE,
        memory_budget: usize::MAX,
    }
}

/// A slot alone, or beside the files of a database.
fn check_slot(slot: &str, bytes: Vec<u8>, has_files: bool) {
    match CommittedManifest::from_bytes(&bytes, slot) {
        Ok(committed) => {
            let again = committed.to_bytes();
            assert_eq!(again, bytes[..again.len()], "a manifest is written as it is read");
        }
        Err(error) => check_error(&error),
    }
    let files = if has_files { files() } else { &[] };
    let mut files = files.to_vec();
    files.retain(|(name, _)| !SLOTS.contains(&name.as_str()));
    files.push((slot.into(), bytes));
    let _ = content(&files).map_err(|error| check_error(&error));
}

/// A sound database, then damage to one slot or both: it opens with all its documents, or says which file is damaged.
fn check_damaged(kind: u8, input: &mut Input<'_>) {
    let mut files = files().to_vec();
    let first = input.byte();
    let which = usize::from(first & 1);
    for (at, slot) in SLOTS.iter().enumerate() {
        if at == which || first & 2 != 0 {
            let bytes = files.iter_mut().find(|(name, _)| name == slot).map(|(_, bytes)| bytes).expect("a slot");
            damage(bytes, input);
        }
    }
    if kind & 64 != 0 {
        files.retain(|(name, _)| name != SLOTS[which]);
    }
    match content(&files) {
        Ok(documents) => assert_eq!(documents, DOCUMENTS, "documents are gone and nobody says so"),
        Err(error) => check_error(&error),
    }
}

fn check_error(error: &Error) {
    use ErrorCode::{Corrupt, Invalid, Schema, Unsupported};
    // A schema or settings under a right checksum that are none are what they are in a call.
    assert!([Corrupt, Unsupported, Schema, Invalid].contains(&error.code()), "{error:?}");
    let has_file = error.details().iter().any(|(name, _)| name == "file");
    assert!(has_file || error.code() != Corrupt, "{error:?} does not name a file");
}

/// How many documents a database of these files has. It must take one more, or say why not, and be the same when it is opened
/// again.
fn content(files: &[File]) -> Result<usize> {
    let storage = Shared::default();
    block_on(async {
        for (name, bytes) in files {
            storage.write(name, bytes, Durability::Strict).await?;
        }
        let mut counts = Vec::new();
        for is_again in [false, true] {
            let database = Database::open(Box::new(storage.clone()), Durability::Strict, environment()).await?;
            let mut count = 0;
            for name in database.collections()? {
                let Ok(collection) = database.collection(&name, None, None).await else { continue };
                count += collection.count(None)?;
                if is_again {
                    let _ = collection.put(vec![Document::new("another")], Default::default()).await;
                }
            }
            if is_again {
                let _ = database.collection("new", Some(schema()), None).await;
            }
            counts.push(count);
            database.close().await?;
        }
        assert_eq!(counts[0], counts[1], "opening changes nothing");
        Ok(counts[0])
    })
}

fn schema() -> Schema {
    Schema::from_json(r#"{ "fields": { "a": { "type": "text" }, "n": { "type": "number" } } }"#).expect("a schema")
}

/// A database with a sealed segment that has dead rows, a log in use, and a second collection.
fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let storage = Shared::default();
        block_on(async {
            let database = Database::open(Box::new(storage.clone()), Durability::Strict, environment()).await?;
            let settings = CollectionSettings { seal_at: 4, ..Default::default() };
            let books = database.collection("books", Some(schema()), Some(settings.into())).await?;
            for id in 0..DOCUMENTS as u64 {
                books.put(vec![Document::new(id).with("a", "shore").with("n", 1.0)], Default::default()).await?;
            }
            books.compact().await?;
            books.put(vec![Document::new(3), Document::new("x")], Default::default()).await?;
            books.delete(sanderling::DeleteTarget::Ids(vec!["x".into()])).await?;
            database.collection("other", Some(schema()), None).await?;
            database.close().await?;
            let mut files = Vec::new();
            for object in storage.list().await? {
                let bytes = storage.read(&object.name, 0, object.bytes as usize).await?;
                files.push((object.name, bytes.as_ref().to_vec()));
            }
            Ok::<_, Error>(files)
        })
        .expect("a database in memory")
    })
}
