//! What every [`Storage`] must do, whoever implements it. The driver relies on all of this and on nothing more.
//!
//! [`storage_contract`] looks at one handle, [`reopening_contract`] at what the next one finds, [`flush_contract`] at what a power
//! cut leaves.

use crate::sim::random::Random;
use pollster::block_on;
use sanderling::{
    ErrorCode,
    storage::{
        Durability::{self, Relaxed, Strict},
        Storage,
    },
};
use std::collections::BTreeMap;

/// Content by name.
type Objects = BTreeMap<String, Vec<u8>>;

/// More than a host takes in one piece, and no multiple of anything.
const BIG: usize = 3 * 1_024 * 1_024 + 77;
const MANY: usize = 200;

/// Every promise that one handle can keep. `make` gives an empty storage each time.
///
/// # Panics
///
/// When a promise is broken.
pub fn storage_contract(make: &dyn Fn() -> Box<dyn Storage>) {
    an_empty_storage(&*make());
    appends(&*make());
    writes(&*make());
    removals(&*make());
    ranges(&*make());
    names(&*make());
    many_objects(&*make());
    big_objects(&*make());
    for seed in 0..8 {
        like_a_map(&*make(), seed);
    }
    closing(&*make());
}

/// What was stored is there for the next handle. `open` gives the same medium each time, after the handle before was closed.
///
/// # Panics
///
/// When it is not.
pub fn reopening_contract(open: &dyn Fn() -> Box<dyn Storage>) {
    let mut objects = Objects::new();
    let mut random = Random::new(3);
    for round in 0..6 {
        let storage = open();
        check(&*storage, &objects);
        for _ in 0..12 {
            change_somehow(&*storage, &mut objects, &mut random);
        }
        append(&*storage, "log", &[round; 10], [Relaxed, Strict][usize::from(round % 2)]);
        objects.entry("log".into()).or_default().extend([round; 10]);
        check(&*storage, &objects);
        block_on(storage.close()).expect("it closes");
    }
    check(&*open(), &objects);
}

/// What a flush has reached survives a power cut. `cut` cuts the power; `open` then gives the same medium.
///
/// # Panics
///
/// When it does not.
pub fn flush_contract(open: &dyn Fn() -> Box<dyn Storage>, cut: &dyn Fn()) {
    let mut objects = Objects::new();
    for round in 0..20_u8 {
        let storage = open();
        check(&*storage, &objects);
        let name = format!("object-{}", round % 7);
        // The first bytes are relaxed, and made durable by a strict append of some bytes or none, or by a strict write.
        append(&*storage, &name, &[round; 700], Relaxed);
        objects.entry(name.clone()).or_default().extend([round; 700]);
        match round % 3 {
            0 => append(&*storage, &name, &[], Strict),
            1 => {
                append(&*storage, &name, b"end", Strict);
                objects.entry(name).or_default().extend(b"end");
            }
            _ => {
                write(&*storage, &name, &[round; 9], Strict);
                objects.insert(name, vec![round; 9]);
            }
        }
        check(&*storage, &objects);
        // Whoever is cut off does not close.
        drop(storage);
        cut();
    }
    check(&*open(), &objects);
}

fn an_empty_storage(storage: &dyn Storage) {
    assert!(!storage.kind().is_empty(), "it says what it is");
    check(storage, &Objects::new());
    let error = block_on(storage.read("absent", 0, 1)).expect_err("an object that is absent is no empty one");
    assert_eq!(error.code(), ErrorCode::Corrupt, "{error:?}");
    let file = error.details().iter().find(|(name, _)| name == "file");
    assert_eq!(file.and_then(|(_, name)| name.as_text()), Some("absent"), "the error names the object");
    remove(storage, "absent");
    check(storage, &Objects::new());
}

fn appends(storage: &dyn Storage) {
    append(storage, "a", b"one", Relaxed);
    check(storage, &objects(&[("a", b"one")]));
    append(storage, "a", b" two", Strict);
    append(storage, "a", b"", Strict);
    append(storage, "a", b"", Relaxed);
    append(storage, "a", b" three", Relaxed);
    append(storage, "empty", b"", Strict);
    append(storage, "empty-too", b"", Relaxed);
    check(storage, &objects(&[("a", b"one two three"), ("empty", b""), ("empty-too", b"")]));
    append(storage, "empty", b"no more", Strict);
    check(storage, &objects(&[("a", b"one two three"), ("empty", b"no more"), ("empty-too", b"")]));
}

