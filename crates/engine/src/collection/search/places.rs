//! The candidates of all legs, each with its place in every leg, and what the legs add up to.

use crate::{
    ids::RowId,
    lists::map,
    numbering::{Numbering, hash},
    query::{Candidate, Fusion, LegShare, TextLeg, TopK},
};
use alloc::{vec, vec::Vec};

/// The candidates of all legs, found by where they lie.
pub(in crate::collection) struct Places {
    number_of: Numbering,
    places: Vec<Place>,
    /// What the text leg gives, if there is one.
    pub text_share: Option<LegShare>,
    /// What each vector leg gives.
    pub vector_shares: Vec<LegShare>,
}

/// One candidate's ranks: in the text leg, and in each vector leg.
pub(in crate::collection) struct Place {
    candidate: Candidate,
    pub text: Option<TextLeg>,
    pub vectors: Vec<Option<(u32, f32)>>,
    /// What the legs add up to, once they are fused.
    fused: f32,
}

impl Places {
    pub(super) fn new(fusion: &Fusion, text: Option<&[Candidate]>, vectors: &[Vec<Candidate>]) -> Self {
        let mut places = Self {
            number_of: Numbering::default(),
            places: Vec::new(),
            text_share: text.map(|list| LegShare::new(fusion.method, fusion.text_weight, list)),
            vector_shares: map(vectors, |list| LegShare::new(fusion.method, fusion.vector_weight, list)),
        };
        for (candidate, rank) in text.unwrap_or_default().iter().zip(1..) {
            places.place(candidate, vectors.len()).text = Some(TextLeg { rank, score: candidate.score });
        }
        for (leg, candidates) in vectors.iter().enumerate() {
            for (candidate, rank) in candidates.iter().zip(1..) {
                places.place(candidate, vectors.len()).vectors[leg] = Some((rank, candidate.score));
            }
        }
        places
    }

    fn place(&mut self, candidate: &Candidate, legs: usize) -> &mut Place {
        let next = self.places.len() as u32;
        let number = self.number(candidate).unwrap_or(next);
        if number == next {
            self.number_of.set(hash_of(candidate), next, &mut |_| false);
            self.places.push(Place { candidate: *candidate, text: None, vectors: vec![None; legs], fused: 0.0 });
        }
        &mut self.places[number as usize]
    }

    pub fn get(&self, candidate: &Candidate) -> Option<&Place> {
        self.number(candidate).map(|number| &self.places[number as usize])
    }

    fn number(&self, candidate: &Candidate) -> Option<u32> {
        let is_same = &mut |number: u32| self.places[number as usize].candidate.place() == candidate.place();
        self.number_of.find(hash_of(candidate), is_same)
    }

    /// Whether a score is made of several legs.
    pub fn is_fused(&self) -> bool {
        self.vector_shares.len() + usize::from(self.text_share.is_some()) > 1
    }

    /// All candidates by what the legs add up to, in the order of the legs.
    pub(super) fn fused(&mut self) -> Vec<Candidate> {
        let mut best = TopK::new(usize::MAX);
        for place in &mut self.places {
            let mut score = 0.0;
            if let Some(share) = &self.text_share {
                score += place.text.map_or(share.absent(), |leg| share.present(leg.rank, leg.score));
            }
            for (share, found) in self.vector_shares.iter().zip(&place.vectors) {
                score += found.map_or(share.absent(), |(rank, similarity)| share.present(rank, similarity));
            }
            place.fused = score;
            best.offer(Candidate { score, ..place.candidate });
        }
        best.into_sorted()
    }

    /// What a match scores; 0 where no leg has it among its first.
    pub(super) fn score(&self, candidate: &Candidate) -> f32 {
        let Some(place) = self.get(candidate) else { return 0.0 };
        let of_vector = place.vectors.first().copied().flatten().map(|(_, similarity)| similarity);
        if self.is_fused() { place.fused } else { place.text.map(|text| text.score).or(of_vector).unwrap_or(0.0) }
    }
}

fn hash_of(candidate: &Candidate) -> u32 {
    let (segment, RowId(row)) = candidate.place();
    hash(&(u64::from(row) | (segment as u64) << 32).to_le_bytes())
}

impl Place {
    /// The vector leg that ranks the candidate highest: which, where, and its similarity.
    pub fn best_vector(&self) -> Option<(usize, u32, f32)> {
        let legs = self.vectors.iter().enumerate();
        let ranked = legs.filter_map(|(leg, place)| place.map(|(rank, similarity)| (leg, rank, similarity)));
        ranked.min_by_key(|(_, rank, _)| *rank)
    }
}
