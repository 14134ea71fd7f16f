//! The built-in analyzer: what the schema says of a text field, made ready.

use super::{
    Analyzer, Language, LanguagePack, Purpose, Token, TokenKind,
    language::Stemmer,
    spelling::{composed, push_composed, push_folded, push_for_stemmer},
    unicode::{Class, class_of, folded_to_one},
    words::{Chunk, Compound, Scanner},
};
use crate::{
    Result, Schema,
    limits::TERM_BYTES_MAX,
    lists::{map, try_map},
    order::{permuted, sorted},
    schema::{FieldKind, StopWords, TextField},
};
use alloc::{string::String, sync::Arc, vec::Vec};

/// Bytes of one character of a script without spaces with its marks; more marks are left out.
const UNIT_BYTES_MAX: usize = 32;

/// The analyzer of a text field by the language and the stop words of its schema.
#[derive(Clone, Debug)]
pub struct FieldAnalyzer {
    stemmer: Stemmer,
    /// As words are before they are stemmed, in order.
    // With accents where the language has them: `sûr` is not `sur`.
    stop_words: Vec<String>,
}

impl FieldAnalyzer {
    /// Fails with "unsupported" when the field's language is neither built in nor in the pack.
    pub fn new(field: &TextField, pack: Option<&'static dyn LanguagePack>) -> Result<Self> {
        let stemmer = Stemmer::new(field.language, pack)?;
        let stop_words = match &field.stop_words {
            StopWords::Off => Vec::new(),
            StopWords::BuiltIn => in_order(&mut stemmer.stop_words().split_ascii_whitespace(), stemmer),
            StopWords::List(words) => in_order(&mut words.iter().map(String::as_str), stemmer),
        };
        Ok(Self { stemmer, stop_words })
    }

    /// Words as they are: no language, no stop words.
    #[must_use]
    pub fn plain() -> Self {
        let field = TextField {
            weight: 1.0,
            language: Language::None,
            stop_words: StopWords::Off,
            positions: true,
            many: false,
        };
        Self::new(&field, None).expect("no language needs no pack")
    }

    fn is_stop_word(&self, word: &str) -> bool {
        self.stop_words.binary_search_by(|known| known.as_str().cmp(word)).is_ok()
    }
}

impl Analyzer for FieldAnalyzer {
    fn keeps_forms(&self) -> bool {
        !self.stemmer.is_none()
    }

    fn stem_of_form(&self) -> Option<fn(&mut String)> {
        self.stemmer.of_form()
    }

    fn analyze(&self, text: &str, purpose: Purpose, found: &mut dyn FnMut(Token<'_>)) {
        let scanner = Scanner::new(text);
        let (term, form, folded) = (String::new(), String::new(), String::new());
        let mut analysis = Analysis { analyzer: self, text, purpose, position: 0, term, form, folded, found };
        analysis.run(scanner);
    }
}

fn in_order(words: &mut dyn Iterator<Item = &str>, stemmer: Stemmer) -> Vec<String> {
    let spelled = map(words, |word| {
        let mut spelled = String::new();
        push_unstemmed(word, stemmer, &mut spelled);
        spelled
    });
    permuted(&spelled, &sorted(spelled.len(), &mut |a, b| spelled[a].cmp(&spelled[b])))
}

fn push_unstemmed(word: &str, stemmer: Stemmer, out: &mut String) {
    if stemmer.knows_accents() {
        push_for_stemmer(word, stemmer.is_turkish(), out);
    } else {
        push_folded(word, out);
    }
}

/// One text on its way to its terms. The buffers are used again for each term.
struct Analysis<'a> {
    analyzer: &'a FieldAnalyzer,
    text: &'a str,
    purpose: Purpose,
    position: u32,
    term: String,
    /// The fold of the word whose term it is; empty where the term is that.
    form: String,
    folded: String,
    found: &'a mut dyn FnMut(Token<'_>),
}

