//! Every bound that the engine puts on its input. A caller who goes beyond one gets a typed error that names the limit,
//! what is allowed and what was given.

/// Dimensions of a vector field.
pub const DIMENSIONS_MAX: usize = 4_096;
/// Bytes of a string id.
pub const ID_BYTES_MAX: usize = 512;
/// The largest integer id: the largest integer that JavaScript holds exactly.
pub const ID_INTEGER_MAX: u64 = (1 << 53) - 1;
/// Bytes of the name of a database, collection or field.
pub const NAME_BYTES_MAX: usize = 512;
/// Fields of one schema.
pub const FIELDS_MAX: usize = 1_024;
/// Bytes of one document as JSON, vectors apart.
pub const DOCUMENT_BYTES_MAX: usize = 16 << 20;
/// Documents of one batch.
pub const BATCH_DOCUMENTS_MAX: usize = 100_000;
/// Bytes of one batch in the log.
pub const BATCH_BYTES_MAX: usize = 256 << 20;
/// Nesting of a filter.
pub const FILTER_DEPTH_MAX: usize = 32;
/// Values of one `$in`.
pub const FILTER_VALUES_MAX: usize = 65_536;
/// Conditions of one filter.
pub const FILTER_NODES_MAX: usize = 8_192;
/// `limit` plus `offset` of one search.
pub const HITS_MAX: usize = 1_000_000;
/// Matches that each leg of one search may be asked for; `offset` and `limit` may need more.
pub const LEG_DEPTH_MAX: usize = 100_000;
/// Candidates for each hit that a search may ask for.
pub const OVERSAMPLE_MAX: f64 = 1_000.0;
/// Bytes of a user's query text that are looked at; the rest is cut.
pub const QUERY_TEXT_BYTES_MAX: usize = 16 << 10;
/// Words of a user's query text that are looked up; the rest is cut.
pub const QUERY_TERMS_MAX: usize = 1_024;
/// Bytes of one word in the index; a longer one is cut at a character.
pub const TERM_BYTES_MAX: usize = 255;
/// Rows of one segment.
pub const SEGMENT_ROWS_MAX: usize = 1 << 30;
/// Words that take the place of one that is searched with typos.
pub const CORRECTIONS_MAX: usize = 64;
/// Characters of a word that typos are looked for in; a longer one is meant as it is.
pub const FUZZY_CHARACTERS_MAX: usize = 64;
/// Words of a query that typos are looked for in; those behind them are meant as they are.
pub const FUZZY_WORDS_MAX: usize = 64;
/// Words that a phrase may have between its own.
pub const SLOP_MAX: usize = 1_000;
/// Characters of one passage of a highlight.
pub const HIGHLIGHT_CHARACTERS_MAX: usize = 100_000;
/// Suggestions that one call may ask for.
pub const SUGGESTIONS_MAX: usize = 1_000;
/// Bytes of the head of an exported stream: the names, schemas and files of all collections.
pub const EXPORT_HEAD_BYTES_MAX: u64 = 64 << 20;
/// Fields that one search may be sorted by.
pub const SORT_FIELDS_MAX: usize = 16;
/// Values or ranges of one facet.
pub const FACET_VALUES_MAX: usize = 100_000;
/// Hits, those left out included, that may be made to differ from each other: each is compared with all candidates.
pub const MMR_HITS_MAX: usize = 1_000;
/// Vector legs of one search.
pub const VECTOR_LEGS_MAX: usize = 64;
/// Ranges of one facet.
pub const FACET_RANGES_MAX: usize = 1_000;
