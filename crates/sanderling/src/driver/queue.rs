//! The writes of a collection that wait for the log.
//!
//! There is room for so many writes and so many bytes. Who finds none waits at the door, in the order of the calls, and whoever does not
//! want to wait is told. What a place takes is given back when its caller has the answer or has gone.

use super::lock::Lock;
use crate::guarded::Guarded;
use alloc::{collections::VecDeque, sync::Arc, vec::Vec};
use core::{
    future::poll_fn,
    task::{Poll, Waker},
};
use sanderling_engine::{
    Error, ErrorCode, Result,
    collection::{Write, WriteReceipt},
};

/// So many writes wait at the most.
const WRITES_MAX: usize = 1_024;

/// So many bytes of them, unless one alone has more.
const BYTES_MAX: usize = 64 << 20;

pub(super) struct Queue {
    waiting: Guarded<Waiting>,
    /// Its first one waits for room.
    door: Lock<()>,
}

#[derive(Default)]
struct Waiting {
    writes: VecDeque<(Write, Answer)>,
    /// Places taken: by these writes, and by those that are carried out.
    taken: Size,
    /// How many do something for which others have to wait long.
    behind: usize,
    /// Who waits for room.
    at_the_door: Option<Waker>,
}

#[derive(Clone, Copy, Default)]
struct Size {
    writes: usize,
    bytes: usize,
    rows: usize,
}

/// Where the outcome of a write is left.
pub(super) type Answer = Arc<Guarded<Outcome>>;

#[derive(Default)]
pub(super) struct Outcome {
    result: Option<Result<WriteReceipt>>,
    /// Where its caller waits for the turn of the writer.
    place: Option<usize>,
}

/// A place in the queue, given back when it is dropped. A write whose caller has gone is not begun any more.
pub(super) struct Ticket<'a> {
    queue: &'a Queue,
    pub answer: Answer,
    size: Size,
}

/// While it lives nobody who does not want to wait is let in.
pub(super) struct Behind<'a>(&'a Queue);

pub(super) fn is_impatient(write: &Write) -> bool {
    matches!(write, Write::Put(_, options) if options.is_impatient)
}

pub(super) fn busy() -> Error {
    Error::new(ErrorCode::Busy, "the collection is behind with its writes")
}

/// Leaves the outcome of a write.
pub(super) fn answer(answer: &Answer, result: Result<WriteReceipt>) {
    answer.change().result = Some(result);
}

/// Where the callers of writes wait.
pub(super) fn places(answers: &[Answer]) -> impl Iterator<Item = usize> {
    answers.iter().filter_map(|answer| answer.read().place)
}

/// The call that carried a write out was given up before it was known what came of it.
pub(super) fn answer_given_up(answer: &Answer) {
    let mut answer = answer.change();
    if answer.result.is_none() {
        let message = "the call that carried this write out was given up: it may be kept or not";
        answer.result = Some(Err(Error::new(ErrorCode::Unavailable, message)));
    }
}

impl Size {
    fn of(write: &Write) -> Self {
        Self { writes: 1, bytes: write.bytes(), rows: write.rows() }
    }
}

impl Waiting {
    fn has_room(&self, size: Size) -> bool {
        self.taken.writes == 0
            || (self.taken.writes < WRITES_MAX && self.taken.bytes.saturating_add(size.bytes) <= BYTES_MAX)
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self { waiting: Guarded::default(), door: Lock::new(()) }
    }
}

impl Queue {
    /// Puts a write in the queue as soon as there is room.
    pub(super) async fn enter(&self, write: Write) -> Ticket<'_> {
        let size = Size::of(&write);
        let _first = self.door.lock().await;
        poll_fn(|context| {
            let mut waiting = self.waiting.change();
            if waiting.has_room(size) {
                return Poll::Ready(());
            }
            let before = waiting.at_the_door.replace(context.waker().clone());
            drop(waiting);
            drop(before); // it may be the last thing that holds a task, and what the task holds may stand in this queue
            Poll::Pending
        })
        .await;
        self.take_place(&mut self.waiting.change(), write, size)
    }

    /// Puts a write in the queue if it need not wait, and all that are there have no more than so many rows.
    pub(super) fn enter_now(&self, write: Write, rows_max: usize) -> Result<Ticket<'_>> {
        let size = Size::of(&write);
        let mut waiting = self.waiting.change();
        let has_room = waiting.has_room(size) && waiting.at_the_door.is_none() && waiting.behind == 0;
        if has_room && waiting.taken.rows + size.rows <= rows_max {
            Ok(self.take_place(&mut waiting, write, size))
        } else {
            Err(busy())
        }
    }

    fn take_place(&self, waiting: &mut Waiting, write: Write, size: Size) -> Ticket<'_> {
        let answer = Answer::default();
        waiting.taken.writes += size.writes;
        waiting.taken.bytes += size.bytes;
        waiting.taken.rows += size.rows;
        waiting.writes.push_back((write, answer.clone()));
        Ticket { queue: self, answer, size }
    }

    /// Something begins for which others have to wait. Those in the queue who do not want to are given back, with that answer.
    pub(super) fn behind(&self) -> (Behind<'_>, Vec<Answer>) {
        let mut waiting = self.waiting.change();
        waiting.behind += 1;
        let (impatient, patient): (VecDeque<_>, _) =
            core::mem::take(&mut waiting.writes).into_iter().partition(|(write, _)| is_impatient(write));
        waiting.writes = patient;
        drop(waiting);
        let refused: Vec<Answer> = impatient.into_iter().map(|(_, answer)| answer).collect();
        refused.iter().for_each(|of| answer(of, Err(busy())));
        (Behind(self), refused)
    }

    /// The next write, if it is admitted.
    pub(super) fn next(&self, is_admitted: &mut dyn FnMut(&Write) -> bool) -> Option<(Write, Answer)> {
        let mut waiting = self.waiting.change();
        let (write, _) = waiting.writes.front()?;
        if is_admitted(write) { waiting.writes.pop_front() } else { None }
    }
}

impl Drop for Behind<'_> {
    fn drop(&mut self) {
        self.0.waiting.change().behind -= 1;
    }
}

impl Ticket<'_> {
    pub(super) fn take(&self) -> Option<Result<WriteReceipt>> {
        self.answer.change().result.take()
    }

    /// Its caller waits there.
    pub(super) fn wait_at(&self, place: usize) {
        self.answer.change().place = Some(place);
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let (waker, _gone) = {
            let mut waiting = self.queue.waiting.change();
            waiting.taken.writes -= self.size.writes;
            waiting.taken.bytes -= self.size.bytes;
            waiting.taken.rows -= self.size.rows;
            // One that was answered stands there no more; mostly nothing else does.
            let is_known = Arc::strong_count(&self.answer) > 1;
            let is_its = |(_, answer): &(Write, Answer)| Arc::ptr_eq(answer, &self.answer);
            let at = if is_known { waiting.writes.iter().position(is_its) } else { None };
            (waiting.at_the_door.take(), at.and_then(|at| waiting.writes.remove(at)))
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
