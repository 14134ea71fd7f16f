//! The package's storage in IndexedDB, through the wrapper that the engine uses, and rexie as somebody else who looks into it.

use crate::{
    backend::{destroy_backend, open_backend},
    contract::{reopening_contract, storage_contract},
};
use js_sys::Promise;
use rexie::{KeyRange, Rexie, TransactionMode};
use sanderling::{
    Error, ErrorCode,
    storage::{
        Durability::{Relaxed, Strict},
        Storage,
    },
};
use sanderling_wasm::JsStorage;
use std::cell::Cell;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

// Whoever asks for a newer version makes all others close their connections, and this one gives up then.
#[wasm_bindgen(inline_js = r#"
export const closeOthers = (name) =>
    new Promise((resolve) => {
        const request = indexedDB.open(name, 9);
        request.onupgradeneeded = () => request.transaction.abort();
        request.onerror = () => resolve();
    });
"#)]
extern "C" {
    #[wasm_bindgen(js_name = closeOthers)]
    fn close_others(name: &str) -> Promise;
}

const STORE: &str = "pieces";

async fn opened(name: &str) -> Result<JsStorage, JsValue> {
    open_backend(name).await.map(JsStorage::new)
}

async fn open(name: &str) -> JsStorage {
    opened(name).await.unwrap()
}

fn boxed(storage: JsStorage) -> Box<dyn Storage> {
    Box::new(storage)
}

fn code_of(thrown: &JsValue) -> String {
    js_sys::Reflect::get(thrown, &"code".into()).unwrap().as_string().unwrap_or_default()
}

async fn read(storage: &JsStorage, name: &str) -> Result<Vec<u8>, Error> {
    Ok(storage.read(name, 0, 1 << 24).await?.as_ref().to_vec())
}

/// The keys of a database, as another program sees them.
async fn keys(name: &str) -> Vec<String> {
    let rexie = Rexie::builder(name).build().await.unwrap();
    let transaction = rexie.transaction(&[STORE], TransactionMode::ReadOnly).unwrap();
    let keys = transaction.store(STORE).unwrap().get_all_keys(None, None).await.unwrap();
    rexie.close();
    keys.into_iter().map(|key| key.as_string().unwrap()).collect()
}

#[wasm_bindgen_test]
async fn it_keeps_the_contract() {
    let count = Cell::new(0);
    storage_contract(async || {
        count.set(count.get() + 1);
        boxed(open(&format!("contract-{}", count.get())).await)
    })
    .await;
    reopening_contract(async || boxed(open("contract").await)).await;
}

#[wasm_bindgen_test]
async fn small_appends_share_a_record_and_large_ones_are_cut() {
    let storage = open("pieces").await;
    for _ in 0..1_000 {
        storage.append("log", &[7; 100], Relaxed).await.unwrap();
    }
    storage.write("segment", &vec![1; (5 << 20) / 2], Strict).await.unwrap();
    assert_eq!(storage.kind(), "indexeddb");
    storage.close().await.unwrap();
    let keys = keys("pieces").await;
    let of = |name: &str| keys.iter().filter(|key| key.starts_with(name)).count();
    assert!((11..=14).contains(&of("log/")), "{} records of 100,000 bytes", of("log/"));
    assert_eq!((of("segment/"), keys[0].as_str()), (3, "/owner"));

    // The last record is short, and the next handle goes on with it.
    let storage = open("pieces").await;
    storage.append("log", &[8; 10], Strict).await.unwrap();
    let bytes = read(&storage, "log").await.unwrap();
    assert_eq!((bytes.len(), bytes[99_999], bytes[100_000]), (100_010, 7, 8));
    assert_eq!(storage.read("log", 99_990, 15).await.unwrap().as_ref(), [[7; 10].as_slice(), &[8; 5]].concat());
    storage.close().await.unwrap();
}

