//! BM25F: the score of a document from the words it shares with the query.
//!
//! For a term t and a document d, each searched field f adds weight_f * count_f / (1 - b + b * length_f / average_f) to a
//! weighted count; the term then scores idf(t) * (k1 + 1) * count / (k1 + count). With one field of weight 1 this is
//! BM25 to the letter. Statistics are those of the live documents of all segments, so equal documents score equally
//! wherever they lie. A score is summed term by term in the order of the query.

use crate::settings::Bm25Settings;

/// What BM25 needs to know of one field over all live documents.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FieldStatistics {
    /// Live documents that have the field.
    pub documents: u64,
    /// The terms in them together.
    pub terms: u64,
}

impl FieldStatistics {
    /// The average length, at least 1 so that it can divide.
    #[must_use]
    pub fn average_length(&self) -> f32 {
        if self.terms == 0 { 1.0 } else { (self.terms as f64 / self.documents as f64) as f32 }
    }
}

/// ln(1 + (N - n + 0.5) / (n + 0.5)): never negative.
#[must_use]
pub fn idf(documents: u64, documents_with_term: u64) -> f32 {
    let (all, with) = (documents as f64, documents_with_term as f64);
    libm::log(1.0 + (all - with + 0.5) / (with + 0.5)) as f32
}

/// The score that one term gives.
#[derive(Clone, Copy, Debug)]
pub struct TermScorer {
    settings: Bm25Settings,
    weight: f32,
}

impl TermScorer {
    /// A scorer for a term of the given rarity.
    #[must_use]
    pub fn new(settings: Bm25Settings, idf: f32, repeated: f32) -> Self {
        Self { settings, weight: idf * repeated }
    }

    /// What the score of a document is multiplied by.
    #[must_use]
    pub fn weight(&self) -> f32 {
        self.weight
    }

    /// The same with another weight.
    #[must_use]
    pub fn with_weight(&self, weight: f32) -> Self {
        Self { weight, ..*self }
    }

    /// What `count` occurrences in a field of `length` terms add to the weighted count.
    #[must_use]
    pub fn weighted_count(&self, field_weight: f32, count: u32, length: u32, average_length: f32) -> f32 {
        let Bm25Settings { b, .. } = self.settings;
        field_weight * count as f32 / (1.0 - b + b * (length as f32 / average_length))
    }

    /// The score of a weighted count.
    #[must_use]
    pub fn score(&self, weighted_count: f32) -> f32 {
        let Bm25Settings { k1, .. } = self.settings;
        if weighted_count == f32::INFINITY {
            // A text of length 0 whose words are wholes alone, with b 1.
            return self.weight * (k1 + 1.0);
        }
        self.weight * ((k1 + 1.0) * weighted_count / (k1 + weighted_count))
    }
}
