//! The exported functions in a dedicated worker of a browser: OPFS, and a storage that JavaScript implements.
#![cfg(target_arch = "wasm32")]

mod backend;

use backend::{MINUTE, clock, opfs_place};
use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const SCHEMA: &str = r#"{ "fields": { "t": { "type": "text" }, "v": { "type": "vector", "dimensions": 2 } } }"#;

// The exported object as JavaScript sees it.
#[wasm_bindgen]
extern "C" {
    type Database;
    #[wasm_bindgen(method, catch)]
    fn read(
        this: &Database,
        what: &str,
        collection: u32,
        texts: &Array,
        vectors: Vec<f32>,
        lengths: Vec<u32>,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn run(
        this: &Database,
        call: &str,
        collection: u32,
        texts: &Array,
        vectors: Vec<f32>,
        layout: Vec<u32>,
    ) -> Result<JsValue, JsValue>;
}

fn texts(texts: &[&str]) -> Array {
    texts.iter().map(|text| JsValue::from_str(text)).collect()
}

impl Database {
    async fn collection(&self, name: &str, schema: Option<&str>) -> Result<Collection<'_>, JsValue> {
        let named = texts(&[name]);
        if let Some(schema) = schema {
            named.push(&schema.into());
        }
        let number = settled(self.run("collection", 0, &named, vec![], vec![])).await?;
        let number = number.as_string().expect("a text").parse().expect("a number");
        Ok(Collection { database: self, number })
    }

    async fn close(&self) -> Result<JsValue, JsValue> {
        settled(self.run("close", 0, &texts(&[]), vec![], vec![])).await
    }
}

struct Collection<'a> {
    database: &'a Database,
    number: u32,
}

impl Collection<'_> {
    /// The JSON text of an answer.
    fn read(&self, what: &str, asked: &[&str], vectors: Vec<f32>, lengths: Vec<u32>) -> Result<String, JsValue> {
        let answer = self.database.read(what, self.number, &texts(asked), vectors, lengths)?;
        Ok(answer.unchecked_into::<Array>().get(0).as_string().expect("a text"))
    }

    async fn run(&self, call: &str, text: &str, vectors: Vec<f32>, layout: Vec<u32>) -> Result<JsValue, JsValue> {
        settled(self.database.run(call, self.number, &texts(&[text]), vectors, layout)).await
    }
}

// A backend over a Map that is full when it is told to be.
#[wasm_bindgen(inline_js = r#"
export class Backend {
    objects = new Map();
    isFull = false;
    refuseIfFull() {
        if (this.isFull) throw new DOMException("the disk is full", "QuotaExceededError");
    }
    list() {
        return [...this.objects].map(([name, { length }]) => ({ name, size: length }));
    }
    async read(name, offset, length) {
        return this.objects.get(name).slice(offset, offset + length);
    }
    async append(name, bytes) {
        this.refuseIfFull();
        this.objects.set(name, Uint8Array.from([...(this.objects.get(name) ?? []), ...bytes]));
    }
    async write(name, bytes) {
        this.refuseIfFull();
        this.objects.set(name, bytes.slice());
    }
    remove(name) {
        this.objects.delete(name);
    }
}
"#)]
extern "C" {
    type Backend;
    #[wasm_bindgen(constructor)]
    fn new() -> Backend;
    #[wasm_bindgen(method, setter, js_name = isFull)]
    fn set_full(this: &Backend, is_full: bool);
}

/// What a call answers in the end.
async fn settled(answer: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&answer?)).await
}

async fn open(name: &str, storage: &JsValue) -> Result<Database, JsValue> {
    let (name, durability, budget) = (name.into(), "strict".into(), 1.into());
    let members = [("name", &name), ("storage", storage), ("durability", &durability), ("memoryBudget", &budget)];
    let entries = members.map(|(name, value): (&str, &JsValue)| Array::of2(&name.into(), value));
    let request = Object::from_entries(&entries.iter().collect::<Array>()).expect("entries make an object");
    settled(Ok(sanderling_wasm::open(request.into()).into())).await.map(JsCast::unchecked_into)
}

async fn open_in_opfs(name: &str) -> Result<Database, JsValue> {
    open(name, &opfs_place(name).await?).await
}

