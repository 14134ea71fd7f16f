//! Which calls reach the storage, which stay undone, and who waits for whom. The storage here answers when the test lets it,
//! so every race happens as it is written.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    CollectionSettings, DeleteTarget, Document, Error, ErrorCode, PutOptions, Schema,
    driver::{Background, Collection, Database, Environment},
    engine::{codec::AlignedBytes, text::AnalyzerSource},
    storage::{Durability, MemoryStorage, Storage, StorageFuture, StoredObject},
};
use std::{
    collections::BTreeMap,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

/// A call is named like `write segment-00000001`.
#[derive(Clone, Default)]
struct Scripted(Arc<Script>);

#[derive(Default)]
struct Script {
    medium: MemoryStorage,
    /// Calls that begin like this are not answered for now.
    held: Mutex<Option<&'static str>>,
    /// Calls that begin like this fail, and half of their bytes are there.
    failing: Mutex<Option<&'static str>>,
    /// Every call that changed something.
    done: Mutex<Vec<String>>,
}

impl Scripted {
    fn hold(&self, calls: &'static str) {
        *self.0.held.lock().unwrap() = Some(calls);
    }

    fn release(&self) {
        *self.0.held.lock().unwrap() = None;
    }

    fn fail(&self, calls: &'static str) {
        *self.0.failing.lock().unwrap() = Some(calls);
    }

    fn recover(&self) {
        *self.0.failing.lock().unwrap() = None;
    }

    fn done(&self, calls: &str) -> usize {
        self.0.done.lock().unwrap().iter().filter(|call| call.starts_with(calls)).count()
    }

    fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let list = pollster::block_on(self.0.medium.list()).unwrap();
        let read = |name: &str| pollster::block_on(self.0.medium.read(name, 0, usize::MAX)).unwrap().as_ref().to_vec();
        list.into_iter().map(|object| (object.name.clone(), read(&object.name))).collect()
    }

    fn count(&self, prefix: &str) -> usize {
        self.objects().keys().filter(|name| name.starts_with(prefix)).count()
    }

    fn set(&self, name: &str, bytes: &[u8]) {
        pollster::block_on(self.0.medium.write(name, bytes, Durability::Strict)).unwrap();
    }

    /// Turns one bit of an object.
    fn damage(&self, name: &str) {
        let mut bytes = self.objects().remove(name).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        self.set(name, &bytes);
    }

    fn effect<'a>(
        &'a self,
        call: String,
        bytes: &'a [u8],
        act: impl FnOnce(&'a MemoryStorage, &'a [u8]) -> StorageFuture<'a, ()> + 'a,
    ) -> StorageFuture<'a, ()> {
        let begins =
            |with: &Mutex<Option<&str>>, call: &str| with.lock().unwrap().is_some_and(|with| call.starts_with(with));
        Box::pin(async move {
            poll_fn(|_| if begins(&self.0.held, &call) { Poll::Pending } else { Poll::Ready(()) }).await;
            if begins(&self.0.failing, &call) {
                act(&self.0.medium, &bytes[..bytes.len() / 2]).await?;
                return Err(Error::new(ErrorCode::Unavailable, "the medium failed"));
            }
            self.0.done.lock().unwrap().push(call);
            act(&self.0.medium, bytes).await
        })
    }
}

impl Storage for Scripted {
    fn kind(&self) -> String {
        "scripted".into()
    }
    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        self.0.medium.list()
    }
    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        self.0.medium.read(name, offset, length)
    }
    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.effect(format!("append {name}"), bytes, move |medium, bytes| medium.append(name, bytes, durability))
    }
    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.effect(format!("write {name}"), bytes, move |medium, bytes| medium.write(name, bytes, durability))
    }
    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.effect(format!("remove {name}"), &[], move |medium, _| medium.remove(name))
    }
    fn close(&self) -> StorageFuture<'_, ()> {
        self.effect("close".into(), &[], |medium, _| medium.close())
    }
}

/// A call that goes on only when the test says so.
struct Call<'a, T>(Pin<Box<dyn Future<Output = Result<T, Error>> + 'a>>);

impl<'a, T> Call<'a, T> {
    /// Begins the call, which must have to wait.
    fn waiting(future: impl Future<Output = Result<T, Error>> + 'a) -> Self {
        let mut call = Self(Box::pin(future));
        assert!(call.go_on().is_none(), "the call did not wait");
        call
    }

