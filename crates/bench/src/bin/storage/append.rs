//! One document a call, durable, beside the same bytes written and flushed.

use crate::{
    Options,
    made::{Maker, SCHEMA, collection, database, median},
};
use sanderling_bench::record::{Value as Field, print};
use std::{fs::File, io::Write, time::Instant};

pub fn run(options: &Options) {
    let database = database(&options.folder, "append", true);
    let collection = collection(&database, SCHEMA);
    let mut maker = Maker(3);
    let mut bare = File::create(options.folder.join("bare")).expect("a file");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for id in 0..options.rows.unwrap_or(10_000) {
        let document = maker.document(id);
        let before = collection.stats().expect("figures").wal_bytes;
        let started = Instant::now();
        collection.put([document]).expect("a put");
        ours.push(started.elapsed());
        let bytes = vec![id as u8; (collection.stats().expect("figures").wal_bytes - before) as usize];
        let started = Instant::now();
        bare.write_all(&bytes).expect("written");
        bare.sync_data().expect("flushed");
        theirs.push(started.elapsed());
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let fields =
        [("put ms", Field::from(ours)), ("write and flush ms", theirs.into()), ("ratio", (ours / theirs).into())];
    print(false, &fields);
}
