//! Any text is a filter or refused where it goes wrong, and a filter's own text means the same.

use super::{
    collection::Collection,
    filters::{json_of, schema, text_of},
    input::Input,
};
use sanderling_engine::{Document, ErrorCode, Value, filter::Filter};
use std::sync::OnceLock;

/// All of the input is the text.
///
/// # Panics
///
/// When a property does not hold.
pub fn filter_text(data: &[u8]) {
    let text = Input::new(data).text();
    let schema = schema();
    let filter = match Filter::from_value(&Value::from(text.as_ref()), &schema) {
        Ok(filter) => filter,
        Err(error) => {
            assert!([ErrorCode::Filter, ErrorCode::Unsupported].contains(&error.code()), "{error:?}");
            let position = error.details().iter().find(|(name, _)| name == "position");
            let position = position.and_then(|(_, position)| position.as_number()).expect("a position");
            assert!(position <= text.chars().count() as f64, "{position} is behind the end of {text:?}");
            return;
        }
    };
    let written = text_of(&filter, &schema);
    let again = Filter::from_value(&Value::from(written.as_str()), &schema);
    assert_eq!(again.as_ref(), Ok(&filter), "{written}");
    match Filter::from_value(&json_of(&filter, &schema), &schema) {
        Ok(of_json) => assert_eq!(of_json, filter, "{written}"),
        // `$and` and `$or` are levels in JSON, where the text needs no parentheses.
        Err(error) => assert!(error.message().contains("levels"), "{error:?}"),
    }
    static COLLECTION: OnceLock<Collection> = OnceLock::new();
    let collection = COLLECTION.get_or_init(documents);
    let all = collection.count(&Value::object());
    let passing = collection.count(&Value::from(text.as_ref()));
    let negated = collection.count(&Value::object().with("$not", json_of(&filter, &schema)));
    assert!(negated.is_err() || passing.map(|count| count + negated.unwrap_or_default()) == all, "{written}");
}

fn documents() -> Collection {
    let fields = super::filters::fields();
    let mut collection = Collection::new(&fields);
    let documents = [
        r#"{ "id": 1, "title": "shore", "author": "ann", "tags": ["birds", "it's"], "year": 1999, "added": "2020-01-01" }"#,
        r#"{ "id": 2, "author": "", "tags": [], "year": -3.5, "scores": [1, 5], "inPrint": true, "a name": 2 }"#,
        r#"{ "id": 3, "author": "bob", "scores": [0], "inPrint": false, "not": "x", "\"quoted\"": "", "größe-2.x": 1e21 }"#,
        r#"{ "id": 4 }"#,
    ];
    for (at, document) in documents.into_iter().enumerate() {
        collection.put(&[Document::from_json(document).expect("a document")]);
        if at == 1 {
            collection.seal();
        }
    }
    collection
}
