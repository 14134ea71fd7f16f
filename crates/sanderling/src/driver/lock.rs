//! A fair mutex that may be held across an await, on hosts with threads and on those without.
//!
//! Everyone who asks stands in one queue, in the order of asking, and the first of it may use the value. Whoever leaves
//! the queue from its head, done or given up, wakes the next: a call made later never overtakes one that waits.

use crate::guarded::{Changing, Guarded};
use alloc::{collections::VecDeque, vec::Vec};
use core::{
    future::poll_fn,
    mem::replace,
    ops::{Deref, DerefMut},
    task::{Poll, Waker},
};

/// A value that one task at a time may use.
pub(super) struct Lock<T> {
    value: Guarded<T>,
    queue: Guarded<Queue>,
}

/// Those who asked, in the order of asking; none in the place of one who gave up. The first may use the value.
#[derive(Default)]
struct Queue {
    turns: VecDeque<Option<Waker>>,
    /// How many have left from the head.
    left: usize,
}

/// A place in the queue, left when it is dropped.
struct Turn<'a> {
    queue: &'a Guarded<Queue>,
    /// How many had asked before.
    number: usize,
}

/// The right to use the value of a [`Lock`].
pub(super) struct LockGuard<'a, T> {
    // The fields are dropped in this order: the value is free before the next one has its turn.
    value: Changing<'a, T>,
    _turn: Turn<'a>,
}

impl<T> Lock<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value: Guarded::new(value), queue: Guarded::default() }
    }

    /// Waits until it is this one's turn. The place in the queue is that of the first poll.
    pub(super) fn lock(&self) -> impl Future<Output = LockGuard<'_, T>> {
        self.lock_telling(|_| {})
    }

    /// The same; `tell` learns the place of one that has to wait.
    pub(super) fn lock_telling(&self, tell: impl Fn(usize)) -> impl Future<Output = LockGuard<'_, T>> {
        let mut turn = None;
        poll_fn(move |context| match Turn::poll(&mut turn, &self.queue, context.waker()) {
            Some(turn) => Poll::Ready(LockGuard { value: self.value.change_by_turns(), _turn: turn }),
            None => {
                turn.iter().for_each(|turn| tell(turn.number));
                Poll::Pending
            }
        })
    }

    /// Those at these places want the value no more: nobody waits for them to leave. They are woken by the caller.
    pub(super) fn leave(&self, places: impl Iterator<Item = usize>) -> Vec<Waker> {
        let mut queue = self.queue.change();
        let mut left = Vec::new();
        for place in places {
            let at = place.wrapping_sub(queue.left);
            // The first one has the value, or was woken to take it.
            if at > 0 {
                left.extend(queue.turns.get_mut(at).and_then(Option::take));
            }
        }
        left
    }
}

impl<'a> Turn<'a> {
    /// Stands in the queue and looks whether it is this one's turn.
    fn poll(turn: &mut Option<Self>, queue: &'a Guarded<Queue>, waker: &Waker) -> Option<Self> {
        let waker = Some(waker.clone());
        let mut inside = queue.change();
        let number = match turn {
            Some(turn) => turn.number,
            None => {
                inside.turns.push_back(None);
                let number = inside.left.wrapping_add(inside.turns.len() - 1);
                *turn = Some(Turn { queue, number });
                number
            }
        };
        let at = number.wrapping_sub(inside.left);
        // One that was told to leave stands there no more.
        let old = inside.turns.get_mut(at).and_then(|turn| replace(turn, waker));
        drop(inside);
        drop(old); // it may be the last thing that holds a task, and what the task holds may stand in this queue
        if at == 0 { turn.take() } else { None }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut queue = self.queue.change();
        let at = self.number.wrapping_sub(queue.left);
        let left = queue.turns.get_mut(at).and_then(Option::take);
        while let Some(None) = queue.turns.front() {
            queue.turns.pop_front();
            queue.left = queue.left.wrapping_add(1);
        }
        let next = if at == 0 { queue.turns.front().cloned().flatten() } else { None };
        drop(queue);
        drop(left);
        if let Some(next) = next {
            next.wake();
        }
    }
}

