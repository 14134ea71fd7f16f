//! Filters back to what they are read from, as text and as JSON.

use sanderling_engine::{
    Schema, Value,
    attributes::{GeoArea, GeoBox, GeoPoint, GeoRadius},
    filter::{Filter, Operand, Side, Test},
    schema::{AttributeKind, FieldKind},
};

/// A schema with a field of each kind that a filter may have to do with, some with names that need quotes.
///
/// # Panics
///
/// Never: the schema is right.
#[must_use]
pub fn schema() -> Schema {
    Schema::from_json(Value::object().with("fields", fields())).expect("a schema")
}

pub(super) fn fields() -> Value {
    let fields = [
        ("title", "text", false),
        ("author", "keyword", false),
        ("tags", "keyword", true),
        ("year", "number", false),
        ("scores", "number", true),
        ("added", "date", false),
        ("inPrint", "boolean", false),
        ("a name", "number", false),
        ("not", "keyword", false),
        ("\"quoted\"", "keyword", false),
        ("größe-2.x", "number", false),
        ("place", "geo", false),
    ];
    fields.iter().fold(Value::object(), |fields, (name, kind, many)| {
        let field = Value::object().with("type", *kind);
        fields.with(name, if *many { field.with("many", true) } else { field })
    })
}

/// What stands around a filter, which decides whether it needs parentheses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    Or,
    And,
    Not,
}

/// A filter as text, with no parentheses but those that it needs. No text stands for an `$and` or `$or` of less than two.
///
/// # Panics
///
/// When the filter has such a one, or fields that the schema has not.
#[must_use]
pub fn text_of(filter: &Filter, schema: &Schema) -> String {
    written(filter, schema, Around::Nothing)
}

fn written(filter: &Filter, schema: &Schema, around: Around) -> String {
    let joined = |parts: &[Filter], word: &str, inside, is_bare| {
        assert!(parts.len() > 1, "no text stands for {filter:?}");
        let parts: Vec<String> = parts.iter().map(|part| written(part, schema, inside)).collect();
        let text = parts.join(word);
        if is_bare { text } else { format!("({text})") }
    };
    match filter {
        Filter::All(parts) => match between(parts, schema) {
            Some(text) => text,
            None => joined(parts, " AND ", Around::And, matches!(around, Around::Nothing | Around::Or)),
        },
        Filter::Any(parts) => joined(parts, " OR ", Around::Or, around == Around::Nothing),
        Filter::Not(part) => format!("NOT {}", written(part, schema, Around::Not)),
        Filter::Exists(field, true) => format!("EXISTS {}", name(*field, schema)),
        Filter::Exists(field, false) => panic!("no text says that field {field} is absent, but NOT EXISTS does"),
        Filter::Test(field, Test::Within(area)) => {
            let (call, numbers) = match area {
                GeoArea::Box(GeoBox { north, south, east, west }) => ("GEO_BOX", vec![*north, *south, *east, *west]),
                GeoArea::Radius(GeoRadius { center: GeoPoint { lat, lon }, meters }) => {
                    ("GEO_RADIUS", vec![*lat, *lon, *meters])
                }
            };
            let numbers: Vec<String> = numbers.into_iter().map(|number| literal(&Value::Number(number))).collect();
            format!("{call}({}, {})", name(*field, schema), numbers.join(", "))
        }
        Filter::Test(field, test) => format!("{} {}", name(*field, schema), test_text(test, kind(*field, schema))),
    }
}

/// `$gte` and `$lte` of one field, alone.
fn between(parts: &[Filter], schema: &Schema) -> Option<String> {
    let [Filter::Test(field, Test::Ordered(Side::GreaterOrEqual, from)), Filter::Test(other, to)] = parts else {
        return None;
    };
    let Test::Ordered(Side::LessOrEqual, to) = to else { return None };
    let kind = kind(*field, schema);
    let operands = [from, to].map(|operand| literal(&value(operand, kind)));
    (field == other).then(|| format!("{} BETWEEN {}", name(*field, schema), operands.join(" AND ")))
}

