//! 64 durable puts at once beside 64 one by one.

use crate::{
    Options,
    made::{Maker, SCHEMA, collection, median},
    media::{Watched, Written},
};
use sanderling::{
    Collection, Database, Document,
    storage::{Durability, FileStorage, MemoryStorage, Storage},
};
use sanderling_bench::record::{Value as Field, print};
use std::{
    fs,
    sync::atomic::Ordering::SeqCst,
    thread,
    time::{Duration, Instant},
};

const WRITERS: usize = 64;
/// Puts of each in a round.
const PUTS: usize = 16;

pub fn run(options: &Options) {
    let folder = options.folder.join("together");
    let _ = fs::remove_dir_all(&folder);
    compare("memory", options, MemoryStorage::default(), Duration::ZERO);
    compare("memory, flushes of 1 ms", options, MemoryStorage::default(), Duration::from_millis(1));
    compare("disk", options, FileStorage::open(&folder).expect("a folder"), Duration::ZERO);
}

fn compare(name: &str, options: &Options, inner: impl Storage + 'static, flush: Duration) {
    let written = Written::default();
    let storage = Box::new(Watched { inner, flush, written: written.clone() });
    let database = Database::with_storage(storage, Durability::Strict).expect("a database");
    let documents = collection(&database, SCHEMA);
    let mut maker = Maker(5);
    let (mut apart, mut together, mut flushes) = (Vec::new(), Vec::new(), 0);
    for round in 0..options.rounds {
        let mut made = |from: usize| -> Vec<Document> {
            (from..from + WRITERS * PUTS).map(|at| maker.document(round * 2 * WRITERS * PUTS + at)).collect()
        };
        let (one_by_one, at_once) = (made(0), made(WRITERS * PUTS));
        let started = Instant::now();
        one_by_one.into_iter().for_each(|document| drop(documents.put([document]).expect("a put")));
        apart.push(started.elapsed());
        let before = written.flushes.load(SeqCst);
        together.push(put_together(&documents, at_once));
        flushes += written.flushes.load(SeqCst) - before;
    }
    let puts = (WRITERS * PUTS) as f64;
    let (apart, together) = (median(apart) / puts, median(together) / puts);
    let fields = [
        (name, Field::from("")),
        ("a put ms", apart.into()),
        ("64 together, each ms", together.into()),
        ("times as fast", (apart / together).into()),
        ("puts a flush", (puts * options.rounds as f64 / flushes as f64).into()),
    ];
    print(false, &fields);
}

fn put_together(collection: &Collection, documents: Vec<Document>) -> Duration {
    let mut documents = documents.into_iter();
    let shares: Vec<Vec<Document>> = (0..WRITERS).map(|_| documents.by_ref().take(PUTS).collect()).collect();
    let started = Instant::now();
    thread::scope(|scope| {
        for share in shares {
            scope.spawn(|| share.into_iter().for_each(|document| drop(collection.put([document]).expect("a put"))));
        }
    });
    started.elapsed()
}
