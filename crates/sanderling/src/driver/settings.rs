//! Settings that are changed while a collection is open: first in the manifest, then in the state.

use super::collection::{Collection, Task, WriterState};
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use sanderling_engine::{
    Result,
    defects::{Defect, is},
    document::json,
    settings::{AskedSettings, CollectionSettings},
};

impl Collection {
    /// Makes the settings what is asked for. Where that is what they are, nobody has to wait for a turn.
    pub async fn take_settings(&self, asked: AskedSettings) -> Result<()> {
        let (ours, next) = self.settings_and_next();
        if asked.clone().over(&ours, next)? != ours || self.shared.settings_in_doubt.load(Ordering::SeqCst) {
            self.perform(Task::Settings(asked)).await?;
        }
        Ok(())
    }

    fn settings_and_next(&self) -> (CollectionSettings, u64) {
        let state = self.shared.state();
        (state.settings().clone(), state.next().0)
    }

    /// Makes the settings what is asked for, as far as that can be. The caller has the writer's turn.
    pub(super) async fn change_settings(&self, writer: &mut WriterState, asked: AskedSettings) -> Result<()> {
        let (ours, next) = self.settings_and_next();
        let settings = asked.over(&ours, next)?;
        settings.check(&self.schema())?;
        let in_doubt = &self.shared.settings_in_doubt;
        if settings == ours && !in_doubt.load(Ordering::SeqCst) {
            return Ok(());
        }
        if !is(Defect::SettingsBeforeWrites) {
            self.settle_before_commit(writer).await?;
        }
        let database = &self.database.shared;
        let mut manifest = database.manifest.lock().await;
        let mut next = manifest.next();
        let Some(record) = next.collections.iter_mut().find(|record| record.id == self.shared.id) else {
            return Ok(()); // the collection was dropped
        };
        if !is(Defect::SettingsNotCommitted) {
            record.settings = json::write(&settings.to_value());
        }
        if is(Defect::SettingsUncommitted) {
            self.shared.state_to_change().set_settings(settings.clone());
        }
        in_doubt.store(true, Ordering::SeqCst);
        manifest.commit(&*database.storage, Vec::new(), next).await?;
        in_doubt.store(false, Ordering::SeqCst);
        self.shared.state_to_change().set_settings(settings);
        Ok(())
    }
}
