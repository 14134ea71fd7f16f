//! Any bytes as a log are whole batches or a typed error, and a log that was damaged never says what was not written.

use super::{collection::Collection, damage::damage, input::Input};
use sanderling_engine::{
    Error, ErrorCode, Query, Value,
    codec::FILE_HEADER_BYTES,
    ids::{DatabaseId, FileId, SequenceNumber},
    wal::{Batch, Operation, WalHeader, WalReader},
};

const DATABASE: DatabaseId = DatabaseId([7; 16]);
const FILE: FileId = FileId(3);
const NAME: &str = "wal-00000003";
const FIRST: SequenceNumber = SequenceNumber(1);

/// The first byte says what the others are: a file, frames behind a sound header, payloads of sound frames, or the batches of
/// a log and what happened to it.
///
/// # Panics
///
/// When a property does not hold.
pub fn wal(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = input.byte();
    let header = WalHeader::new(DATABASE, FILE, FIRST);
    let mut file = header.to_bytes().to_vec();
    match kind % 4 {
        0 => check_any(input.rest()),
        1 => {
            file.extend_from_slice(input.rest());
            check_any(&file);
        }
        2 => {
            frames_around(&mut file, &header, input);
            check_any(&file);
        }
        _ => check_damaged(file, &header, input),
    }
}

/// Frames with right checksums around whatever the input has.
fn frames_around(file: &mut Vec<u8>, header: &WalHeader, mut input: Input<'_>) {
    let mut first = FIRST;
    while !input.is_over() {
        let [writes, length, flags] = [0; 3].map(|_: u8| input.byte());
        let payload = input.take(usize::from(length));
        let gap = u64::from(flags >> 1 == 7); // now and then
        first = first.plus(gap);
        file.extend(header.frame_of(first, usize::from(writes), payload, flags & 1 == 1));
        first = first.plus(u64::from(writes));
    }
}

/// All batches before the end or the first error.
fn read(file: &[u8]) -> (Vec<Batch>, Result<bool, Error>) {
    let mut batches = Vec::new();
    let mut reader = match WalReader::open(file, NAME, DATABASE, FILE) {
        Ok(reader) => reader,
        Err(error) => return (batches, Err(error)),
    };
    loop {
        match reader.next_batch() {
            Ok(Some(batch)) => batches.push(batch),
            Ok(None) => return (batches, Ok(reader.is_torn())),
            Err(error) => return (batches, Err(error)),
        }
    }
}

fn check_error(error: &Error) {
    assert!([ErrorCode::Corrupt, ErrorCode::Unsupported].contains(&error.code()), "{error:?}");
    let file = error.details().iter().find(|(name, _)| name == "file");
    assert_eq!(file.and_then(|(_, name)| name.as_text()), Some(NAME), "{error:?} does not name the file");
}

/// Nothing but whole batches in order, which a collection takes or refuses by name.
fn check_any(file: &[u8]) {
    let (batches, end) = read(file);
    let mut bytes = FILE_HEADER_BYTES;
    let mut collection = Collection::new(&fields());
    let mut first = batches.first().map_or(FIRST, |batch| batch.first);
    for batch in batches {
        assert_eq!(batch.first, first, "batches follow each other");
        first = first.plus(batch.operations.len() as u64);
        bytes += header_of_any().frame(&batch, false).expect("what was read can be written").len();
        if let Err(error) = collection.replay(batch, NAME) {
            check_error(&error);
            break;
        }
    }
    assert!(bytes <= file.len().max(FILE_HEADER_BYTES), "more was read than there is");
    if let Err(error) = end {
        check_error(&error);
    }
    collection.search(&Query::new().text("shore").limit(3));
    collection.seal();
    collection.search(&Query::new().limit(3));
}

fn header_of_any() -> WalHeader {
    WalHeader::new(DATABASE, FILE, FIRST)
}

fn fields() -> Value {
    let vector = Value::object().with("type", "vector").with("dimensions", 2);
    let text = Value::object().with("type", "text");
    Value::object().with("a", text).with("n", Value::object().with("type", "number")).with("v", vector)
}

/// A log as the engine makes it, then damage: what is read is the beginning of what was written, or an error names the file.
fn check_damaged(mut file: Vec<u8>, header: &WalHeader, mut input: Input<'_>) {
    let mut truth = Vec::new();
    let mut first = FIRST;
    // No batch without a write: such a one may stand anywhere.
    for _ in 0..1 + input.byte() % 6 {
        let shape = input.byte();
        let operations: Vec<Operation> = (0..=shape % 4).map(|at| operation(shape.wrapping_add(at * 37))).collect();
        let batch = Batch { first, operations };
        first = first.plus(batch.operations.len() as u64);
        file.extend(header.frame(&batch, shape & 64 != 0).expect("a small batch"));
        truth.push(batch);
    }
    let whole = file.clone();
    damage(&mut file, &mut input);
    let (batches, end) = read(&file);
    assert!(truth.starts_with(&batches), "the log says what was not written");
    match end {
        Err(error) => check_error(&error),
        Ok(torn) => {
            let read = batches.iter().fold(FILE_HEADER_BYTES, |bytes, batch| {
                bytes + header.frame(batch, false).expect("a small batch").len()
            });
            assert_eq!(torn, file.len() > read, "bytes that are no batch are a torn end");
            assert!(file != whole || batches == truth, "an undamaged log is read whole");
        }
    }
}

fn operation(shape: u8) -> Operation {
    let id = vec![1, b'a' + shape % 5];
    if shape.is_multiple_of(7) {
        return Operation::Delete { id };
    }
    let document = format!("{{\"a\":\"shore {shape}\",\"n\":{shape}}}");
    let vectors = if shape.is_multiple_of(2) { vec![(2, Box::from([f32::from(shape), 1.0]))] } else { Vec::new() };
    Operation::Put { id, expires_at: u64::MAX, document, vectors }
}
