//! A storage over a [`Disk`], with faults at chosen calls.

use super::{
    disk::{Change, Disk, Extent, Transactional},
    posix::Posix,
    random::Random,
    slow::{Fate, SlowChange},
    world,
};
use sanderling::{
    Error, ErrorCode, Result,
    engine::codec::AlignedBytes,
    storage::{Durability, InPlace, RandomRead, Storage, StorageFuture, StoredObject, pool::RawFiles},
};
use std::{
    env,
    future::{poll_fn, ready},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::Poll,
};

/// What a medium promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// A file system: anything may become of what was not flushed.
    Posix,
    /// Each call is one transaction; a power cut takes the latest that were not flushed.
    IndexedDb,
    /// Each call replaces one remote object, or is refused because another writer has taken over: what a storage over conditional
    /// puts would promise. Which handle is the owner is asked here alone, at each call, reads included; no object has a
    /// version. None of the storages that are shipped is such a one: they have locks, which have tests of their own.
    Remote,
    /// Files whose names no flush makes durable, below a pool.
    Opfs,
}

/// What a call comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing happens, and the answer is an error.
    Lost,
    /// A part happens, and the answer is an error.
    Torn,
    /// All of it happens, and the answer is an error.
    Done,
    /// It is written but not flushed, and no later flush makes up for it.
    FlushFailed,
    /// A read is an error; changes go well.
    ReadFails,
    /// A read gives fewer bytes than there are; changes go well.
    ShortRead,
}

/// A fault and when it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many calls go well before.
    pub after: u64,
    /// Whether every later call meets it too.
    pub for_ever: bool,
    /// What happens.
    pub fault: Fault,
}

/// What the handles of one medium share.
pub struct State {
    medium: Medium,
    disk: Box<dyn Disk>,
    random: Random,
    owner: u64,
    calls: u64,
    plan: Option<(u64, Plan)>,
    dies_at: Option<u64>,
    dead: bool,
    harmed: bool,
    flush_failed: bool,
    capacity: Option<u64>,
    granted: u64,
    late: bool,
    slow: bool,
}

/// A medium that is told when to fail.
#[derive(Clone)]
pub struct SimStorage {
    state: Arc<Mutex<State>>,
    owner: u64,
    /// Whether segments are read as they are needed.
    in_place: bool,
}

/// Full media let small changes pass that fit into what was granted before.
const GRANT: u64 = 512;

impl SimStorage {
    /// An empty medium.
    #[must_use]
    pub fn new(medium: Medium, seed: u64) -> Self {
        let disk: Box<dyn Disk> = match medium {
            Medium::Posix => Box::<Posix>::default(),
            Medium::Opfs => Box::new(Posix::with_late_names()),
            Medium::IndexedDb | Medium::Remote => Box::<Transactional>::default(),
        };
        let state = State {
            medium,
            disk,
            random: Random::new(seed),
            owner: 0,
            calls: 0,
            plan: None,
            dies_at: None,
            dead: false,
            harmed: false,
            flush_failed: false,
            capacity: None,
            granted: 0,
            late: false,
            slow: false,
        };
        Self { state: Arc::new(Mutex::new(state)), owner: 0, in_place: false }
    }

