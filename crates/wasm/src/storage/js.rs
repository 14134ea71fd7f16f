//! A storage that JavaScript implements: the package's own ones for Node and Deno, and those of its users.

use crate::thrown::settled;
use alloc::{boxed::Box, format, string::String, vec::Vec};
use js_sys::{Array, Object, Reflect, Uint8Array};
use sanderling::{
    Error, ErrorCode, Result,
    engine::codec::AlignedBytes,
    storage::{Durability, Storage, StorageFuture, StoredObject},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// The interface `StorageBackend` of the package. Bytes are passed as views that end with the first await.
    pub type StorageBackend;

    #[wasm_bindgen(method, catch)]
    fn list(this: &StorageBackend) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn read(this: &StorageBackend, name: &str, offset: f64, length: f64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn append(this: &StorageBackend, name: &str, bytes: &[u8], options: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn write(this: &StorageBackend, name: &str, bytes: &[u8], options: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn remove(this: &StorageBackend, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn close(this: &StorageBackend) -> Result<JsValue, JsValue>;
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
        Box::pin(async move {
            let listed = settled(self.backend.list(), "list", "the storage").await?;
            let listed = listed.dyn_into::<Array>().map_err(|_| wrong("list", "an array of { name, size }"))?;
            let mut objects = Vec::new();
            for entry in listed.iter() {
                objects.push(stored_object(&entry)?);
            }
            Ok(objects)
        })
    }

    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        Box::pin(async move {
            let returned = self.backend.read(name, offset as f64, length as f64);
            let bytes = settled(returned, "read", name).await?;
            let bytes = bytes.dyn_into::<Uint8Array>().map_err(|_| wrong("read", "a Uint8Array"))?;
            let mut read = AlignedBytes::zeroed(bytes.length() as usize);
            bytes.copy_to(read.as_mut());
            Ok(read)
        })
    }

    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            let returned = self.backend.append(name, bytes, &options(durability));
            settled(returned, "append to", name).await.map(drop)
        })
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        Box::pin(async move {
            let returned = self.backend.write(name, bytes, &options(durability));
            settled(returned, "write", name).await.map(drop)
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        Box::pin(async move { settled(self.backend.remove(name), "remove", name).await.map(drop) })
    }

    fn close(&self) -> StorageFuture<'_, ()> {
        Box::pin(async move {
            if !self.property("close").is_function() {
                return Ok(());
            }
            settled(self.backend.close(), "close", "the storage").await.map(drop)
        })
    }
}

fn options(durability: Durability) -> JsValue {
    let options = Object::new();
    // A plain object of our own takes every property.
    let _ = Reflect::set(&options, &"durable".into(), &(durability == Durability::Strict).into());
    options.into()
}

fn stored_object(entry: &JsValue) -> Result<StoredObject> {
    let name = Reflect::get(entry, &"name".into()).ok().and_then(|name| name.as_string());
    let size = Reflect::get(entry, &"size".into()).ok().and_then(|size| size.as_f64());
    match (name, size) {
        (Some(name), Some(size)) if size >= 0.0 => Ok(StoredObject { name, bytes: size as u64 }),
        _ => Err(wrong("list", "an array of { name, size }")),
    }
}

fn wrong(method: &str, expected: &str) -> Error {
    Error::new(ErrorCode::Unavailable, format!("the storage's {method} did not give {expected}"))
}