impl<T> Deref for LockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for LockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Every order in which threads may take their steps: `RUSTFLAGS="--cfg loom" cargo test -p sanderling --lib loomed`.
#[cfg(all(test, loom))]
mod loomed {
    use super::*;
    use loom::{
        cell::Cell,
        future::block_on,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering::SeqCst},
        },
        thread,
    };
    use std::{boxed::Box, pin::pin};

    /// Increments that loom would see at the same time if the lock let them happen so.
    fn increment(lock: &Lock<Cell<u32>>) {
        let guard = block_on(lock.lock());
        guard.set(guard.get() + 1);
    }

    #[test]
    fn one_at_a_time_has_the_value_and_none_sleeps_for_ever() {
        loom::model(|| {
            let lock = Arc::new(Lock::new(Cell::new(0)));
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let lock = lock.clone();
                    thread::spawn(move || increment(&lock))
                })
                .collect();
            increment(&lock);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            let guard = block_on(lock.lock());
            assert_eq!(guard.get(), 3);
        });
    }

    #[test]
    fn one_who_gives_up_or_is_told_to_leave_stops_nobody() {
        loom::model(|| {
            let lock = Arc::new(Lock::new(Cell::new(0)));
            let place = Arc::new(AtomicUsize::new(usize::MAX));
            let gives_up = {
                let (lock, place) = (lock.clone(), place.clone());
                thread::spawn(move || {
                    // Asks once, and does not wait.
                    let mut asked = Box::pin(lock.lock_telling(move |at| place.store(at, SeqCst)));
                    block_on(core::future::poll_fn(|context| {
                        let _ = pin!(asked.as_mut()).poll(context);
                        Poll::Ready(())
                    }));
                })
            };
            let works = {
                let lock = lock.clone();
                thread::spawn(move || increment(&lock))
            };
            let told = place.load(SeqCst);
            if told != usize::MAX {
                lock.leave([told].into_iter()).into_iter().for_each(Waker::wake);
            }
            increment(&lock);
            gives_up.join().unwrap();
            works.join().unwrap();
            increment(&lock);
        });
    }
}

