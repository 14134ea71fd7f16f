//! Any stream restores a whole database or none.

use super::input::Input;
use crate::sim::world;
use pollster::block_on;
use sanderling::{
    CollectionSettings, DeleteTarget, Document, ErrorCode, Query, Result,
    driver::{Database, Restore},
    engine::export::{ExportReader, Received},
    storage::{Durability, MemoryStorage},
};
use sanderling_engine::{
    codec::{FILE_HEADER_BYTES, FileHeader, FileKind, crc32c_continue, u32_at},
    ids::{DatabaseId, FileId},
};
use std::sync::OnceLock;

/// Bytes: the way, then the size of the pieces in which the stream arrives. Then, by the way, the stream itself; the length of its head
/// (two bytes) and its content, with all checksums of blocks made right; or changes of a sound one, each an offset in its content
/// (two bytes, in steps of a byte or of thirty) and a byte, made right alike.
///
/// # Panics
///
/// When a stream that was refused left anything, or one that was taken made a database that cannot be read whole.
pub fn export(data: &[u8]) {
    let mut input = Input::new(data);
    let (way, piece) = (input.byte(), usize::from(input.byte()) + 1);
    let stream = match way % 4 {
        0 => input.rest().to_vec(),
        1 => {
            let head = u64::from(input.byte()) | u64::from(input.byte()) << 8;
            sealed(DatabaseId([1; 16]), head, input.rest())
        }
        way => {
            let (database, head, content) = sound();
            let mut content = content.clone();
            for change in input.rest().as_chunks::<3>().0 {
                let step = if way == 2 { 1 } else { 30 };
                let at = usize::from(u16::from_le_bytes([change[0], change[1]])) * step;
                let length = content.len();
                content[at % length] ^= change[2];
            }
            sealed(*database, *head, &content)
        }
    };
    match restored(&stream, piece) {
        Ok(db) => {
            let found = block_on(db.verify()).expect("a restored database can be read");
            assert!(found.is_ok(), "{:?}", found.problems);
            for name in db.collections().expect("it is open") {
                let Ok(collection) = block_on(db.collection(&name, None, None)) else { continue };
                let result = collection.search(&Query::new().text("tern").limit(5)).expect("a search");
                assert!(result.reasons.is_empty(), "{:?}", result.reasons);
            }
        }
        Err(error) => assert_ne!(error.code(), ErrorCode::Internal, "{error}"),
    }
}

fn restored(stream: &[u8], piece: usize) -> Result<Database> {
    let storage = Box::new(MemoryStorage::default());
    let mut restore = block_on(Restore::begin(storage, false, world::environment()))?;
    let mut outcome = Ok(());
    for piece in stream.chunks(piece * 16) {
        outcome = outcome.and_then(|()| block_on(restore.push(piece)));
    }
    assert!(restore.received() <= stream.len() as u64);
    let finished = outcome.and_then(|()| block_on(restore.finish()));
    let opened = block_on(Database::open(restore.into_storage(), Durability::Strict, world::environment()));
    match finished {
        Ok(()) => opened,
        Err(error) => {
            let names = opened.and_then(|db| db.collections()).expect("what is left of it is an empty database");
            assert!(names.is_empty(), "{error}: {names:?}");
            Err(error)
        }
    }
}

/// Identity, length of the head and content of the stream of a small database.
fn sound() -> &'static (DatabaseId, u64, Vec<u8>) {
    static SOUND: OnceLock<(DatabaseId, u64, Vec<u8>)> = OnceLock::new();
    SOUND.get_or_init(|| {
        let db = block_on(Database::open(Box::<MemoryStorage>::default(), Durability::Strict, world::environment()));
        let db = db.expect("an empty storage");
        let settings = CollectionSettings { seal_at: 3, ..CollectionSettings::default() };
        let birds =
            block_on(db.collection("birds", Some(world::schema(false)), Some(settings.into()))).expect("a schema");
        for id in 0..8_u64 {
            let document = Document::new(id).with("n", id).with("tag", "gull").with("body", "a tern of the shore");
            block_on(birds.put(vec![document.with("v", vec![id as f32, 1.0, 0.0])], Default::default()))
                .expect("a put");
        }
        block_on(birds.delete(DeleteTarget::Ids(vec![1_u64.into()]))).expect("a delete");
        let mut export = block_on(db.export()).expect("a sound database");
        let stream = block_on(export.read(0, usize::MAX)).expect("a sound database");
        let (mut reader, mut rest, mut content) = (ExportReader::default(), &stream[..], Vec::new());
        while !rest.is_empty() {
            if let Received::Content(block) = reader.take(&mut rest).expect("a sound stream") {
                content.extend(block);
            }
        }
        (reader.database().expect("a whole stream"), reader.head_bytes(), content)
    })
}

/// A stream of that content with checksums that are right, made as `docs/format.md` says.
fn sealed(database: DatabaseId, head: u64, content: &[u8]) -> Vec<u8> {
    let extra = [content.len() as u64, head];
    let header = FileHeader { kind: FileKind::Export, database, file: FileId(1), extra }.to_bytes();
    let salt = u32_at(&header, FILE_HEADER_BYTES - 4).unwrap_or_default();
    let (mut stream, mut root, mut blocks) = (header.to_vec(), salt, 0_u64);
    let checksum = |number: u64, length: u32, bytes: &[u8]| {
        let begun = crc32c_continue(crc32c_continue(salt, &number.to_le_bytes()), &length.to_le_bytes());
        crc32c_continue(begun, bytes).to_le_bytes()
    };
    for block in content.chunks(65_536) {
        let sum = checksum(blocks, block.len() as u32, block);
        stream.extend((block.len() as u32).to_le_bytes());
        stream.extend(sum);
        stream.extend(block);
        root = crc32c_continue(root, &sum);
        blocks += 1;
    }
    let mut end = ((stream.len() + 24) as u64).to_le_bytes().to_vec();
    end.extend(root.to_le_bytes());
    end.extend([0; 4]);
    stream.extend([0; 4]);
    stream.extend(checksum(blocks, 0, &end));
    stream.extend(end);
    stream
}

#[test]
fn a_stream_made_by_the_letter_of_the_format_is_taken() {
    let (database, head, content) = sound();
    assert_eq!(restored(&sealed(*database, *head, content), 9).expect("it is sound").collections().unwrap(), ["birds"]);
}