impl Analysis<'_> {
    fn run(&mut self, mut scanner: Scanner<'_>) {
        while let Some(chunk) = scanner.next() {
            match chunk {
                Chunk::Compound => self.compound(scanner.compound()),
                Chunk::Run(start, end) => self.pairs(start, end),
                Chunk::Emoji(start, end) => {
                    self.clear();
                    push_folded(&self.text[start..end], &mut self.term);
                    self.emit(TokenKind::Word, start, end);
                    self.position += 1;
                }
            }
        }
    }

    /// The whole, at the position of the first piece, then the pieces.
    fn compound(&mut self, compound: &Compound) {
        let pieces = compound.pieces();
        let (start, end) = (pieces[0].start, pieces[pieces.len() - 1].written_end);
        if pieces.len() > 1 || compound.sigil.is_some() || compound.plus {
            let mut whole = String::new();
            for piece in pieces {
                if piece.point {
                    whole.push('.');
                }
                whole.push_str(&self.text[piece.start..piece.end]);
                if whole.len() > TERM_BYTES_MAX {
                    break;
                }
            }
            if whole.len() <= TERM_BYTES_MAX {
                self.whole(&whole, compound, start, end);
            }
        }
        for piece in pieces {
            if self.spell(&self.text[piece.start..piece.end]) {
                self.emit(TokenKind::Word, piece.start, piece.written_end);
            }
            self.position += 1;
        }
    }

    fn whole(&mut self, whole: &str, compound: &Compound, start: usize, end: usize) {
        if compound.pieces().len() > 1 && self.spell(whole) {
            self.emit(TokenKind::Joined, start, end);
        }
        if let Some(sigil) = compound.sigil {
            self.clear();
            self.term.push(sigil);
            push_folded(whole, &mut self.term);
            self.emit(TokenKind::Joined, start - sigil.len_utf8(), end);
        }
        if compound.plus {
            self.clear();
            push_folded(whole, &mut self.term);
            self.term.push_str("++");
            self.emit(TokenKind::Joined, start, end + 2);
        }
    }

    /// Spells a word as a term; false where it is a stop word.
    fn spell(&mut self, word: &str) -> bool {
        self.clear();
        let Self { analyzer, term, form, folded, .. } = self;
        let stemmer = analyzer.stemmer;
        if self.purpose == Purpose::Unfinished {
            push_folded(word, term);
            return true;
        }
        push_unstemmed(word, stemmer, term);
        if analyzer.is_stop_word(term) {
            return false;
        }
        if analyzer.keeps_forms() {
            if stemmer.knows_accents() {
                push_folded(word, form);
            } else if self.purpose == Purpose::Forms {
                core::mem::swap(term, form);
                return true;
            } else {
                form.push_str(term);
            }
            stemmer.stem(term);
        }
        if stemmer.knows_accents() && !term.is_ascii() {
            folded.clear();
            push_folded(term, folded);
            core::mem::swap(term, folded);
        }
        term.truncate(term.floor_char_boundary(TERM_BYTES_MAX));
        true
    }

    fn clear(&mut self) {
        self.term.clear();
        self.form.clear();
    }

    /// Each character with the next; one that stands alone by itself.
    fn pairs(&mut self, start: usize, end: usize) {
        self.clear();
        // Where the character before starts, and where it ends in the term.
        let mut before: Option<(usize, usize)> = None;
        let mut at = start;
        let mut pairs = 0;
        while at < end {
            let unit_start = at;
            at = push_unit(&self.text[at..end], &mut self.term) + unit_start;
            if let Some((previous, previous_end)) = before {
                self.emit(TokenKind::Pair, previous, at);
                self.term.drain(..previous_end);
                self.position += 1;
                pairs += 1;
            }
            before = Some((unit_start, self.term.len()));
        }
        if let Some((last, _)) = before {
            if pairs == 0 {
                self.emit(TokenKind::Single, last, end);
            } else if matches!(self.purpose, Purpose::Index | Purpose::Forms) {
                self.emit(TokenKind::Tail, last, end);
            }
            self.position += 1;
        }
    }

    fn emit(&mut self, kind: TokenKind, start: usize, end: usize) {
        if !self.term.is_empty() || self.purpose == Purpose::Forms && !self.form.is_empty() {
            let form = if self.form.is_empty() { &self.term } else { &self.form };
            (self.found)(Token { term: &self.term, form, position: self.position, start, end, kind });
        }
    }
}

/// Adds the fold of the first character of a text with what belongs to it, and tells how many bytes of the text it is.
fn push_unit(text: &str, out: &mut String) -> usize {
    let start = out.len();
    for (at, character) in text.char_indices() {
        if at > 0 {
            let last = out.chars().next_back().filter(|_| out.len() > start);
            let joins = class_of(character) == Class::Mark
                || last.is_some_and(|last| {
                    matches!(last, '\u{1100}'..='\u{1112}' | '\u{ac00}'..='\u{d7a3}')
                        && composed(last, folded_to_one(character)).is_some()
                });
            if !joins {
                return at;
            }
        }
        if out.len() - start < UNIT_BYTES_MAX {
            push_composed(character, out);
        }
    }
    text.len()
}

/// The analyzers of the text fields of a schema.
#[derive(Clone)]
pub struct Analyzers {
    /// One for each field of the schema; none where it is no text field.
    of_field: Vec<Option<Arc<dyn Analyzer>>>,
}

/// Gives the analyzer of a field by its name; none for the built-in one.
pub type CustomAnalyzer = fn(field: &str) -> Option<Arc<dyn Analyzer>>;

/// Where the analyzers of fields come from: what a host hands in.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnalyzerSource {
    /// The languages beside English.
    pub languages: Option<&'static dyn LanguagePack>,
    /// Analyzers of the host's own. Whoever gives one gives the same each time: the terms
    /// that it made stand in the files.
    pub custom: Option<CustomAnalyzer>,
}

impl Analyzers {
    /// Fails with "unsupported" when a field's language is not at hand.
    pub fn new(schema: &Schema, source: AnalyzerSource) -> Result<Self> {
        let of_field = try_map(&schema.fields, |field| {
            let FieldKind::Text(text) = &field.kind else { return Ok(None) };
            if let Some(analyzer) = source.custom.and_then(|custom| custom(&field.name)) {
                return Ok(Some(analyzer));
            }
            let analyzer: Arc<dyn Analyzer> = Arc::new(FieldAnalyzer::new(text, source.languages)?);
            Ok(Some(analyzer))
        })?;
        Ok(Self { of_field })
    }

    /// The analyzer of the text field at that position of the schema.
    #[must_use]
    pub fn get(&self, field: usize) -> Option<&dyn Analyzer> {
        self.of_field.get(field)?.as_deref()
    }
}
