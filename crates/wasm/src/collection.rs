//! The exported collection.

use crate::{
    packing,
    thrown::{encode, promise, to_js},
};
use alloc::{string::String, vec, vec::Vec};
use js_sys::Promise;
use sanderling::{
    DeleteTarget, Document, DocumentId, ListOptions, PutOptions, Query, Result, Value, WriteReceipt,
    driver::{Collection, CollectionStats},
    engine::document::json,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// An open collection.
#[wasm_bindgen]
pub struct EngineCollection {
    collection: Collection,
}

fn thrown<T>(result: Result<T>) -> Result<T, JsValue> {
    result.map_err(|error| to_js(&error))
}

#[wasm_bindgen]
impl EngineCollection {
    /// The schema in force as JSON text.
    pub fn schema(&self) -> String {
        self.collection.schema().to_json()
    }

    /// Puts a batch of documents.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn put(&self, documents: String, vectors: Vec<f32>, layout: Vec<u32>, options: Option<String>) -> Promise {
        let collection = self.collection.clone();
        promise(async move {
            let documents = packing::documents(&documents, &collection.schema(), &vectors, &layout)?;
            Ok(receipt_text(&collection.put(documents, put_options(options)?).await?))
        })
    }

    /// Replaces top-level fields of one document.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn update(
        &self,
        id: String,
        patch: String,
        vectors: Vec<f32>,
        layout: Vec<u32>,
        options: Option<String>,
    ) -> Promise {
        let collection = self.collection.clone();
        promise(async move {
            let mut patch = [Document::from_json(patch)?];
            packing::attach(&mut patch, &collection.schema(), &vectors, &layout)?;
            let [patch] = patch;
            Ok(receipt_text(&collection.update(document_id(&id)?, patch, put_options(options)?).await?))
        })
    }

    /// Deletes by id, ids or filter, and says how many documents there were.
    #[wasm_bindgen(unchecked_return_type = "Promise<number>")]
    pub fn delete(&self, target: String, _options: Option<String>) -> Promise {
        let collection = self.collection.clone();
        promise(async move {
            let target = DeleteTarget::from_value(&json::parse(&target)?)?;
            Ok(JsValue::from(collection.delete(target).await? as u32))
        })
    }

    /// The document with this id.
    #[wasm_bindgen(unchecked_return_type = "Encoded | undefined")]
    pub fn get(&self, id: String) -> Result<JsValue, JsValue> {
        let document = thrown(document_id(&id).and_then(|id| self.collection.get(&id)))?;
        let Some(document) = document else { return Ok(JsValue::UNDEFINED) };
        let schema = self.collection.schema();
        Ok(packing::encoded(vec![document], &schema, |mut documents| documents.pop().unwrap_or(Value::Null)))
    }

    /// Whether there is a document with this id.
    pub fn has(&self, id: String) -> Result<bool, JsValue> {
        thrown(document_id(&id).and_then(|id| self.collection.has(&id)))
    }

    /// How many documents there are, or how many pass a filter.
    pub fn count(&self, filter: Option<String>) -> Result<u32, JsValue> {
        let filter = thrown(filter.map(|filter| json::parse(&filter)).transpose())?;
        thrown(self.collection.count(filter.as_ref())).map(|count| count as u32)
    }

    /// A page of the documents in order of their ids.
    #[wasm_bindgen(unchecked_return_type = "Encoded")]
    pub fn list(&self, options: String) -> Result<JsValue, JsValue> {
        let options = thrown(json::parse(&options).and_then(|options| ListOptions::from_value(&options)))?;
        let page = thrown(self.collection.list(&options))?;
        let more = page.more;
        Ok(packing::encoded(page.documents, &self.collection.schema(), |documents| {
            Value::object().with("documents", documents).with("more", more)
        }))
    }

    /// Answers a search.
    #[wasm_bindgen(unchecked_return_type = "Encoded")]
    pub fn search(&self, query: String, vectors: Vec<f32>, lengths: Vec<u32>) -> Result<JsValue, JsValue> {
        let query = thrown(packing::query(&query, &vectors, &lengths).and_then(Query::from_json))?;
        let result = thrown(self.collection.search(&query))?;
        Ok(packing::result(result, &self.collection.schema()))
    }

    /// Makes every write so far durable.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn flush(&self) -> Promise {
        let collection = self.collection.clone();
        promise(async move { collection.flush().await.map(|()| JsValue::UNDEFINED) })
    }

    /// Merges all segments into one without dead rows.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn compact(&self) -> Promise {
        let collection = self.collection.clone();
        promise(async move { collection.compact().await.map(|()| JsValue::UNDEFINED) })
    }

    /// The figures of the collection.
    #[wasm_bindgen(unchecked_return_type = "Promise<object>")]
    pub fn stats(&self) -> Promise {
        let collection = self.collection.clone();
        promise(async move { Ok(encode(&stats_value(&collection.stats().await?))) })
    }
}

impl EngineCollection {
    pub(crate) fn new(collection: Collection) -> Self {
        Self { collection }
    }
}

fn document_id(text: &str) -> Result<DocumentId> {
    DocumentId::from_value(&json::parse(text)?)
}

fn put_options(text: Option<String>) -> Result<PutOptions> {
    text.map_or(Ok(PutOptions::default()), |text| PutOptions::from_value(&json::parse(&text)?))
}

fn receipt_text(receipt: &WriteReceipt) -> JsValue {
    let (mut ids, mut versions) = (Vec::new(), Vec::new());
    receipt.ids.iter().for_each(|id| ids.push(id.to_value()));
    receipt.versions.iter().for_each(|version| versions.push(Value::from(version.0)));
    json::write(&Value::object().with("ids", ids).with("versions", versions)).into()
}

fn stats_value(stats: &CollectionStats) -> Value {
    let mut segments = Vec::new();
    for segment in &stats.segments {
        let value = Value::object().with("state", segment.state).with("documents", segment.documents);
        segments.push(value.with("deleted", segment.deleted).with("bytes", segment.bytes));
    }
    Value::object()
        .with("documents", stats.documents)
        .with("segments", segments)
        .with("memory", stats.memory_bytes)
        .with("disk", stats.disk_bytes)
        .with("wal", stats.wal_bytes)
}
