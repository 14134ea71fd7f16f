//! Repairs of damaged databases over media that fail at any call: whatever is sound is kept and no document is made up, and until a
//! repair has ended the database is what it was.

use super::{
    model::Item,
    objects::{FAULTS, Objects, damaged, with},
    storage::{Medium, Plan, SimStorage},
    world,
};
use pollster::block_on;
use sanderling::{
    DeleteTarget, Error, ErrorCode, Query,
    driver::{Collection, Database, Repaired, repair},
    engine::text::AnalyzerSource,
    storage::Durability,
};
use std::collections::BTreeMap;

/// Documents by their ids and versions.
pub type Seen = BTreeMap<(String, u64), String>;

/// Opens the database of a medium.
pub fn open(storage: &SimStorage) -> Result<Database, Error> {
    block_on(Database::open(Box::new(storage.clone()), Durability::Strict, world::environment()))
}

/// Two segments, dead rows, a log of some frames, and every version of a document that there ever was.
pub struct Golden {
    /// Its files.
    pub objects: Objects,
    /// What is in it.
    pub now: Seen,
    ever: Seen,
}

impl Golden {
    /// One that is well.
    #[must_use]
    pub fn well() -> Self {
        Self::of(|birds, put| {
            (1..7).for_each(|id| put(id, u32::from(id)));
            put(9, 50);
            block_on(birds.delete(DeleteTarget::Ids(vec![1_u64.into()]))).unwrap();
            (7..9).for_each(|id| put(id, u32::from(id)));
            put(3, 60); // of the first segment
        })
    }

    /// One whose newest commit names the second segment, without its slot. The older one names a log that is gone.
    #[must_use]
    pub fn rolled_back() -> Self {
        let mut golden = Self::of(|birds, put| {
            (1..7).for_each(|id| put(id, u32::from(id)));
            block_on(birds.delete(DeleteTarget::Ids(vec![1_u64.into()]))).unwrap();
            put(3, 60); // of the first segment
            (7..9).for_each(|id| put(id, u32::from(id)));
        });
        let slots = golden.objects.iter().filter(|(name, _)| name.starts_with("manifest-"));
        let newest = slots.max_by_key(|(_, bytes)| bytes[40]).unwrap().0.clone();
        golden.objects = golden.damaged(&newest, None);
        golden
    }

    fn of(write: impl FnOnce(&Collection, &mut dyn FnMut(u8, u32))) -> Self {
        world::begin();
        let storage = SimStorage::new(Medium::IndexedDb, 0);
        let db = open(&storage).unwrap();
        let settings = sanderling::CollectionSettings { seal_at: 4, ..Default::default() };
        let birds = block_on(db.collection("birds", Some(world::schema(false)), Some(settings.into()))).unwrap();
        let mut ever = Seen::new();
        let mut put = |id: u8, base: u32| {
            let item = Item { n: base, base, expires_at: u64::MAX, version: 0 };
            let receipt = block_on(birds.put(vec![item.document(id)], Default::default())).unwrap();
            let document = format!("{:?}", birds.get(&u64::from(id).into()).unwrap().unwrap());
            ever.insert((id.to_string(), receipt.versions[0].0), document);
        };
        write(&birds, &mut put);
        block_on(db.close()).unwrap();
        let now = seen(&storage).unwrap();
        Self { objects: storage.objects(), now, ever }
    }

    /// The database with other bytes in a file, or without the file.
    #[must_use]
    pub fn damaged(&self, file: &str, bytes: Option<&[u8]>) -> Objects {
        damaged(&self.objects, file, bytes)
    }

    /// The database with each slot under the name of the other one.
    #[must_use]
    pub fn swapped(&self) -> Objects {
        let other = |name: &str| if name == "manifest-a" { "manifest-b" } else { "manifest-a" };
        let rename = |(name, bytes): &(String, Vec<u8>)| match name.starts_with("manifest-") {
            true => (other(name).to_owned(), bytes.clone()),
            false => (name.clone(), bytes.clone()),
        };
        self.objects.iter().map(rename).collect()
    }

