//! A database whose files are damaged: what may be seen of it then. Damage is told, with the name of the file, or does no harm.
//! Nothing panics, nothing is removed, and no document is made up.

use super::{
    check::{self, Outcome},
    model::Content,
    objects::{Objects, damaged, with},
    run::Run,
    step::{PROFILES, Step},
    storage::{Medium, SimStorage},
    world,
};
use pollster::block_on;
use sanderling::{
    Error, ErrorCode, Query,
    driver::{Collection, Database},
    engine::stored::block_sums,
    storage::Durability,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A database of two collections with segments, dead rows and a log, and what it holds after each write of the end.
pub struct Golden {
    objects: Objects,
    /// What the first collection holds; the last one is the present state, those before end in earlier writes of the log.
    states: Vec<Content>,
}

const NAMES: [&str; 2] = ["birds", "stones"];
const KINDS: [&str; 4] = ["manifest-", "wal-", "segment-", "tombstones-"];

fn put(name: u8, ids: &[u8], base: u32) -> Step {
    Step::Put { name, ids: ids.to_vec(), base, expires_in: None, if_absent: false }
}

fn opened(storage: &SimStorage) -> Result<Database, Error> {
    block_on(Database::open(Box::new(storage.clone()), Durability::Strict, world::environment()))
}

/// Each so many-th byte of a file; of a note, which is nothing but letters, few.
fn places(bytes: &[u8], every: usize) -> impl Iterator<Item = usize> {
    let is_of_note =
        |at: usize| bytes.get(at..at + 8).is_some_and(|bytes| bytes.iter().all(|byte| byte.is_ascii_uppercase()));
    (0..bytes.len()).step_by(every).filter(move |at| at.is_multiple_of(61) || !is_of_note(*at))
}

/// Each so many-th bit of those bytes.
fn bits(bytes: &[u8], every: usize) -> impl Iterator<Item = usize> {
    places(bytes, 1).flat_map(|at| at * 8..at * 8 + 8).step_by(every)
}

/// Whether an error says which file is damaged.
fn told(error: &Error, files: &[&str]) -> Outcome {
    let typed = matches!(error.code(), ErrorCode::Corrupt | ErrorCode::Unsupported);
    let text = format!("{error} {error:?}");
    if typed && files.iter().any(|file| text.contains(file)) { Ok(()) } else { Err(format!("it says {text}")) }
}

impl Default for Golden {
    fn default() -> Self {
        Self::new()
    }
}

impl Golden {
    /// The database.
    ///
    /// # Panics
    ///
    /// When something fails on a medium that is well.
    #[must_use]
    pub fn new() -> Self {
        world::begin();
        let mut run = Run::new(PROFILES[0], 0, |storage| Box::new(storage)).expect("an empty medium is well");
        let mut steps = vec![Step::Create { name: 0, seal_at: 3 }, Step::Create { name: 1, seal_at: 2 }];
        steps.extend([put(1, &[1], 3), put(1, &[2], 4), put(1, &[3], 5)]);
        steps.extend([put(0, &[1, 2, 3], 101), Step::Delete { name: 0, ids: vec![2] }, put(0, &[4, 5, 6], 200)]);
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
        check::found(&block_on(db.collection(NAMES[0], None, None)).expect("it is sound")).expect("it is sound")
    }

    fn files(&self, kind: &str) -> Vec<&(String, Vec<u8>)> {
        let files: Vec<_> = self.objects.iter().filter(|(name, _)| name.starts_with(kind)).collect();
        assert!(!files.is_empty(), "there is no {kind} among {:?}", self.objects.iter().map(|(name, _)| name));
        files
    }

    /// Damages every file of a kind, as `damage` says, and looks.
    fn damage(&self, kinds: &[&str], damage: &mut dyn FnMut(&str, &[u8]) -> Outcome) -> Outcome {
        kinds.iter().flat_map(|kind| self.files(kind)).try_for_each(|(name, bytes)| damage(name, bytes))
    }

    /// Every file cut at each so many-th length.
    pub fn cut(&self, every: usize) -> Outcome {
        self.damage(&KINDS, &mut |name, bytes| {
            let mut lengths = places(bytes, every);
            lengths.try_for_each(|length| self.check(name, Some(&bytes[..length]), &format!("cut at {length}")))
        })
    }

    /// Every file with each so many-th bit turned.
    pub fn turned(&self, every: usize) -> Outcome {
        self.damage(&KINDS, &mut |name, bytes| {
            bits(bytes, every).try_for_each(|bit| {
                let mut turned = bytes.to_vec();
                turned[bit / 8] ^= 1 << (bit % 8);
                self.check(name, Some(&turned), &format!("bit {bit} turned"))
            })
        })
    }

    /// Every file with each of its sectors full of zeros or ones.
    pub fn filled(&self) -> Outcome {
        self.damage(&KINDS, &mut |name, bytes| {
            (0..bytes.len()).step_by(512).flat_map(|from| [(from, 0), (from, 0xff)]).try_for_each(|(from, byte)| {
                let mut filled = bytes.to_vec();
                let to = (from + 512).min(bytes.len());
                filled[from..to].fill(byte);
                self.check(name, Some(&filled), &format!("{byte} from {from}"))
            })
        })
    }

    /// Every file gone, longer, or in the place of another one.
    pub fn replaced(&self) -> Outcome {
        self.damage(&KINDS, &mut |name, bytes| {
            self.check(name, None, "gone")?;
            for junk in [&[0_u8; 7][..], &[0xa5; 700]] {
                self.check(name, Some(&[bytes, junk].concat()), &format!("{} bytes more", junk.len()))?;
            }
            for (other, others) in self.objects.iter().filter(|(other, _)| other != name) {
                self.check(name, Some(others), &format!("replaced by {other}"))?;
                let swapped = damaged(&damaged(&self.objects, name, Some(others)), other, Some(bytes));
                self.check_objects(&swapped, &[name, other], "swapped")?;
            }
            Ok(())
        })
    }

    /// Blocks of segments changed together with their checksums, as where sectors of another file lie in their place; and as
    /// many dead rows as there were, but others.
    pub fn forged(&self, every: usize) -> Outcome {
        self.damage(&["segment-"], &mut |name, bytes| {
            let end = u64::from_le_bytes(bytes[40..48].try_into().unwrap_or_default()) as usize;
            places(&bytes[..end], every).filter(|at| *at >= 64).try_for_each(|at| {
                let mut forged = bytes.to_vec();
                forged[at] ^= 1;
                let (sums, _) = block_sums(&forged[..end]);
                forged[end..end + sums.len()].copy_from_slice(&sums);
                self.check(name, Some(&forged), &format!("byte {at} and its checksum changed"))
            })
        })?;
        self.damage(&["tombstones-"], &mut |name, bytes| {
            (0..64).try_for_each(|by| {
                let mut forged = bytes.to_vec();
                let words = u64::from_le_bytes(forged[64..72].try_into().unwrap_or_default()).rotate_left(by);
                forged[64..72].copy_from_slice(&words.to_le_bytes());
                if forged == bytes { Ok(()) } else { self.check(name, Some(&forged), &format!("rows moved by {by}")) }
            })
        })
    }

    /// Segments with each so many-th bit turned, and merged before anything was read.
    pub fn merged(&self, every: usize) -> Outcome {
        self.damage(&["segment-"], &mut |name, bytes| {
            bits(bytes, every).try_for_each(|bit| {
                let mut turned = bytes.to_vec();
                turned[bit / 8] ^= 1 << (bit % 8);
                let objects = damaged(&self.objects, name, Some(&turned));
                self.look(&objects, &format!("{name}, bit {bit} turned, then merged"), &|storage| {
                    self.merge(storage, name)
                })
            })
        })
    }

    /// The database with other bytes in a file, or without the file.
    fn check(&self, file: &str, bytes: Option<&[u8]>, what: &str) -> Outcome {
        self.check_objects(&damaged(&self.objects, file, bytes), &[file], what)
    }

    fn check_objects(&self, objects: &Objects, files: &[&str], what: &str) -> Outcome {
        self.look(objects, &format!("{files:?}, {what}"), &|storage| {
            self.read(storage, files)?;
            if storage.objects() == *objects { Ok(()) } else { Err("something was changed or removed".into()) }
        })
    }

    /// Looks twice: where segments are in memory whole, and where they are read as they are needed.
    fn look(&self, objects: &Objects, what: &str, look: &dyn Fn(&SimStorage) -> Outcome) -> Outcome {
        for in_place in [false, true] {
            let storage = with(Medium::Posix, objects).reading_in_place(in_place);
            let looked = catch_unwind(AssertUnwindSafe(|| look(&storage)));
            looked
                .unwrap_or_else(|_| Err("a panic".into()))
                .map_err(|problem| format!("{what}, in place: {in_place}: {problem}"))?;
        }
        Ok(())
    }

    /// What is there to be read is right, or whoever reads is told; then nothing more is written.
    fn read(&self, storage: &SimStorage, files: &[&str]) -> Outcome {
        let db = match opened(storage) {
            Ok(db) => db,
            Err(error) => return told(&error, files),
        };
        for (at, name) in NAMES.into_iter().enumerate() {
            let collection = match block_on(db.collection(name, None, None)) {
                Ok(collection) => collection,
                Err(error) => {
                    told(&error, files)?;
                    continue;
                }
            };
            // What is damaged is left out, and whoever searches is told.
            let reasons = collection.search(&Query::new()).map_err(|error| error.to_string())?.reasons;
            if reasons.is_empty() {
                self.compare(&collection, at, files)?;
                continue;
            }
            if !reasons.iter().all(|reason| files.iter().any(|file| reason.contains(file))) {
                return Err(format!("it says {reasons:?}"));
            }
            match block_on(collection.compact()) {
                Ok(()) => return Err("what is damaged was merged".into()),
                Err(error) => told(&error, files)?,
            }
        }
        Ok(())
    }

    /// Nothing that is damaged goes into a new segment.
    fn merge(&self, storage: &SimStorage, file: &str) -> Outcome {
        let db = match opened(storage) {
            Ok(db) => db,
            Err(error) => return told(&error, &[file]),
        };
        for (at, name) in NAMES.into_iter().enumerate() {
            let Ok(collection) = block_on(db.collection(name, None, None)) else { continue };
            let before = storage.objects();
            match block_on(collection.compact()) {
                // A merge does not read the indexes.
                Ok(()) => self.compare(&collection, at, &[file])?,
                Err(error) => {
                    told(&error, &[file])?;
                    if storage.objects() != before {
                        return Err("something was changed or removed".into());
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a collection holds what it must where the other end of a log may be lost.
    fn compare(&self, collection: &Collection, at: usize, files: &[&str]) -> Outcome {
        let found = check::found(collection)?;
        // The end of a log cannot be told from a write that was cut off.
        let from = if files[0].starts_with("wal-") { 0 } else { self.states.len() - 1 };
        let known = self.states[from..].iter().any(|state| state.items == found.items);
        if at == 0 && !known {
            return Err(format!("a state that never was: {found:?}"));
        }
        if at == 1 && (found.items.len() < 2 || (from > 0 && found.items.len() != 3)) {
            return Err(format!("a document is gone: {found:?}"));
        }
        Ok(())
    }
}
