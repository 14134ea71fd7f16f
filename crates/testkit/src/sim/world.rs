//! What a simulated process sees of the world: the time, numbers that seem random, the schema of its collections.

use sanderling::{
    Schema,
    driver::{Background, Environment},
    engine::text::AnalyzerSource,
};
use std::{cell::Cell, sync::OnceLock};

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
    static IDENTITIES: Cell<u64> = const { Cell::new(0) };
}

/// The time when a simulation begins.
pub const START: u64 = 1_000;

/// Sets the clock of this thread; the identities of new databases begin anew with it.
pub fn begin() {
    NOW.set(START);
    IDENTITIES.set(0);
}

/// The time.
#[must_use]
pub fn now() -> u64 {
    NOW.get()
}

/// Lets time go by.
pub fn wait(milliseconds: u64) {
    NOW.set(NOW.get() + milliseconds);
}

fn identity() -> [u8; 16] {
    IDENTITIES.set(IDENTITIES.get() + 1);
    let mut identity = [7; 16];
    identity[..8].copy_from_slice(&IDENTITIES.get().to_le_bytes());
    identity
}

/// What the driver may not know by itself. No segment that is read as it is needed fits into memory whole.
#[must_use]
pub fn environment() -> Environment {
    Environment {
        now,
        random: identity,
        analyzers: AnalyzerSource::default(),
        background: Background::NONE,
        memory_budget: 0,
    }
}

/// The schema of every collection, before and after it was extended.
#[must_use]
pub fn schema(extended: bool) -> Schema {
    static SCHEMAS: OnceLock<[Schema; 2]> = OnceLock::new();
    let made = SCHEMAS.get_or_init(|| {
        ["", r#", "more": { "type": "keyword" }"#].map(|more| {
            let text = format!(
                r#"{{ "fields": {{ "n": {{ "type": "number" }}, "tag": {{ "type": "keyword" }}, "body": {{ "type": "text" }},
                "v": {{ "type": "vector", "dimensions": 3, "metric": "euclidean" }}{more} }} }}"#
            );
            Schema::from_json(text).expect("the schema of the simulation is sound")
        })
    });
    made[usize::from(extended)].clone()
}