    /// After a repair: the database is whole, every document was there once, and of those that are not now the deleted ones can
    /// have come back only where the dead rows were lost.
    pub fn check(&self, storage: &SimStorage, repaired: &Repaired, what: &str) -> Seen {
        let found = seen(storage).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let ids: Vec<&String> = found.keys().map(|(id, _)| id).collect();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{what}: an id twice in {ids:?}");
        for (key, document) in &found {
            assert_eq!(self.ever.get(key), Some(document), "{what}: {key:?} was never there");
        }
        let lost = |kind: &str| repaired.lost.iter().any(|loss| loss.problem.file.starts_with(kind));
        let is_new = |key: &&(String, u64)| !self.now.contains_key(*key);
        if !lost("tombstones-") && !lost("wal-") && !lost("segment-") {
            assert!(!found.keys().any(|key| is_new(&key)), "{what}: {found:?}");
        }
        if repaired.lost.is_empty() {
            assert_eq!(found, self.now, "{what}");
        }
        assert_eq!(repaired.documents as usize, found.len(), "{what}");
        found
    }
}

/// What a database holds, if all of it can be read and verified, and takes writes.
pub fn seen(storage: &SimStorage) -> Result<Seen, Error> {
    let db = open(storage)?;
    let birds = block_on(db.collection("birds", None, None))?;
    let result = birds.search(&Query::new().limit(100))?;
    let whole = |hold: bool| if hold { Ok(()) } else { Err(Error::new(ErrorCode::Corrupt, "a part is missing")) };
    whole(result.reasons.is_empty())?;
    whole(block_on(db.verify())?.is_ok())?;
    let mut seen = Seen::new();
    for hit in result.hits {
        let document = format!("{:?}", birds.get(&hit.id)?.unwrap());
        seen.insert((hit.id.to_string(), hit.version.0), document);
    }
    Ok(seen)
}

/// A repair that fails at any call can be done again.
pub fn fail_at_each_call() {
    let golden = Golden::well();
    let turned = |kind: &str, at: usize| {
        let (name, bytes) = golden.objects.iter().find(|(name, _)| name.starts_with(kind)).unwrap();
        let mut turned = bytes.clone();
        turned[at] ^= 1;
        golden.damaged(name, Some(&turned))
    };
    let rolled_back = Golden::rolled_back();
    let cases = ["manifest-a", "segment-", "tombstones-", "wal-"].into_iter().zip([90, 500, 66, 100]);
    let cases = cases.map(|(kind, at)| (&golden, turned(kind, at)));
    let others = [(&golden, golden.swapped()), (&rolled_back, rolled_back.objects.clone())];
    for (golden, objects) in cases.chain(others) {
        for medium in [Medium::Posix, Medium::IndexedDb, Medium::Remote] {
            let whole = with(medium, &objects);
            let expected = block_on(repair(&whole, AnalyzerSource::default())).unwrap();
            let calls = whole.calls();
            let expected = golden.check(&whole, &expected, "nothing fails");
            for after in 0..calls {
                for (fault, for_ever) in FAULTS.into_iter().flat_map(|fault| [(fault, false), (fault, true)]) {
                    let storage = with(medium, &objects);
                    storage.plan(Plan { after, for_ever, fault }, after);
                    expect(golden, &storage, &objects, &expected, &format!("{fault:?} after {after} calls"));
                }
                for seed in 0..6 {
                    let storage = with(medium, &objects);
                    storage.die_after(after, seed);
                    expect(golden, &storage, &objects, &expected, &format!("died after {after} calls, seed {seed}"));
                }
            }
        }
    }
}

/// Repairs with a fault, and then without.
fn expect(golden: &Golden, storage: &SimStorage, objects: &Objects, expected: &Seen, what: &str) {
    let first = block_on(repair(storage, AnalyzerSource::default()));
    storage.restart(true, storage.calls());
    let left = storage.objects();
    if first.is_ok() {
        assert_eq!(seen(storage).as_ref().ok(), Some(expected), "{what}");
    }
    for (name, bytes) in objects {
        // Whatever was lost is there, under its own name or another one.
        let here = left.iter().any(|(other, found)| {
            (other == name || *other == format!("damaged-{name}")) && (found == bytes || name.starts_with("manifest-"))
        });
        let was_sound = golden.objects.contains(&(name.clone(), bytes.clone()));
        assert!(here || was_sound, "{what}: {name} is gone");
    }
    let again =
        block_on(repair(storage, AnalyzerSource::default())).unwrap_or_else(|error| panic!("{what}: {error:?}"));
    assert_eq!(again.documents as usize, expected.len(), "{what}");
    assert_eq!(seen(storage).as_ref().ok(), Some(expected), "{what}");
}
