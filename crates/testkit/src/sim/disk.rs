//! Media by what a power cut may do to them. A disk says what can be read now, and what is left after the power was cut.

use super::random::Random;
use std::collections::BTreeMap;

/// A change of one object.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// Bytes at its end.
    Append(&'a [u8]),
    /// These bytes and no others.
    Write(&'a [u8]),
    /// No object.
    Remove,
    /// An empty object; only on media of files.
    Create,
    /// Bytes at an offset; only on media of files.
    At(u64, &'a [u8]),
    /// So many bytes; only on media of files.
    Length(u64),
    /// All that was written before, durable, but not its name; only on media of files.
    Flush,
}

/// How far a change got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it, and what it promises holds.
    Whole,
    /// All of it as far as readers can see, but nothing was flushed.
    Unflushed,
    /// All of it as far as readers can see; the flush failed, and no later flush makes up for it.
    FlushFailed,
    /// The first bytes of it, and nothing was flushed.
    Part(usize),
}

/// A medium.
pub trait Disk: Send {
    /// The objects and their lengths.
    fn list(&self) -> Vec<(String, u64)>;
    /// The content of an object.
    fn read(&self, name: &str) -> Option<&[u8]>;
    /// Carries out a change; a durable one survives a power cut if it is whole.
    fn change(&mut self, name: &str, change: Change<'_>, durable: bool, extent: Extent);
    /// Leaves what a power cut leaves.
    fn cut_power(&mut self, random: &mut Random);

    /// Names that are gone stay gone from here on, where the medium can be told so.
    fn flush_names(&mut self) {}

    /// Time has gone by: names of long ago are durable.
    fn settle(&mut self, _now: u64) {}

    /// Bytes of all objects.
    fn used(&self) -> u64 {
        self.list().iter().map(|(_, bytes)| bytes).sum()
    }
}

/// The content of an object after a change of its content.
fn changed(old: Option<&[u8]>, change: Change<'_>) -> Option<Vec<u8>> {
    match change {
        Change::Append(bytes) => Some([old.unwrap_or_default(), bytes].concat()),
        Change::Write(bytes) => Some(bytes.to_vec()),
        Change::Remove => None,
        Change::Create | Change::At(..) | Change::Length(_) | Change::Flush => old.map(<[u8]>::to_vec),
    }
}

/// A medium on which each change happens whole or not at all: IndexedDB, whose transactions become durable in their
/// order, and remote objects, which are durable when they are there.
#[derive(Debug, Default)]
pub struct Transactional {
    now: BTreeMap<String, Vec<u8>>,
    /// What a power cut undoes, the latest last: the object and what it was before.
    undone: Vec<(String, Option<Vec<u8>>)>,
}

impl Transactional {
    fn set(&mut self, name: &str, content: Option<Vec<u8>>) -> Option<Vec<u8>> {
        match content {
            Some(bytes) => self.now.insert(name.into(), bytes),
            None => self.now.remove(name),
        }
    }
}

impl Disk for Transactional {
    fn list(&self) -> Vec<(String, u64)> {
        self.now.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect()
    }

    fn read(&self, name: &str) -> Option<&[u8]> {
        self.now.get(name).map(Vec::as_slice)
    }

    fn change(&mut self, name: &str, change: Change<'_>, durable: bool, extent: Extent) {
        if let Extent::Part(_) = extent {
            return; // the transaction was aborted
        }
        let content = changed(self.now.get(name).map(Vec::as_slice), change);
        let before = self.set(name, content);
        if durable && extent == Extent::Whole {
            self.undone.clear(); // one log for all: what came before is durable too
        } else {
            self.undone.push((name.into(), before));
        }
    }

    fn flush_names(&mut self) {
        self.undone.clear();
    }

    fn cut_power(&mut self, random: &mut Random) {
        let kept = random.below(self.undone.len() + 1);
        while self.undone.len() > kept {
            let Some((name, before)) = self.undone.pop() else { break };
            self.set(&name, before);
        }
        self.undone.clear();
    }
}
