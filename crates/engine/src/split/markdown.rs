//! The sections of a Markdown text, and the blocks that stay whole.
//!
//! As much of CommonMark as it takes to find headings, fenced code and tables, line by line: what is nested in lists
//! and quotes is text like any other, but for fences, which may be indented.

use super::{
    Found, Span, SplitOptions,
    characters::{ends_line, is_white},
    pieces::{HIDDEN, MARKDOWN, Packer},
};
use alloc::{vec, vec::Vec};

const INDENT_MAX: usize = 3;
const HEADING_DEPTH_MAX: usize = 6;
const FENCE_MARKS_MIN: usize = 3;
const UNDERLINE_MARKS_MIN: usize = 2;

pub(super) fn sections(codes: &[char], options: &SplitOptions) -> Vec<Found> {
    let mut outline = Outline::new(codes);
    let mut from = 0;
    while from < codes.len() {
        let end = (from..codes.len()).find(|&at| ends_line(codes[at])).unwrap_or(codes.len());
        outline.line(from, end);
        from = end + if codes[end..].starts_with(&['\r', '\n']) { 2 } else { 1 };
    }
    outline.finish();
    let mut packer = Packer::of_words(codes, options);
    for block in &outline.blocks {
        // The break before a block is that of its line and stays.
        for level in &mut packer.levels[block.start + 1..block.end] {
            *level += HIDDEN;
        }
    }
    for (at, section) in outline.sections.iter().enumerate() {
        let end = outline.sections.get(at + 1).map_or(codes.len(), |next| next.start);
        packer.cut(section.start..end, &MARKDOWN);
        packer.finish_part(section.heading.clone());
    }
    packer.chunks
}

struct Section {
    start: usize,
    heading: Option<Span>,
}

struct Fence {
    mark: char,
    marks: usize,
    start: usize,
}

/// What the line before was, as far as the next one depends on it.
#[derive(Clone, PartialEq, Eq)]
enum Previous {
    /// Nothing that a heading or a table may be made of.
    Other,
    /// A blank line, a heading, the end of a block: a paragraph may begin after it.
    Gap,
    /// The first line of a paragraph: an underline makes it a heading.
    Single(Span),
    /// A further line of one.
    Further(Span),
}

/// Finds sections and blocks, line by line.
struct Outline<'a> {
    codes: &'a [char],
    sections: Vec<Section>,
    blocks: Vec<Span>,
    fence: Option<Fence>,
    table: Option<Span>,
    previous: Previous,
}

impl<'a> Outline<'a> {
    fn new(codes: &'a [char]) -> Self {
        let sections = vec![Section { start: 0, heading: None }];
        Self { codes, sections, blocks: Vec::new(), fence: None, table: None, previous: Previous::Gap }
    }

    /// Takes the line of this range, which is without its end.
    fn line(&mut self, from: usize, end: usize) {
        let line = trimmed(self.codes, from..end);
        if let Some(fence) = &self.fence {
            if closes_fence(fence, &self.codes[line.clone()]) {
                self.blocks.push(fence.start..line.end);
                self.fence = None;
            }
            return;
        }
        if line.is_empty() {
            self.blocks.extend(self.table.take());
            self.previous = Previous::Gap;
            return;
        }
        let text = &self.codes[line.clone()];
        if let Some(table) = &mut self.table
            && text.contains(&'|')
        {
            table.end = line.end;
            return;
        }
        self.blocks.extend(self.table.take());
        self.fence = opened_fence(text, line.start);
        if self.fence.is_some() {
            self.previous = Previous::Gap;
            return;
        }
        let is_indented = line.start - from > INDENT_MAX || self.codes[from..line.start].contains(&'\t');
        self.previous = self.text_line(line, is_indented);
    }

