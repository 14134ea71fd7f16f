//! A storage that JavaScript implements: the package's own ones for Node and Deno, and those of its users.

use super::option;
use crate::thrown::{done, from_js, settled};
use alloc::{boxed::Box, format, string::String, vec::Vec};
use js_sys::{Array, Reflect, Uint8Array};
use sanderling::{
    Error, ErrorCode, Result,
    engine::codec::AlignedBytes,
    storage::{Durability, InPlace, RandomRead, Storage, StorageFuture, StoredObject},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// The interface `StorageBackend` of the package. Bytes are passed as views that end with the first await.
    #[derive(Clone)]
    pub type StorageBackend;

    #[wasm_bindgen(method, catch)]
    fn list(this: &StorageBackend) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn read(this: &StorageBackend, name: &str, offset: f64, length: f64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = readSync)]
    fn read_sync(this: &StorageBackend, name: &str, offset: f64, into: &mut [u8]) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn append(this: &StorageBackend, name: &str, bytes: &[u8], options: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn write(this: &StorageBackend, name: &str, bytes: &[u8], options: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn remove(this: &StorageBackend, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn close(this: &StorageBackend) -> Result<JsValue, JsValue>;
    /// Only that in IndexedDB has it.
    #[wasm_bindgen(method, catch)]
    pub fn probe(this: &StorageBackend) -> Result<JsValue, JsValue>;
}

/// A storage that JavaScript implements.
pub struct JsStorage {
    backend: StorageBackend,
}

impl JsStorage {
    /// Wraps a backend.
    pub fn new(backend: StorageBackend) -> Self {
        Self { backend }
    }

    fn property(&self, name: &str) -> JsValue {
        Reflect::get(&self.backend, &name.into()).unwrap_or_default()
    }
}

impl Storage for JsStorage {
    fn kind(&self) -> String {
        self.property("kind").as_string().unwrap_or_else(|| "custom".into())
    }

    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        let listed = settled(self.backend.list(), "list", "the storage");
        Box::pin(async move { stored_objects(listed.await?) })
    }

    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        let read = settled(self.backend.read(name, offset as f64, length as f64), "read", name);
        Box::pin(async move { bytes_of(read.await.map_err(|error| error.with("file", name))?) })
    }

    fn in_place(&self, name: &str, _length: usize) -> Option<Result<InPlace>> {
        let file = Object { name: name.into(), backend: self.backend.clone() };
        self.property("readSync").is_function().then(|| Ok(InPlace::Read(Box::new(file))))
    }

    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        done(self.backend.append(name, bytes, &durable(durability)), "append to", name)
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        done(self.backend.write(name, bytes, &durable(durability)), "write", name)
    }

    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        done(self.backend.remove(name), "remove", name)
    }

    fn close(&self) -> StorageFuture<'_, ()> {
        let is_there = self.property("close").is_function();
        let closed = if is_there { self.backend.close() } else { Ok(JsValue::UNDEFINED) };
        done(closed, "close", "the storage")
    }
}

/// An object that never changes.
struct Object {
    name: String,
    backend: StorageBackend,
}

impl RandomRead for Object {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let read = self.backend.read_sync(&self.name, offset as f64, into);
        let read = read.map_err(|thrown| from_js(&thrown, "read", &self.name))?;
        // A promise, whose bytes would come too late.
        if read.is_object() { Err(wrong("readSync", "the bytes at once")) } else { Ok(()) }
    }
}

fn durable(durability: Durability) -> JsValue {
    option("durable", &(durability == Durability::Strict).into())
}

fn stored_objects(listed: JsValue) -> Result<Vec<StoredObject>> {
    let wrong = || wrong("list", "an array of { name, size }");
    let mut objects = Vec::new();
    for entry in listed.dyn_into::<Array>().map_err(|_| wrong())?.iter() {
        let name = Reflect::get(&entry, &"name".into()).ok().and_then(|name| name.as_string());
        let size = Reflect::get(&entry, &"size".into()).ok().and_then(|size| size.as_f64());
        match (name, size) {
            (Some(name), Some(size)) if size >= 0.0 => objects.push(StoredObject { name, bytes: size as u64 }),
            _ => return Err(wrong()),
        }
    }
    Ok(objects)
}

/// What a read gave.
pub fn bytes_of(read: JsValue) -> Result<AlignedBytes> {
    let bytes = read.dyn_into::<Uint8Array>().map_err(|_| wrong("read", "a Uint8Array"))?;
    let mut read = AlignedBytes::zeroed(bytes.length() as usize);
    bytes.copy_to(read.as_mut());
    Ok(read)
}

fn wrong(method: &str, expected: &str) -> Error {
    Error::new(ErrorCode::Unavailable, format!("the storage's {method} did not give {expected}"))
}
