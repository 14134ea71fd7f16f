//! Text: words from characters, postings from words, scores from postings.

mod analysis;
mod bm25;
mod column;
mod english;
mod growing;
mod highlight;
pub mod index;
mod probe;

pub(crate) use analysis::bounded;
pub use analysis::{
    Analyzer, AnalyzerSource, Analyzers, CustomAnalyzer, FieldAnalyzer, Language, LanguagePack, POSITION_GAP,
    PlacedTerm, Purpose, Terms, Token, TokenKind, fold,
};
pub use bm25::{FieldStatistics, TermScorer, idf};
pub use column::{
    ABSENT, FoundWord, OrderedTerms, TermList, TermSet, TextColumn, Word, append_kept, statistics_of, term_of,
};
pub use english::stem as stem_english;
pub use growing::{GrowingTerms, GrowingText};
pub use highlight::{HighlightOptions, TermWeight, highlight, highlight_all, one_of};
pub use probe::{Probe, gallop};
