// Cuts a text into pieces that fit, and packs pieces into chunks. The same as crates/engine/src/split/pieces.rs.
import { breakLevels, CHARACTER, LINE, PARAGRAPH, SENTENCE, SENTENCE_LINE, WORD } from "./breaks.js";
import { isWhite } from "./characters.js";

/** A range of code points. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A chunk, and the text of its heading. */
export interface Found extends Span {
  heading?: Span;
}

/** How large a chunk is, and how much of the one before it repeats. */
export interface Sizes {
  readonly size: number;
  readonly overlap: number;
}

/** Added to the level of a break inside fenced code or a table, which is used only where the block does not fit. */
export const HIDDEN = 8;

const has = (set: number, level: number): boolean => ((set >> level) & 1) === 1;

// Sets of levels have a bit for each: these have all levels from one up to the best.
const visible = (level: number): number => (1 << (PARAGRAPH + 1)) - (1 << level);
const all = (level: number): number => visible(level) | (visible(level) << HIDDEN);

// The levels at which one piece after the other is cut when it is too large.
const RECURSIVE: readonly number[] = [PARAGRAPH, LINE, SENTENCE, WORD, CHARACTER].map(all);
/** Outside of blocks comes before inside: a block begins and ends with a line. */
export const MARKDOWN: readonly number[] = [visible(PARAGRAPH), visible(LINE), ...RECURSIVE];
const SENTENCES = (1 << SENTENCE) | (1 << SENTENCE_LINE) | (1 << PARAGRAPH);

/** Packs pieces into chunks. */
export interface Packer extends Sizes {
  readonly codes: Uint32Array;
  readonly levels: Uint8Array;
  readonly chunks: Found[];
  /** The levels at which a chunk may begin that overlaps the one before. */
  readonly starts: number;
  /** Where the chunk starts that may still grow; -1 where there is none. */
  openStart: number;
  openEnd: number;
  /** How many chunks belong to parts that are finished. */
  finished: number;
}

function makePacker(codes: Uint32Array, { size, overlap }: Sizes, starts: number): Packer {
  const levels = breakLevels(codes);
  return { codes, levels, size, overlap, starts, chunks: [], openStart: -1, openEnd: -1, finished: 0 };
}

/** One that may overlap at words. */
export const packerOfWords = (codes: Uint32Array, sizes: Sizes): Packer => makePacker(codes, sizes, all(WORD));

export function recursive(codes: Uint32Array, sizes: Sizes): readonly Found[] {
  const packer = packerOfWords(codes, sizes);
  cut(packer, 0, codes.length, RECURSIVE);
  finishPart(packer);
  return packer.chunks;
}

export function sentences(codes: Uint32Array, sizes: Sizes): readonly Found[] {
  const packer = makePacker(codes, sizes, SENTENCES);
  let first = 0;
  for (let at = 1; at <= codes.length; at += 1) {
    if (at < codes.length && !has(SENTENCES, packer.levels[at]!)) continue;
    const { start, end } = trimmed(codes, first, at);
    const isLarge = end - start > sizes.size;
    // A chunk has whole sentences or a part of one, never both.
    if (isLarge) finishPart(packer);
    cut(packer, start, end, RECURSIVE);
    if (isLarge) finishPart(packer);
    first = at;
  }
  finishPart(packer);
  return packer.chunks;
}

/** The range without the white space at its ends. */
export function trimmed(codes: Uint32Array, start: number, end: number): Span {
  while (end > start && isWhite(codes[end - 1]!)) end -= 1;
  while (start < end && isWhite(codes[start]!)) start += 1;
  return { start, end };
}

/** Cuts a range until its pieces fit, and packs them. `sets` says at which levels, from the one at `depth` on. */
export function cut(packer: Packer, from: number, to: number, sets: readonly number[], depth = 0): void {
  const { codes, levels, size } = packer;
  const { start, end } = trimmed(codes, from, to);
  if (end - start <= size) {
    if (end > start) pack(packer, start, end);
    return;
  }
  const set = sets[depth];
  if (set === undefined) {
    // One character that is larger than a chunk.
    for (let at = start; at < end; at += size) pack(packer, at, Math.min(end, at + size));
    return;
  }
  let piece = start;
  for (let at = start + 1; at < end; at += 1) {
    if (!has(set, levels[at]!)) continue;
    cut(packer, piece, at, sets, depth + 1);
    piece = at;
  }
  cut(packer, piece, end, sets, depth + 1);
}

/** Adds a piece to the open chunk if it fits there, and to another one otherwise. */
function pack(packer: Packer, start: number, end: number): void {
  const { openStart } = packer;
  if (openStart < 0) {
    packer.openStart = start;
  } else if (end - openStart > packer.size) {
    const next = overlapping(packer, start, end);
    closeChunk(packer);
    packer.openStart = next;
  }
  packer.openEnd = end;
}

/**
 * Where the chunk with this piece begins. What is looked at here lies behind the start of the open chunk, because the
 * piece did not fit there; so all looks together are linear.
 */
function overlapping({ levels, starts, size, overlap, openEnd }: Packer, start: number, end: number): number {
  for (let at = Math.max(openEnd - overlap, end - size); at < openEnd; at += 1) {
    if (has(starts, levels[at]!)) return at;
  }
  return start;
}

function closeChunk(packer: Packer): void {
  if (packer.openStart >= 0) packer.chunks.push({ start: packer.openStart, end: packer.openEnd });
  packer.openStart = -1;
}

/** Ends the open chunk: nothing that follows is added to it or overlaps it. All chunks of the part get `heading`. */
export function finishPart(packer: Packer, heading?: Span): void {
  closeChunk(packer);
  for (; packer.finished < packer.chunks.length; packer.finished += 1) {
    if (heading !== undefined) packer.chunks[packer.finished]!.heading = heading;
  }
}
