//! How many candidates must be compared in full, measured on vectors of the segment itself.
//!
//! Keys by bytes order most columns almost as the vectors do, but not tight clusters far from the origin, where vectors
//! differ by less than the rounding. For each true neighbour of a query its rank by key is noted; the number for a recall
//! is a quantile of these ranks.

use super::{
    VectorColumn,
    ivf::RECALLS,
    nearest::{Nearest, Within, packed},
    quantize::{ByteRowsView, PreparedQuery, Quantizer},
    truth::{KINDS, TrueQuery, Truth, WANTED},
};
use alloc::{vec, vec::Vec};
use sanderling_kernels as kernels;

/// The part of the misses that the order of the candidates may cause: comparing some more costs little, and the neighbours of
/// real queries rank a little worse.
const MISSES_ALLOWED: f32 = 0.05;

/// The candidates to compare in full, for 10 and 100 hits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Refined(pub [f32; WANTED.len()]);

impl Refined {
    /// The numbers that it is made of.
    pub(crate) const NUMBERS: usize = WANTED.len();

    /// The number for so many hits: the line through what was measured, before it as at its beginning, behind it in
    /// proportion.
    #[must_use]
    pub fn for_wanted(&self, wanted: usize) -> usize {
        let [few, many] = WANTED.map(|wanted| wanted as f32);
        let ([first, last], wanted) = (self.0, wanted as f32);
        let number = if wanted <= few {
            first
        } else if wanted <= many {
            first + (last - first) * ((wanted - few) / (many - few))
        } else {
            last * (wanted / many)
        };
        number as usize
    }
}

/// What was measured for the lowest recall that is enough.
pub(super) fn for_recall<T>(measured: &[T; RECALLS.len()], recall: f32) -> &T {
    &measured[RECALLS.iter().position(|known| *known >= recall).unwrap_or(RECALLS.len() - 1)]
}

/// Candidates by bytes of which those are taken that are to be compared in full. Where bytes tell vectors apart, these are few;
/// where they do not, as in clusters far from the origin, it may be a whole cluster.
#[derive(Debug)]
pub(super) enum ByBytes {
    /// So many of the best.
    Best(Nearest),
    /// All whose least possible key is below the largest possible one of the last hit.
    Possible(Within),
}

impl ByBytes {
    /// A collector of so many, whatever their bytes may be wrong by.
    pub fn best(count: usize) -> Self {
        Self::Best(Nearest::new(count))
    }

    /// A collector of all that may be among so many best.
    pub fn possible(hits: usize) -> Self {
        Self::Possible(Within::new(hits))
    }

    /// Takes rows with these keys.
    pub fn offer(&mut self, rows: ByteRowsView<'_>, query: &PreparedQuery, keys: &[f32], at: &[u32]) {
        let squared = |at: &u32| rows.squared_margin(query, *at as usize);
        self.offer_all(keys.iter().zip(at).map(|(key, at)| (*key, *at, squared(at))));
    }

    /// The same of rows that lie one after the other.
    pub fn offer_from(&mut self, rows: ByteRowsView<'_>, query: &PreparedQuery, keys: &[f32], from: usize) {
        let [scales, squares] = [rows.scales, rows.squares].map(|of| of.part(from, keys.len()));
        let margins = scales.iter().zip(squares).map(|(scale, squared)| query.squared_margin(*scale, *squared));
        self.offer_all(keys.iter().zip(from as u32..).zip(margins).map(|((key, at), squared)| (*key, at, squared)));
    }

    /// Takes keys with what they belong to and their squared margins.
    #[inline]
    fn offer_all(&mut self, all: impl Iterator<Item = (f32, u32, f32)>) {
        match self {
            Self::Best(nearest) => all.for_each(|(key, at, _)| nearest.offer_below(key, at)),
            Self::Possible(within) => {
                let mut limit = within.limit();
                for (key, at, squared) in all {
                    let over = key - limit;
                    // Without a root where it is clear.
                    if over <= 0.0 || over * over <= squared {
                        let margin = kernels::square_root(squared);
                        within.offer(key - margin, key + margin, at);
                        limit = within.limit();
                    }
                }
            }
        }
    }

    /// What was taken, in no order.
    pub fn into_kept(self) -> Vec<u64> {
        match self {
            Self::Best(nearest) => nearest.into_best(),
            Self::Possible(within) => within.into_kept(),
        }
    }
}

/// The ranks of true neighbours, by the kind of query and the number of hits.
#[derive(Debug, Default)]
pub(super) struct Ranks([[Vec<u32>; WANTED.len()]; KINDS]);

impl Ranks {
    /// Notes how many must be compared in full for the neighbours of one query, where a search orders by these keys.
    pub fn add(&mut self, query: &TrueQuery, keys: &[f32]) {
        let needed = ranks(query, keys);
        for (noted, wanted) in self.0[query.kind].iter_mut().zip(WANTED) {
            noted.extend(needed.iter().take(wanted));
        }
    }

    /// The numbers for each of [`RECALLS`].
    pub fn finish(mut self) -> [Refined; RECALLS.len()] {
        let mut refined = [Refined::default(); RECALLS.len()];
        for ranks in &mut self.0 {
            for (at, ranks) in ranks.iter_mut().enumerate() {
                crate::order::sort(ranks);
                for (refined, recall) in refined.iter_mut().zip(RECALLS) {
                    let place = (ranks.len() as f32 * (1.0 - (1.0 - recall) * MISSES_ALLOWED)) as usize;
                    let needed = ranks.get(place).or(ranks.last()).map_or(0.0, |rank| *rank as f32);
                    refined.0[at] = refined.0[at].max(needed);
                }
            }
        }
        refined
    }
}

/// For each neighbour how many keys are no worse than its own, those of equal ones not counted.
fn ranks(query: &TrueQuery, keys: &[f32]) -> Vec<u32> {
    // Packed, for an order of all floats.
    let of = |at: &u32| packed(keys[*at as usize], 0);
    let mut sorted = crate::lists::map(&query.neighbours, of);
    crate::order::sort(&mut sorted);
    let Some(worst) = sorted.last().copied() else { return Vec::new() };
    // At each place the keys that are better than the one there, but not than the one before it.
    let mut better = vec![0_u32; sorted.len()];
    for (at, key) in (0..).zip(keys) {
        let key = packed(*key, 0);
        if key < worst && at != query.own {
            better[sorted.partition_point(|other| *other <= key)] += 1;
        }
    }
    let mut sum = 0;
    for better in &mut better {
        sum += *better;
        *better = sum;
    }
    crate::lists::map(&query.neighbours, |at| better[sorted.partition_point(|other| *other < of(at))] + 1)
}

/// The measurement for rows of bytes, under way.
#[derive(Debug, Default)]
pub(super) struct RefinedCalibration {
    at: usize,
    ranks: Ranks,
}

impl RefinedCalibration {
    /// Measures one query and says whether all is done.
    pub fn step(&mut self, quantizer: &Quantizer, column: VectorColumn<'_>, rows: ByteRowsView<'_>) -> bool {
        let truth = Truth { quantizer, column, rows };
        if self.at < truth.queries() {
            let query = truth.query(self.at);
            self.ranks.add(&query, &query.keys);
            self.at += 1;
        }
        self.at >= truth.queries()
    }

    /// The numbers for each of [`RECALLS`].
    pub fn finish(self) -> [Refined; RECALLS.len()] {
        self.ranks.finish()
    }
}
