//! Words that a user may have meant.
//!
//! A word is looked for among the words of all segments together: those within reach of typos, the nearest first, of
//! those equally near the most frequent first. So it does not matter where documents lie. A document that has a
//! correction and not the word itself scores by the best of its corrections. Where the word itself exists, its least score
//! in any document is above whatever a correction can score; where it does not, the nearest and most frequent
//! correction takes its place, and the others count less.

use super::{
    lookup::{Lists, TextSegment, Weighing, in_order, push_terms},
    words::QueryTerm,
};
use crate::{
    limits::{CORRECTIONS_MAX, FUZZY_CHARACTERS_MAX},
    lists::map,
    order::{permuted, sorted},
    query::Fuzziness,
    rows::RowSet,
    settings::Bm25Settings,
    text::{TermScorer, gallop},
};
use alloc::{string::String, vec, vec::Vec};
use core::cmp::Ordering;

/// What one more typo takes from a correction.
const FARTHER: f32 = 0.5;
/// What is left of the weight of a correction that hardly any document has.
const RAREST: f32 = 0.6;
/// What is left of the weight where one letter is another, and where one too many is not the double of its neighbour:
/// people swap, drop and double letters more often.
const REPLACED: f32 = 0.9;
const STRAY: f32 = 0.7;
/// The part of the word's own least score that a correction can come near to.
const BELOW_EXACT: f32 = 0.9;

/// A word near the one that was typed.
#[derive(Clone, Debug)]
pub(super) struct Correction {
    text: String,
    typos: u8,
    /// Live documents that have it, a field at a time.
    documents: u64,
    /// Its terms in each searched field.
    terms: Vec<Vec<String>>,
    /// Between 0 and 1, the best first.
    pub weight: f32,
}

/// How many typos a word may have.
fn reach(form: &str, fuzziness: Fuzziness) -> u8 {
    let characters = form.chars().count();
    if characters > FUZZY_CHARACTERS_MAX || form.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    match fuzziness {
        Fuzziness::Off => 0,
        Fuzziness::Fixed(typos) => typos.min(characters.saturating_sub(1).min(2) as u8),
        Fuzziness::ByLength => match characters {
            0..=4 => 0,
            5..=8 => 1,
            _ => 2,
        },
    }
}

