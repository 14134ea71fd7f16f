//! A mutex that may be held across an await, on hosts with threads and on those without.
//!
//! Whoever finds it taken leaves a waker; whoever gives it back wakes all, and they try again in the order in which they
//! came.

use crate::guarded::{Changing, Guarded};
use alloc::vec::Vec;
use core::{
    future::poll_fn,
    mem::take,
    ops::{Deref, DerefMut},
    task::{Context, Poll, Waker},
};

/// A value that one task at a time may use.
pub(super) struct Lock<T> {
    value: Guarded<T>,
    waiting: Guarded<Vec<Waker>>,
}

/// The right to use the value of a [`Lock`].
pub(super) struct LockGuard<'a, T> {
    // The fields are dropped in this order: the value is free before the others are woken.
    value: Changing<'a, T>,
    _wakes: WakeAll<'a>,
}

struct WakeAll<'a>(&'a Guarded<Vec<Waker>>);

impl<T> Lock<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value: Guarded::new(value), waiting: Guarded::default() }
    }

    /// Waits until nobody else uses the value.
    pub(super) fn lock(&self) -> impl Future<Output = LockGuard<'_, T>> {
        poll_fn(|context| self.poll(context))
    }

    fn poll(&self, context: &Context<'_>) -> Poll<LockGuard<'_, T>> {
        if let Some(guard) = self.try_lock() {
            return Poll::Ready(guard);
        }
        self.waiting.change().push(context.waker().clone());
        // It may have been given back before the waker was there to be woken.
        self.try_lock().map_or(Poll::Pending, Poll::Ready)
    }

    fn try_lock(&self) -> Option<LockGuard<'_, T>> {
        let value = self.value.try_change()?;
        Some(LockGuard { value, _wakes: WakeAll(&self.waiting) })
    }
}

impl Drop for WakeAll<'_> {
    fn drop(&mut self) {
        let wakers = take(&mut *self.0.change());
        wakers.into_iter().for_each(Waker::wake);
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

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use std::{pin::pin, sync::Arc, thread};

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
    fn a_waiter_that_gives_up_stops_nobody() {
        let lock = Lock::new(());
        let mut context = Context::from_waker(Waker::noop());
        let held = pollster::block_on(lock.lock());
        {
            let mut given_up = pin!(lock.lock());
            assert!(given_up.as_mut().poll(&mut context).is_pending());
        }
        let mut waiting = pin!(lock.lock());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        drop(held);
        assert!(waiting.as_mut().poll(&mut context).is_ready());
    }
}
