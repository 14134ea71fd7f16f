import { describe, mismatch } from "./errors.js";
import { checkOptions, oneOf, type Check, type OptionRules } from "./options.js";
import { sections } from "./split/markdown.js";
import { recursive, sentences, type Found, type Sizes, type Span } from "./split/pieces.js";
import { tokens } from "./split/tokens.js";

/**
 * Where a text is cut.
 *
 * - `recursive`: at blank lines; what is larger than a chunk at its lines, then sentences, words, characters.
 * - `sentence`: between sentences. One that is larger than a chunk has chunks of its own.
 * - `markdown`: at headings outside of fenced code, then as `recursive`; code and tables stay whole where they fit.
 * - `tokens`: after `size` tokens. A token is a run of characters that are neither white space, ASCII punctuation nor
 *   East Asian; of the latter two each is one.
 */
export type SplitKind = "recursive" | "sentence" | "markdown" | "tokens";

export interface SplitOptions {
  /** Default `recursive`. */
  readonly kind?: SplitKind;
  /** How many code points (kind `tokens`: tokens) a chunk has at most. Default 1000 (256). */
  readonly size?: number;
  /**
   * How many of them a chunk repeats at most of the one before, less than `size`: it begins with a word (`sentence`: a
   * sentence), and later where the next piece would not fit. For `tokens` exactly that many. Default 0.
   */
  readonly overlap?: number;
}

/** A part of a text, without white space at its ends: `source.slice(start, end) === text`. */
export interface Chunk {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Kind `markdown`: the text of the nearest heading above, the chunk's own included. */
  readonly heading?: string;
}

const isSize: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 1 ? undefined : "a whole number from 1";

const isOverlap: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : "a whole number from 0";

const RULES: OptionRules = {
  call: "splitText",
  known: { kind: oneOf("recursive", "sentence", "markdown", "tokens"), size: isSize, overlap: isOverlap },
};

const SPLITTERS: Readonly<Record<SplitKind, (codes: Uint32Array, sizes: Sizes) => readonly Found[]>> = {
  recursive,
  sentence: sentences,
  markdown: sections,
  tokens,
};

/**
 * Splits a text into chunks that can be embedded and indexed one by one: in order, everything that is not white space
 * in some chunk, none larger than `size`. The same chunks as `split_text` in Rust, whose documentation says in full
 * what sentences, words and characters are. The time is linear in the length of the text.
 *
 * ```ts
 * const chunks = splitText(text, { kind: "markdown", size: 800, overlap: 100 });
 * await books.put(chunks.map(({ text, heading }) => ({ text, heading })));
 * ```
 */
export function splitText(text: string, options?: SplitOptions): Chunk[] {
  if (typeof text !== "string") throw mismatch("invalid", "splitText: text", "a string", describe(text));
  const { kind = "recursive", ...given } = checkOptions(options, RULES);
  const { size = kind === "tokens" ? 256 : 1000, overlap = 0 } = given;
  if (overlap >= size) {
    throw mismatch("invalid", "splitText: overlap", `a whole number below the size of ${size}`, describe(overlap));
  }
  const { codes, offsets } = codePoints(text);
  return SPLITTERS[kind](codes, { size, overlap }).map((found) => {
    const start = offsets[found.start]!;
    const end = offsets[found.end]!;
    const chunk = { text: text.slice(start, end), start, end };
    const { heading } = found;
    return heading === undefined
      ? chunk
      : { ...chunk, heading: text.slice(offsets[heading.start], offsets[heading.end]) };
  });
}

/** The code points of a text, and where each begins in it; lone surrogates stand for themselves. */
function codePoints(text: string): { codes: Uint32Array; offsets: Uint32Array } {
  const codes = new Uint32Array(text.length);
  const offsets = new Uint32Array(text.length + 1);
  let count = 0;
  for (let at = 0; at < text.length; count += 1) {
    const code = text.codePointAt(at)!;
    codes[count] = code;
    offsets[count] = at;
    at += code > 0xffff ? 2 : 1;
  }
  offsets[count] = text.length;
  return { codes: codes.subarray(0, count), offsets };
}
