//! Processes that are killed while they write: whatever they said was stored is there, and nothing by halves.
//!
//! A round begins this program again as a writer ([`writer`]), which puts, updates and deletes batches in two collections of a
//! folder, each from a thread of its own, while segments are sealed and merged beside them; after each call it tells through a
//! pipe that the call has returned. The round kills it at some moment, opens the folder and compares. What is written follows from
//! a seed, so that the round knows each batch without being told. The next round goes on with the same folder.
//!
//! `SANDERLING_KILLS` is how many rounds there are, `SANDERLING_SEED` where their seeds begin. The moment of a kill is a time and
//! not in the seed's hand: a seed that failed may have to be tried some times.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{Collection, CollectionSettings, Database, Document, DocumentId, ListOptions, Query, Schema, Value};
use std::{
    collections::BTreeMap,
    env,
    io::{Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    str::FromStr,
    thread,
    time::{Duration, Instant},
};

const ROUNDS: u64 = 30;
/// Rounds that share a folder.
const ROUNDS_OF_A_FOLDER: u64 = 10;
const COLLECTIONS: [&str; 2] = ["books", "birds"];
const SEAL_AT: u32 = 16;
const IDS: u64 = 120;
const KILLED_WITHIN_MILLISECONDS: u64 = 600;
/// How the writer is told what to do.
const FOLDER: &str = "SANDERLING_KILL_FOLDER";
const SCRIPT: &str = "SANDERLING_KILL_SCRIPT";

fn number<T: FromStr>(name: &str, default: T) -> T {
    env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What a document says: the batch that put it, and what an update added.
type Content = BTreeMap<u64, (u64, Option<u64>)>;

enum Step {
    Put(Vec<u64>),
    Update(u64),
    Delete(Vec<u64>),
    /// Those that a batch of this number put.
    DeleteBatch(u64),
    Compact,
}

/// The calls of a writer on one collection, and what it holds after those so far.
struct Script {
    random: Random,
    /// The number of the next call; unlike any number of an earlier round.
    call: u64,
    content: Content,
}

impl Script {
    fn new(seed: u64, collection: usize, content: Content) -> Self {
        Self { random: Random(seed * 2 + collection as u64), call: seed << 32, content }
    }

    /// The next call, with its number. The content is as it must be after it.
    fn next_step(&mut self) -> (u64, Step) {
        let random = &mut self.random;
        let call = self.call;
        self.call += 1;
        let mut ids = |most| (0..1 + random.below(most)).map(|_| random.below(IDS)).collect::<Vec<u64>>();
        let step = match ids(10).len() {
            1..=6 => Step::Put(ids(8)),
            7 => Step::Put(ids(60)),
            8 => Step::Delete(ids(5)),
            9 => match self.content.values().next().copied() {
                Some((batch, _)) => Step::DeleteBatch(batch),
                None => Step::Put(ids(8)),
            },
            _ => match (ids(4).len(), self.content.keys().next_back().copied()) {
                (1, _) => Step::Compact,
                (_, Some(id)) => Step::Update(id),
                (_, None) => Step::Put(ids(8)),
            },
        };
        match &step {
            Step::Put(ids) => self.content.extend(ids.iter().map(|id| (*id, (call, None)))),
            Step::Update(id) => drop(self.content.entry(*id).and_modify(|(_, update)| *update = Some(call))),
            Step::Delete(ids) => self.content.retain(|id, _| !ids.contains(id)),
            Step::DeleteBatch(batch) => self.content.retain(|_, (of, _)| of != batch),
            Step::Compact => {}
        }
        (call, step)
    }
}

fn carry_out(collection: &Collection, call: u64, step: Step) {
    let done = match step {
        Step::Put(ids) => collection.put(ids.into_iter().map(|id| document(id, call))).map(drop),
        Step::Update(id) => collection.update(id, Value::object().with("update", call)).map(drop),
        Step::Delete(ids) => collection.delete(ids).map(drop),
        Step::DeleteBatch(batch) => {
            collection.delete_matching(Value::object().with("batch", Value::from(batch))).map(drop)
        }
        Step::Compact => collection.compact(),
    };
    done.unwrap_or_else(|error| panic!("call {call}: {error:?}"));
}

fn document(id: u64, batch: u64) -> Document {
    let vector: &[f32] = &[id as f32, batch as f32 % 7.0, 1.0];
    // Some are long, so that a write takes a while.
    let text = "birds run along the shore ".repeat(1 + (id * 7 % 40) as usize);
    Document::new(id).with("text", text).with("batch", batch).with("vector", vector)
}

fn open(folder: &Path, is_relaxed: bool) -> Database {
    if is_relaxed { Database::open_relaxed(folder) } else { Database::open(folder) }.unwrap()
}

fn open_collection(database: &Database, name: &str) -> Collection {
    let schema = r#"{ "fields": { "text": { "type": "text" }, "batch": { "type": "number" },
        "vector": { "type": "vector", "dimensions": 3 } } }"#;
    let settings = CollectionSettings { seal_at: SEAL_AT, ..CollectionSettings::default() };
    database.collection_with(name, Schema::from_json(schema).unwrap(), settings).unwrap()
}

