//! The storage in OPFS: a pool of files that have to be a minute old, and IndexedDB until they are.

use crate::{
    backend::{MINUTE, clock, open_backend},
    contract::{reopening_contract, storage_contract},
};
use js_sys::Promise;
use rexie::Rexie;
use sanderling::{
    Error, ErrorCode,
    storage::{
        Durability::{Relaxed, Strict},
        InPlace, Storage,
    },
};
use sanderling_wasm::{JsStorage, OpfsStorage};
use std::cell::Cell;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

// The files of a database as its site sees them.
#[wasm_bindgen(inline_js = r#"
export const removeFile = async (folder, file) => {
    const root = await navigator.storage.getDirectory();
    const parent = await (await root.getDirectoryHandle("sanderling")).getDirectoryHandle(folder);
    await parent.removeEntry(file);
};
"#)]
extern "C" {
    #[wasm_bindgen(js_name = removeFile)]
    fn remove_file(folder: &str, file: &str) -> Promise;
}

async fn opened(name: &str) -> Result<OpfsStorage, Error> {
    let backend = open_backend(&format!("young of {name}")).await.unwrap();
    let closing = JsStorage::new(backend.clone());
    let storage = OpfsStorage::open(name, backend).await;
    if storage.is_err() {
        closing.close().await.unwrap();
    }
    storage
}

async fn open(name: &str) -> OpfsStorage {
    opened(name).await.unwrap()
}

fn boxed(storage: OpfsStorage) -> Box<dyn Storage> {
    Box::new(storage)
}

async fn read(storage: &dyn Storage, name: &str) -> Vec<u8> {
    storage.read(name, 0, 1 << 24).await.unwrap().as_ref().to_vec()
}

/// What IndexedDB has of a database that is closed.
async fn young(name: &str) -> Vec<String> {
    let young = JsStorage::new(open_backend(&format!("young of {name}")).await.unwrap());
    let mut names: Vec<_> = young.list().await.unwrap().into_iter().map(|object| object.name).collect();
    young.close().await.unwrap();
    names.sort();
    names
}

#[wasm_bindgen_test]
async fn it_keeps_the_contract_in_its_first_minute_later_and_in_between() {
    for (at, step) in [0.0, MINUTE, 2_000.0].into_iter().enumerate() {
        clock(step, 0.0);
        let count = Cell::new(0);
        storage_contract(async || {
            count.set(count.get() + 1);
            boxed(open(&format!("contract-{at}-{}", count.get())).await)
        })
        .await;
        reopening_contract(async || boxed(open(&format!("contract-{at}")).await)).await;
    }
}

#[wasm_bindgen_test]
async fn objects_of_the_first_minute_are_in_indexeddb_and_move() {
    clock(0.0, 0.0);
    let storage = open("first-minute").await;
    storage.append("log", b"one", Strict).await.unwrap();
    storage.write("manifest-a", b"first", Strict).await.unwrap();
    storage.write("gone", b"soon", Strict).await.unwrap();
    assert_eq!(storage.kind(), "opfs");
    assert!(storage.in_place("log", 3).is_none(), "IndexedDB reads nothing at once");
    storage.close().await.unwrap();
    assert_eq!(young("first-minute").await, ["gone", "log", "manifest-a"]);

    let storage = open("first-minute").await;
    clock(0.0, MINUTE);
    storage.append("log", b" two", Relaxed).await.unwrap();
    storage.remove("gone").await.unwrap();
    assert!(storage.in_place("log", 7).is_some());
    assert_eq!(read(&storage, "log").await, b"one two");
    storage.close().await.unwrap();
    assert_eq!(young("first-minute").await, ["certificate", "manifest-a"]);

    // What nobody has changed moves when the database is opened.
    let storage = open("first-minute").await;
    assert_eq!(read(&storage, "manifest-a").await, b"first");
    assert_eq!(storage.list().await.unwrap().len(), 2);
    storage.close().await.unwrap();
    assert_eq!(young("first-minute").await, ["certificate"]);
}

