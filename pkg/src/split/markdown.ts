// The sections of a Markdown text, and the blocks that stay whole. As much of CommonMark as it takes to find headings,
// fenced code and tables, line by line: what is nested in lists and quotes is text like any other, but for fences,
// which may be indented. The same as crates/engine/src/split/markdown.rs.
import { endsLine, isAsciiDigit, isWhite } from "./characters.js";
import {
  cut,
  finishPart,
  HIDDEN,
  MARKDOWN,
  packerOfWords,
  trimmed,
  type Found,
  type Sizes,
  type Span,
} from "./pieces.js";

const INDENT_MAX = 3;
const HEADING_DEPTH_MAX = 6;
const FENCE_MARKS_MIN = 3;
const UNDERLINE_MARKS_MIN = 2;

const [TAB, LF, CR, BACKTICK, TILDE, PIPE, HASH, MINUS, EQUALS, COLON] = [9, 10, 13, 96, 126, 124, 35, 45, 61, 58];
const [PLUS, STAR, LOW_LINE, DOT, PARENTHESIS, GREATER] = [43, 42, 95, 46, 41, 62];

export function sections(codes: Uint32Array, sizes: Sizes): readonly Found[] {
  const outline = outlineOf(codes);
  const packer = packerOfWords(codes, sizes);
  for (const { start, end } of outline.blocks) {
    // The break before a block is that of its line and stays.
    for (let at = start + 1; at < end; at += 1) packer.levels[at]! += HIDDEN;
  }
  outline.sections.forEach(({ start, heading }, at) => {
    cut(packer, start, outline.sections[at + 1]?.start ?? codes.length, MARKDOWN);
    finishPart(packer, heading);
  });
  return packer.chunks;
}

interface Section {
  readonly start: number;
  readonly heading?: Span;
}

interface Fence {
  readonly mark: number;
  readonly marks: number;
  readonly start: number;
}

/**
 * What the line before was, as far as the next one depends on it. "other": nothing that a heading or a table may be
 * made of. "gap": a blank line, a heading, the end of a block, after which a paragraph may begin. "single": the first
 * line of a paragraph, which an underline makes a heading. "further": another line of one.
 */
type Previous = { readonly kind: "other" | "gap" } | ({ readonly kind: "single" | "further" } & Span);

const GAP: Previous = { kind: "gap" };

interface Outline {
  readonly sections: Section[];
  readonly blocks: Span[];
  fence: Fence | undefined;
  table: Span | undefined;
  previous: Previous;
}

/** Finds sections and blocks, line by line. */
function outlineOf(codes: Uint32Array): Outline {
  const outline: Outline = { sections: [{ start: 0 }], blocks: [], fence: undefined, table: undefined, previous: GAP };
  let from = 0;
  while (from < codes.length) {
    let end = from;
    while (end < codes.length && !endsLine(codes[end]!)) end += 1;
    takeLine(outline, codes, from, end);
    from = end + (codes[end] === CR && codes[end + 1] === LF ? 2 : 1);
  }
  // Code without a closing fence goes on to the end.
  endTable(outline);
  if (outline.fence !== undefined) outline.blocks.push({ start: outline.fence.start, end: codes.length });
  return outline;
}

function endTable(outline: Outline): void {
  if (outline.table !== undefined) outline.blocks.push(outline.table);
  outline.table = undefined;
}

/** Takes the line of this range, which is without its end. */
function takeLine(outline: Outline, codes: Uint32Array, from: number, to: number): void {
  const { start, end } = trimmed(codes, from, to);
  const { fence, table } = outline;
  if (start === end && fence === undefined) {
    endTable(outline);
    outline.previous = GAP;
    return;
  }
  const text = codes.subarray(start, end);
  if (fence !== undefined) {
    if (!closesFence(fence, text)) return;
    outline.blocks.push({ start: fence.start, end });
    outline.fence = undefined;
    return;
  }
  if (table !== undefined && text.includes(PIPE!)) {
    outline.table = { start: table.start, end };
    return;
  }
  endTable(outline);
  outline.fence = openedFence(text, start);
  if (outline.fence !== undefined) {
    outline.previous = GAP;
    return;
  }
  const isIndented = start - from > INDENT_MAX || codes.subarray(from, start).includes(TAB!);
  outline.previous = textLine(outline, codes, { start, end }, isIndented);
}

