//! The exported database.

use crate::{
    collection::EngineCollection,
    environment::environment,
    storage::{JsStorage, OpfsStorage, StorageBackend},
    thrown::{encode, to_js},
};
use sanderling::{
    CollectionSettings, Error, Result, Schema,
    driver::Database,
    engine::document::json,
    storage::{Durability, MemoryStorage, Storage},
};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const OPEN: &str = r#"
export type OpenRequest = { name: string; storage: "memory" | "opfs" | object; durability: "strict" | "relaxed" };"#;

#[derive(Deserialize)]
struct OpenRequest {
    name: String,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    storage: JsValue,
    durability: String,
}

/// An open database.
#[wasm_bindgen]
pub struct EngineDatabase {
    database: Database,
}

/// Opens a database.
#[wasm_bindgen(unchecked_return_type = "EngineDatabase")]
pub async fn open(
    #[wasm_bindgen(unchecked_param_type = "OpenRequest")] request: JsValue,
) -> Result<EngineDatabase, JsValue> {
    let request: OpenRequest = serde_wasm_bindgen::from_value(request)?;
    let durability = if request.durability == "relaxed" { Durability::Relaxed } else { Durability::Strict };
    let storage = storage_of(&request).await.map_err(|error| to_js(&error))?;
    let database = Database::open(storage, durability, environment()).await.map_err(|error| to_js(&error))?;
    Ok(EngineDatabase { database })
}

async fn storage_of(request: &OpenRequest) -> Result<Box<dyn Storage>> {
    match request.storage.as_string().as_deref() {
        Some("memory") => Ok(Box::new(MemoryStorage::default())),
        Some("opfs") => Ok(Box::new(OpfsStorage::open(&request.name).await?)),
        None if request.storage.is_object() => {
            Ok(Box::new(JsStorage::new(request.storage.clone().unchecked_into::<StorageBackend>())))
        }
        other => Err(Error::expected(&"storage", &"\"memory\", \"opfs\" or a backend", &other.unwrap_or("another value"))),
    }
}

#[wasm_bindgen]
impl EngineDatabase {
    /// Opens or makes a collection; schema and settings are JSON text.
    pub async fn collection(
        &self,
        name: String,
        schema: Option<String>,
        settings: Option<String>,
    ) -> Result<EngineCollection, JsValue> {
        let opened = self.open_collection(&name, schema, settings).await;
        opened.map(EngineCollection::new).map_err(|error| to_js(&error))
    }

    /// The names of all collections.
    pub fn collections(&self) -> Result<Vec<String>, JsValue> {
        self.database.collections().map_err(|error| to_js(&error))
    }

    /// Removes a collection.
    pub async fn drop(&self, name: String) -> Result<(), JsValue> {
        self.database.drop_collection(&name).await.map_err(|error| to_js(&error))
    }

    /// What is in force.
    #[wasm_bindgen(unchecked_return_type = "object")]
    pub fn status(&self) -> JsValue {
        encode(&sanderling::Value::from(self.database.status()))
    }

    /// Ends the database and gives up its storage.
    pub async fn close(&self) -> Result<(), JsValue> {
        self.database.close().await.map_err(|error| to_js(&error))
    }
}

impl EngineDatabase {
    async fn open_collection(
        &self,
        name: &str,
        schema: Option<String>,
        settings: Option<String>,
    ) -> Result<sanderling::driver::Collection> {
        let schema = schema.map(Schema::from_json).transpose()?;
        let settings = settings.map(|text| CollectionSettings::from_value(&json::parse(&text)?)).transpose()?;
        self.database.collection(name, schema, settings).await
    }
}
