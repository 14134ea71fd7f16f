//! Segments that were made to deceive: every checksum is right, and what they say cannot be. They give the same answers whether
//! they are in memory whole or read as they are needed; what is seen to be impossible is left out and named, and the rest answers.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use pollster::block_on;
use sanderling::{
    Query,
    driver::{Background, Database, Environment},
    engine::{
        codec::u32_at,
        manifest::{CommittedManifest, SLOTS, segment_name},
        segment::format::{SectionKind, append_tail},
        stored::sums_bytes,
        text::AnalyzerSource,
    },
    storage::Durability,
};
use sanderling_testkit::sim::{
    objects::{Objects, damaged, with},
    storage::Medium,
};
use std::fs;

#[allow(dead_code, reason = "others use the rest")]
mod golden;
use golden::{QUERIES, fixtures};

/// A change of bytes.
type Change<'a> = &'a dyn Fn(&mut [u8]);

fn environment() -> Environment {
    Environment {
        now: || 1_700_000_000_000,
        random: || [1; 16],
        analyzers: AnalyzerSource { languages: Some(&sanderling_languages::LANGUAGES), custom: None },
        background: Background::NONE,
        memory_budget: 0,
    }
}

fn objects() -> Objects {
    let entries = fs::read_dir(fixtures().join("database")).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

fn bytes_of<'a>(objects: &'a Objects, name: &str) -> &'a [u8] {
    &objects.iter().find(|(other, _)| other == name).unwrap().1
}

