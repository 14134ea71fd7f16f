use super::*;
use crate::{
    ErrorCode,
    ids::DatabaseId,
    manifest::{CollectionRecord, SegmentRecord},
};
use alloc::vec;

fn head(segment: u64, log: u64) -> Head {
    let file = |file, bytes| FileRecord { file, bytes, checksum: 5 };
    let collection = CollectionRecord {
        id: 1,
        name: "birds".into(),
        schema: "{}".into(),
        settings: "{}".into(),
        first_in_wal: 4,
        segments: vec![SegmentRecord { segment: file(1, segment), tombstones: Some(file(2, 70)) }],
        wals: vec![3],
    };
    Head { manifest: Manifest { next_file: 4, next_collection: 2, collections: vec![collection] }, logs: vec![log] }
}

/// The byte of a file at an offset.
fn byte(file: u64, offset: u64) -> u8 {
    (offset.wrapping_mul(0x9e37_79b9) >> 8) as u8 ^ file as u8
}

fn stream(head: &Head) -> Vec<u8> {
    let layout = ExportLayout::new(DatabaseId([3; 16]), 9, head).unwrap();
    let (mut root, mut bytes) = (layout.root(), Vec::new());
    while let Some(place) = layout.place(bytes.len() as u64) {
        assert_eq!(place.offset, bytes.len() as u64);
        match place.part {
            Part::Header => bytes.extend_from_slice(layout.header()),
            Part::Block(number) => {
                let (front, ranges) = layout.content(number);
                let mut content = front.to_vec();
                for (file, range) in ranges {
                    content.extend(range.map(|offset| byte(file.record.file, offset)));
                }
                bytes.extend(layout.block(number, &content, &mut root));
            }
            Part::End => bytes.extend(layout.end(&root)),
        }
    }
    assert_eq!(bytes.len() as u64, layout.bytes());
    bytes
}

/// All content, if the stream is whole.
fn content(stream: &[u8], piece: usize) -> Result<Vec<u8>> {
    let (mut reader, mut content) = (ExportReader::default(), Vec::new());
    for mut piece in stream.chunks(piece) {
        while !piece.is_empty() {
            if let Received::Content(block) = reader.take(&mut piece)? {
                content.extend(block);
            }
        }
    }
    if reader.is_done() { Ok(content) } else { Err(damaged("it is cut off")) }
}

#[test]
fn a_stream_gives_back_its_content_in_pieces_of_any_size() {
    for (segment, log) in [(64, 64), (100, 65), (200_000, 70_000), (3 * BLOCK_BYTES as u64, 64)] {
        let head = head(segment, log);
        let stream = stream(&head);
        let mut expected = crate::codec::write_record(&head);
        for (file, bytes) in [(1, segment), (2, 70), (3, log)] {
            expected.extend((0..bytes).map(|offset| byte(file, offset)));
        }
        for piece in [1, 7, 64, BLOCK_BYTES, BLOCK_BYTES + 9, stream.len()] {
            assert_eq!(content(&stream, piece).unwrap(), expected, "pieces of {piece}");
        }
    }
}

#[test]
fn every_cut_and_every_flipped_bit_is_found() {
    let stream = stream(&head(80, 90));
    assert!(content(&stream, 1_000).is_ok());
    for length in 0..stream.len() {
        assert!(content(&stream[..length], 1_000).is_err(), "cut at {length}");
    }
    for bit in 0..stream.len() * 8 {
        let mut damaged = stream.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(content(&damaged, 1_000).is_err(), "bit {bit}");
    }
    assert!(content(&[&stream[..], &[0]].concat(), 1_000).is_err(), "a byte behind the end");
}

#[test]
fn blocks_in_another_order_or_of_another_stream_are_found() {
    let (one, other) = (stream(&head(300_000, 64)), stream(&head(300_000, 65)));
    let block = |stream: &[u8], at: usize| {
        let from = FILE_HEADER_BYTES + at * (BLOCK_BYTES + BLOCK_HEADER_BYTES);
        (from, stream[from..from + BLOCK_BYTES + BLOCK_HEADER_BYTES].to_vec())
    };
    for (at, bytes) in [(1, block(&one, 2).1), (2, block(&one, 1).1), (1, block(&other, 1).1)] {
        let (from, _) = block(&one, at);
        let mut mixed = one.clone();
        mixed[from..from + bytes.len()].copy_from_slice(&bytes);
        assert!(content(&mixed, 1 << 20).is_err());
    }
}

#[test]
fn a_stream_goes_on_behind_its_last_sound_block() {
    let whole = stream(&head(300_000, 64));
    let mut broken = whole.clone();
    broken[150_000] ^= 1;
    let (mut reader, mut found, mut rest) = (ExportReader::default(), Vec::new(), &broken[..]);
    let error = loop {
        match reader.take(&mut rest) {
            Ok(Received::Content(block)) => found.extend(block),
            Ok(Received::Nothing) => panic!("the damage was not seen"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), ErrorCode::Corrupt);
    let from = reader.received() as usize;
    assert!((100_000..150_000).contains(&from), "{from}");
    let mut rest = &whole[from..];
    while !rest.is_empty() {
        if let Received::Content(block) = reader.take(&mut rest).unwrap() {
            found.extend(block);
        }
    }
    assert!(reader.is_done());
    assert_eq!(found, content(&whole, 1 << 20).unwrap());
}

#[test]
fn a_block_may_come_again() {
    let whole = stream(&head(300_000, 64));
    let (mut reader, mut rest) = (ExportReader::default(), &whole[..]);
    for _ in 0..3 {
        reader.take(&mut rest).unwrap();
    }
    reader.go_back(BLOCK_BYTES as u64 + 5);
    rest = &whole[reader.received() as usize..];
    while !rest.is_empty() {
        reader.take(&mut rest).unwrap();
    }
    assert!(reader.is_done());
}

#[test]
fn a_newer_version_and_lengths_that_cannot_be_are_refused() {
    let stream = stream(&head(80, 90));
    let mut newer = stream.clone();
    newer[8] = 1;
    assert_eq!(content(&newer, 1_000).unwrap_err().code(), ErrorCode::Unsupported);
    for extra in [[u64::MAX, 1], [1, 2], [1 << 61, 3], [u64::MAX, u64::MAX]] {
        let header = crate::codec::FileHeader {
            kind: FileKind::Export,
            database: DatabaseId([3; 16]),
            file: crate::ids::FileId(1),
            extra,
        };
        assert_eq!(content(&header.to_bytes(), 1_000).unwrap_err().code(), ErrorCode::Corrupt);
    }
}
