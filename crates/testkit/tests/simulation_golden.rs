//! The files of tests/fixtures, cut at every length and with bits turned at every byte: each damage is found, and its file
//! named, or changes nothing. Nothing panics. Segments are looked at in memory whole and read as they are needed.
//!
//! At each byte one bit is turned, another one at the next byte; with `SANDERLING_BITS=8` all of them are, and every query is asked
//! of each file. `SANDERLING_EVERY` looks at each so many-th place; 1 is all of them.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    Error, ErrorCode, Query, Schema,
    engine::{
        collection::CollectionState,
        export::ExportReader,
        ids::{DatabaseId, FileId, SequenceNumber},
        manifest::{CommittedManifest, FileRecord, SLOTS, SegmentRecord, segment_name, tombstones_name, wal_name},
        rows::RowSet,
        segment::{SealedSegment, read_tombstones},
        settings::CollectionSettings,
        text::AnalyzerSource,
        wal::{Batch, WalReader},
    },
};
use sanderling_testkit::{fuzz::Place, sim::objects::every};
use std::{env, fs, sync::Arc};

mod golden;
use golden::{EXPORT, QUERIES, SCHEMA, fixtures};

const NOW: u64 = 1_700_000_000_000;

/// How many bits of each byte are turned.
fn bits() -> usize {
    env::var("SANDERLING_BITS").map_or(1, |text| text.parse().unwrap())
}

/// The file with each of its bits turned that is looked at, and the place of that bit.
fn turned(bytes: &[u8], look: &mut dyn FnMut(&[u8], usize)) {
    let mut damaged = bytes.to_vec();
    for at in (0..bytes.len()).step_by(every(13)) {
        for bit in (0..bits()).map(|bit| (at + bit) % 8) {
            damaged[at] ^= 1 << bit;
            look(&damaged, at * 8 + bit);
            damaged[at] = bytes[at];
        }
    }
}

fn cut(bytes: &[u8], look: &mut dyn FnMut(&[u8], usize)) {
    (0..bytes.len()).step_by(every(13)).for_each(|length| look(&bytes[..length], length));
}

fn check_error(error: &Error, name: &str, what: &str) {
    assert!(matches!(error.code(), ErrorCode::Corrupt | ErrorCode::Unsupported), "{what}: {error:?}");
    assert!(error.to_string().contains(name), "{what}: {error} does not name {name}");
}

fn read(name: &str) -> Vec<u8> {
    fs::read(fixtures().join("database").join(name)).unwrap()
}

fn manifest() -> CommittedManifest {
    let slots = SLOTS.map(|slot| CommittedManifest::from_bytes(&read(slot), slot).unwrap());
    slots.into_iter().max_by_key(|slot| slot.generation).unwrap()
}

/// The segments of the larger collection.
fn segments() -> (DatabaseId, Vec<SegmentRecord>) {
    let manifest = manifest();
    let birds = manifest.manifest.collections.into_iter().find(|collection| collection.name == "birds").unwrap();
    (manifest.database, birds.segments)
}

/// A segment and what it answers.
struct Sealed {
    name: String,
    bytes: Vec<u8>,
    identity: (DatabaseId, FileId, u32),
    schema: Schema,
    queries: Vec<Query>,
    answers: Vec<String>,
}

impl Sealed {
    fn new(database: DatabaseId, FileRecord { file, checksum, .. }: FileRecord) -> Self {
        let name = segment_name(file);
        let mut sealed = Self {
            bytes: read(&name),
            name,
            identity: (database, FileId(file), checksum),
            schema: Schema::from_json(SCHEMA).unwrap(),
            queries: QUERIES.iter().map(|query| Query::from_json(*query).unwrap()).collect(),
            answers: Vec::new(),
        };
        let (_, state) = sealed.open(&sealed.bytes, Place::Memory).unwrap();
        sealed.answers = sealed.queries.iter().map(|query| answer(&state, query)).collect();
        sealed
    }

    fn open(&self, bytes: &[u8], place: Place) -> Result<(Arc<SealedSegment>, CollectionState), Error> {
        let segment = Arc::new(SealedSegment::open(&self.schema, place.of(bytes)?, &self.name, self.identity)?);
        let source = AnalyzerSource { languages: Some(&sanderling_languages::LANGUAGES), custom: None };
        let settings = CollectionSettings::default();
        let mut state = CollectionState::new(self.schema.clone(), source, settings, SequenceNumber(1))?;
        state.add_sealed(segment.clone(), RowSet::none(segment.rows()));
        Ok((segment, state))
    }

    /// With a bit turned. A look at all of it finds that, and an answer is the right one or in doubt.
    fn check(&self, bytes: &[u8], bit: usize) {
        for place in [Place::Memory, Place::Medium] {
            let what = format!("{}, bit {bit}, {place:?}", self.name);
            let (segment, state) = match self.open(bytes, place) {
                Ok(opened) => opened,
                Err(error) => {
                    check_error(&error, &self.name, &what);
                    continue;
                }
            };
            let asked =
                if bits() == 1 { bit / 8 % QUERIES.len()..bit / 8 % QUERIES.len() + 1 } else { 0..QUERIES.len() };
            for (query, expected) in self.queries[asked.clone()].iter().zip(&self.answers[asked]) {
                assert!(answer(&state, query) == *expected || state.is_in_doubt(), "{what}: {query:?}");
            }
            check_error(&segment.check().expect_err(&what), &self.name, &what);
        }
    }
}

