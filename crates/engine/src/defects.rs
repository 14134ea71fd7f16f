//! Mistakes that can be switched on, so that a test can show that the simulation of faults would see them. Only with the
//! feature `planted-defects`; without it every question is answered with a constant no.

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Defect {
    /// Frames of the log are believed without their checksums.
    FrameUnchecked = 1,
    /// Manifest slots are believed without their checksum.
    ManifestUnchecked,
    /// Every frame claims that all before it was flushed.
    FrameClaimsFlush,
    /// A write changes the state although its append failed.
    AppliedUnlogged,
    /// A write whose append failed is acknowledged.
    FailureAcknowledged,
    /// The log is appended to after a failure.
    LogKeptAfterFailure,
    /// A new log begins without flushing the earlier ones.
    LogsNotSettled,
    /// After a failed flush the next one is believed.
    FlushRetried,
    /// A commit whose outcome is unknown is forgotten.
    DoubtForgotten,
    /// Writes are acknowledged while the outcome of a commit is unknown.
    DoubtIgnored,
    /// A write that changes nothing does not wait for a sound log.
    NothingAcknowledged,
    /// The manifest in memory changes before the commit.
    CommittedInMemory,
    /// The state changes before the commit.
    InstalledUncommitted,
    /// The older slot wins.
    OlderSlotWins,
    /// The slot in force is not flushed when the database is opened.
    SlotNotFlushed,
    /// A short read is taken for the end of the file.
    ShortReadBelieved,
    /// Replay believes the end of a log that a later one ruled out.
    OverlapReplayed,
    /// Replay looks at the last log alone.
    LastLogAlone,
    /// A log with a torn end is appended to.
    TornLogExtended,
    /// A new log takes the place of the earlier ones.
    EarlierLogsDropped,
    /// Old files are removed before the manifest that drops them.
    RemovedBeforeCommit,
    /// The dead rows of sealed segments are not written.
    TombstonesNotWritten,
    /// The dead rows of a sealed segment are written once.
    TombstonesNotRenewed,
    /// Numbers of writes begin anew after a seal.
    NumbersRestart,
    /// A dropped collection stays in the manifest.
    DropNotCommitted,
    /// A schema that grew is not committed.
    SchemaNotCommitted,
    /// Expired documents come back when they are compacted.
    ExpiryForgotten,
    /// Blocks of segments are believed without their checksums.
    BlockUnchecked,
    /// The checksums of blocks are believed without those of their groups.
    GroupUnchecked,
    /// The tables of segments are believed without the root checksum.
    RootUnchecked,
    /// Dead rows are believed without their checksum and number.
    TombstonesUnchecked,
    /// Whoever has read does not ask whether that was damaged.
    DamageNotAsked,
    /// Whoever has read does not ask whether the medium failed.
    FailureNotAsked,
    /// Whoever has merged does not ask whether what was read was sound.
    TroubleNotAsked,
    /// Whoever is about to commit does not ask whether anything is left out.
    WholenessNotAsked,
    /// A database is opened although another process has it.
    LockIgnored,
    /// What a destroyed database has removed may come back.
    DestroyNotFlushed,
    /// A destroyed database loses its slots before its data, and the newest first.
    SlotsDestroyedFirst,
    /// Settings change in memory before they are committed.
    SettingsUncommitted,
    /// Settings that were changed are not committed.
    SettingsNotCommitted,
    /// A change of settings is committed before the writes that came before it are durable.
    SettingsBeforeWrites,
    /// The log goes on behind a call that was given up within it.
    GivenUpForgotten,
    /// A segment whose making was given up is waited for.
    GivenUpAwaited,
    /// Segments are written anew, or rows named dead, before the log that says why is durable.
    DeathsNotSettled,
    /// A file of a pool gets a new name before it is surely empty.
    PoolNotFlushed,
    /// A file that arrived is named before it is durable.
    ArrivedNotFlushed,
    /// Files arrive under numbers that the target has not given away.
    ArrivedUnderFreeNumbers,
    /// What had failed to name the files that arrived is forgotten, and they are removed.
    ArrivedRemovedInDoubt,
    /// A repair removes what it has made anew before the commit.
    RepairedBeforeCommit,
    /// A repair keeps no copy of what was damaged.
    RepairedWithoutCopies,
}

#[cfg(feature = "planted-defects")]
mod planted {
    use super::Defect;
    use core::sync::atomic::{AtomicU8, Ordering::SeqCst};

    static PLANTED: AtomicU8 = AtomicU8::new(0);

    /// Switches a mistake on for the whole process, or all off.
    pub fn plant(defect: Option<Defect>) {
        PLANTED.store(defect.map_or(0, |defect| defect as u8), SeqCst);
    }

    /// Whether a mistake is switched on.
    #[must_use]
    pub fn is(defect: Defect) -> bool {
        PLANTED.load(SeqCst) == defect as u8
    }
}
#[cfg(feature = "planted-defects")]
pub use planted::{is, plant};

/// Whether a mistake is switched on.
#[cfg(not(feature = "planted-defects"))]
#[must_use]
pub const fn is(_: Defect) -> bool {
    false
}
