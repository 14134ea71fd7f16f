//! Repairs of databases with damage at any place, over media that fail at any call: whatever is sound is kept and no document is
//! made up, and until a repair has ended the database is what it was.
//!
//! `SANDERLING_EVERY` looks at each so many-th place; 1 is all of them.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use pollster::block_on;
use sanderling::{
    driver::{Collection, repair},
    engine::text::AnalyzerSource,
};
use sanderling_testkit::sim::{
    model::Item,
    objects::{Objects, every, with},
    repairs::{self, Golden, open, seen},
    storage::{Fault, Medium, Plan, SimStorage},
    world,
};

fn writes_to(storage: &SimStorage) {
    let birds = block_on(open(storage).unwrap().collection("birds", None, None)).unwrap();
    for id in 20..26 {
        let item = Item { n: 1, base: 1, expires_at: u64::MAX, version: 0 };
        block_on(birds.put(vec![item.document(id)], Default::default())).unwrap();
    }
    block_on(birds.compact()).unwrap();
    assert!(birds.has(&20_u64.into()).unwrap());
}

#[test]
fn damage_at_any_place_costs_no_more_than_it_must() {
    let golden = Golden::well();
    for (name, bytes) in &golden.objects {
        let mut damages = vec![(golden.damaged(name, None), "gone".to_owned())];
        for at in (0..bytes.len()).step_by(every(7)) {
            let mut turned = bytes.clone();
            turned[at] ^= 32;
            damages.push((golden.damaged(name, Some(&turned)), format!("byte {at}")));
            damages.push((golden.damaged(name, Some(&bytes[..at])), format!("cut at {at}")));
        }
        for (objects, what) in damages {
            let what = format!("{name} {what}");
            let storage = with(Medium::IndexedDb, &objects);
            let [opened, in_place] =
                [false, true].map(|in_place| seen(&with(Medium::Posix, &objects).reading_in_place(in_place)));
            assert_eq!(opened.is_ok(), in_place.is_ok(), "{what}");
            let repaired = block_on(repair(&storage, AnalyzerSource::default()))
                .unwrap_or_else(|error| panic!("{what}: {error:?}"));
            if name.starts_with("manifest-") {
                // The older manifest names a log that is gone where the newer one had its segment.
                golden.check(&storage, &repaired, &what);
            } else if !name.starts_with("wal-") {
                let found = golden.check(&storage, &repaired, &what);
                assert_eq!(repaired.lost.len(), 1, "{what}: {repaired:?}");
                assert!(!name.starts_with("tombstones-") || found.len() >= golden.now.len(), "{what}");
            } else if repaired.lost.is_empty() {
                // The end of a log cannot be told from a write that was cut off.
                assert_eq!(opened.ok().map(|seen| seen.len()), Some(repaired.documents as usize), "{what}");
            } else {
                // All but the writes that are told.
                let found = golden.check(&storage, &repaired, &what);
                let (first, last) = repaired.lost[0].writes.unwrap_or((u64::MAX, 0));
                let is_kept = |key: &(String, u64)| (first..=last).contains(&key.1) || found.contains_key(key);
                let is_end_unknown = what.ends_with("gone") || what.contains("cut");
                assert!(is_end_unknown || golden.now.keys().all(is_kept), "{what}: {repaired:?}");
            }
            writes_to(&storage);
        }
    }
}

#[test]
fn what_the_newest_commit_sealed_is_kept_without_its_slot() {
    let golden = Golden::rolled_back();
    for medium in [Medium::Posix, Medium::IndexedDb, Medium::Remote] {
        let storage = with(medium, &golden.objects);
        assert!(open(&storage).is_err());
        let repaired = block_on(repair(&storage, AnalyzerSource::default())).unwrap();
        let found = golden.check(&storage, &repaired, "rolled back");
        assert!(golden.now.keys().all(|key| found.contains_key(key)), "{found:?}");
        assert!(repaired.lost.iter().all(|loss| loss.writes.is_none()), "{repaired:?}");
        writes_to(&storage);
    }
    // Where anything of the unnamed segment is damaged too, it is no better than without it.
    let named = golden.objects.iter().rev().find(|(name, _)| name.starts_with("segment-"));
    let (name, bytes) = named.unwrap();
    for at in (0..bytes.len()).step_by(every(7)) {
        let mut turned = bytes.clone();
        turned[at] ^= 32;
        let storage = with(Medium::IndexedDb, &golden.damaged(name, Some(&turned)));
        let repaired = block_on(repair(&storage, AnalyzerSource::default())).unwrap();
        golden.check(&storage, &repaired, &format!("byte {at}"));
        let is_told = repaired.lost.iter().any(|loss| loss.problem.file == *name);
        assert!(is_told && repaired.lost.iter().any(|loss| loss.writes.is_some()), "{at}: {repaired:?}");
        assert!(repaired.copies.contains(&format!("damaged-{name}")), "{at}: {repaired:?}");
    }
}

/// The objects without the newest slot.
fn without_newest_slot(storage: &SimStorage) -> Objects {
    let mut objects = storage.objects();
    let slots = objects.iter().filter(|(name, _)| name.starts_with("manifest-"));
    let newest = slots.max_by_key(|(_, bytes)| bytes[40]).unwrap().0.clone();
    objects.retain(|(name, _)| *name != newest);
    objects
}

#[test]
fn a_log_that_only_the_newest_slot_named_is_kept_without_it() {
    // Begun where the growing segment was frozen, and where an append had failed.
    for (writes, fails) in [(7, false), (2, true)] {
        for has_rival in [false, true] {
            world::begin();
            let storage = SimStorage::new(Medium::IndexedDb, 0);
            let db = open(&storage).unwrap();
            let settings = sanderling::CollectionSettings { seal_at: 4, ..Default::default() };
            let collection = |name| {
                block_on(db.collection(name, Some(world::schema(false)), Some(settings.clone().into()))).unwrap()
            };
            let put = |of: &Collection, id: u8| {
                let item = Item { n: 1, base: u32::from(id), expires_at: u64::MAX, version: 0 };
                block_on(of.put(vec![item.document(id)], Default::default()))
            };
            let birds = collection("birds");
            if has_rival {
                // One whose log ends too: nobody knows which of the two the other log goes on with.
                let stones = collection("stones");
                (0..3).for_each(|id| drop(put(&stones, id).unwrap()));
            }
            (0..writes).for_each(|id| drop(put(&birds, id).unwrap()));
            if fails {
                storage.plan(Plan { after: 0, for_ever: false, fault: Fault::Lost }, 0);
                put(&birds, 100).unwrap_err();
                put(&birds, 101).unwrap();
            }
            let all = birds.count(None).unwrap();
            let left = with(Medium::Posix, &without_newest_slot(&storage));
            let names: Vec<_> = left.objects().into_iter().map(|(name, bytes)| (name, bytes.len())).collect();
            assert!(
                open(&left).is_err(),
                "{writes} {fails} {has_rival}: the older slot does not know a log of {names:?}"
            );
            let repaired = block_on(repair(&left, AnalyzerSource::default())).unwrap();
            let found = block_on(open(&left).unwrap().collection("birds", None, None)).unwrap().count(None).unwrap();
            if has_rival && fails {
                assert!(!repaired.lost.is_empty(), "what is left out is told");
            } else {
                assert_eq!((found, repaired.lost.len()), (all, 0), "{writes} writes: {repaired:?}");
                writes_to(&left);
            }
        }
    }
}

#[test]
fn a_repair_that_fails_at_any_call_can_be_done_again() {
    repairs::fail_at_each_call();
}
