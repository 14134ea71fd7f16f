//! The knobs of a collection that its users may turn, kept in the manifest.

use crate::{Error, Result, Value, document::reader::ObjectReader};

/// Documents in the growing segment at which it is sealed. A matter of the data alone, never of the host.
pub const SEAL_AT_DEFAULT: u32 = 32_768;

/// Bytes of documents, vectors and words in the growing segment at which it is sealed, however few rows they are.
pub const SEAL_BYTES: u64 = 64 << 20;

/// Candidates that each leg of a hybrid search contributes at the least.
pub const LEG_DEPTH_DEFAULT: usize = 200;

/// The constant of reciprocal rank fusion.
pub const RRF_K_DEFAULT: f32 = 60.0;

/// Values of a facet that come back where nothing is said.
pub const FACET_VALUES_DEFAULT: usize = 10;

/// How much relevance counts against difference where nothing is said.
pub const MMR_LAMBDA_DEFAULT: f64 = 0.5;

/// The two constants of BM25.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bm25Settings {
    /// How fast repeated words saturate.
    pub k1: f32,
    /// How much a long text counts against its words.
    pub b: f32,
}

impl Default for Bm25Settings {
    fn default() -> Self {
        Self { k1: 1.2, b: 0.75 }
    }
}

/// The settings of one collection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CollectionSettings {
    /// Documents at which the growing segment is sealed.
    pub seal_at: u32,
    /// The constants of text scoring.
    pub bm25: Bm25Settings,
}

impl Default for CollectionSettings {
    fn default() -> Self {
        Self { seal_at: SEAL_AT_DEFAULT, bm25: Bm25Settings::default() }
    }
}

impl CollectionSettings {
    /// Reads `{ sealAt?, bm25?: { k1?, b? } }`.
    pub fn from_value(value: &Value) -> Result<Self> {
        let mut settings = Self::default();
        let mut options = ObjectReader::new(value, &"collection options")?;
        if let Some(seal_at) = options.number("sealAt")? {
            if !(1.0..=f64::from(u32::MAX)).contains(&seal_at) || libm::trunc(seal_at) != seal_at {
                return Err(Error::expected(&"sealAt", &"a whole number from 1", &Value::Number(seal_at)));
            }
            settings.seal_at = seal_at as u32;
        }
        if let Some(bm25) = options.value("bm25") {
            let mut bm25 = ObjectReader::new(bm25, &"bm25")?;
            if let Some(k1) = bm25.number_within("k1", 0.0, 1_000.0)? {
                settings.bm25.k1 = k1 as f32;
            }
            if let Some(b) = bm25.number_within("b", 0.0, 1.0)? {
                settings.bm25.b = b as f32;
            }
            bm25.finish()?;
        }
        for later in ["quota", "embedders"] {
            options.not_yet(later)?;
        }
        options.finish()?;
        Ok(settings)
    }

    /// The inverse of [`CollectionSettings::from_value`], with every setting written out.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let bm25 = Value::object().with("k1", f64::from(self.bm25.k1)).with("b", f64::from(self.bm25.b));
        Value::object().with("sealAt", self.seal_at).with("bm25", bm25)
    }
}
