//! Languages from end to end: with the pack, without it, and with an analyzer of the user's own.
#![cfg(feature = "languages")]
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling::{
    Database, Document, ErrorCode, Query, Schema,
    engine::text::{Analyzer, AnalyzerSource, Language, LanguagePack, Purpose, Token, TokenKind},
    storage::{Durability, FileStorage, MemoryStorage},
};
use sanderling_languages::LANGUAGES;
use std::{
    borrow::Cow,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

fn schema(language: &str) -> Schema {
    let field = format!(r#"{{ "type": "text", "language": "{language}", "stopWords": true }}"#);
    Schema::from_json(format!(r#"{{ "fields": {{ "t": {field} }} }}"#).as_str()).unwrap()
}

fn found(db: &Database, collection: &str, text: &str) -> usize {
    db.existing_collection(collection).unwrap().search(&Query::new().text(text)).unwrap().hits.len()
}

fn open(folder: &Path, analyzers: AnalyzerSource) -> Database {
    Database::with_analyzers(Box::new(FileStorage::open(folder).unwrap()), Durability::Strict, analyzers).unwrap()
}

#[test]
fn german_is_searched_in_its_stems() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let db = Database::open(folder.path()).unwrap();
        let german = db.collection("german", schema("german")).unwrap();
        german
            .put([Document::new("1").with("t", "Die Häuser am Meer"), Document::new("2").with("t", "ein Boot")])
            .unwrap();
        if round == 1 {
            german.compact().unwrap();
        }
        assert_eq!(
            [found(&db, "german", "HAUS"), found(&db, "german", "die Häuser"), found(&db, "german", "boote")],
            [1, 1, 1]
        );
        db.close().unwrap();
    }
}

#[test]
fn a_language_that_is_not_at_hand_is_named_and_the_rest_opens() {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::open(folder.path()).unwrap();
    for language in ["german", "english", "none"] {
        db.collection(language, schema(language)).unwrap().put([Document::new("1").with("t", "shores")]).unwrap();
    }
    db.close().unwrap();
    let db = open(folder.path(), AnalyzerSource::default());
    let error = db.existing_collection("german").map(drop).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unsupported);
    assert!(error.message().contains("german") && error.message().contains("pack"), "{error}");
    assert_eq!([found(&db, "english", "shore"), found(&db, "none", "shores")], [1, 1]);
    let error = db.collection("more", schema("french")).map(drop).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unsupported);
    assert!(!db.collections().unwrap().contains(&"more".to_owned()));
    db.close().unwrap();
    // Nothing was lost meanwhile.
    assert_eq!(found(&Database::open(folder.path()).unwrap(), "german", "shores"), 1);
}

/// A pack that nobody may ask.
#[derive(Debug)]
struct Untouchable;

impl LanguagePack for Untouchable {
    fn has(&self, language: Language) -> bool {
        panic!("asked for {}", language.name());
    }

    fn stem(&self, language: Language, _: &mut String) {
        panic!("asked to stem {}", language.name());
    }

    fn stop_words(&self, language: Language) -> Cow<'static, str> {
        panic!("asked for the stop words of {}", language.name());
    }
}

#[test]
fn without_a_field_of_its_languages_the_pack_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let db = open(folder.path(), AnalyzerSource { languages: Some(&Untouchable), custom: None });
        let english = db.collection("c", schema("english")).unwrap();
        english.put([Document::new("1").with("t", "the shores")]).unwrap();
        assert_eq!(found(&db, "c", "shore"), 1);
        db.close().unwrap();
    }
    let db = open(folder.path(), AnalyzerSource { languages: Some(&Untouchable), custom: None });
    db.existing_collection("c").unwrap().compact().unwrap();
    assert_eq!(found(&db, "c", "shore"), 1);
}

/// A pack that gets its languages one by one.
#[derive(Debug)]
struct Growing;

static HERE: AtomicUsize = AtomicUsize::new(0);
const IN_ORDER: [Language; 2] = [Language::German, Language::Russian];

impl LanguagePack for Growing {
    fn has(&self, language: Language) -> bool {
        IN_ORDER[..HERE.load(Ordering::Relaxed)].contains(&language)
    }

    fn stem(&self, language: Language, word: &mut String) {
        LANGUAGES.stem(language, word);
    }

    fn stop_words(&self, language: Language) -> Cow<'static, str> {
        LANGUAGES.stop_words(language)
    }
}

#[test]
fn a_collection_is_there_once_all_its_languages_are() {
    let folder = tempfile::tempdir().unwrap();
    let fields = r#"{ "fields": { "a": { "type": "text", "language": "german" },
        "b": { "type": "text", "language": "russian" } } }"#;
    for sealed in [false, true] {
        let db = Database::open(folder.path()).unwrap();
        let both = db.collection("both", Schema::from_json(fields).unwrap()).unwrap();
        both.put([Document::new("1").with("a", "Häuser").with("b", "книги")]).unwrap();
        if sealed {
            both.compact().unwrap();
        }
        db.close().unwrap();
        HERE.store(0, Ordering::Relaxed);
        let db = open(folder.path(), AnalyzerSource { languages: Some(&Growing), custom: None });
        for (here, missing) in ["german", "russian"].into_iter().enumerate() {
            HERE.store(here, Ordering::Relaxed);
            for _ in 0..2 {
                let error = db.existing_collection("both").map(drop).unwrap_err();
                assert_eq!(error.code(), ErrorCode::Unsupported);
                assert_eq!(error.details(), [("language".to_owned(), missing.into())]);
            }
        }
        HERE.store(2, Ordering::Relaxed);
        assert_eq!([found(&db, "both", "haus"), found(&db, "both", "книгой")], [1, 1]);
        db.existing_collection("both").unwrap().put([Document::new("1").with("a", "Häuser")]).unwrap();
        db.close().unwrap();
    }
    // One that waits can be dropped, and made anew.
    HERE.store(0, Ordering::Relaxed);
    let db = open(folder.path(), AnalyzerSource { languages: Some(&Growing), custom: None });
    db.drop_collection("both").unwrap();
    HERE.store(2, Ordering::Relaxed);
    assert_eq!(db.existing_collection("both").map(drop).unwrap_err().code(), ErrorCode::Schema);
    assert_eq!(db.collection("both", Schema::from_json(fields).unwrap()).unwrap().count(None).unwrap(), 0);
}

/// Every line is a term.
struct Lines;

impl Analyzer for Lines {
    fn analyze(&self, text: &str, _: Purpose, found: &mut dyn FnMut(Token<'_>)) {
        let mut start = 0;
        for (position, line) in text.split('\n').enumerate() {
            let end = start + line.len();
            found(Token { term: line, form: line, position: position as u32, start, end, kind: TokenKind::Word });
            start = end + 1;
        }
    }
}

#[test]
fn a_field_may_have_an_analyzer_of_its_user() {
    let analyzers = AnalyzerSource {
        languages: None,
        custom: Some(|field| (field == "t").then(|| Arc::new(Lines) as Arc<dyn Analyzer>)),
    };
    let db = Database::with_analyzers(Box::new(MemoryStorage::default()), Durability::Strict, analyzers).unwrap();
    let lines = db.collection("c", schema("none")).unwrap();
    lines.put([Document::new("1").with("t", "C:/a\nD:/b"), Document::new("2").with("t", "C:/a/b")]).unwrap();
    assert_eq!([found(&db, "c", "D:/b"), found(&db, "c", "b"), found(&db, "c", "C:/a/b")], [1, 0, 1]);
}
