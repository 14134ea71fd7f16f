// The classes of characters, written out, so that every host and Rust (crates/engine/src/split/characters.rs, the same
// functions) agree. Numbers are code points; a lone surrogate is one that is in no class.

// Asked for each character of a text: a table answers faster than a set, and between the kana and the full-width forms,
// where the ideographs are, nothing is listed.
function isOneOf(characters: string): (code: number) => boolean {
  const codes = Array.from(characters, (character) => character.codePointAt(0)!);
  const ascii = Array.from({ length: 0x80 }, (_, code) => codes.includes(code));
  const others: ReadonlySet<number> = new Set(codes.filter((code) => code >= 0x80));
  return (code) => (code < 0x80 ? ascii[code]! : (code < 0x3100 || code >= 0xff00) && others.has(code));
}

/** Joins what stands on both sides of it. */
export const JOINER = 0x200d;

export const isWhite = (code: number): boolean =>
  code <= 0x20
    ? code === 0x20 || (code >= 0x9 && code <= 0xd)
    : code >= 0x85 &&
      (code === 0x85 ||
        code === 0xa0 ||
        code === 0x1680 ||
        (code >= 0x2000 && code <= 0x200a) ||
        code === 0x2028 ||
        code === 0x2029 ||
        code === 0x202f ||
        code === 0x205f ||
        code === 0x3000);

export const endsLine = (code: number): boolean =>
  (code >= 0xa && code <= 0xd) || code === 0x85 || code === 0x2028 || code === 0x2029;

/** Belongs to the code point before it: a combining mark, a variation selector, a skin tone, a tag, the joiner. */
export const extendsBefore = (code: number): boolean =>
  code >= 0x300 &&
  (code <= 0x36f ||
    code === JOINER ||
    (code >= 0x20d0 && code <= 0x20ff) ||
    code === 0x3099 ||
    code === 0x309a ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    (code >= 0x1f3fb && code <= 0x1f3ff) ||
    (code >= 0xe0020 && code <= 0xe007f) ||
    (code >= 0xe0100 && code <= 0xe01ef));

/** Of a script without spaces: East Asian, but for Hangul syllables, whose words have spaces between them. */
export const isIdeographic = (code: number): boolean =>
  code >= 0x2e80 &&
  (code <= 0x9fff || (code >= 0xf900 && code <= 0xfaff) || (code >= 0x20000 && code <= 0x3ffff));

/** A token by itself. */
export const isEastAsian = (code: number): boolean => isIdeographic(code) || (code >= 0xac00 && code <= 0xd7af);

export const isAsciiLetter = (code: number): boolean =>
  (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);

export const isAsciiDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

export const isAsciiPunctuation = (code: number): boolean =>
  code > 0x20 && code < 0x7f && !isAsciiLetter(code) && !isAsciiDigit(code);

/** Capitals that may be somebody's initial: Latin, Greek, Cyrillic. */
export const isCapital = (code: number): boolean =>
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0xc0 && code <= 0xde && code !== 0xd7) ||
  (code >= 0x391 && code <= 0x3a9) ||
  (code >= 0x400 && code <= 0x42f);

/** Ends a sentence where white space follows. */
export const endsSentence: (code: number) => boolean = isOneOf(".!?…\u061f\u06d4\u0964\u0965");

/** Ends a sentence whatever follows. */
export const endsSentenceAtOnce: (code: number) => boolean = isOneOf("。！？");

/** Quotes, brackets and emphasis that belong to the sentence which they close. */
export const closes: (code: number) => boolean = isOneOf("\"')]}*_»›\u2019\u201d」』）］】〉》〕");

/** Quotes that open in some languages and close in others: they close where white space follows. */
export const mayClose: (code: number) => boolean = isOneOf("«‹\u2018\u201c");

/** Brackets and quotes that belong to what is behind them. */
export const opens: (code: number) => boolean = isOneOf("([{\u2018\u201c\u201e«‹»›「『（［【〈《〔");

const clingsToo = isOneOf("、，．：；ー々・");

/** Never begins a word where no white space is before it. */
export const clings = (code: number): boolean =>
  isAsciiPunctuation(code) || closes(code) || endsSentence(code) || endsSentenceAtOnce(code) || clingsToo(code);
