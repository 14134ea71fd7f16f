//! Schemas put together in Rust.

use super::{AttributeField, AttributeKind, Field, FieldKind, Schema, StopWords, TextField, VectorField};
use crate::{
    Error, ErrorCode, Result,
    document::quoted,
    text::Language,
    vector::{IndexKind, Metric, Quantization},
};
use alloc::string::String;

impl Default for TextField {
    /// As in a schema that names the type alone.
    fn default() -> Self {
        let (language, stop_words) = (Language::None, StopWords::Off);
        Self { weight: 1.0, language, stop_words, positions: true, many: false }
    }
}

impl VectorField {
    /// As in a schema that names type and dimensions alone.
    #[must_use]
    pub fn new(dimensions: usize) -> Self {
        let (index, quantization) = (IndexKind::Auto, Quantization::Auto);
        Self { dimensions, metric: Metric::Cosine, index, recall: 0.95, quantization }
    }
}

impl Schema {
    /// A schema without fields.
    ///
    /// ```
    /// use sanderling_engine::{Schema, schema::{AttributeKind, TextField, VectorField}, vector::Metric};
    /// let schema = Schema::new()
    ///     .text("title", TextField { weight: 2.0, ..TextField::default() })
    ///     .attribute("year", AttributeKind::Number)
    ///     .attributes("tags", AttributeKind::Keyword)
    ///     .vector("vector", VectorField { metric: Metric::Dot, ..VectorField::new(384) });
    /// let same = r#"{ "fields": { "title": { "type": "text", "weight": 2 }, "year": { "type": "number" },
    ///     "tags": { "type": "keyword", "many": true }, "vector": { "type": "vector", "dimensions": 384, "metric": "dot" } } }"#;
    /// assert_eq!(schema, Schema::from_json(same)?);
    /// # Ok::<(), sanderling_engine::Error>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { fields: Default::default() }
    }

    /// Adds a text field.
    #[must_use]
    pub fn text(self, name: impl Into<String>, field: TextField) -> Self {
        self.field(name.into(), FieldKind::Text(field))
    }

    /// Adds a field with one value.
    #[must_use]
    pub fn attribute(self, name: impl Into<String>, kind: AttributeKind) -> Self {
        self.field(name.into(), FieldKind::Attribute(AttributeField { kind, many: false }))
    }

    /// Adds a field with any number of values.
    #[must_use]
    pub fn attributes(self, name: impl Into<String>, kind: AttributeKind) -> Self {
        self.field(name.into(), FieldKind::Attribute(AttributeField { kind, many: true }))
    }

    /// Adds a vector field.
    #[must_use]
    pub fn vector(self, name: impl Into<String>, field: VectorField) -> Self {
        self.field(name.into(), FieldKind::Vector(field))
    }

    fn field(mut self, name: String, kind: FieldKind) -> Self {
        self.fields.push(Field { name, kind });
        self
    }

    /// Refuses what is beyond the bounds of the contract. A schema that was read from JSON never is.
    pub fn check(&self) -> Result<()> {
        for (at, field) in self.fields.iter().enumerate() {
            if self.position(&field.name) != Some(at) {
                let expected = "names that differ";
                return Err(Error::mismatch(ErrorCode::Schema, &"fields", &expected, &quoted(&field.name)));
            }
        }
        Self::from_json(self.to_value()).map(drop)
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builders_have_the_bounds_of_json() {
        let text = |weight| TextField { weight, ..TextField::default() };
        let vector = |recall| VectorField { recall, ..VectorField::new(2) };
        let number = AttributeKind::Number;
        for wrong in [
            Schema::new().text("", text(1.0)),
            Schema::new().attribute("id", number),
            Schema::new().attribute("$and", number),
            Schema::new().attribute("a", number).attributes("a", number),
            Schema::new().text("t", text(0.0)),
            Schema::new().text("t", text(f32::NAN)),
            Schema::new().vector("v", VectorField::new(0)),
            Schema::new().vector("v", VectorField::new(5_000)),
            Schema::new().vector("v", vector(f64::NAN)),
            Schema::new().vector("v", vector(1.5)),
        ] {
            assert_eq!(wrong.check().map_err(|error| error.code()), Err(ErrorCode::Schema), "{wrong:?}");
        }
        let right = Schema::new().text("t", text(0.1)).attributes("g", AttributeKind::Geo).vector("v", vector(0.9));
        assert_eq!(right.check(), Ok(()));
        assert_eq!(Schema::from_json(right.to_value()), Ok(right));
    }
}
