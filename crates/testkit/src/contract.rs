//! What every [`Storage`] must do, whoever implements it. The driver relies on all of this and on nothing more.
//!
//! [`storage_contract`] looks at one handle, [`reopening_contract`] at what the next one finds, [`flush_contract`] at what a power
//! cut leaves.

use crate::sim::random::Random;
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
pub async fn storage_contract(make: impl AsyncFn() -> Box<dyn Storage>) {
    an_empty_storage(&*make().await).await;
    appends(&*make().await).await;
    writes(&*make().await).await;
    removals(&*make().await).await;
    ranges(&*make().await).await;
    names(&*make().await).await;
    many_objects(&*make().await).await;
    big_objects(&*make().await).await;
    for seed in 0..8 {
        like_a_map(&*make().await, seed).await;
    }
    closing(&*make().await).await;
}

/// What was stored is there for the next handle. `open` gives the same medium each time, after the handle before was closed.
///
/// # Panics
///
/// When it is not.
pub async fn reopening_contract(open: impl AsyncFn() -> Box<dyn Storage>) {
    let mut objects = Objects::new();
    let mut random = Random::new(3);
    for round in 0..6 {
        let storage = open().await;
        check(&*storage, &objects).await;
        for _ in 0..12 {
            change_somehow(&*storage, &mut objects, &mut random).await;
        }
        append(&*storage, "log", &[round; 10], [Relaxed, Strict][usize::from(round % 2)]).await;
        objects.entry("log".into()).or_default().extend([round; 10]);
        check(&*storage, &objects).await;
        storage.close().await.expect("it closes");
    }
    check(&*open().await, &objects).await;
}

/// What a flush has reached survives a power cut. `cut` cuts the power; `open` then gives the same medium.
///
/// # Panics
///
/// When it does not.
pub async fn flush_contract(open: impl AsyncFn() -> Box<dyn Storage>, cut: impl Fn()) {
    let mut objects = Objects::new();
    for round in 0..20_u8 {
        let storage = open().await;
        check(&*storage, &objects).await;
        let name = format!("object-{}", round % 7);
        // The first bytes are relaxed, and made durable by a strict append of some bytes or none, or by a strict write.
        append(&*storage, &name, &[round; 700], Relaxed).await;
        objects.entry(name.clone()).or_default().extend([round; 700]);
        match round % 3 {
            0 => append(&*storage, &name, &[], Strict).await,
            1 => {
                append(&*storage, &name, b"end", Strict).await;
                objects.entry(name).or_default().extend(b"end");
            }
            _ => {
                write(&*storage, &name, &[round; 9], Strict).await;
                objects.insert(name, vec![round; 9]);
            }
        }
        check(&*storage, &objects).await;
        // Whoever is cut off does not close.
        drop(storage);
        cut();
    }
    check(&*open().await, &objects).await;
}

async fn an_empty_storage(storage: &dyn Storage) {
    assert!(!storage.kind().is_empty(), "it says what it is");
    check(storage, &Objects::new()).await;
    let error = storage.read("absent", 0, 1).await.expect_err("an object that is absent is no empty one");
    assert_eq!(error.code(), ErrorCode::Corrupt, "{error:?}");
    let file = error.details().iter().find(|(name, _)| name == "file");
    assert_eq!(file.and_then(|(_, name)| name.as_text()), Some("absent"), "the error names the object");
    remove(storage, "absent").await;
    check(storage, &Objects::new()).await;
}

async fn appends(storage: &dyn Storage) {
    append(storage, "a", b"one", Relaxed).await;
    check(storage, &objects(&[("a", b"one")])).await;
    append(storage, "a", b" two", Strict).await;
    append(storage, "a", b"", Strict).await;
    append(storage, "a", b"", Relaxed).await;
    append(storage, "a", b" three", Relaxed).await;
    append(storage, "empty", b"", Strict).await;
    append(storage, "empty-too", b"", Relaxed).await;
    check(storage, &objects(&[("a", b"one two three"), ("empty", b""), ("empty-too", b"")])).await;
    append(storage, "empty", b"no more", Strict).await;
    check(storage, &objects(&[("a", b"one two three"), ("empty", b"no more"), ("empty-too", b"")])).await;
}

