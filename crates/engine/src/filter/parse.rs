//! The JSON spelling of a filter.

use super::{Filter, Operand, Side, Test};
use crate::{
    Error, ErrorCode, Result, Schema, Value,
    attributes::{GeoArea, GeoBox, GeoPoint, GeoRadius, degrees},
    document::{parse_iso, quoted, reader::ObjectReader},
    limits::{FILTER_DEPTH_MAX, FILTER_NODES_MAX, FILTER_VALUES_MAX},
    lists::try_map,
    schema::{AttributeKind, FieldKind},
};
use alloc::{boxed::Box, vec::Vec};
use core::fmt::Display;

pub(super) fn filter(value: &Value, schema: &Schema) -> Result<Filter> {
    Parser { schema, nodes: 0 }.group(value, 1)
}

/// What both spellings check alike.
pub(super) struct Parser<'a> {
    pub(super) schema: &'a Schema,
    /// The conditions so far.
    pub(super) nodes: usize,
}

impl Parser<'_> {
    /// An object: all of its members hold.
    fn group(&mut self, value: &Value, depth: usize) -> Result<Filter> {
        check_depth(&"filter", depth)?;
        let Value::Object(members) = value else { return Err(problem(&"filter", &"an object", &value.describe())) };
        let mut parts = Vec::new();
        for (key, value) in members {
            self.count_node(&"filter")?;
            parts.push(match key.as_str() {
                "$and" => Filter::All(self.list(key, value, depth)?),
                "$or" => Filter::Any(self.list(key, value, depth)?),
                "$not" => Filter::Not(Box::new(self.group(value, depth + 1)?)),
                name if name.starts_with('$') => return Err(problem(&"filter", &"$and, $or, $not or a field", &name)),
                name => self.field(name, value)?,
            });
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn list(&mut self, key: &str, value: &Value, depth: usize) -> Result<Vec<Filter>> {
        match value {
            Value::Array(items) => try_map(items, |item| self.group(item, depth + 1)),
            other => Err(problem(&key, &"an array of filters", &other.describe())),
        }
    }

    /// `{ field: value }` is equality, `{ field: { $op: operand } }` one or several tests.
    fn field(&mut self, name: &str, value: &Value) -> Result<Filter> {
        let position = self.position(&"filter", name)?;
        let Value::Object(operators) = value else {
            return self.test(&format_args!("{name}.$eq"), position, "$eq", value);
        };
        let mut parts = Vec::new();
        for (operator, operand) in operators {
            self.count_node(&"filter")?;
            parts.push(self.test(&format_args!("{name}.{operator}"), position, operator, operand)?);
        }
        match parts.len() {
            0 => Err(problem(&name, &"a value or operators", &"an empty object")),
            1 => Ok(parts.remove(0)),
            _ => Ok(Filter::All(parts)),
        }
    }

    /// The place of a field in the schema.
    pub(super) fn position(&self, path: &dyn Display, name: &str) -> Result<usize> {
        self.schema.position(name).ok_or_else(|| {
            let names = self.schema.names(|_| true);
            problem(path, &format_args!("a field of the schema ({names})"), &quoted(name)).with("field", name)
        })
    }

    /// A field and an operator of the JSON spelling with its operand.
    pub(super) fn test(&self, path: &dyn Display, position: usize, operator: &str, operand: &Value) -> Result<Filter> {
        let field = &self.schema.fields[position];
        if operator == "$exists" {
            return match operand {
                Value::Boolean(exists) => Ok(Filter::Exists(position, *exists)),
                other => Err(problem(path, &"true or false", &other.describe())),
            };
        }
        let FieldKind::Attribute(attribute) = &field.kind else {
            let expected = "a field that is compared (text and vector fields have $exists alone)";
            return Err(problem(path, &expected, &field.name));
        };
        let kind = attribute.kind;
        if (kind == AttributeKind::Geo) != operator.starts_with("$geo") {
            let expected = match kind {
                AttributeKind::Geo => "$geoBox, $geoRadius or $exists (geo field)",
                _ => "a geo field",
            };
            return Err(problem(path, &expected, &operator));
        }
        let side = |side| Ok(Test::Ordered(side, one(path, kind, operand)?));
        let test = match operator {
            "$eq" | "$contains" => Test::Equal(one(path, kind, operand)?),
            "$ne" => Test::NotEqual(one(path, kind, operand)?),
            "$in" => Test::In(several(path, kind, operand)?),
            "$nin" => Test::NotIn(several(path, kind, operand)?),
            "$gt" => side(Side::Greater)?,
            "$gte" => side(Side::GreaterOrEqual)?,
            "$lt" => side(Side::Less)?,
            "$lte" => side(Side::LessOrEqual)?,
            "$startsWith" => match operand {
                Value::Text(prefix) => Test::StartsWith(prefix.clone()),
                other => return Err(problem(path, &"a string", &other.describe())),
            },
            "$geoBox" => Test::Within(GeoArea::Box(geo_box(path, operand).map_err(as_filter)?)),
            "$geoRadius" => Test::Within(GeoArea::Radius(geo_radius(path, operand).map_err(as_filter)?)),
            other => {
                let known = "$eq $ne $gt $gte $lt $lte $in $nin $exists $contains $startsWith";
                return Err(problem(&field.name, &known, &quoted(other)));
            }
        };
        Ok(Filter::Test(position, test))
    }

    /// One more condition.
    pub(super) fn count_node(&mut self, path: &dyn Display) -> Result<()> {
        self.nodes += 1;
        if self.nodes > FILTER_NODES_MAX {
            return Err(problem(path, &format_args!("at most {FILTER_NODES_MAX} conditions"), &"more"));
        }
        Ok(())
    }
}

pub(super) fn check_depth(path: &dyn Display, depth: usize) -> Result<()> {
    if depth > FILTER_DEPTH_MAX {
        return Err(problem(path, &format_args!("at most {FILTER_DEPTH_MAX} levels"), &"more"));
    }
    Ok(())
}

fn several(path: &dyn Display, kind: AttributeKind, operand: &Value) -> Result<Vec<Operand>> {
    let Value::Array(items) = operand else { return Err(problem(path, &"an array", &operand.describe())) };
    if items.len() > FILTER_VALUES_MAX {
        return Err(problem(path, &format_args!("at most {FILTER_VALUES_MAX} values"), &items.len()));
    }
    try_map(items, |item| one(path, kind, item))
}

fn one(path: &dyn Display, kind: AttributeKind, operand: &Value) -> Result<Operand> {
    Ok(match (kind, operand) {
        (AttributeKind::Keyword, Value::Text(text)) => Operand::Keyword(text.clone()),
        (_, Value::Number(number)) if !number.is_finite() => {
            return Err(problem(path, &"a finite number", &"NaN or infinity"));
        }
        (AttributeKind::Number | AttributeKind::Date, Value::Number(number)) => Operand::Number(*number),
        (AttributeKind::Date, Value::Text(text)) => parse_iso(text).map_or(Operand::Foreign, Operand::Number),
        (AttributeKind::Boolean, Value::Boolean(value)) => Operand::Boolean(*value),
        (_, Value::Text(_) | Value::Number(_) | Value::Boolean(_)) => Operand::Foreign,
        (_, other) => return Err(problem(path, &"a string, number or boolean", &other.describe())),
    })
}

fn geo_box(path: &dyn Display, operand: &Value) -> Result<GeoBox> {
    let mut bounds = ObjectReader::new(operand, path)?;
    let [north, south, east, west] = [("north", 90.0), ("south", 90.0), ("east", 180.0), ("west", 180.0)]
        .map(|(name, most)| degrees(&mut bounds, name, most));
    let area = GeoBox { north: north?, south: south?, east: east?, west: west? };
    bounds.finish()?;
    if area.south > area.north {
        return Err(problem(path, &"a south that is not above the north", &Value::Number(area.south)));
    }
    Ok(area)
}

fn geo_radius(path: &dyn Display, operand: &Value) -> Result<GeoRadius> {
    let mut circle = ObjectReader::new(operand, path)?;
    let [lat, lon] = [("lat", 90.0), ("lon", 180.0)].map(|(name, most)| degrees(&mut circle, name, most));
    let center = GeoPoint { lat: lat?, lon: lon? };
    let Some(meters) = circle.number_within("meters", 0.0, f64::MAX)? else {
        return Err(circle.wrong("meters", &"a number from 0", &"nothing"));
    };
    circle.finish()?;
    Ok(GeoRadius { center, meters })
}

/// An error in what an area is made of is one of the filter.
fn as_filter(error: Error) -> Error {
    let details = error.details().iter();
    details.fold(Error::new(ErrorCode::Filter, error.message()), |error, (name, value)| error.with(name, value.clone()))
}

pub(super) fn problem(path: &dyn Display, expected: &dyn Display, found: &dyn Display) -> Error {
    Error::mismatch(ErrorCode::Filter, path, expected, found)
}
