//! The best rows of a segment for a text: exact scores, but only for rows that can be among the best.
//!
//! A segment is gone through in windows. Each posting has a bound, what it can score at most, from its cell or from its known
//! score; the bounds of a row are added in a byte. So each row that has any of the terms is seen, and counted; what reaches
//! the bar, the score of the worst hit so far, is scored exactly, term by term in the order of the query. Bounds are whole
//! numbers, a little above what they stand for, so no rounding can lose a hit: the answer is that of scoring every row.

use crate::stored::Stored;
use crate::{
    ids::RowId,
    lists::map,
    query::{Candidate, TopK, Watch},
    rows::RowSet,
    text::{
        TermScorer, gallop,
        index::{SealedList, best_of},
    },
};
use alloc::vec::Vec;
use sanderling_kernels::{Added, CHUNK, PACKED, WINDOW, add_cells, reaching};

/// What the bounds of all terms are together.
const WHOLE: f32 = u8::MAX as f32;
/// What is left of the bar where it becomes a whole number: no rounding is above it.
const BELOW: f32 = 0.9999;

/// Windows after which it is asked whether there is time for more.
const LOOK_EACH: usize = 8;
/// Rows whose scores are known, and blocks of a list that stands alone, after which it is asked.
const KNOWN_LOOK_EACH: usize = 8_192;
const BLOCKS_LOOK_EACH: usize = 64;

/// One term of the query in one segment.
#[allow(clippy::large_enum_variant, reason = "one a term and segment")]
pub(super) enum Entry<'a> {
    /// The rows that have it, and what it scores in each.
    Known(Vec<u32>, Vec<f32>),
    /// To be computed.
    Counted(Counted<'a>),
}

/// The postings of one term in one field of a sealed segment.
pub(super) struct Counted<'a> {
    pub list: SealedList<'a>,
    pub field: usize,
    pub lengths: Stored<'a, u32>,
    pub weight: f32,
    pub average: f32,
    pub scorer: TermScorer,
}

impl Entry<'_> {
    /// The rows that have the term.
    pub fn rows(&self) -> Vec<u32> {
        match self {
            Self::Known(rows, _) => rows.clone(),
            Self::Counted(counted) => {
                let mut rows = Vec::new();
                counted.list.rows(&mut rows);
                rows
            }
        }
    }

    /// The score of a posting, which is that of the row.
    pub fn score(&self, posting: usize, row: u32) -> f32 {
        match self {
            Self::Known(_, scores) => scores[posting],
            Self::Counted(Counted { list, lengths, weight, average, scorer, .. }) => {
                let count = list.count(posting);
                scorer.score(scorer.weighted_count(*weight, count, lengths[row as usize], *average))
            }
        }
    }
}

/// What was done, for the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::collection) struct Effort {
    /// Rows that match.
    pub matching: usize,
    /// Rows that were scored.
    pub scored: usize,
}