async fn writes(storage: &dyn Storage) {
    for durability in [Relaxed, Strict] {
        write(storage, "a", b"a long beginning", durability).await;
        check(storage, &objects(&[("a", b"a long beginning")])).await;
        write(storage, "a", b"short", durability).await;
        check(storage, &objects(&[("a", b"short")])).await;
        append(storage, "a", b"er", durability).await;
        check(storage, &objects(&[("a", b"shorter")])).await;
        write(storage, "a", b"much longer than before", durability).await;
        append(storage, "a", b"!", durability).await;
        check(storage, &objects(&[("a", b"much longer than before!")])).await;
        write(storage, "a", b"", durability).await;
        check(storage, &objects(&[("a", b"")])).await;
        append(storage, "a", b"again", durability).await;
        check(storage, &objects(&[("a", b"again")])).await;
    }
}

async fn removals(storage: &dyn Storage) {
    for durability in [Relaxed, Strict] {
        write(storage, "kept", b"kept", durability).await;
        append(storage, "a", b"old content", durability).await;
        remove(storage, "a").await;
        check(storage, &objects(&[("kept", b"kept")])).await;
        assert!(storage.read("a", 0, 1).await.is_err(), "what was removed is absent");
        remove(storage, "a").await;
        append(storage, "a", b"new", durability).await;
        check(storage, &objects(&[("a", b"new"), ("kept", b"kept")])).await;
        remove(storage, "a").await;
        write(storage, "a", b"written", durability).await;
        check(storage, &objects(&[("a", b"written"), ("kept", b"kept")])).await;
        remove(storage, "a").await;
    }
}

async fn ranges(storage: &dyn Storage) {
    let bytes: Vec<u8> = (0..=255).cycle().take(1_000).collect();
    write(storage, "a", &bytes, Relaxed).await;
    for (offset, length) in [(0, 0), (0, 1), (0, 1_000), (1, 998), (999, 1), (512, 100), (1_000, 0)] {
        assert_eq!(
            read(storage, "a", offset, length).await,
            bytes[offset as usize..][..length],
            "{length} bytes from {offset}"
        );
    }
    assert_eq!(read(storage, "a", 990, 100).await, bytes[990..], "shorter where the object ends");
    for (offset, length) in [(1_000, 1), (1_001, 10), (1 << 40, 10), (u64::MAX, 10)] {
        assert!(read(storage, "a", offset, length).await.is_empty(), "{offset} is behind the end");
    }
    append(storage, "empty", b"", Relaxed).await;
    assert!(read(storage, "empty", 0, 10).await.is_empty());
}

/// All that a name may have, and names that begin alike.
async fn names(storage: &dyn Storage) {
    let long = "a".repeat(100);
    let names = ["a", "a.b", "a-b", "a_b", "0", "wal-00000001", "wal-000000011", "manifest-a", "z.0_9-", &long];
    let objects: Objects = names.iter().map(|name| (String::from(*name), name.as_bytes().to_vec())).collect();
    for (name, bytes) in &objects {
        append(storage, name, bytes, Relaxed).await;
    }
    check(storage, &objects).await;
}

async fn many_objects(storage: &dyn Storage) {
    let mut objects = Objects::new();
    for at in 0..MANY {
        let (name, bytes) = (format!("object-{at:04}"), at.to_string().into_bytes());
        write(storage, &name, &bytes, Relaxed).await;
        objects.insert(name, bytes);
    }
    check(storage, &objects).await;
    for at in (0..MANY).step_by(3) {
        let name = format!("object-{at:04}");
        remove(storage, &name).await;
        objects.remove(&name);
    }
    check(storage, &objects).await;
}