#[wasm_bindgen_test]
async fn one_handle_has_the_database_and_destroying_waits_for_none() {
    let storage = open("locked").await;
    storage.write("a", b"kept", Strict).await.unwrap();
    assert_eq!(code_of(&opened("locked").await.err().unwrap()), "unavailable");
    assert_eq!(code_of(&destroy_backend("locked").await.unwrap_err()), "unavailable");
    assert_eq!(read(&storage, "a").await.unwrap(), b"kept");
    storage.close().await.unwrap();
    assert_eq!(storage.append("a", b"!", Strict).await.unwrap_err().code(), ErrorCode::Closed);
    destroy_backend("locked").await.unwrap();
    let storage = open("locked").await;
    assert!(storage.list().await.unwrap().is_empty());
    storage.close().await.unwrap();
}

/// What is acknowledged is there: no write succeeds into a database that was removed, and none brings an empty one about.
#[wasm_bindgen_test]
async fn after_the_data_was_removed_nothing_is_acknowledged() {
    let storage = open("cleared").await;
    storage.write("a", b"here", Strict).await.unwrap();
    Rexie::delete("cleared").await.unwrap();
    for _ in 0..2 {
        let error = storage.append("a", b"!", Strict).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Unavailable);
        assert!(error.message().contains("has removed the stored data"), "{error:?}");
    }
    assert!(read(&storage, "a").await.is_err());
    assert!(Rexie::builder("cleared").version(1).build().await.unwrap().store_names().is_empty(), "it was made anew");
    storage.close().await.unwrap();
}

#[wasm_bindgen_test]
async fn a_connection_that_was_lost_is_opened_again_where_the_data_is_there() {
    let storage = open("lost").await;
    storage.write("a", b"one", Strict).await.unwrap();
    JsFuture::from(close_others("lost")).await.unwrap();
    storage.append("a", b" two", Strict).await.unwrap();
    JsFuture::from(close_others("lost")).await.unwrap();
    assert_eq!(read(&storage, "a").await.unwrap(), b"one two");
    storage.close().await.unwrap();
}

#[wasm_bindgen_test]
async fn a_newer_version_is_not_touched() {
    let storage = open("newer").await;
    storage.write("a", b"one", Strict).await.unwrap();
    let newer = Rexie::builder("newer").version(2).build().await.unwrap();
    newer.close();
    let error = storage.append("a", b" two", Strict).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unavailable);
    storage.close().await.unwrap();
    assert_eq!(code_of(&opened("newer").await.err().unwrap()), "unavailable");
}

/// The lock is gone but the handle is not: a tab that was frozen while another took the database over.
#[wasm_bindgen_test]
async fn who_lost_the_database_cannot_write() {
    let storage = open("fenced").await;
    storage.write("a", b"one", Strict).await.unwrap();
    let rexie = Rexie::builder("fenced").build().await.unwrap();
    let transaction = rexie.transaction(&[STORE], TransactionMode::ReadWrite).unwrap();
    let store = transaction.store(STORE).unwrap();
    store.put(&JsValue::from("somebody else"), Some(&JsValue::from("/owner"))).await.unwrap();
    transaction.done().await.unwrap();
    for change in [storage.append("a", b" two", Strict), storage.write("b", b"three", Relaxed), storage.remove("a")] {
        let error = change.await.unwrap_err();
        assert!(error.message().contains("another tab has taken it over"), "{error:?}");
    }
    assert_eq!(read(&storage, "a").await.unwrap(), b"one");
    rexie.close();
    storage.close().await.unwrap();
}

#[wasm_bindgen_test]
async fn a_piece_that_is_gone_is_no_shorter_object() {
    let storage = open("damaged").await;
    storage.write("a", &vec![1; (3 << 20) + 5], Strict).await.unwrap();
    let rexie = Rexie::builder("damaged").build().await.unwrap();
    let transaction = rexie.transaction(&[STORE], TransactionMode::ReadWrite).unwrap();
    let range = KeyRange::bound(&JsValue::from("a/00000000200000"), &JsValue::from("a/00000000200000"), None, None);
    transaction.store(STORE).unwrap().delete(range.unwrap().into()).await.unwrap();
    transaction.done().await.unwrap();
    rexie.close();
    let error = read(&storage, "a").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Corrupt, "{error:?}");
    assert_eq!(storage.read("a", 0, 1 << 20).await.unwrap().as_ref().len(), 1 << 20, "the others are read");
    storage.close().await.unwrap();
}