/// Offers the allowed rows that have any of the terms and can be among the best.
pub(super) fn rank(
    entries: &[Entry<'_>],
    allowed: &RowSet,
    top: &mut TopK,
    watch: &dyn Watch,
    candidate: &dyn Fn(RowId, f32) -> Candidate,
) -> Effort {
    let (mut effort, bar) = (Effort::default(), top.threshold());
    let mut offer = |row: u32, score: f32| {
        let bar = top.threshold();
        if bar.is_some_and(|bar| score < bar) {
            return bar;
        }
        top.offer(candidate(RowId(row), score));
        top.threshold()
    };
    if let [Entry::Known(rows, scores)] = entries {
        for (looked_at, (row, score)) in rows.iter().zip(scores).enumerate() {
            if looked_at % KNOWN_LOOK_EACH == KNOWN_LOOK_EACH - 1 && watch.is_over() {
                break;
            }
            if allowed.contains(RowId(*row)) {
                effort.matching += 1;
                offer(*row, *score);
            }
        }
        return Effort { scored: effort.matching, ..effort };
    }
    let mut ranking = Ranking::new(entries, allowed);
    ranking.raise(bar);
    match entries {
        [Entry::Counted(counted)] => ranking.alone(counted, &mut offer, watch),
        _ => {
            for start in (0..allowed.rows()).step_by(WINDOW) {
                if start % (WINDOW * LOOK_EACH) == 0 && watch.is_over() {
                    break;
                }
                ranking.window(start as u32, &mut offer);
            }
        }
    }
    ranking.effort
}

/// Takes a row and its score; answers the score that a row must reach to be a hit, once there are enough.
type Offer<'o> = &'o mut dyn FnMut(u32, f32) -> Option<f32>;

/// A term on its way through the windows.
struct Walk {
    /// The bound of each cell.
    table: [u8; 256],
    /// Where scores are known, the bound of each posting.
    bounds: Vec<u8>,
    /// Rows that were read of a list, from the posting `first` on; those known lie in the entry.
    read: Vec<u32>,
    first: usize,
    block: usize,
    /// The part that is in the window, and how far exact scoring has come in it.
    from: usize,
    end: usize,
    place: usize,
}

impl Walk {
    fn rows<'w>(&'w self, entry: &'w Entry<'_>) -> &'w [u32] {
        match entry {
            Entry::Known(rows, _) => rows,
            Entry::Counted(_) => &self.read,
        }
    }

    /// Goes on to the rows before `end` and adds their bounds.
    fn add(&mut self, entry: &Entry<'_>, end: u32, least: u8, sums: &mut [u8; WINDOW], added: &mut Added) {
        self.from = self.end;
        if let Entry::Counted(Counted { list, .. }) = entry {
            while self.block <= list.blocks() && self.read.last().is_none_or(|last| *last < end) {
                self.read.drain(..self.from);
                self.first += self.from;
                self.from = 0;
                list.append_rows(self.block, &mut self.read);
                self.block += 1;
            }
        }
        self.end = self.from + gallop(&self.rows(entry)[self.from..], end);
        self.place = self.from;
        let rows = &self.rows(entry)[self.from..self.end];
        match entry {
            Entry::Known(..) => {
                add_cells(rows, &self.bounds[self.from..self.end], &self.table, least, sums, added);
            }
            Entry::Counted(Counted { list, .. }) => {
                let (blocks, tail) = list.all_cells();
                let from = self.first + self.from;
                let in_blocks = blocks.get(from..).unwrap_or_default();
                let (of_blocks, of_tail) = rows.split_at(rows.len().min(in_blocks.len()));
                let in_tail = tail.get(from.saturating_sub(blocks.len())..).unwrap_or_default();
                add_cells(of_blocks, in_blocks, &self.table, least, sums, added);
                add_cells(of_tail, in_tail, &self.table, least, sums, added);
            }
        }
    }
}

struct Ranking<'a> {
    entries: &'a [Entry<'a>],
    allowed: &'a RowSet,
    scale: f32,
    walks: Vec<Walk>,
    sums: [u8; WINDOW],
    /// The least sum of bounds that can still be a hit.
    bar: u8,
    effort: Effort,
}

