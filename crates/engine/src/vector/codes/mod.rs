//! Codes in blocks of 32, list by list: the layout that is scanned. A flat index has one list, an inverted file many.

mod blocks;
mod filter;
mod order;

pub use blocks::BlocksView;
pub(super) use filter::Filter;

use super::{
    nearest::Within,
    quantize::{ByteRows, ByteRowsView, PreparedQuery, Quantizer, Space},
};
use crate::stored::Stored;
use alloc::{vec, vec::Vec};
use blocks::Blocks;
use sanderling_kernels::FAST_SCAN_VECTORS;

/// Codes to read: built or of a file. Vectors are numbered in scan order, list by list; `positions` says where in the
/// column they are.
#[derive(Clone, Copy, Debug)]
pub struct CodesView<'a> {
    /// The blocks; every list begins a new one.
    pub blocks: BlocksView<'a>,
    /// The codes of the centroids, in the order of their lists; none where there is one list.
    pub guide: BlocksView<'a>,
    /// For each list and the end: its first block.
    pub first_blocks: Stored<'a, u32>,
    /// For each list and the end: its first vector.
    pub first_vectors: Stored<'a, u32>,
    /// For each list and the end: its first copy.
    pub first_copies: Stored<'a, u32>,
    /// Vectors of other lists whose codes stand behind the own ones of a list too, against its centroid: a vector between
    /// lists is found in either.
    pub copies: Stored<'a, u32>,
    /// The centroids.
    pub centroids: ByteRowsView<'a>,
    /// Where each vector is in the column.
    pub positions: Stored<'a, u32>,
    /// The other way round: for each position of the column, the number of its vector.
    pub places: Stored<'a, u32>,
    /// The vectors as bytes, in scan order; none where codes stand alone.
    pub rows: ByteRowsView<'a>,
}

/// Codes that own their bytes.
#[derive(Clone, Debug)]
pub struct Codes {
    blocks: Blocks,
    guide: Blocks,
    first_blocks: Vec<u32>,
    first_vectors: Vec<u32>,
    first_copies: Vec<u32>,
    copies: Vec<u32>,
    centroids: ByteRows,
    positions: Vec<u32>,
    places: Vec<u32>,
    rows: ByteRows,
}

impl Codes {
    /// Codes without a vector: one open list around the origin.
    #[must_use]
    pub fn new(quantizer: &Quantizer) -> Self {
        let origin = vec![0.0; quantizer.dimensions()];
        let mut bytes = ByteRows::new(origin.len());
        bytes.push(&origin);
        Self::around(quantizer, &origin, bytes)
    }

    /// Codes without a vector, for lists around these rotated centroids.
    pub(super) fn around(quantizer: &Quantizer, centroids: &[f32], bytes: ByteRows) -> Self {
        Self {
            blocks: Blocks::default(),
            guide: guide(quantizer, centroids),
            first_blocks: vec![0, 0],
            first_vectors: vec![0, 0],
            first_copies: vec![0, 0],
            copies: Vec::new(),
            centroids: bytes,
            positions: Vec::new(),
            places: Vec::new(),
            rows: ByteRows::new(quantizer.dimensions()),
        }
    }

    /// Makes room for so many vectors and codes at once.
    pub(super) fn reserve(&mut self, quantizer: &Quantizer, vectors: usize, codes: usize) {
        self.rows.reserve(vectors);
        self.positions.reserve_exact(vectors);
        self.places.resize(vectors, 0);
        // Each list ends with a block that is half full.
        self.blocks.reserve(quantizer, codes / FAST_SCAN_VECTORS + self.centroids.view().len());
    }

    /// Adds a rotated vector to the last list.
    pub fn push(&mut self, quantizer: &Quantizer, rotated: &[f32], centroid: &[f32], position: u32) {
        self.write(quantizer, rotated, centroid);
        let at = position as usize;
        self.places.resize(self.places.len().max(at + 1), 0);
        self.places[at] = self.positions.len() as u32;
        self.positions.push(position);
        self.rows.push(rotated);
        *last(&mut self.first_vectors) += 1;
    }