/// A copy in the pool that was cut off counts for nothing.
#[wasm_bindgen_test]
async fn while_indexeddb_has_an_object_the_pool_has_none() {
    clock(MINUTE, 0.0);
    let storage = open("both").await;
    storage.write("a", b"half a co", Strict).await.unwrap();
    storage.close().await.unwrap();
    let behind = JsStorage::new(open_backend("young of both").await.unwrap());
    behind.write("a", b"the whole object", Strict).await.unwrap();
    behind.close().await.unwrap();

    clock(0.0, -1e9);
    let storage = open("both").await;
    assert_eq!(read(&storage, "a").await, b"the whole object");
    assert_eq!(storage.list().await.unwrap().len(), 1);
    clock(0.0, 1e9);
    storage.append("a", b"!", Strict).await.unwrap();
    storage.close().await.unwrap();
    assert_eq!(young("both").await, ["certificate"]);
    let storage = open("both").await;
    assert_eq!(read(&storage, "a").await, b"the whole object!");
    storage.remove("a").await.unwrap();
    assert!(storage.list().await.unwrap().is_empty());
    storage.close().await.unwrap();
}

#[wasm_bindgen_test]
async fn files_that_are_gone_make_no_new_database() {
    clock(MINUTE, 0.0);
    let storage = open("gone").await;
    storage.write("manifest-a", b"kept", Strict).await.unwrap();
    storage.close().await.unwrap();
    JsFuture::from(remove_file("gone", "pool-00000002")).await.unwrap();
    let error = opened("gone").await.err().unwrap();
    assert_eq!(error.code(), ErrorCode::Corrupt);
    assert!(error.message().contains("pool-00000002 is missing"), "{error:?}");
    // Neither lock is left behind.
    assert_eq!(opened("gone").await.err().unwrap().code(), ErrorCode::Corrupt);
}

/// The files of a site whose data was removed take every write, and nobody finds it again.
#[wasm_bindgen_test]
async fn after_the_data_was_removed_nothing_is_acknowledged() {
    clock(MINUTE, 0.0);
    let storage = open("cleared").await;
    storage.append("log", b"kept", Strict).await.unwrap();
    Rexie::delete("young of cleared").await.unwrap();
    for durability in [Strict, Relaxed] {
        for change in
            [storage.append("log", b"!", durability), storage.write("b", b"!", durability), storage.remove("log")]
        {
            let error = change.await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::Unavailable);
            assert!(error.message().contains("has removed the stored data"), "{error:?}");
        }
    }
    storage.close().await.unwrap();
}

#[wasm_bindgen_test]
async fn whoever_reads_an_object_in_place_never_sees_the_next_one_of_its_file() {
    clock(MINUTE, 0.0);
    let storage = open("in-place").await;
    storage.write("segment", &[1; 5_000], Strict).await.unwrap();
    let Some(Ok(InPlace::Read(reader))) = storage.in_place("segment", 5_000) else { panic!("it is read in place") };
    let mut bytes = [0; 10];
    reader.read_at(4_990, &mut bytes).unwrap();
    assert_eq!(bytes, [1; 10]);
    assert!(reader.read_at(4_991, &mut bytes).is_err(), "the end of the file is none of the object");
    storage.remove("segment").await.unwrap();
    for at in 0..10 {
        storage.write(&format!("next-{at}"), &[2; 6_000], Strict).await.unwrap();
        if reader.read_at(0, &mut bytes).is_ok() {
            assert_eq!(bytes, [1; 10]);
        }
    }
    assert!(reader.read_at(0, &mut bytes).is_err(), "its file was not used again");
    storage.close().await.unwrap();
}

#[wasm_bindgen_test]
async fn the_files_are_open_in_one_place() {
    clock(0.0, 0.0);
    let storage = open("locked").await;
    let error = OpfsStorage::open("locked", open_backend("another").await.unwrap()).await.err().unwrap();
    assert_eq!(
        (error.code(), error.message()),
        (ErrorCode::Unavailable, "another tab or worker has the database open")
    );
    storage.close().await.unwrap();
    open("locked").await.close().await.unwrap();
}
