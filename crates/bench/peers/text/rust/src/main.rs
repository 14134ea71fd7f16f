//! tantivy over a prepared set: builds its index, then does what each line of the input says.
//!
//! `peers STEMS STOP FOLDER CACHE`: STEMS is `none` or `english`, STOP is `keep` or `drop` for stop words, FOLDER has `texts.txt` and the
//! queries, CACHE takes the index. Prints records as lines of JSON: `built`, then for `round` the times of every kind of query, asked once before, for
//! `answers KIND` what was found, and `done`. One thread builds, one searches; all segments are merged into one.

use serde_json::json;
use std::{env, error::Error, fs, io::stdin, path::Path, time::Instant};
use tantivy::{
    Index, IndexReader, Searcher, TantivyDocument, Term,
    collector::{Count, TopDocs},
    indexer::NoMergePolicy,
    query::{BooleanQuery, FuzzyTermQuery, PhraseQuery, Query, RegexQuery, TermQuery},
    schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{Language, LowerCaser, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer},
};

/// Every kind of query: the file with a query a line, and how many are timed.
const KINDS: [(&str, usize); 7] =
    [("or", 200), ("and", 200), ("phrase", 200), ("prefix", 200), ("fuzzy", 200), ("common", 50), ("judged", 0)];
/// Bytes for the index that is being built, enough for every set in one segment.
const BUFFER: usize = 2_000_000_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Peer {
    text: Field,
    analyzer: TextAnalyzer,
    searcher: Searcher,
}

fn analyzer(stems: &str, stop: &str) -> Outcome<TextAnalyzer> {
    let plain = TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser);
    let english = Stemmer::new(Language::English);
    let dropped = StopWordFilter::new(Language::English).ok_or("no stop words")?;
    Ok(match (stems, stop) {
        ("none", "keep") => plain.build(),
        ("none", _) => plain.filter(dropped).build(),
        (_, "keep") => plain.filter(english).build(),
        _ => plain.filter(dropped).filter(english).build(),
    })
}

fn build(texts: &str, analyzer: TextAnalyzer, cache: &Path) -> Outcome<Peer> {
    if cache.exists() {
        fs::remove_dir_all(cache)?;
    }
    fs::create_dir_all(cache)?;
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer("set");
    let indexing = indexing.set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    let id = schema.add_u64_field("id", FAST);
    let index = Index::create_in_dir(cache, schema.build())?;
    index.tokenizers().register("set", analyzer.clone());
    let mut writer = index.writer_with_num_threads::<TantivyDocument>(1, BUFFER)?;
    writer.set_merge_policy(Box::new(NoMergePolicy));
    for (row, line) in texts.lines().enumerate() {
        let mut document = TantivyDocument::new();
        document.add_text(text, line);
        document.add_u64(id, row as u64);
        writer.add_document(document)?;
    }
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.garbage_collect_files().wait()?;
    writer.wait_merging_threads()?;
    let reader: IndexReader = index.reader()?;
    Ok(Peer { text, analyzer, searcher: reader.searcher() })
}

/// The typos that a word may have, by its length.
const fn edits(letters: usize) -> u8 {
    match letters {
        0..5 => 0,
        5..=8 => 1,
        _ => 2,
    }
}

impl Peer {
    fn terms(&self, text: &str) -> Vec<Term> {
        let mut analyzer = self.analyzer.clone();
        let mut stream = analyzer.token_stream(text);
        let mut terms = Vec::new();
        stream.process(&mut |token| terms.push(Term::from_field_text(self.text, &token.text)));
        terms
    }

