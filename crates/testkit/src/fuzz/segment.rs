//! A segment file that was damaged is found to be, or answers like before; one that was made to deceive is no panic.

use super::{
    collection::{Collection, Place},
    damage::damage,
    input::Input,
};
use sanderling_engine::{Document, Query, Value, document::json, segment::format::append_tail, stored::sums_bytes};
use std::sync::OnceLock;

const DOCUMENTS: u64 = 90;
const DIMENSIONS: u64 = 16;

/// The first byte says what the others are: a file, damage to a sound one, or changes to one whose checksums are made right again.
///
/// # Panics
///
/// When a property does not hold.
pub fn segment(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = input.byte();
    let (whole, root) = file();
    match kind % 3 {
        0 => check(input.rest(), *root),
        1 => {
            let mut bytes = whole.clone();
            damage(&mut bytes, &mut input);
            check_damaged(&bytes, *root);
        }
        _ => {
            let (bytes, root) = tampered(whole, &mut input);
            check(&bytes, root);
        }
    }
}

fn fields() -> &'static Value {
    static FIELDS: OnceLock<Value> = OnceLock::new();
    FIELDS.get_or_init(|| {
        let vector = |index: &str, quantization: &str| {
            format!(
                r#"{{ "type": "vector", "dimensions": {DIMENSIONS}, "index": "{index}", "quantization": "{quantization}" }}"#
            )
        };
        let text = format!(
            r#"{{ "body": {{ "type": "text", "language": "english" }}, "tags": {{ "type": "keyword", "many": true }},
                "n": {{ "type": "number" }}, "g": {}, "b": {}, "l": {}, "i": {} }}"#,
            vector("hnsw", "auto"),
            vector("hnsw", "rabitq"),
            vector("ivf", "auto"),
            vector("flat", "int8")
        );
        json::parse(&text).expect("fields")
    })
}

/// A sound file and its root checksum.
fn file() -> &'static (Vec<u8>, u32) {
    static FILE: OnceLock<(Vec<u8>, u32)> = OnceLock::new();
    FILE.get_or_init(|| {
        let mut collection = Collection::new(fields());
        let documents: Vec<Document> = (0..DOCUMENTS).map(document).collect();
        collection.put(&documents);
        collection.file().expect("there are documents")
    })
}

fn vector(seed: u64) -> Vec<f32> {
    (0..DIMENSIONS).map(|at| ((seed * 37 + at * 11) % 23) as f32 - 11.0).collect()
}

fn document(id: u64) -> Document {
    let words = format!("shores of birds word{} waders {}", id % 7, "again ".repeat((id % 13) as usize));
    let tags = Value::Array(vec![format!("t{}", id % 5).into(), format!("u{}", id % 3).into()]);
    let mut value = Value::object().with("id", id).with("body", words).with("tags", tags).with("n", id % 17);
    for (at, name) in ["g", "b", "l", "i"].into_iter().enumerate() {
        // Not every document has every vector.
        if !id.is_multiple_of(11 + at as u64) {
            value = value.with(name, Value::from(vector(id + at as u64).as_slice()));
        }
    }
    Document::from_json(value).expect("a document")
}

