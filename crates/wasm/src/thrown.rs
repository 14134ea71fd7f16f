//! Errors on their way between Rust and JavaScript.

use alloc::{boxed::Box, format};
use core::pin::Pin;
use js_sys::{JSON, Promise, Reflect};
use sanderling::{Error, ErrorCode, Value, engine::document::json, storage::StorageFuture};
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
#[cold]
pub fn from_js(thrown: &JsValue, action: &str, name: &str) -> Error {
    let field = |name: &str| Reflect::get(thrown, &name.into()).ok().and_then(|value| value.as_string());
    let (kind, own_code) = (field("name").unwrap_or_default(), field("code").unwrap_or_default());
    let message = field("message").or_else(|| thrown.as_string()).unwrap_or_else(|| format!("{thrown:?}"));
    let code = match (kind.as_str(), own_code.as_str()) {
        ("QuotaExceededError", _) | (_, "ENOSPC" | "EDQUOT") => ErrorCode::Quota,
        (_, code) => ErrorCode::from_text(code).unwrap_or(ErrorCode::Unavailable),
    };
    Error::new(code, format!("cannot {action} {name}: {message}")).with("cause", kind)
}

/// A call as a promise.
pub fn promise(answer: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>) -> Promise {
    wasm_bindgen_futures::future_to_promise(answer)
}

/// Awaits what a function gave back, if it is a promise; `action` and `name` say what was tried on what.
pub fn settled<'a>(returned: Result<JsValue, JsValue>, action: &'a str, name: &'a str) -> StorageFuture<'a, JsValue> {
    Box::pin(async move {
        let mut settled = returned;
        if let Ok(value) = &settled
            && value.is_object()
            && Reflect::get(value, &"then".into()).is_ok_and(|then| then.is_function())
        {
            let promise = value.clone().dyn_into().unwrap_or_else(|thenable| Promise::resolve(&thenable));
            settled = wasm_bindgen_futures::JsFuture::from(promise).await;
        }
        settled.map_err(|thrown| from_js(&thrown, action, name))
    })
}

/// The same for a function that gives nothing back.
pub fn done<'a>(returned: Result<JsValue, JsValue>, action: &'a str, name: &'a str) -> StorageFuture<'a, ()> {
    let settled = settled(returned, action, name);
    Box::pin(async move { settled.await.map(drop) })
}