fn content(collection: &Collection) -> Content {
    let all = ListOptions { filter: None, prefix: None, after: None, limit: usize::MAX >> 1 };
    let page = collection.list(&all).unwrap();
    assert!(!page.more);
    let number = |document: &Document, name| document.get(name).map(|value| value.as_number().unwrap() as u64);
    let entry = |document: Document| match document.id {
        Some(DocumentId::Integer(id)) => (id, (number(&document, "batch").unwrap(), number(&document, "update"))),
        other => panic!("nobody put {other:?}"),
    };
    page.documents.into_iter().map(entry).collect()
}

/// The process that is killed. As a test of its own it has nothing to do.
#[test]
fn writer() {
    let (Ok(folder), Ok(script)) = (env::var(FOLDER), env::var(SCRIPT)) else { return };
    let seed: u64 = script.parse().unwrap();
    let database = open(Path::new(&folder), is_relaxed(seed));
    thread::scope(|scope| {
        for (at, name) in COLLECTIONS.iter().enumerate() {
            let collection = open_collection(&database, name);
            scope.spawn(move || {
                let mut script = Script::new(seed, at, content(&collection));
                loop {
                    let (call, step) = script.next_step();
                    carry_out(&collection, call, step);
                    // One write, not through the capture of tests; a line is shorter than what a pipe takes in one piece.
                    std::io::stdout().write_all(format!("\nreturned {at} {call}\n").as_bytes()).unwrap();
                    std::io::stdout().flush().unwrap();
                }
            });
        }
    });
}

fn is_relaxed(seed: u64) -> bool {
    seed % 3 == 2
}

/// Kills a writer after a while; the numbers of the last calls that returned, and how many did.
fn killed(folder: &Path, seed: u64, moment: Duration) -> ([Option<u64>; 2], usize) {
    let mut child: Child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "writer", "--nocapture", "--test-threads", "1"])
        .env(FOLDER, folder)
        .env(SCRIPT, seed.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Read beside it, or a full pipe would hold the writer.
    let mut pipe = child.stdout.take().unwrap();
    let told = thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    });
    thread::sleep(moment);
    let died = child.try_wait().unwrap();
    child.kill().unwrap();
    let mut reasons = String::new();
    child.stderr.take().unwrap().read_to_string(&mut reasons).unwrap();
    child.wait().unwrap();
    assert!(died.is_none() && !reasons.contains("panicked"), "the writer of seed {seed} ended by itself: {reasons}");
    let told = String::from_utf8(told.join().unwrap()).unwrap();
    // The last line may be cut.
    let whole = told.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let mut last = [None; 2];
    let mut count = 0;
    for line in whole.lines().filter_map(|line| line.strip_prefix("returned ")) {
        let (at, call) = line.split_once(' ').unwrap();
        last[at.parse::<usize>().unwrap()] = Some(call.parse().unwrap());
        count += 1;
    }
    (last, count)
}

/// What must be there after the calls that returned, or after one more.
fn check(seed: u64, at: usize, before: &Content, last: Option<u64>, found: &Content) {
    let mut script = Script::new(seed, at, before.clone());
    while last.is_some_and(|last| script.call <= last) {
        script.next_step();
    }
    if script.content == *found {
        return;
    }
    let acknowledged = script.content.clone();
    let (call, _) = script.next_step();
    let missing: Vec<_> = acknowledged.iter().filter(|(id, said)| found.get(id) != Some(said)).collect();
    let other: Vec<_> = found.iter().filter(|(id, said)| acknowledged.get(id) != Some(said)).collect();
    assert_eq!(
        script.content, *found,
        "seed {seed}, collection {at}: neither what {last:?} left nor what {call} would; \
         acknowledged and not found: {missing:?}, found and not acknowledged: {other:?}"
    );
}

fn check_answers(collection: &Collection, content: &Content) {
    let answer = collection.search(&Query::new().text("shore").limit(0)).unwrap();
    assert_eq!((answer.total, answer.reasons), (content.len(), Vec::new()));
    let stats = collection.stats().unwrap();
    assert_eq!(stats.documents, content.len());
}

#[test]
fn what_a_killed_process_acknowledged_is_there() {
    let (rounds, first) = (number("SANDERLING_KILLS", ROUNDS), number("SANDERLING_SEED", 1));
    let start = Instant::now();
    let mut folder = tempfile::tempdir().unwrap();
    let mut contents = [Content::new(), Content::new()];
    let mut calls = 0;
    for seed in first..first + rounds {
        if (seed - first).is_multiple_of(ROUNDS_OF_A_FOLDER) {
            folder = tempfile::tempdir().unwrap();
            contents = [Content::new(), Content::new()];
        }
        let moment = Random(seed).below(KILLED_WITHIN_MILLISECONDS * 1_000);
        let (last, returned) = killed(folder.path(), seed, Duration::from_micros(moment));
        calls += returned;
        let database = open(folder.path(), !is_relaxed(seed));
        for (at, name) in COLLECTIONS.iter().enumerate() {
            let collection = open_collection(&database, name);
            let found = content(&collection);
            check(seed, at, &contents[at], last[at], &found);
            check_answers(&collection, &found);
            contents[at] = found;
        }
        database.close().unwrap();
    }
    println!("{rounds} kills, {calls} calls had returned, {:?}", start.elapsed());
    assert!(calls as u64 > rounds, "the writers had no time to write: {calls} calls in {rounds} rounds");
}
