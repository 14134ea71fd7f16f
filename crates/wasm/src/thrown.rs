//! Errors on their way between Rust and JavaScript.

use alloc::{boxed::Box, format};
use core::pin::Pin;
use js_sys::{JSON, Promise, Reflect};
use sanderling::{Error, ErrorCode, Value, engine::document::json};
use wasm_bindgen::{JsCast, JsValue};

/// What JavaScript catches.
#[cold]
pub fn to_js(error: &Error) -> JsValue {
    let details = Value::Object(error.details().to_vec());
    let thrown = Value::object().with("code", error.code().as_str()).with("message", error.message());
    encode(&thrown.with("details", details))
}

/// A value as a plain JavaScript object: the host's own reader of JSON makes it, which is there already.
pub fn encode(value: &Value) -> JsValue {
    JSON::parse(&json::write(value)).unwrap_or_else(|thrown| thrown)
}

/// What a storage threw. One of our own errors keeps its code, a full medium is told by its name.
pub fn from_js(thrown: &JsValue, action: &str) -> Error {
    let field = |name: &str| Reflect::get(thrown, &name.into()).ok().and_then(|value| value.as_string());
    let (name, own_code) = (field("name").unwrap_or_default(), field("code").unwrap_or_default());
    let message = field("message").or_else(|| thrown.as_string()).unwrap_or_else(|| format!("{thrown:?}"));
    let code = match (name.as_str(), own_code.as_str()) {
        ("QuotaExceededError", _) | (_, "ENOSPC" | "EDQUOT") => ErrorCode::Quota,
        (_, code) => ErrorCode::from_text(code).unwrap_or(ErrorCode::Unavailable),
    };
    Error::new(code, format!("cannot {action}: {message}")).with("cause", name)
}

/// A call as a promise. Every exported call that waits goes through here, so that the code which drives a future exists
/// once.
pub fn promise(answer: impl Future<Output = Result<JsValue, Error>> + 'static) -> Promise {
    drive(Box::pin(answer))
}

fn drive(answer: Pin<Box<dyn Future<Output = Result<JsValue, Error>>>>) -> Promise {
    wasm_bindgen_futures::future_to_promise(async move { answer.await.map_err(|error| to_js(&error)) })
}

/// Awaits what a function gave back, if it is a promise.
pub async fn settled(returned: Result<JsValue, JsValue>, action: &str) -> Result<JsValue, Error> {
    let value = returned.map_err(|thrown| from_js(&thrown, action))?;
    let then = if value.is_object() { Reflect::get(&value, &"then".into()).ok() } else { None };
    if !then.is_some_and(|then| then.is_function()) {
        return Ok(value);
    }
    let promise = value.dyn_into().unwrap_or_else(|thenable| Promise::resolve(&thenable));
    wasm_bindgen_futures::JsFuture::from(promise).await.map_err(|thrown| from_js(&thrown, action))
}
