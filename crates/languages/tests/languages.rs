//! Every language has a stemmer that does something and a list of stop words that is sound.
#![allow(clippy::unwrap_used, reason = "a test ends when what it expects is not there")]

use sanderling_engine::{
    schema::{StopWords, TextField},
    text::{Analyzer, FieldAnalyzer, Language, LanguagePack, Purpose},
};
use sanderling_languages::LANGUAGES;

fn analyzer(language: Language, stop_words: StopWords) -> FieldAnalyzer {
    let field = TextField { weight: 1.0, language, stop_words, positions: true, many: false };
    FieldAnalyzer::new(&field, Some(&LANGUAGES)).unwrap()
}

fn terms(analyzer: &FieldAnalyzer, text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    analyzer.analyze(text, Purpose::Index, &mut |token| terms.push(token.term.to_owned()));
    terms
}

fn languages() -> impl Iterator<Item = Language> {
    Language::ALL.iter().copied().filter(|language| !matches!(language, Language::None | Language::English))
}

#[test]
fn forms_of_a_word_meet() {
    for (language, forms) in [
        (Language::Arabic, "كتاب الكتاب"),
        (Language::Czech, "město města"),
        (Language::Danish, "huset husene"),
        (Language::Dutch, "boek boeken"),
        (Language::Finnish, "talossa talosta"),
        (Language::French, "continuer continuation CONTINUÉE"),
        (Language::German, "Haus Häuser HÄUSERN Ha\u{308}user"),
        (Language::Greek, "σπίτι σπίτια ΣΠΊΤΙΑ"),
        (Language::Hungarian, "házban házból"),
        (Language::Italian, "gatto gatti"),
        (Language::Norwegian, "bilen biler"),
        (Language::Polish, "domami domach"),
        (Language::Portuguese, "menino meninos"),
        (Language::Romanian, "copil copilul"),
        (Language::Russian, "книга книги КНИГУ книгой"),
        (Language::Spanish, "canción canciones"),
        (Language::Swedish, "flicka flickor"),
        (Language::Tamil, "வீடு வீடுகள்"),
        (Language::Turkish, "evler evlerin EVLERİN"),
    ] {
        let terms = terms(&analyzer(language, StopWords::Off), forms);
        assert!(terms.iter().all(|term| *term == terms[0]), "{}: {terms:?}", language.name());
    }
    let tested = languages().count();
    assert_eq!(tested, 19);
}

#[test]
fn stems_are_folded_after_the_stemmer_saw_the_accents() {
    assert_eq!(terms(&analyzer(Language::German, StopWords::Off), "Füße"), ["fuss"]);
    // In Turkish an I has no dot.
    assert_eq!(terms(&analyzer(Language::Turkish, StopWords::Off), "IŞIK ışık"), ["isik", "isik"]);
    assert_eq!(terms(&analyzer(Language::French, StopWords::BuiltIn), "l'été à la plage"), ["let", "ete", "plag"]);
}

#[test]
fn stop_words_are_sound_and_left_out() {
    for language in languages() {
        let list = LANGUAGES.stop_words(language);
        assert!(LANGUAGES.has(language));
        let mut words: Vec<&str> = list.split_ascii_whitespace().collect();
        assert!(words.len() >= 70, "{}: {}", language.name(), words.len());
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert!(count == words.len(), "{} says some twice", language.name());
        for word in words {
            let single = !word.contains(','); // ό,τι
            let expected = if language == Language::Turkish { word.into() } else { word.to_lowercase() };
            assert_eq!(word, expected);
            let left = terms(&analyzer(language, StopWords::BuiltIn), word);
            assert!(!single || left.is_empty(), "{}: {word} leaves {left:?}", language.name());
        }
    }
    assert!(!LANGUAGES.has(Language::English), "English is the engine's own");
}

/// Numbers that look random, the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as usize % limit
    }
}

#[test]
fn no_stemmer_fails_on_any_word() {
    const LETTERS: &str = "aeiouyäöüßéèçñõåøæğışınstrlmkbdgzabcőűąęółřžаеиоуыйщьянтскαειουσςτνالتوهيّகம்ான்த東1.'\u{301}";
    let letters: Vec<char> = LETTERS.chars().collect();
    let mut random = Random(0x51a9);
    for language in languages() {
        let analyzer = analyzer(language, StopWords::Off);
        for _ in 0..4_000 {
            let text: String = (0..random.below(20)).map(|_| letters[random.below(letters.len())]).collect();
            analyzer.analyze(&text, Purpose::Index, &mut |token| assert!(token.term.len() <= 256));
        }
        for letter in &letters {
            let long: String = std::iter::repeat_n(*letter, 100_000).collect();
            analyzer.analyze(&long, Purpose::Query, &mut |token| assert!(token.term.len() <= 256));
        }
    }
}