async fn big_objects(storage: &dyn Storage) {
    let mut random = Random::new(1);
    let bytes: Vec<u8> = (0..BIG).map(|_| random.below(256) as u8).collect();
    write(storage, "big", &bytes, Strict).await;
    for piece in bytes.chunks(BIG / 3) {
        append(storage, "pieces", piece, Relaxed).await;
    }
    for name in ["big", "pieces"] {
        assert!(read(storage, name, 0, BIG).await == bytes, "{name} is not what was stored");
        assert!(read(storage, name, 1 << 20, 1 << 20).await == bytes[1 << 20..2 << 20], "a part of {name}");
        assert!(read(storage, name, BIG as u64 - 5, 1 << 20).await == bytes[BIG - 5..], "the end of {name}");
    }
    write(storage, "big", b"small", Relaxed).await;
    remove(storage, "pieces").await;
    check(storage, &objects(&[("big", b"small")])).await;
}

/// Any calls in any order, beside a map.
async fn like_a_map(storage: &dyn Storage, seed: u64) {
    let mut objects = Objects::new();
    let mut random = Random::new(seed);
    for _ in 0..60 {
        change_somehow(storage, &mut objects, &mut random).await;
        check(storage, &objects).await;
    }
}

async fn change_somehow(storage: &dyn Storage, objects: &mut Objects, random: &mut Random) {
    let name = format!("object-{}", random.below(4));
    let bytes = vec![random.below(256) as u8; [0, 1, 30, 511, 512, 513, 2_000][random.below(7)]];
    let durability = [Relaxed, Strict][random.below(2)];
    match random.below(5) {
        0 => {
            remove(storage, &name).await;
            objects.remove(&name);
        }
        1 => {
            write(storage, &name, &bytes, durability).await;
            objects.insert(name, bytes);
        }
        _ => {
            append(storage, &name, &bytes, durability).await;
            objects.entry(name).or_default().extend(bytes);
        }
    }
}

/// Closed twice is closed; a later change is refused or happens, and nothing between.
async fn closing(storage: &dyn Storage) {
    write(storage, "a", b"before", Strict).await;
    for _ in 0..2 {
        storage.close().await.expect("it closes");
    }
    let changes = [
        (storage.append("a", b" and after", Strict).await, "a", Some(&b"before and after"[..])),
        (storage.write("b", b"after", Strict).await, "b", Some(b"after")),
        (storage.remove("b").await, "b", None),
    ];
    for (change, name, expected) in changes {
        match change {
            Ok(()) if name == "a" => assert_eq!(read(storage, "a", 0, 100).await, expected.unwrap_or_default()),
            Ok(()) => {}
            Err(error) => assert!([ErrorCode::Closed, ErrorCode::Unavailable].contains(&error.code()), "{error:?}"),
        }
    }
    // Who refuses changes may refuse reads too.
    if let Ok(bytes) = storage.read("a", 0, 6).await {
        assert_eq!(bytes.as_ref(), b"before", "what was stored is not touched");
    }
}

fn objects(of: &[(&str, &[u8])]) -> Objects {
    of.iter().map(|(name, bytes)| (String::from(*name), bytes.to_vec())).collect()
}

async fn append(storage: &dyn Storage, name: &str, bytes: &[u8], durability: Durability) {
    storage.append(name, bytes, durability).await.unwrap_or_else(|error| panic!("append to {name}: {error:?}"));
}

async fn write(storage: &dyn Storage, name: &str, bytes: &[u8], durability: Durability) {
    storage.write(name, bytes, durability).await.unwrap_or_else(|error| panic!("write {name}: {error:?}"));
}

async fn remove(storage: &dyn Storage, name: &str) {
    storage.remove(name).await.unwrap_or_else(|error| panic!("remove {name}: {error:?}"));
}

async fn read(storage: &dyn Storage, name: &str, offset: u64, length: usize) -> Vec<u8> {
    let bytes = storage.read(name, offset, length).await.unwrap_or_else(|error| panic!("read {name}: {error:?}"));
    bytes.as_ref().to_vec()
}

/// The list, and the content of each object.
async fn check(storage: &dyn Storage, objects: &Objects) {
    let mut listed: Vec<(String, u64)> =
        storage.list().await.expect("a list").into_iter().map(|object| (object.name, object.bytes)).collect();
    listed.sort();
    let expected: Vec<(String, u64)> = objects.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect();
    assert_eq!(listed, expected, "the list");
    for (name, bytes) in objects {
        assert!(read(storage, name, 0, bytes.len() + 1).await == *bytes, "{name} is not what was stored");
    }
}
