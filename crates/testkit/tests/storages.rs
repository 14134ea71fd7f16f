//! Every storage keeps the contract.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use pollster::block_on;
use sanderling::{
    Error, ErrorCode,
    engine::codec::crc32c,
    storage::{
        Durability, FileStorage, MemoryStorage, Storage,
        pool::{PoolOptions, PoolStorage},
    },
};
use sanderling_testkit::{
    contract::{flush_contract, reopening_contract, storage_contract},
    sim::{
        storage::{Fault, Medium, Plan, SimStorage},
        world,
    },
};
use std::cell::Cell;

const TRANSACTIONS: [Medium; 2] = [Medium::IndexedDb, Medium::Remote];

fn boxed(storage: impl Storage + 'static) -> Box<dyn Storage> {
    Box::new(storage)
}

/// A pool whose files are ready at once: names that need time are the simulation's.
fn pool(files: SimStorage) -> Box<dyn Storage> {
    Box::new(block_on(pool_of(files)).unwrap())
}

async fn pool_of(files: SimStorage) -> Result<PoolStorage<SimStorage>, Error> {
    PoolStorage::open(files, PoolOptions { free: 8, settle: 0, now: world::now }).await
}

#[test]
fn memory() {
    block_on(storage_contract(async || boxed(MemoryStorage::default())));
}

#[test]
fn folders() {
    let folder = tempfile::tempdir().unwrap();
    let count = Cell::new(0);
    block_on(storage_contract(async || {
        count.set(count.get() + 1);
        boxed(FileStorage::open(folder.path().join(count.get().to_string())).unwrap())
    }));
    let closed = FileStorage::open(folder.path().join("closed")).unwrap();
    block_on(closed.close()).unwrap();
    assert!(block_on(closed.append("a", b"another process may have it", Durability::Strict)).is_err());
    assert_eq!(block_on(FileStorage::open(folder.path().join("closed")).unwrap().list()).unwrap(), []);
    block_on(reopening_contract(async || boxed(FileStorage::open(folder.path().join("same")).unwrap())));
    // Nobody can cut the power here, but a handle that was dropped must not be in the way of the next one.
    let dropped = async || boxed(FileStorage::open(folder.path().join("dropped")).unwrap());
    block_on(flush_contract(dropped, || {}));
}

#[test]
fn simulated_media() {
    for medium in [Medium::Posix, TRANSACTIONS[0], TRANSACTIONS[1]] {
        block_on(storage_contract(async || boxed(SimStorage::new(medium, 1))));
        let same = SimStorage::new(medium, 2);
        block_on(reopening_contract(async || boxed(same.clone())));
    }
}

#[test]
fn a_pool_of_files() {
    block_on(storage_contract(async || pool(SimStorage::new(Medium::Opfs, 1))));
    let files = SimStorage::new(Medium::Opfs, 2);
    block_on(reopening_contract(async || pool(files.clone())));
}

#[test]
fn what_was_flushed_survives_a_power_cut() {
    for seed in 0..40 {
        for medium in [Medium::Posix, TRANSACTIONS[0], TRANSACTIONS[1]] {
            let same = SimStorage::new(medium, seed);
            let cuts = Cell::new(seed * 1_000);
            let open = async || boxed(same.clone());
            block_on(flush_contract(open, || {
                cuts.set(cuts.get() + 1);
                same.restart(true, cuts.get());
            }));
        }
        world::begin();
        let files = SimStorage::new(Medium::Opfs, seed);
        let cuts = Cell::new(seed * 1_000);
        let open = async || {
            let storage = pool(files.clone());
            // The names of its files are written by now.
            world::wait(1_000);
            storage
        };
        block_on(flush_contract(open, || {
            cuts.set(cuts.get() + 1);
            files.restart(true, cuts.get());
        }));
    }
}

/// A file that was freed is emptied before it gets another name, also where the flush of that failed before.
#[test]
fn a_file_of_a_pool_never_shows_the_content_of_one_name_under_another() {
    let mut shown = 0;
    for seed in 0..2_000 {
        world::begin();
        let files = SimStorage::new(Medium::Opfs, seed);
        let open = || block_on(pool_of(files.clone())).unwrap();
        drop(open());
        world::wait(1_000); // the names of its files are written by now
        let storage = open();
        block_on(storage.write("old", &[7; 900], Durability::Strict)).unwrap();
        block_on(storage.remove("old")).unwrap();
        // The flush before the name, or the name itself, which may come about all the same.
        let fault = [Fault::Lost, Fault::FlushFailed, Fault::Done, Fault::Torn][(seed % 4) as usize];
        files.plan(Plan { after: 1 + seed / 4 % 2, for_ever: false, fault }, seed);
        let first = block_on(storage.write("first", &[8; 40], Durability::Strict));
        assert!(first.is_err() || fault == Fault::FlushFailed, "only what is no flush goes well then");
        files.heal();
        files.die_after(1 + seed % 6, seed);
        let _ = block_on(storage.write("new", &[9; 40], Durability::Strict));
        files.restart(true, seed);
        let storage = open();
        for object in block_on(storage.list()).unwrap() {
            let content = block_on(storage.read(&object.name, 0, object.bytes as usize)).unwrap();
            let own = [("old", 7), ("first", 8), ("new", 9)].iter().find(|(name, _)| *name == object.name).unwrap().1;
            let is_foreign =
                [7, 8, 9].iter().any(|of| *of != own && content.as_ref().windows(8).any(|bytes| bytes == [*of; 8]));
            assert!(!is_foreign, "seed {seed}, {}: {:?}", object.name, content.as_ref());
            shown += usize::from(object.name == "new");
        }
    }
    assert!(shown > 100, "only {shown} power cuts came after the name");
}

#[test]
fn a_pool_of_a_newer_format_is_refused_and_left_as_it_is() {
    world::begin();
    let files = SimStorage::new(Medium::Opfs, 3);
    block_on(pool(files.clone()).write("segment-1", b"content", Durability::Strict)).unwrap();
    let sound = files.objects();
    for (name, bytes) in &sound {
        for slot in [0, 512] {
            let mut newer = bytes.clone();
            newer.resize(bytes.len().max(slot + 512), 0);
            newer[slot..slot + 8].copy_from_slice(b"SNDLPOOL");
            newer[slot + 8..slot + 12].copy_from_slice(&3_u32.to_le_bytes());
            // Without its checksum it is a slot that was torn, and the other one counts.
            files.set(name, Some(&newer));
            assert!(block_on(pool_of(files.clone())).is_ok(), "{name}, {slot}");
            let sum = crc32c(&newer[slot..slot + 508]);
            newer[slot + 508..slot + 512].copy_from_slice(&sum.to_le_bytes());
            files.set(name, Some(&newer));
            let before = files.objects();
            let error = block_on(pool_of(files.clone())).err().unwrap();
            assert_eq!(error.code(), ErrorCode::Unsupported, "{error}");
            assert!(error.to_string().contains(name), "{error}");
            assert_eq!(files.objects(), before, "something was changed");
            sound.iter().for_each(|(name, bytes)| files.set(name, Some(bytes)));
        }
    }
}
