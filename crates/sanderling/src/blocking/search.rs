//! Searches, which the clock, another thread or a second opinion may have a say in.

use super::Collection;
use sanderling_engine::{
    Error, ErrorCode, Query, Result,
    limits::HITS_MAX,
    query::{Hit, SearchResult, Watch},
};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

impl Collection {
    /// Answers a search. When its timeout passes, it answers what it has, and says so in `reasons`.
    pub fn search(&self, query: &Query) -> Result<SearchResult> {
        query.check()?;
        self.0.search_watched(query, &Deadline::of(query, None))
    }

    /// Answers several searches, in their order. One that is wrong is an error for all, with its place as `query` in the details.
    ///
    /// ```
    /// # use sanderling::{Database, Document, Query, Schema};
    /// # let db = Database::memory()?;
    /// # let books = db.collection("books", Schema::from_json(r#"{ "fields": { "t": { "type": "text" } } }"#)?)?;
    /// # books.put([Document::new(1).with("t", "shore"), Document::new(2).with("t", "birds")])?;
    /// let found = books.search_many(&["shore", "birds"].map(|text| Query::new().text(text)))?;
    /// assert_eq!([&found[0], &found[1]].map(|found| found.hits[0].id.clone()), [1.into(), 2.into()]);
    /// # Ok::<(), sanderling::Error>(())
    /// ```
    pub fn search_many(&self, queries: &[Query]) -> Result<Vec<SearchResult>> {
        let named = |at: usize, error: Error| error.with("query", at as f64);
        for (at, query) in queries.iter().enumerate() {
            query.check().map_err(|error| named(at, error))?;
        }
        queries.iter().enumerate().map(|(at, query)| self.search(query).map_err(|error| named(at, error))).collect()
    }

    /// Answers a search, or gives it up soon after somebody has set `stop`: error "aborted".
    ///
    /// ```
    /// # use sanderling::{Database, ErrorCode, Query, Schema};
    /// # use std::sync::atomic::AtomicBool;
    /// # let db = Database::memory()?;
    /// # let books = db.collection("books", Schema::from_json(r#"{ "fields": {} }"#)?)?;
    /// let stop = AtomicBool::new(true); // another thread would set it
    /// assert_eq!(books.search_until(&Query::new(), &stop).unwrap_err().code(), ErrorCode::Aborted);
    /// # Ok::<(), sanderling::Error>(())
    /// ```
    pub fn search_until(&self, query: &Query, stop: &AtomicBool) -> Result<SearchResult> {
        query.check()?;
        let result = self.0.search_watched(query, &Deadline::of(query, Some(stop)))?;
        if stop.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorCode::Aborted, "the search was aborted"));
        }
        Ok(result)
    }

    /// Answers a search with its first hits in a new order: `scores` gives each of those up to `offset + limit`, 1,000,000 at
    /// most, a score of its own, the highest goes first. The hits carry those scores.
    ///
    /// ```
    /// # use sanderling::{Database, Document, Query, Schema};
    /// # let db = Database::memory()?;
    /// # let books = db.collection("books", Schema::from_json(r#"{ "fields": {} }"#)?)?;
    /// # books.put([1, 2].map(|id| Document::new(id)))?;
    /// let found = books.search_reranked(&Query::new(), &mut |_, hits| (0..hits.len()).map(|at| at as f32).collect())?;
    /// assert_eq!(found.hits[0].id, 2.into());
    /// # Ok::<(), sanderling::Error>(())
    /// ```
    pub fn search_reranked(
        &self,
        query: &Query,
        scores: &mut dyn FnMut(&Query, &[Hit]) -> Vec<f32>,
    ) -> Result<SearchResult> {
        if query.group_by.is_some() {
            return Err(Error::expected(&"rerank", &"hits that are not grouped", &"groupBy"));
        }
        query.check()?;
        let mut all = query.clone();
        // A page that a cursor leads to has no offset.
        if query.cursor.is_none() {
            (all.offset, all.limit) = (0, query.offset.saturating_add(query.limit).min(HITS_MAX));
        }
        let mut result = self.search(&all)?;
        let given = scores(query, &result.hits);
        if given.len() != result.hits.len() || given.iter().any(|score| !score.is_finite()) {
            let expected = format!("{} finite scores", result.hits.len());
            return Err(Error::expected(&"rerank", &expected, &format!("{given:?}")));
        }
        for (hit, score) in result.hits.iter_mut().zip(given) {
            hit.score = score;
            // What the legs made stays as it was, beside what came of it.
            hit.explanation = hit.explanation.take().map(|explanation| explanation.with("rerank", f64::from(score)));
        }
        // Equal scores stay in the order of the search.
        result.hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        result.hits.drain(..query.offset.min(result.hits.len()));
        Ok(result)
    }
}

/// Until when a search may go on.
struct Deadline<'a> {
    end: Option<Instant>,
    stop: Option<&'a AtomicBool>,
}

impl<'a> Deadline<'a> {
    fn of(query: &Query, stop: Option<&'a AtomicBool>) -> Self {
        // A timeout beyond what the clock can tell is none.
        let timeout = query.timeout.and_then(|milliseconds| Duration::try_from_secs_f64(milliseconds / 1_000.0).ok());
        Self { end: timeout.and_then(|timeout| Instant::now().checked_add(timeout)), stop }
    }
}

impl Watch for Deadline<'_> {
    fn is_over(&self) -> bool {
        self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) || self.end.is_some_and(|end| Instant::now() >= end)
    }
}
