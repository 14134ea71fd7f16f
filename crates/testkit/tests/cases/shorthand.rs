//! Shorthands for values that are too long to write.

use sanderling::Value;

/// Puts values in the place of the shorthands for long ones: `@text`, `@numbers`, `@nested`.
pub fn expand(value: &Value) -> Value {
    let members = match value {
        Value::Array(items) => return Value::Array(items.iter().map(expand).collect()),
        Value::Object(members) => members,
        other => return other.clone(),
    };
    match members.as_slice() {
        [(name, operand)] if name.starts_with('@') => expand_shorthand(name, operand),
        members => Value::Object(members.iter().map(|(name, value)| (name.clone(), expand(value))).collect()),
    }
}

fn expand_shorthand(name: &str, operand: &Value) -> Value {
    let times = |value: &Value| value.as_number().expect("a number of times") as usize;
    match (name, operand) {
        ("@text", Value::Array(parts)) => parts[0].as_text().expect("a text").repeat(times(&parts[1])).into(),
        ("@numbers", count) => Value::Array((0..times(count)).map(Value::from).collect()),
        ("@nested", Value::Array(parts)) => {
            let key = parts[0].as_text().expect("a key");
            let wrap = |inner, _| Value::Object(vec![(key.into(), inner)]);
            (0..times(&parts[1])).fold(parts[2].clone(), wrap)
        }
        other => panic!("no such shorthand: {other:?}"),
    }
}
