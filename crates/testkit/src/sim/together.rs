//! Futures side by side.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Rounds in which a call must have come to its end.
const ROUNDS: usize = 10_000;

/// The results of futures that are polled in turns, from the first on; none if they do not come to an end.
pub(super) fn all<T>(futures: Vec<impl Future<Output = T>>) -> Option<Vec<T>> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    for _ in 0..ROUNDS {
        for (future, result) in futures.iter_mut().zip(&mut results).filter(|(_, result)| result.is_none()) {
            if let Poll::Ready(value) = pin!(future.as_mut()).poll(&mut Context::from_waker(Waker::noop())) {
                *result = Some(value);
            }
        }
        if results.iter().all(Option::is_some) {
            return Some(results.into_iter().flatten().collect());
        }
    }
    None
}