async fn birds(database: &Database) -> Collection<'_> {
    database.collection("birds", Some(SCHEMA)).await.expect("a collection")
}

/// Documents with a text and a vector each.
async fn put(collection: &Collection<'_>, ids: std::ops::Range<u32>) -> Result<JsValue, JsValue> {
    let documents: Vec<_> = ids.clone().map(|id| format!(r#"{{ "id": {id}, "t": "bird number {id}" }}"#)).collect();
    let vectors = ids.clone().flat_map(|id| [id as f32, 1.0]).collect();
    let layout = (0..ids.end - ids.start).flat_map(|at| [at, 1, 2]).collect();
    collection.run("put", &format!("[{}]", documents.join(",")), vectors, layout).await
}

fn count(collection: &Collection<'_>) -> f64 {
    collection.read("count", &[], vec![], vec![]).expect("a count").parse().expect("a number")
}

fn text_of(value: &JsValue, name: &str) -> String {
    Reflect::get(value, &name.into()).ok().and_then(|member| member.as_string()).unwrap_or_default()
}

/// The code of an error, which must have the shape that the package turns into its class.
fn code_of(thrown: &JsValue) -> String {
    assert!(!text_of(thrown, "message").is_empty(), "an error has a message");
    assert!(Reflect::get(thrown, &"details".into()).expect("a member").is_object(), "an error has details");
    text_of(thrown, "code")
}

fn answer(collection: &Collection<'_>) -> String {
    let query = r#"{ "text": "bird 7", "vector": [{}] }"#;
    let json = collection.read("search", &[query], vec![1.0, 0.5], vec![2]).expect("an answer");
    // The plan tells where the documents lie, and that may change.
    json.split(r#","plan""#).next().unwrap_or_default().into()
}

#[wasm_bindgen_test]
async fn what_was_put_is_in_opfs_after_reopening() {
    let database = open_in_opfs("reopened").await.expect("a database");
    let collection = birds(&database).await;
    put(&collection, 0..20).await.expect("a put");
    collection.run("delete", "[3, 4]", vec![], vec![]).await.expect("a delete");
    let before = answer(&collection);
    assert!(before.ends_with(r#""total":18"#), "{before}");
    database.close().await.expect("a close");

    let database = open_in_opfs("reopened").await.expect("the database again");
    let collection = database.collection("birds", None).await.expect("birds");
    assert_eq!(count(&collection), 18.0);
    assert_eq!(answer(&collection), before);
    let document = |id| collection.read("get", &[id], vec![], vec![]).expect("an answer");
    assert_eq!(document("7"), r#"{"id":7,"t":"bird number 7"}"#);
    assert_eq!(document("3"), "null");
    collection.run("compact", "", vec![], vec![]).await.expect("a compaction");
    assert_eq!(answer(&collection), before);
    database.close().await.expect("a close");
}

/// Bytes of a collection: in memory and in files.
async fn bytes_of(collection: &Collection<'_>) -> (f64, f64) {
    let stats = collection.run("stats", "", vec![], vec![]).await.expect("figures").as_string().expect("a text");
    let stats = js_sys::JSON::parse(&stats).expect("JSON");
    let number = |name: &str| Reflect::get(&stats, &name.into()).ok().and_then(|member| member.as_f64());
    (number("memory").expect("bytes in memory"), number("disk").expect("bytes in files"))
}

/// Letters that packing makes no shorter.
fn letters(seed: u32) -> String {
    let mut state = 2 * seed + 1;
    let next = |_| {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        char::from(b'A' + (state >> 24) as u8 % 26)
    };
    (0..2_100).map(next).collect()
}

#[wasm_bindgen_test]
async fn sealed_documents_are_read_from_opfs_when_they_are_asked_for() {
    let database = open_in_opfs("sealed").await.expect("a database");
    clock(0.0, MINUTE);
    let collection = birds(&database).await;
    let text = |id: u32| format!(r#"{{"id":{id},"t":"bird number {id}","filler":"{}"}}"#, letters(id));
    let document = |id: &str| collection.read("get", &[id], vec![], vec![]).expect("an answer");
    let documents: Vec<_> = (0..200).map(text).collect();
    collection.run("put", &format!("[{}]", documents.join(",")), vec![], vec![]).await.expect("a put");
    // The new segment is read in place of what was in memory; the next one is made of it, and its file removed.
    for id in [7, 150] {
        collection.run("compact", "", vec![], vec![]).await.expect("a compaction");
        assert_eq!(document("42"), text(42));
        collection.run("delete", &id.to_string(), vec![], vec![]).await.expect("a delete");
    }
    collection.run("compact", "", vec![], vec![]).await.expect("a compaction");
    database.close().await.expect("a close");

    let database = open_in_opfs("sealed").await.expect("the database again");
    let collection = database.collection("birds", None).await.expect("birds");
    let document = |id: &str| collection.read("get", &[id], vec![], vec![]).expect("an answer");
    for id in [0, 199, 42, 0] {
        assert_eq!(document(&id.to_string()), text(id));
    }
    assert_eq!(document("150"), "null");
    let (memory, disk) = bytes_of(&collection).await;
    assert!(disk > 400_000.0 && memory < disk / 4.0, "{memory} bytes of {disk} are in memory");
    database.close().await.expect("a close");
    // A closed handle refuses to read, and nothing traps.
    assert!(collection.read("get", &["1"], vec![], vec![]).is_err());
}

#[wasm_bindgen_test]
async fn an_open_database_is_unavailable_to_another_opener() {
    let database = open_in_opfs("locked").await.expect("a database");
    let thrown = open_in_opfs("locked").await.err().expect("the lock is held");
    assert_eq!(code_of(&thrown), "unavailable");
    put(&birds(&database).await, 0..1).await.expect("the first handle works on");
    database.close().await.expect("a close");
    let database = open_in_opfs("locked").await.expect("the lock is free");
    assert_eq!(count(&birds(&database).await), 1.0);
    database.close().await.expect("a close");
}

#[wasm_bindgen_test]
async fn errors_have_a_code_a_message_and_details() {
    let database = open("errors", &"memory".into()).await.expect("a database");
    let collection = birds(&database).await;
    let wrong = collection.run("put", r#"[{ "id": 1 }]"#, vec![1.0, f32::NAN], vec![0, 1, 2]).await;
    assert_eq!(code_of(&wrong.expect_err("no number")), "invalid");
    let wrong = collection.run("put", r#"[{ "id": 1 }]"#, vec![1.0], vec![0, 1, 1]).await;
    let thrown = wrong.expect_err("a wrong dimension");
    assert_eq!(code_of(&thrown), "invalid");
    let details = Reflect::get(&thrown, &"details".into()).expect("details");
    assert_eq!((text_of(&details, "path"), text_of(&details, "expected")), ("v".into(), "2 dimensions".into()));
    let wrong = collection.read("search", &[r#"{ "filter": { "nowhere": 1 } }"#], vec![], vec![]);
    assert_eq!(code_of(&wrong.expect_err("an unknown field")), "filter");
    let wrong = database.collection("other", None).await.map(drop);
    assert_eq!(code_of(&wrong.expect_err("no such collection")), "schema");
    assert_eq!(count(&collection), 0.0);
    database.close().await.expect("a close");
    let wrong = collection.read("count", &[], vec![], vec![]);
    assert_eq!(code_of(&wrong.expect_err("a closed database")), "closed");
}

#[wasm_bindgen_test]
async fn a_full_storage_is_error_quota_and_keeps_what_it_has() {
    let backend = Backend::new();
    let database = open("full", &backend).await.expect("a database");
    let collection = birds(&database).await;
    put(&collection, 0..5).await.expect("a put");
    backend.set_full(true);
    let thrown = put(&collection, 5..10).await.expect_err("a full storage");
    assert_eq!(code_of(&thrown), "quota");
    assert_eq!(count(&collection), 5.0);
    backend.set_full(false);
    put(&collection, 5..8).await.expect("there is room again");
    assert_eq!(count(&collection), 8.0);
    database.close().await.expect("a close");

    let database = open("full", &backend).await.expect("the database again");
    assert_eq!(count(&birds(&database).await), 8.0);
    database.close().await.expect("a close");
}
