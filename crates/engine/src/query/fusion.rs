//! How the legs of a hybrid search are put together: what each leg adds to a document's score.

use super::Candidate;
use crate::settings::RRF_K_DEFAULT;

/// How the legs of a hybrid search are put together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fusion {
    /// What a leg's ranks or scores are made into.
    pub method: FusionMethod,
    /// The weight of the text leg.
    pub text_weight: f32,
    /// The weight of each vector leg.
    pub vector_weight: f32,
}

/// What a leg's ranks or scores are made into before they are added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FusionMethod {
    /// 1 / (k + rank): the larger k, the less the first ranks stand out.
    ReciprocalRank {
        /// Added to each rank.
        k: f32,
    },
    /// The score, brought to one scale.
    Weighted(Scale),
}

/// How the scores of a leg's list are brought to one scale. Those of a list that are all equal become 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// From 0 for the lowest to 1 for the highest; what is not in the list has 0.
    MinMax,
    /// In standard deviations from the mean; what is not in the list has as many as the lowest.
    ZScore,
}

impl Default for Fusion {
    fn default() -> Self {
        Self { method: FusionMethod::ReciprocalRank { k: RRF_K_DEFAULT }, text_weight: 1.0, vector_weight: 1.0 }
    }
}

/// What one leg gives to the documents of its list, and to the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LegShare {
    pub method: FusionMethod,
    pub weight: f32,
    /// The scores of the list are taken as `(score - from) / span`; all as 1 where the span is 0.
    from: f64,
    span: f64,
    lowest: f64,
}

impl LegShare {
    /// `list` is what the leg found over all segments, best first.
    pub fn new(method: FusionMethod, weight: f32, list: &[Candidate]) -> Self {
        let mut share = Self { method, weight, from: 0.0, span: 0.0, lowest: 0.0 };
        let (FusionMethod::Weighted(scale), [best, .., worst] | [best @ worst]) = (method, list) else { return share };
        let (least, most) = (finite(worst.score), finite(best.score));
        (share.from, share.span) = match scale {
            _ if least == most => (least, 0.0),
            Scale::MinMax => (least, most - least),
            Scale::ZScore => {
                let count = list.len() as f64;
                let mean = list.iter().fold(0.0, |sum, one| sum + finite(one.score)) / count;
                let square = |score: f32| (finite(score) - mean) * (finite(score) - mean);
                (mean, libm::sqrt(list.iter().fold(0.0, |sum, one| sum + square(one.score)) / count))
            }
        };
        share.lowest = if scale == Scale::MinMax { 0.0 } else { share.scaled(least) };
        share
    }

    fn scaled(&self, score: f64) -> f64 {
        if self.span > 0.0 { (score - self.from) / self.span } else { 1.0 }
    }

    /// The score of a document of the list on the common scale; none where ranks count.
    pub fn normalized(&self, score: f32) -> Option<f32> {
        matches!(self.method, FusionMethod::Weighted(_)).then(|| self.scaled(finite(score)) as f32)
    }

    /// What the leg adds for a document of its list.
    pub fn present(&self, rank: u32, score: f32) -> f32 {
        match self.method {
            FusionMethod::ReciprocalRank { k } => self.weight / (k + rank as f32),
            FusionMethod::Weighted(_) => self.weight * self.scaled(finite(score)) as f32,
        }
    }

    /// What the leg adds for a document that is not in its list.
    pub fn absent(&self) -> f32 {
        self.weight * self.lowest as f32
    }
}

/// A score as it is reported: an infinite one is the largest or least there is.
fn finite(score: f32) -> f64 {
    f64::from(score.clamp(f32::MIN, f32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::RowId, lists::map};

    fn weighted(scale: Scale, scores: &[f32]) -> LegShare {
        let list = map(scores, |score| Candidate { score: *score, segment: 0, row: RowId(0) });
        LegShare::new(FusionMethod::Weighted(scale), 2.0, &list)
    }

    #[test]
    fn scores_are_brought_to_one_scale() {
        let share = weighted(Scale::MinMax, &[5.0, 3.0, 1.0]);
        assert_eq!([5.0, 3.0, 1.0].map(|score| share.present(1, score)), [2.0, 1.0, 0.0]);
        assert_eq!(share.absent(), 0.0);
        let share = weighted(Scale::ZScore, &[5.0, 3.0, 1.0]);
        let deviation = libm::sqrt(8.0 / 3.0);
        assert_eq!(share.present(1, 5.0), 2.0 * (2.0 / deviation) as f32);
        assert_eq!(share.present(2, 3.0), 0.0);
        assert_eq!(share.absent(), share.present(3, 1.0));
    }

    #[test]
    fn equal_scores_become_one_and_an_empty_list_adds_nothing() {
        for (scale, absent) in [(Scale::MinMax, 0.0), (Scale::ZScore, 2.0)] {
            let share = weighted(scale, &[7.0, 7.0]);
            assert_eq!((share.present(1, 7.0), share.absent()), (2.0, absent));
            assert_eq!(weighted(scale, &[]).absent(), 0.0);
        }
    }

    #[test]
    fn scores_without_a_bound_stay_numbers() {
        for scale in [Scale::MinMax, Scale::ZScore] {
            let share = weighted(scale, &[f32::INFINITY, 0.0, f32::NEG_INFINITY]);
            for score in [f32::INFINITY, 0.0, f32::NEG_INFINITY] {
                assert!(share.present(1, score).is_finite());
            }
        }
    }
}
