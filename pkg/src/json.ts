import { describe, mismatch, SanderlingError, type ErrorCode } from "./errors.js";

/** How a user's value becomes JSON text. */
export interface JsonRules {
  /** The code of the errors thrown. */
  readonly code: ErrorCode;
  /** What the value is called in error paths. */
  readonly root: string;
  /** A Date becomes epoch milliseconds, the ISO string that JSON.stringify makes of it, or an error. */
  readonly dates?: "milliseconds" | "iso" | "refused";
  /** A member that is undefined is refused. In a filter it would take a condition away unseen. */
  readonly complete?: boolean;
}

// The engine's JSON reader stops at this depth; an error from here names the path.
const DEPTH_MAX = 128;

// Matches only surrogates without a partner: with the u flag a pair is one code point.
const LONE_SURROGATE = /\p{Cs}/u;

interface Walk {
  readonly rules: JsonRules;
  readonly keys: (string | number)[];
  readonly ancestors: object[];
}

/** JSON text of a plain value; anything JSON cannot carry is a typed error that names its path. */
export function encodeJson(value: unknown, rules: JsonRules): string {
  return JSON.stringify(plain(value, rules));
}

/**
 * Checks that a value is plain JSON and returns it ready for JSON.stringify: itself, or a copy where dates were replaced.
 * Members that are undefined are left for JSON.stringify to drop, unless the rules refuse them.
 */
export function plain(value: unknown, rules: JsonRules): unknown {
  return walk(value, { rules, keys: [], ancestors: [] });
}

/** Sets an own property whatever its name is; plain assignment to `__proto__` would change the prototype instead. */
export function setOwn(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

export function hasLoneSurrogate(text: string): boolean {
  return LONE_SURROGATE.test(text);
}

/** Replaces lone surrogates, which UTF-8 cannot hold, by U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, "\uFFFD");
}

function walk(value: unknown, at: Walk): unknown {
  switch (typeof value) {
    case "string":
      if (LONE_SURROGATE.test(value)) throw wrong(at, "well-formed text", "a lone surrogate");
      return value;
    case "number":
      if (!Number.isFinite(value)) throw wrong(at, "a finite number", String(value));
      return value;
    case "boolean":
      return value;
    case "object":
      return value === null ? null : walkObject(value, at);
    default:
      throw wrong(at, "a JSON value", describe(value));
  }
}

function walkObject(value: object, at: Walk): unknown {
  const tag = Object.prototype.toString.call(value);
  if (tag === "[object Date]") return walkDate(value as Date, at);
  if (at.ancestors.includes(value)) throw wrong(at, "a JSON value", "a cycle");
  if (at.ancestors.length >= DEPTH_MAX) throw wrong(at, `at most ${DEPTH_MAX} nested levels`, "more");
  if (tag !== "[object Object]" && !Array.isArray(value)) throw wrong(at, "a JSON value", describe(value));
  // JSON.stringify would call it and store something that was never checked.
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") {
    throw wrong(at, "a plain object", "one with a toJSON method");
  }
  at.ancestors.push(value);
  const result = Array.isArray(value) ? walkArray(value, at) : walkMembers(value, at);
  at.ancestors.pop();
  return result;
}

function walkDate(value: Date, at: Walk): unknown {
  if (at.rules.dates === "refused") throw wrong(at, "a JSON value", "a date");
  if (Number.isNaN(value.getTime())) throw wrong(at, "a valid Date", "an invalid one");
  return at.rules.dates === "milliseconds" ? value.getTime() : value.toISOString();
}

function walkArray(value: readonly unknown[], at: Walk): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < value.length; index += 1) {
    at.keys.push(index);
    const element = walk(value[index], at);
    at.keys.pop();
    if (element !== value[index]) (copy ??= [...value])[index] = element;
  }
  return copy ?? value;
}

function walkMembers(value: object, at: Walk): object {
  let copy: object | undefined;
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined && at.rules.complete !== true) continue;
    at.keys.push(key);
    if (LONE_SURROGATE.test(key)) throw wrong(at, "a well-formed name", "a lone surrogate");
    const checked = walk(member, at);
    at.keys.pop();
    // Spreading defines properties, so that a member called `__proto__` stays a member.
    if (checked !== member) setOwn((copy ??= { ...value }), key, checked);
  }
  return copy ?? value;
}

function wrong(at: Walk, expected: string, found: string): SanderlingError {
  return mismatch(at.rules.code, at.rules.root + at.keys.map(step).join(""), expected, found);
}

function step(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