#[cfg(all(test, feature = "std", not(loom)))]
mod tests {
    use super::*;
    use core::task::Context;
    use std::{
        boxed::Box,
        pin::Pin,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering::SeqCst},
        },
        task::Wake,
        thread,
    };

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    /// A task that asks for the lock, and counts how often it is woken.
    struct Caller<'a> {
        future: Pin<Box<dyn Future<Output = LockGuard<'a, ()>> + 'a>>,
        woken: Arc<Woken>,
    }

    impl<'a> Caller<'a> {
        fn new(lock: &'a Lock<()>) -> Self {
            Self { future: Box::pin(lock.lock()), woken: Arc::default() }
        }

        /// One that has asked in vain.
        fn waiting(lock: &'a Lock<()>) -> Self {
            let mut caller = Self::new(lock);
            assert!(caller.poll().is_none());
            caller
        }

        fn poll(&mut self) -> Option<LockGuard<'a, ()>> {
            let waker = Waker::from(self.woken.clone());
            match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(guard) => Some(guard),
                Poll::Pending => None,
            }
        }

        fn woken(&self) -> usize {
            self.woken.0.load(SeqCst)
        }
    }

    fn held(lock: &Lock<()>) -> LockGuard<'_, ()> {
        Caller::new(lock).poll().expect("nobody else has the lock")
    }

    #[test]
    fn threads_take_turns_and_none_sleeps_for_ever() {
        let lock = Arc::new(Lock::new(0_u32));
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let lock = lock.clone();
                thread::spawn(move || {
                    for _ in 0..2_000 {
                        pollster::block_on(async {
                            let mut value = lock.lock().await;
                            let read = *value;
                            thread::yield_now();
                            *value = read + 1;
                        });
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(*pollster::block_on(lock.lock()), 16_000);
    }

    #[test]
    fn a_later_call_does_not_overtake_one_that_was_woken_and_has_not_run_yet() {
        let lock = Lock::new(());
        let first = held(&lock);
        let mut second = Caller::waiting(&lock);
        drop(first);
        let mut third = Caller::waiting(&lock);
        assert_eq!((second.woken(), third.woken()), (1, 0));
        drop(second.poll().unwrap());
        assert_eq!((second.woken(), third.woken()), (1, 1));
        assert!(third.poll().is_some());
    }

    #[test]
    fn each_one_is_woken_once_in_the_order_of_asking() {
        let lock = Lock::new(());
        let mut guard = held(&lock);
        let mut callers: Vec<_> = (0..5).map(|_| Caller::waiting(&lock)).collect();
        for at in 0..callers.len() {
            drop(guard);
            let woken: Vec<_> = callers.iter().map(Caller::woken).collect();
            assert_eq!(woken, (0..5).map(|caller| usize::from(caller <= at)).collect::<Vec<_>>());
            for later in &mut callers[at + 1..] {
                assert!(later.poll().is_none());
            }
            guard = callers[at].poll().unwrap();
        }
    }

    #[test]
    fn a_waiter_that_gives_up_stops_nobody() {
        let lock = Lock::new(());
        let mut owner = Caller::new(&lock);
        let guard = owner.poll().unwrap();
        let given_up = Caller::waiting(&lock);
        let mut waiting = Caller::waiting(&lock);
        drop(given_up);
        assert!(waiting.poll().is_none(), "the value is still in use");
        assert_eq!((owner.woken(), waiting.woken()), (0, 0));
        drop(guard);
        assert_eq!(waiting.woken(), 1);
        assert!(waiting.poll().is_some());
    }

    #[test]
    fn a_waiter_that_gives_up_after_it_was_woken_wakes_the_next() {
        let lock = Lock::new(());
        let guard = held(&lock);
        let (woken, mut next, last) = (Caller::waiting(&lock), Caller::waiting(&lock), Caller::waiting(&lock));
        drop(guard);
        assert_eq!((woken.woken(), next.woken()), (1, 0));
        drop(woken);
        assert_eq!(next.woken(), 1);
        drop(last);
        assert!(next.poll().is_some());
        assert!(Caller::new(&lock).poll().is_some());
    }

    #[test]
    fn those_who_are_told_to_leave_are_waited_for_no_more() {
        let lock = Lock::new(());
        let guard = held(&lock);
        let places = Guarded::new(Vec::new());
        let telling = || Caller {
            future: Box::pin(lock.lock_telling(|place| places.change().push(place))),
            woken: Arc::default(),
        };
        let mut told = [telling(), telling(), telling()];
        assert!(told.iter_mut().all(|caller| caller.poll().is_none()));
        let mut waiting = Caller::waiting(&lock);
        let [first, .., last] = places.read()[..] else { panic!("three places") };
        lock.leave([first, last].into_iter()).into_iter().for_each(Waker::wake);
        assert_eq!(told.each_ref().map(Caller::woken), [1, 0, 1]);
        drop(guard);
        assert_eq!((told[1].woken(), waiting.woken()), (1, 0));
        // It has the turn, and cannot be told any more.
        assert!(lock.leave(places.read().iter().copied()).is_empty());
        drop(told[1].poll().unwrap());
        assert_eq!(waiting.woken(), 1);
        drop(told);
        assert!(waiting.poll().is_some());
        assert!(Caller::new(&lock).poll().is_some());
    }

    #[test]
    fn a_call_that_never_ran_stands_in_no_queue() {
        let lock = Lock::new(());
        let never = Caller::new(&lock);
        assert!(Caller::new(&lock).poll().is_some());
        drop(never);
        assert!(Caller::new(&lock).poll().is_some());
    }

    #[test]
    fn the_waker_of_the_latest_poll_counts() {
        let lock = Lock::new(());
        let guard = held(&lock);
        let mut moved = Caller::waiting(&lock);
        let before = core::mem::take(&mut moved.woken);
        assert!(moved.poll().is_none());
        drop(guard);
        assert_eq!((before.0.load(SeqCst), moved.woken()), (0, 1));
    }

    #[test]
    fn one_who_panicked_gives_the_value_back() {
        let lock = Arc::new(Lock::new(()));
        let other = lock.clone();
        let panicked = thread::spawn(move || {
            let _held = held(&other);
            panic!("on purpose");
        });
        assert!(panicked.join().is_err());
        assert!(Caller::new(&lock).poll().is_some());
    }
}
