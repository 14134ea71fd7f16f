//! A filter as text and as JSON is one filter.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling_engine::{
    Schema,
    attributes::{GeoArea, GeoBox, GeoPoint, GeoRadius},
    filter::{Filter, Operand, Side, Test},
    schema::{AttributeKind, FieldKind},
};
use sanderling_testkit::fuzz::{
    filters::{json_of, schema, text_of},
    mutate::Random,
};

const TEXTS: [&str; 8] = ["", "a", "it's", "''", "\"x\" AND y", "ä😀\u{0}", "2020-01-01", "NOT"];
const NUMBERS: [f64; 10] = [0.0, -0.0, 1.0, -3.5, 1e21, -1e-7, 5e-324, f64::MAX, 1_577_836_800_000.0, 0.1];

fn operand(random: &mut Random, kind: AttributeKind) -> Operand {
    match kind {
        _ if random.below(8) == 0 => Operand::Foreign,
        AttributeKind::Keyword => Operand::Keyword(TEXTS[random.below(TEXTS.len())].into()),
        AttributeKind::Number | AttributeKind::Date => Operand::Number(NUMBERS[random.below(NUMBERS.len())]),
        AttributeKind::Boolean => Operand::Boolean(random.below(2) == 0),
        AttributeKind::Geo => Operand::Foreign,
    }
}

fn area(random: &mut Random) -> GeoArea {
    let mut degrees = |most: f64| (random.below(2_001) as f64 / 1_000.0 - 1.0) * most;
    let (lat, other, lon, east) = (degrees(90.0), degrees(90.0), degrees(180.0), degrees(180.0));
    match random.below(2) {
        0 => GeoArea::Box(GeoBox { north: lat.max(other), south: lat.min(other), east, west: lon }),
        _ => GeoArea::Radius(GeoRadius { center: GeoPoint { lat, lon }, meters: other.abs() * 1e5 }),
    }
}

fn condition(random: &mut Random, schema: &Schema) -> Filter {
    let field = random.below(schema.fields.len());
    let kind = match &schema.fields[field].kind {
        FieldKind::Attribute(attribute) if random.below(6) > 0 => attribute.kind,
        _ => return Filter::Exists(field, true),
    };
    if kind == AttributeKind::Geo {
        return Filter::Test(field, Test::Within(area(random)));
    }
    let sides = [Side::Greater, Side::GreaterOrEqual, Side::Less, Side::LessOrEqual];
    let test = match random.below(6) {
        0 => Test::Equal(operand(random, kind)),
        1 => Test::NotEqual(operand(random, kind)),
        2 => Test::In((0..random.below(4)).map(|_| operand(random, kind)).collect()),
        3 => Test::NotIn((0..random.below(4)).map(|_| operand(random, kind)).collect()),
        4 => Test::StartsWith(TEXTS[random.below(TEXTS.len())].into()),
        _ => Test::Ordered(sides[random.below(4)], operand(random, kind)),
    };
    Filter::Test(field, test)
}

fn tree(random: &mut Random, schema: &Schema, depth: usize) -> Filter {
    if depth == 0 || random.below(4) == 0 {
        return condition(random, schema);
    }
    let (kind, count) = (random.below(3), 2 + random.below(3));
    let mut parts = |count| (0..count).map(|_| tree(random, schema, depth - 1)).collect();
    match kind {
        0 => Filter::Not(Box::new(tree(random, schema, depth - 1))),
        1 => Filter::All(parts(count)),
        _ => Filter::Any(parts(count)),
    }
}

/// Keywords in another case and other space where it does not matter.
fn respelt(text: &str, random: &mut Random) -> String {
    let is_lower = random.below(2) == 0;
    let mut quote = None;
    let mut respelt = String::new();
    for character in text.chars() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        let is_free = quote.is_none();
        let changed = if is_free && is_lower { character.to_ascii_lowercase() } else { character };
        respelt.push(changed);
        if is_free && character == ' ' {
            respelt.push_str(["", "\n", "\t \r"][random.below(3)]);
        }
    }
    respelt
}

#[test]
fn text_and_json_give_the_same_tree() {
    let schema = schema();
    let mut random = Random(11);
    for at in 0..4_000 {
        let filter = tree(&mut random, &schema, at % 6);
        let (text, json) = (text_of(&filter, &schema), json_of(&filter, &schema));
        let read = |value| Filter::from_value(&value, &schema).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read(json), filter, "{text}");
        assert_eq!(read(text.as_str().into()), filter, "{text}");
        let respelt = respelt(&text, &mut random);
        assert_eq!(read(respelt.as_str().into()), filter, "{respelt}");
    }
}
