// Random texts from a seed; crates/engine/tests/split/random.rs makes the same ones.

/** Mulberry32. */
export function makeRandom(seed) {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

const KINDS = ["recursive", "sentence", "markdown", "tokens"];

/** A text of these parts and options for it. */
export function makeCase(random, parts) {
  const count = random(80);
  // Few parts in many places are what makes structure.
  const first = random(parts.length);
  const range = 1 + random(parts.length);
  let text = "";
  for (let at = 0; at < count; at += 1) text += parts[(first + random(range)) % parts.length];
  const size = 1 + random(random(2) === 0 ? 12 : 80);
  const kind = KINDS[random(KINDS.length)];
  return { text, options: { kind, size, overlap: random(size) } };
}

/** FNV-1a over the code points of chunks and headings. */
export function digest(hash, chunks) {
  const take = (code) => {
    hash = Math.imul(hash ^ code, 0x01000193) >>> 0;
  };
  for (const { text, heading } of chunks) {
    for (const character of text) take(character.codePointAt(0));
    take(0x110000);
    for (const character of heading ?? "\u{10ffff}") take(character.codePointAt(0));
    take(0x110001);
  }
  return hash;
}

export const DIGEST_START = 0x811c9dc5;