    /// A line that is not blank or fenced and continues no table.
    fn text_line(&mut self, line: Span, is_indented: bool) -> Previous {
        let text = &self.codes[line.clone()];
        if !is_indented && let Some(heading) = heading_text(self.codes, &line) {
            self.sections.push(Section { start: line.start, heading: Some(heading) });
            return Previous::Gap;
        }
        match &self.previous {
            Previous::Single(before) if !is_indented && is_underline(text) => {
                self.sections.push(Section { start: before.start, heading: Some(before.clone()) });
                Previous::Gap
            }
            Previous::Single(before) | Previous::Further(before)
                if is_delimiter_row(text) && self.codes[before.clone()].contains(&'|') =>
            {
                self.table = Some(before.start..line.end);
                Previous::Gap
            }
            Previous::Gap if !is_indented && begins_paragraph(text) => Previous::Single(line),
            _ if is_indented => Previous::Other,
            _ => Previous::Further(line),
        }
    }

    /// Ends what the text leaves open: code without a closing fence goes on to its end.
    fn finish(&mut self) {
        let end = self.codes.len();
        self.blocks.extend(self.table.take());
        self.blocks.extend(self.fence.take().map(|fence| fence.start..end));
    }
}

fn trimmed(codes: &[char], Span { mut start, mut end }: Span) -> Span {
    while start < end && is_white(codes[start]) {
        start += 1;
    }
    while end > start && is_white(codes[end - 1]) {
        end -= 1;
    }
    start..end
}

/// How many times `mark` stands at the start of a text.
fn marks_at_start(text: &[char], mark: char) -> usize {
    text.iter().take_while(|&&c| c == mark).count()
}

fn opened_fence(text: &[char], start: usize) -> Option<Fence> {
    let mark = *text.first().filter(|&&c| c == '`' || c == '~')?;
    let marks = marks_at_start(text, mark);
    // Backticks behind backticks are code within a line.
    let is_fence = marks >= FENCE_MARKS_MIN && (mark == '~' || !text[marks..].contains(&mark));
    is_fence.then_some(Fence { mark, marks, start })
}

fn closes_fence(fence: &Fence, text: &[char]) -> bool {
    let marks = marks_at_start(text, fence.mark);
    marks >= fence.marks && marks == text.len()
}

/// The text of a heading that begins with `#`, if the line is one.
fn heading_text(codes: &[char], line: &Span) -> Option<Span> {
    let depth = marks_at_start(&codes[line.clone()], '#');
    let is_heading =
        (1..=HEADING_DEPTH_MAX).contains(&depth) && (depth == line.len() || is_white(codes[line.start + depth]));
    if !is_heading {
        return None;
    }
    let text = trimmed(codes, line.start + depth..line.end);
    let mut end = text.end;
    while end > text.start && codes[end - 1] == '#' {
        end -= 1;
    }
    // Marks that close a heading stand apart from its text.
    let are_closing = end == text.start || is_white(codes[end - 1]);
    Some(if are_closing { trimmed(codes, text.start..end) } else { text })
}

fn is_underline(text: &[char]) -> bool {
    let mark = text[0];
    (mark == '=' || mark == '-') && text.len() >= UNDERLINE_MARKS_MIN && text.iter().all(|&c| c == mark)
}

/// The second line of a table.
fn is_delimiter_row(text: &[char]) -> bool {
    let is_part = |&c: &char| matches!(c, '|' | '-' | ':') || is_white(c);
    text.contains(&'|') && text.contains(&'-') && text.iter().all(is_part)
}

/// Whether this may be the only line of a paragraph, and not a quote, a row, an item of a list, a rule.
fn begins_paragraph(text: &[char]) -> bool {
    let digits = text.iter().take_while(|c| c.is_ascii_digit()).count();
    let is_item = match text.get(digits) {
        Some('.' | ')') => digits > 0,
        Some('-' | '+' | '*') => digits == 0 && text.get(1).is_none_or(|&c| is_white(c)),
        _ => false,
    };
    let is_rule = text.iter().all(|&c| matches!(c, '-' | '*' | '_') || is_white(c));
    !(is_item || is_rule || matches!(text[0], '>' | '|'))
}
