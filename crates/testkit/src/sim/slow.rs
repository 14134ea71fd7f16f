//! Changes that take two looks, and may be given up between them.

use super::{
    disk::{Change, Extent},
    random::Random,
    storage::SimStorage,
};
use sanderling::{Result, storage::Durability};
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// What becomes of a change that is given up after the first look.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Fate {
    /// It was not begun.
    Undone,
    /// So much of it happens, in parts of 256.
    Torn(u8),
    /// All of it happens, but for the flush.
    Unflushed,
    /// All of it happens, but the flush fails, and nobody learns that.
    FlushFailed,
    /// All of it had happened by then.
    Done,
}

impl Fate {
    pub(super) fn of(random: &mut Random) -> Self {
        let part = random.number() as u8;
        [Self::Undone, Self::Torn(part), Self::Unflushed, Self::FlushFailed, Self::Done][random.below(5)]
    }
}

/// A change on its way.
pub(super) struct SlowChange<'a> {
    storage: &'a SimStorage,
    change: (&'a str, Change<'a>, Durability),
    fate: Fate,
    looks: u8,
    result: Option<Result<()>>,
}

impl<'a> SlowChange<'a> {
    pub(super) fn new(storage: &'a SimStorage, change: (&'a str, Change<'a>, Durability), fate: Fate) -> Self {
        Self { storage, change, fate, looks: 0, result: None }
    }

    fn carry_out(&self) -> Result<()> {
        let (name, change, durability) = self.change;
        self.storage.change(name, change, durability)
    }
}

impl Future for SlowChange<'_> {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.looks += 1;
        if self.looks == 1 {
            self.result = (self.fate == Fate::Done).then(|| self.carry_out());
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.result.take().unwrap_or_else(|| self.carry_out()))
    }
}

impl Drop for SlowChange<'_> {
    fn drop(&mut self) {
        if self.looks != 1 {
            return;
        }
        let (_, change, durability) = self.change;
        let length = match change {
            Change::Append(bytes) | Change::Write(bytes) | Change::At(_, bytes) => bytes.len(),
            _ => 0,
        };
        let extent = match self.fate {
            Fate::Undone | Fate::Done => return,
            Fate::Torn(part) => Extent::Part(length * usize::from(part) / 256),
            Fate::FlushFailed if durability == Durability::Strict => Extent::FlushFailed,
            Fate::Unflushed | Fate::FlushFailed => Extent::Unflushed,
        };
        self.storage.give_up(self.change, extent);
    }
}
