//! The knobs of a collection that its users may turn, kept in the manifest.

use crate::{
    Error, ErrorCode, Result, Schema, Value,
    document::{is_safe_integer, quoted, reader::ObjectReader},
    limits::NAME_BYTES_MAX,
    lists::{map, try_map},
    schema::FieldKind,
};
use alloc::{string::String, vec::Vec};

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

/// How large a collection may become. Deleting is always possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Documents that are neither deleted nor expired.
    pub documents: Option<u64>,
    /// Bytes of its segments, indexes included: what is deleted counts until its segment is merged.
    pub bytes: Option<u64>,
}

/// Vector fields with the names of the models that make their vectors.
pub type Models = Vec<(String, String)>;

/// Vectors that are being made anew by other models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaking {
    /// The models that make them from now on.
    pub models: Models,
    /// Documents with a version from this one on are done.
    pub since: u64,
}

/// The settings of one collection.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectionSettings {
    /// Documents at which the growing segment is sealed.
    pub seal_at: u32,
    /// The constants of text scoring.
    pub bm25: Bm25Settings,
    /// How large it may become.
    pub quota: Quota,
    /// Which models make vectors: those of different models cannot be compared.
    pub models: Models,
    /// Which vectors are being made anew.
    pub remaking: Option<Remaking>,
}

impl Default for CollectionSettings {
    fn default() -> Self {
        Self {
            seal_at: SEAL_AT_DEFAULT,
            bm25: Bm25Settings::default(),
            quota: Quota::default(),
            models: Vec::new(),
            remaking: None,
        }
    }
}

/// Settings as somebody asks for them: what is left out stays as it is, or gets its default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AskedSettings {
    seal_at: Option<u32>,
    k1: Option<f32>,
    b: Option<f32>,
    quota: Option<Quota>,
    models: Models,
    /// Vectors are to be made anew by these models.
    remake: Option<Models>,
    /// All of them were made by these.
    remade: Option<Models>,
}

impl From<CollectionSettings> for AskedSettings {
    fn from(settings: CollectionSettings) -> Self {
        Self {
            seal_at: Some(settings.seal_at),
            k1: Some(settings.bm25.k1),
            b: Some(settings.bm25.b),
            quota: Some(settings.quota),
            models: settings.models,
            remake: None,
            remade: None,
        }
    }
}

impl AskedSettings {
    /// Reads `{ sealAt?, bm25?: { k1?, b? }, quota?: { documents?, bytes? }, models?, remake?, remade? }`.
    pub fn from_value(value: &Value) -> Result<Self> {
        let mut asked = Self::default();
        let mut options = ObjectReader::new(value, &"collection options")?;
        if let Some(seal_at) = options.number("sealAt")? {
            if !(1.0..=f64::from(u32::MAX)).contains(&seal_at) || libm::trunc(seal_at) != seal_at {
                return Err(Error::expected(&"sealAt", &"a whole number from 1", &Value::Number(seal_at)));
            }
            asked.seal_at = Some(seal_at as u32);
        }
        if let Some(bm25) = options.value("bm25") {
            let mut bm25 = ObjectReader::new(bm25, &"bm25")?;
            asked.k1 = bm25.number_within("k1", 0.0, 1_000.0)?.map(|k1| k1 as f32);
            asked.b = bm25.number_within("b", 0.0, 1.0)?.map(|b| b as f32);
            bm25.finish()?;
        }
        if let Some(quota) = options.value("quota") {
            let mut quota = ObjectReader::new(quota, &"quota")?;
            let [documents, bytes] = ["documents", "bytes"].map(|name| whole(&mut quota, name));
            asked.quota = Some(Quota { documents: documents?, bytes: bytes? });
            quota.finish()?;
        }
        if let Some(models) = options.value("models") {
            asked.models = models_of(models)?;
        }
        asked.remake = options.value("remake").map(models_of).transpose()?;
        asked.remade = options.value("remade").map(models_of).transpose()?;
        options.finish()?;
        Ok(asked)
    }

