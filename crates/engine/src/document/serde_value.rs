//! Values through serde, so that any serde format carries them.

#[cfg(feature = "serde_json")]
use super::Json;
use super::value::{Value, unique_members};
use crate::limits::ID_INTEGER_MAX;
#[cfg(feature = "serde_json")]
use crate::{Error, ErrorCode};
use alloc::{string::String, vec::Vec};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
    ser::{Error as _, SerializeMap},
};

#[cfg(feature = "serde_json")]
impl Json for serde_json::Value {
    fn to_value(self) -> crate::Result<Value> {
        Value::deserialize(self).map_err(|error| unreadable(&error))
    }
}

#[cfg(feature = "serde_json")]
impl Json for &serde_json::Value {
    fn to_value(self) -> crate::Result<Value> {
        Value::deserialize(self).map_err(|error| unreadable(&error))
    }
}

#[cfg(feature = "serde_json")]
fn unreadable(error: &serde_json::Error) -> Error {
    Error::new(ErrorCode::Invalid, alloc::format!("expected JSON: {error}"))
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serialize_number(*value, serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Vector(values) => serializer.collect_seq(values.iter().map(|value| Self::Number(f64::from(*value)))),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

/// Writes whole numbers without a fraction, as JavaScript does.
fn serialize_number<S: Serializer>(value: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if !value.is_finite() {
        return Err(S::Error::custom("a number that is not finite"));
    }
    let whole = value as i64;
    let exact = whole.unsigned_abs() <= ID_INTEGER_MAX && (whole as f64).to_bits() == value.to_bits();
    if exact { serializer.serialize_i64(whole) } else { serializer.serialize_f64(value) }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        if value.is_finite() { Ok(Value::Number(value)) } else { Err(E::custom("a number that is not finite")) }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = entries.next_entry::<String, Value>()? {
            members.push(member);
        }
        if members.len() > u32::MAX as usize {
            return Err(A::Error::custom("too many members"));
        }
        Ok(Value::Object(unique_members(members)))
    }
}