/// The corrections of a term, the best first.
pub(super) fn corrections(segments: &[TextSegment<'_>], term: &QueryTerm, fuzziness: Fuzziness) -> Vec<Correction> {
    let mut found: Vec<Correction> = Vec::new();
    for (field, spelling) in term.spelling.iter().enumerate() {
        let reach = if term.fuzzy { reach(&spelling.form, fuzziness) } else { 0 };
        if reach == 0 {
            continue;
        }
        for segment in segments {
            let Some(column) = segment.columns[field] else { continue };
            column.similar(&spelling.form, reach, &mut |word, list| {
                let documents = segment.live_count(&list);
                // What only dead rows have would still lead to its term, which others may have.
                if word.typos > 0 && word.term != spelling.term && documents > 0 {
                    let mut terms = vec![Vec::new(); term.spelling.len()];
                    terms[field].push(String::from(word.term));
                    let (text, typos) = (word.text.into(), word.typos);
                    let weight = if word.typos == 1 { likelihood(&spelling.form, word.text) } else { 1.0 };
                    found.push(Correction { text, typos, documents, terms, weight });
                }
            });
        }
    }
    best_of(joined(&found))
}

/// How likely what was typed is one typo away from that word, from what the typo is.
fn likelihood(typed: &str, word: &str) -> f32 {
    let shared = typed.chars().zip(word.chars()).take_while(|(a, b)| a == b).count();
    let (mut rest, mut of_word) = (typed.chars().skip(shared), word.chars().skip(shared));
    let (first, second) = (rest.next(), rest.next());
    match typed.chars().count().cmp(&word.chars().count()) {
        Ordering::Less => 1.0,
        Ordering::Equal if of_word.next() == second && of_word.next() == first => 1.0,
        Ordering::Equal => REPLACED,
        // The second of two equal letters is the one that differs.
        Ordering::Greater if shared > 0 && typed.chars().nth(shared - 1) == first => 1.0,
        Ordering::Greater => STRAY,
    }
}

/// What was found of one word in several places is one correction.
fn joined(found: &[Correction]) -> Vec<Correction> {
    let mut joined: Vec<Correction> = Vec::new();
    for at in sorted(found.len(), &mut |a, b| found[a].text.cmp(&found[b].text)) {
        let other = &found[at as usize];
        match joined.last_mut().filter(|last| last.text == other.text) {
            Some(known) => {
                known.documents += other.documents;
                for (known, terms) in known.terms.iter_mut().zip(&other.terms) {
                    known.extend_from_slice(terms);
                }
            }
            None => joined.push(other.clone()),
        }
    }
    joined
}

fn best_of(corrections: Vec<Correction>) -> Vec<Correction> {
    let order = sorted(corrections.len(), &mut |a, b| {
        let (a, b) = (&corrections[a], &corrections[b]);
        a.typos.cmp(&b.typos).then(b.documents.cmp(&a.documents)).then_with(|| a.text.cmp(&b.text))
    });
    let mut best = permuted(&corrections, &order[..order.len().min(CORRECTIONS_MAX)]);
    let Some(first) = best.first() else { return best };
    let (nearest, most) = (first.typos, logarithm(best.iter().map(|other| other.documents).max().unwrap_or(1)));
    for correction in &mut best {
        let frequent = logarithm(correction.documents) / most;
        let farther = (nearest..correction.typos).fold(1.0, |weight, _| weight * FARTHER);
        correction.weight *= farther * (RAREST + (1.0 - RAREST) * frequent);
        correction.terms.iter_mut().for_each(|terms| *terms = in_order(terms));
    }
    best
}

fn logarithm(documents: u64) -> f32 {
    libm::log(1.0 + documents as f64) as f32
}

impl Correction {
    /// Its postings in each segment.
    pub fn lists<'a>(&self, segments: &[TextSegment<'a>]) -> Vec<Lists<'a>> {
        let mut lists = map(segments, |_| Lists::new());
        for (field, terms) in self.terms.iter().enumerate() {
            push_terms(segments, field, terms, &mut lists);
        }
        lists
    }

    /// The word.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many typos it is away.
    pub fn typos(&self) -> u8 {
        self.typos
    }

    /// Its terms in each field.
    pub fn terms(&self) -> &[Vec<String>] {
        &self.terms
    }
}

/// The weight of the best correction of a word whose least score, where it exists, is `least`.
pub(super) fn base_weight(settings: Bm25Settings, least: Option<f32>, idf_of_best: f32, repeated: f32) -> f32 {
    let own = idf_of_best * repeated;
    least.map_or(own, |least| own.min(BELOW_EXACT * least / (settings.k1 + 1.0)))
}

/// For each segment the rows that have a correction and not the word itself, and the best score of each.
pub(super) fn scores<'a>(
    segments: &[TextSegment<'a>],
    corrections: &[(Correction, Vec<Lists<'a>>)],
    exact: &[RowSet],
    weighing: Weighing<'_>,
    scorer_of: &dyn Fn(f32) -> TermScorer,
) -> Vec<(Vec<u32>, Vec<f32>)> {
    map(segments.iter().enumerate(), |(at, segment)| {
        let found = map(corrections, |(correction, lists)| {
            Weighing { scorer: scorer_of(correction.weight), ..weighing }.scores(segment, &lists[at])
        });
        let mut rows = RowSet::none(segment.rows());
        found.iter().for_each(|(of_correction, _)| rows.insert_all(of_correction));
        rows.subtract(&exact[at]);
        let rows = map(rows.iter(), |row| row.0);
        let mut best = vec![0.0_f32; rows.len()];
        for (of_correction, scores) in &found {
            let mut at = 0;
            for (row, score) in of_correction.iter().zip(scores) {
                at += gallop(&rows[at..], *row);
                if rows.get(at) == Some(row) {
                    best[at] = best[at].max(*score);
                }
            }
        }
        (rows, best)
    })
}