    /// The same, where segments are read as they are needed, or not.
    #[must_use]
    pub fn reading_in_place(self, in_place: bool) -> Self {
        Self { in_place, ..self }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calls so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Takes the place of every other handle: what they write from now on is refused.
    #[must_use]
    pub fn take_over(&self) -> Self {
        let mut state = self.state();
        state.owner += 1;
        Self { state: self.state.clone(), owner: state.owner, in_place: self.in_place }
    }

    /// Lets calls meet a fault.
    pub fn plan(&self, plan: Plan, seed: u64) {
        let mut state = self.state();
        state.random = Random::new(seed);
        state.plan = Some((state.calls + plan.after, plan));
    }

    /// Lets the process die within one of the next calls.
    pub fn die_after(&self, calls: u64, seed: u64) {
        let mut state = self.state();
        state.random = Random::new(seed);
        state.dies_at = Some(state.calls + calls);
    }

    /// Lets the medium be full at so many bytes more than it holds; `None`: never.
    pub fn set_room(&self, room: Option<u64>) {
        let mut state = self.state();
        let used = state.disk.used();
        state.granted = used.next_multiple_of(GRANT);
        state.capacity = room.map(|room| used + room);
    }

    /// Ends all faults.
    pub fn heal(&self) {
        let mut state = self.state();
        (state.plan, state.dies_at, state.capacity) = (None, None, None);
    }

    /// Whether the process died.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Whether a call met a fault since this was asked last.
    #[must_use]
    pub fn was_harmed(&self) -> bool {
        std::mem::take(&mut self.state().harmed)
    }

    /// Whether a flush failed since the power was cut last: then the system shows what the medium does not have.
    #[must_use]
    pub fn has_failed_flush(&self) -> bool {
        self.state().flush_failed
    }

    /// Begins a new process, without faults. Says whether the power was cut. After a failed flush it always is: of what
    /// the system then shows, nobody can tell what the medium has.
    pub fn restart(&self, cut_power: bool, seed: u64) -> bool {
        let mut state = self.state();
        let cut = cut_power || state.flush_failed;
        if cut {
            let mut random = Random::new(seed);
            state.disk.cut_power(&mut random);
        }
        (state.plan, state.dies_at, state.capacity) = (None, None, None);
        (state.dead, state.harmed, state.flush_failed) = (false, false, false);
        cut
    }

    /// The objects as they are read now.
    #[must_use]
    pub fn objects(&self) -> Vec<(String, Vec<u8>)> {
        let state = self.state();
        let content = |name: &str| state.disk.read(name).unwrap_or_default().to_vec();
        state.disk.list().into_iter().map(|(name, _)| (name.clone(), content(&name))).collect()
    }

    /// Puts an object there for good, or takes it away.
    pub fn set(&self, name: &str, content: Option<&[u8]>) {
        let change = content.map_or(Change::Remove, Change::Write);
        self.state().disk.change(name, change, true, Extent::Whole);
    }

    /// Lets some answers wait, so that calls overtake each other where they can.
    pub fn answer_late(&self, late: bool) {
        self.state().late = late;
    }

    /// Lets every change take two looks, between which it may be given up.
    pub fn be_slow(&self, slow: bool) {
        self.state().slow = slow;
    }

    fn changing<'a>(&'a self, name: &'a str, change: Change<'a>, durability: Durability) -> StorageFuture<'a, ()> {
        let fate = {
            let mut state = self.state();
            state.slow.then(|| Fate::of(&mut state.random))
        };
        match fate {
            Some(fate) => Box::pin(SlowChange::new(self, (name, change, durability), fate)),
            None => self.answer(self.change(name, change, durability)),
        }
    }

    /// What becomes of a change that nobody waits for any more.
    pub(super) fn give_up(&self, (name, change, durability): (&str, Change<'_>, Durability), extent: Extent) {
        let mut state = self.state();
        if state.dead || self.owner != state.owner || state.is_full(name, change) {
            return;
        }
        state.flush_failed |= extent == Extent::FlushFailed && !state.is_transactional();
        state.disk.change(name, change, durability == Durability::Strict, extent);
    }

    fn answer<'a, T: 'a>(&self, result: Result<T>) -> StorageFuture<'a, T> {
        let mut state = self.state();
        let mut rounds = if state.late { state.random.below(4) } else { 0 };
        let mut result = Some(result);
        Box::pin(poll_fn(move |context| {
            context.waker().wake_by_ref();
            let answer = if rounds == 0 { result.take() } else { None };
            rounds = rounds.saturating_sub(1);
            answer.map_or(Poll::Pending, Poll::Ready)
        }))
    }

    pub(super) fn change(&self, name: &str, change: Change<'_>, durability: Durability) -> Result<()> {
        let mut state = self.state();
        let fault = state.call(self.owner)?.filter(|fault| !matches!(fault, Fault::ReadFails | Fault::ShortRead));
        let length = match change {
            Change::Append(bytes) | Change::Write(bytes) => bytes.len(),
            Change::At(_, bytes) => bytes.len(),
            _ => 0,
        };
        state.disk.settle(world::now());
        let durable = durability == Durability::Strict || state.medium == Medium::Remote;
        let part = Extent::Part(state.random.below(length + 1));
        let transactional = state.is_transactional();
        let extent = match fault {
            _ if state.dead => [Extent::Part(0), part, Extent::Unflushed][state.random.below(3)],
            None if state.is_full(name, change) => part,
            None => Extent::Whole,
            Some(Fault::Torn) if length > 0 => part,
            Some(Fault::Done) => Extent::Whole,
            Some(Fault::FlushFailed) if transactional => [Extent::Part(0), Extent::Whole][state.random.below(2)],
            Some(Fault::FlushFailed) if durable => Extent::FlushFailed,
            Some(_) => Extent::Part(0),
        };
        state.flush_failed |= extent == Extent::FlushFailed;
        let whole = extent == Extent::Whole;
        // The first bytes of no bytes are nothing; of a whole write they still make the object.
        if extent != Extent::Part(0) || matches!(change, Change::Write(_)) {
            state.disk.change(name, change, durable, extent);
        }
        state.harmed |= fault.is_some() || !whole;
        if traced() {
            let text: String = format!("{change:?}").chars().take(24).collect();
            eprintln!("{:4} {name} {text} ({length} bytes) {durability:?}: {extent:?}", state.calls);
        }
        let code = if fault.is_none() && !state.dead { ErrorCode::Quota } else { ErrorCode::Unavailable };
        if fault.is_none() && whole { Ok(()) } else { Err(failure(code, name)) }
    }

    fn read_range(&self, name: &str, offset: u64, length: usize) -> Result<AlignedBytes> {
        let mut state = self.state();
        let fault = state.call(self.owner)?;
        if state.dead || fault == Some(Fault::ReadFails) {
            state.harmed = true;
            return Err(failure(ErrorCode::Unavailable, name));
        }
        let state = &mut *state;
        let Some(bytes) = state.disk.read(name) else {
            return Err(failure(ErrorCode::Corrupt, name));
        };
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let mut to = from.saturating_add(length).min(bytes.len());
        if fault == Some(Fault::ShortRead) && to > from {
            state.harmed = true;
            to = from + state.random.below(to - from);
        }
        Ok(AlignedBytes::copy_of(&bytes[from..to]))
    }

    fn flush_names(&self) -> Result<()> {
        let mut state = self.state();
        let fault = state.call(self.owner)?.filter(|fault| !matches!(fault, Fault::ReadFails | Fault::ShortRead));
        if fault.is_none() || fault == Some(Fault::Done) {
            state.disk.flush_names();
        }
        state.harmed |= fault.is_some();
        fault.map_or(Ok(()), |_| Err(failure(ErrorCode::Unavailable, "the folder")))
    }

    fn listed(&self) -> Result<Vec<StoredObject>> {
        let mut state = self.state();
        let fault = state.call(self.owner)?;
        if state.dead || fault == Some(Fault::ReadFails) {
            state.harmed = true;
            return Err(failure(ErrorCode::Unavailable, "the folder"));
        }
        Ok(state.disk.list().into_iter().map(|(name, bytes)| StoredObject { name, bytes }).collect())
    }
}

