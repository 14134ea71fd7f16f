//! Cuts a text into pieces that fit, and packs pieces into chunks.

use super::{
    Found, Span, SplitOptions,
    breaks::{CHARACTER, LINE, PARAGRAPH, SENTENCE, SENTENCE_LINE, WORD, levels},
    characters::is_white,
};
use alloc::vec::Vec;

/// Added to the level of a break inside fenced code or a table, which is used only where the block does not fit.
pub(super) const HIDDEN: u8 = 8;

/// A set of levels, a bit for each.
type Levels = u16;

const fn visible(level: u8) -> Levels {
    // All levels from this one up to the best.
    (1 << (PARAGRAPH + 1)) - (1 << level)
}

const fn all(level: u8) -> Levels {
    visible(level) | visible(level) << HIDDEN
}

/// The levels at which one piece after the other is cut when it is too large. Outside of blocks comes before inside: a
/// block begins and ends with a line.
pub(super) const MARKDOWN: [Levels; 7] =
    [visible(PARAGRAPH), visible(LINE), all(PARAGRAPH), all(LINE), all(SENTENCE), all(WORD), all(CHARACTER)];
const RECURSIVE: [Levels; 5] = [all(PARAGRAPH), all(LINE), all(SENTENCE), all(WORD), all(CHARACTER)];
const SENTENCES: Levels = 1 << SENTENCE | 1 << SENTENCE_LINE | 1 << PARAGRAPH;

pub(super) fn recursive(codes: &[char], options: &SplitOptions) -> Vec<Found> {
    let mut packer = Packer::new(codes, options, all(WORD));
    packer.cut(0..codes.len(), &RECURSIVE);
    packer.finish_part(None);
    packer.chunks
}

pub(super) fn sentences(codes: &[char], options: &SplitOptions) -> Vec<Found> {
    let mut packer = Packer::new(codes, options, SENTENCES);
    let mut start = 0;
    for at in 1..=codes.len() {
        if at < codes.len() && SENTENCES >> packer.levels[at] & 1 == 0 {
            continue;
        }
        let sentence = packer.trimmed(start..at);
        let is_large = sentence.len() > options.size;
        // A chunk has whole sentences or a part of one, never both.
        if is_large {
            packer.finish_part(None);
        }
        packer.cut(sentence, &RECURSIVE);
        if is_large {
            packer.finish_part(None);
        }
        start = at;
    }
    packer.finish_part(None);
    packer.chunks
}

/// Packs pieces into chunks.
pub(super) struct Packer<'a> {
    codes: &'a [char],
    pub(super) levels: Vec<u8>,
    size: usize,
    overlap: usize,
    /// The breaks at which a chunk may begin that overlaps the one before.
    starts: Levels,
    /// The chunk that may still grow.
    open: Option<Span>,
    /// How many chunks belong to parts that are finished.
    finished: usize,
    pub(super) chunks: Vec<Found>,
}

impl<'a> Packer<'a> {
    fn new(codes: &'a [char], options: &SplitOptions, starts: Levels) -> Self {
        let &SplitOptions { size, overlap, .. } = options;
        let levels = levels(codes);
        Self { codes, levels, size, overlap, starts, open: None, finished: 0, chunks: Vec::new() }
    }

    /// One that may overlap at words.
    pub(super) fn of_words(codes: &'a [char], options: &SplitOptions) -> Self {
        Self::new(codes, options, all(WORD))
    }

    /// Cuts a range until its pieces fit, and packs them.
    pub(super) fn cut(&mut self, span: Span, at_levels: &[Levels]) {
        let span = self.trimmed(span);
        if span.len() <= self.size {
            if !span.is_empty() {
                self.pack(span);
            }
            return;
        }
        let Some((&first, rest)) = at_levels.split_first() else {
            // One character that is larger than a chunk.
            for start in span.clone().step_by(self.size) {
                self.pack(start..span.end.min(start.saturating_add(self.size)));
            }
            return;
        };
        let mut start = span.start;
        for at in span.start + 1..span.end {
            if first >> self.levels[at] & 1 == 1 {
                self.cut(start..at, rest);
                start = at;
            }
        }
        self.cut(start..span.end, rest);
    }

    /// The range without the white space at its ends.
    fn trimmed(&self, Span { mut start, mut end }: Span) -> Span {
        while end > start && is_white(self.codes[end - 1]) {
            end -= 1;
        }
        while start < end && is_white(self.codes[start]) {
            start += 1;
        }
        start..end
    }

    /// Adds a piece to the open chunk if it fits there, and to another one otherwise.
    fn pack(&mut self, piece: Span) {
        let start = match self.open.take() {
            None => piece.start,
            Some(open) if piece.end - open.start <= self.size => open.start,
            Some(open) => {
                let start = self.overlapping(&open, &piece);
                self.chunks.push((open, None));
                start
            }
        };
        self.open = Some(start..piece.end);
    }

    /// Where the chunk with `piece` begins. What is looked at here lies behind the start of `before`, because the piece
    /// did not fit there; so all looks together are linear.
    fn overlapping(&self, before: &Span, piece: &Span) -> usize {
        let lowest = before.end.saturating_sub(self.overlap).max(piece.end.saturating_sub(self.size));
        let is_start = |&at: &usize| self.starts >> self.levels[at] & 1 == 1;
        (lowest..before.end).find(is_start).unwrap_or(piece.start)
    }

    /// Ends the open chunk: nothing that follows is added to it or overlaps it. All chunks of the part get `heading`.
    pub(super) fn finish_part(&mut self, heading: Option<Span>) {
        self.chunks.extend(self.open.take().map(|open| (open, None)));
        for (_, place) in &mut self.chunks[self.finished..] {
            place.clone_from(&heading);
        }
        self.finished = self.chunks.len();
    }
}
