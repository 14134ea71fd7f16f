//! JSON text: what is read, what is refused and where, and that a general library reads and writes the same.

use sanderling_engine::{ErrorCode, Value, document::json};

mod random;
use random::Random;

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

fn offset(source: &str) -> f64 {
    let error = json::parse(source).expect_err(source);
    assert_eq!(error.code(), ErrorCode::Invalid, "{source}");
    assert!(error.message().starts_with("expected JSON: "), "{error}");
    let (name, offset) = &error.details()[0];
    assert_eq!(name, "offset");
    assert!(error.message().ends_with(&format!(" at byte {offset}")), "{error}");
    offset.as_number().unwrap()
}

#[test]
fn what_is_json_is_read() {
    for (source, expected) in [
        ("null", Value::Null),
        (" \t\r\n true \t\r\n ", Value::Boolean(true)),
        ("false", Value::Boolean(false)),
        ("0", Value::Number(0.0)),
        ("-12.50e+1", Value::Number(-125.0)),
        ("1E-2", Value::Number(0.01)),
        ("[]", Value::Array(vec![])),
        ("[ ]", Value::Array(vec![])),
        ("[1 , \"\"]", Value::Array(vec![Value::Number(1.0), text("")])),
        ("{ }", Value::Object(vec![])),
        ("{\"\" : {}}", Value::Object(vec![("".into(), Value::Object(vec![]))])),
        (r#""\"\\\/\b\f\n\r\t\u00e9\u20AC""#, text("\"\\/\u{8}\u{c}\n\r\té€")),
        ("\"é€😀\u{7f}\u{2028}\"", text("é€😀\u{7f}\u{2028}")),
    ] {
        assert_eq!(json::parse(source).unwrap(), expected, "{source}");
    }
}

#[test]
fn what_is_not_json_is_refused_where_it_ends_to_be_json() {
    for (source, at) in [
        ("", 0),
        ("  ", 2),
        ("\u{feff}1", 0),
        ("nul", 0),
        ("nullx", 4),
        ("True", 0),
        ("NaN", 0),
        ("Infinity", 0),
        ("'a'", 0),
        ("1 2", 2),
        ("+1", 0),
        ("-", 1),
        ("-a", 1),
        ("01", 1),
        ("-00", 2),
        (".5", 0),
        ("1.", 2),
        ("1.e1", 2),
        ("1e", 2),
        ("1e+", 3),
        ("1e1.5", 3),
        ("0x10", 1),
        ("1_000", 1),
        ("[", 1),
        ("[1", 2),
        ("[1,", 3),
        ("[1,]", 3),
        ("[,1]", 1),
        ("[1 2]", 3),
        ("[1}", 2),
        ("]", 0),
        ("{", 1),
        ("{\"a\"", 4),
        ("{\"a\":", 5),
        ("{\"a\":1", 6),
        ("{\"a\":1,", 7),
        ("{\"a\":1,}", 7),
        ("{\"a\" 1}", 5),
        ("{a:1}", 1),
        ("{1:1}", 1),
        ("{\"a\":1]", 6),
        ("// a\n1", 0),
        ("\"", 1),
        ("\"abc", 4),
        ("\"a\nb\"", 2),
        ("\"a\0b\"", 2),
        ("\"\\", 2),
        ("\"\\x\"", 2),
        ("\"\\u", 3),
        ("\"\\u12", 5),
        ("\"\\u12g4\"", 5),
        ("\"\\ud800\\u12\"", 11),
        ("1\0", 1),
        ("é", 0),
    ] {
        assert_eq!(offset(source), f64::from(at), "{source:?}");
    }
}

#[test]
fn surrogates_are_paired_and_a_single_one_is_replaced() {
    for (source, expected) in [
        (r#""\ud83d\ude00""#, "😀"),
        (r#""\uD834\uDD1E!""#, "𝄞!"),
        (r#""\udbff\udfff""#, "\u{10ffff}"),
        (r#""\ud83d""#, "\u{fffd}"),
        (r#""\ude00x""#, "\u{fffd}x"),
        (r#""\ud83d\u0041""#, "\u{fffd}A"),
        (r#""\ud83d\n""#, "\u{fffd}\n"),
        (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
        (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
    ] {
        assert_eq!(json::parse(source).unwrap(), text(expected), "{source}");
    }
}

#[test]
fn a_repeated_key_keeps_its_place_and_its_last_value() {
    let value = json::parse(r#"{"b":1,"a":2,"b":3,"c":4,"\u0061":5}"#).unwrap();
    assert_eq!(json::write(&value), r#"{"b":3,"a":5,"c":4}"#);
}

#[test]
fn the_nesting_is_bounded() {
    let nested = |depth: usize, open: &str, close: &str| open.repeat(depth) + "1" + &close.repeat(depth);
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let levels = open.matches(['[', '{']).count();
        let deepest = nested(128 / levels, open, close);
        assert_eq!(json::write(&json::parse(&deepest).unwrap()), deepest);
        assert!(json::parse(&format!("[{deepest}]")).is_err());
    }
    assert_eq!(offset(&nested(129, "[", "]")), 128.0);
    assert_eq!(json::parse(&"[],".repeat(10_000)).is_err(), true);
    assert!(json::parse(&format!("[{}[]]", "[],".repeat(10_000))).is_ok(), "siblings are not nested");
}

#[test]
fn hostile_texts_are_refused_quickly() {
    let long = 10 << 20;
    assert_eq!(offset(&"[".repeat(long)), 128.0);
    assert_eq!(offset(&"{\"\":".repeat(long / 4)), 4.0 * 128.0);
    assert_eq!(offset(&" ".repeat(long)), long as f64);
    assert_eq!(offset(&format!("\"{}", "a".repeat(long))), 1.0 + long as f64);
    assert_eq!(offset(&format!("\"{}", "\\u12".repeat(long / 4))), 5.0);
    assert_eq!(offset(&format!("[{}", "0,".repeat(long / 8))), 1.0 + (long / 4) as f64);
    assert_eq!(offset(&format!("-{}e", "1".repeat(long))), 2.0 + long as f64);
}

#[test]
fn every_cut_of_a_text_is_refused() {
    let source = r#"{"a":[1.5e-3,{"b":"\ud83d\ude00é\n"},true,false,null,[]],"c":{"d":"x"}}"#;
    assert!(json::parse(source).is_ok());
    for end in (0..source.len()).filter(|&end| source.is_char_boundary(end)) {
        assert_eq!(offset(&source[..end]).max(end as f64), end as f64, "{end}");
    }
}

#[test]
fn strings_are_escaped_where_they_must_be() {
    let all: String = (0..0x80).map(char::from).chain("é\u{2028}😀".chars()).collect();
    let written = json::write(&text(&all));
    assert_eq!(written, serde_json::to_string(&all).unwrap());
    assert_eq!(json::parse(&written).unwrap(), text(&all));
    assert_eq!(json::write(&text("")), "\"\"");
}

#[test]
fn a_vector_is_written_as_an_array() {
    assert_eq!(json::write(&Value::from(vec![1.0_f32, -0.5, 0.1])), "[1,-0.5,0.10000000149011612]");
    assert_eq!(json::write(&Value::from(Vec::<f32>::new())), "[]");
    assert_eq!(json::write(&Value::Number(f64::NAN)), "null");
    assert_eq!(Value::from(vec!["a", "b"]).to_string(), r#"["a","b"]"#);
}

/// The same value for another library.
fn converted(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Number(value) => (*value).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(converted).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), converted(value))).collect(),
        Value::Vector(values) => values.iter().map(|value| f64::from(*value)).collect(),
    }
}

/// Numbers as that library reads them without regard to how they are written.
fn floats(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(number) => number.as_f64().into(),
        serde_json::Value::Array(items) => items.into_iter().map(floats).collect(),
        serde_json::Value::Object(members) => members.into_iter().map(|(key, value)| (key, floats(value))).collect(),
        other => other,
    }
}

#[test]
fn generated_values_are_read_and_written_as_by_serde_json() {
    let mut random = Random(11);
    for _ in 0..20_000 {
        let value = random.value(4);
        let written = json::write(&value);
        let theirs: serde_json::Value = serde_json::from_str(&written).expect(&written);
        assert_eq!(floats(theirs), converted(&value), "{written}");
        assert_eq!(json::parse(&written).unwrap(), value, "{written}");
        let pretty = serde_json::to_string_pretty(&converted(&value)).unwrap();
        assert_eq!(converted(&json::parse(&pretty).expect(&pretty)), converted(&value), "{pretty}");
    }
}

#[test]
fn damaged_texts_are_refused_as_by_serde_json() {
    let mut random = Random(12);
    let pieces = ["[", "]", "{", "}", ",", ":", "\"", "\\", "0", "-", ".", "e", " ", "u", "1", "t", "\u{1}", "é"];
    for _ in 0..100_000 {
        let mut source = json::write(&random.value(2));
        for _ in 0..=random.below(2) {
            let at = source.floor_char_boundary(random.below(source.len() as u64 + 1) as usize);
            let end = source.ceil_char_boundary((at + random.below(3) as usize).min(source.len()));
            source.replace_range(at..end, pieces[random.below(pieces.len() as u64) as usize]);
        }
        let theirs = serde_json::from_str::<serde_json::Value>(&source);
        match (json::parse(&source), theirs) {
            (Ok(ours), Ok(theirs)) => assert_eq!(converted(&ours), floats(theirs), "{source}"),
            (Err(_), Err(_)) => {}
            // Half a surrogate pair is an error there.
            (Ok(ours), Err(_)) if ours.to_string().contains('\u{fffd}') => {}
            (ours, theirs) => panic!("{source}: {ours:?} and {theirs:?}"),
        }
    }
}

#[cfg(feature = "serde_json")]
#[test]
fn values_go_through_serde_and_back() {
    use sanderling_engine::document::Json;
    let mut random = Random(13);
    for _ in 0..2_000 {
        let value = random.value(3);
        let theirs = converted(&value);
        assert_eq!(converted(&(&theirs).to_value().unwrap()), theirs);
        assert_eq!(converted(&theirs.clone().to_value().unwrap()), theirs);
        assert_eq!(floats(serde_json::to_value(&value).unwrap()), theirs);
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value, "{text}");
    }
    assert_eq!(serde_json::from_str::<Value>(r#"{"a":1,"a":2}"#).unwrap().to_string(), r#"{"a":2}"#);
    assert!(serde_json::to_string(&Value::Number(f64::NAN)).is_err());
}
