//! What may happen, and schedules of it. A schedule follows from a seed; each step carries all it needs, so that steps can
//! be left out and the others stay as they are.

use super::{
    random::Random,
    storage::{Fault, Medium, Plan},
};
use sanderling::storage::Durability;

/// The kind of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in messages.
    pub name: &'static str,
    /// What its medium promises.
    pub medium: Medium,
    /// What its writes promise.
    pub durability: Durability,
    /// Whether segments are read as they are needed.
    pub in_place: bool,
}

const fn profile(name: &'static str, medium: Medium, durability: Durability) -> Profile {
    Profile { name, medium, durability, in_place: false }
}

/// Every profile.
pub const PROFILES: [Profile; 8] = [
    profile("posix-strict", Medium::Posix, Durability::Strict),
    profile("posix-relaxed", Medium::Posix, Durability::Relaxed),
    profile("indexeddb-strict", Medium::IndexedDb, Durability::Strict),
    profile("indexeddb-relaxed", Medium::IndexedDb, Durability::Relaxed),
    profile("opfs-strict", Medium::Opfs, Durability::Strict),
    profile("opfs-relaxed", Medium::Opfs, Durability::Relaxed),
    profile("remote", Medium::Remote, Durability::Strict),
    Profile { in_place: true, ..profile("posix-in-place", Medium::Posix, Durability::Strict) },
];

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Within which of the next calls it dies; 0: now.
    pub after: u64,
    /// Whether the power is cut.
    pub cut_power: bool,
    /// In which of its calls each of the next openings dies.
    pub recoveries: [u8; 3],
    /// What becomes of un-flushed writes.
    pub seed: u64,
}

/// One thing that happens. `name` is a collection.
#[allow(missing_docs, reason = "the fields are what the variants say")]
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Documents are put, from `base` on.
    Put { name: u8, ids: Vec<u8>, base: u32, expires_in: Option<u64>, if_absent: bool },
    /// One document is changed.
    Update { name: u8, id: u8, n: u32 },
    /// Documents are deleted by id.
    Delete { name: u8, ids: Vec<u8> },
    /// Documents are deleted by filter.
    DeleteBelow { name: u8, n: u32 },
    /// Writes are called at once.
    Together { name: u8, writes: Vec<Step> },
    /// Every write so far is made durable.
    Flush { name: u8 },
    /// Segments are merged.
    Compact { name: u8 },
    /// The schema grows.
    Extend { name: u8 },
    /// A collection is made, if it is absent.
    Create { name: u8, seal_at: u32 },
    /// A collection is dropped, if it is there.
    Drop { name: u8 },
    /// Time goes by.
    Wait { milliseconds: u64 },
    /// Searches are compared with those of the model.
    Search { name: u8, probe: u32 },
    /// Searches are compared, bit for bit, with those of a new database with the same documents.
    Compare { name: u8, probe: u32 },
    /// The database is closed and opened.
    Reopen,
    /// The process dies.
    Die(End),
    /// Another writer takes over.
    TakeOver,
    /// Calls begin to meet a fault.
    Break { plan: Plan, seed: u64 },
    /// The medium has only so much room left.
    Fill { room: u64 },
    /// The faults end.
    Heal,
}

/// Ids that collide often enough.
const IDS: usize = 12;
const NAMES: usize = 2;

fn ids(random: &mut Random) -> Vec<u8> {
    (0..1 + random.below(4)).map(|_| random.below(IDS) as u8).collect()
}

fn end(random: &mut Random) -> End {
    let nested = random.once_in(3);
    End {
        after: if random.once_in(3) { 0 } else { random.below(12) as u64 },
        cut_power: !random.once_in(3),
        recoveries: [(); 3].map(|()| if nested { random.below(14) as u8 } else { u8::MAX }),
        seed: random.number(),
    }
}

fn plan(random: &mut Random) -> Plan {
    let faults = [Fault::Lost, Fault::Torn, Fault::Done, Fault::FlushFailed, Fault::ReadFails, Fault::ShortRead];
    Plan { after: random.below(6) as u64, for_ever: random.once_in(3), fault: faults[random.below(faults.len())] }
}

fn write(random: &mut Random, name: u8) -> Step {
    match random.below(20) {
        0..=11 => Step::Put {
            name,
            ids: ids(random),
            base: random.below(1 << 16) as u32,
            expires_in: random.once_in(8).then(|| 1 + random.below(40) as u64),
            if_absent: random.once_in(10),
        },
        12..=14 => Step::Update { name, id: random.below(IDS) as u8, n: random.below(100) as u32 },
        15..=18 => Step::Delete { name, ids: ids(random) },
        _ => Step::DeleteBelow { name, n: random.below(20) as u32 },
    }
}

/// A step of a schedule.
fn step(random: &mut Random, profile: Profile) -> Step {
    let name = u8::from(random.once_in(4)) % NAMES as u8;
    let seal_at = 2 + random.below(9) as u32;
    match random.below(100) {
        0..=61 => write(random, name),
        62..=63 => Step::Together { name, writes: (0..2 + random.below(4)).map(|_| write(random, name)).collect() },
        64..=70 => Step::Search { name, probe: random.number() as u32 },
        71 if random.once_in(6) => Step::Compare { name, probe: random.number() as u32 },
        71..=74 => Step::Flush { name },
        75..=77 => Step::Compact { name },
        78 => Step::Extend { name },
        79..=81 => Step::Create { name, seal_at },
        82 if random.once_in(2) => Step::Drop { name },
        82..=85 => Step::Wait { milliseconds: random.below(20) as u64 },
        86..=87 => Step::Reopen,
        88..=90 => Step::Die(end(random)),
        91..=93 => Step::Break { plan: plan(random), seed: random.number() },
        94 => Step::Fill { room: random.below(1_500) as u64 },
        95 if profile.medium == Medium::Remote => Step::TakeOver,
        _ => Step::Heal,
    }
}

/// The schedule of a seed.
#[must_use]
pub fn schedule(profile: Profile, seed: u64, steps: usize) -> Vec<Step> {
    let mut random = Random::new(seed);
    let mut schedule = Vec::with_capacity(steps);
    for name in 0..NAMES as u8 {
        schedule.push(Step::Create { name, seal_at: 2 + random.below(9) as u32 });
    }
    schedule.extend((0..steps).map(|_| step(&mut random, profile)));
    schedule
}