    /// The settings of a collection that is made.
    #[must_use]
    pub fn of_new(self) -> CollectionSettings {
        let bm25 = Bm25Settings::default();
        CollectionSettings {
            seal_at: self.seal_at.unwrap_or(SEAL_AT_DEFAULT),
            bm25: Bm25Settings { k1: self.k1.unwrap_or(bm25.k1), b: self.b.unwrap_or(bm25.b) },
            quota: self.quota.unwrap_or_default(),
            models: self.models,
            remaking: None,
        }
    }

    /// What those in force become, where the next write is `next`. Answers may not change, so of most settings others are refused.
    pub fn over(self, ours: &CollectionSettings, next: u64) -> Result<CollectionSettings> {
        let mut settings = ours.clone();
        if self.seal_at.is_some_and(|seal_at| seal_at != ours.seal_at) || self.asks_for_other_scores(ours) {
            let mut found = self.of_new_over(ours);
            found.models.clone_from(&ours.models);
            let (expected, found) = (ours.to_value(), found.to_value());
            return Err(Error::mismatch(ErrorCode::Schema, &"collection options", &expected, &found));
        }
        if let (false, Some(remaking)) = (self.models.is_empty(), &ours.remaking) {
            let expected = "the end of what reembed() has begun";
            return Err(Error::mismatch(
                ErrorCode::Schema,
                &"embedders",
                &expected,
                &models_to_value(&remaking.models),
            ));
        }
        for (field, model) in self.models {
            match settings.models.iter().find(|(other, _)| *other == field) {
                Some((_, stored)) if *stored != model => {
                    let path = format_args!("embedders.{field}.model");
                    let expected = format_args!("{}, or another one after reembed()", quoted(stored));
                    let error = Error::mismatch(ErrorCode::Schema, &path, &expected, &quoted(&model));
                    return Err(error.with("field", field.as_str()));
                }
                Some(_) => {}
                None => settings.models.push((field, model)),
            }
        }
        settings.quota = self.quota.unwrap_or(ours.quota);
        match (self.remake, &ours.remaking) {
            // Whoever goes on leaves out what is done.
            (Some(models), Some(begun)) if begun.models == models => {}
            (Some(models), _) => settings.remaking = Some(Remaking { models, since: next }),
            (None, _) => {}
        }
        if let Some(made) = self.remade {
            // Another one may have begun meanwhile: then not all vectors are of these models.
            let Some(Remaking { models, .. }) = settings.remaking.take().filter(|remaking| remaking.models == made)
            else {
                let expected = models_to_value(&made);
                let found = ours.remaking.as_ref().map_or(Value::Null, |other| models_to_value(&other.models));
                return Err(Error::mismatch(ErrorCode::Conflict, &"reembed", &expected, &found));
            };
            for (field, model) in models {
                settings.models.retain(|(other, _)| *other != field);
                settings.models.push((field, model));
            }
        }
        Ok(settings)
    }

    fn asks_for_other_scores(&self, ours: &CollectionSettings) -> bool {
        self.k1.is_some_and(|k1| k1 != ours.bm25.k1) || self.b.is_some_and(|b| b != ours.bm25.b)
    }

    /// For messages.
    fn of_new_over(&self, ours: &CollectionSettings) -> CollectionSettings {
        let bm25 = Bm25Settings { k1: self.k1.unwrap_or(ours.bm25.k1), b: self.b.unwrap_or(ours.bm25.b) };
        CollectionSettings { seal_at: self.seal_at.unwrap_or(ours.seal_at), bm25, ..ours.clone() }
    }
}

/// A number of documents, bytes or writes: the same on hosts of 32 and of 64 bits.
fn whole(options: &mut ObjectReader<'_>, name: &str) -> Result<Option<u64>> {
    match options.number(name)? {
        Some(number) if !is_safe_integer(number) => {
            Err(options.wrong(name, &"a whole number from 0", &Value::Number(number)))
        }
        number => Ok(number.map(|number| number as u64)),
    }
}

