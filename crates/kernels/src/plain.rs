//! A host whose instructions no backend knows.

use crate::{backend::Table, portable::PORTABLE};

pub(crate) fn best() -> &'static Table {
    &PORTABLE
}

pub(crate) fn available() -> impl Iterator<Item = &'static Table> {
    core::iter::once(&PORTABLE)
}
