//! What a collection must hold: every document, and which states a crash may leave.

use super::random::Random;
use sanderling::Document;
use std::collections::BTreeMap;

/// A document of the simulation. Everything in it follows from two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// What updates change.
    pub n: u32,
    /// What the other fields follow from.
    pub base: u32,
    /// When it expires.
    pub expires_at: u64,
    /// 0 where the write was not acknowledged.
    pub version: u64,
}

const TAGS: [&str; 3] = ["gull", "plover", "tern"];
const WORDS: [&str; 6] = ["shore", "bird", "sand", "wind", "wave", "salt"];

/// A note is longer than two blocks: one of them holds nothing else.
const NOTE_BYTES: usize = 9_000;

impl Item {
    /// The values of the fields that the number says.
    #[must_use]
    pub fn tag(base: u32) -> &'static str {
        TAGS[base as usize % TAGS.len()]
    }

    /// The word of a number.
    #[must_use]
    pub fn word(at: usize) -> &'static str {
        WORDS[at % WORDS.len()]
    }

    /// The words of its text.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        let base = self.base;
        (0..1 + base as usize % 4).map(move |at| Self::word((base >> (at * 3)) as usize))
    }

    /// Its text.
    #[must_use]
    pub fn body(&self) -> String {
        self.words().collect::<Vec<_>>().join(" ")
    }

    /// Its vector; some have none.
    #[must_use]
    pub fn vector(&self) -> Option<[f32; 3]> {
        let part = |shift: u32| f32::from((self.base >> shift) as u8 % 5);
        (!self.base.is_multiple_of(4)).then(|| [part(2), part(5), part(8)])
    }

    /// Letters that are stored with it and never searched; some have it. They fill blocks of a segment, which are then read as they
    /// are needed.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let has_note = self.base > 16 && self.base % 16 == 7;
        has_note.then(|| {
            // Nothing that packing makes shorter.
            let mut random = Random::new(u64::from(self.base));
            let bytes = (0..NOTE_BYTES / 8).flat_map(|_| random.number().to_le_bytes());
            bytes.map(|byte| char::from(b'A' + byte % 26)).collect()
        })
    }

    /// The document as a caller writes it.
    #[must_use]
    pub fn document(&self, id: u8) -> Document {
        let document = Document::new(u64::from(id))
            .with("n", f64::from(self.n))
            .with("base", f64::from(self.base))
            .with("tag", Self::tag(self.base))
            .with("more", Self::tag(self.base >> 4))
            .with("body", self.body());
        let document = match self.note() {
            Some(note) => document.with("note", note),
            None => document,
        };
        match self.vector() {
            Some(vector) => document.with("v", vector.to_vec()),
            None => document,
        }
    }
}

/// A collection as readers see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Whether the schema was extended.
    pub extended: bool,
    /// How many documents there may be.
    pub quota: Option<u32>,
    /// The documents by id.
    pub items: BTreeMap<u8, Item>,
    /// The number of the last acknowledged write.
    pub last: u64,
}

impl Content {
    /// The documents that have not expired, by id.
    pub fn live(&self, now: u64) -> impl Iterator<Item = (u8, &Item)> {
        self.items.iter().filter(move |(_, item)| item.expires_at > now).map(|(id, item)| (*id, item))
    }

    /// Whether a document is there.
    #[must_use]
    pub fn has(&self, id: u8, now: u64) -> bool {
        self.items.get(&id).is_some_and(|item| item.expires_at > now)
    }

    /// Whether what was found is this. A write that was not acknowledged has a version above all that were.
    #[must_use]
    pub fn is(&self, found: &Self, now: u64) -> bool {
        let alike = |(id, item): (u8, &Item)| {
            found.items.get(&id).is_some_and(|other| {
                let version = if item.version == 0 { other.version > self.last } else { other.version == item.version };
                version && (item.n, item.base) == (other.n, other.base)
            })
        };
        (self.extended, self.quota) == (found.extended, found.quota)
            && self.live(now).count() == found.items.len()
            && self.live(now).all(alike)
    }

    /// What was found, with what only this knows.
    fn learned(&self, found: &Self) -> Self {
        let mut learned = self.clone();
        for (id, item) in &found.items {
            if let Some(own) = learned.items.get_mut(id) {
                own.version = item.version;
            }
            learned.last = learned.last.max(item.version);
        }
        learned
    }
}