fn models_of(value: &Value) -> Result<Models> {
    let Value::Object(members) = value else {
        return Err(Error::expected(&"models", &"an object of names", &value.describe()));
    };
    try_map(members, |(field, model)| match model {
        Value::Text(model) if !model.is_empty() && model.len() <= NAME_BYTES_MAX => Ok((field.clone(), model.clone())),
        other => {
            let path = format_args!("models.{field}");
            Err(Error::expected(&path, &format_args!("a name of 1 to {NAME_BYTES_MAX} bytes"), &other.describe()))
        }
    })
}

fn models_to_value(models: &Models) -> Value {
    Value::Object(map(models, |(field, model)| (field.clone(), model.as_str().into())))
}

impl CollectionSettings {
    /// Reads settings as they are stored: what [`CollectionSettings::to_value`] gives.
    pub fn from_value(value: &Value) -> Result<Self> {
        let Value::Object(members) = value else {
            return Err(Error::expected(&"collection settings", &"an object", &value.describe()));
        };
        let (ours, remaking): (Vec<_>, Vec<_>) = members.iter().cloned().partition(|(name, _)| name != "remaking");
        let mut settings = AskedSettings::from_value(&Value::Object(ours))?.of_new();
        if let Some((_, remaking)) = remaking.first() {
            let mut options = ObjectReader::new(remaking, &"remaking")?;
            let models = options.value("models").map_or(Ok(Vec::new()), models_of)?;
            let since = whole(&mut options, "since")?.unwrap_or(0);
            options.finish()?;
            settings.remaking = Some(Remaking { models, since });
        }
        Ok(settings)
    }

    /// That models are named for vector fields alone.
    pub fn check(&self, schema: &Schema) -> Result<()> {
        let is_vector = |name: &str| schema.vector_fields().any(|(position, _)| schema.fields[position].name == name);
        let remaking = self.remaking.iter().flat_map(|remaking| &remaking.models);
        match self.models.iter().chain(remaking).find(|(field, _)| !is_vector(field)) {
            None => Ok(()),
            Some((field, _)) => {
                let names = schema.names(|kind| matches!(kind, FieldKind::Vector(_)));
                let expected = format_args!("vector fields of the schema ({names})");
                Err(Error::expected(&"embedders", &expected, &quoted(field)))
            }
        }
    }

