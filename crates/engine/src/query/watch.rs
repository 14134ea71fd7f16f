//! When a search has to stop.

use core::cell::Cell;

/// Asked between pieces of work, each well below a millisecond, whether there is time for another. The engine has no clock.
pub trait Watch {
    /// Whether to stop.
    fn is_over(&self) -> bool;
}

/// There is all the time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn is_over(&self) -> bool {
        false
    }
}

/// Remembers that work was left undone: once over is always over.
pub(crate) struct Latch<'a> {
    watch: &'a dyn Watch,
    was_over: Cell<bool>,
}

impl<'a> Latch<'a> {
    pub fn new(watch: &'a dyn Watch) -> Self {
        Self { watch, was_over: Cell::new(false) }
    }

    /// Whether something was left undone.
    pub fn has_cut(&self) -> bool {
        self.was_over.get()
    }
}

impl Watch for Latch<'_> {
    fn is_over(&self) -> bool {
        if !self.was_over.get() && self.watch.is_over() {
            self.was_over.set(true);
        }
        self.was_over.get()
    }
}
