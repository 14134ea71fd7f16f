//! Documents and queries as JSON text with their vectors beside it.

use alloc::vec::Vec;
use js_sys::{Float32Array, Object, Reflect, Uint32Array};
use sanderling::{Document, Error, Result, Schema, SearchResult, Value, engine::document::json};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const ENCODED: &str = "export type Encoded = { json: string; vectors: Float32Array; layout: Uint32Array };";

/// The length in the list of a query's vectors that says: this one was left in the JSON, because it is none.
const LEFT_IN_JSON: u32 = u32::MAX;

/// Puts each vector into its document.
pub fn attach(documents: &mut [Document], schema: &Schema, vectors: &[f32], layout: &[u32]) -> Result<()> {
    let mut rest = vectors;
    for place in layout.chunks(3) {
        let &[document, field, length] = place else { return Err(misplaced()) };
        let (vector, behind) = rest.split_at_checked(length as usize).ok_or_else(misplaced)?;
        let name = &schema.fields.get(field as usize).ok_or_else(misplaced)?.name;
        documents.get_mut(document as usize).ok_or_else(misplaced)?.set(name, vector.into());
        rest = behind;
    }
    Ok(())
}

/// The documents of a batch.
pub fn documents(text: &str, schema: &Schema, vectors: &[f32], layout: &[u32]) -> Result<Vec<Document>> {
    let Value::Array(items) = json::parse(text)? else { return Err(misplaced()) };
    let mut documents = Vec::new();
    for item in items {
        documents.push(Document::from_json(item)?);
    }
    attach(&mut documents, schema, vectors, layout)?;
    Ok(documents)
}

/// A query with its vectors put back.
pub fn query(text: &str, vectors: &[f32], lengths: &[u32]) -> Result<Value> {
    let mut query = json::parse(text)?;
    let mut rest = vectors;
    if let Value::Object(members) = &mut query
        && let Some((_, Value::Array(legs))) = members.iter_mut().find(|(name, _)| name == "vector")
    {
        for (leg, &length) in legs.iter_mut().zip(lengths).filter(|(_, length)| **length != LEFT_IN_JSON) {
            let (vector, behind) = rest.split_at_checked(length as usize).ok_or_else(misplaced)?;
            rest = behind;
            if let Value::Object(options) = leg {
                options.push(("value".into(), vector.into()));
            }
        }
    }
    Ok(query)
}

/// A search's answer.
pub fn result(mut result: SearchResult, schema: &Schema) -> JsValue {
    let mut packed = Packed::default();
    for (at, hit) in result.hits.iter_mut().enumerate() {
        packed.take_vectors(at, &mut hit.document, schema);
    }
    packed.encode(&result.to_value())
}

/// Some documents, inside whatever `wrap` makes of them.
pub fn encoded(mut documents: Vec<Document>, schema: &Schema, wrap: impl FnOnce(Vec<Value>) -> Value) -> JsValue {
    let mut packed = Packed::default();
    for (at, document) in documents.iter_mut().enumerate() {
        packed.take_vectors(at, document, schema);
    }
    let mut values = Vec::new();
    documents.iter().for_each(|document| values.push(document.to_value()));
    packed.encode(&wrap(values))
}

#[derive(Default)]
struct Packed {
    vectors: Vec<f32>,
    layout: Vec<u32>,
}

impl Packed {
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

    fn encode(&self, value: &Value) -> JsValue {
        let encoded = Object::new();
        let members: [(&str, JsValue); 3] = [
            ("json", json::write(value).into()),
            ("vectors", Float32Array::from(self.vectors.as_slice()).into()),
            ("layout", Uint32Array::from(self.layout.as_slice()).into()),
        ];
        for (name, value) in members {
            // A plain object of our own takes every property.
            let _ = Reflect::set(&encoded, &name.into(), &value);
        }
        encoded.into()
    }
}

fn misplaced() -> Error {
    Error::expected(&"vectors", &"documents with a layout that fits them", &"another")
}