fn writes(storage: &dyn Storage) {
    for durability in [Relaxed, Strict] {
        write(storage, "a", b"a long beginning", durability);
        check(storage, &objects(&[("a", b"a long beginning")]));
        write(storage, "a", b"short", durability);
        check(storage, &objects(&[("a", b"short")]));
        append(storage, "a", b"er", durability);
        check(storage, &objects(&[("a", b"shorter")]));
        write(storage, "a", b"much longer than before", durability);
        append(storage, "a", b"!", durability);
        check(storage, &objects(&[("a", b"much longer than before!")]));
        write(storage, "a", b"", durability);
        check(storage, &objects(&[("a", b"")]));
        append(storage, "a", b"again", durability);
        check(storage, &objects(&[("a", b"again")]));
    }
}

fn removals(storage: &dyn Storage) {
    for durability in [Relaxed, Strict] {
        write(storage, "kept", b"kept", durability);
        append(storage, "a", b"old content", durability);
        remove(storage, "a");
        check(storage, &objects(&[("kept", b"kept")]));
        assert!(block_on(storage.read("a", 0, 1)).is_err(), "what was removed is absent");
        remove(storage, "a");
        append(storage, "a", b"new", durability);
        check(storage, &objects(&[("a", b"new"), ("kept", b"kept")]));
        remove(storage, "a");
        write(storage, "a", b"written", durability);
        check(storage, &objects(&[("a", b"written"), ("kept", b"kept")]));
        remove(storage, "a");
    }
}

fn ranges(storage: &dyn Storage) {
    let bytes: Vec<u8> = (0..=255).cycle().take(1_000).collect();
    write(storage, "a", &bytes, Relaxed);
    for (offset, length) in [(0, 0), (0, 1), (0, 1_000), (1, 998), (999, 1), (512, 100), (1_000, 0)] {
        assert_eq!(
            read(storage, "a", offset, length),
            bytes[offset as usize..][..length],
            "{length} bytes from {offset}"
        );
    }
    assert_eq!(read(storage, "a", 990, 100), bytes[990..], "shorter where the object ends");
    for (offset, length) in [(1_000, 1), (1_001, 10), (1 << 40, 10), (u64::MAX, 10)] {
        assert!(read(storage, "a", offset, length).is_empty(), "{offset} is behind the end");
    }
    append(storage, "empty", b"", Relaxed);
    assert!(read(storage, "empty", 0, 10).is_empty());
}

/// All that a name may have, and names that begin alike.
fn names(storage: &dyn Storage) {
    let long = "a".repeat(100);
    let names = ["a", "a.b", "a-b", "a_b", "0", "wal-00000001", "wal-000000011", "manifest-a", "z.0_9-", &long];
    let objects: Objects = names.iter().map(|name| (String::from(*name), name.as_bytes().to_vec())).collect();
    for (name, bytes) in &objects {
        append(storage, name, bytes, Relaxed);
    }
    check(storage, &objects);
}

fn many_objects(storage: &dyn Storage) {
    let mut objects = Objects::new();
    for at in 0..MANY {
        let (name, bytes) = (format!("object-{at:04}"), at.to_string().into_bytes());
        write(storage, &name, &bytes, Relaxed);
        objects.insert(name, bytes);
    }
    check(storage, &objects);
    for at in (0..MANY).step_by(3) {
        let name = format!("object-{at:04}");
        remove(storage, &name);
        objects.remove(&name);
    }
    check(storage, &objects);
}

