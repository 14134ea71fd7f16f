//! Text: words from characters, postings from words, scores from postings.

mod analysis;
mod bm25;
mod column;
mod english;
pub mod index;
mod lowercase;

pub use analysis::{Language, analyze, for_each_word};
pub use bm25::{Bm25Query, FieldStatistics, QueryTerm, TermScorer, idf};
pub use column::{GrowingTerms, GrowingText, Postings, SealedTerms, TextColumn, TextTerms};
