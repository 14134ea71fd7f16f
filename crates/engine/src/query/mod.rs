//! What a search asks for, and what it answers.

mod build;
mod check;
mod cursor;
mod facets;
mod fusion;
mod parse;
mod result;
mod topk;
mod watch;

pub(crate) use cursor::Cursor;
pub use facets::{Facet, FacetCounts, FacetKind};
pub(crate) use fusion::LegShare;
pub use fusion::{Fusion, FusionMethod, Scale};
pub(crate) use parse::vector as vector_of;
pub use result::{FilterPlan, Group, Hit, SearchResult, SegmentPlan, TextLeg, VectorLeg};
pub use topk::{Candidate, TopK};
pub(crate) use watch::Latch;
pub use watch::{Unwatched, Watch};

use crate::{Value, settings::LEG_DEPTH_DEFAULT, text::HighlightOptions};
use alloc::{boxed::Box, string::String, vec::Vec};

/// One search.
///
/// ```
/// use sanderling_engine::Query;
/// let query = Query::new().text("shore birds").vector(&[0.1, 0.2]).limit(5);
/// assert_eq!(query.limit, 5);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The text leg.
    pub text: Option<TextQuery>,
    /// The vector legs.
    pub vectors: Vec<VectorQuery>,
    /// The filter, not yet checked against a schema.
    pub filter: Option<Value>,
    /// How the legs are put together.
    pub fusion: Fusion,
    /// How many hits are wanted.
    pub limit: usize,
    /// How many of the best are left out.
    pub offset: usize,
    /// What the answer to an earlier page gave: this one goes on behind its last hit.
    pub cursor: Option<String>,
    /// How many of its best each leg gives at least, where several are fused, hits are to differ, or fields order the matches.
    pub leg_depth: usize,
    /// The fields of the documents that come back; all but vectors if absent.
    pub select: Option<Vec<String>>,
    /// Hits that score less are left out.
    pub min_score: Option<f32>,
    /// Passages of the matched texts, marked.
    pub highlight: Option<Highlight>,
    /// Whether each hit tells how its score came about.
    pub explain: bool,
    /// What to order all matches by; by score if empty. Scores stay those of the search without it: of a text alone all are
    /// scored, else it is 0 where no leg has a match among its first.
    pub sort: Vec<Sort>,
    /// What to count over all matches.
    pub facets: Vec<Facet>,
    /// What to put hits together by. Limit and offset then count groups.
    pub group_by: Option<GroupBy>,
    /// How much the hits are to differ from each other.
    pub mmr: Option<Mmr>,
    /// Milliseconds after which the search answers what it has.
    pub timeout: Option<f64>,
}

/// A field that matches are ordered by. Matches that have no value in it come last in either order; of several values the
/// one counts that comes first.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// An attribute.
    pub field: String,
    /// Which values come first.
    pub order: Order,
}

/// Which values come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The least.
    #[default]
    Ascending,
    /// The greatest.
    Descending,
}

/// How hits are put together into groups.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupBy {
    /// An attribute: documents with the same value in it are a group, those with several are in several, those without
    /// are one of their own.
    pub field: String,
    /// At most so many hits of a group are shown.
    pub limit: usize,
}

/// Hits that differ from each other (maximal marginal relevance): each further hit is the one with the most of
/// `lambda * relevance - (1 - lambda) * likeness`, where relevance is the score brought to 0 to 1 and likeness the greatest cosine
/// with a hit before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mmr {
    /// From 0, the most different, to 1, the order of the scores.
    pub lambda: f32,
    /// The vector field that says how alike documents are; that of the first vector leg or else the only one if absent.
    pub field: Option<String>,
}

/// How the passages of matched texts are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Highlight {
    /// The fields; all that were searched if absent.
    pub fields: Option<Vec<String>>,
    /// Written before each matched word.
    pub open: String,
    /// Written after it.
    pub close: String,
    /// The most characters of a passage.
    pub max_length: usize,
}

impl Default for Highlight {
    fn default() -> Self {
        let HighlightOptions { open, close, max_length } = HighlightOptions::default();
        Self { fields: None, open: open.into(), close: close.into(), max_length }
    }
}

/// The text leg of a search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextQuery {
    /// What the user typed.
    pub query: String,
    /// The fields to search; all text fields if absent.
    pub fields: Option<Vec<String>>,
    /// Whether every word must be found.
    pub all_words: bool,
    /// Whether the last word may go on.
    pub prefix: bool,
    /// Weights that multiply those of the schema.
    pub boost: Vec<(String, f32)>,
    /// Which typos are looked for.
    pub fuzzy: Fuzziness,
    /// How far the words of a phrase may be from their places.
    pub slop: u32,
    /// How many of the words and phrases a document must have; 0 is 1.
    pub minimum_match: usize,
}

/// How many typos a word of a query may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fuzziness {
    /// None.
    #[default]
    Off,
    /// None below 5 characters, one up to 8, two in longer words.
    ByLength,
    /// At most so many: 1 or 2.
    Fixed(u8),
}

/// One vector leg of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorQuery {
    /// The field; the only vector field if absent.
    pub field: Option<String>,
    /// The vector.
    pub value: Box<[f32]>,
    /// Compare every vector in full.
    pub exact: bool,
    /// The share of the true neighbours to aim at; the schema's if absent. From 1 on the search is exact.
    pub recall: Option<f32>,
    /// Nodes that a graph's walk keeps on the way instead of what was measured; codes that are compared again at least.
    pub ef: Option<usize>,
    /// Candidates for each hit that are compared in full at least.
    pub oversample: Option<f32>,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            text: None,
            vectors: Vec::new(),
            filter: None,
            fusion: Fusion::default(),
            limit: 10,
            offset: 0,
            cursor: None,
            leg_depth: LEG_DEPTH_DEFAULT,
            select: None,
            min_score: None,
            highlight: None,
            explain: false,
            sort: Vec::new(),
            facets: Vec::new(),
            group_by: None,
            mmr: None,
            timeout: None,
        }
    }
}
