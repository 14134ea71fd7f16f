//! The exported database.

use crate::{
    collection::EngineCollection,
    environment::environment,
    storage::{JsStorage, OpfsStorage, StorageBackend},
    thrown::{encode, promise, to_js},
};
use alloc::{boxed::Box, string::String, vec::Vec};
use js_sys::{Promise, Reflect};
use sanderling::{
    CollectionSettings, Error, Result, Schema,
    driver::Database,
    engine::document::json,
    storage::{Durability, MemoryStorage, Storage},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const OPEN: &str = r#"
export type OpenRequest = { name: string; storage: "memory" | "opfs" | object; durability: "strict" | "relaxed" };"#;

/// An open database.
#[wasm_bindgen]
pub struct EngineDatabase {
    database: Database,
}

/// Opens a database.
#[wasm_bindgen(unchecked_return_type = "Promise<EngineDatabase>")]
pub fn open(#[wasm_bindgen(unchecked_param_type = "OpenRequest")] request: JsValue) -> Promise {
    promise(async move {
        let durability = match text_of(&request, "durability").as_deref() {
            Some("relaxed") => Durability::Relaxed,
            _ => Durability::Strict,
        };
        let storage = storage_of(&request).await?;
        let database = Database::open(storage, durability, environment()).await?;
        Ok(EngineDatabase { database }.into())
    })
}

fn text_of(request: &JsValue, name: &str) -> Option<String> {
    Reflect::get(request, &name.into()).ok()?.as_string()
}

async fn storage_of(request: &JsValue) -> Result<Box<dyn Storage>> {
    let storage = Reflect::get(request, &"storage".into()).unwrap_or_default();
    match storage.as_string().as_deref() {
        Some("memory") => Ok(Box::new(MemoryStorage::default())),
        Some("opfs") => Ok(Box::new(OpfsStorage::open(&text_of(request, "name").unwrap_or_default()).await?)),
        None if storage.is_object() => Ok(Box::new(JsStorage::new(storage.unchecked_into::<StorageBackend>()))),
        other => {
            Err(Error::expected(&"storage", &"\"memory\", \"opfs\" or a backend", &other.unwrap_or("another value")))
        }
    }
}

#[wasm_bindgen]
impl EngineDatabase {
    /// Opens or makes a collection; schema and settings are JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<EngineCollection>")]
    pub fn collection(&self, name: String, schema: Option<String>, settings: Option<String>) -> Promise {
        let database = self.database.clone();
        promise(async move {
            let schema = schema.map(Schema::from_json).transpose()?;
            let settings = settings.map(|text| CollectionSettings::from_value(&json::parse(&text)?)).transpose()?;
            Ok(EngineCollection::new(database.collection(&name, schema, settings).await?).into())
        })
    }

    /// The names of all collections.
    pub fn collections(&self) -> Result<Vec<String>, JsValue> {
        self.database.collections().map_err(|error| to_js(&error))
    }

    /// Removes a collection.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn drop(&self, name: String) -> Promise {
        let database = self.database.clone();
        promise(async move { database.drop_collection(&name).await.map(|()| JsValue::UNDEFINED) })
    }

    /// What is in force.
    #[wasm_bindgen(unchecked_return_type = "object")]
    pub fn status(&self) -> JsValue {
        encode(&sanderling::Value::from(self.database.status()))
    }

    /// Ends the database and gives up its storage.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn close(&self) -> Promise {
        let database = self.database.clone();
        promise(async move { database.close().await.map(|()| JsValue::UNDEFINED) })
    }
}
