//! Futures side by side.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

/// A call under way.
pub(super) type Call<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Rounds in which a call must have come to its end.
const ROUNDS: usize = 10_000;

/// The results of futures that are polled in turns, from the first on; none if they do not come to an end.
pub(super) fn all<'a, T>(futures: Vec<Call<'a, T>>) -> Option<Vec<T>> {
    all_but(futures, usize::MAX)?.into_iter().collect()
}

/// The same; the first is given up after so many polls, and has no result then.
pub(super) fn all_but<'a, T>(futures: Vec<Call<'a, T>>, polls: usize) -> Option<Vec<Option<T>>> {
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    let mut futures: Vec<_> = futures.into_iter().map(Some).collect();
    for round in 0..ROUNDS {
        if round == polls {
            futures[0] = None;
        }
        for (future, result) in futures.iter_mut().zip(&mut results) {
            let Some(running) = future else { continue };
            if let Poll::Ready(value) = running.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                (*future, *result) = (None, Some(value));
            }
        }
        if futures.iter().all(Option::is_none) {
            return Some(results);
        }
    }
    None
}