    fn each(&self, text: &str) -> Vec<Box<dyn Query>> {
        let boxed = |term| Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) as Box<dyn Query>;
        self.terms(text).into_iter().map(boxed).collect()
    }

    fn query(&self, kind: &str, text: &str) -> Outcome<Box<dyn Query>> {
        Ok(match kind {
            "and" => Box::new(BooleanQuery::intersection(self.each(text))),
            "phrase" => Box::new(PhraseQuery::new(self.terms(text))),
            "prefix" => {
                let (words, last) = text.rsplit_once(' ').unwrap_or(("", text));
                let mut queries = self.each(words);
                queries.push(Box::new(RegexQuery::from_pattern(&format!("{last}.*"), self.text)?));
                Box::new(BooleanQuery::union(queries))
            }
            "fuzzy" => {
                let term = self.terms(text).pop().ok_or("no word")?;
                Box::new(FuzzyTermQuery::new(term, edits(text.chars().count()), true))
            }
            _ => Box::new(BooleanQuery::union(self.each(text))),
        })
    }

    fn search(&self, kind: &str, text: &str, limit: usize) -> Outcome<Vec<u64>> {
        let query = self.query(kind, text)?;
        let found = self.searcher.search(&query, &TopDocs::with_limit(limit).order_by_score())?;
        let ids = self.searcher.segment_readers().first().ok_or("no segment")?.fast_fields().u64("id")?;
        Ok(found.iter().filter_map(|(_, at)| ids.first(at.doc_id)).collect())
    }

    /// The hits and the number of all documents that match, as other engines always tell it.
    fn counted(&self, kind: &str, text: &str, limit: usize) -> Outcome<usize> {
        let query = self.query(kind, text)?;
        let (_, count) = self.searcher.search(&query, &(TopDocs::with_limit(limit).order_by_score(), Count))?;
        Ok(count)
    }

    /// The microseconds of each query.
    fn timed<'a>(&self, kind: &str, queries: impl Iterator<Item = &'a str>, is_counted: bool) -> Outcome<Vec<f64>> {
        let mut us = Vec::new();
        for query in queries {
            let start = Instant::now();
            if is_counted {
                self.counted(kind, query, 10)?;
            } else {
                self.search(kind, query, 10)?;
            }
            us.push((start.elapsed().as_secs_f64() * 1e8).round() / 1e2);
        }
        Ok(us)
    }

    fn round(&self, folder: &Path) -> Outcome<()> {
        for (kind, timed) in KINDS {
            let queries = lines(folder, kind);
            for is_counted in [false, true] {
                self.timed(kind, queries.lines().take(timed), is_counted)?;
                let us = self.timed(kind, queries.lines().take(timed), is_counted)?;
                let setting = if is_counted { format!("{kind}, counted") } else { kind.to_owned() };
                if !us.is_empty() {
                    println!("{}", json!({ "kind": "round", "setting": setting, "us": us }));
                }
            }
        }
        Ok(())
    }

    fn answers(&self, folder: &Path, kind: &str) -> Outcome<()> {
        let limit = if kind == "judged" { 100 } else { 10 };
        let (mut hits, mut totals) = (Vec::new(), Vec::new());
        for query in lines(folder, kind).lines() {
            hits.push(self.search(kind, query, limit)?);
            totals.push(self.counted(kind, query, limit)?);
        }
        println!("{}", json!({ "kind": format!("answers {kind}"), "hits": hits, "totals": totals }));
        Ok(())
    }
}

fn lines(folder: &Path, kind: &str) -> String {
    fs::read_to_string(folder.join(format!("{kind}.txt"))).unwrap_or_default()
}

fn bytes_in(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(bytes)
}

/// The seconds that processors worked for this program so far, in steps of a hundredth; its builder's thread is over by then.
fn cpu_seconds() -> f64 {
    let told = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = told.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn main() -> Outcome<()> {
    let [_, stems, stop, folder, cache] = &env::args().collect::<Vec<_>>()[..] else {
        return Err("peers STEMS STOP FOLDER CACHE".into());
    };
    let (folder, cache) = (Path::new(folder), Path::new(cache));
    let texts = fs::read_to_string(folder.join("texts.txt"))?;
    let (start, work) = (Instant::now(), cpu_seconds());
    let peer = build(&texts, analyzer(stems, stop)?, cache)?;
    let (seconds, work) = (start.elapsed().as_secs_f64(), cpu_seconds() - work);
    let segments = peer.searcher.segment_readers().len();
    let built = json!({
        "kind": "built", "engine": "0.27.0", "documents": texts.lines().count(), "segments": segments,
        "build_seconds": seconds, "build_cpu_seconds": work, "bytes": bytes_in(cache)?,
    });
    println!("{built}");
    for line in stdin().lines() {
        let command = line?;
        match command.split_once(' ') {
            Some((_, kind)) => peer.answers(folder, kind)?,
            None if command == "round" => peer.round(folder)?,
            None => {}
        }
        println!(r#"{{"kind":"done"}}"#);
    }
    Ok(())
}