    fn go_on(&mut self) -> Option<Result<T, Error>> {
        match self.0.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        }
    }

    /// What comes of a call that nothing stops any more.
    fn end(mut self) -> Result<T, Error> {
        self.go_on().expect("the call still waits")
    }
}

/// The result of a call that need not wait.
fn now<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    Call(Box::pin(future)).end()
}

fn open(storage: &Scripted) -> Result<Database, Error> {
    open_as(storage, Durability::Strict)
}

fn open_relaxed(storage: &Scripted) -> Database {
    open_as(storage, Durability::Relaxed).unwrap()
}

fn open_as(storage: &Scripted, durability: Durability) -> Result<Database, Error> {
    let environment = Environment {
        memory_budget: usize::MAX,
        now: || 0,
        random: || [7; 16],
        analyzers: AnalyzerSource::default(),
        background: Background::NONE,
    };
    now(Database::open(Box::new(storage.clone()), durability, environment))
}

fn schema(more: &str) -> Schema {
    Schema::from_json(format!(r#"{{ "fields": {{ "n": {{ "type": "number" }}{more} }} }}"#)).unwrap()
}

fn collection(db: &Database, seal_at: u32) -> Collection {
    let settings = CollectionSettings { seal_at, ..Default::default() };
    now(db.collection("c", Some(schema("")), Some(settings.into()))).unwrap()
}

async fn put(collection: &Collection, id: u64, n: f64) -> Result<(), Error> {
    collection.put(vec![Document::new(id).with("n", n)], PutOptions::default()).await.map(drop)
}

fn n_of(collection: &Collection, id: u64) -> Option<f64> {
    collection.get(&id.into()).unwrap()?.get("n")?.as_number()
}

#[test]
fn writes_are_applied_in_the_order_of_their_calls() {
    let storage = Scripted::default();
    let c = collection(&open(&storage).unwrap(), 100);
    storage.hold("append");
    let first = Call::waiting(put(&c, 1, 1.0));
    let second = Call::waiting(put(&c, 1, 2.0));
    storage.release();
    first.end().unwrap();
    // The second was woken and has not run yet when the third comes.
    let third = Call::waiting(put(&c, 1, 3.0));
    second.end().unwrap();
    third.end().unwrap();
    assert_eq!(n_of(&c, 1), Some(3.0));
}

#[test]
fn closing_waits_for_a_write_under_way() {
    let storage = Scripted::default();
    let db = open(&storage).unwrap();
    let c = collection(&db, 100);
    storage.hold("append");
    let write = Call::waiting(put(&c, 1, 1.0));
    let mut close = Call::waiting(db.close());
    storage.release();
    assert!(close.go_on().is_none(), "the write is not done");
    write.end().unwrap();
    close.end().unwrap();
    assert_eq!(storage.done("close"), 1);
    assert_eq!(now(put(&c, 2, 1.0)).unwrap_err().code(), ErrorCode::Closed);
}

#[test]
fn a_storage_whose_database_cannot_be_opened_is_given_up() {
    let storage = Scripted::default();
    drop(open(&storage).unwrap());
    storage.damage("manifest-b");
    storage.set("wal-00000001", b"x");
    assert_eq!(open(&storage).err().unwrap().code(), ErrorCode::Corrupt);
    assert_eq!(storage.done("close"), 1);
}

#[test]
fn a_dropped_collection_leaves_no_file() {
    let storage = Scripted::default();
    let db = open(&storage).unwrap();
    let c = collection(&db, 2);
    for id in 0..5 {
        now(put(&c, id, 0.0)).unwrap();
    }
    now(db.drop_collection("c")).unwrap();
    assert_eq!(storage.objects().into_keys().collect::<Vec<_>>(), ["manifest-a", "manifest-b"]);
}

#[test]
fn opening_removes_files_that_no_manifest_names_and_no_others() {
    let storage = Scripted::default();
    now(put(&collection(&open(&storage).unwrap(), 100), 1, 1.0)).unwrap();
    let before = storage.objects();
    for name in ["segment-00000007", "tombstones-00000008", "wal-00000009"] {
        storage.set(name, b"left by a crash");
    }
    storage.set("notes.txt", b"of somebody else");
    let db = open(&storage).unwrap();
    let mut after = storage.objects();
    assert!(after.remove("notes.txt").is_some());
    assert_eq!(after, before);
    assert_eq!(n_of(&now(db.collection("c", None, None)).unwrap(), 1), Some(1.0));
}

/// What the damaged slot named may be repaired, so it is neither removed nor written over.
#[test]
fn files_stay_where_the_other_slot_is_damaged() {
    let storage = Scripted::default();
    now(put(&collection(&open(&storage).unwrap(), 2), 1, 1.0)).unwrap();
    let strays = ["segment-00000002", "tombstones-00000003", "segment-00000004"];
    for name in strays {
        storage.set(name, name.as_bytes());
    }
    storage.damage("manifest-b"); // that of the first commit; the second is in force
    let db = open(&storage).unwrap();
    let c = now(db.collection("c", None, None)).unwrap();
    for id in 2..6 {
        now(put(&c, id, 2.0)).unwrap();
    }
    now(c.delete(DeleteTarget::Ids(vec![1_u64.into()]))).unwrap();
    now(c.compact()).unwrap();
    let objects = storage.objects();
    for name in strays {
        assert_eq!(objects.get(name).map(Vec::as_slice), Some(name.as_bytes()), "{name}");
    }
}

#[test]
fn a_flush_says_that_a_seal_failed() {
    let storage = Scripted::default();
    let c = collection(&open(&storage).unwrap(), 2);
    storage.fail("write segment-");
    for id in 0..4 {
        now(put(&c, id, 0.0)).unwrap(); // the write itself is in the log
    }
    assert_eq!(now(c.flush()).unwrap_err().code(), ErrorCode::Unavailable);
    now(c.flush()).unwrap(); // it is said once
    storage.recover();
    now(put(&c, 4, 0.0)).unwrap();
    now(c.flush()).unwrap();
    assert_eq!(storage.count("segment-"), 1);
}

#[test]
fn a_drop_that_waited_spares_a_collection_made_anew() {
    let storage = Scripted::default();
    let db = open(&storage).unwrap();
    let c = collection(&db, 100);
    storage.hold("append");
    let write = Call::waiting(put(&c, 1, 1.0));
    let first = Call::waiting(db.drop_collection("c"));
    let second = Call::waiting(db.drop_collection("c"));
    storage.release();
    write.end().unwrap();
    first.end().unwrap();
    let anew = collection(&db, 100);
    assert_eq!(second.end().unwrap_err().code(), ErrorCode::Schema);
    now(put(&anew, 2, 2.0)).unwrap();
    assert_eq!(db.collections().unwrap(), ["c"]);
    assert_eq!(now(put(&c, 3, 3.0)).unwrap_err().code(), ErrorCode::Closed);
}

#[test]
fn two_who_make_one_collection_get_the_same() {
    let storage = Scripted::default();
    let db = open(&storage).unwrap();
    storage.hold("write manifest-");
    let first = Call::waiting(db.collection("c", Some(schema("")), None));
    let second = Call::waiting(db.collection("c", Some(schema("")), None));
    storage.release();
    let (first, second) = (first.end().unwrap(), second.end().unwrap());
    assert_eq!(first.id(), second.id());
    assert_eq!(db.collections().unwrap(), ["c"]);
    now(put(&first, 1, 1.0)).unwrap();
    assert_eq!(n_of(&second, 1), Some(1.0));
}

#[test]
fn two_who_extend_a_schema_alike_extend_it_once() {
    let storage = Scripted::default();
    let db = open(&storage).unwrap();
    now(put(&collection(&db, 100), 1, 1.0)).unwrap();
    let larger = || Some(schema(r#", "x": { "type": "keyword" }"#));
    storage.hold("write segment-");
    let first = Call::waiting(db.collection("c", larger(), None));
    let second = Call::waiting(db.collection("c", larger(), None));
    storage.release();
    let (first, second) = (first.end().unwrap(), second.end().unwrap());
    assert_eq!(storage.done("write segment-"), 1);
    assert_eq!(first.schema(), second.schema());
}

#[test]
fn failed_seals_leave_no_heap_of_files() {
    let storage = Scripted::default();
    let c = collection(&open(&storage).unwrap(), 5);
    let mut next = 0;
    let mut fill = |count| {
        for _ in 0..count {
            now(put(&c, next, 0.0)).unwrap();
            next += 1;
        }
        storage.objects().into_keys().collect::<Vec<_>>()
    };
    fill(10);
    for (id, failing) in [(1_u64, "write segment-"), (2, "write wal-"), (3, "write tombstones-")] {
        storage.fail(failing);
        now(c.delete(DeleteTarget::Ids(vec![id.into()]))).unwrap(); // of a sealed segment
        let after_some = fill(20);
        assert_eq!(fill(20), after_some, "{failing} failed");
        storage.recover();
        fill(10);
    }
    fill(10);
    assert_eq!(storage.count("wal-"), 2);
    let count = c.count(None).unwrap();
    drop(c);
    let db = open(&storage).unwrap();
    assert_eq!(now(db.collection("c", None, None)).unwrap().count(None).unwrap(), count);
}

#[test]
fn the_new_files_of_a_commit_in_doubt_stay() {
    let storage = Scripted::default();
    let c = collection(&open(&storage).unwrap(), 5);
    storage.fail("write manifest-");
    (0..5).for_each(|id| now(put(&c, id, 0.0)).unwrap());
    // The slot may name them all the same.
    assert_eq!((storage.count("segment-"), storage.count("wal-")), (0, 2));
    storage.recover();
    now(put(&c, 5, 0.0)).unwrap(); // freezes
    (6..10).for_each(|id| now(put(&c, id, 0.0)).unwrap());
    storage.fail("write manifest-");
    now(put(&c, 10, 0.0)).unwrap(); // would name the sealed form
    assert_eq!(storage.count("segment-"), 1);
    now(c.compact()).unwrap_err();
    assert_eq!(storage.count("segment-"), 2, "neither what a slot may name nor what it may name now");
    storage.recover();
    now(c.compact()).unwrap();
    assert_eq!(c.count(None).unwrap(), 11);
}

/// The end of a log is unknown after a failed append: the next opening may find the failed write, and what died by it would be gone.
#[test]
fn nothing_is_reclaimed_where_the_end_of_the_log_is_unknown() {
    for is_known in [true, false] {
        let storage = Scripted::default();
        let db = open(&storage).unwrap();
        let c = collection(&db, 4);
        (0..8).for_each(|id| now(put(&c, id, 0.0)).unwrap());
        now(put(&c, 8, 0.0)).unwrap(); // the turn that names the first segment
        now(c.delete(DeleteTarget::Ids((0..7_u64).map(Into::into).collect()))).unwrap();
        if !is_known {
            storage.fail("append");
            now(put(&c, 9, 0.0)).unwrap_err();
            storage.recover();
        }
        let (segments, commits) = (storage.done("write segment-"), storage.done("write manifest-"));
        now(db.close()).unwrap();
        // The second segment, which was full, is written in any case.
        let made = (storage.done("write segment-") - segments, storage.done("write manifest-") - commits);
        assert_eq!(made > (1, 1), is_known, "{made:?}");
        let c = collection(&open(&storage).unwrap(), 4);
        let left: Vec<u64> = (0..10).filter(|id| n_of(&c, *id).is_some()).collect();
        assert_eq!(left, [7, 8]);
    }
}

/// A second flush may succeed without what the first one could not write, so what only memory has goes into a segment.
#[test]
fn what_could_not_be_flushed_is_sealed_before_the_database_is_closed() {
    let storage = Scripted::default();
    let db = open_relaxed(&storage);
    let c = collection(&db, 4);
    (0..6).for_each(|id| now(put(&c, id, 0.0)).unwrap());
    storage.fail("append");
    now(c.flush()).unwrap_err();
    storage.recover();
    let segments = storage.done("write segment-");
    now(db.close()).unwrap();
    assert!(storage.done("write segment-") > segments, "the writes are in a segment");
    let c = collection(&open(&storage).unwrap(), 4);
    assert_eq!(c.count(None).unwrap(), 6);
}

/// While that cannot be done nothing else is named, and closing says so.
#[test]
fn closing_says_when_writes_are_in_memory_alone() {
    let storage = Scripted::default();
    let db = open_relaxed(&storage);
    let c = collection(&db, 4);
    (0..6).for_each(|id| now(put(&c, id, 0.0)).unwrap());
    storage.fail("append");
    now(c.flush()).unwrap_err();
    storage.fail("write segment-");
    let commits = storage.done("write manifest-");
    now(db.close()).unwrap_err();
    assert_eq!(storage.done("write manifest-"), commits, "nothing is named");
}