fn big_objects(storage: &dyn Storage) {
    let mut random = Random::new(1);
    let bytes: Vec<u8> = (0..BIG).map(|_| random.below(256) as u8).collect();
    write(storage, "big", &bytes, Strict);
    for piece in bytes.chunks(BIG / 3) {
        append(storage, "pieces", piece, Relaxed);
    }
    for name in ["big", "pieces"] {
        assert!(read(storage, name, 0, BIG) == bytes, "{name} is not what was stored");
        assert!(read(storage, name, 1 << 20, 1 << 20) == bytes[1 << 20..2 << 20], "a part of {name}");
        assert!(read(storage, name, BIG as u64 - 5, 1 << 20) == bytes[BIG - 5..], "the end of {name}");
    }
    write(storage, "big", b"small", Relaxed);
    remove(storage, "pieces");
    check(storage, &objects(&[("big", b"small")]));
}

/// Any calls in any order, beside a map.
fn like_a_map(storage: &dyn Storage, seed: u64) {
    let mut objects = Objects::new();
    let mut random = Random::new(seed);
    for _ in 0..60 {
        change_somehow(storage, &mut objects, &mut random);
        check(storage, &objects);
    }
}

fn change_somehow(storage: &dyn Storage, objects: &mut Objects, random: &mut Random) {
    let name = format!("object-{}", random.below(4));
    let bytes = vec![random.below(256) as u8; [0, 1, 30, 511, 512, 513, 2_000][random.below(7)]];
    let durability = [Relaxed, Strict][random.below(2)];
    match random.below(5) {
        0 => {
            remove(storage, &name);
            objects.remove(&name);
        }
        1 => {
            write(storage, &name, &bytes, durability);
            objects.insert(name, bytes);
        }
        _ => {
            append(storage, &name, &bytes, durability);
            objects.entry(name).or_default().extend(bytes);
        }
    }
}

/// Closed twice is closed; a later change is refused or happens, and nothing between.
fn closing(storage: &dyn Storage) {
    write(storage, "a", b"before", Strict);
    for _ in 0..2 {
        block_on(storage.close()).expect("it closes");
    }
    let changes = [
        (block_on(storage.append("a", b" and after", Strict)), "a", Some(&b"before and after"[..])),
        (block_on(storage.write("b", b"after", Strict)), "b", Some(b"after")),
        (block_on(storage.remove("b")), "b", None),
    ];
    for (change, name, expected) in changes {
        match change {
            Ok(()) if name == "a" => assert_eq!(read(storage, "a", 0, 100), expected.unwrap_or_default()),
            Ok(()) => {}
            Err(error) => assert!([ErrorCode::Closed, ErrorCode::Unavailable].contains(&error.code()), "{error:?}"),
        }
    }
    // Who refuses changes may refuse reads too.
    if let Ok(bytes) = block_on(storage.read("a", 0, 6)) {
        assert_eq!(bytes.as_ref(), b"before", "what was stored is not touched");
    }
}

fn objects(of: &[(&str, &[u8])]) -> Objects {
    of.iter().map(|(name, bytes)| (String::from(*name), bytes.to_vec())).collect()
}

fn append(storage: &dyn Storage, name: &str, bytes: &[u8], durability: Durability) {
    block_on(storage.append(name, bytes, durability)).unwrap_or_else(|error| panic!("append to {name}: {error:?}"));
}

fn write(storage: &dyn Storage, name: &str, bytes: &[u8], durability: Durability) {
    block_on(storage.write(name, bytes, durability)).unwrap_or_else(|error| panic!("write {name}: {error:?}"));
}

fn remove(storage: &dyn Storage, name: &str) {
    block_on(storage.remove(name)).unwrap_or_else(|error| panic!("remove {name}: {error:?}"));
}

fn read(storage: &dyn Storage, name: &str, offset: u64, length: usize) -> Vec<u8> {
    let bytes = block_on(storage.read(name, offset, length)).unwrap_or_else(|error| panic!("read {name}: {error:?}"));
    bytes.as_ref().to_vec()
}

/// The list, and the content of each object.
fn check(storage: &dyn Storage, objects: &Objects) {
    let mut listed: Vec<(String, u64)> =
        block_on(storage.list()).expect("a list").into_iter().map(|object| (object.name, object.bytes)).collect();
    listed.sort();
    let expected: Vec<(String, u64)> = objects.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect();
    assert_eq!(listed, expected, "the list");
    for (name, bytes) in objects {
        assert!(read(storage, name, 0, bytes.len() + 1) == *bytes, "{name} is not what was stored");
    }
}
