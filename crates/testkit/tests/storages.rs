//! Every storage keeps the contract.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use pollster::block_on;
use sanderling::storage::{
    Durability, FileStorage, MemoryStorage, Storage,
    pool::{PoolOptions, PoolStorage},
};
use sanderling_testkit::{
    contract::{flush_contract, reopening_contract, storage_contract},
    sim::{
        storage::{Medium, SimStorage},
        world,
    },
};
use std::cell::Cell;

const TRANSACTIONS: [Medium; 2] = [Medium::IndexedDb, Medium::Remote];

/// A pool whose files are ready at once: names that need time are the simulation's.
fn pool(files: SimStorage) -> Box<dyn Storage> {
    Box::new(block_on(PoolStorage::open(files, PoolOptions { free: 8, settle: 0, now: world::now })).unwrap())
}

#[test]
fn memory() {
    storage_contract(&|| Box::new(MemoryStorage::default()));
}

#[test]
fn folders() {
    let folder = tempfile::tempdir().unwrap();
    let count = Cell::new(0);
    storage_contract(&|| {
        count.set(count.get() + 1);
        Box::new(FileStorage::open(folder.path().join(count.get().to_string())).unwrap())
    });
    let closed = FileStorage::open(folder.path().join("closed")).unwrap();
    block_on(closed.close()).unwrap();
    assert!(block_on(closed.append("a", b"another process may have it", Durability::Strict)).is_err());
    assert_eq!(block_on(FileStorage::open(folder.path().join("closed")).unwrap().list()).unwrap(), []);
    let same = || -> Box<dyn Storage> { Box::new(FileStorage::open(folder.path().join("same")).unwrap()) };
    reopening_contract(&same);
    // Nobody can cut the power here, but a handle that was dropped must not be in the way of the next one.
    let dropped = || -> Box<dyn Storage> { Box::new(FileStorage::open(folder.path().join("dropped")).unwrap()) };
    flush_contract(&dropped, &|| {});
}

#[test]
fn simulated_media() {
    for medium in [Medium::Posix, TRANSACTIONS[0], TRANSACTIONS[1]] {
        storage_contract(&|| Box::new(SimStorage::new(medium, 1)));
        let same = SimStorage::new(medium, 2);
        reopening_contract(&|| Box::new(same.clone()));
    }
}

#[test]
fn a_pool_of_files() {
    storage_contract(&|| pool(SimStorage::new(Medium::Opfs, 1)));
    let files = SimStorage::new(Medium::Opfs, 2);
    reopening_contract(&|| pool(files.clone()));
}

#[test]
fn what_was_flushed_survives_a_power_cut() {
    for seed in 0..40 {
        for medium in [Medium::Posix, TRANSACTIONS[0], TRANSACTIONS[1]] {
            let same = SimStorage::new(medium, seed);
            let cuts = Cell::new(seed * 1_000);
            flush_contract(&|| Box::new(same.clone()), &|| {
                cuts.set(cuts.get() + 1);
                same.restart(true, cuts.get());
            });
        }
        world::begin();
        let files = SimStorage::new(Medium::Opfs, seed);
        let cuts = Cell::new(seed * 1_000);
        let open = || {
            let storage = pool(files.clone());
            // The names of its files are written by now.
            world::wait(1_000);
            storage
        };
        flush_contract(&open, &|| {
            cuts.set(cuts.get() + 1);
            files.restart(true, cuts.get());
        });
    }
}
