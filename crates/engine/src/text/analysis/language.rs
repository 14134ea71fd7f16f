//! Languages: their names, and where their stemmers and stop words come from.
//!
//! English is built in. Every other language comes in a [`LanguagePack`] that the host hands in, so that a page which
//! searches English does not download twenty languages. A pack is asked for nothing when no field names its languages.

use super::super::english;
use crate::{Error, ErrorCode, Result};
use alloc::{borrow::Cow, format, string::String};
use core::fmt::Debug;

/// Languages with their names in a schema. The first two need no pack.
macro_rules! languages {
    ($($language:ident $name:literal $doc:literal),+ $(,)?) => {
        /// The language of a text field.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Language { $(#[doc = $doc] $language),+ }

        impl Language {
            /// Every language.
            pub const ALL: &[Self] = &[$(Self::$language),+];

            /// The name in a schema.
            #[must_use]
            pub fn name(self) -> &'static str {
                NAMES[self as usize]
            }
        }

        const NAMES: &[&str] = &[$($name),+];
    };
}

languages! {
    None "none" "Words as they are.",
    English "english" "English, built in.",
    Arabic "arabic" "Arabic.",
    Czech "czech" "Czech.",
    Danish "danish" "Danish.",
    Dutch "dutch" "Dutch.",
    Finnish "finnish" "Finnish.",
    French "french" "French.",
    German "german" "German.",
    Greek "greek" "Greek.",
    Hungarian "hungarian" "Hungarian.",
    Italian "italian" "Italian.",
    Norwegian "norwegian" "Norwegian, bokmål.",
    Polish "polish" "Polish.",
    Portuguese "portuguese" "Portuguese.",
    Romanian "romanian" "Romanian.",
    Russian "russian" "Russian.",
    Spanish "spanish" "Spanish.",
    Swedish "swedish" "Swedish.",
    Tamil "tamil" "Tamil.",
    Turkish "turkish" "Turkish.",
}

impl Language {
    /// The language of that name in a schema.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|language| language.name() == name)
    }
}

/// Stemmers and stop words of languages, made elsewhere.
///
/// Terms stand in files: whatever pack a host hands in, a language's stems must be the same on every host. The crate
/// `sanderling-languages` is the pack that the project ships.
pub trait LanguagePack: Send + Sync + Debug {
    /// Whether the pack has the language.
    fn has(&self, language: Language) -> bool;

    /// Puts the stem of a word in its place. The word is in lower case, its letters composed; it has at most
    /// [`TERM_BYTES_MAX`](crate::limits::TERM_BYTES_MAX) bytes.
    fn stem(&self, language: Language, word: &mut String);

    /// The language's words without a meaning of their own, with blanks between them.
    fn stop_words(&self, language: Language) -> Cow<'static, str>;
}

/// A language with whatever it needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stemmer {
    language: Language,
    pack: Option<&'static dyn LanguagePack>,
}

impl Stemmer {
    /// Fails when the language needs a pack that is not there.
    pub(super) fn new(language: Language, pack: Option<&'static dyn LanguagePack>) -> Result<Self> {
        let built_in = matches!(language, Language::None | Language::English);
        let pack = pack.filter(|pack| !built_in && pack.has(language));
        if built_in || pack.is_some() {
            return Ok(Self { language, pack });
        }
        let name = language.name();
        let problem = format!(
            "the language \"{name}\" is in none of the language packs at hand: add its pack when the database is opened \
             (in Rust the feature \"languages\" of the crate sanderling), or use \"none\" or \"english\""
        );
        Err(Error::new(ErrorCode::Unsupported, problem).with("language", name))
    }

    pub(super) fn is_none(self) -> bool {
        self.language == Language::None
    }

    /// Whether the language is written with accents, so that its stemmer takes words as they are written.
    pub(super) fn knows_accents(self) -> bool {
        self.pack.is_some()
    }

    pub(super) fn is_turkish(self) -> bool {
        self.language == Language::Turkish
    }

    pub(super) fn stem(self, word: &mut String) {
        match self.pack {
            Some(pack) if is_word(word) => pack.stem(self.language, word),
            Some(_) => {}
            None if self.language == Language::English => stem_english_word(word),
            None => {}
        }
    }

    /// What stems a folded word, where the language needs no more than that.
    pub(super) fn of_form(self) -> Option<fn(&mut String)> {
        (self.language == Language::English).then_some(stem_english_word)
    }

    pub(super) fn stop_words(self) -> Cow<'static, str> {
        match self.pack {
            Some(pack) => pack.stop_words(self.language),
            None if self.language == Language::English => ENGLISH_STOP_WORDS.into(),
            None => "".into(),
        }
    }
}

/// `c++` and `1.2` are no words of a language.
fn is_word(term: &str) -> bool {
    !term.bytes().any(|byte| matches!(byte, b'+' | b'#' | b'.'))
}

fn stem_english_word(word: &mut String) {
    if is_word(word) {
        english::stem(word);
    }
}

/// Words of English that say how the others hang together.
const ENGLISH_STOP_WORDS: &str = "a an the this that these those i me my mine myself we us our ours ourselves you your \
    yours yourself yourselves he him his himself she her hers herself it its itself they them their theirs themselves \
    who whom whose which what when where why how and or but nor so if than then else because while until unless though \
    although whether of in on at by to from for with without within into onto upon over under about above below \
    between among through during before after against along across behind beside off out up down as be am is are was \
    were been being have has had having do does did doing done can could may might must shall should will would not no \
    dont doesnt didnt isnt arent wasnt werent hasnt havent hadnt cant couldnt wont wouldnt shouldnt there here such \
    some any each every both either neither all only own same too very just also again once";
