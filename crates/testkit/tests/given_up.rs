//! Calls whose futures are dropped before they are ready, as where somebody waits only so long: whatever they were at, the next call
//! goes on from a state that is known, and nobody waits for ever.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use pollster::block_on;
use sanderling::{
    Document, ErrorCode, Result,
    driver::{Collection, Database},
    storage::Durability,
};
use sanderling_testkit::sim::{
    search::run,
    step::{End, PROFILES, Step},
    storage::{Fault, Medium, Plan, SimStorage},
    world,
};
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

fn put(ids: std::ops::Range<u8>, base: u32) -> Step {
    Step::Put { name: 0, ids: ids.collect(), base, expires_in: None, if_absent: false }
}

/// Calls that write to the log, freeze, seal, merge and commit.
fn calls() -> [Step; 10] {
    [
        put(2..3, 500),
        put(2..6, 700),
        Step::Put { name: 0, ids: (0..=255).collect(), base: 900, expires_in: None, if_absent: false },
        Step::Delete { name: 0, ids: vec![1, 2] },
        Step::Flush { name: 0 },
        Step::Compact { name: 0 },
        Step::Extend { name: 0 },
        Step::Settings { name: 0, quota: Some(300) },
        Step::Drop { name: 0 },
        Step::Create { name: 1, seal_at: 3 },
    ]
}

#[test]
fn a_call_is_given_up_at_every_look_and_the_database_goes_on() {
    for profile in PROFILES {
        for call in calls() {
            for polls in 1..25 {
                for seed in 0..2 {
                    let mut steps = vec![Step::Create { name: 0, seal_at: 4 }];
                    steps.extend((0..11).map(|id| put(id % 7..id % 7 + 1, u32::from(id))));
                    steps.push(Step::GiveUp { name: 0, polls, calls: vec![call.clone()] });
                    steps.extend([put(8..11, 30), Step::Search { name: 0, probe: 123_456 }, Step::Heal]);
                    let end = End { after: 0, cut_power: seed % 2 == 0, recoveries: [u8::MAX; 3], seed };
                    steps.extend([Step::Die(end), put(3..9, 60), Step::Compact { name: 0 }, Step::Reopen]);
                    if let Err(what) = run(profile, seed, &steps, |storage| Box::new(storage)) {
                        panic!("{}, {call:?} after {polls} looks, seed {seed}: {what}", profile.name);
                    }
                }
            }
        }
    }
}

fn opened(storage: &SimStorage) -> (Database, Collection) {
    let opened = Database::open(Box::new(storage.clone()), Durability::Strict, world::environment());
    let db = block_on(opened).unwrap();
    let birds = block_on(db.collection("birds", Some(world::schema(false)), None)).unwrap();
    (db, birds)
}

type Call<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

fn poll<T>(call: &mut Call<'_, T>) -> Option<T> {
    match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn putting(birds: &Collection, id: u64) -> Call<'_, Result<()>> {
    Box::pin(async move { birds.put(vec![Document::new(id)], Default::default()).await.map(drop) })
}

#[test]
fn those_whose_writes_went_with_one_that_was_given_up_are_told() {
    world::begin();
    let storage = SimStorage::new(Medium::Posix, 0);
    let (_db, birds) = opened(&storage);
    storage.be_slow(true);
    let mut calls: Vec<_> = (0..4).map(|id| putting(&birds, id)).collect();
    // All of them stand in the queue when the first one carries them out.
    calls.rotate_left(1);
    let mut leader = calls.pop().unwrap();
    assert!(poll(&mut leader).is_none());
    assert!(calls.iter_mut().all(|call| poll(call).is_none()));
    assert!(poll(&mut leader).is_some(), "its own write is done at the second look");
    let mut leader = calls.remove(0);
    assert!(poll(&mut leader).is_none(), "the others go to the log together");
    drop(leader);
    for mut call in calls {
        let told = (0..10).find_map(|_| poll(&mut call)).expect("it waits no more");
        assert_eq!(told.unwrap_err().code(), ErrorCode::Unavailable);
    }
    storage.be_slow(false);
    assert_eq!(birds.count(None).unwrap(), 1);
    block_on(birds.put(vec![Document::new(9_u64)], Default::default())).unwrap();
    assert_eq!(birds.count(None).unwrap(), 2);
}

#[test]
fn whoever_closes_a_second_time_waits_for_the_same_end() {
    world::begin();
    let storage = SimStorage::new(Medium::Posix, 0);
    let (db, birds) = opened(&storage);
    (0..50).for_each(|id| drop(block_on(birds.put(vec![Document::new(id as u64)], Default::default())).unwrap()));
    block_on(birds.delete(sanderling::DeleteTarget::Ids((0..45_u64).map(Into::into).collect()))).unwrap();
    storage.be_slow(true);
    let close = || -> Call<'_, Result<()>> { Box::pin(db.close()) };
    let (mut first, mut second, mut third) = (close(), close(), close());
    assert!(poll(&mut first).is_none());
    assert!(poll(&mut second).is_none() && poll(&mut third).is_none(), "the first has not ended");
    // The first is given up: the second goes on.
    drop(first);
    assert!(poll(&mut third).is_none());
    let ended = (0..100).find_map(|_| poll(&mut second)).expect("it comes to an end");
    assert_eq!((ended, poll(&mut third)), (Ok(()), Some(Ok(()))));
    assert_eq!(block_on(db.close()), Ok(()));
}

#[test]
fn a_close_that_could_not_keep_everything_says_so_each_time() {
    world::begin();
    let storage = SimStorage::new(Medium::Posix, 0);
    let opened = Database::open(Box::new(storage.clone()), Durability::Relaxed, world::environment());
    let db = block_on(opened).unwrap();
    let birds = block_on(db.collection("birds", Some(world::schema(false)), None)).unwrap();
    block_on(birds.put(vec![Document::new(1_u64)], Default::default())).unwrap();
    storage.plan(Plan { after: 0, for_ever: true, fault: Fault::FlushFailed }, 0);
    assert_eq!(block_on(birds.flush()).unwrap_err().code(), ErrorCode::Unavailable);
    let first = block_on(db.close()).unwrap_err();
    assert_eq!(block_on(db.close()), Err(first));
}
