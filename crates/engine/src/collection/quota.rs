//! How large a collection may become.

use super::{
    group::{Group, Growth},
    ingest::IndexedOperation,
    state::{CollectionState, Prepared},
};
use crate::{Error, ErrorCode, Result, settings::Quota};

impl CollectionState {
    /// How much larger the collection becomes by a group and what is prepared behind it. A document that the group writes was
    /// counted with it; one that it deletes counts until it is applied.
    pub(super) fn growth_with(&self, prepared: &Prepared, group: &Group, now: u64) -> Growth {
        let mut growth = group.growth;
        if self.settings.quota == Quota::default() {
            return growth;
        }
        for operation in &prepared.operations {
            if let IndexedOperation::Put(document) = operation {
                growth.bytes += document.bytes();
                growth.documents +=
                    u64::from(self.locate_live(&document.id, now).is_none() && !group.writes(&document.id));
            }
        }
        growth
    }

    /// That a write does not make the collection larger than it may be.
    pub(super) fn check_quota(&self, prepared: &Prepared, group: &Group, now: u64) -> Result<()> {
        let Quota { documents, bytes } = self.settings.quota;
        let grown = |growth: Growth| (growth.documents, growth.bytes);
        if (documents, bytes) == (None, None) {
            return Ok(());
        }
        let (more_documents, more_bytes) = grown(self.growth_with(prepared, group, now));
        let (before_documents, before_bytes) = grown(group.growth);
        if let Some(most) = documents.filter(|_| more_documents > before_documents) {
            let live: usize = (0..=self.held.len()).map(|at| self.live_rows(at, now).count()).sum();
            exceeds("documents", live as u64 + more_documents, most)?;
        }
        if let Some(most) = bytes.filter(|_| more_bytes > before_bytes) {
            let stored: u64 = self.segments().iter().map(crate::segment::Segment::bytes).sum();
            exceeds("bytes", stored + more_bytes, most)?;
        }
        Ok(())
    }
}

fn exceeds(what: &str, wanted: u64, most: u64) -> Result<()> {
    if wanted <= most {
        return Ok(());
    }
    let path = alloc::format!("quota.{what}");
    let (expected, found) = (alloc::format!("at most {most} {what}"), alloc::format!("{wanted} with this write"));
    Err(Error::mismatch(ErrorCode::Quota, &path, &expected, &found).with("quota", most).with("wanted", wanted))
}
