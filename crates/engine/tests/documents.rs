//! Stored documents of sealed segments: packed in blocks, and read back as they were put.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

mod merges;
mod random;

use random::Random;
use sanderling_engine::{
    Document, DocumentId, ErrorCode, Query, Schema, Value,
    collection::{CollectionState, DeleteTarget, ListOptions, PutOptions, Write},
    ids::SequenceNumber,
    settings::CollectionSettings,
    text::AnalyzerSource,
};

fn collection() -> CollectionState {
    let schema = Schema::from_json(r#"{ "fields": { "kind": { "type": "keyword" } } }"#).unwrap();
    CollectionState::new(schema, AnalyzerSource::default(), CollectionSettings::default(), SequenceNumber(1)).unwrap()
}

fn put(state: &mut CollectionState, documents: &[Document]) {
    let prepared = state.prepare(Write::Put(documents.to_vec(), PutOptions::default()), 0).unwrap();
    state.apply(prepared);
}

/// A document with a text of so many bytes: words that come again and again, or any letters.
fn document(id: u64, length: usize, random: &mut Random) -> Document {
    let any = random.below(3) == 0;
    let mut text = String::new();
    while text.len() < length {
        if any {
            text.push(char::from(b'!' + random.below(90) as u8));
        } else {
            text.push_str(["shore ", "bird ", "größer ", "\u{1f426} ", "\"quoted\" "][random.below(5) as usize]);
        }
    }
    let value = Value::object().with("id", id).with("kind", "bird").with("text", text);
    Document::from_json(value).unwrap()
}

fn all(state: &CollectionState) -> Vec<Document> {
    let options = ListOptions { filter: None, prefix: None, after: None, limit: 100_000 };
    state.list(&options, 0).unwrap().documents
}

fn get(state: &CollectionState, id: u64) -> Document {
    state.get(&DocumentId::Integer(id), 0).unwrap().unwrap()
}

#[test]
fn documents_of_any_size_are_read_as_they_were_put() {
    let random = &mut Random(7);
    let (mut state, mut documents) = (collection(), Vec::new());
    for round in 0..4 {
        // Of a few bytes, of about a block, of several, and so many that a step does not pack them all.
        let lengths = [40, 9_000, 60_000, 600];
        let count = [300, 40, 12, 3_000][round];
        let more: Vec<Document> = (0..count)
            .map(|at| document(documents.len() as u64 + at, random.below(lengths[round]) as usize, random))
            .collect();
        put(&mut state, &more);
        documents.extend(more);
        let output = merges::seal(&mut state, 0).unwrap();
        merges::open(&state, &output).check().unwrap();
        for _ in 0..300 {
            let id = random.below(documents.len() as u64);
            assert_eq!(get(&state, id), documents[id as usize]);
        }
    }
    assert_eq!(all(&state), documents);
    let found = state.search(&Query::from_json(r#"{ "filter": { "kind": "bird" }, "limit": 5000 }"#).unwrap(), 0);
    let mut found: Vec<Document> = found.unwrap().hits.into_iter().map(|hit| hit.document).collect();
    found.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(found, documents);
    // Merged without some of them the rest lie elsewhere in their blocks.
    let dead = (0..documents.len() as u64).filter(|id| id % 3 == 1).map(DocumentId::Integer).collect();
    let delete = state.prepare(Write::Delete(DeleteTarget::Ids(dead)), 0).unwrap();
    state.apply(delete);
    let output = merges::merge(&mut state, 0, 0).unwrap();
    merges::open(&state, &output).check().unwrap();
    documents.retain(|document| !matches!(document.id, Some(DocumentId::Integer(id)) if id % 3 == 1));
    assert_eq!(all(&state), documents);
}

#[test]
fn documents_alike_take_little_room() {
    let mut state = collection();
    let random = &mut Random(1);
    let documents: Vec<Document> = (0..2_000)
        .map(|id| {
            let title = "The tide tables of the shore";
            let value = Value::object().with("id", id).with("title", title).with("n", random.below(9));
            Document::from_json(value).unwrap()
        })
        .collect();
    put(&mut state, &documents);
    let file = merges::seal(&mut state, 0).unwrap().bytes.len();
    let others = 2_000 * (8 + 8 + 4 + 9 + 4 + 8);
    let texts = 2_000 * r#"{"title":"The tide tables of the shore","n":7}"#.len();
    assert!(file < others + texts / 3, "{file} bytes");
}

#[test]
fn a_document_of_a_damaged_block_is_not_believed() {
    let random = &mut Random(3);
    let documents: Vec<Document> = (0..200).map(|id| document(id, 300, random)).collect();
    let mut state = collection();
    put(&mut state, &documents);
    let (output, merged) = merges::merged(&mut state, 0, 0);
    let sound = output.unwrap();
    let schema = state.schema().clone();
    let mut has_failed = 0;
    for at in (64..sound.bytes.len()).step_by(997) {
        let mut damaged = sound.bytes.clone();
        damaged[at] ^= 4;
        let bytes = sanderling_engine::codec::AlignedBytes::copy_of(&damaged).into();
        let identity = (merges::DATABASE, merges::FILE, sound.checksum);
        let Ok(segment) = sanderling_engine::segment::SealedSegment::open(&schema, bytes, "segment", identity) else {
            continue;
        };
        let mut state = state.clone();
        let is_doubted = |state: &CollectionState| state.sealed().any(|(segment, _)| segment.is_damaged());
        state.install(Some(std::sync::Arc::new(segment)), &merged);
        for document in &documents {
            let Some(DocumentId::Integer(id)) = document.id else { unreachable!("all have numbers") };
            match state.get(&DocumentId::Integer(id), 0) {
                Ok(Some(found)) => assert!(found == *document || is_doubted(&state), "byte {at}, document {id}"),
                Ok(None) => assert!(is_doubted(&state), "byte {at}, document {id}"),
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::Corrupt);
                    has_failed += 1;
                }
            }
        }
    }
    assert!(has_failed > 100, "{has_failed}");
}