impl State {
    /// Whether changes happen whole or not at all.
    fn is_transactional(&self) -> bool {
        matches!(self.medium, Medium::IndexedDb | Medium::Remote)
    }

    /// Counts a call. An error if there is nobody any more to make it; else the fault that it meets.
    fn call(&mut self, owner: u64) -> Result<Option<Fault>> {
        let call = self.calls;
        self.calls += 1;
        if self.dead || owner != self.owner {
            return Err(failure(ErrorCode::Unavailable, "the medium"));
        }
        if self.dies_at.is_some_and(|at| call >= at) {
            (self.dead, self.harmed) = (true, true);
            return Ok(Some(Fault::Lost));
        }
        let meets = |(at, plan): &(u64, Plan)| call == *at || (plan.for_ever && call > *at);
        Ok(self.plan.filter(meets).map(|(_, plan)| plan.fault))
    }

    fn is_full(&self, name: &str, change: Change<'_>) -> bool {
        let Some(capacity) = self.capacity else { return false };
        let old = self.disk.read(name).map_or(0, <[u8]>::len);
        let grows = match change {
            Change::Append(bytes) => bytes.len(),
            Change::Write(bytes) => bytes.len().saturating_sub(old),
            Change::At(offset, bytes) => (offset as usize + bytes.len()).saturating_sub(old),
            _ => 0,
        };
        grows > 0 && self.disk.used() + grows as u64 > capacity.max(self.granted)
    }
}