/** A line that is not blank or fenced and continues no table. */
function textLine(outline: Outline, codes: Uint32Array, line: Span, isIndented: boolean): Previous {
  const text = codes.subarray(line.start, line.end);
  const heading = isIndented ? undefined : headingText(codes, line);
  if (heading !== undefined) {
    outline.sections.push({ start: line.start, heading });
    return GAP;
  }
  const { previous } = outline;
  if (previous.kind === "single" && !isIndented && isUnderline(text)) {
    outline.sections.push({ start: previous.start, heading: { start: previous.start, end: previous.end } });
    return GAP;
  }
  if ("start" in previous && isDelimiterRow(text) && codes.subarray(previous.start, previous.end).includes(PIPE!)) {
    outline.table = { start: previous.start, end: line.end };
    return GAP;
  }
  if (isIndented) return { kind: "other" };
  return { kind: previous.kind === "gap" && beginsParagraph(text) ? "single" : "further", ...line };
}

/** How many times `mark` stands at the start of a text. */
function marksAtStart(text: Uint32Array, mark: number): number {
  let marks = 0;
  while (marks < text.length && text[marks] === mark) marks += 1;
  return marks;
}

function openedFence(text: Uint32Array, start: number): Fence | undefined {
  const mark = text[0];
  if (mark === undefined || (mark !== BACKTICK && mark !== TILDE)) return undefined;
  const marks = marksAtStart(text, mark);
  // Backticks behind backticks are code within a line.
  const isFence = marks >= FENCE_MARKS_MIN && (mark === TILDE || !text.subarray(marks).includes(mark));
  return isFence ? { mark, marks, start } : undefined;
}

function closesFence(fence: Fence, text: Uint32Array): boolean {
  const marks = marksAtStart(text, fence.mark);
  return marks >= fence.marks && marks === text.length;
}

/** The text of a heading that begins with `#`, if the line is one. */
function headingText(codes: Uint32Array, line: Span): Span | undefined {
  const text = codes.subarray(line.start, line.end);
  const depth = marksAtStart(text, HASH!);
  if (depth < 1 || depth > HEADING_DEPTH_MAX || (depth < text.length && !isWhite(text[depth]!))) return undefined;
  const heading = trimmed(codes, line.start + depth, line.end);
  let { end } = heading;
  while (end > heading.start && codes[end - 1] === HASH) end -= 1;
  // Marks that close a heading stand apart from its text.
  const areClosing = end === heading.start || isWhite(codes[end - 1]!);
  return areClosing ? trimmed(codes, heading.start, end) : heading;
}

function isUnderline(text: Uint32Array): boolean {
  const mark = text[0];
  if ((mark !== EQUALS && mark !== MINUS) || text.length < UNDERLINE_MARKS_MIN) return false;
  return marksAtStart(text, mark!) === text.length;
}

/** The second line of a table. */
function isDelimiterRow(text: Uint32Array): boolean {
  const isPart = (code: number): boolean => code === PIPE || code === MINUS || code === COLON || isWhite(code);
  return text.includes(PIPE!) && text.includes(MINUS!) && text.every(isPart);
}

/** Whether this may be the only line of a paragraph, and not a quote, a row, an item of a list, a rule. */
function beginsParagraph(text: Uint32Array): boolean {
  let digits = 0;
  while (digits < text.length && isAsciiDigit(text[digits]!)) digits += 1;
  const behind = text[digits];
  const isNumbered = digits > 0 && (behind === DOT || behind === PARENTHESIS);
  const isMarker = behind === MINUS || behind === PLUS || behind === STAR;
  const isItem = isNumbered || (isMarker && digits === 0 && (text.length === 1 || isWhite(text[1]!)));
  const isRule = text.every((code) => code === MINUS || code === STAR || code === LOW_LINE || isWhite(code));
  return !(isItem || isRule || text[0] === GREATER || text[0] === PIPE);
}
