//! Text: words from characters, postings from words, scores from postings.

mod analysis;
mod bm25;
mod column;
mod english;
mod highlight;

pub use analysis::{
    Analyzer, AnalyzerSource, Analyzers, CustomAnalyzer, FieldAnalyzer, Language, LanguagePack, POSITION_GAP, Purpose,
    Terms, Token, TokenKind, fold,
};
pub use bm25::{Bm25Query, FieldStatistics, QueryTerm, QueryWord, TermScorer, idf};
pub use column::{GrowingTerms, GrowingText, Postings, SealedTerms, TextColumn, TextTerms};
pub use english::stem as stem_english;
pub use highlight::{HighlightOptions, TermWeight, highlight, highlight_all, one_of};