fn test_text(test: &Test, kind: AttributeKind) -> String {
    let one = |sign: &str, operand| format!("{sign} {}", literal(&value(operand, kind)));
    let list = |operands: &[Operand]| {
        let values: Vec<String> = operands.iter().map(|operand| literal(&value(operand, kind))).collect();
        format!("({})", values.join(", "))
    };
    match test {
        Test::Equal(operand) => one("=", operand),
        Test::NotEqual(operand) => one("<>", operand),
        Test::In(operands) => format!("IN {}", list(operands)),
        Test::NotIn(operands) => format!("NOT IN {}", list(operands)),
        Test::Ordered(Side::Greater, operand) => one(">", operand),
        Test::Ordered(Side::GreaterOrEqual, operand) => one(">=", operand),
        Test::Ordered(Side::Less, operand) => one("<", operand),
        Test::Ordered(Side::LessOrEqual, operand) => one("<=", operand),
        Test::StartsWith(prefix) => format!("STARTS WITH {}", literal(&Value::from(prefix.as_str()))),
        Test::Within(_) => panic!("an area is not written behind its field"),
    }
}

fn name(field: usize, schema: &Schema) -> String {
    format!("\"{}\"", schema.fields[field].name.replace('"', "\"\""))
}

fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        other => other.to_string(),
    }
}

fn kind(field: usize, schema: &Schema) -> AttributeKind {
    match &schema.fields[field].kind {
        FieldKind::Attribute(attribute) => attribute.kind,
        other => panic!("{other:?} is not compared"),
    }
}

/// A value that is read as that operand.
fn value(operand: &Operand, kind: AttributeKind) -> Value {
    match (operand, kind) {
        (Operand::Keyword(text), _) => Value::from(text.as_str()),
        (Operand::Number(number), _) => Value::Number(*number),
        (Operand::Boolean(value), _) => Value::Boolean(*value),
        (Operand::Foreign, AttributeKind::Keyword | AttributeKind::Boolean) => Value::Number(0.0),
        (Operand::Foreign, AttributeKind::Number | AttributeKind::Date | AttributeKind::Geo) => Value::Boolean(true),
    }
}

/// A filter as JSON.
///
/// # Panics
///
/// When it has fields that the schema has not.
#[must_use]
pub fn json_of(filter: &Filter, schema: &Schema) -> Value {
    let list = |parts: &[Filter]| Value::Array(parts.iter().map(|part| json_of(part, schema)).collect());
    match filter {
        Filter::All(parts) => Value::object().with("$and", list(parts)),
        Filter::Any(parts) => Value::object().with("$or", list(parts)),
        Filter::Not(part) => Value::object().with("$not", json_of(part, schema)),
        Filter::Exists(field, exists) => {
            Value::object().with(&schema.fields[*field].name, Value::object().with("$exists", *exists))
        }
        Filter::Test(field, test) => {
            let (operator, operand) = test_json(test, kind(*field, schema));
            Value::object().with(&schema.fields[*field].name, Value::object().with(operator, operand))
        }
    }
}

fn test_json(test: &Test, kind: AttributeKind) -> (&'static str, Value) {
    let list = |operands: &[Operand]| Value::Array(operands.iter().map(|operand| value(operand, kind)).collect());
    match test {
        Test::Equal(operand) => ("$eq", value(operand, kind)),
        Test::NotEqual(operand) => ("$ne", value(operand, kind)),
        Test::In(operands) => ("$in", list(operands)),
        Test::NotIn(operands) => ("$nin", list(operands)),
        Test::Ordered(side, operand) => {
            let operator = match side {
                Side::Greater => "$gt",
                Side::GreaterOrEqual => "$gte",
                Side::Less => "$lt",
                Side::LessOrEqual => "$lte",
            };
            (operator, value(operand, kind))
        }
        Test::StartsWith(prefix) => ("$startsWith", Value::from(prefix.as_str())),
        Test::Within(GeoArea::Box(GeoBox { north, south, east, west })) => {
            ("$geoBox", numbers(&[("north", *north), ("south", *south), ("east", *east), ("west", *west)]))
        }
        Test::Within(GeoArea::Radius(GeoRadius { center, meters })) => {
            ("$geoRadius", numbers(&[("lat", center.lat), ("lon", center.lon), ("meters", *meters)]))
        }
    }
}

fn numbers(named: &[(&str, f64)]) -> Value {
    named.iter().fold(Value::object(), |object, (name, number)| object.with(name, *number))
}