    /// The settings as they are stored. What is not set is left out.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let bm25 = Value::object().with("k1", f64::from(self.bm25.k1)).with("b", f64::from(self.bm25.b));
        let mut value = Value::object().with("sealAt", self.seal_at).with("bm25", bm25);
        let mut quota = Value::object();
        for (name, most) in [("documents", self.quota.documents), ("bytes", self.quota.bytes)] {
            if let Some(most) = most {
                quota = quota.with(name, most);
            }
        }
        if self.quota != Quota::default() {
            value = value.with("quota", quota);
        }
        if !self.models.is_empty() {
            value = value.with("models", models_to_value(&self.models));
        }
        if let Some(Remaking { models, since }) = &self.remaking {
            let remaking = Value::object().with("models", models_to_value(models)).with("since", *since);
            value = value.with("remaking", remaking);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::json;

    fn asked(text: &str) -> Result<AskedSettings> {
        AskedSettings::from_value(&json::parse(text)?)
    }

    fn made(text: &str) -> CollectionSettings {
        asked(text).expect("settings").of_new()
    }

    #[test]
    fn settings_are_stored_whole() {
        for text in [
            "{}",
            r#"{ "sealAt": 7, "bm25": { "b": 0.5 } }"#,
            r#"{ "quota": { "documents": 3 } }"#,
            r#"{ "quota": { "bytes": 9007199254740991 }, "models": { "v": "one" } }"#,
        ] {
            let settings = made(text);
            assert_eq!(CollectionSettings::from_value(&settings.to_value()), Ok(settings));
        }
        let mut remaking = made(r#"{ "models": { "v": "one" } }"#);
        remaking.remaking = Some(Remaking { models: Vec::from([("v".into(), "two".into())]), since: 7 });
        assert_eq!(CollectionSettings::from_value(&remaking.to_value()), Ok(remaking));
    }

    #[test]
    fn what_is_not_asked_for_stays() {
        let ours = made(r#"{ "sealAt": 7, "bm25": { "k1": 2, "b": 0.5 }, "quota": { "documents": 3 } }"#);
        for same in ["{}", r#"{ "sealAt": 7 }"#, r#"{ "bm25": { "k1": 2 } }"#, r#"{ "bm25": { "b": 0.5 } }"#] {
            assert_eq!(asked(same).and_then(|asked| asked.over(&ours, 1)), Ok(ours.clone()), "{same}");
        }
        for other in [r#"{ "sealAt": 8 }"#, r#"{ "bm25": { "k1": 1.2 } }"#, r#"{ "sealAt": 7, "bm25": { "b": 0.75 } }"#]
        {
            let error = asked(other).and_then(|asked| asked.over(&ours, 1)).expect_err(other);
            assert_eq!(error.code(), ErrorCode::Schema, "{other}");
        }
        let larger = asked(r#"{ "quota": { "bytes": 5 } }"#).and_then(|asked| asked.over(&ours, 1)).expect("a quota");
        assert_eq!(larger.quota, Quota { documents: None, bytes: Some(5) });
    }

    #[test]
    fn models_are_exchanged_when_all_vectors_are_made_anew() {
        let over = |ours: &CollectionSettings, text: &str, next| asked(text).and_then(|asked| asked.over(ours, next));
        let ours = over(&made("{}"), r#"{ "models": { "v": "one" } }"#, 1).expect("a first model");
        assert_eq!(over(&ours, r#"{ "models": { "v": "one" } }"#, 1), Ok(ours.clone()));
        let refused = over(&ours, r#"{ "models": { "v": "two" } }"#, 1).expect_err("another model");
        assert!(refused.message().contains("one") && refused.message().contains("two"), "{}", refused.message());
        let begun = over(&ours, r#"{ "remake": { "v": "two" } }"#, 40).expect("a beginning");
        // Whoever goes on keeps what is done; another model begins anew.
        assert_eq!(over(&begun, r#"{ "remake": { "v": "two" } }"#, 90), Ok(begun.clone()));
        let other = over(&begun, r#"{ "remake": { "v": "three" } }"#, 90).expect("another beginning");
        assert_eq!(other.remaking.map(|remaking| remaking.since), Some(90));
        for model in ["one", "two"] {
            let text = alloc::format!(r#"{{ "models": {{ "v": "{model}" }} }}"#);
            assert_eq!(over(&begun, &text, 90).expect_err("under way").code(), ErrorCode::Schema);
        }
        let other = over(&begun, r#"{ "remade": { "v": "three" } }"#, 90).expect_err("another one has begun");
        assert_eq!(other.code(), ErrorCode::Conflict);
        let done = over(&begun, r#"{ "remade": { "v": "two" } }"#, 90).expect("an end");
        assert_eq!((done.models, done.remaking), (Vec::from([("v".into(), "two".into())]), None));
    }

    #[test]
    fn wrong_settings_are_named() {
        for (text, word) in [
            (r#"{ "quota": { "documents": -1 } }"#, "quota.documents"),
            (r#"{ "quota": { "bytes": 1.5 } }"#, "quota.bytes"),
            (r#"{ "quota": 5 }"#, "quota"),
            (r#"{ "quota": { "rows": 5 } }"#, "rows"),
            (r#"{ "models": { "v": "" } }"#, "models.v"),
            (r#"{ "sealAt": 0 }"#, "sealAt"),
            (r#"{ "colour": 1 }"#, "colour"),
        ] {
            let error = asked(text).expect_err(text);
            assert_eq!(error.code(), ErrorCode::Invalid);
            assert!(error.message().contains(word), "{text}: {}", error.message());
        }
    }
}