fn answer(state: &CollectionState, query: &Query) -> String {
    format!("{:?}", state.search(query, NOW).map(|found| found.to_value()))
}

fn bits_of_segment(at: usize) {
    let (database, records) = segments();
    let sealed = Sealed::new(database, records[at].segment);
    assert!(sealed.answers.iter().any(|answer| answer.contains("total")), "{:?}", sealed.answers);
    turned(&sealed.bytes, &mut |bytes, bit| sealed.check(bytes, bit));
}

#[test]
fn the_first_segment_with_any_bit_turned() {
    bits_of_segment(0);
}

#[test]
fn the_second_segment_with_any_bit_turned() {
    bits_of_segment(1);
}

#[test]
fn segments_cut_at_any_length() {
    let (database, records) = segments();
    for record in records {
        let sealed = Sealed::new(database, record.segment);
        cut(&sealed.bytes, &mut |bytes, length| {
            for place in [Place::Memory, Place::Medium] {
                let what = format!("{} cut at {length}, {place:?}", sealed.name);
                let error = sealed.open(bytes, place).err();
                check_error(&error.unwrap_or_else(|| panic!("{what}: it opens")), &sealed.name, &what);
            }
        });
    }
}

#[test]
fn dead_rows() {
    let (database, records) = segments();
    let record = records.iter().find(|record| record.tombstones.is_some()).unwrap();
    let dead = record.tombstones.unwrap();
    let (segment, _) =
        Sealed::new(database, record.segment).open(&read(&segment_name(record.segment.file)), Place::Memory).unwrap();
    let name = tombstones_name(dead.file);
    let identity = (database, FileId(dead.file), dead.checksum);
    let mut look = |bytes: &[u8], at: usize| {
        let error = read_tombstones(bytes, &name, segment.rows(), identity).expect_err("damage is found");
        check_error(&error, &name, &format!("{name} at {at}"));
    };
    let bytes = read(&name);
    turned(&bytes, &mut look);
    cut(&bytes, &mut look);
}

#[test]
fn manifests() {
    for slot in SLOTS {
        let bytes = read(slot);
        let whole = CommittedManifest::from_bytes(&bytes, slot).unwrap();
        let mut look = |bytes: &[u8], at: usize| match CommittedManifest::from_bytes(bytes, slot) {
            // Bytes behind the record are those of an earlier, longer one.
            Ok(found) => assert!(found == whole && at > whole.to_bytes().len(), "{slot} at {at}"),
            Err(error) => check_error(&error, slot, &format!("{slot} at {at}")),
        };
        turned(&bytes, &mut look);
        cut(&bytes, &mut |bytes, length| look(bytes, length));
    }
}

/// What a log says before its end or before the first damage.
fn batches(bytes: &[u8], name: &str, (database, file): (DatabaseId, u64)) -> (Vec<Batch>, Option<Error>) {
    let mut found = Vec::new();
    let reader = WalReader::open(bytes, name, database, FileId(file));
    let ended = reader.and_then(|mut reader| {
        while let Some(batch) = reader.next_batch()? {
            found.push(batch);
        }
        Ok(())
    });
    (found, ended.err())
}

#[test]
fn logs() {
    let manifest = manifest();
    let files: Vec<u64> = manifest.manifest.collections.iter().flat_map(|collection| collection.wals.clone()).collect();
    assert_eq!(files.len(), 2);
    for file in files {
        let (name, log) = (wal_name(file), (manifest.database, file));
        let bytes = read(&name);
        let (whole, none) = batches(&bytes, &name, log);
        assert!(none.is_none() && !whole.is_empty());
        let mut look = |bytes: &[u8], at: usize| {
            let (found, error) = batches(bytes, &name, log);
            assert!(whole.starts_with(&found), "{name} at {at} says what was not written");
            // The end of a log cannot be told from a write that was cut off.
            assert!(found.len() < whole.len(), "{name} at {at} says all");
            error.iter().for_each(|error| check_error(error, &name, &format!("{name} at {at}")));
        };
        turned(&bytes, &mut look);
        cut(&bytes, &mut look);
    }
}

#[test]
fn exports() {
    let bytes = fs::read(fixtures().join(EXPORT)).unwrap();
    let is_whole = |mut bytes: &[u8]| {
        let mut reader = ExportReader::default();
        while !bytes.is_empty() && reader.take(&mut bytes)? != sanderling::engine::export::Received::Nothing {}
        Ok::<bool, Error>(reader.is_done())
    };
    assert_eq!(is_whole(&bytes), Ok(true));
    turned(&bytes, &mut |bytes, bit| match is_whole(bytes) {
        // A length that is longer than the stream waits for the rest.
        Ok(is_whole) => assert!(!is_whole, "bit {bit}"),
        Err(error) => check_error(&error, "stream", &format!("bit {bit}")),
    });
    cut(&bytes, &mut |bytes, length| assert_eq!(is_whole(bytes), Ok(false), "cut at {length}"));
}