impl<'a> Ranking<'a> {
    fn new(entries: &'a [Entry<'a>], allowed: &'a RowSet) -> Self {
        // Bounds are computed as the scores are, so each is at least the score; the slack is for the sum of them.
        let slack = 1.0 + (entries.len() + 8) as f32 * 1e-6;
        let mut fields: Vec<(usize, Vec<f32>)> = Vec::new();
        let mut tables = Vec::new();
        let mut all = 0.0;
        for entry in entries {
            let (of_cells, weight, most) = match entry {
                Entry::Known(_, scores) => (None, slack, scores.iter().fold(0.0, |most: f32, score| most.max(*score))),
                Entry::Counted(counted) => {
                    let known = fields.iter().position(|(field, _)| *field == counted.field);
                    let at = known.unwrap_or(fields.len());
                    if known.is_none() {
                        fields.push((counted.field, Vec::new()));
                    }
                    let cells = extend(&mut fields[at].1, counted);
                    (Some((at, cells)), slack * counted.scorer.weight(), best(&counted.list, &fields[at].1))
                }
            };
            all += most * weight;
            tables.push((of_cells, weight));
        }
        let scale = WHOLE / all.max(f32::MIN_POSITIVE);
        let whole = |bound: f32| ((bound * scale) as u8).saturating_add(1);
        let walks = map(entries.iter().zip(tables), |(entry, (of_cells, weight))| {
            let mut walk = Walk {
                table: IDENTITY,
                bounds: Vec::new(),
                read: Vec::new(),
                first: 0,
                block: 0,
                from: 0,
                end: 0,
                place: 0,
            };
            if let Some((field, cells)) = of_cells {
                for (whole_of, bound) in walk.table.iter_mut().zip(&fields[field].1[..cells]) {
                    *whole_of = whole(bound * weight);
                }
            } else if let Entry::Known(_, scores) = entry {
                walk.bounds = map(scores, |score| whole(score * weight));
            }
            walk
        });
        Self { entries, allowed, scale, walks, sums: [0; WINDOW], bar: 0, effort: Effort::default() }
    }

    /// Takes the score that a row must reach from now on.
    fn raise(&mut self, bar: Option<f32>) {
        self.bar = bar.map_or(0, |bar| (bar * self.scale * BELOW) as u8);
    }

    fn offer(&mut self, row: u32, score: f32, offer: Offer<'_>) {
        self.effort.scored += 1;
        self.raise(offer(row, score));
    }

    /// One term alone: its blocks that can have a hit. Where all rows are allowed it is known how many there are.
    fn alone(&mut self, counted: &Counted<'_>, offer: Offer<'_>, watch: &dyn Watch) {
        let (list, mut rows) = (&counted.list, Vec::new());
        for block in 0..=list.blocks() {
            if block % BLOCKS_LOOK_EACH == BLOCKS_LOOK_EACH - 1 && watch.is_over() {
                break;
            }
            let cells = list.cells(block);
            let can_be = |cell: &u8| self.walks[0].table[usize::from(*cell)] >= self.bar;
            if self.allowed.is_all() && !list.best(block).to_le_bytes().iter().any(can_be) {
                continue;
            }
            rows.clear();
            list.append_rows(block, &mut rows);
            for (at, (row, cell)) in rows.iter().zip(cells).enumerate() {
                if self.allowed.contains(RowId(*row)) {
                    self.effort.matching += 1;
                    if self.walks[0].table[usize::from(*cell)] >= self.bar {
                        self.offer(*row, self.entries[0].score(block * PACKED + at, *row), offer);
                    }
                }
            }
        }
        if self.allowed.is_all() {
            self.effort.matching = list.len();
        }
    }

    fn window(&mut self, start: u32, offer: Offer<'_>) {
        let mut added = Added::default();
        // Where some rows are left out, all are looked at.
        let least = if self.allowed.is_all() { self.bar } else { 1 };
        for (entry, walk) in self.entries.iter().zip(&mut self.walks) {
            walk.add(entry, start + WINDOW as u32, least, &mut self.sums, &mut added);
        }
        if self.allowed.is_all() {
            self.effort.matching += added.new;
        }
        let mut chunks = added.reached;
        while chunks != 0 {
            let chunk = chunks.trailing_zeros() as usize;
            chunks &= chunks - 1;
            let first = start + (chunk * CHUNK) as u32;
            let sums = self.sums.as_chunks::<CHUNK>().0[chunk];
            let allowed = self.allowed.word(first as usize / CHUNK);
            if !self.allowed.is_all() {
                self.effort.matching += (reaching(&sums, 1) & allowed).count_ones() as usize;
            }
            let mut able = reaching(&sums, self.bar.max(1)) & allowed;
            while able != 0 {
                let at = able.trailing_zeros();
                able &= able - 1;
                if sums[at as usize] >= self.bar {
                    let score = self.exact(first + at);
                    self.offer(first + at, score, offer);
                }
            }
        }
        if added.new > 0 {
            self.sums.fill(0);
        }
    }

    /// The score of a row of the window: what each term scores, in the order of the query.
    fn exact(&mut self, row: u32) -> f32 {
        let mut score = 0.0;
        for (entry, walk) in self.entries.iter().zip(&mut self.walks) {
            let place = walk.place + gallop(&walk.rows(entry)[walk.place..walk.end], row);
            walk.place = place;
            if place < walk.end && walk.rows(entry)[place] == row {
                score += entry.score(walk.first + place, row);
            }
        }
        score
    }
}

/// A cell that is its own bound.
const IDENTITY: [u8; 256] = {
    let mut identity = [0; 256];
    let mut cell = 0;
    while cell < 256 {
        identity[cell] = cell as u8;
        cell += 1;
    }
    identity
};

/// Goes on with what the cells of a field score at most for a term of weight 1, up to the last one that the list has; how many
/// those are.
fn extend(scores: &mut Vec<f32>, Counted { list, weight, average, scorer, .. }: &Counted<'_>) -> usize {
    let mut last = list.cells(list.blocks()).iter().fold(0, |last, cell| last.max(*cell));
    for block in 0..list.blocks() {
        // The first has the highest count.
        last = last.max(list.best(block) as u8);
    }
    let scorer = scorer.with_weight(1.0);
    let cells = usize::from(last | 15) + 1;
    for cell in scores.len()..cells {
        let (count, length) = best_of(cell as u8, list.bins());
        scores.push(scorer.score(scorer.weighted_count(*weight, count, length, *average)));
    }
    cells
}

/// The best of the cells of a list.
fn best(list: &SealedList<'_>, scores: &[f32]) -> f32 {
    let mut most = 0.0_f32;
    let mut add = |cell: &u8| most = most.max(scores[usize::from(*cell)]);
    list.cells(list.blocks()).iter().for_each(&mut add);
    for block in 0..list.blocks() {
        list.best(block).to_le_bytes().iter().for_each(&mut add);
    }
    most
}