/// Whether every change is told, to see how a failure comes about.
fn traced() -> bool {
    static TRACED: OnceLock<bool> = OnceLock::new();
    *TRACED.get_or_init(|| env::var_os("SANDERLING_TRACE").is_some())
}

fn failure(code: ErrorCode, name: &str) -> Error {
    Error::new(code, format!("{name}: the simulated medium failed")).with("file", name)
}

/// The files below a pool.
impl RawFiles for SimStorage {
    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        self.answer(self.listed())
    }

    fn create<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.changing(name, Change::Create, Durability::Relaxed)
    }

    fn read_at<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        self.answer(self.read_range(name, offset, length))
    }

    fn write_at<'a>(&'a self, name: &'a str, offset: u64, bytes: &'a [u8]) -> StorageFuture<'a, usize> {
        // Now and then the host takes fewer bytes than it was given.
        let taken = if bytes.len() > 1 && self.state().random.once_in(8) { bytes.len() / 2 } else { bytes.len() };
        let written = self.changing(name, Change::At(offset, &bytes[..taken]), Durability::Relaxed);
        Box::pin(async move { written.await.map(|()| taken) })
    }

    fn set_len<'a>(&'a self, name: &'a str, length: u64) -> StorageFuture<'a, ()> {
        self.changing(name, Change::Length(length), Durability::Relaxed)
    }

    fn flush<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.changing(name, Change::Flush, Durability::Strict)
    }

    fn close(&self) -> StorageFuture<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}

impl Storage for SimStorage {
    fn kind(&self) -> String {
        "simulated".into()
    }

    fn list(&self) -> StorageFuture<'_, Vec<StoredObject>> {
        self.answer(self.listed())
    }

    fn read<'a>(&'a self, name: &'a str, offset: u64, length: usize) -> StorageFuture<'a, AlignedBytes> {
        self.answer(self.read_range(name, offset, length))
    }

    fn in_place(&self, name: &str, _length: usize) -> Option<Result<InPlace>> {
        let file = SimFile { storage: self.clone(), name: name.into() };
        self.in_place.then(|| Ok(InPlace::Read(Box::new(file))))
    }

    fn append<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.changing(name, Change::Append(bytes), durability)
    }

    fn write<'a>(&'a self, name: &'a str, bytes: &'a [u8], durability: Durability) -> StorageFuture<'a, ()> {
        self.changing(name, Change::Write(bytes), durability)
    }

    fn remove<'a>(&'a self, name: &'a str) -> StorageFuture<'a, ()> {
        self.changing(name, Change::Remove, Durability::Relaxed)
    }

    fn flush_removals(&self) -> StorageFuture<'_, ()> {
        self.answer(self.flush_names())
    }

    fn close(&self) -> StorageFuture<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}

/// An object that is read as it is needed.
struct SimFile {
    storage: SimStorage,
    name: String,
}

impl RandomRead for SimFile {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
        let bytes = self.storage.read_range(&self.name, offset, into.len())?;
        if bytes.as_ref().len() != into.len() {
            return Err(failure(ErrorCode::Unavailable, &self.name));
        }
        into.copy_from_slice(bytes.as_ref());
        Ok(())
    }
}