    /// Adds a copy of the vector of that number, which may be still to come, to the last list. Its own vectors come first.
    pub(super) fn push_copy(&mut self, quantizer: &Quantizer, rotated: &[f32], centroid: &[f32], vector: u32) {
        self.write(quantizer, rotated, centroid);
        self.copies.push(vector);
        *last(&mut self.first_copies) += 1;
    }

    /// Writes a code into the next slot of the last list.
    fn write(&mut self, quantizer: &Quantizer, rotated: &[f32], centroid: &[f32]) {
        let list = self.first_vectors.len() - 2;
        let slot = self.view().slots(list).total % FAST_SCAN_VECTORS;
        if slot == 0 {
            self.blocks.begin(quantizer);
            *last(&mut self.first_blocks) += 1;
        }
        self.blocks.write(quantizer, slot, rotated, centroid);
    }

    /// Leaves the codes without bytes beside them: candidates are then compared in full.
    pub fn forget_rows(&mut self) {
        self.rows = ByteRows::new(self.rows.view().dimensions);
    }

    /// Ends the last list and begins another one.
    pub(super) fn next_list(&mut self) {
        for firsts in [&mut self.first_blocks, &mut self.first_vectors, &mut self.first_copies] {
            let end = *last(firsts);
            firsts.push(end);
        }
    }

    /// The codes to read.
    #[must_use]
    pub fn view(&self) -> CodesView<'_> {
        CodesView {
            blocks: self.blocks.view(),
            guide: self.guide.view(),
            first_blocks: (&self.first_blocks).into(),
            first_vectors: (&self.first_vectors).into(),
            first_copies: (&self.first_copies).into(),
            copies: (&self.copies).into(),
            centroids: self.centroids.view(),
            positions: (&self.positions).into(),
            places: (&self.places).into(),
            rows: self.rows.view(),
        }
    }
}

/// The last of the firsts of lists: there is always one.
fn last(firsts: &mut [u32]) -> &mut u32 {
    let last = firsts.len() - 1;
    &mut firsts[last]
}

/// The codes of centroids around their mean; none for a single one.
fn guide(quantizer: &Quantizer, centroids: &[f32]) -> Blocks {
    let dimensions = quantizer.dimensions();
    let lists = centroids.len() / dimensions;
    let mut guide = Blocks::default();
    if lists == 1 {
        return guide;
    }
    let mut mean = vec![0.0; dimensions];
    for centroid in centroids.chunks(dimensions) {
        for (mean, value) in mean.iter_mut().zip(centroid) {
            *mean += value / lists as f32;
        }
    }
    for (list, centroid) in centroids.chunks(dimensions).enumerate() {
        if list % FAST_SCAN_VECTORS == 0 {
            guide.begin(quantizer);
        }
        guide.write(quantizer, list % FAST_SCAN_VECTORS, centroid, &mean);
    }
    guide
}

/// The slots of a list: its own vectors, then copies of others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slots<'a> {
    /// The number of the first own vector.
    pub first: u32,
    /// How many are its own.
    pub own: usize,
    /// The copies.
    pub copies: &'a [u32],
    /// All of them.
    pub total: usize,
}

impl Slots<'_> {
    /// The number of the vector in a slot.
    pub fn vector(&self, slot: usize) -> u32 {
        if slot < self.own { self.first + slot as u32 } else { self.copies.get(slot - self.own).copied().unwrap_or(0) }
    }
}

/// How wrong estimates of the vectors of a list may be: the error of a code grows with the distance of the query from the
/// centroid and with the size of the code's factor, which is about the distance of the vector from it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Doubt {
    /// The distance of the query, or what it may be for all that bytes say.
    distance: f32,
    /// What the key of the centroid may be wrong by, and all estimates with it.
    of_base: f32,
}

impl Doubt {
    /// What a true key may be lower than its estimate by, for a code with this factor and errors of that part of what they
    /// grow with.
    fn slack(self, part: f32, factor: f32) -> f32 {
        self.of_base + part * self.distance * factor.abs()
    }

