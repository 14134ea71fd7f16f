//! Copies of databases, and what is done with one that nobody has open.

use crate::{
    database::{EngineDatabase, open_in, storage_of},
    environment::environment,
    packing::Arguments,
    storage::bytes_of,
    thrown::{promise, settled, to_js},
};
use alloc::{boxed::Box, rc::Rc, vec::Vec};
use core::cell::RefCell;
use js_sys::{Function, Promise, Reflect, Uint8Array};
use sanderling::{
    Error, ErrorCode, Result, Value,
    driver::{self, Database, Export, Restore},
    engine::document::json,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// The streams of a database that are being read, by their numbers. One that is read just now is not in its place.
#[derive(Clone, Default)]
pub struct Exports(Rc<RefCell<Vec<Option<Export>>>>);

impl Exports {
    /// Begins a stream.
    pub async fn begin(&self, database: &Database) -> Result<Value> {
        let export = database.export().await?;
        let bytes = export.length();
        let mut exports = self.0.borrow_mut();
        exports.push(Some(export));
        Ok(Value::object().with("export", exports.len() - 1).with("bytes", bytes))
    }

    /// The next bytes of a stream.
    pub async fn piece(&self, arguments: &Arguments) -> Result<JsValue> {
        let (at, mut export) = self.take(arguments)?;
        let read = export.read(number(arguments, 1)? as u64, number(arguments, 2)? as usize).await;
        self.0.borrow_mut()[at] = Some(export);
        Ok(Uint8Array::from(&read?[..]).into())
    }

    /// Ends a stream.
    pub async fn end(&self, arguments: &Arguments) -> Result<Value> {
        let (_, export) = self.take(arguments)?;
        export.end().await;
        Ok(Value::Null)
    }

    fn take(&self, arguments: &Arguments) -> Result<(usize, Export)> {
        let at = number(arguments, 0)? as usize;
        let taken = self.0.borrow_mut().get_mut(at).and_then(Option::take);
        taken.map(|export| (at, export)).ok_or_else(|| Error::new(ErrorCode::Closed, "the stream was ended"))
    }
}

fn number(arguments: &Arguments, at: u32) -> Result<f64> {
    Ok(arguments.required(at)?.as_number().unwrap_or_default())
}

/// Looks at every file of a database.
pub async fn verify(database: &Database) -> Result<Value> {
    database.verify().await.map(|found| Value::from(&found))
}

#[wasm_bindgen(typescript_custom_section)]
const RESTORE: &str = r#"
export type RestoreRequest = OpenRequest & { replace: boolean };
export type NextPiece = () => Promise<Uint8Array | undefined>;"#;

/// Restores a database from the pieces of a stream, and opens it.
#[wasm_bindgen(unchecked_return_type = "Promise<EngineDatabase>")]
pub fn restore(
    #[wasm_bindgen(unchecked_param_type = "RestoreRequest")] request: JsValue,
    #[wasm_bindgen(unchecked_param_type = "NextPiece")] next: Function,
) -> Promise {
    promise(Box::pin(async move {
        let restored = restored(&request, &next).await;
        restored.map(JsValue::from).map_err(|error| to_js(&error))
    }))
}

async fn restored(request: &JsValue, next: &Function) -> Result<EngineDatabase> {
    let replace = Reflect::get(request, &"replace".into()).is_ok_and(|replace| replace.is_truthy());
    let mut restore = Restore::begin(storage_of(request).await?, replace, environment(request)).await?;
    if let Err(error) = pour(&mut restore, next).await {
        // The reason is what the caller needs; what stays is removed when the database is opened next.
        let _ = restore.abandon().await;
        return Err(error);
    }
    open_in(restore.into_storage(), request).await
}

async fn pour(restore: &mut Restore, next: &Function) -> Result<()> {
    loop {
        let piece = settled(next.call0(&JsValue::NULL), "read", "the stream").await;
        let piece = piece.map_err(|error| error.with("received", restore.received()))?;
        if piece.is_undefined() {
            return restore.finish().await;
        }
        restore.push(bytes_of(piece)?.as_ref()).await?;
    }
}

/// Repairs a database that nobody has open, and answers JSON text.
#[wasm_bindgen(unchecked_return_type = "Promise<string>")]
pub fn repair(#[wasm_bindgen(unchecked_param_type = "PlaceRequest")] request: JsValue) -> Promise {
    promise(Box::pin(async move {
        let repaired = repaired(&request).await;
        repaired.map(|repaired| json::write(&repaired).into()).map_err(|error| to_js(&error))
    }))
}

async fn repaired(request: &JsValue) -> Result<Value> {
    let storage = storage_of(request).await?;
    let repaired = driver::repair(&*storage, environment(request).analyzers).await;
    storage.close().await?;
    repaired.map(|repaired| Value::from(&repaired))
}