fn alike(one: &Option<Content>, found: &Option<Content>, now: u64) -> bool {
    match (one, found) {
        (None, None) => true,
        (Some(one), Some(found)) => one.is(found, now),
        _ => false,
    }
}

/// What the caller of one collection may rely on; `None` is no collection.
#[derive(Clone, Debug)]
pub struct Expected {
    /// What was acknowledged, the latest last. A power cut may take those behind the first.
    acknowledged: Vec<Option<Content>>,
    /// What failed calls would have come to: each may be found as a whole until another call is acknowledged.
    undecided: Vec<Option<Content>>,
}

impl Default for Expected {
    fn default() -> Self {
        Self { acknowledged: vec![None], undecided: Vec::new() }
    }
}

impl Expected {
    /// What readers see.
    #[must_use]
    pub fn latest(&self) -> &Option<Content> {
        self.acknowledged.last().expect("something was acknowledged, be it nothing")
    }

    /// A call was acknowledged.
    pub fn acknowledge(&mut self, content: Option<Content>, durable: bool) {
        if durable {
            self.acknowledged.clear();
        }
        self.acknowledged.push(content);
        self.undecided.clear();
    }

    /// What happened so far is durable, as a flush says that was acknowledged.
    pub fn settle(&mut self) {
        let latest = self.latest().clone();
        self.acknowledge(latest, true);
    }

    /// The settings were changed, or that failed: they do not hang on the log, so what was written before may be lost without them.
    pub fn settings(&mut self, quota: Option<u32>, changed: bool) {
        let with_them = |content: &Option<Content>| content.clone().map(|content| Content { quota, ..content });
        if changed {
            self.acknowledged.iter_mut().chain(&mut self.undecided).for_each(|content| *content = with_them(content));
        } else {
            let either: Vec<_> = self.acknowledged.iter().chain(&self.undecided).map(with_them).collect();
            self.undecided.extend(either);
        }
    }

    /// The schema may have grown beside other calls.
    pub fn leave_extension_undecided(&mut self) {
        let extended = |content: &Option<Content>| Some(Content { extended: true, ..content.clone()? });
        let either: Vec<_> = self.undecided.iter().chain([self.latest()]).map(extended).collect();
        self.undecided.extend(either);
    }

    /// A call was given up: readers see what was before, or what it would have come to.
    pub fn see(
        &mut self,
        found: &Option<Content>,
        after: Option<Content>,
        durable: bool,
        now: u64,
    ) -> Result<(), String> {
        if alike(self.latest(), found, now) {
            self.leave_undecided(after);
            return Ok(());
        }
        if !alike(&after, found, now) {
            return Err(format!("readers see {found:?}\nneither {:?}\nnor {after:?}", self.latest()));
        }
        let after = after.as_ref().zip(found.as_ref()).map(|(after, found)| after.learned(found));
        self.acknowledge(after, durable);
        Ok(())
    }

    /// A call failed.
    pub fn leave_undecided(&mut self, content: Option<Content>) {
        self.undecided.push(content);
    }

    /// Takes what was found after a crash for what is, if it may be.
    pub fn adopt(&mut self, found: &Option<Content>, power_was_cut: bool, now: u64) -> Result<(), String> {
        let alike = |one: &Option<Content>| alike(one, found, now);
        let learned = |one: &Option<Content>| Some(one.as_ref()?.learned(found.as_ref()?));
        let from = if power_was_cut { 0 } else { self.acknowledged.len() - 1 };
        // The earliest that it may be: of states that look alike, those before a delete promise least of later versions.
        let Some(at) = (from..self.acknowledged.len()).find(|at| alike(&self.acknowledged[*at])) else {
            let Some(one) = self.undecided.iter().find(|one| alike(one)) else {
                let allowed: Vec<_> = self.undecided.iter().chain(&self.acknowledged[from..]).collect();
                return Err(format!("found {found:?}\nnone of {allowed:?}"));
            };
            let one = learned(one);
            self.acknowledge(one, power_was_cut);
            return Ok(());
        };
        self.acknowledged.truncate(at + 1);
        self.undecided.clear();
        if power_was_cut {
            self.settle();
        }
        Ok(())
    }
}