    /// The part at which an estimate is let through that is worse than it should be by so much.
    pub fn part_of(self, worse: f32, factor: f32) -> f32 {
        let whole = self.distance * factor.abs();
        if whole > 0.0 { (worse - self.of_base) / whole } else { 0.0 }
    }
}

/// What a scan has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Vectors whose codes were compared.
    pub vectors: usize,
    /// Lists they were in.
    pub lists: usize,
}

impl<'a> CodesView<'a> {
    /// What is wrong with the lengths of codes that come from a file.
    pub fn check_lengths(&self, quantizer: &Quantizer, vectors: usize) -> Result<(), &'static str> {
        let lists = self.first_blocks.len();
        if lists < 2 || self.first_vectors.len() != lists || self.centroids.len() != lists - 1 {
            return Err("lists without a centroid");
        }
        if !self.blocks.fits(quantizer, self.first_blocks[lists - 1] as usize) {
            return Err("codes, summands and factors of unequal number");
        }
        let guides = if lists == 2 { 0 } else { (lists - 1).div_ceil(FAST_SCAN_VECTORS) };
        if !self.guide.fits(quantizer, guides) {
            return Err("centroids without codes");
        }
        if [self.positions.len(), self.places.len()] != [vectors; 2] {
            return Err("codes of another number of vectors");
        }
        if self.first_copies.len() != lists || self.first_copies[lists - 1] as usize != self.copies.len() {
            return Err("copies of no list");
        }
        let dimensions = quantizer.dimensions();
        let rows = if self.rows.is_empty() { 0 } else { vectors };
        if !self.rows.fits(dimensions, rows) || !self.centroids.fits(dimensions, lists - 1) {
            return Err("rows of bytes of another length");
        }
        Ok(())
    }

    /// What is wrong with codes of the right lengths.
    pub fn check(&self, vectors: usize) -> Result<(), &'static str> {
        let firsts = [self.first_blocks, self.first_vectors, self.first_copies].map(|firsts| firsts.all());
        let [first_blocks, first_vectors, first_copies] = firsts;
        let length = |firsts: &[u32], list: usize| firsts[list + 1].checked_sub(firsts[list]);
        let fits = |list: usize| {
            let vectors = length(first_vectors, list)?.checked_add(length(first_copies, list)?)?;
            (length(first_blocks, list)? == vectors.div_ceil(FAST_SCAN_VECTORS as u32)).then_some(())
        };
        let begins = firsts.iter().all(|firsts| firsts[0] == 0);
        let ends = first_vectors.last().is_some_and(|last| *last as usize == vectors);
        if !begins || !ends || !(0..self.lists()).all(|list| fits(list).is_some()) {
            return Err("lists that do not follow each other");
        }
        if self.copies.all().iter().any(|vector| *vector as usize >= vectors) {
            return Err("a copy of a vector that does not exist");
        }
        if !self.leaves_empty_slots_alone() {
            return Err("a summand without a code");
        }
        // Each position finds itself again: so no vector is missing, none is there twice, and none is made up.
        let (positions, places) = (self.positions.all(), self.places.all());
        let found = (0..).zip(places).filter(|(at, place)| positions.get(**place as usize) == Some(at));
        if found.count() != vectors {
            return Err("a code of a vector that does not exist");
        }
        Ok(())
    }

    /// Whether no scan finds anything behind the last code of a list, or of the guide: a summand there is infinite, so no
    /// estimate is below a limit. Lists follow each other already.
    fn leaves_empty_slots_alone(&self) -> bool {
        let is_alone = |adds: &[f32]| adds.iter().all(|add| *add == f32::INFINITY);
        let guided = if self.guide.adds.is_empty() { 0 } else { self.lists() };
        let of_list = |list: usize| {
            let end = self.first_blocks[list + 1] as usize * FAST_SCAN_VECTORS;
            let first = self.first_blocks[list] as usize * FAST_SCAN_VECTORS + self.slots(list).total;
            is_alone(self.blocks.adds.slice(first..end))
        };
        is_alone(self.guide.adds.slice(guided..self.guide.adds.len())) && (0..self.lists()).all(of_list)
    }

    /// The number of vectors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// The number of codes: of the vectors and of their copies.
    pub(super) fn codes(&self) -> usize {
        self.positions.len() + self.copies.len()
    }

    /// Whether there is no vector.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The number of lists.
    #[must_use]
    pub fn lists(&self) -> usize {
        self.first_blocks.len().saturating_sub(1)
    }

    /// The slots of a list.
    pub(super) fn slots(&self, list: usize) -> Slots<'_> {
        let first = self.first_vectors[list];
        let own = self.first_vectors[list + 1].saturating_sub(first) as usize;
        let copies = self.copies.slice(self.first_copies[list] as usize..self.first_copies[list + 1] as usize);
        Slots { first, own, copies, total: own + copies.len() }
    }

    /// Asks for the beginning of a list to be brought nearer.
    pub(super) fn prefetch_list(&self, query: &PreparedQuery, list: usize) {
        self.blocks.prefetch(query, self.first_blocks[list] as usize..self.first_blocks[list + 1] as usize);
    }

    /// How wrong the estimates of a list's vectors may be, `base` being the key of its centroid.
    pub(super) fn doubt(&self, query: &PreparedQuery, list: usize, base: f32) -> Doubt {
        let of_base = self.centroids.margin(query, list);
        let (squared, of_squared) = match query.space {
            Space::Inner => (query.squared + self.centroids.squares[list] + 2.0 * base, 2.0 * of_base),
            Space::Euclidean => (base, of_base),
        };
        // Where the query is far longer than it is far from the centroid, rounding may leave nothing of the distance.
        let squared = if squared > of_squared { squared } else { of_squared };
        // In a single list all estimates are wrong by the same, which does not change their order.
        Doubt {
            distance: sanderling_kernels::square_root(squared),
            of_base: if self.lists() == 1 { 0.0 } else { of_base },
        }
    }

    /// Estimates the keys of a list's vectors and offers those that have a chance: a true key may be lower than its
    /// estimate by that part of what errors grow with. `base` is the key of the list's centroid. Behind a filter its masks of
    /// the list say which of its own vectors may be found; without masks each that has a chance is looked up.
    pub(super) fn scan_list(
        &self,
        query: &PreparedQuery,
        (list, base): (usize, f32),
        part: f32,
        (filter, masks): (Option<&Filter<'_>>, Option<&[u32]>),
        within: &mut Within,
    ) {
        let blocks = self.first_blocks[list] as usize..self.first_blocks[list + 1] as usize;
        let slots = self.slots(list);
        let doubt = self.doubt(query, list, base);
        let first = blocks.start * FAST_SCAN_VECTORS;
        let bounds = (base - doubt.of_base, part * doubt.distance);
        self.blocks.scan(query, blocks, masks, bounds, within.limit(), &mut |slot, bound| {
            if slot >= slots.total {
                // A summand in a slot without a vector.
                self.blocks.adds.blame();
                return within.limit();
            }
            let vector = slots.vector(slot);
            let is_known = slot < slots.own && masks.is_some();
            if is_known || filter.is_none_or(|filter| filter.has(vector)) {
                within.offer(bound, bound + doubt.slack(part, self.blocks.factors[first + slot]), vector);
            }
            within.limit()
        });
    }

    /// How many codes a vector has at most.
    pub(super) fn codes_per_vector(&self) -> usize {
        if self.copies.is_empty() { 1 } else { 2 }
    }

    /// The slot of a vector in its own list and that list, slots numbered over all blocks.
    pub(super) fn slot_of(&self, vector: u32) -> (usize, usize) {
        let list = self.first_vectors.all().partition_point(|first| *first <= vector).saturating_sub(1);
        (
            list,
            self.first_blocks[list] as usize * FAST_SCAN_VECTORS
                + vector.saturating_sub(self.first_vectors[list]) as usize,
        )
    }

    /// Writes the estimates of all slots of a list where they belong among those of all blocks, those without a vector infinite.
    pub(super) fn estimates_of(&self, query: &PreparedQuery, (list, base): (usize, f32), estimates: &mut [f32]) {
        let blocks = self.first_blocks[list] as usize..self.first_blocks[list + 1] as usize;
        self.blocks.estimates(query, blocks, base, estimates);
    }
}
