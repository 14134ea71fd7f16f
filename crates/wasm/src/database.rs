//! The exported database. Two functions serve all calls, because each exported function brings its own code for arguments,
//! answers and errors, and each promise its own future.

use crate::{
    calls::{Read, Run},
    collection,
    copies::{self, Exports},
    environment::environment,
    packing::{Answer, Arguments},
    storage::{JsStorage, OpfsStorage, StorageBackend},
    thrown::{promise, to_js},
};
use alloc::{boxed::Box, string::String, vec::Vec};
use js_sys::{Array, Promise, Reflect};
use sanderling::{
    AskedSettings, Error, Result, Schema, Value,
    driver::Database,
    engine::document::json,
    storage::{Durability, MemoryStorage, Storage},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const OPEN: &str = r#"
export type PlaceRequest = { name: string; storage: "memory" | object };
export type OpenRequest = PlaceRequest & { durability: "strict" | "relaxed"; memoryBudget?: number };"#;

/// An open database.
#[wasm_bindgen]
pub struct EngineDatabase {
    database: Database,
    exports: Exports,
}

/// Opens a database.
#[wasm_bindgen(unchecked_return_type = "Promise<EngineDatabase>")]
pub fn open(#[wasm_bindgen(unchecked_param_type = "OpenRequest")] request: JsValue) -> Promise {
    promise(Box::pin(async move {
        let opened = async { open_in(storage_of(&request).await?, &request).await }.await;
        opened.map(JsValue::from).map_err(|error| to_js(&error))
    }))
}

/// Opens the database of a storage.
pub async fn open_in(storage: Box<dyn Storage>, request: &JsValue) -> Result<EngineDatabase> {
    let durability = match text_of(request, "durability").as_deref() {
        Some("relaxed") => Durability::Relaxed,
        _ => Durability::Strict,
    };
    let database = Database::open(storage, durability, environment(request)).await?;
    Ok(EngineDatabase { database, exports: Exports::default() })
}

fn text_of(request: &JsValue, name: &str) -> Option<String> {
    Reflect::get(request, &name.into()).ok()?.as_string()
}

/// The storage that a request names.
pub async fn storage_of(request: &JsValue) -> Result<Box<dyn Storage>> {
    let storage = Reflect::get(request, &"storage".into()).unwrap_or_default();
    match storage.as_string().as_deref() {
        Some("memory") => Ok(Box::new(MemoryStorage::default())),
        None if storage.is_object() => match text_of(&storage, "opfs") {
            Some(folder) => {
                let young = Reflect::get(&storage, &"young".into()).unwrap_or_default();
                Ok(Box::new(OpfsStorage::open(&folder, young.unchecked_into()).await?))
            }
            None => Ok(Box::new(JsStorage::new(storage.unchecked_into::<StorageBackend>()))),
        },
        other => Err(Error::expected(&"storage", &"\"memory\" or a backend", &other.unwrap_or("another value"))),
    }
}

#[wasm_bindgen]
impl EngineDatabase {
    /// Answers a question about the database, or about the collection with this number.
    #[wasm_bindgen(unchecked_return_type = "Answer")]
    pub fn read(
        &self,
        what: Read,
        collection: u32,
        #[wasm_bindgen(unchecked_param_type = "readonly (string | undefined)[]")] texts: Array,
        vectors: Vec<f32>,
        layout: Vec<u32>,
    ) -> Result<JsValue, JsValue> {
        let answer = self.answer(what, collection, &Arguments { texts, vectors, layout });
        answer.map(|answer| answer.encode()).map_err(|error| to_js(&error))
    }

    /// Makes a call to the database, or to the collection with this number, and answers JSON text or, to one of them, bytes.
    #[wasm_bindgen(unchecked_return_type = "Promise<any>")]
    pub fn run(
        &self,
        call: Run,
        collection: u32,
        #[wasm_bindgen(unchecked_param_type = "readonly (string | object | undefined)[]")] texts: Array,
        vectors: Vec<f32>,
        layout: Vec<u32>,
    ) -> Promise {
        let (database, exports) = (self.database.clone(), self.exports.clone());
        promise(Box::pin(async move {
            let arguments = &Arguments { texts, vectors, layout };
            let answer = match call {
                Run::ExportPiece => exports.piece(arguments).await,
                _ => run(&database, &exports, call, collection, arguments)
                    .await
                    .map(|answer| json::write(&answer).into()),
            };
            answer.map_err(|error| to_js(&error))
        }))
    }
}

impl EngineDatabase {
    fn answer(&self, what: Read, collection: u32, arguments: &Arguments) -> Result<Answer> {
        match what {
            Read::Collections => self.database.collections().map(|names| Answer::new(names.into())),
            Read::Status => Ok(Answer::new(self.database.status().into())),
            _ => collection::read(&self.database.opened(collection)?, what, arguments),
        }
    }
}

async fn run(
    database: &Database,
    exports: &Exports,
    call: Run,
    collection: u32,
    arguments: &Arguments,
) -> Result<Value> {
    match call {
        Run::Export => exports.begin(database).await,
        Run::EndExport => exports.end(arguments).await,
        Run::Verify => copies::verify(database).await,
        Run::Collection => {
            let schema = arguments.value(1)?.map(Schema::from_json).transpose()?;
            let settings = arguments.value(2)?.as_ref().map(AskedSettings::from_value).transpose()?;
            Ok(database.collection(&arguments.text(0), schema, settings).await?.id().into())
        }
        Run::Drop => database.drop_collection(&arguments.text(0)).await.map(|()| Value::Null),
        Run::Close => database.close().await.map(|()| Value::Null),
        Run::Settings => {
            let collection = database.opened(collection)?;
            collection.take_settings(AskedSettings::from_value(&arguments.required(0)?)?).await?;
            Ok(collection.settings().to_value())
        }
        Run::Stats => Ok(collection::figures(&database.opened(collection)?.stats().await?)),
        _ => {
            let collection = database.opened(collection)?;
            let report = |done, total| arguments.report(done, total);
            let receipt = collection.perform(collection::task(&collection, call, arguments, &report)?).await?;
            Ok(collection::receipt_value(call, &receipt))
        }
    }
}
