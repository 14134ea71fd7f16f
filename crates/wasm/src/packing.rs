//! Arguments and answers: JSON text with the vectors beside it.

use alloc::{string::String, vec::Vec};
use js_sys::{Array, Float32Array, Function, Uint32Array};
use sanderling::{Document, Error, ListPage, Result, Schema, SearchResult, Value, engine::document::json};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const ANSWER: &str = "export type Answer = [json: string, vectors: Float32Array, layout: Uint32Array];";

/// The length in the list of a query's vectors that says: this one was left in the JSON, because it is none.
const LEFT_IN_JSON: u32 = u32::MAX;

/// What comes with a call: texts, nearly all of them JSON, or a function, and the vectors that were taken out of the first ones.
pub struct Arguments {
    pub texts: Array,
    pub vectors: Vec<f32>,
    /// Triples for documents, lengths for a query.
    pub layout: Vec<u32>,
}

impl Arguments {
    /// A text; an absent one is empty.
    pub fn text(&self, at: u32) -> String {
        self.texts.get(at).as_string().unwrap_or_default()
    }

    /// A text that is JSON, if it is there.
    pub fn value(&self, at: u32) -> Result<Option<Value>> {
        self.texts.get(at).as_string().map(|text| json::parse(&text)).transpose()
    }

    /// A text that is JSON; an absent one is as wrong as an empty one.
    pub fn required(&self, at: u32) -> Result<Value> {
        json::parse(&self.text(at))
    }

    /// Tells the function that came with the call how far it has come. It does not throw.
    pub fn report(&self, done: usize, total: usize) -> bool {
        let told = self.texts.get(0);
        told.is_function()
            && told
                .unchecked_ref::<Function>()
                .call2(&JsValue::NULL, &(done as f64).into(), &(total as f64).into())
                .is_ok_and(|is_over| is_over.is_truthy())
    }

    /// Puts each vector into its document.
    pub fn attach(&self, documents: &mut [Document], schema: &Schema) -> Result<()> {
        let mut rest = self.vectors.as_slice();
        for place in self.layout.chunks(3) {
            let &[document, field, length] = place else { return Err(misplaced()) };
            let (vector, behind) = rest.split_at_checked(length as usize).ok_or_else(misplaced)?;
            let name = &schema.fields.get(field as usize).ok_or_else(misplaced)?.name;
            documents.get_mut(document as usize).ok_or_else(misplaced)?.set(name, vector.into());
            rest = behind;
        }
        Ok(())
    }

    /// The documents of a batch.
    pub fn documents(&self, schema: &Schema) -> Result<Vec<Document>> {
        let Value::Array(items) = self.required(0)? else { return Err(misplaced()) };
        let mut documents = Vec::new();
        for (at, item) in items.into_iter().enumerate() {
            documents.push(Document::from_json(item).map_err(|error| error.with("document", at))?);
        }
        self.attach(&mut documents, schema)?;
        Ok(documents)
    }

    /// A query with its vectors put back.
    pub fn query(&self) -> Result<Value> {
        let mut query = self.required(0)?;
        let mut rest = self.vectors.as_slice();
        if let Value::Object(members) = &mut query
            && let Some((_, Value::Array(legs))) = members.iter_mut().find(|(name, _)| name == "vector")
        {
            for (leg, &length) in legs.iter_mut().zip(&self.layout).filter(|(_, length)| **length != LEFT_IN_JSON) {
                let (vector, behind) = rest.split_at_checked(length as usize).ok_or_else(misplaced)?;
                rest = behind;
                if let Value::Object(options) = leg {
                    options.push(("value".into(), vector.into()));
                }
            }
        }
        Ok(query)
    }
}

/// A value, and the vectors that were taken out of its documents.
pub struct Answer {
    value: Value,
    vectors: Vec<f32>,
    layout: Vec<u32>,
}

impl Answer {
    /// An answer without vectors.
    pub fn new(value: Value) -> Self {
        Self { value, vectors: Vec::new(), layout: Vec::new() }
    }

    /// A document.
    pub fn of_document(mut document: Document, schema: &Schema) -> Self {
        let mut answer = Self::new(Value::Null);
        answer.take_vectors(0, &mut document, schema);
        answer.value = document.to_value();
        answer
    }

    /// A page of documents.
    pub fn of_page(page: ListPage, schema: &Schema) -> Self {
        let mut answer = Self::new(Value::Null);
        let mut documents = Vec::new();
        for (at, mut document) in page.documents.into_iter().enumerate() {
            answer.take_vectors(at, &mut document, schema);
            documents.push(document.to_value());
        }
        answer.value = Value::object().with("documents", documents).with("more", page.more);
        answer
    }

    /// A search's answer.
    pub fn of_search(mut result: SearchResult, schema: &Schema) -> Self {
        let mut answer = Self::new(Value::Null);
        let grouped = result.groups.iter_mut().flatten().flat_map(|group| &mut group.hits);
        for (at, hit) in result.hits.iter_mut().chain(grouped).enumerate() {
            answer.take_vectors(at, &mut hit.document, schema);
        }
        answer.value = result.to_value();
        answer
    }

    fn take_vectors(&mut self, at: usize, document: &mut Document, schema: &Schema) {
        document.fields.retain(|(name, value)| match (value, schema.position(name)) {
            (Value::Vector(vector), Some(field)) => {
                self.layout.extend([at as u32, field as u32, vector.len() as u32]);
                self.vectors.extend_from_slice(vector);
                false
            }
            _ => true,
        });
    }

    /// What JavaScript gets.
    pub fn encode(&self) -> JsValue {
        let vectors = Float32Array::from(self.vectors.as_slice());
        let layout = Uint32Array::from(self.layout.as_slice());
        Array::of3(&json::write(&self.value).into(), &vectors, &layout).into()
    }
}

fn misplaced() -> Error {
    Error::expected(&"vectors", &"documents with a layout that fits them", &"another")
}
