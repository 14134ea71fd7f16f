//! How long searches take beside each kind of long work: one thread searches all the time, another one works.

use crate::{
    Options,
    made::{GROUPS, Maker, SCHEMA, collection, database, milliseconds, put_all},
};
use sanderling::{Collection, Query, Value};
use sanderling_bench::record::{Value as Field, print};
use std::{
    fs, hint,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

/// The schema with a text field more.
const LARGER: &str = r#"{ "fields": { "title": { "type": "text" }, "group": { "type": "number" },
    "vector": { "type": "vector", "dimensions": 384 }, "body": { "type": "text" } } }"#;

/// A search that takes longer was blocked.
const BLOCKED: Duration = Duration::from_millis(20);

const LARGE_BATCH: usize = 10_000;

/// A kind of long work.
type Case = (&'static str, fn(&Options));

pub fn run(options: &Options) {
    let cases: [Case; 6] = [
        ("nothing", nothing),
        ("large batches", large_batches),
        ("single puts", single_puts),
        ("compact", compact),
        ("extend", extend),
        ("delete", delete),
    ];
    for (name, run) in cases {
        if name.starts_with(&options.only) {
            run(options);
        }
    }
}

/// The machine itself: other threads that touch nothing of ours.
fn nothing(options: &Options) {
    let database = database(&options.folder, "latency", false);
    let documents = collection(&database, SCHEMA);
    let mut maker = Maker(1);
    put_all(&documents, 20_000, &mut |id| maker.document(id));
    watched("two busy threads of others", &documents, || {
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let started = Instant::now();
                    while started.elapsed() < Duration::from_secs(4) {
                        hint::spin_loop();
                    }
                });
            }
        });
    });
}

fn large_batches(options: &Options) {
    let database = database(&options.folder, "latency", false);
    let documents = collection(&database, LARGER);
    let mut maker = Maker(2);
    put_all(&documents, 20_000, &mut |id| maker.long_document(id));
    let mut batches: Vec<Vec<_>> = (0..options.rows.unwrap_or(80_000) / LARGE_BATCH)
        .map(|batch| (0..LARGE_BATCH).map(|at| maker.long_document(15_000 + batch * LARGE_BATCH + at)).collect())
        .collect();
    watched("batches of 10,000", &documents, || {
        batches.drain(..).for_each(|batch| drop(documents.put(batch).expect("a batch")));
    });
}

fn single_puts(options: &Options) {
    let database = database(&options.folder, "latency", false);
    let documents = collection(&database, SCHEMA);
    let mut maker = Maker(3);
    watched("single puts, seals and merges", &documents, || {
        for id in 0..options.rows.unwrap_or(200_000) {
            documents.put([maker.document(id % 150_000)]).expect("a put");
        }
    });
}

fn compact(options: &Options) {
    let database = database(&options.folder, "latency", false);
    let documents = collection(&database, LARGER);
    let mut maker = Maker(4);
    put_all(&documents, options.rows.unwrap_or(100_000), &mut |id| maker.long_document(id));
    watched("compact()", &documents, || documents.compact().expect("compacted"));
}

fn extend(options: &Options) {
    let database = database(&options.folder, "latency", false);
    let documents = collection(&database, SCHEMA);
    let mut maker = Maker(5);
    put_all(&documents, options.rows.unwrap_or(50_000), &mut |id| maker.long_document(id));
    watched("a text field more", &documents, || drop(collection(&database, LARGER)));
}

fn delete(options: &Options) {
    let database = database(&options.folder, "latency", false);
    let documents = collection(&database, SCHEMA);
    let mut maker = Maker(6);
    put_all(&documents, options.rows.unwrap_or(100_000), &mut |id| maker.document(id));
    watched("20,000 deleted by filter", &documents, || {
        let fifth = Value::object().with("$lt", GROUPS / 5);
        documents.delete_matching(Value::object().with("group", fifth)).expect("deleted");
    });
}

/// Searches while the work goes on, and prints what the searches took.
fn watched(name: &str, documents: &Collection, work: impl FnOnce()) {
    let is_done = AtomicBool::new(false);
    let (times, elapsed) = thread::scope(|scope| {
        let searcher = scope.spawn(|| search_until(documents, &is_done));
        let started = Instant::now();
        work();
        let elapsed = started.elapsed();
        is_done.store(true, SeqCst);
        (searcher.join().expect("all searches have answers"), elapsed)
    });
    let [all, slept] = [0, 1].map(|which| {
        let mut times: Vec<Duration> = times.iter().filter_map(|time| time[which]).collect();
        times.sort();
        let at = move |share: f64| times.get((times.len().max(1) - 1) * (share * 1e4) as usize / 10_000).copied();
        move |share: f64| milliseconds(at(share).unwrap_or_default())
    });
    let over = |which: usize| times.iter().filter(|time| time[which].is_some_and(|time| time > BLOCKED)).count();
    let fields = [
        (name, Field::from(elapsed.as_secs_f64())),
        ("s; searches", times.len().into()),
        ("the one in the middle ms", all(0.5).into()),
        ("99.9 % ms", all(0.999).into()),
        ("longest ms", all(1.0).into()),
        ("over 20 ms", over(0).into()),
        ("; slept", times.iter().flat_map(|time| time[1]).count().into()),
        ("longest ms", slept(1.0).into()),
        ("over 20 ms", over(1).into()),
    ];
    print(false, &fields);
}

/// The time of each search; again, where its thread slept for a lock or for a disk: without what it waited for a processor
/// before and after. Whoever did not sleep was not blocked, but only has a busy machine.
fn search_until(documents: &Collection, is_done: &AtomicBool) -> Vec<[Option<Duration>; 2]> {
    let (mut maker, mut times) = (Maker(9), Vec::new());
    while !is_done.load(SeqCst) {
        let groups = Value::object().with("group", (maker.next() * GROUPS as f32) as usize);
        let queries = [
            Query::new().vector(&maker.vector()).limit(10),
            Query::new().text(maker.word()).limit(10),
            Query::new().filter(groups).expect("a filter").limit(10),
        ];
        for query in queries {
            let (waited, sleeps) = (waited_for_processor(), sleeps());
            let started = Instant::now();
            documents.search(&query).expect("an answer");
            let time = started.elapsed();
            let has_slept = self::sleeps() > sleeps;
            let blocked = has_slept.then(|| time.saturating_sub(waited_for_processor() - waited));
            times.push([Some(time), blocked]);
        }
    }
    times
}

/// How long this thread has waited for a processor so far, where the system tells.
fn waited_for_processor() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').nth(1).and_then(|waited| waited.parse().ok()).unwrap_or(0))
}

/// How often this thread has slept so far, where the system tells.
fn sleeps() -> u64 {
    let told = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.and_then(|sleeps| sleeps.trim().parse().ok()).unwrap_or(0)
}