/// Questions that touch every part of a segment.
fn answers(collection: &Collection) -> Vec<String> {
    let mut answers = Vec::new();
    let queries = [
        r#"{ "text": "shore birds again" }"#,
        r#"{ "text": "\"birds word3\" waders" }"#,
        r#"{ "text": { "query": "shoer agian", "fuzzy": true } }"#,
        r#"{ "text": { "query": "wo aga", "prefix": true, "operator": "and" }, "highlight": { "fields": ["body"] } }"#,
        r#"{ "filter": { "tags": "t3", "n": { "$lt": 9 } }, "explain": true }"#,
    ];
    let mut ask = |query: Query| {
        answers.push(format!("{:?}", collection.answer(&query)));
    };
    queries.iter().for_each(|query| ask(Query::from_json(*query).expect("a query")));
    for (at, field) in ["g", "b", "l", "i"].into_iter().enumerate() {
        let query =
            format!(r#"{{ "vector": {{ "field": "{field}", "value": {:?} }}, "limit": 5 }}"#, vector(at as u64));
        ask(Query::from_json(query.as_str()).expect("a query"));
    }
    answers.push(format!("{:?}", collection.suggest("wo")));
    answers.push(format!("{:?} {:?}", collection.get(7), collection.list()));
    answers
}

/// Whatever it says, nothing panics; what passes every check is never doubted; and no answer depends on where the file lies.
fn check(bytes: &[u8], root: u32) {
    let in_memory = look(bytes, root, Place::Memory);
    let on_medium = look(bytes, root, Place::Medium);
    assert_eq!(in_memory, on_medium, "an answer depends on where the file lies");
}

/// Whether it passes every check, and its answers unless it is doubted; nothing where it does not open.
fn look(bytes: &[u8], root: u32, place: Place) -> Option<(bool, Option<Vec<String>>)> {
    let mut collection = Collection::over(fields(), bytes, root, place).ok()?;
    let answers = answers(&collection);
    let answers = (!collection.is_in_doubt()).then_some(answers);
    let is_sound = collection.is_sound();
    assert!(!is_sound || !collection.is_in_doubt(), "what is sound is doubted");
    // What is doubted is not merged by anyone who asks; who does not ask must get through all the same.
    collection.file();
    Some((is_sound, answers))
}

/// Damage is found, or changes no answer.
fn check_damaged(bytes: &[u8], root: u32) {
    static TRUTH: OnceLock<Vec<String>> = OnceLock::new();
    let truth = TRUTH.get_or_init(|| {
        let (bytes, root) = file();
        answers(&Collection::over(fields(), bytes, *root, Place::Memory).expect("a sound file"))
    });
    for place in [Place::Memory, Place::Medium] {
        let Ok(collection) = Collection::over(fields(), bytes, root, place) else { continue };
        let found = answers(&collection);
        assert!(found == *truth || collection.is_in_doubt(), "damage changed an answer and was not seen");
        assert_eq!(collection.is_sound(), bytes == file().0, "a look at all of it says whether it is what was written");
    }
}

fn number(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes")) as usize
}

/// Changes to some sections, and checksums that are right.
fn tampered(whole: &[u8], input: &mut Input<'_>) -> (Vec<u8>, u32) {
    let mut bytes = whole.to_vec();
    let (end, sections) = (number(&bytes, 40), number(&bytes, 48));
    let (sums, groups) = sums_bytes(end);
    let table = end + sums + groups;
    for _ in 0..6 {
        let [section, kind, high, low] = [0; 4].map(|_: u8| input.byte());
        if [section, kind, high, low] == [0; 4] {
            break; // the input is over
        }
        let entry = table + usize::from(section) % sections * 24;
        let (from, length) = (number(&bytes, entry + 8), number(&bytes, entry + 16));
        if length == 0 {
            continue;
        }
        let at = from + (usize::from(high) << 8 | usize::from(low)) % length;
        match kind % 6 {
            0 => bytes[at] ^= 1 << (kind >> 5),
            1 => bytes[at] = kind,
            2 => bytes[from..from + length].fill(kind),
            3 => bytes[at..from + length].fill([0, 0x7f, 0xff, 0x80][usize::from(kind >> 6)]),
            // Another length, or another kind of section.
            4 => bytes[entry + 16..entry + 24].copy_from_slice(&((at - from) as u64 / 8 * 8).to_le_bytes()),
            _ => bytes[entry] = kind,
        }
    }
    let table = bytes[table..bytes.len() - 4].to_vec();
    bytes.truncate(end);
    let root = append_tail(&mut bytes, &table);
    (bytes, root)
}
