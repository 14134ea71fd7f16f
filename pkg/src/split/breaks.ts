// Where a text may be cut, and how well. One pass gives each code point the level of the break before it. White space
// has none: a break stands before what follows it. The same as crates/engine/src/split/breaks.rs.
import {
  clings,
  closes,
  endsLine,
  endsSentence,
  endsSentenceAtOnce,
  extendsBefore,
  isAsciiDigit,
  isAsciiLetter,
  isAsciiPunctuation,
  isCapital,
  isIdeographic,
  isWhite,
  JOINER,
  mayClose,
  opens,
} from "./characters.js";

/** White space, or the inside of a character: no break. */
export const NONE = 0;
export const CHARACTER = 1;
export const WORD = 2;
/** A sentence begins within a line. */
export const SENTENCE = 3;
/** A line begins within a sentence. */
export const LINE = 4;
/** A line begins, and a sentence with it. */
export const SENTENCE_LINE = 5;
/** A line begins after a blank one, or the text begins. */
export const PARAGRAPH = 6;

/** Words that end with a full stop in the middle of a sentence. */
const ABBREVIATIONS: ReadonlySet<string> = new Set(
  (
    "Mr Mrs Ms Dr Prof St Sr Jr Rev Hon Gen Col Capt Lt Sgt vs cf al e.g E.g i.e I.e etc ca approx No Nos Fig Figs Eq " +
    "Vol Ch Sec p pp ed Nr Abb bzw z.B d.h"
  ).split(" "),
);
const ABBREVIATION_CODES_MAX = 6;
const LIST_NUMBER_DIGITS_MAX = 9;

const FULL_STOP = 0x2e;
const CR = 0xd;
const LF = 0xa;

// Whether the end of a sentence was seen, and nothing since that is not a part of it.
const NOT_ENDING = 0;
/** It is one if white space follows. */
const ENDING_IF_WHITE = 1;
const ENDING = 2;

/** What is known of the text before a code point. */
interface Before {
  /** White space is right before it, or nothing. */
  white: boolean;
  lineEnds: number;
  /** Where the line has its first code point that is not white space. */
  lineFirst: number;
  ending: number;
  /** The full stop that alone is the end of the sentence, or -1. */
  stop: number;
}

/** The level of the break before each code point. */
export function breakLevels(codes: Uint32Array): Uint8Array {
  const before: Before = { white: true, lineEnds: 2, lineFirst: 0, ending: NOT_ENDING, stop: -1 };
  const levels = new Uint8Array(codes.length);
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at]!;
    if (isWhite(code)) {
      before.white = true;
      if (endsLine(code) && !(code === LF && at > 0 && codes[at - 1] === CR)) before.lineEnds += 1;
      continue;
    }
    levels[at] = before.white ? afterWhite(codes, at, before) : within(codes, at, before.ending);
    take(before, at, code);
  }
  return levels;
}

/** The level of a break after white space. The sentence before is over or not. */
function afterWhite(codes: Uint32Array, at: number, before: Before): number {
  const { lineEnds, ending, stop } = before;
  const isShort = ending === ENDING_IF_WHITE && stop >= 0 && isShortening(codes, stop, before.lineFirst);
  const ended = ending !== NOT_ENDING && !isShort;
  if (lineEnds > 0) before.lineFirst = at;
  before.lineEnds = 0;
  before.white = false;
  before.ending = NOT_ENDING;
  if (lineEnds === 0) return ended ? SENTENCE : WORD;
  if (lineEnds === 1) return ended ? SENTENCE_LINE : LINE;
  return PARAGRAPH;
}

/** The level of a break where no white space is. */
function within(codes: Uint32Array, at: number, ending: number): number {
  const previous = codes[at - 1]!;
  const code = codes[at]!;
  if (extendsBefore(code) || previous === JOINER) return NONE;
  if (ending === ENDING && !endsSentence(code) && !endsSentenceAtOnce(code) && !closes(code)) return SENTENCE;
  const isBeside = isIdeographic(previous) || isIdeographic(code);
  return isBeside && !clings(code) && !opens(previous) ? WORD : CHARACTER;
}

/** Takes note of a code point that is not white space. */
function take(before: Before, at: number, code: number): void {
  const { ending } = before;
  before.stop = -1;
  if (endsSentenceAtOnce(code)) {
    before.ending = ENDING;
  } else if (endsSentence(code)) {
    if (ending !== NOT_ENDING) return;
    before.ending = ENDING_IF_WHITE;
    if (code === FULL_STOP) before.stop = at;
  } else if (ending !== NOT_ENDING) {
    const goesOn = closes(code) || extendsBefore(code) || (ending === ENDING_IF_WHITE && mayClose(code));
    if (!goesOn) before.ending = NOT_ENDING;
  }
}

/** Whether the full stop at `stop` shortens a word or marks a list item, and so ends no sentence. */
function isShortening(codes: Uint32Array, stop: number, lineFirst: number): boolean {
  let from = stop;
  const longest = Math.max(0, stop - ABBREVIATION_CODES_MAX - 1);
  while (from > longest && (isAsciiLetter(codes[from - 1]!) || codes[from - 1] === FULL_STOP)) from -= 1;
  const mayBeListed = stop - from <= ABBREVIATION_CODES_MAX;
  const isListed = mayBeListed && ABBREVIATIONS.has(String.fromCharCode(...codes.subarray(from, stop)));
  if (isListed && standsAlone(codes, from)) return true;
  if (stop > 0 && isCapital(codes[stop - 1]!) && standsAlone(codes, stop - 1)) return true;
  const digits = stop - lineFirst;
  return digits >= 1 && digits <= LIST_NUMBER_DIGITS_MAX && codes.subarray(lineFirst, stop).every(isAsciiDigit);
}

/** Whether what begins at `from` is no part of a longer word. */
function standsAlone(codes: Uint32Array, from: number): boolean {
  if (from === 0) return true;
  const before = codes[from - 1]!;
  return isWhite(before) || isAsciiPunctuation(before) || opens(before);
}
