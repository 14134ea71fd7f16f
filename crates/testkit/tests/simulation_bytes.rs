//! Damage of every file at every place: it is told, with the name of the file, or it does no harm. Nothing panics, nothing
//! is removed, and no document is made up.
//!
//! `SANDERLING_EVERY` looks at each so many-th place; 1 is all of them.

use sanderling::{ErrorCode, Query, driver::Database, storage::Durability};
use sanderling_testkit::sim::{
    check,
    model::Content,
    objects::{Objects, damaged, every, with},
    run::Run,
    step::{PROFILES, Step},
    storage::{Medium, SimStorage},
    world,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A database of two collections with segments, dead rows and a log, and what it holds after each write of the end.
struct Golden {
    objects: Objects,
    /// What the first collection holds; the last one is the present state, those before end in earlier writes of the log.
    states: Vec<Content>,
}

const NAMES: [&str; 2] = ["birds", "stones"];

fn put(name: u8, ids: &[u8], base: u32) -> Step {
    Step::Put { name, ids: ids.to_vec(), base, expires_in: None, if_absent: false }
}

fn opened(storage: &SimStorage) -> Result<Database, sanderling::Error> {
    pollster::block_on(Database::open(Box::new(storage.clone()), Durability::Strict, world::environment()))
}

impl Golden {
    fn new() -> Self {
        let mut run = Run::new(PROFILES[0], 0, |storage| Box::new(storage)).expect("an empty medium is well");
        let mut steps = vec![Step::Create { name: 0, seal_at: 3 }, Step::Create { name: 1, seal_at: 2 }];
        steps.extend([put(1, &[1], 3), put(1, &[2], 4), put(1, &[3], 5)]);
        steps.extend([put(0, &[1, 2, 3], 100), Step::Delete { name: 0, ids: vec![2] }, put(0, &[4, 5, 6], 200)]);
        steps.iter().for_each(|step| run.step(step).expect("nothing fails"));
        let mut states = vec![Self::first(run.storage())];
        for step in [put(0, &[7], 300), Step::Delete { name: 0, ids: vec![4] }, put(0, &[1], 400)] {
            run.step(&step).expect("nothing fails");
            states.push(Self::first(run.storage()));
        }
        Self { objects: run.storage().objects(), states }
    }

    fn first(storage: &SimStorage) -> Content {
        let copy = with(Medium::Posix, &storage.objects());
        let db = opened(&copy).expect("it is sound");
        check::found(&pollster::block_on(db.collection(NAMES[0], None, None)).expect("it is sound"))
            .expect("it is sound")
    }

    fn files(&self, kind: &str) -> Vec<&(String, Vec<u8>)> {
        let files: Vec<_> = self.objects.iter().filter(|(name, _)| name.starts_with(kind)).collect();
        assert!(!files.is_empty(), "there is no {kind} among {:?}", self.objects.iter().map(|(name, _)| name));
        files
    }

    /// The database with other bytes in a file, or without the file.
    fn check(&self, file: &str, bytes: Option<&[u8]>, what: &str) {
        self.check_objects(&damaged(&self.objects, file, bytes), &[file], what);
    }

    /// The same whether segments are in memory whole or read as they are needed.
    fn check_objects(&self, objects: &Objects, files: &[&str], what: &str) {
        for in_place in [false, true] {
            let what = format!("{files:?}, {what}, in place: {in_place}");
            let storage = with(Medium::Posix, objects).reading_in_place(in_place);
            let looked = catch_unwind(AssertUnwindSafe(|| self.look(&storage, files)));
            match looked {
                Ok(Ok(())) => {}
                Ok(Err(problem)) => panic!("{what}: {problem}"),
                Err(_) => panic!("{what}: a panic"),
            }
            assert_eq!(&storage.objects(), objects, "{what}: something was changed or removed");
        }
    }

    fn look(&self, storage: &SimStorage, files: &[&str]) -> Result<(), String> {
        let told = |error: &sanderling::Error| {
            let typed = matches!(error.code(), ErrorCode::Corrupt | ErrorCode::Unsupported);
            let text = format!("{error} {error:?}");
            if typed && files.iter().any(|file| text.contains(file)) { Ok(()) } else { Err(format!("it says {text}")) }
        };
        let db = match opened(storage) {
            Ok(db) => db,
            Err(error) => return told(&error),
        };
        for (at, name) in NAMES.into_iter().enumerate() {
            let collection = match pollster::block_on(db.collection(name, None, None)) {
                Ok(collection) => collection,
                Err(error) => {
                    told(&error)?;
                    continue;
                }
            };
            // What is damaged is left out, and whoever searches is told.
            let reasons = collection.search(&Query::new()).map_err(|error| error.to_string())?.reasons;
            if !reasons.is_empty() {
                if reasons.iter().all(|reason| files.iter().any(|file| reason.contains(file))) {
                    continue;
                }
                return Err(format!("it says {reasons:?}"));
            }
            let found = check::found(&collection)?;
            // The end of a log cannot be told from a write that was cut off.
            let from = if files[0].starts_with("wal-") { 0 } else { self.states.len() - 1 };
            let known = self.states[from..].iter().any(|state| state.items == found.items);
            if at == 0 && !known {
                return Err(format!("a state that never was: {found:?}"));
            }
            if at == 1 && (found.items.len() < 2 || (from > 0 && found.items.len() != 3)) {
                return Err(format!("a document is gone: {found:?}"));
            }
        }
        Ok(())
    }
}

const KINDS: [&str; 4] = ["manifest-", "wal-", "segment-", "tombstones-"];

fn for_each_file(look: impl Fn(&Golden, &str, &[u8])) {
    world::begin();
    let golden = Golden::new();
    for kind in KINDS {
        for (name, bytes) in golden.files(kind) {
            look(&golden, name, bytes);
        }
    }
}

#[test]
fn a_file_cut_at_any_length() {
    for_each_file(|golden, name, bytes| {
        for length in (0..bytes.len()).step_by(every(13)) {
            golden.check(name, Some(&bytes[..length]), &format!("cut at {length}"));
        }
    });
}

#[test]
fn any_bit_turned() {
    for_each_file(|golden, name, bytes| {
        for bit in (0..bytes.len() * 8).step_by(every(13)) {
            let mut turned = bytes.to_vec();
            turned[bit / 8] ^= 1 << (bit % 8);
            golden.check(name, Some(&turned), &format!("bit {bit} turned"));
        }
    });
}

#[test]
fn any_sector_of_zeros_or_ones() {
    for_each_file(|golden, name, bytes| {
        for from in (0..bytes.len()).step_by(512) {
            for byte in [0, 0xff] {
                let mut filled = bytes.to_vec();
                let to = (from + 512).min(bytes.len());
                filled[from..to].fill(byte);
                golden.check(name, Some(&filled), &format!("{byte} from {from}"));
            }
        }
    });
}

#[test]
fn a_file_that_is_gone_or_longer_or_another_one() {
    for_each_file(|golden, name, bytes| {
        golden.check(name, None, "gone");
        for junk in [&[0_u8; 7][..], &[0xa5; 700]] {
            golden.check(name, Some(&[bytes, junk].concat()), &format!("{} bytes more", junk.len()));
        }
        for (other, others) in golden.objects.iter().filter(|(other, _)| other != name) {
            golden.check(name, Some(others), &format!("replaced by {other}"));
            let mut swapped = golden.objects.clone();
            swapped.iter_mut().for_each(|(file, content)| {
                if file == name {
                    content.clone_from(others);
                } else if file == other {
                    *content = bytes.to_vec();
                }
            });
            golden.check_objects(&swapped, &[name, other], "swapped");
        }
    });
}
