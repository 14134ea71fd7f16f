// Values that are wrong, of every type, from one seed.
const SEED = 0x5a9de7;

export const LONE = "\ud800";

/** Mulberry32: the same numbers on every host. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
export const random = randomFrom(SEED);
export const upTo = (below) => Math.floor(random() * below);
export const pick = (items) => items[upTo(items.length)];
export const word = () => Array.from({ length: 5 + upTo(5) }, () => pick("qxzjvwyk")).join("");

/** A value of each type. A number is whole and above 2, an object has one member, of a name that nothing has. */
export const VALUES = {
  null: () => null,
  boolean: () => random() < 0.5,
  string: word,
  number: () => 3 + upTo(500),
  negative: () => -1 - upTo(500),
  fraction: () => (1 + upTo(98)) / 100,
  NaN: () => NaN,
  infinity: () => pick([Infinity, -Infinity]),
  bigint: () => BigInt(upTo(9)),
  symbol: () => Symbol(word()),
  function: () => () => word(),
  array: () => [word()],
  object: () => ({ [word()]: 1 }),
  date: () => new Date(upTo(1e12)),
  map: () => new Map([[word(), 1]]),
  bytes: () => new Uint8Array(3),
};
/** One value of every type but these. */
export const wrong = (...right) =>
  Object.entries(VALUES).filter(([type]) => !right.includes(type)).map(([type, make]) => [type, make()]);
/** The same for an option. Null is left out: whether it counts as absent, as in JSON it must, is not fixed. */
export const wrongOption = (...right) => wrong("null", ...right);
/** What is right for a text. JSON has a Date as its text, so that whether one is taken there is not asserted either. */
export const TEXT = ["string", "date"];

/** `{ a: { b: value } }` from "a.b"; a number stands for an array. */
export function at(path, value) {
  const [name, ...rest] = path.split(".");
  const inner = rest.length === 0 ? value : at(rest.join("."), value);
  return name === "0" ? [inner] : { [name]: inner };
}
export function merged(a, b) {
  if (Object.prototype.toString.call(a) !== "[object Object]") return b;
  if (Object.prototype.toString.call(b) !== "[object Object]") return b;
  const both = { ...a };
  for (const [name, value] of Object.entries(b)) both[name] = name in a ? merged(a[name], value) : value;
  return both;
}

export function shown(value) {
  const replaced = (_, member) => {
    if (typeof member === "number" && !Number.isFinite(member)) return `${member}`;
    if (["bigint", "symbol", "function"].includes(typeof member)) return `${typeof member} ${String(member)}`;
    if (member instanceof Map || ArrayBuffer.isView(member)) return Object.prototype.toString.call(member);
    return member;
  };
  return `${JSON.stringify(value, replaced)}`.slice(0, 200);
}
