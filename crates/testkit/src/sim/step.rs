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
    /// Calls are made at once; a write among them may be one of many documents, and one call no write.
    Together { name: u8, writes: Vec<Step> },
    /// Calls are made at once, and the first of them is given up when it was looked at so many times.
    GiveUp { name: u8, polls: u8, calls: Vec<Step> },
    /// Every write so far is made durable.
    Flush { name: u8 },
    /// Segments are merged.
    Compact { name: u8 },
    /// The schema grows.
    Extend { name: u8 },
    /// A collection is made, if it is absent.
    Create { name: u8, seal_at: u32 },
    /// Its settings are changed.
    Settings { name: u8, quota: Option<u32> },
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
    /// The database is removed, and the process dies in one of the calls, or after them; then perhaps the power is cut.
    Destroy { dies_in: Option<u8>, seed: u64 },
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
/// One put of so many is of 256 documents.
const BULKS: usize = 400;

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
            // As many documents as make a load in bulk.
            ids: if random.once_in(BULKS) { (0..=u8::MAX).collect() } else { ids(random) },
            base: random.below(1 << 16) as u32,
            expires_in: random.once_in(8).then(|| 1 + random.below(40) as u64),
            if_absent: random.once_in(10),
        },
        12..=14 => Step::Update { name, id: random.below(IDS) as u8, n: random.below(100) as u32 },
        15..=18 => Step::Delete { name, ids: ids(random) },
        _ => Step::DeleteBelow { name, n: random.below(20) as u32 },
    }
}

fn quota(random: &mut Random) -> Option<u32> {
    (!random.once_in(3)).then(|| 4 + random.below(16) as u32)
}

fn together(random: &mut Random, name: u8) -> Step {
    let mut writes: Vec<Step> = (0..2 + random.below(4)).map(|_| write(random, name)).collect();
    let beside = match random.below(6) {
        0 => Step::Extend { name },
        1 => Step::Compact { name },
        2 => Step::Flush { name },
        _ => return Step::Together { name, writes },
    };
    if random.once_in(6) {
        let many = Step::Put {
            name,
            ids: (0..=u8::MAX).collect(),
            base: random.below(1 << 16) as u32,
            expires_in: Some(1 + random.below(20) as u64),
            if_absent: false,
        };
        writes.push(many);
    }
    writes.insert(random.below(writes.len() + 1), beside);
    Step::Together { name, writes }
}

/// Of several calls the first is a put of documents that no other write touches: so it can be seen whether it was carried out.
fn give_up(random: &mut Random, name: u8) -> Step {
    let polls = 1 + random.below(10) as u8;
    let one = |call| Step::GiveUp { name, polls, calls: vec![call] };
    match random.below(10) {
        0 => one(Step::Compact { name }),
        1 => one(Step::Flush { name }),
        2 => one(Step::Extend { name }),
        3 => one(Step::Settings { name, quota: quota(random) }),
        4 => one(Step::Drop { name }),
        5 => one(Step::Create { name, seal_at: 2 + random.below(9) as u32 }),
        6 | 7 => one(write(random, name)),
        _ => {
            let base = random.below(600) as u32 * 100 + 20 + random.below(70) as u32;
            let ids = (IDS as u8..IDS as u8 + 2).collect();
            let mut calls = vec![Step::Put { name, ids, base, expires_in: None, if_absent: false }];
            calls.extend((0..1 + random.below(3)).map(|_| write(random, name)));
            for call in &mut calls[1..] {
                if let Step::Put { ids, .. } = call {
                    ids.retain(|id| usize::from(*id) < IDS);
                }
            }
            Step::GiveUp { name, polls, calls }
        }
    }
}

/// A step of a schedule.
fn step(random: &mut Random, profile: Profile) -> Step {
    let name = u8::from(random.once_in(4)) % NAMES as u8;
    let seal_at = 2 + random.below(9) as u32;
    match random.below(100) {
        0..=61 => write(random, name),
        62..=63 => together(random, name),
        64..=65 => give_up(random, name),
        66..=70 => Step::Search { name, probe: random.number() as u32 },
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
        96 => Step::Settings { name, quota: quota(random) },
        97 if random.once_in(8) => Step::Destroy {
            dies_in: (!random.once_in(3))
                .then(|| random.below(if profile.medium == Medium::Opfs { 80 } else { 16 }) as u8),
            seed: random.number(),
        },
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
