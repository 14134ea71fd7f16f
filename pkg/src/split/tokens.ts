// Splits by tokens: what a language model counts, as far as that can be said without one. The same as
// crates/engine/src/split/tokens.rs.
import { extendsBefore, isAsciiPunctuation, isEastAsian, isWhite, JOINER } from "./characters.js";
import type { Found, Sizes } from "./pieces.js";

export function tokens(codes: Uint32Array, { size, overlap }: Sizes): readonly Found[] {
  const { count, starts, ends } = findTokens(codes);
  const chunks: Found[] = [];
  for (let first = 0; first < count; ) {
    const end = Math.min(count, first + size);
    chunks.push({ start: starts[first]!, end: ends[end - 1]! });
    // A chunk that reaches the end leaves nothing new for another.
    if (end === count) break;
    first = end - overlap;
  }
  return chunks;
}

/** All tokens of a text, in columns: there may be as many as code points. */
function findTokens(codes: Uint32Array): { count: number; starts: Uint32Array; ends: Uint32Array } {
  const starts = new Uint32Array(codes.length);
  const ends = new Uint32Array(codes.length);
  let count = 0;
  // Whether the token before may grow by a letter.
  let inRun = false;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at]!;
    if (isWhite(code)) {
      inRun = false;
      continue;
    }
    const isSingle = isAsciiPunctuation(code) || isEastAsian(code);
    const isAdjacent = count > 0 && ends[count - 1] === at;
    // What extends a character belongs to it, whatever it is.
    if (isAdjacent && ((inRun && !isSingle) || extendsBefore(code) || codes[at - 1] === JOINER)) {
      ends[count - 1] = at + 1;
      continue;
    }
    starts[count] = at;
    ends[count] = at + 1;
    count += 1;
    inRun = !isSingle;
  }
  return { count, starts, ends };
}