fn number(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

/// The sections of a segment file: kind, and where it lies.
fn sections(file: &[u8]) -> Vec<(u32, std::ops::Range<usize>)> {
    let (_, table) = table_of(file);
    let section = |entry: &[u8]| (u32_at(entry, 0).unwrap(), number(entry, 8)..number(entry, 8) + number(entry, 16));
    table.chunks(24).map(section).collect()
}

/// Where the sections end, and the table.
fn table_of(file: &[u8]) -> (usize, Vec<u8>) {
    let end = number(file, 40);
    let (sums, groups) = sums_bytes(end);
    (end, file[end + sums + groups..file.len() - 4].to_vec())
}

/// The database with the newest segment of the first collection changed and every checksum right, and the name of that file.
fn deceiving(objects: &Objects, change: Change<'_>) -> (Objects, String) {
    let slots = SLOTS.map(|slot| CommittedManifest::from_bytes(bytes_of(objects, slot), slot).unwrap());
    let mut manifest = slots.into_iter().max_by_key(|slot| slot.generation).unwrap();
    let record = manifest.manifest.collections.iter_mut().find(|collection| collection.name == "birds").unwrap();
    let segment = &mut record.segments.last_mut().unwrap().segment;
    let name = segment_name(segment.file);
    let mut file = bytes_of(objects, &name).to_vec();
    let (end, table) = table_of(&file);
    change(&mut file);
    file.truncate(end);
    segment.checksum = append_tail(&mut file, &table);
    let objects = damaged(objects, &name, Some(&file));
    (damaged(&objects, manifest.slot(), Some(&manifest.to_bytes())), name)
}

/// What the database says to all queries, and why documents are left out.
fn answers(objects: &Objects, in_place: bool) -> (Vec<String>, Vec<String>) {
    let storage = with(Medium::Posix, objects).reading_in_place(in_place);
    let db = block_on(Database::open(Box::new(storage), Durability::Strict, environment())).unwrap();
    let birds = block_on(db.collection("birds", None, None)).unwrap();
    let ask = |query: Query| birds.search(&query).map(|found| (found.hits, found.total, found.reasons));
    let mut answers: Vec<String> = Vec::new();
    // What one of them finds is known to those behind it.
    for query in QUERIES {
        answers.push(format!("{:?}", ask(Query::from_json(query).unwrap())));
    }
    let all = ask(Query::new().limit(1_000));
    answers.push(format!("{:?}", all.as_ref().map(|(hits, total, _)| (hits, total))));
    (answers, all.map_or_else(|error| vec![format!("an error: {error}")], |(_, _, reasons)| reasons))
}

#[test]
fn an_answer_does_not_depend_on_where_a_segment_lies() {
    let objects = objects();
    let newest = objects.iter().rfind(|(name, _)| name.starts_with("segment-")).unwrap();
    for (kind, range) in sections(&newest.1).into_iter().filter(|(_, range)| !range.is_empty()) {
        let changes: [Change<'_>; 5] = [
            &|content| content.fill(0xff),
            &|content| content.fill(1),
            &|content| content.reverse(),
            &|content| content[0] ^= 0x80,
            &|content| *content.last_mut().unwrap() ^= 0x41,
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let (deceiving, _) = deceiving(&objects, &|file| change(&mut file[range.clone()]));
            let [whole, in_place] = [false, true].map(|in_place| answers(&deceiving, in_place));
            assert_eq!(whole, in_place, "section {kind}, change {at}");
        }
    }
}

#[test]
fn what_cannot_be_is_left_out_and_named() {
    let objects = objects();
    let sound = answers(&objects, false);
    assert!(sound.1.is_empty());
    let newest = objects.iter().rfind(|(name, _)| name.starts_with("segment-")).unwrap();
    let section =
        |kind: SectionKind| sections(&newest.1).into_iter().find(|(other, _)| *other == kind as u32).unwrap().1;
    let (packed, offsets) = (section(SectionKind::DocumentBytes).start, section(SectionKind::DocumentOffsets));
    let (blocks, length) = (section(SectionKind::DocumentBlocks), number(&newest.1, offsets.end - 8));
    assert!(blocks.len() == 24 && number(&newest.1, blocks.start + 8) < 8_192, "two blocks, which are packed");
    assert!(newest.1[packed] >= 0xf0 && newest.1[packed + 1] < 0xff, "it begins with 15 to 269 literals");
    let text = packed + 2;
    let set = |file: &mut [u8], at: usize, number: u64| file[at..at + 8].copy_from_slice(&number.to_le_bytes());
    let changes: [(&str, Change<'_>); 12] = [
        ("a document that is no JSON", &|file| file[text] = b'['),
        ("a document that is no object", &|file| {
            // "7" and a space, which is repeated to the end of the block.
            let more = 8_192 - 2 - 4 - 15;
            file[packed..packed + 5].copy_from_slice(&[0x2f, b'7', b' ', 1, 0]);
            file[packed + 5..packed + 5 + more / 255].fill(0xff);
            file[packed + 5 + more / 255] = (more % 255) as u8;
        }),
        ("a document that is no UTF-8", &|file| file[text + 2] = 0xff),
        ("a document that ends before it begins", &|file| file[offsets.start + 8..offsets.start + 16].fill(0)),
        ("documents that go on for ever", &|file| set(file, offsets.end - 8, u64::MAX)),
        ("more text than blocks", &|file| set(file, offsets.end - 8, 1 << 20)),
        ("a block that unpacks to more", &|file| set(file, offsets.end - 8, length as u64 - 1)),
        ("a block that unpacks to less", &|file| set(file, offsets.end - 8, length as u64 + 1)),
        ("a copy of what is before the block", &|file| file[packed..packed + 3].copy_from_slice(&[0, 1, 0])),
        ("a copy of itself", &|file| file[packed..packed + 4].copy_from_slice(&[0x10, b'{', 0, 0])),
        ("a block that ends before it begins", &|file| set(file, blocks.start, 1 << 40)),
        ("a block that is too long", &|file| set(file, blocks.start + 8, 1 << 40)),
    ];
    for (what, change) in changes {
        let (deceiving, name) = deceiving(&objects, change);
        for in_place in [false, true] {
            let (_, reasons) = answers(&deceiving, in_place);
            assert!(reasons.len() == 1 && reasons[0].contains(&name), "{what}, in place {in_place}: {reasons:?}");
            let db = with(Medium::Posix, &deceiving).reading_in_place(in_place);
            let db = block_on(Database::open(Box::new(db), Durability::Strict, environment())).unwrap();
            let problems = block_on(db.verify()).unwrap().problems;
            assert!(problems.len() == 1 && problems[0].file == name, "{what}: {problems:?}");
        }
    }
}
