//! Values that several handles read and change: a lock where there are threads, a cell in wasm, which has one.

#[cfg(any(feature = "std", not(target_family = "wasm")))]
mod threads {
    /// Whether others read while one changes.
    pub(crate) const HAS_THREADS: bool = true;

    #[cfg(loom)]
    use loom::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
    use std::sync::PoisonError;
    #[cfg(not(loom))]
    use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

    pub(crate) type Reading<'a, T> = RwLockReadGuard<'a, T>;
    pub(crate) type Changing<'a, T> = RwLockWriteGuard<'a, T>;

    /// A value that many may read, or one may change.
    #[derive(Debug, Default)]
    pub(crate) struct Guarded<T>(RwLock<T>);

    impl<T> Guarded<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(RwLock::new(value))
        }

        pub(crate) fn read(&self) -> Reading<'_, T> {
            self.0.read().expect("a change of a shared value does not panic")
        }

        pub(crate) fn change(&self) -> Changing<'_, T> {
            self.0.write().expect("a change of a shared value does not panic")
        }

        /// Like `change`, for a value that is used in turns: one who panicked had its turn.
        pub(crate) fn change_by_turns(&self) -> Changing<'_, T> {
            self.0.write().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

#[cfg(not(any(feature = "std", not(target_family = "wasm"))))]
mod cell {
    /// Whether others read while one changes.
    pub(crate) const HAS_THREADS: bool = false;

    use core::cell::{Ref, RefCell, RefMut};

    pub(crate) type Reading<'a, T> = Ref<'a, T>;
    pub(crate) type Changing<'a, T> = RefMut<'a, T>;

    /// A value that many may read, or one may change.
    #[derive(Debug, Default)]
    pub(crate) struct Guarded<T>(RefCell<T>);

    impl<T> Guarded<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(RefCell::new(value))
        }

        pub(crate) fn read(&self) -> Reading<'_, T> {
            self.0.borrow()
        }

        pub(crate) fn change(&self) -> Changing<'_, T> {
            self.0.borrow_mut()
        }

        /// Like `change`, for a value that is used in turns.
        pub(crate) fn change_by_turns(&self) -> Changing<'_, T> {
            self.0.borrow_mut()
        }
    }
}

#[cfg(not(any(feature = "std", not(target_family = "wasm"))))]
pub(crate) use cell::{Changing, Guarded, HAS_THREADS, Reading};
#[cfg(any(feature = "std", not(target_family = "wasm")))]
pub(crate) use threads::{Changing, Guarded, HAS_THREADS, Reading};
